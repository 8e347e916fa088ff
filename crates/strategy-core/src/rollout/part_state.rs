//! What was decided about one part.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::effect::Ticket;
use super::step::Exposure;
use crate::target::{Binding, Claim, Desired, EffectId, ImageIds, Writer};
use crate::timestamp::{Timestamp, duration};
use crate::track::{Replicas, Tracks};
use crate::traffic::Traffic;
use crate::weight::Weight;

/// What was decided about one part.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct PartState {
    pub(super) binding: Binding,
    /// The claim that is known to be there.
    pub(super) claim: Option<Claim>,
    /// The claim that was asked for and may be there: its answer is not known.
    pub(super) sought: Option<Claim>,
    /// The claim effect under way.
    pub(super) claiming: Option<EffectId>,
    /// Something of ours may still be on its way: a new epoch first.
    pub(super) fence: bool,
    /// The claim under way was ordered before a crash, so another process may hold its epoch too: one
    /// more is needed after it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) fence_after: bool,
    /// The write under way.
    pub(super) flight: Option<EffectId>,
    /// The write under way was ordered before a crash, and is ordered again once the fence stands.
    pub(super) reissue: bool,
    /// Observations with older tickets are dropped: they began before our last write or claim ended.
    pub(super) min_ticket: Ticket,
    /// The ticket of the look that ends a bake.
    pub(super) last_look: Ticket,
    /// What is written, as far as we know.
    pub(super) expected: Expected,
    pub(super) exposure: Tracks<Exposure>,
    /// The largest share that may still reach each track, by what is written and what is effective.
    pub(super) share: Tracks<Weight>,
    /// Of a track that lost a part of its share: until when requests of that part may be under way.
    pub(super) lost_share_drains: Tracks<Option<Timestamp>>,
    /// Since when traffic is written as it is.
    pub(super) traffic_since: Timestamp,
    pub(super) baseline: u32,
    /// The image ids that were validated, by container.
    pub(super) validated: ImageIds,
    /// How often somebody else's change was put back.
    pub(super) reasserted: u32,
    /// A person moved traffic: it is never moved away from the goal again.
    pub(super) person_moved_traffic: bool,
    /// The candidate's weight as that person left it, where it is below the recorded one: no way home gives
    /// it more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) left_by_hand: Option<Weight>,
    /// The platform's own deployment that failed a stage by how it ended: a stage that a person begins again
    /// begins another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) deployment_failed: Option<String>,
    /// Since when it cannot be read.
    pub(super) unreadable: Option<Unreached>,
    /// Since when it cannot be written.
    pub(super) unwritable: Option<Unreached>,
    /// Writes or claims that failed one after the other, and when the next is due.
    pub(super) failures: u32,
    pub(super) retry_at: Option<Timestamp>,
    /// The last claim was refused because it is somebody else's, or nobody's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) claim_lost: bool,
    /// What the last write or claim failed with, until one succeeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refused: Option<String>,
    /// Health of the release in this stage, by track.
    pub(super) health: Tracks<TrackHealth>,
    /// Since when all is ready as the stage asks.
    pub(super) ready_since: Option<Timestamp>,
    /// What it waits for, in words; what its walk came to.
    pub(super) waiting: Waits,
}

impl PartState {
    pub(super) const fn is_unreachable(&self) -> bool {
        self.unreadable.is_some() || self.unwritable.is_some()
    }

    /// A write is under way that may land: one that a crash left can do so no more once the fence stands.
    pub(super) const fn may_land_by_itself(&self) -> bool {
        let fenced = self.reissue && !self.fence && self.claiming.is_none();
        self.flight.is_some() && !fenced
    }

    /// Since when it cannot be read and, where writes are tried, since when it cannot be written.
    pub(super) fn unreached(&self, writes: bool) -> impl Iterator<Item = &Unreached> {
        let unwritable = self.unwritable.iter().filter(move |_| writes);
        self.unreadable.iter().chain(unwritable)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Unreached {
    pub(super) since: Timestamp,
    pub(super) message: String,
}

/// What a part's walk came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Waits {
    /// It is where it should be.
    #[default]
    No,
    /// For this, and until then at the latest where time alone tells.
    For {
        what: String,
        until: Option<Timestamp>,
    },
    /// No allowed step leads there.
    Never { why: String },
}

/// What is written on a part, as far as we know.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Expected {
    /// This was observed after our last write, and nothing of ours changed it since.
    Seen(Footprint),
    /// Our last write says this; it was not yet observed.
    Asked {
        before: Footprint,
        desired: Box<Desired>,
    },
    /// Our last write was refused, so this is still there; what was told of other hands while it was
    /// under way was not answered.
    Refused {
        before: Footprint,
        desired: Box<Desired>,
    },
    /// A write may have landed or not: either.
    Either {
        before: Footprint,
        desired: Box<Desired>,
    },
}

/// The written content of a part, as observed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct Footprint {
    pub(super) tracks: Tracks<Option<(String, Replicas)>>,
    pub(super) traffic: Traffic,
    pub(super) writer: Writer,
}

/// Health of the release on one track since the stage began.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct TrackHealth {
    /// The most that were ready.
    pub(super) peak: u32,
    /// Time unready, episodes that are over.
    #[serde(with = "duration")]
    pub(super) unready: Duration,
    /// The episode that is not.
    pub(super) unready_since: Option<Timestamp>,
    /// Restarts since the stage began.
    pub(super) restarts: u64,
    /// The platform's counter as last seen.
    pub(super) counter: u64,
}

/// What a track has been told, reduced to what foreign hands could change.
pub(super) fn footprint(observation: &crate::target::Observation) -> Footprint {
    let track = |track| {
        let track: &crate::target::ObservedTrack = observation.track(track);
        track
            .written
            .as_ref()
            .map(|written| (written.revision.id.clone(), written.replicas))
    };
    Footprint {
        tracks: Tracks {
            stable: track(crate::Track::Stable),
            candidate: track(crate::Track::Candidate),
        },
        traffic: observation.traffic.written.clone(),
        writer: observation.traffic.writer.clone(),
    }
}
