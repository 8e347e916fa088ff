//! What the SDK's client talks to instead of AWS: it answers what a test says, or what a store holds.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::{AsyncSleep, BehaviorVersion, Region, Sleep};

use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;
use strategy_core::analysis::Window;
use strategy_core::{Part, Timestamp, Track};
use strategy_metrics::Shape;
use strategy_metrics::source::{CloudWatch, Question};

use crate::store::Store;
use crate::wire::{Page, SERVICE, read, refusal};

/// A secret that must not be told to anybody.
pub(crate) const SECRET: &str = "wJalrXUtnFEMI";

#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Page(Page),
    Refused(u16, &'static str, &'static str),
    /// By a code of this protocol, and the older one of the query protocol in a header, which counts.
    RefusedAsBefore(&'static str, &'static str),
    Bytes(u16, Vec<u8>),
    Reset,
    TooLate,
    Never,
    /// Not at once.
    Slow(Page),
}

#[derive(Clone)]
pub(crate) struct Server(Arc<State>);

struct State {
    replies: Mutex<VecDeque<Reply>>,
    store: Option<Store>,
    asked: Mutex<Vec<(String, Value)>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Server")
    }
}

impl Server {
    pub(crate) fn answering(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self(Arc::new(State {
            replies: Mutex::new(replies.into_iter().collect()),
            store: None,
            asked: Mutex::default(),
        }))
    }

    /// What it answers from now on.
    pub(crate) fn answers_next(&self, replies: impl IntoIterator<Item = Reply>) {
        *self.0.replies.lock().unwrap() = replies.into_iter().collect();
    }

    pub(crate) fn pages(pages: impl IntoIterator<Item = Page>) -> Self {
        Self::answering(pages.into_iter().map(Reply::Page))
    }

    pub(crate) fn holding(store: Store) -> Self {
        Self(Arc::new(State {
            replies: Mutex::default(),
            store: Some(store),
            asked: Mutex::default(),
        }))
    }

    /// What was asked: the inputs of `GetMetricData`.
    pub(crate) fn asked(&self) -> Vec<Value> {
        let asked = self.0.asked.lock().unwrap();
        asked.iter().map(|(_, input)| input.clone()).collect()
    }

    /// The operations that were called.
    pub(crate) fn operations(&self) -> Vec<String> {
        let asked = self.0.asked.lock().unwrap();
        asked.iter().map(|(name, _)| name.clone()).collect()
    }

    pub(crate) fn source(&self) -> CloudWatch {
        CloudWatch::new(&self.client(Time { fires_at: None }))
    }

    /// Whose time-outs are over at once.
    pub(crate) fn impatient_source(&self) -> CloudWatch {
        self.source_that_waits(1)
    }

    /// Whose time-outs are over when they are asked for the so many-th time whether they are.
    pub(crate) fn source_that_waits(&self, looks: u32) -> CloudWatch {
        let fires_at = Some(looks);
        CloudWatch::new(&self.client(Time { fires_at }))
    }

    fn client(&self, time: Time) -> Client {
        let config = aws_sdk_cloudwatch::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("AKID", SECRET, None, None, "test"))
            .http_client(self.clone())
            .sleep_impl(time)
            .time_source(time)
            .build();
        Client::from_conf(config)
    }
}

/// It is always [`NOW`], and what is waited for is there at the so many-th look, or never.
#[derive(Clone, Copy, Debug)]
struct Time {
    fires_at: Option<u32>,
}

/// Seconds since 1970, in the middle of a minute.
pub(crate) const NOW: u64 = 1_800_000_030;

impl TimeSource for Time {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)
    }
}

impl AsyncSleep for Time {
    fn sleep(&self, _: Duration) -> Sleep {
        let mut looks = 0;
        let fires_at = self.fires_at;
        Sleep::new(std::future::poll_fn(move |_| {
            looks += 1;
            if fires_at.is_some_and(|at| at <= looks) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }))
    }
}

impl HttpClient for Server {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Server {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let server = self.clone();
        HttpConnectorFuture::new(async move { server.answer(&request).await })
    }
}

impl Server {
    async fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let (_, operation) = request.uri().split_once(SERVICE).unwrap();
        let input = read(request.body().bytes().unwrap());
        let asked = (operation.to_owned(), input.clone());
        self.0.asked.lock().unwrap().push(asked);
        let reply = self.0.replies.lock().unwrap().pop_front();
        let reply = reply.or_else(|| {
            let store = self.0.store.as_ref();
            store.map(|store| Reply::Page(store.page(&input)))
        });
        let mut before = None;
        let (status, body) = match reply.unwrap_or_else(|| panic!("no answer to {input}")) {
            Reply::Page(page) => (200, page.write()),
            Reply::Slow(page) => {
                tokio::task::yield_now().await;
                (200, page.write())
            }
            Reply::Refused(status, code, message) => (status, refusal(code, message)),
            Reply::RefusedAsBefore(code, as_before) => {
                before = Some(format!("{as_before};Sender"));
                (400, refusal(code, "no"))
            }
            Reply::Bytes(status, bytes) => (status, bytes),
            Reply::Reset => return Err(ConnectorError::io("connection reset by peer".into())),
            Reply::TooLate => return Err(ConnectorError::timeout("no answer".into())),
            Reply::Never => std::future::pending().await,
        };
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        let protocol = ("smithy-protocol", "rpc-v2-cbor");
        response.headers_mut().insert(protocol.0, protocol.1);
        if let Some(before) = before {
            response.headers_mut().insert("x-amzn-query-error", before);
        }
        Ok(response)
    }
}

/// A time so many seconds after [`BEGIN`].
pub(crate) fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis((BEGIN + seconds) * 1_000)
}

/// Where windows begin, in seconds since 1970: with a minute, an hour ago.
pub(crate) const BEGIN: u64 = NOW - 30 - 3_600;

/// Five minutes.
pub(crate) fn window() -> Window {
    Window {
        from: at(0),
        to: at(300),
    }
}

/// About the candidate, with what `target-ecs` tells of it.
pub(crate) fn question(metric: Value, shape: Shape) -> Question {
    let mut question = Question::new(metric, shape, Part::main(), Track::Candidate);
    question.labels = labels("web-canary");
    question
}

pub(crate) fn labels(name: &str) -> std::collections::BTreeMap<String, String> {
    [
        ("ClusterName", "shop"),
        ("ServiceName", name),
        ("LoadBalancer", "app/shop/50dc6c495c0c9188"),
        (
            "TargetGroup",
            &format!("targetgroup/{name}/73e2d6bc24d8a067"),
        ),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}
