//! A decision table: rows in order, of which the first that applies decides.

use super::Step;
use super::facts::Facts;

/// One row: a step where it applies, else nothing, perhaps with a mark for later rows.
pub(super) type Decide<Aim> = fn(&Facts<'_>, &mut Aim) -> Option<Step>;

/// A row under its number in `docs/concepts/stepper.md`.
#[derive(Debug)]
pub(super) struct Row<Aim> {
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for readers, and for tests that leave a row out")
    )]
    pub(super) number: &'static str,
    pub(super) decide: Decide<Aim>,
}

pub(super) const fn row<Aim>(number: &'static str, decide: Decide<Aim>) -> Row<Aim> {
    Row { number, decide }
}

/// What the first row that applies says; past the end of the table all is as asked.
pub(super) fn decide<'r, Aim: 'r>(
    facts: &Facts<'_>,
    mut aim: Aim,
    rows: impl IntoIterator<Item = &'r Row<Aim>>,
) -> Step {
    rows.into_iter()
        .find_map(|row| (row.decide)(facts, &mut aim))
        .unwrap_or(Step::Reached)
}
