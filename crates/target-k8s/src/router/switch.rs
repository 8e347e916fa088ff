//! What routers have in common that switch: all of the traffic, or nothing.

use strategy_core::target::TargetErrorKind;
use strategy_core::{Stickiness, Track, Traffic, Weight};

use super::problem::Problem;
use crate::object::ObjectRef;

/// Traffic that all goes to one track.
pub(super) const fn whole(track: Track) -> Weight {
    match track {
        Track::Stable => Weight::ZERO,
        Track::Candidate => Weight::FULL,
    }
}

/// The track that traffic all goes to; `what` cannot do else, and `because` says why there are no shares.
pub(super) fn track(
    traffic: &Traffic,
    object: &ObjectRef,
    (what, because): (&str, &str),
) -> Result<Track, Problem> {
    let unsupported = |message: String, mend: &str| {
        Err(Problem::new(
            TargetErrorKind::Unsupported,
            "traffic-unsupported",
            object,
            message,
            mend,
        ))
    };
    if !traffic.routes.is_empty() || !traffic.mirror.is_zero() {
        return unsupported(
            format!("{what} cannot do `{traffic}`: it knows neither routes nor mirrors"),
            "use a router that does, such as Istio",
        );
    }
    match traffic.weight {
        Weight::ZERO => Ok(Track::Stable),
        Weight::FULL => Ok(Track::Candidate),
        weight => unsupported(
            format!("{because}, so {weight} cannot be had"),
            "ask for 0% or 100%, or use a router that splits requests",
        ),
    }
}

/// What is assumed where no single track is picked, and which pods are reached may change with every
/// one: half of the traffic for each is what neither a start nor a switch writes, and what leaves
/// neither without need.
pub(super) fn unknown(stickiness: Stickiness, why: &str) -> (Traffic, Option<String>) {
    let mut traffic = Traffic::weight(Weight::of(1, 2));
    traffic.stickiness = stickiness;
    let broken = format!("{why}, so half of the traffic is assumed to reach each slot");
    (traffic, Some(broken))
}
