//! By which labels recorded series are told apart: their track, whether they count what failed, their unit.

use std::collections::{BTreeMap, BTreeSet};

use strategy_core::Track;
use strategy_metrics::reading::Shape;
use strategy_metrics::source::Recording;

use super::problem::Problem;

/// The label of series that say themselves what they count: `total` or `failed`.
const COUNT: &str = "count";

/// By which labels series are told apart.
#[derive(Clone, Debug)]
pub(super) struct Labels {
    /// The label that tells the track.
    pub(super) track: String,
    /// Its values.
    pub(super) stable: String,
    pub(super) candidate: String,
    /// What series have that count what failed, all others beside them; `None`: the label `count` says it.
    pub(super) failed: Option<Pattern>,
    /// The label that tells units apart.
    pub(super) unit: Option<String>,
}

/// A label and what it must be: `code=503`, or `code=5*` for all that begin so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    label: String,
    value: String,
    begins: bool,
}

impl std::str::FromStr for Pattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (label, value) = text
            .split_once('=')
            .filter(|(label, value)| !label.is_empty() && !value.is_empty())
            .ok_or_else(|| format!("`{text}` is not LABEL=VALUE, such as `code=5*`"))?;
        let (value, begins) = match value.strip_suffix('*') {
            Some(start) => (start, true),
            None => (value, false),
        };
        Ok(Self {
            label: label.to_owned(),
            value: value.to_owned(),
            begins,
        })
    }
}

impl Pattern {
    fn fits(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.label);
        value.is_some_and(|value| {
            if self.begins {
                value.starts_with(&self.value)
            } else {
                *value == self.value
            }
        })
    }
}

impl Labels {
    /// The track of a series; `None`: of none.
    pub(super) fn track(&self, labels: &BTreeMap<String, String>) -> Option<Track> {
        let value = labels.get(&self.track)?;
        if *value == self.stable {
            Some(Track::Stable)
        } else if *value == self.candidate {
            Some(Track::Candidate)
        } else {
            None
        }
    }

    /// It counts all, or a part of all that no other series counts.
    pub(super) fn counts(&self, labels: &BTreeMap<String, String>) -> bool {
        self.failed.is_some() || labels.get(COUNT).is_some_and(|count| count == "total")
    }

    /// It counts what failed.
    pub(super) fn failed(&self, labels: &BTreeMap<String, String>) -> bool {
        match &self.failed {
            Some(pattern) => pattern.fits(labels),
            None => labels.get(COUNT).is_some_and(|count| count == "failed"),
        }
    }

    pub(super) fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    /// Whether both tracks have series in this shape.
    pub(super) fn check(&self, recording: &Recording, shape: Shape) -> Result<(), Problem> {
        for (track, value, option) in [
            (Track::Stable, &self.stable, "--stable"),
            (Track::Candidate, &self.candidate, "--candidate"),
        ] {
            let of_track = || {
                let all = recording.labels();
                all.filter(|labels| self.track(labels) == Some(track))
            };
            if of_track().next().is_none() {
                return Err(Problem::whole(format!(
                    "no series of {track} has the label `{}` with the value `{value}`; there are {}: name the label \
                     by --track, and its value by {option}",
                    self.track,
                    self.values(recording)
                )));
            }
            let lacks = |what: &str| Err(Problem::whole(format!("no series of {track} {what}")));
            match shape {
                Shape::Events if !of_track().any(|labels| self.counts(labels)) => {
                    return lacks(
                        "has the label `count` with the value `total`; say by --failed LABEL=VALUE which of them \
                         count what failed, such as `--failed code=5*`",
                    );
                }
                Shape::Histogram if !of_track().any(|labels| labels.contains_key("le")) => {
                    return lacks(
                        "has the label `le`, and the judge needs the buckets of a histogram",
                    );
                }
                Shape::Values if of_track().count() > 1 => {
                    return Err(Problem::whole(format!(
                        "{} series are of {track}, and the judge needs one number at a time; record a sum of them",
                        of_track().count()
                    )));
                }
                Shape::Units if self.unit.is_none() => {
                    return lacks("tells its unit; name the label that does by --unit");
                }
                Shape::Events | Shape::Units
                    if self.unit.is_some()
                        && of_track().any(|labels| self.lacks_unit(labels, shape)) =>
                {
                    return Err(Problem::whole(format!(
                        "a series of {track} has no label `{}`, which tells units apart; name another one by --unit, or \
                         leave `unit` out of the check's metric",
                        self.unit.as_deref().unwrap_or_default()
                    )));
                }
                Shape::Events | Shape::Histogram | Shape::Values | Shape::Units => {}
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether it is counted by a unit and does not say which. Failures without one belong to none.
    fn lacks_unit(&self, labels: &BTreeMap<String, String>, shape: Shape) -> bool {
        let has = self
            .unit
            .as_ref()
            .is_some_and(|unit| labels.contains_key(unit));
        !has && (shape == Shape::Units || self.counts(labels))
    }

    /// What the label of the track is in this recording, or which labels there are.
    fn values(&self, recording: &Recording) -> String {
        let listed = |names: BTreeSet<&str>| {
            let names: Vec<_> = names.into_iter().take(20).collect();
            names.join(", ")
        };
        let values: BTreeSet<_> = recording
            .labels()
            .filter_map(|labels| labels.get(&self.track))
            .map(String::as_str)
            .collect();
        if values.is_empty() {
            let names = recording.labels().flat_map(BTreeMap::keys);
            let names: BTreeSet<_> = names.map(String::as_str).collect();
            return format!("labels {}", listed(names));
        }
        format!("values {}", listed(values))
    }
}
