//! Connections, and one request over one of them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::arrivals::{Arrival, Schedule, arrive};
use super::report::Ended;
use super::{Connections, LoadError, Method, Options, Outcome, Report, Stop, locked};

/// More than any answer of the lab has.
const LONGEST_BODY: usize = 1024 * 1024;

/// What an order has in it.
const ORDER: &[u8] = b"item=1";

type Connection = SendRequest<Full<Bytes>>;

/// What makes requests.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    target: SocketAddr,
    method: http::Method,
    body: Bytes,
    uri: Uri,
    headers: HeaderMap,
    connections: Connections,
    time_limit: Duration,
    version_header: HeaderName,
    idle: Arc<Mutex<Vec<Connection>>>,
}

/// How far a request got.
#[derive(Clone, Debug, Default)]
struct Seen {
    version: Option<Arc<str>>,
    status: Option<u16>,
}

impl Client {
    pub(crate) fn new(options: &Options) -> Result<Self, LoadError> {
        let wrong = |option, value: &str, wanted| LoadError::Option {
            option,
            value: format!("{value:?}"),
            wanted,
        };
        let uri = options.path.parse::<Uri>().ok();
        let uri = uri.filter(|_| options.path.starts_with('/'));
        let uri = uri.ok_or_else(|| wrong("path", &options.path, "a path that begins with /"))?;
        let host = HeaderValue::from_str(&options.host)
            .map_err(|_| wrong("host", &options.host, "the value of a header"))?;
        let mut headers = options.headers.clone();
        headers.insert(HOST, host);
        let (method, body) = match options.method {
            Method::Get => (http::Method::GET, Bytes::new()),
            Method::Post => {
                let form = HeaderValue::from_static("application/x-www-form-urlencoded");
                headers.insert(CONTENT_TYPE, form);
                (http::Method::POST, Bytes::from_static(ORDER))
            }
        };
        if options.connections == Connections::OnePerRequest {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Ok(Self {
            target: options.target,
            method,
            body,
            uri,
            headers,
            connections: options.connections,
            time_limit: options.time_limit,
            version_header: options.version_header.clone(),
            idle: Arc::default(),
        })
    }

    /// Sends one request, once.
    async fn send(&self) -> (Seen, Outcome) {
        let mut seen = Seen::default();
        let outcome = match timeout(self.time_limit, self.exchange(&mut seen)).await {
            Ok(Ok(outcome) | Err(outcome)) => outcome,
            Err(_) => Outcome::TimedOut,
        };
        (seen, outcome)
    }

    async fn exchange(&self, seen: &mut Seen) -> Result<Outcome, Outcome> {
        let mut connection = match self.take_idle() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        let answer = connection.send_request(self.request()).await;
        let answer = answer.map_err(|error| Outcome::of_http(&error))?;
        let version = answer.headers().get(&self.version_header);
        seen.version = version
            .and_then(|version| version.to_str().ok())
            .map(Arc::from);
        seen.status = Some(answer.status().as_u16());
        let outcome = Outcome::of_status(answer.status());
        let body = Limited::new(answer.into_body(), LONGEST_BODY)
            .collect()
            .await;
        if let Err(error) = body {
            let error = error.downcast_ref::<hyper::Error>();
            return Err(error.map_or(Outcome::Broken, Outcome::of_http));
        }
        if self.connections == Connections::KeptAlive {
            self.keep(connection);
        }
        Ok(outcome)
    }

    fn request(&self) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = self.uri.clone();
        *request.headers_mut() = self.headers.clone();
        request
    }

    fn take_idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(connection) = idle.pop() {
            // Others have been closed by the other side.
            if connection.is_ready() {
                return Some(connection);
            }
        }
        None
    }

    /// Gives a connection back as soon as it can take another request.
    fn keep(&self, mut connection: Connection) {
        let idle = Arc::clone(&self.idle);
        tokio::spawn(async move {
            if connection.ready().await.is_ok() {
                let mut idle = idle.lock().unwrap_or_else(PoisonError::into_inner);
                idle.push(connection);
            }
        });
    }

    async fn connect(&self) -> Result<Connection, Outcome> {
        let stream = TcpStream::connect(self.target).await;
        let stream = stream.map_err(|error| Outcome::of_io(&error))?;
        stream
            .set_nodelay(true)
            .map_err(|error| Outcome::of_io(&error))?;
        let shaken = http1::handshake(TokioIo::new(stream)).await;
        let (sender, connection) = shaken.map_err(|error| Outcome::of_http(&error))?;
        // How it ends is told to whoever waits for an answer.
        tokio::spawn(connection);
        Ok(sender)
    }
}

/// A client, and where it counts.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) client: Client,
    pub(crate) report: Arc<Mutex<Report>>,
    pub(crate) began: Instant,
    pub(crate) most_open: usize,
}

impl Sender {
    fn take(&self, arrival: Arrival, open: &mut JoinSet<()>) {
        while open.try_join_next().is_some() {}
        let (due, late) = match arrival {
            Arrival::Due { due, late } if open.len() < self.most_open => (due, late),
            Arrival::Due { due, .. } | Arrival::Missed { due } => {
                locked(&self.report).count_missed(due);
                return;
            }
        };
        locked(&self.report).count_sent(late);
        let (client, report, began) = (self.client.clone(), Arc::clone(&self.report), self.began);
        open.spawn(async move {
            let (seen, outcome) = client.send().await;
            locked(&report).count_ended(Ended {
                due,
                ended: began.elapsed(),
                version: seen.version,
                outcome,
                status: seen.status,
            });
        });
    }
}

/// Sends everything when it is due, until it is told to stop.
pub(crate) async fn send_all(
    schedule: Schedule,
    sender: Sender,
    tolerance: Duration,
    mut stop: watch::Receiver<Stop>,
) {
    let mut open = JoinSet::new();
    let began = sender.began;
    let sending = arrive(schedule, began, tolerance, |arrival| {
        sender.take(arrival, &mut open);
    });
    tokio::select! {
        () = sending => {}
        () = stopped(&mut stop, &[Stop::NoMore, Stop::Now]) => {}
    }
    tokio::select! {
        _all = open.join_all() => {}
        () = stopped(&mut stop, &[Stop::Now]) => {}
    }
}

/// Resolves when one of `wanted` is told, or nobody is left who could tell.
async fn stopped(stop: &mut watch::Receiver<Stop>, wanted: &[Stop]) {
    let _told: Result<_, watch::error::RecvError> = stop
        .wait_for(|told| wanted.contains(told))
        .await
        .map(|_| ());
}
