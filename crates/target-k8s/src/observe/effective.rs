//! What a Service does, as its EndpointSlices tell.

use std::sync::Arc;

use serde_json::Value;
use strategy_core::target::Effective;
use strategy_core::{Track, Traffic};

use crate::binding::Bound;
use crate::object::{list, text};
use crate::pods::{self, Naming};
use crate::view::View;

/// A Service sends where its EndpointSlices point: what is written is effective when no ready
/// endpoint is left of the track that gets nothing, and those of the other have arrived.
pub(super) fn effective(
    bound: &Bound,
    view: &View,
    slices: &[Arc<Value>],
    written: &Traffic,
) -> Effective {
    let live = if written.reaches_candidate() {
        Track::Candidate
    } else {
        Track::Stable
    };
    let names = pods::names(&bound.tracks.of(live).deployment, view.pods.of(live));
    let mut arrived = 0;
    for endpoint in slices.iter().flat_map(|slice| list(slice, "/endpoints")) {
        let is_ready = endpoint
            .pointer("/conditions/ready")
            .is_none_or(|ready| ready != false);
        if !is_ready {
            continue;
        }
        if !names.contains(text(endpoint, "/targetRef/name")) {
            return Effective::Converging;
        }
        arrived += 1;
    }
    let ready: u32 = pods::of_deployment(
        &bound.tracks.of(live).deployment,
        view.replica_sets.of(live),
        view.pods.of(live),
        &Naming::default(),
        false,
    )
    .iter()
    .map(|pods| pods.ready)
    .sum();
    if arrived == 0 && ready > 0 {
        Effective::Converging
    } else {
        Effective::Verified(written.clone())
    }
}
