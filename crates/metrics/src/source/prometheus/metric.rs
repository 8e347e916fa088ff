//! What a check may say of a metric in Prometheus.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use strategy_core::duration;

use super::ready_made::{Details, Exporter};
use crate::reading::Shape;
use crate::source::template::fill;
use crate::source::{Question, SourceError};

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
    #[serde(default)]
    ready_made: Option<Exporter>,
    #[serde(default)]
    ingress: Option<String>,
    #[serde(default)]
    service: Option<String>,
    #[serde(default)]
    reporter: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    exported: bool,
    #[serde(default = "yes")]
    abandoned: bool,
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

const fn yes() -> bool {
    true
}

/// Bounds grow by 19 %. A client library that is told to let buckets grow by at most 10 % begins at 3, and is at 2
/// when it has made two buckets of each one once, since they were too many.
pub(super) const fn schema() -> i8 {
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
pub(super) const fn stale_after() -> Duration {
    Duration::from_secs(150)
}

impl Filled {
    /// In PromQL.
    pub(super) fn asked(&self) -> Vec<String> {
        match self {
            Self::Events { requests, failed } => vec![requests.clone(), failed.clone()],
            Self::Histogram(asked) | Self::Values(asked) | Self::Units { query: asked, .. } => {
                vec![asked.clone()]
            }
        }
    }
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
        let mut metric = Self::deserialize(metric).map_err(|error| {
            SourceError::invalid(
                "metric",
                error.to_string(),
                "see the reference of sources".to_owned(),
            )
        })?;
        if metric.stale_after < Duration::from_secs(1) || metric.step < Duration::from_secs(1) {
            return Err(SourceError::invalid(
                "metric",
                "`step` and `stale-after` are at least a second".to_owned(),
                "write longer ones, or leave them out".to_owned(),
            ));
        }
        if !SCHEMAS.contains(&metric.schema) {
            return Err(SourceError::invalid(
                "metric",
                format!("`schema` is {}", metric.schema),
                "write one from -4 to 3, or leave it out".to_owned(),
            ));
        }
        match metric.ready_made {
            Some(exporter) => {
                metric.check_ready_made(exporter, shape)?;
                metric.unit = metric
                    .unit
                    .or_else(|| exporter.unit().map(ToOwned::to_owned));
            }
            None => {
                metric.refuse_details()?;
                metric.text(shape)?;
            }
        }
        Ok(metric)
    }

    fn details(&self) -> Details<'_> {
        Details {
            ingress: self.ingress.as_deref(),
            service: self.service.as_deref(),
            reporter: self.reporter.as_deref(),
            status: self.status.as_deref(),
            exported: self.exported,
            bears_abandoned: !self.abandoned,
        }
    }

    /// A metric is ready-made, or written out.
    /// What is wrong where nothing answers, if the selectors are sure to be no slip of who wrote the check.
    pub(super) fn mend_silence(&self) -> Option<&'static str> {
        let named = self.service.is_some();
        self.ready_made
            .filter(|_| !named)
            .and_then(Exporter::mend_silence)
    }

    fn check_ready_made(&self, exporter: Exporter, shape: Shape) -> Result<(), SourceError> {
        let written = [
            ("requests", &self.requests),
            ("failed", &self.failed),
            ("histogram", &self.histogram),
            ("query", &self.query),
        ];
        if let Some((name, _)) = written.iter().find(|(_, text)| text.is_some()) {
            return Err(SourceError::invalid(
                format!("metric.{name}"),
                "the metric is ready-made, and says what is asked itself".to_owned(),
                format!("leave `{name}` or `ready-made` out"),
            ));
        }
        match shape {
            Shape::Events | Shape::Histogram => exporter.check(&self.details()),
            Shape::Values | Shape::Units => Err(SourceError::invalid(
                "metric.ready-made",
                format!(
                    "the judge needs {shape}, and what is ready-made has events and a histogram"
                ),
                "write `query` in its place, or choose another judge".to_owned(),
            )),
        }
    }

    fn refuse_details(&self) -> Result<(), SourceError> {
        if self.details() == Details::default() {
            return Ok(());
        }
        Err(SourceError::invalid(
            "metric",
            "`ingress`, `service`, `reporter`, `status`, `exported` and `abandoned` are of what is \
             ready-made"
                .to_owned(),
            "write `ready-made`, or leave them out".to_owned(),
        ))
    }

    /// With the labels of the track that is asked about.
    pub(super) fn filled(&self, question: &Question) -> Result<Filled, SourceError> {
        let Question {
            shape,
            track,
            labels,
            ..
        } = question;
        if let Some(exporter) = self.ready_made {
            let selectors = exporter.selectors(&self.details(), *track, labels)?;
            return Ok(if *shape == Shape::Histogram {
                Filled::Histogram(selectors.histogram)
            } else {
                Filled::Events {
                    requests: selectors.requests,
                    failed: selectors.failed,
                }
            });
        }
        let fill = |name: &str, text: &str| {
            fill(text, labels).map_err(|mistake| mistake.at(&format!("metric.{name}")))
        };
        Ok(match self.text(*shape)? {
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
                SourceError::invalid(
                    format!("metric.{name}"),
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
