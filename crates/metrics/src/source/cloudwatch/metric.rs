//! What a check may say of a metric in CloudWatch.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use strategy_core::duration;

use super::load_balancer::LoadBalancer;
use super::series::{Series, SeriesParams, several};
use crate::reading::Shape;
use crate::source::{Rhythm, SourceError};

/// The parameter that brings its own counters and numbers.
const READY: &str = "application-load-balancer";

/// The longest period: CloudWatch's own.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html>, "Periods".
const LONGEST: Duration = Duration::from_hours(24);

/// What is read later than this after its end helps no rollout; and of periods below a minute CloudWatch keeps the
/// datapoints for three hours only.
const SETTLE_LIMIT: Duration = Duration::from_hours(1);

/// Periods below a minute that there are.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricStat.html>
const SHORT: [u64; 5] = [1, 5, 10, 20, 30];

/// The parameters of a metric, as a check has them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Metric {
    #[serde(default, deserialize_with = "several")]
    requests: Vec<SeriesParams>,
    #[serde(default, deserialize_with = "several")]
    failed: Vec<SeriesParams>,
    #[serde(default, deserialize_with = "several")]
    good: Vec<SeriesParams>,
    #[serde(default)]
    query: Option<SeriesParams>,
    #[serde(default)]
    application_load_balancer: Option<LoadBalancer>,
    #[serde(default = "period", with = "duration")]
    pub(super) period: Duration,
    #[serde(default = "settle", with = "duration")]
    settle: Duration,
    #[serde(default, deserialize_with = "some_duration")]
    pub(super) stale_after: Option<Duration>,
}

/// The period of what services of AWS tell of themselves.
const fn period() -> Duration {
    Duration::from_mins(1)
}

/// Two minutes may pass until statistics of a new metric, such as a candidate's, can be read
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/publishingMetrics.html>); before that comes what
/// it takes a service that sends in intervals of a minute, such as a load balancer, to send.
const fn settle() -> Duration {
    Duration::from_mins(3)
}

fn some_duration<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let read = text.map(|text| duration::parse(&text)).transpose();
    read.map_err(serde::de::Error::custom)
}

/// A metric in the shape in which it is asked for, with the labels of a track filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    Events {
        requests: Vec<Series>,
        outcome: Outcome,
    },
    Values(Series),
}

/// What tells how requests ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// These failed.
    Failed(Vec<Series>),
    /// All but these failed.
    Good(Vec<Series>),
}

impl Filled {
    /// Everything that is asked for, and how much of it are requests or the numbers.
    pub(super) fn series(&self) -> (Vec<&Series>, usize) {
        match self {
            Self::Events { requests, outcome } => {
                let (Outcome::Failed(others) | Outcome::Good(others)) = outcome;
                (requests.iter().chain(others).collect(), requests.len())
            }
            Self::Values(series) => (vec![series], 1),
        }
    }
}

/// What is asked for as the check has it.
enum Asked<'a> {
    Events(&'a [SeriesParams], &'a [SeriesParams], bool),
    Values(&'a SeriesParams),
    Ready(&'a LoadBalancer),
}

impl Metric {
    /// Reads it, and holds it against the shape that is needed.
    pub(super) fn read(metric: &Value, shape: Shape) -> Result<Self, SourceError> {
        let metric = Self::deserialize(metric).map_err(|error| {
            SourceError::invalid("metric", error.to_string(), "see the reference of sources")
        })?;
        metric.checked()?;
        match metric.asked(shape)? {
            Asked::Events(requests, others, is_good) => {
                let name = if is_good { "good" } else { "failed" };
                for (name, series) in [("requests", requests), (name, others)] {
                    for one in series {
                        one.counts()
                            .map_err(|error| error.within(&in_metric(name)))?;
                    }
                }
            }
            Asked::Values(series) => {
                series
                    .numbers()
                    .map_err(|error| error.within(&in_metric("query")))?;
            }
            Asked::Ready(of) => of
                .checked()
                .map_err(|error| error.within(&in_metric(READY)))?,
        }
        Ok(metric)
    }

    pub(super) const fn rhythm(&self) -> Rhythm {
        Rhythm::new(self.period, self.settle)
    }

    fn checked(&self) -> Result<(), SourceError> {
        let seconds = self.period.as_secs();
        let is_whole = self.period.subsec_nanos() == 0;
        let is_allowed =
            is_whole && (SHORT.contains(&seconds) || seconds > 0 && seconds.is_multiple_of(60));
        if !is_allowed || self.period > LONGEST {
            return Err(SourceError::invalid(
                "metric.period",
                format!(
                    "CloudWatch has no period of {}",
                    duration::format(self.period)
                ),
                "write 1s, 5s, 10s, 20s, 30s (of metrics of high resolution), or whole minutes of at most a day",
            ));
        }
        if self.settle > SETTLE_LIMIT {
            let limit = duration::format(SETTLE_LIMIT);
            return Err(SourceError::invalid(
                "metric.settle",
                format!("it is longer than {limit}"),
                format!("write at most {limit}: nothing is judged before"),
            ));
        }
        if self.stale_after.is_some_and(|after| after < self.period) {
            return Err(SourceError::invalid(
                "metric.stale-after",
                "it is shorter than a period, in which there is one datapoint at most",
                "write a longer one, or leave it out",
            ));
        }
        Ok(())
    }

    fn asked(&self, shape: Shape) -> Result<Asked<'_>, SourceError> {
        let missing = |name: &str| {
            SourceError::invalid(
                format!("metric.{name}"),
                format!("the judge needs {shape}, and it is missing"),
                format!("write `{name}` or `{READY}`, or choose another judge"),
            )
        };
        let has_series = !self.requests.is_empty()
            || !self.failed.is_empty()
            || !self.good.is_empty()
            || self.query.is_some();
        match (shape, &self.application_load_balancer) {
            (Shape::Events | Shape::Values, Some(_)) if has_series => Err(SourceError::invalid(
                "metric.application-load-balancer",
                "it brings its own counters and numbers, and others are written beside it",
                "leave one of the two out",
            )),
            (Shape::Events | Shape::Values, Some(of)) => Ok(Asked::Ready(of)),
            (Shape::Events, None) => {
                if self.requests.is_empty() {
                    return Err(missing("requests"));
                }
                match (self.failed.as_slice(), self.good.as_slice()) {
                    ([], []) => Err(missing("failed")),
                    (failed, []) => Ok(Asked::Events(&self.requests, failed, false)),
                    ([], good) => Ok(Asked::Events(&self.requests, good, true)),
                    (_, _) => Err(SourceError::invalid(
                        "metric.good",
                        "`failed` says what failed already",
                        "write one of the two",
                    )),
                }
            }
            (Shape::Values, None) => {
                let query = self.query.as_ref().ok_or_else(|| missing("query"))?;
                Ok(Asked::Values(query))
            }
            (Shape::Histogram, _) => Err(SourceError::invalid(
                "judge",
                "it needs a histogram, and CloudWatch has no buckets with fixed bounds",
                "use a judge of values with a `query` whose statistic is a percentile, such as `threshold`",
            )),
            (Shape::Units, _) => Err(SourceError::invalid(
                "judge",
                "it needs one number for each unit, and CloudWatch tells of a target group or service as one",
                "use a judge of events or of values",
            )),
        }
    }

    /// With the labels of a track.
    pub(super) fn filled(
        &self,
        shape: Shape,
        labels: &BTreeMap<String, String>,
    ) -> Result<Filled, SourceError> {
        let fill = |name: &str, series: &[SeriesParams], default: &str| {
            let filled = series.iter().map(|one| one.filled(labels, default));
            let filled = filled.collect::<Result<Vec<_>, _>>();
            filled.map_err(|error| error.within(&in_metric(name)))
        };
        Ok(match self.asked(shape)? {
            Asked::Events(requests, others, is_good) => {
                let name = if is_good { "good" } else { "failed" };
                let others = fill(name, others, SUM)?;
                Filled::Events {
                    requests: fill("requests", requests, SUM)?,
                    outcome: if is_good {
                        Outcome::Good(others)
                    } else {
                        Outcome::Failed(others)
                    },
                }
            }
            Asked::Values(series) => {
                let filled = series.filled(labels, AVERAGE);
                Filled::Values(filled.map_err(|error| error.within(&in_metric("query")))?)
            }
            Asked::Ready(of) => of
                .filled(shape == Shape::Events, labels)
                .map_err(|error| error.within(&in_metric(READY)))?,
        })
    }
}

/// The statistic of counters, unless said otherwise.
pub(super) const SUM: &str = "Sum";

/// The statistic of numbers, unless said otherwise.
const AVERAGE: &str = "Average";

fn in_metric(name: &str) -> String {
    format!("metric.{name}")
}
