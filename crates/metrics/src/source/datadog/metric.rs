//! What a check may say of a metric in Datadog.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use strategy_core::duration;

use crate::reading::Shape;
use crate::source::SourceError;
use crate::source::template::{Mistake, fill_by, label};

/// How a query of a count begins and ends: <https://docs.datadoghq.com/metrics/custom_metrics/type_modifiers/>.
const BEGIN: &str = "sum:";
const END: &str = ".as_count()";

/// The agent's DogStatsD puts what it hears into points of ten seconds:
/// <https://docs.datadoghq.com/extend/dogstatsd/data_aggregation>.
const POINT: Duration = Duration::from_secs(10);

/// What a value of a tag can have: <https://docs.datadoghq.com/getting_started/tagging/>.
const OF_TAGS: &str = "_-.:/";

/// The parameters of a metric, as a check has them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Metric {
    #[serde(default)]
    requests: Option<String>,
    #[serde(default)]
    failed: Option<String>,
    #[serde(default)]
    good: Option<String>,
    #[serde(default)]
    query: Option<String>,
    /// The tag that tells units apart.
    #[serde(default)]
    pub(super) unit: Option<String>,
    #[serde(default = "interval", with = "duration")]
    pub(super) interval: Duration,
    #[serde(default = "settle", with = "duration")]
    pub(super) settle: Duration,
    #[serde(default = "stale_after", with = "duration")]
    pub(super) stale_after: Duration,
}

const fn interval() -> Duration {
    POINT
}

/// The newest points lack what other machines have not sent yet.
const fn settle() -> Duration {
    Duration::from_secs(60)
}

/// As with Prometheus.
const fn stale_after() -> Duration {
    Duration::from_secs(150)
}

/// What the second of two counts is a count of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Failed,
    Good,
}

/// A metric in the shape in which it is asked for, with the labels of a track filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Filled {
    Events { queries: [String; 2], part: Part },
    Values(String),
    Units { query: String, unit: String },
}

impl Filled {
    /// What is asked for.
    pub(super) fn queries(&self) -> &[String] {
        match self {
            Self::Events { queries, .. } => queries,
            Self::Values(query) | Self::Units { query, .. } => std::slice::from_ref(query),
        }
    }
}

impl Metric {
    /// Reads it, and holds it against the shape that is needed.
    pub(super) fn read(metric: &Value, shape: Shape) -> Result<Self, SourceError> {
        let metric = Self::deserialize(metric).map_err(|error| {
            SourceError::invalid("metric", error.to_string(), "see the reference of sources")
        })?;
        let is_whole = metric.interval.as_millis() % POINT.as_millis() == 0;
        if !is_whole || metric.interval.is_zero() || metric.interval > Duration::from_secs(3600) {
            return Err(SourceError::invalid(
                "metric.interval",
                format!("it is {}", duration::format(metric.interval)),
                "write whole tens of seconds, at most an hour",
            ));
        }
        if metric.stale_after < metric.interval {
            return Err(SourceError::invalid(
                "metric.stale-after",
                "it is shorter than an interval".to_owned(),
                "write a longer one, or leave it out",
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
            let told = |name: &str| {
                let value = label(labels, name)?;
                let is_plain = |c: char| c.is_ascii_alphanumeric() || OF_TAGS.contains(c);
                if value.is_empty() || !value.chars().all(is_plain) {
                    let problem =
                        format!("the label `{name}` of the track has characters that no tag has");
                    return Err(Mistake::new(problem, "write the tag out"));
                }
                Ok(value)
            };
            fill_by(text, told).map_err(|mistake| mistake.at(&format!("metric.{name}")))
        };
        Ok(match self.text(shape)? {
            Filled::Events { queries, part } => {
                let [requests, second] = queries;
                let name = match part {
                    Part::Failed => "failed",
                    Part::Good => "good",
                };
                Filled::Events {
                    queries: [
                        self.rolled_up(&fill("requests", &requests)?),
                        self.rolled_up(&fill(name, &second)?),
                    ],
                    part,
                }
            }
            Filled::Values(query) => Filled::Values(fill("query", &query)?),
            Filled::Units { query, unit } => Filled::Units {
                query: fill("query", &query)?,
                unit,
            },
        })
    }

    /// A count of each interval: <https://docs.datadoghq.com/dashboards/functions/rollup/>. Its intervals begin and
    /// end at multiples of theirs since 1970.
    fn rolled_up(&self, query: &str) -> String {
        format!("{query}.rollup(sum, {})", self.interval.as_secs())
    }

    fn text(&self, shape: Shape) -> Result<Filled, SourceError> {
        Ok(match shape {
            Shape::Events => {
                let (name, second, part) = match (&self.failed, &self.good) {
                    (Some(_), Some(_)) => {
                        return Err(SourceError::invalid(
                            "metric.good",
                            "there is `failed` as well".to_owned(),
                            "leave one of the two out",
                        ));
                    }
                    (_, Some(_)) => ("good", &self.good, Part::Good),
                    (_, None) => ("failed", &self.failed, Part::Failed),
                };
                Filled::Events {
                    queries: [
                        count("requests", given("requests", &self.requests, shape)?)?,
                        count(name, given(name, second, shape)?)?,
                    ],
                    part,
                }
            }
            Shape::Values => Filled::Values(given("query", &self.query, shape)?),
            Shape::Units => Filled::Units {
                query: given("query", &self.query, shape)?,
                unit: given("unit", &self.unit, shape)?,
            },
            Shape::Histogram => {
                return Err(SourceError::invalid(
                    "judge",
                    format!("it needs a {shape}, and Datadog tells no cumulative buckets"),
                    "use a judge of values, with a percentile as its `query`",
                ));
            }
        })
    }
}

fn given(name: &str, text: &Option<String>, shape: Shape) -> Result<String, SourceError> {
    text.clone().ok_or_else(|| {
        SourceError::invalid(
            format!("metric.{name}"),
            format!("the judge needs {shape}, and it is missing"),
            format!("write `{name}`, or choose another judge"),
        )
    })
}

/// A query that counts events: a sum, each event once.
fn count(name: &str, query: String) -> Result<String, SourceError> {
    let inner = query.strip_prefix(BEGIN);
    let inner = inner.and_then(|query| query.strip_suffix(END));
    if inner.is_some_and(is_one_metric) {
        return Ok(query);
    }
    Err(SourceError::invalid(
        format!("metric.{name}"),
        "it is no count of one metric".to_owned(),
        format!(
            "write `{BEGIN}NAME{{SCOPE}}{END}`, with ` by {{TAGS}}` before the dot where units are told apart, and nothing \
             else: no `.fill(..)`, which makes points up, and no `.rollup(..)`, which `interval` is for"
        ),
    ))
}

/// A metric's name, its scope in braces, and by which tags it is grouped, if it is.
fn is_one_metric(query: &str) -> bool {
    let is_of_name = |letter: char| letter.is_ascii_alphanumeric() || "._".contains(letter);
    let scope = query.trim_start_matches(is_of_name);
    let Some(rest) = behind_braces(scope).filter(|_| scope.len() < query.len()) else {
        return false;
    };
    rest.is_empty() || rest.strip_prefix(" by ").and_then(behind_braces) == Some("")
}

/// What is behind the braces that a text begins with; in them may be others, such as those of a label to fill in.
fn behind_braces(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            // Nothing, where it does not begin with one.
            return text.get(at + 1..).filter(|_| at > 0);
        }
    }
    None
}
