//! Requests of its own to each track.

mod address;
mod metric;
mod outcome;
mod request;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, ClientBuilder, retry};
use serde_json::Value;
use strategy_core::analysis::Window;
use strategy_core::driver::{Clock, SystemClock};
use strategy_core::duration;

use self::metric::Metric;
use super::http::{keep, staying};
use super::{Admitted, Answer, MetricSource, Question, Rhythm, SourceError};
use crate::reading::{Reading, Shape};

/// Sends requests of its own to an address of each track, and tells how they were answered.
///
/// A metric of a check is an object with
///
/// - `candidate` and `stable`: the address of each track. `{{name}}` stands for its label `name`, and
///   `{{preview}}` for where the candidate answers apart from user traffic. Default of `candidate`:
///   `{{preview}}`. `stable` is needed where a judge compares;
/// - what is sent: `method`, `headers`, `candidate-headers`, `stable-headers`, `body`, `redirects`;
/// - what is good: `status`, `contains`, `lacks`;
/// - the budget: `requests` a look and track, `at-once`, `timeout` of each, `read` bytes of each answer;
/// - `bounds` of the buckets for judges of a histogram, in seconds;
/// - `age`: how long after its end a window may be read.
///
/// The reference of sources has types and defaults.
///
/// # Guarantees
/// What it tells are its own requests, and not those of users: as many in every look, to each track that is
/// judged, whatever the track's share of traffic. They are sent when a window is read, and belong to that
/// window alone. It keeps nothing: a window that is read again has new requests, and one that ended longer
/// than `age` ago has none, which is told as [`Reading::Empty`].
///
/// No answer in time, a connection that is refused or that breaks, and an answer that is no HTTP are failed
/// requests. A name that cannot be resolved, a network that is not there and a certificate that is not trusted
/// are errors: they say nothing of the track.
///
/// It has no value that could be NaN.
#[derive(Clone)]
pub struct HttpProbe {
    client: Client,
    /// Sent with every request, and told to nobody.
    secrets: HeaderMap,
    clock: Arc<dyn Clock>,
}

impl HttpProbe {
    /// The most requests of one look to one track.
    pub const MOST_REQUESTS: u32 = 100;

    /// The most of them under way at once.
    pub const MOST_AT_ONCE: u32 = 10;

    /// The longest that one look can take, if every request of it takes all its time; a check waits for 30 seconds
    /// by default.
    pub const LONGEST_LOOK: Duration = Duration::from_secs(25);

    /// The most bytes of an answer that are read.
    pub const MOST_BYTES: usize = 1024 * 1024;

    /// The most redirections that one request follows.
    pub const MOST_REDIRECTS: u32 = 10;

    /// By a client with these settings, which bring TLS.
    ///
    /// Every request has a connection of its own, so that it is balanced like a new client's and its time has the
    /// connecting in it; the client speaks HTTP/1, tries nothing again and follows no redirection by itself.
    ///
    /// # Errors
    /// When the client cannot be built.
    pub fn new(builder: ClientBuilder) -> Result<Self, reqwest::Error> {
        let client = staying(builder)
            .http1_only()
            .pool_max_idle_per_host(0)
            .retry(retry::never())
            .build()?;
        Ok(Self {
            client,
            secrets: HeaderMap::new(),
            clock: Arc::new(SystemClock),
        })
    }

    /// With this header in every request, whose value appears in no log, error or evidence.
    ///
    /// It is sent to every address that a metric names, and after a redirection only to the same scheme, host and
    /// port: let metrics be written by those who may know it. It comes before a header of a metric.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        keep(&mut self.secrets, name, value);
        self
    }

    /// By this clock. Default: the system's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Why a window cannot be read now; `None`: it can.
    fn too_far(&self, window: Window, age: Duration) -> Option<String> {
        let now = self.clock.now();
        let (after, before) = (now.since(window.to), window.to.since(now));
        let (apart, which) = if after > before {
            (after, "ago")
        } else {
            (before, "from now")
        };
        (apart > age).then(|| {
            format!(
                "nothing was sent for a window that ends {} {which}: a probe knows of now only",
                duration::format(apart)
            )
        })
    }
}

#[async_trait]
impl MetricSource for HttpProbe {
    fn name(&self) -> String {
        "http probe".to_owned()
    }

    fn rhythm(&self, metric: &Value, shape: Shape) -> Result<Rhythm, SourceError> {
        Metric::read(metric, shape)?;
        Ok(Rhythm::default())
    }

    async fn admit(&self, question: &Question) -> Result<Admitted, SourceError> {
        let metric = Metric::read(&question.metric, question.shape)?;
        let request = metric.request(question)?;
        Ok(Admitted {
            asked: vec![request.to_string()],
            bounds: (question.shape == Shape::Histogram).then_some(metric.bounds),
            units: Some(0),
            ..Admitted::default()
        })
    }

    async fn read(&self, question: &Question, window: Window) -> Result<Answer, SourceError> {
        let metric = Metric::read(&question.metric, question.shape)?;
        let request = metric.request(question)?;
        if let Some(note) = self.too_far(window, metric.age) {
            return Ok(Answer {
                notes: vec![note],
                ..Answer::from(Reading::Empty)
            });
        }
        let at_once = usize::try_from(metric.at_once).unwrap_or(1);
        let sent = (0..metric.requests).map(|_| self.send(&request));
        // In the order in which they were sent; the first error of the prober's own ends the look.
        let outcomes: Vec<_> = stream::iter(sent).buffered(at_once).try_collect().await?;
        let reading = outcome::reading(&outcomes, &metric, question.shape)?;
        Ok(Answer {
            notes: outcome::note(&outcomes, question.track)
                .into_iter()
                .collect(),
            ..Answer::from(reading)
        })
    }
}

impl fmt::Debug for HttpProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<_> = self.secrets.keys().map(HeaderName::as_str).collect();
        f.debug_struct("HttpProbe")
            .field("headers", &headers)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
