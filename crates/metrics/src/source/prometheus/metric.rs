//! What a check may say of a metric in Prometheus.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use strategy_core::duration;

use super::template::fill;
use crate::reading::Shape;
use crate::source::SourceError;

/// The parameters of a metric, as a check has them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Metric {
    #[serde(default)]
    requests: Option<String>,
    #[serde(default)]
    failed: Option<String>,
    #[serde(default)]
    histogram: Option<String>,
    #[serde(default)]
    query: Option<String>,
    /// The label that tells units apart.
    #[serde(default)]
    pub(super) unit: Option<String>,
    /// Of native histograms, in which resolution they are told.
    #[serde(default = "schema")]
    pub(super) schema: i8,
    #[serde(default = "step", with = "duration")]
    pub(super) step: Duration,
    #[serde(default = "stale_after", with = "duration")]
    pub(super) stale_after: Duration,
    #[serde(default = "settle", with = "duration")]
    pub(super) settle: Duration,
}

/// Bounds grow by 19 %. A client library that is told to let buckets grow by at most 10 % begins at 3, and is at 2
/// when it has made two buckets of each one once, since they were too many.
const fn schema() -> i8 {
    2
}

/// The finest that is told: 481 bounds. The coarsest is that of Prometheus.
const SCHEMAS: std::ops::RangeInclusive<i8> = -4..=3;

const fn step() -> Duration {
    Duration::from_secs(15)
}

/// A sample has the time at which its scrape began, and is there when it has ended: what is read at once misses the
/// scrapes that are under way, and those of one target are always at the same distance from the looks.
const fn settle() -> Duration {
    Duration::from_secs(5)
}

/// Two scrapes of Prometheus' own default interval, and half of one for the road.
const fn stale_after() -> Duration {
    Duration::from_secs(150)
}

/// A metric in the shape in which it is asked for, with the labels of a track filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    Events { requests: String, failed: String },
    Histogram(String),
    Values(String),
    Units { query: String, unit: String },
}

impl Metric {
    /// Reads it, and holds it against the shape that is needed.
    pub(super) fn read(metric: &Value, shape: Shape) -> Result<Self, SourceError> {
        let metric = Self::deserialize(metric).map_err(|error| {
            invalid(
                "metric",
                error.to_string(),
                "see the reference of sources".to_owned(),
            )
        })?;
        if metric.stale_after < Duration::from_secs(1) || metric.step < Duration::from_secs(1) {
            return Err(invalid(
                "metric",
                "`step` and `stale-after` are at least a second".to_owned(),
                "write longer ones, or leave them out".to_owned(),
            ));
        }
        if !SCHEMAS.contains(&metric.schema) {
            return Err(invalid(
                "metric",
                format!("`schema` is {}", metric.schema),
                "write one from -4 to 3, or leave it out".to_owned(),
            ));
        }
        metric.text(shape)?;
        Ok(metric)
    }

    /// With the labels of a track.
    pub(super) fn filled(
        &self,
        shape: Shape,
        labels: &BTreeMap<String, String>,
    ) -> Result<Filled, SourceError> {
        let fill = |name: &str, text: &str| {
            fill(text, labels)
                .map_err(|(problem, mend)| invalid(&format!("metric.{name}"), problem, mend))
        };
        Ok(match self.text(shape)? {
            Filled::Events { requests, failed } => Filled::Events {
                requests: fill("requests", &requests)?,
                failed: fill("failed", &failed)?,
            },
            Filled::Histogram(text) => Filled::Histogram(fill("histogram", &text)?),
            Filled::Values(text) => Filled::Values(fill("query", &text)?),
            Filled::Units { query, unit } => Filled::Units {
                query: fill("query", &query)?,
                unit,
            },
        })
    }

    fn text(&self, shape: Shape) -> Result<Filled, SourceError> {
        let given = |name: &str, text: &Option<String>| {
            text.clone().ok_or_else(|| {
                invalid(
                    &format!("metric.{name}"),
                    format!("the judge needs {shape}, and it is missing"),
                    format!("write `{name}`, or choose another judge"),
                )
            })
        };
        Ok(match shape {
            Shape::Events => Filled::Events {
                requests: given("requests", &self.requests)?,
                failed: given("failed", &self.failed)?,
            },
            Shape::Histogram => Filled::Histogram(given("histogram", &self.histogram)?),
            Shape::Values => Filled::Values(given("query", &self.query)?),
            Shape::Units => Filled::Units {
                query: given("query", &self.query)?,
                unit: given("unit", &self.unit)?,
            },
        })
    }
}

pub(super) fn invalid(field: &str, problem: String, mend: String) -> SourceError {
    SourceError::Invalid {
        field: field.to_owned(),
        problem,
        mend,
    }
}
