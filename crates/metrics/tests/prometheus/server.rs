//! A server on loopback that gives one answer after the other, and keeps what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use strategy_core::analysis::Window;
use strategy_core::{Part, Timestamp, Track};
use strategy_metrics::source::{Answer, MetricSource, Prometheus, Question, SourceError};
use strategy_metrics::{Reading, Shape};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a question.
pub(crate) enum Reply {
    /// A status and a body.
    Body(u16, String),
    /// A body of so many bytes without sense.
    Endless(usize),
    /// It reads the question, and says nothing.
    Silence,
    /// It ends the connection.
    HangUp,
}

impl Reply {
    /// A success with this result.
    pub(crate) fn of(kind: &str, result: Value) -> Self {
        let data = json!({ "resultType": kind, "result": result });
        Self::Body(
            200,
            json!({ "status": "success", "data": data }).to_string(),
        )
    }
}

pub(crate) struct Server {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) async fn answering(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&asked);
        let mut replies: VecDeque<_> = replies.into_iter().collect();
        tokio::spawn(async move {
            let mut silent = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let question = question(&mut stream).await;
                kept.lock().unwrap().push(question);
                match replies.pop_front() {
                    Some(Reply::Body(status, body)) => {
                        let _ = stream.write_all(&bytes(status, body.as_bytes())).await;
                    }
                    Some(Reply::Endless(length)) => {
                        let _ = stream.write_all(&bytes(200, &vec![b' '; length])).await;
                    }
                    Some(Reply::Silence) => silent.push(stream),
                    Some(Reply::HangUp) | None => {}
                }
            }
        });
        Self { address, asked }
    }

    /// What it was asked, head and body.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn source(&self) -> Prometheus {
        // Only the first test of the process finds none installed.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Prometheus::at(self.address.parse().unwrap(), client).timeout(Duration::from_millis(500))
    }
}

fn bytes(status: u16, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// The head, and the body that it announces.
async fn question(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_lowercase();
            let length = length
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
            if body.len() >= length {
                return text;
            }
        }
        match stream.read(&mut chunk).await.unwrap() {
            0 => return text,
            more => read.extend_from_slice(&chunk[..more]),
        }
    }
}

/// Seconds 1 000 to 1 030.
pub(crate) fn window() -> Window {
    Window {
        from: Timestamp::from_millis(1_000_000),
        to: Timestamp::from_millis(1_030_000),
    }
}

/// About the candidate with the label `hash`.
pub(crate) fn question_about(metric: Value, shape: Shape) -> Question {
    let mut question = Question::new(metric, shape, Part::main(), Track::Candidate);
    question.labels = [("hash".to_owned(), "5d4f".to_owned())].into();
    question
}

/// Events of `http_requests_total`, answered so.
pub(crate) async fn events(
    replies: impl IntoIterator<Item = Reply>,
) -> Result<Answer, SourceError> {
    let server = Server::answering(replies).await;
    server
        .source()
        .read(&question_about(requests(), Shape::Events), window())
        .await
}

pub(crate) fn requests() -> Value {
    json!({
        "requests": "http_requests_total{hash=\"{{hash}}\"}",
        "failed": "http_requests_total{hash=\"{{hash}}\",code=~\"5..\"}",
    })
}

/// One series of a matrix.
pub(crate) fn series(labels: Value, samples: &[(f64, &str)]) -> Value {
    json!({ "metric": labels, "values": samples })
}

#[track_caller]
pub(crate) fn reading(answer: Result<Answer, SourceError>) -> Reading {
    answer.unwrap().reading
}
