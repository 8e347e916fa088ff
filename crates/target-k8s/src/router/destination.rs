//! Whether a destination reaches the pods of its track, and of no other.

use std::collections::BTreeMap;

use serde_json::Value;
use strategy_core::Track;
use strategy_core::target::Finding;

use super::TrackLabels;
use super::rules::list;
use super::service_selector::unmatched;
use crate::object::ObjectRef;

pub(super) type Labels = BTreeMap<String, String>;

/// Where a route sends to, and which pods stand there.
#[derive(Clone, Debug)]
pub(super) struct Destination {
    /// In words, with its track.
    pub(super) to: String,
    /// What a finding is about.
    pub(super) resource: String,
    /// The labels that a pod must carry to be reached.
    pub(super) asked: Labels,
    /// Where these labels stand.
    pub(super) key: &'static str,
}

impl Destination {
    /// What is wrong with it, if anything is.
    pub(super) fn finding(self, tracks: &TrackLabels, track: Track) -> Option<Finding> {
        let own = unmatched(&self.asked, &tracks.of(track).labels);
        let other = unmatched(&self.asked, &tracks.of(track.other()).labels);
        let Self { to, key, .. } = &self;
        let (code, message, mend) = match (own.is_empty(), other.is_empty()) {
            (true, false) => return None,
            (true, true) => (
                "destination-reaches-both-tracks",
                format!("{to} reaches pods of {} as well", track.other()),
                format!("add a label to {key} that only this track's pods carry"),
            ),
            (false, true) => (
                "destination-reaches-other-track",
                format!(
                    "{to} should reach {track} and reaches {} instead, because {}; the roles of the two have changed since it was written",
                    track.other(),
                    own.join(" and ")
                ),
                format!("let {key} name one that stays with the track"),
            ),
            (false, false) => (
                "destination-reaches-nothing",
                format!("{to} reaches no pod: {}", own.join(" and ")),
                format!("mend {key} or the labels of the pods"),
            ),
        };
        Some(Finding::blocks(code, self.resource, message, mend))
    }
}

/// The labels of a map of texts.
pub(super) fn labels(value: &Value) -> Labels {
    value
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// Whether a Service has a port with this `field`: `port`, a number, or `name`.
pub(super) fn has_port(service: &Value, field: &str, is: &Value) -> bool {
    let mut ports = list(&service["spec"]["ports"]).iter();
    ports.any(|port| port[field] == *is)
}

/// That a Service sends to pods that are not ready.
pub(super) fn not_ready(object: &ObjectRef, service: &Value) -> Option<Finding> {
    (service["spec"]["publishNotReadyAddresses"] == true).then(|| {
        Finding::warns(
            "not-ready-addresses",
            object.to_string(),
            "it sends requests to pods that are not ready (`publishNotReadyAddresses`)",
            "switch that off, so that a pod is reached only when it is ready",
        )
    })
}
