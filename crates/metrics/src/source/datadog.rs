//! Datadog, by its API of timeseries.

mod answer;
mod counts;
mod http;
mod metric;
mod numbers;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{ClientBuilder, Url};
use serde_json::Value;
use strategy_core::analysis::Window;
use strategy_core::driver::{Clock, SystemClock};
use strategy_core::duration;

use self::answer::{Joined, Series};
use self::http::{Keys, Server};
use self::metric::{Filled, Metric};
use super::http::{keep, staying};
use super::periods::down;
use super::{Admitted, Answer, MetricSource, Question, Rhythm, SourceError};
use crate::reading::{Reading, Shape};

/// [Datadog](https://docs.datadoghq.com/api/latest/metrics/query-timeseries-data-across-multiple-products/), by
/// `POST /api/v2/query/timeseries`. Built from its published reference; it was not run against the service.
///
/// A metric of a check is an object with
///
/// - for judges of events: `requests`, a count of all, and `failed` or `good`, a count of a part of them: each is
///   one metric, from `sum:` to `.as_count()`; `unit`, the tag that tells units apart and that the queries are
///   grouped by (default: units are not told apart);
/// - for judges of values: `query`, with one series as its answer;
/// - for judges of units: `query`, with one series for each value of the tag `unit`;
/// - `interval`: what one point stands for, whole tens of seconds (default 10 s). Windows begin and end at its
///   multiples since 1970;
/// - `settle`: how long after its end an interval is read (default a minute);
/// - `stale-after`, of counts: without a point for so long before a window's end, or in the window, what is told is
///   [stale](Reading::Stale). Default: 2 min 30 s.
///
/// `{{name}}` in a query stands for the label `name` of the track, as its target tells it; a name that the target
/// does not tell is refused before the rollout begins.
///
/// A window's events are the points that lie in it: an interval belongs to one window. What arrives later than
/// `settle` belongs to none. Histograms are not read: Datadog tells no cumulative buckets.
#[derive(Clone)]
pub struct Datadog {
    server: Server,
    clock: Arc<dyn Clock>,
}

impl Datadog {
    /// How long one request may take, unless said otherwise.
    pub const TIMEOUT: Duration = Duration::from_secs(10);

    /// The most points of one request: fewer than Datadog gives of a series (1 500, and once 350), above which it
    /// makes intervals longer than asked for. A longer window is asked for in parts.
    pub const POINTS: u32 = 300;

    /// The most of these parts of one window.
    pub const PARTS: u32 = 20;

    /// At this address, such as `https://api.datadoghq.com` or `https://api.datadoghq.eu`, by a client with these
    /// settings, which bring TLS. It follows no redirection: the keys are for this address.
    ///
    /// # Errors
    /// When the client cannot be built.
    pub fn at(base: Url, builder: ClientBuilder) -> Result<Self, reqwest::Error> {
        Ok(Self {
            server: Server {
                client: staying(builder).build()?,
                base,
                keys: Keys::default(),
                headers: HeaderMap::new(),
                timeout: Self::TIMEOUT,
            },
            clock: Arc::new(SystemClock),
        })
    }

    /// With an API key and an application key that may `timeseries_query`. They appear in no log, error or evidence.
    #[must_use]
    pub fn keys(mut self, api: impl Into<String>, application: impl Into<String>) -> Self {
        self.server.keys = Keys {
            api: api.into(),
            application: application.into(),
        };
        self
    }

    /// With this header in every request, such as a proxy before Datadog asks for, whose value appears in no log, error
    /// or evidence.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        keep(&mut self.server.headers, name, value);
        self
    }

    /// How long one request may take, from connecting to the end of its answer. Default: [`TIMEOUT`](Self::TIMEOUT).
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.server.timeout = timeout;
        self
    }

    /// By this clock, which says of when is asked before a rollout begins. Default: the system's.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The series of each query in a span of time, which begins and ends at multiples of the interval.
    async fn series(
        &self,
        queries: &[String],
        span: Window,
        interval: Duration,
    ) -> Result<Vec<Series>, SourceError> {
        let longest = interval * Self::POINTS;
        if span.to.since(span.from) > longest * Self::PARTS {
            return Err(self.server.permanent(
                format!(
                    "the window is longer than {} intervals of {}",
                    Self::POINTS * Self::PARTS,
                    duration::format(interval)
                ),
                "write a longer `interval`, or let the check look more often",
            ));
        }
        let mut joined = Joined::new();
        let mut from = span.from;
        while from < span.to {
            let to = (from + longest).min(span.to);
            let part = Window { from, to };
            let answered = self.server.ask(queries, part, interval).await?;
            joined.part(answered, part);
            from = to;
        }
        Ok(joined.series())
    }

    /// What happened in a window.
    async fn told(
        &self,
        filled: &Filled,
        window: Window,
        metric: &Metric,
    ) -> Result<Told, SourceError> {
        let interval = metric.interval;
        let answer = match filled {
            Filled::Events { part, .. } => {
                let from = down(window.from.before(metric.stale_after), interval);
                let span = Window {
                    from,
                    to: window.to,
                };
                let series = self.series(filled.queries(), span, interval).await?;
                let of = counts::Of {
                    part: *part,
                    unit: metric.unit.as_deref(),
                    interval,
                    stale_after: metric.stale_after,
                };
                counts::events(&series, window, &of)
            }
            Filled::Values(_) => {
                let series = self.series(filled.queries(), window, interval).await?;
                numbers::values(&series, window)
            }
            Filled::Units { unit, .. } => {
                let series = self.series(filled.queries(), window, interval).await?;
                numbers::units(&series, window, unit)
            }
        };
        answer.map_err(|mistake| self.server.permanent(mistake.problem, &mistake.mend))
    }
}

/// A reading, how many units were seen, and what is to be said of it.
struct Told {
    reading: Reading,
    units: usize,
    notes: Vec<String>,
}

#[async_trait]
impl MetricSource for Datadog {
    fn name(&self) -> String {
        self.server.name()
    }

    fn rhythm(&self, metric: &Value, shape: Shape) -> Result<Rhythm, SourceError> {
        let metric = Metric::read(metric, shape)?;
        Ok(Rhythm::new(metric.interval, metric.settle))
    }

    async fn admit(&self, question: &Question) -> Result<Admitted, SourceError> {
        let metric = Metric::read(&question.metric, question.shape)?;
        let filled = metric.filled(question.shape, &question.labels)?;
        let to = down(self.clock.now(), metric.interval);
        let span = metric.stale_after.max(metric.interval);
        let from = down(to.before(span), metric.interval);
        let told = self.told(&filled, Window { from, to }, &metric).await?;
        let mut admitted = Admitted::default();
        let tells_units = metric.unit.is_some() && question.shape != Shape::Values;
        admitted.units = match (tells_units, told.units) {
            (true, 0) => None,
            (true, units) => Some(units),
            (false, _) => Some(0),
        };
        admitted.asked = filled.queries().to_vec();
        Ok(admitted)
    }

    async fn read(&self, question: &Question, window: Window) -> Result<Answer, SourceError> {
        let metric = Metric::read(&question.metric, question.shape)?;
        let filled = metric.filled(question.shape, &question.labels)?;
        let told = self.told(&filled, window, &metric).await?;
        let mut answer = Answer::from(told.reading);
        answer.notes = told.notes;
        Ok(answer)
    }
}

impl fmt::Debug for Datadog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Datadog")
            .field("name", &self.name())
            .field("timeout", &self.server.timeout)
            .field("clock", &self.clock)
            .finish_non_exhaustive()
    }
}
