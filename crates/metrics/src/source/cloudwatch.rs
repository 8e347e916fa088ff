//! Amazon CloudWatch.

mod answer;
mod api;
mod load_balancer;
mod metric;
mod refusal;
mod series;

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_cloudwatch::Client;
use serde_json::{Value, json};
use strategy_core::analysis::Window;
use strategy_core::target::Finding;
use strategy_core::{Timestamp, Track, duration};

use self::answer::{Points, is_multiple};
use self::api::Api;
use self::metric::{Filled, Metric, Outcome};
use self::series::Series;
use super::periods::down;
use super::{Admitted, Answer, MetricSource, Question, Rhythm, SourceError};
use crate::reading::{Data, Events, Reading, Shape};

/// [Amazon CloudWatch](https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html).
///
/// Each closed period is read once, when it has settled. A metric of a check is an object with
///
/// - for judges of events: `requests`, a counter or a list of them, and either `failed`, counters of a part of what
///   the first count, or `good`, counters of the rest. A counter is an object with `namespace`, `metric`,
///   `dimensions` (default: none) and `statistic` (`Sum`, the default, or `SampleCount`);
/// - for judges of values: `query`, the same with any statistic (default `Average`), which tells one number for each
///   period;
/// - for either, ready-made: `application-load-balancer`, what such a load balancer tells of a target group: requests
///   and failures, or the time of responses;
/// - `period`: 1, 5, 10, 20 or 30 seconds, or whole minutes of at most a day. Default: 60 s, as services of AWS tell
///   of themselves;
/// - `settle`: how long after its end a period is read, at most an hour. Default: 3 min;
/// - `stale-after`: without a datapoint of `requests` or `query` for so long before a window's end, what is told is
///   [stale](Reading::Stale). Default: never, since a counter that did not move has no datapoint.
///
/// `{{name}}` in a namespace, a metric's name or a dimension's value stands for the label `name` of the track, as its
/// target tells it; a name that the target does not tell is refused before the rollout begins.
///
/// Ratios are made of raw counts: no metric math is asked for. A window without a datapoint of `requests` is
/// [empty](Reading::Empty); where they have some, counters of outcomes without any are zero. See the reference of
/// sources for what each answer becomes.
///
/// Histograms and units are not read, and refused: CloudWatch has neither.
#[derive(Clone)]
pub struct CloudWatch(Api);

impl CloudWatch {
    /// How long one request may take, unless said otherwise.
    pub const TIMEOUT: Duration = Duration::from_secs(10);

    /// What an identity policy of IAM must allow for it, on all resources.
    pub const ACTIONS: [&'static str; 1] = [refusal::ACTION];

    /// With a client, which brings region, credentials and TLS. Its retries are switched off: a look that fails is
    /// taken again.
    pub fn new(client: &Client) -> Self {
        Self(Api::of(client, Self::TIMEOUT))
    }

    /// How long one request may take, from connecting to the end of its answer; an answer of several pages takes
    /// several. Default: [`TIMEOUT`](Self::TIMEOUT).
    ///
    /// A client that was given nothing to wait with (`sleep_impl`) waits for as long as its HTTP client does.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.0.timeout = timeout;
        self
    }

    /// The statement of an identity policy of IAM that it needs, and needs all of. Metrics have no names in IAM, so
    /// it is for all of the account.
    pub fn permissions() -> Value {
        json!({
            "Sid": "ReadMetrics",
            "Effect": "Allow",
            "Action": Self::ACTIONS,
            "Resource": ["*"],
        })
    }
}

#[async_trait]
impl MetricSource for CloudWatch {
    fn name(&self) -> String {
        self.0.name()
    }

    fn rhythm(&self, metric: &Value, shape: Shape) -> Result<Rhythm, SourceError> {
        Metric::read(metric, shape).map(|metric| metric.rhythm())
    }

    async fn admit(&self, question: &Question) -> Result<Admitted, SourceError> {
        let metric = Metric::read(&question.metric, question.shape)?;
        let filled = metric.filled(question.shape, &question.labels)?;
        let Rhythm { period, settle } = metric.rhythm();
        let to = down(self.0.now().before(settle), period);
        let window = Window {
            from: to.before(period * whole_periods(ADMITTED, period)),
            to,
        };
        let (series, told) = filled.series();
        let (points, _) = self.0.ask(&series, window, period).await?;
        let mut admitted = Admitted {
            units: (question.shape == Shape::Events).then_some(0),
            asked: series.iter().map(|series| described(series)).collect(),
            ..Admitted::default()
        };
        if question.track == Track::Stable {
            let silent = silent(&filled, &points, told);
            let finding = silent.map(|silent| without_data(&self.name(), &silent, window));
            admitted.findings.extend(finding);
        }
        Ok(admitted)
    }

    async fn read(&self, question: &Question, window: Window) -> Result<Answer, SourceError> {
        let metric = Metric::read(&question.metric, question.shape)?;
        let filled = metric.filled(question.shape, &question.labels)?;
        let period = metric.period;
        if ![window.from, window.to]
            .iter()
            .all(|at| is_multiple(*at, period))
        {
            return Err(SourceError::invalid(
                "window",
                "it does not begin and end with a period",
                "ask for whole periods, as the rhythm says",
            ));
        }
        let (series, told) = filled.series();
        let (points, mut notes) = self.0.ask(&series, window, period).await?;
        let (told, others) = points.split_at(told);
        let told_of = Told::of(told);
        notes.extend(told_of.gaps(window, period));
        if told_of.newest.is_none() && others.iter().any(|points| !points.is_empty()) {
            notes.push("outcomes were counted, and no requests".to_owned());
        }
        let reading = told_of
            .nothing(window, &metric)
            .unwrap_or_else(|| match &filled {
                Filled::Events { outcome, .. } => events(told, others, outcome),
                Filled::Values(_) => values(told),
            });
        Ok(Answer {
            notes,
            ..Answer::from(reading)
        })
    }
}

impl fmt::Debug for CloudWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CloudWatch")
            .field("name", &self.name())
            .field("timeout", &self.0.timeout)
            .finish_non_exhaustive()
    }
}

/// So far back it is looked before a rollout whether there is anything.
const ADMITTED: Duration = Duration::from_hours(1);

/// What should have datapoints wherever there is traffic, and has none.
struct Silent<'a> {
    /// One of it.
    series: &'a Series,
    /// What comes of that, beside that the check may be told nothing.
    then: &'static str,
}

/// What of stable has no datapoint where it should, with the points of so many series that tell whether there is
/// anything to judge, and of the others. Where nothing failed, failures have none.
fn silent<'a>(filled: &'a Filled, points: &[Points], told: usize) -> Option<Silent<'a>> {
    let (told, others) = points.split_at(told.min(points.len()));
    let is_silent = |points: &[Points]| points.iter().all(Points::is_empty);
    if is_silent(told) {
        // There is one at least: no metric is read without.
        let (series, _) = filled.series();
        return series.first().map(|series| Silent { series, then: "" });
    }
    match filled {
        Filled::Events {
            outcome: Outcome::Good(good),
            ..
        } if is_silent(others) => good.first().map(|series| Silent {
            series,
            then: ", and all requests count as failed",
        }),
        Filled::Events { .. } | Filled::Values(_) => None,
    }
}

fn without_data(source: &str, silent: &Silent<'_>, window: Window) -> Finding {
    let last = duration::format(window.to.since(window.from));
    let (of, then) = (described(silent.series), silent.then);
    Finding::warns(
        "metric-without-data",
        source.to_owned(),
        format!("there was no datapoint of {of} in the last {last}{then}"),
        "correct namespace, name and dimensions: what is misspelt looks like what did not happen"
            .to_owned(),
    )
}

/// A series as people call it.
fn described(series: &Series) -> String {
    let dimensions = series.dimensions.iter();
    let dimensions: Vec<_> = dimensions
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let Series {
        namespace, metric, ..
    } = series;
    format!("{namespace} {metric} of {}", dimensions.join(", "))
}

/// When there were datapoints of what tells whether there is anything to judge.
struct Told {
    periods: usize,
    newest: Option<Timestamp>,
}

impl Told {
    fn of(told: &[Points]) -> Self {
        let times: BTreeSet<_> = told.iter().flat_map(Points::keys).collect();
        Self {
            periods: times.len(),
            newest: times.last().map(|at| **at),
        }
    }

    /// Why there is nothing to judge; `None`: there is.
    fn nothing(&self, window: Window, metric: &Metric) -> Option<Reading> {
        let Some(newest) = self.newest else {
            return Some(Reading::Empty);
        };
        let newest = newest + metric.period;
        let is_stale = metric
            .stale_after
            .is_some_and(|after| window.to.since(newest) > after);
        is_stale.then_some(Reading::stale(newest))
    }

    /// What is said of periods without a datapoint, where others have some.
    fn gaps(&self, window: Window, period: Duration) -> Option<String> {
        let all = whole_periods(window.to.since(window.from), period);
        let missing = usize::try_from(all)
            .unwrap_or(usize::MAX)
            .saturating_sub(self.periods);
        (missing > 0 && self.periods > 0)
            .then(|| format!("{missing} of {all} periods have no datapoint"))
    }
}

/// The counts of a window. What has no datapoint did not happen: there were requests, so that counters were told.
fn events(requests: &[Points], others: &[Points], outcome: &Outcome) -> Reading {
    let (Some(requests), Some(others)) = (sum(requests), sum(others)) else {
        return Reading::NotANumber;
    };
    let failed = match outcome {
        Outcome::Failed(_) => others,
        Outcome::Good(_) => requests.saturating_sub(others),
    };
    Reading::Told(Data::Events(Events::counted(requests, failed)))
}

/// All that was counted; `None`: a datapoint is no count.
fn sum(counters: &[Points]) -> Option<u64> {
    let values = || counters.iter().flat_map(Points::values);
    let are_counts = values().all(|value| value.is_finite() && *value >= 0.0);
    are_counts.then(|| {
        let sum: f64 = values().sum();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts are not negative, and what is beyond a u64 saturates"
        )]
        let whole = sum.round() as u64;
        whole
    })
}

fn values(told: &[Points]) -> Reading {
    let values = told.iter().flat_map(Points::values).copied();
    let finite: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    if finite.is_empty() {
        Reading::NotANumber
    } else {
        Reading::Told(Data::Values(finite))
    }
}

/// As many periods as that holds, and at least one.
fn whole_periods(time: Duration, period: Duration) -> u32 {
    let whole = time.as_millis() / period.as_millis().max(1);
    u32::try_from(whole).unwrap_or(u32::MAX).max(1)
}
