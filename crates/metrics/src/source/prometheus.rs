//! Prometheus, and what answers its query API.

mod admission;
mod answer;
mod counted;
mod counters;
mod http;
mod increments;
mod metric;
mod native;
mod ready_made;
mod recording;
mod silent;
mod twice;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{ClientBuilder, Url};
use serde_json::Value;
use strategy_core::Timestamp;
use strategy_core::analysis::Window;

use self::answer::Series;
use self::counters::Asked;
use self::http::{Access, Server};
use self::metric::{Filled, Metric};
pub use self::recording::{InvalidRecording, Recording};
use super::counts::whole;
use super::http::{keep, staying};
use super::{Admitted, Answer, MetricSource, Question, Rhythm, SourceError};
use crate::reading::{Data, Reading, Shape};

/// [Prometheus](https://prometheus.io/docs/prometheus/latest/querying/api/), and what answers its query API.
///
/// A metric of a check is an object with
///
/// - for judges of events: `requests` and `failed`, selectors of cumulative counters, the second of a part of
///   what the first selects; `unit`, the label that tells units apart, such as `pod` (default: units are not
///   told apart);
/// - for judges of a histogram: `histogram`, a selector of the `_bucket` series of a classic histogram, or of a
///   native one; `schema`, in which resolution a native one is told, from -4 to 3 (default 2: bounds grow by 19 %);
/// - for judges of values: `query`, an expression with one series as its answer, evaluated each `step`
///   (default 15 s);
/// - for judges of units: `query`, whose answer has one series for each value of the label `unit`;
/// - in place of selectors `ready-made`: `istio`, `ingress-nginx`, `traefik` or `http`, of what these exporters tell;
///   [`Admitted::asked`] has the selectors, and the reference of sources what belongs to each;
/// - `stale-after`, of counters and histograms: without a sample for so long before a window's end, what is
///   told is [stale](Reading::Stale). Default: 2 min 30 s, two scrapes of a minute and a half one. How old a
///   sample a `query` takes is the server's matter;
/// - `settle`: how long after its end a window is read: for as long may a scrape take, and for longer where stores
///   get their samples late. Default: 5 s.
///
/// `{{name}}` in a selector or query stands for the label `name` of the track, as its target tells it; a name
/// that the target does not tell is refused before the rollout begins.
///
/// Counters are read as samples, and what they counted in a window comes from the samples of that window alone:
/// nothing is extrapolated, and no event belongs to two windows. A counter that shows what is no count, such as
/// NaN, is [not a number](Reading::NotANumber). See the reference of sources for resets, new series and gaps.
///
/// Native histograms are told at the bounds of one schema, whatever resolution theirs is and whichever of their
/// buckets are empty, so that a judge finds the same bounds at each look. One that is coarser is told at its own
/// bounds, with a note.
#[derive(Clone)]
pub struct Prometheus(Server);

impl Prometheus {
    /// How long one request may take, unless said otherwise.
    pub const TIMEOUT: Duration = Duration::from_secs(10);

    /// At this address, such as `http://prometheus:9090`, by a client with these settings, which bring TLS: roots, and
    /// a certificate of its own where the server asks for one. A path before `/api/v1` is kept.
    ///
    /// It follows no redirection: tokens and headers are for this address.
    ///
    /// # Errors
    /// When the client cannot be built.
    pub fn at(base: Url, builder: ClientBuilder) -> Result<Self, reqwest::Error> {
        Ok(Self(Server {
            client: staying(builder).build()?,
            base,
            access: Access::Open,
            headers: HeaderMap::new(),
            timeout: Self::TIMEOUT,
        }))
    }

    /// With this header in every request, whose value appears in no log, error or evidence.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        keep(&mut self.0.headers, name, value);
        self
    }

    /// With a bearer token, which appears in no log, error or evidence.
    #[must_use]
    pub fn bearer(mut self, token: impl Into<String>) -> Self {
        self.0.access = Access::Bearer(token.into());
        self
    }

    /// With a user and a password, which appears in no log, error or evidence.
    #[must_use]
    pub fn basic(mut self, user: impl Into<String>, password: impl Into<String>) -> Self {
        self.0.access = Access::Basic {
            user: user.into(),
            password: password.into(),
        };
        self
    }

    /// How long one request may take, from connecting to the end of its answer. Default: [`TIMEOUT`](Self::TIMEOUT).
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.0.timeout = timeout;
        self
    }

    async fn values(
        &self,
        query: String,
        window: Window,
        step: Duration,
    ) -> Result<Answer, SourceError> {
        let last = Timestamp::from_millis(window.to.as_millis().saturating_sub(1));
        let form = [
            ("query", query),
            ("start", seconds(window.from)),
            ("end", seconds(last.max(window.from))),
            ("step", step.as_secs_f64().to_string()),
        ];
        let answer = self.0.ask("query_range", &form).await?;
        let samples = self.one(&answer)?.map_or(&[][..], |series| &series.samples);
        let numbers = samples.iter().map(|(_, value)| *value);
        let finite: Vec<f64> = numbers.filter(|number| number.is_finite()).collect();
        let reading = match (samples.is_empty(), finite.is_empty()) {
            (true, _) => Reading::Empty,
            (false, true) => Reading::NotANumber,
            (false, false) => Reading::Told(Data::Values(finite)),
        };
        Ok(noted(reading, answer.warnings))
    }

    async fn units(
        &self,
        query: String,
        unit: &str,
        window: Window,
    ) -> Result<Answer, SourceError> {
        let last = Timestamp::from_millis(window.to.as_millis().saturating_sub(1));
        let form = [("query", query), ("time", seconds(last))];
        let answer = self.0.ask("query", &form).await?;
        let mut units = self.by_unit(&answer, unit)?;
        let told = !units.is_empty();
        units.retain(|_, value| value.is_finite());
        let reading = match (told, units.is_empty()) {
            (false, _) => Reading::Empty,
            (true, true) => Reading::NotANumber,
            (true, false) => Reading::Told(Data::Units(units)),
        };
        Ok(noted(reading, answer.warnings))
    }

    /// The one series that a query has as its answer; `None`: it has none.
    fn one<'a>(&self, answer: &'a answer::Answer) -> Result<Option<&'a Series>, SourceError> {
        match answer.series.as_slice() {
            [] => Ok(None),
            [series] => Ok(Some(series)),
            several => Err(SourceError::permanent(
                self.name(),
                format!("the query has {} series as its answer", several.len()),
                "aggregate them to one, such as by `sum(..)`",
            )),
        }
    }

    /// The number of each unit, which may be none.
    fn by_unit(
        &self,
        answer: &answer::Answer,
        unit: &str,
    ) -> Result<BTreeMap<String, f64>, SourceError> {
        let mut units = BTreeMap::new();
        for series in &answer.series {
            let (Some(name), Some((_, value))) = (series.labels.get(unit), series.samples.last())
            else {
                let mend = format!("keep it, such as by `sum by ({unit}) (..)`");
                return Err(self.no_unit(unit, mend));
            };
            if units.insert(name.clone(), *value).is_some() {
                return Err(self.0.permanent(
                    &format!("two series of the answer have the {unit} `{name}`"),
                    &format!("aggregate them, such as by `sum by ({unit}) (..)`"),
                ));
            }
        }
        Ok(units)
    }

    fn no_unit(&self, unit: &str, mend: String) -> SourceError {
        SourceError::permanent(
            self.name(),
            format!("a series of the answer has no label `{unit}`"),
            mend,
        )
    }
}

#[async_trait]
impl MetricSource for Prometheus {
    fn name(&self) -> String {
        self.0.name()
    }

    fn rhythm(&self, metric: &Value, shape: Shape) -> Result<Rhythm, SourceError> {
        let metric = Metric::read(metric, shape)?;
        Ok(Rhythm::new(Duration::ZERO, metric.settle))
    }

    async fn admit(&self, question: &Question) -> Result<Admitted, SourceError> {
        let metric = Metric::read(&question.metric, question.shape)?;
        let filled = metric.filled(question)?;
        self.admitted(&metric, filled, question.track).await
    }

    async fn read(&self, question: &Question, window: Window) -> Result<Answer, SourceError> {
        let metric = Metric::read(&question.metric, question.shape)?;
        let asked = Asked {
            window,
            since: question.watched_since,
            metric: &metric,
        };
        match metric.filled(question)? {
            Filled::Events { requests, failed } => self.events(&requests, &failed, &asked).await,
            Filled::Histogram(selector) => self.histogram(&selector, &asked).await,
            Filled::Values(query) => self.values(query, window, metric.step).await,
            Filled::Units { query, unit } => self.units(query, &unit, window).await,
        }
    }
}

impl fmt::Debug for Prometheus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let access = match &self.0.access {
            Access::Open => "open",
            Access::Bearer(_) => "bearer",
            Access::Basic { .. } => "basic",
        };
        f.debug_struct("Prometheus")
            .field("name", &self.name())
            .field("access", &access)
            .field("timeout", &self.0.timeout)
            .finish_non_exhaustive()
    }
}

fn noted(reading: Reading, notes: Vec<String>) -> Answer {
    Answer {
        notes,
        ..Answer::from(reading)
    }
}

/// As the API reads it: seconds, to the millisecond.
fn seconds(at: Timestamp) -> String {
    let millis = at.as_millis();
    format!("{}.{:03}", millis / 1000, millis % 1000)
}
