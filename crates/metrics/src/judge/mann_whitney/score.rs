//! Kayenta's score of a release: how its metrics, classified, are put together.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::classify::Class;

/// A metric in a score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Metric {
    /// The groups that it is in; in Kayenta usually one.
    pub groups: Vec<String>,
    /// As what it was classified.
    pub class: Class,
    /// It was marked critical by [`MannWhitney::classify`](super::MannWhitney::classify).
    #[serde(default)]
    pub critical: bool,
    /// It is shown and does not count.
    #[serde(default)]
    pub muted: bool,
}

impl Metric {
    /// One that counts, in one group.
    pub fn new(group: impl Into<String>, class: Class, critical: bool) -> Self {
        Self {
            groups: vec![group.into()],
            class,
            critical,
            muted: false,
        }
    }
}

/// The score of a release from 0 to 100, rounded to two decimals (`WeightedSumScorer.scala` of
/// `spinnaker/kayenta`).
///
/// - A critical metric that is not `Pass` makes it 0; so does `Nodata` of half of the metrics or more.
/// - The score of a group is the share of its metrics that are `Pass`, in per cent, of those that are not
///   `Nodata`; a group of `Nodata` alone has 100.
/// - `weights` are per cent; groups without one share what is left of 100 evenly. The score is the sum of
///   those of the groups, weighted.
pub fn score(weights: &BTreeMap<String, f64>, metrics: &[Metric]) -> f64 {
    let counted: Vec<_> = metrics.iter().filter(|metric| !metric.muted).collect();
    let critical = |metric: &&Metric| metric.critical && metric.class != Class::Pass;
    let without_data = counted
        .iter()
        .filter(|metric| metric.class == Class::Nodata)
        .count();
    if counted.is_empty() || counted.iter().any(critical) || without_data * 2 >= counted.len() {
        return 0.0;
    }
    let groups: BTreeSet<_> = counted.iter().flat_map(|metric| &metric.groups).collect();
    let unweighted = groups
        .iter()
        .filter(|group| !weights.contains_key(**group))
        .fold(0.0, |count, _| count + 1.0);
    let left = 100.0 - weights.values().sum::<f64>();
    let mut sum = 0.0;
    for group in groups {
        let (mut passed, mut all) = (0.0, 0.0);
        for metric in counted
            .iter()
            .filter(|metric| metric.groups.contains(group))
        {
            match metric.class {
                Class::Pass => {
                    passed += 1.0;
                    all += 1.0;
                }
                Class::High | Class::Low | Class::NodataFailMetric => all += 1.0,
                Class::Nodata => {}
            }
        }
        let score = if all > 0.0 {
            passed / all * 100.0
        } else {
            100.0
        };
        let weight = weights.get(group).copied().unwrap_or(left / unweighted);
        sum += score * (weight / 100.0);
    }
    (sum * 100.0).round() / 100.0
}

/// What a score means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Grade {
    /// At least the threshold to pass.
    Pass,
    /// At least the marginal threshold. Kayenta ends a canary whose score *is* the marginal threshold all
    /// the same, while it runs (`MonitorCanaryTask`).
    Marginal,
    /// Below both.
    Fail,
}

impl Grade {
    /// Of a score, by the thresholds `pass` and `marginal`, all from 0 to 100
    /// (`ThresholdScoreClassifier.scala`).
    pub fn of(score: f64, pass: f64, marginal: f64) -> Self {
        if score >= pass {
            Self::Pass
        } else if score >= marginal {
            Self::Marginal
        } else {
            Self::Fail
        }
    }
}
