//! Rows 2f, 6 and 7: traffic goes where it is covered, and is waited for.

use super::super::facts::{Facts, apply};
use super::super::need::{covered_weight, reaches};
use super::super::{Kind, Step, Waiting};
use super::Aim;
use super::capacity::is_ready;
use crate::target::Effective;
use crate::track::Track;
use crate::traffic::Traffic;

fn write(facts: &Facts<'_>, traffic: Traffic) -> Step {
    let mut desired = facts.desired();
    desired.traffic = traffic;
    apply(desired, Kind::Traffic)
}

/// What only some places took is not written, wherever it is to go from there.
fn is_written(facts: &Facts<'_>, aim: &Aim) -> bool {
    let effective = &facts.input.observation.traffic.effective;
    *effective != Effective::Partial && *facts.written_traffic() == aim.traffic
}

/// The side that gains and does not yet have what the whole move needs.
fn uncovered(facts: &Facts<'_>, aim: &Aim) -> Option<Track> {
    Track::ALL.into_iter().find(|track| {
        facts
            .gain(*track, &aim.traffic)
            .is_some_and(|need| !is_ready(facts, *track, need))
    })
}

/// Row 2f. On the way back, where the side that is left answers nobody and the other answers somebody,
/// everything moves: some answers are better than none, and it moves before anything is raised (row 3),
/// because every request fails until then.
pub(super) fn leave_a_dead_side(facts: &Facts<'_>, aim: &mut Aim) -> Option<Step> {
    if !facts.is_back() || is_written(facts, aim) {
        return None;
    }
    let gains = |track| facts.gain(track, &aim.traffic).is_some();
    // Where a route is given up and weight comes, both gain, and neither is left.
    let gaining = Track::ALL
        .into_iter()
        .find(|track| gains(*track) && !gains(track.other()))?;
    let leaves_dead = facts.seen(gaining.other()).ready() == 0;
    (leaves_dead && is_ready(facts, gaining, 1)).then(|| write(facts, aim.traffic.clone()))
}

/// Row 6a. Every side that gains covers it, and has no pod of another revision left among which a
/// request could fall: the whole move, routes and mirror included.
pub(super) fn move_all_that_is_asked(facts: &Facts<'_>, aim: &mut Aim) -> Option<Step> {
    (!is_written(facts, aim) && uncovered(facts, aim).is_none())
        .then(|| write(facts, aim.traffic.clone()))
}

/// Row 6b. On the way back, what is covered moves at once; forward it is all or nothing, so that users
/// are not rushed to the release because stable is unwell. Never away from the target, so flapping pods
/// cause at most 100% / granularity writes.
pub(super) fn move_as_far_as_covered(facts: &Facts<'_>, aim: &mut Aim) -> Option<Step> {
    let gaining = uncovered(facts, aim)?;
    if !facts.is_back() || !facts.is_whole(gaining) {
        return None;
    }
    let weight = covered_weight(
        facts.written_traffic().weight,
        aim.traffic.weight,
        gaining,
        facts.ready(gaining),
        facts.input.baseline,
        facts.input.granularity,
    )?;
    Some(write(
        facts,
        Traffic {
            weight,
            ..aim.traffic.clone()
        },
    ))
}

/// Row 6c. Otherwise the gaining side is waited for.
pub(super) fn wait_for_the_gaining_side(facts: &Facts<'_>, aim: &mut Aim) -> Option<Step> {
    let gaining = uncovered(facts, aim)?;
    Some(facts.wait(Waiting::Ready(gaining)))
}

/// Row 7. Written is not effective; and a track that is emptied for a change must have drained before
/// rows 1 and 1' may change it.
pub(super) fn wait_until_effective_and_drained(facts: &Facts<'_>, aim: &mut Aim) -> Option<Step> {
    if facts.input.effective != Some(&aim.traffic) {
        return Some(facts.wait(Waiting::Effective));
    }
    let emptied = aim.detour?;
    debug_assert!(!reaches(&aim.traffic, emptied));
    Some(facts.wait(Waiting::Drain(emptied)))
}
