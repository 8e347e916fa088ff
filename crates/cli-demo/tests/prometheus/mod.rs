//! A server on loopback that answers as Prometheus does of counters that rise steadily.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test that has it uses what it needs"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// How often requests come and fail, on the track that a query is about.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// In each second.
    pub requests: f64,
    /// Of those that fail.
    pub failed: f64,
}

/// What is told of a query: rates of the track that it names, or nothing.
type Told = dyn Fn(&str) -> Option<Rates> + Send + Sync;

/// The server.
#[derive(Clone)]
pub struct Prometheus {
    /// Under which it answers.
    pub url: String,
    told: Arc<Mutex<Box<Told>>>,
    tokens: Arc<Mutex<Vec<String>>>,
    asked: Arc<Mutex<Vec<String>>>,
    heads: Arc<Mutex<Vec<String>>>,
}

/// How a stream is read and written: as it is, or through TLS.
pub trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

impl Prometheus {
    /// Answers from now on, until the test's process ends.
    pub fn start(told: impl Fn(&str) -> Option<Rates> + Send + Sync + 'static) -> Self {
        Self::start_as("http", None, told, |stream| Some(Box::new(stream)))
    }

    /// The same to who shows this token.
    pub fn guarded(
        token: &str,
        told: impl Fn(&str) -> Option<Rates> + Send + Sync + 'static,
    ) -> Self {
        let token = Some(token.to_owned());
        Self::start_as("http", token, told, |stream| Some(Box::new(stream)))
    }

    /// The same on streams that are wrapped so; `None`: who connects is not let in.
    pub fn start_as(
        scheme: &str,
        token: Option<String>,
        told: impl Fn(&str) -> Option<Rates> + Send + Sync + 'static,
        wrapped: impl Fn(std::net::TcpStream) -> Option<Box<dyn Stream>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let told: Box<Told> = Box::new(told);
        let server = Self {
            url: format!("{scheme}://{address}"),
            told: Arc::new(Mutex::new(told)),
            tokens: Arc::new(Mutex::new(token.into_iter().collect())),
            asked: Arc::default(),
            heads: Arc::default(),
        };
        let (answering, wrapped) = (server.clone(), Arc::new(wrapped));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (server, wrapped) = (answering.clone(), Arc::clone(&wrapped));
                thread::spawn(move || {
                    if let Some(mut stream) = wrapped(stream.unwrap()) {
                        server.converse(&mut *stream);
                    }
                });
            }
        });
        server
    }

    /// From now on it tells other things.
    pub fn tell(&self, told: impl Fn(&str) -> Option<Rates> + Send + Sync + 'static) {
        *self.told.lock().unwrap() = Box::new(told);
    }

    /// From now on it lets in who shows one of these.
    pub fn let_in(&self, tokens: &[&str]) {
        *self.tokens.lock().unwrap() = tokens.iter().map(|token| (*token).to_owned()).collect();
    }

    /// The heads of the questions so far.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    /// The queries so far.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// One question for each connection.
    fn converse(&self, stream: &mut dyn Stream) {
        let mut reader = BufReader::new(&mut *stream);
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            match reader.read_line(&mut line) {
                Ok(read) if read > 0 && !line.trim().is_empty() => {
                    head.push(line.trim().to_owned());
                }
                Ok(read) if read > 0 => break,
                Ok(_) | Err(_) => return,
            }
        }
        self.heads.lock().unwrap().push(head.join("\n"));
        let header = |name: &str| {
            let of = |line: &String| {
                let (found, value) = line.split_once(':')?;
                (found.eq_ignore_ascii_case(name)).then(|| value.trim().to_owned())
            };
            head.iter().find_map(of)
        };
        let length: usize = header("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let shown = header("authorization");
        let tokens = self.tokens.lock().unwrap().clone();
        let is_known = tokens
            .iter()
            .any(|token| shown == Some(format!("Bearer {token}")));
        let (status, answer) = if !tokens.is_empty() && !is_known {
            (401, "Unauthorized".to_owned())
        } else {
            (
                200,
                self.answer(&String::from_utf8(body).unwrap()).to_string(),
            )
        };
        let head = format!(
            "HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            answer.len()
        );
        // The program may have been ended in between.
        let _ = stream.write_all(&[head.as_bytes(), answer.as_bytes()].concat());
        let _ = stream.flush();
    }

    /// The samples of each second in the range that a selector asks for.
    fn answer(&self, form: &str) -> Value {
        let form = reqwest::Url::parse(&format!("http://form/?{form}")).unwrap();
        let field = |name: &str| {
            let mut fields = form.query_pairs();
            fields.find_map(|(field, value)| (field == name).then(|| value.into_owned()))
        };
        let query = field("query").unwrap();
        self.asked.lock().unwrap().push(query.clone());
        let (_, range) = query.rsplit_once('[').unwrap();
        let range: u64 = range.strip_suffix("ms]").unwrap().parse().unwrap();
        let end = field("time").map(|time| time.parse::<f64>().unwrap());
        let end = end.unwrap_or_else(now);
        let rates = (self.told.lock().unwrap())(&query);
        let parts = match rates {
            None => Vec::new(),
            // Nine in ten are faster than the first bound.
            Some(_) if query.contains("_bucket") => {
                vec![(0.9, Some("100")), (0.99, Some("500")), (1.0, Some("+Inf"))]
            }
            Some(rates) if query.contains("~\"5..") => vec![(rates.failed, None)],
            Some(_) => vec![(1.0, None)],
        };
        let rate = rates.map_or(0.0, |rates| rates.requests);
        let from = (end - range as f64 / 1000.0).floor() as u64;
        let series = parts.into_iter().map(|(part, bound)| {
            let samples = (from..end.ceil() as u64).map(|second| {
                // Counted since a time that all queries have in common.
                let count = (rate * part * (second - SINCE) as f64).floor();
                json!([second, count.to_string()])
            });
            let mut labels = json!({"job": "shop", "instance": "10.0.0.1:9090", "pod": "api-1"});
            if let Some(bound) = bound {
                labels["le"] = json!(bound);
            }
            json!({"metric": labels, "values": samples.collect::<Vec<_>>()})
        });
        let result: Vec<Value> = series.collect();
        json!({"status": "success", "data": {"resultType": "matrix", "result": result}})
    }
}

/// Seconds since 1970, in 2023.
const SINCE: u64 = 1_700_000_000;

/// Seconds since 1970.
fn now() -> f64 {
    use strategy_core::driver::{Clock as _, SystemClock};
    SystemClock.now().as_millis() as f64 / 1000.0
}
