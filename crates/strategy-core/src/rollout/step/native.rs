//! Platforms that shift traffic themselves: they are told the whole goal once, and watched.

use super::facts::{Facts, apply};
use super::routed::is_as_asked;
use super::{Kind, Step, StepInput, Waiting};
use crate::track::{Revision, Track};

/// One write of the whole goal where what is written differs from it; then effective, then ready.
/// The way back is the same with the recorded start as the goal.
pub(super) fn walk(input: &StepInput<'_>) -> Step {
    let facts = Facts::new(input);
    let written = Track::ALL.into_iter().all(|track| {
        if facts.goal(track).revision == Revision::Absent {
            return !facts.exists(track);
        }
        facts.at_goal(track) && facts.number(track) == facts.goal(track).replicas.number()
    });
    if !written || *facts.written_traffic() != input.goal.traffic {
        return apply(input.goal.clone(), Kind::Native);
    }
    if input.effective != Some(&input.goal.traffic) {
        return facts.wait(Waiting::Effective);
    }
    Track::ALL
        .into_iter()
        .find(|track| !is_as_asked(&facts, *track))
        .map_or(Step::Reached, |track| facts.wait(Waiting::Ready(track)))
}
