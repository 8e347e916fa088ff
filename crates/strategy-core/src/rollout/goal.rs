//! From goals in shares to desired states in numbers.

use crate::plan::{Goal, Plan, StageKind};
use crate::release::{Images, Part};
use crate::target::{Desired, DesiredTrack, Discovery};
use crate::track::{Capacity, Replicas, Revision, Track};

/// What a stage asks of a part: its own goal, or the newest one before it that names the part.
pub(super) fn goal<'a>(plan: &'a Plan, stage: usize, part: &Part) -> Option<&'a Goal> {
    let stages = plan.stages().get(..=stage)?;
    let mut goals = stages
        .iter()
        .rev()
        .filter_map(|stage| stage.goals.get(part));
    goals.next().map(AsRef::as_ref)
}

/// The recorded start of a part, in numbers.
pub(super) fn recorded(found: &Discovery) -> Desired {
    let track = |track: Track| match &found.observation.track(track).written {
        Some(written) => DesiredTrack {
            revision: Revision::Recorded,
            replicas: written.replicas,
        },
        None => DesiredTrack::absent(),
    };
    Desired {
        stable: track(Track::Stable),
        candidate: track(Track::Candidate),
        traffic: found.observation.traffic.written.clone(),
    }
}

/// What stable ran at the start, as images.
pub(super) fn start_images(found: &Discovery) -> Images {
    found.images(Track::Stable).cloned().unwrap_or_default()
}

/// The desired state of a part in a stage.
///
/// Until the plan is done an autoscaler's floor is held at what its track wanted at the start: an
/// autoscaler that shrank an idle stable would close the way back.
pub(super) fn resolve(
    goal: &Goal,
    kind: StageKind,
    found: &Discovery,
    baseline: u32,
    hold_floors: bool,
) -> Desired {
    let recorded = recorded(found);
    let track = |track: Track| {
        let asked = goal.track(track);
        if asked.revision == Revision::Absent {
            return DesiredTrack::absent();
        }
        if asked.revision == Revision::Recorded
            && recorded.track(track).revision == Revision::Absent
        {
            return DesiredTrack::absent();
        }
        let seen = found.observation.track(track);
        let number = match asked.capacity {
            Capacity::Count(count) => count,
            Capacity::Share(share) if share.is_zero() => 0,
            Capacity::Share(share) => share.ceil_of(baseline).max(1),
            Capacity::Recorded => recorded.track(track).replicas.number(),
        };
        let replicas = if seen.autoscaler.is_some() {
            let held = hold_floors && kind != StageKind::Retire && track == Track::Stable;
            Replicas::Floor(if held {
                number.max(seen.wanted())
            } else {
                number
            })
        } else {
            Replicas::Count(number)
        };
        DesiredTrack {
            revision: asked.revision.clone(),
            replicas,
        }
    };
    Desired {
        stable: track(Track::Stable),
        candidate: track(Track::Candidate),
        traffic: goal.traffic.clone(),
    }
}
