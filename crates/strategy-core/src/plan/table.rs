//! A plan as a table for people.

mod cells;
mod grid;
mod lines;

use self::grid::Grid;
use super::Plan;
use crate::analysis::PreparedCheck;
use crate::target::Found;

/// What is known beside the plan and belongs under its table.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    found: Option<&'a Found>,
    prepared: Option<&'a [PreparedCheck]>,
    notes: &'a [String],
    width: Option<usize>,
}

impl<'a> Facts<'a> {
    /// The width a table is folded to unless another one is asked for.
    pub const WIDTH: usize = 132;

    /// Nothing but the plan.
    pub const fn new() -> Self {
        Self {
            found: None,
            prepared: None,
            notes: &[],
            width: None,
        }
    }

    /// What was found: shares become counts, and it is said what fences. Default: shares only.
    #[must_use]
    pub const fn found(mut self, found: &'a Found) -> Self {
        self.found = Some(found);
        self
    }

    /// What the analyses said of their checks. Default: nothing is said about bounds.
    #[must_use]
    pub const fn prepared(mut self, prepared: &'a [PreparedCheck]) -> Self {
        self.prepared = Some(prepared);
        self
    }

    /// Lines of the driver's own, such as whether a crash can be resumed. Default: none.
    #[must_use]
    pub const fn notes(mut self, notes: &'a [String]) -> Self {
        self.notes = notes;
        self
    }

    /// Columns to fold the table to, at least 60. Default: [`WIDTH`](Self::WIDTH).
    #[must_use]
    pub const fn width(mut self, width: usize) -> Self {
        self.width = Some(if width < 60 { 60 } else { width });
        self
    }
}

/// The same plan and facts give the same text, without colour.
pub(super) fn of(plan: &Plan, facts: &Facts<'_>) -> String {
    let width = facts.width.unwrap_or(Facts::WIDTH);
    let mut text = format!("{}\n", lines::headline(plan));
    text.push('\n');
    let mut stages = Grid::new([
        "stage",
        "traffic",
        "stable",
        "candidate",
        "gates",
        "hooks",
        "checks",
        "bake",
        "deadline",
        "on failure",
    ]);
    for stage in plan.stages() {
        stages.row(cells::stage(stage, facts.found));
    }
    text.push_str(&stages.print(width));
    if !plan.checks().is_empty() {
        text.push('\n');
        let mut checks = Grid::new([
            "check",
            "analysis",
            "every",
            "fails after",
            "compares",
            "bound",
        ]);
        for (name, check) in plan.checks() {
            checks.row(cells::check(name, check, plan.policies(), facts.prepared));
        }
        text.push_str(&checks.print(width));
    }
    text.push('\n');
    for line in lines::of(plan, facts) {
        text.push_str(&grid::fold_line(&line, width));
    }
    text
}

#[cfg(test)]
mod tests;
