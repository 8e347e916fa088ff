//! Rows 8 and 9: what is not needed any more goes, after everything else.

use super::super::facts::Facts;
use super::super::{Kind, Step, Waiting};
use super::Aim;
use crate::target::DesiredTrack;
use crate::track::{Replicas, Revision, Track};

/// Row 8. What the goal exposes and what runs a release is whole and ready before anything is given up;
/// a recorded revision that nobody reaches is only written.
/// What nobody reaches and nobody could be served by goes at once: it protects nothing.
pub(super) fn wait_until_ready(facts: &Facts<'_>, _: &mut Aim) -> Option<Step> {
    let unready = Track::ALL
        .into_iter()
        .find(|track| !is_as_asked(facts, *track))?;
    let dead = [Track::Candidate, Track::Stable]
        .into_iter()
        .filter(|track| {
            !facts.goal_exposes(*track) && facts.is_clear(*track) && facts.seen(*track).ready() == 0
        })
        .find_map(|track| above_goal(facts, track).map(|to| (track, to)));
    Some(match dead {
        Some((track, to)) => facts.apply_track(track, to, Kind::Down),
        None => facts.wait(Waiting::Ready(unready)),
    })
}

/// Whether a track is ready as the goal asks, where the goal asks for readiness.
pub(in super::super) fn is_as_asked(facts: &Facts<'_>, track: Track) -> bool {
    let goal = facts.goal(track);
    if !facts.goal_exposes(track) && !goal.revision.is_release() {
        return true;
    }
    facts.at_goal(track)
        && facts.is_whole(track)
        && facts.ready(track) >= facts.required(track, &facts.input.goal.traffic)
}

/// Row 9. One track a write, the candidate first: count, existence, floor, and the revision of the
/// emptied side. A track that keeps traffic gives up no more than that traffic leaves it, and only
/// after the share it lost has drained; its floor binds no pod and is restored at once, unless it is 0.
pub(super) fn give_up_what_is_above_the_goal(facts: &Facts<'_>, _: &mut Aim) -> Option<Step> {
    let (track, to) = [Track::Candidate, Track::Stable]
        .into_iter()
        .find_map(|track| above_goal(facts, track).map(|to| (track, to)))?;
    let drained = if facts.goal_exposes(track) {
        let until = facts.input.lost_share_drains.of(track);
        matches!(to.replicas, Replicas::Floor(_))
            || until.is_none_or(|until| until <= facts.input.now)
    } else {
        facts.is_clear(track)
    };
    Some(if drained {
        facts.apply_track(track, to, Kind::Down)
    } else {
        facts.wait(Waiting::Drain(track))
    })
}

/// What a track becomes when it gives up what is above the goal; `None` if nothing is.
fn above_goal(facts: &Facts<'_>, track: Track) -> Option<DesiredTrack> {
    let goal = facts.goal(track);
    if !facts.exists(track) {
        return None;
    }
    if goal.revision == Revision::Absent || !facts.at_goal(track) {
        return Some(goal.clone());
    }
    let need = facts.need(track, &facts.input.goal.traffic);
    let keep = match goal.replicas {
        // One of 0 switches the workload off, and is no floor to whoever is sent there.
        Replicas::Floor(floor) => floor.max(need.min(1)),
        Replicas::Count(count) => count.max(need),
    };
    (facts.number(track) > keep).then(|| DesiredTrack {
        revision: goal.revision.clone(),
        replicas: goal.replicas.with(keep),
    })
}
