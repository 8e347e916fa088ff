//! Rows 3 to 5: capacity comes before traffic.

use super::super::facts::{Facts, apply};
use super::super::{Kind, Step, Until, Waiting};
use super::{Aim, is_wrong};
use crate::target::DesiredTrack;
use crate::track::{Revision, Track};

/// Row 3. All that is below what the goal asks, or below what traffic needs of a side *while it gains*,
/// rises in one write; what is missing is created. For an owned count its floor rises.
///
/// Only while it gains: a floor held at the need all the time would be raised here and restored by row 9
/// for ever.
pub(super) fn raise(facts: &Facts<'_>, aim: &mut Aim) -> Option<Step> {
    let mut desired = facts.desired();
    for track in Track::ALL {
        if let Some(raised) = raised(facts, aim, track) {
            *desired.track_mut(track) = raised;
        }
    }
    (desired != facts.desired()).then(|| apply(desired, Kind::Up))
}

fn raised(facts: &Facts<'_>, aim: &Aim, track: Track) -> Option<DesiredTrack> {
    let goal = facts.goal(track);
    let gain = match facts.gain(track, &aim.traffic) {
        Some(_) => facts.need(track, &aim.traffic),
        None => 0,
    };
    if !facts.exists(track) {
        return (goal.revision != Revision::Absent).then(|| DesiredTrack {
            revision: goal.revision.clone(),
            replicas: goal.replicas.with(goal.replicas.number().max(gain)),
        });
    }
    let written = facts.as_written(track);
    let (replicas, number) = if facts.at_goal(track) {
        (goal.replicas, goal.replicas.number().max(gain))
    } else {
        (written.replicas, gain)
    };
    (written.replicas.number() < number).then(|| DesiredTrack {
        revision: written.revision,
        replicas: replicas.with(number),
    })
}

/// Row 4. What row 1 guards waits until the other side could carry everything; unless the other side is
/// emptied onto it, which is what its pods are kept for.
pub(super) fn wait_for_cover(facts: &Facts<'_>, aim: &mut Aim) -> Option<Step> {
    let guarded = Track::ALL
        .into_iter()
        .find(|track| *aim.guarded.of(*track) && aim.detour != Some(track.other()))?;
    Some(facts.wait(Waiting::Cover(guarded)))
}

/// Row 5. Asked only for readiness: what gains and what runs a release has what it wants, no pod of
/// another revision left. A detour is under way to a change, so it is never "ready".
///
/// A recorded revision that gains nothing is not asked: last week's broken release in an idle slot must
/// not hold this week's up.
pub(super) fn ready_or_wait(facts: &Facts<'_>, aim: &mut Aim) -> Option<Step> {
    if facts.input.until != Until::Ready || aim.detour.is_some() {
        return None;
    }
    let missing = Track::ALL.into_iter().find(|track| {
        let gain = facts.gain(*track, &aim.traffic);
        let asked = gain.is_some() || facts.goal(*track).revision.is_release();
        let wanted = facts.input.ready_share.ceil_of(facts.seen(*track).wanted());
        let required = facts.as_at_start(wanted).max(gain.unwrap_or(0));
        asked && (is_wrong(facts, *track) || !is_ready(facts, *track, required))
    });
    Some(missing.map_or(Step::Reached, |track| facts.wait(Waiting::Ready(track))))
}

/// Whole, and so many ready at the revision that counts.
pub(in super::super) fn is_ready(facts: &Facts<'_>, track: Track, required: u32) -> bool {
    facts.is_whole(track) && facts.ready(track) >= required
}
