//! What every plan must keep, whoever made it: it ends, it asks for something, and nothing passes unseen.

mod checks;
mod goals;
mod limits;
pub(crate) mod no_return;
mod policies;
mod stages;
mod text;

use super::{Plan, PlanError};

/// Stages that a plan may have: more is a schedule nobody reads before approving it.
pub(super) const MOST_STAGES: usize = 100;
/// Checks that a plan may have: each has memory in the journal.
pub(super) const MOST_CHECKS: usize = 50;

pub(super) fn check(plan: &Plan) -> Result<(), PlanError> {
    if plan.stages.is_empty() {
        return Err(PlanError::NoStages);
    }
    if let Some(problem) = text::title(&plan.strategy) {
        return Err(PlanError::plan(
            format!("the strategy's name {problem}"),
            "use 1 to 63 bytes of text without control characters",
        ));
    }
    for (what, have, most) in [
        ("stages", plan.stages.len(), MOST_STAGES),
        ("checks", plan.checks.len(), MOST_CHECKS),
    ] {
        if have > most {
            return Err(PlanError::plan(
                format!("it has {have} {what}, and at most {most} are kept"),
                format!("use fewer {what}"),
            ));
        }
    }
    goals::check(plan)?;
    for (index, stage) in plan.stages.iter().enumerate() {
        stages::check(plan, index, stage)?;
    }
    no_return::check(plan)?;
    checks::check(plan)?;
    policies::check(plan)
}

#[cfg(test)]
mod tests;
