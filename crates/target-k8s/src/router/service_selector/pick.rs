//! Which slot a selector picks: exactly one, or an error that says why not.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use strategy_core::Track;
use strategy_core::target::TargetErrorKind;

use crate::config::ServiceSelectorRouter;
use crate::router::TrackLabels;
use crate::router::problem::Problem;

impl ServiceSelectorRouter {
    /// The value of the key that picks each track, told apart.
    pub(super) fn values<'a>(&self, tracks: &'a TrackLabels) -> Result<Values<'a>, Problem> {
        let of = |track: Track| {
            tracks.of(track).labels.get(&self.key).ok_or_else(|| {
                self.problem(
                    TargetErrorKind::InvalidConfig,
                    "slot-label-absent",
                    format!(
                        "the pod template of {track} carries no label `{}`",
                        self.key
                    ),
                    "give each slot's pod template that label with a value of its own, or set \
                     `key` to the label that tells the slots apart",
                )
            })
        };
        let values = Values {
            stable: of(Track::Stable)?,
            candidate: of(Track::Candidate)?,
        };
        if values.stable == values.candidate {
            return Err(self.problem(
                TargetErrorKind::Ambiguous,
                "slots-alike",
                format!("both slots' pods carry `{}: {}`", self.key, values.stable),
                "give each slot's pod template a value of its own, or set `key` to the label that \
                 tells the slots apart",
            ));
        }
        Ok(values)
    }

    /// Which track the selector picks; never a default.
    pub(super) fn picked(&self, service: &Value, tracks: &TrackLabels) -> Result<Track, Problem> {
        let values = self.values(tracks)?;
        let selector = self.selector(service)?;
        let known = format!(
            "`{}` (stable) or `{}` (candidate)",
            values.stable, values.candidate
        );
        let Some(value) = selector.get(&self.key) else {
            let both = Track::ALL
                .into_iter()
                .all(|track| unmatched(&selector, &tracks.of(track).labels).is_empty());
            let so = if both { ", so it picks both slots" } else { "" };
            return Err(self.problem(
                TargetErrorKind::Ambiguous,
                "selector-key-absent",
                format!("its selector has no key `{}`{so}", self.key),
                format!(
                    "set `spec.selector.{}` to the live slot's {known}",
                    self.key
                ),
            ));
        };
        let track = if value == values.stable {
            Track::Stable
        } else if value == values.candidate {
            Track::Candidate
        } else {
            return Err(self.problem(
                TargetErrorKind::Ambiguous,
                "selector-value-unknown",
                format!(
                    "its selector says `{}: {value}`, and that is neither slot",
                    self.key
                ),
                format!(
                    "set `spec.selector.{}` to the live slot's {known}",
                    self.key
                ),
            ));
        };
        self.must_pick(service, tracks, track)?;
        Ok(track)
    }

    /// Whether the selector with this track's value picks the pods of this track and only those.
    pub(super) fn would_pick(
        &self,
        service: &Value,
        tracks: &TrackLabels,
        track: Track,
    ) -> Result<(), Problem> {
        let value = *self.values(tracks)?.of(track);
        let mut after = service.clone();
        self.selector_of(&mut after)?
            .insert(self.key.clone(), json!(value));
        self.must_pick(&after, tracks, track)
    }

    /// The key tells the tracks apart, so a selector that picks `track` cannot pick the other as well.
    pub(super) fn must_pick(
        &self,
        service: &Value,
        tracks: &TrackLabels,
        track: Track,
    ) -> Result<(), Problem> {
        let selector = self.selector(service)?;
        let unmatched = unmatched(&selector, &tracks.of(track).labels);
        if unmatched.is_empty() {
            return Ok(());
        }
        Err(self.problem(
            TargetErrorKind::InvalidConfig,
            "selector-matches-nothing",
            format!(
                "with `{}: {}` its selector matches no pod of {track}, because {}",
                self.key,
                selector.get(&self.key).map_or("", String::as_str),
                unmatched.join(" and ")
            ),
            "take that key out of `spec.selector`, or give both slots' pods the same value of it",
        ))
    }

    /// Its selector as text; an error where there is none, because then it picks no pods at all.
    pub(super) fn selector(&self, service: &Value) -> Result<BTreeMap<String, String>, Problem> {
        if service["spec"]["type"] == "ExternalName" {
            return Err(self.problem(
                TargetErrorKind::InvalidConfig,
                "selector-absent",
                "it is of type ExternalName and picks no pods".to_owned(),
                "name the Service that the slots' pods stand behind",
            ));
        }
        service["spec"]["selector"]
            .as_object()
            .filter(|selector| !selector.is_empty())
            .and_then(|selector| {
                selector
                    .iter()
                    .map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                    .collect()
            })
            .ok_or_else(|| {
                self.problem(
                    TargetErrorKind::InvalidConfig,
                    "selector-absent",
                    "it has no selector, so its endpoints are somebody else's to write".to_owned(),
                    format!(
                        "give it a selector with the key `{}`, or name another Service",
                        self.key
                    ),
                )
            })
    }

    pub(super) fn selector_of<'a>(
        &self,
        service: &'a mut Value,
    ) -> Result<&'a mut Map<String, Value>, Problem> {
        self.selector(service)?;
        service
            .pointer_mut("/spec/selector")
            .and_then(Value::as_object_mut)
            .ok_or_else(|| Problem::not_found(&self.object()))
    }
}

/// The value of the key for each track.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values<'a> {
    stable: &'a String,
    candidate: &'a String,
}

impl<'a> Values<'a> {
    pub(super) const fn of(&self, track: Track) -> &&'a String {
        match track {
            Track::Stable => &self.stable,
            Track::Candidate => &self.candidate,
        }
    }
}

/// In words, each key of a selector that pods with these labels do not match.
pub(in crate::router) fn unmatched(
    selector: &BTreeMap<String, String>,
    labels: &BTreeMap<String, String>,
) -> Vec<String> {
    selector
        .iter()
        .filter(|(key, value)| labels.get(*key) != Some(*value))
        .map(|(key, value)| match labels.get(key) {
            Some(label) => format!("it asks for `{key}: {value}` and they carry `{key}: {label}`"),
            None => format!("it asks for `{key}: {value}` and they carry no `{key}`"),
        })
        .collect()
}
