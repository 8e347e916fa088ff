//! Platforms that shift traffic themselves: they are told the whole goal, watched, and answered when they ask.

use super::facts::{Facts, apply};
use super::routed::is_as_asked;
use super::{Direction, Kind, Step, StepInput, Until, Waiting};
use crate::target::PlatformState;
use crate::track::{Revision, Track};

/// One write of the whole goal where what is written differs from it; then effective, then ready.
/// The way back is the same with the recorded start as the goal.
///
/// A platform that asks before each step is told the same goal in more than one write: the first starts the
/// release, and each one after that answers a question.
pub(super) fn walk(input: &StepInput<'_>) -> Step {
    let facts = Facts::new(input);
    let tracks = Track::ALL
        .into_iter()
        .all(|track| runs_what_is_asked(&facts, track) && has_the_count(&facts, track));
    let traffic = *facts.written_traffic() == input.goal.traffic;
    if !tracks || !traffic {
        if !is_started(&facts) {
            return apply(input.goal.clone(), Kind::Native);
        }
        if input.until == Until::Effective {
            return next_of_its_steps(&facts, tracks);
        }
    }
    let effective = input.effective == Some(&input.goal.traffic) && !is_at_work(&facts);
    if input.until == Until::Effective && !effective {
        return facts.wait(Waiting::Effective);
    }
    Track::ALL
        .into_iter()
        .find(|track| !is_as_asked(&facts, *track))
        .map_or(Step::Reached, |track| facts.wait(Waiting::Ready(track)))
}

fn runs_what_is_asked(facts: &Facts<'_>, track: Track) -> bool {
    if facts.goal(track).revision == Revision::Absent {
        !facts.exists(track)
    } else {
        facts.at_goal(track)
    }
}

fn has_the_count(facts: &Facts<'_>, track: Track) -> bool {
    facts.goal(track).revision == Revision::Absent
        || facts.number(track) == facts.goal(track).replicas.number()
}

/// Forward, and the platform has all that it needs to bring the release up: what is still asked beyond
/// that is how far it goes. The way back is never a step of what the platform is at.
fn is_started(facts: &Facts<'_>) -> bool {
    facts.input.direction == Direction::Forward
        && facts.goal(Track::Candidate).revision.is_release()
        && runs_what_is_asked(facts, Track::Stable)
        && runs_what_is_asked(facts, Track::Candidate)
        && has_the_count(facts, Track::Candidate)
}

/// While it is at work it has not asked yet, and would not know what an answer is to. Where it waits for
/// one, is done, or says nothing of itself, it is told; with ready pods where requests come to the release
/// by that, or what was goes.
fn next_of_its_steps(facts: &Facts<'_>, tracks: bool) -> Step {
    if is_at_work(facts) {
        return facts.wait(Waiting::Platform);
    }
    let goal = &facts.input.goal.traffic;
    let gains = goal.candidate_share() > facts.written_traffic().candidate_share();
    if (gains || !tracks) && !is_as_asked(facts, Track::Candidate) {
        return facts.wait(Waiting::Ready(Track::Candidate));
    }
    apply(facts.input.goal.clone(), Kind::Native)
}

fn is_at_work(facts: &Facts<'_>) -> bool {
    let platform = facts.input.observation.platform.as_ref();
    platform.is_some_and(|platform| platform.state == PlatformState::InProgress)
}
