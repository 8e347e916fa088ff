//! The table for platforms whose router sends the share it is told. The first row that applies decides.

mod capacity;
mod give_up;
mod revision;
mod traffic;

pub(super) use self::capacity::is_ready;
pub(super) use self::give_up::is_as_asked;
use super::facts::Facts;
use super::table::{Row, decide, row};
use super::{Step, StepInput};
use crate::track::{Track, Tracks};
use crate::traffic::Traffic;
use crate::weight::Weight;

/// What earlier rows leave to later ones.
#[derive(Clone, Debug)]
pub(super) struct Aim {
    /// Where traffic is to go: the goal's, unless row 2e says otherwise.
    pub(super) traffic: Traffic,
    /// The track that is emptied so that it can change (row 2e).
    pub(super) detour: Option<Track>,
    /// Tracks that may not change yet (row 1).
    pub(super) guarded: Tracks<bool>,
}

/// The table, in order.
pub(super) const ROWS: &[Row<Aim>] = &[
    row("1", revision::guard_what_is_still_needed),
    row("1'", revision::prepare_where_nobody_is),
    row("2a", revision::write_what_ready_pods_already_run),
    row("2b", revision::give_candidate_what_stable_ran),
    row("2c", revision::wait_until_candidate_has_drained),
    row("2c'", revision::leave_a_candidate_that_cannot_take_over),
    row("2d", revision::never_without_another_side),
    row("2e", revision::empty_the_track_that_must_change),
    row("2f", traffic::leave_a_dead_side),
    row("3", capacity::raise),
    row("4", capacity::wait_for_cover),
    row("5", capacity::ready_or_wait),
    row("6a", traffic::move_all_that_is_asked),
    row("6b", traffic::move_as_far_as_covered),
    row("6c", traffic::wait_for_the_gaining_side),
    row("7", traffic::wait_until_effective_and_drained),
    row("8", give_up::wait_until_ready),
    row("9", give_up::give_up_what_is_above_the_goal),
];

/// Walks down the table; past its end all is as asked (row 10).
pub(super) fn walk<'r>(
    input: &StepInput<'_>,
    rows: impl IntoIterator<Item = &'r Row<Aim>>,
) -> Step {
    let aim = Aim {
        traffic: input.goal.traffic.clone(),
        detour: None,
        guarded: Tracks::default(),
    };
    decide(&Facts::new(input), aim, rows)
}

/// Row 0. On the way back a track that ends without traffic is not "wrong": it may still have to carry
/// traffic, and is written back last (row 9). Nor is a candidate that carries home what stable ran, as
/// long as stable is not home: else row 1' would undo what row 2b prepared, for ever.
fn is_wrong(facts: &Facts<'_>, track: Track) -> bool {
    let written_back_last = facts.is_back()
        && (!facts.goal_exposes(track) || track == Track::Candidate && carries_home(facts));
    facts.differs(track) && !written_back_last
}

/// The candidate runs what stable ran at the start, and stable under traffic does not.
fn carries_home(facts: &Facts<'_>) -> bool {
    facts.runs_start_release(Track::Candidate)
        && facts.differs(Track::Stable)
        && !facts.is_clear(Track::Stable)
}

/// Everything to one side.
fn all_to(track: Track, facts: &Facts<'_>) -> Traffic {
    let weight = match track {
        Track::Stable => Weight::ZERO,
        Track::Candidate => Weight::FULL,
    };
    Traffic {
        stickiness: facts.input.goal.traffic.stickiness,
        ..Traffic::weight(weight)
    }
}
