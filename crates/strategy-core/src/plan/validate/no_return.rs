//! Past a point of no return nothing may roll back.

use crate::plan::{OnFailure, Plan, PlanError, Stage, Then, Undecided, Undo};

const MEND: &str = "hold and then abandon: past a point of no return a person decides";

pub(super) fn check(plan: &Plan) -> Result<(), PlanError> {
    let Some(first) = plan.stages.iter().position(closes) else {
        return Ok(());
    };
    for (index, stage) in plan.stages.iter().enumerate().skip(first) {
        let wrong = |what: &str| {
            Err(PlanError::stage(
                &stage.name,
                format!(
                    "{what} rolls back, past the point of no return in stage `{}`",
                    plan.stages.get(first).map_or("", |s| s.name.as_str())
                ),
                MEND,
            ))
        };
        if on_failure(stage.on_failure) {
            return wrong("a failure");
        }
        if undecided(stage.bake.undecided) {
            return wrong("an undecided bake");
        }
        // Its own gates are asked before the stage is entered, when the way back is still open.
        let gates = if index == first {
            &[][..]
        } else {
            &stage.gates
        };
        if gates.iter().any(|gate| gate.then == Then::RollBack) {
            return wrong("a gate that runs out of time");
        }
    }
    Ok(())
}

/// Whether entering this stage, or a hook in it, closes the way back.
pub(in crate::plan) fn closes(stage: &Stage) -> bool {
    stage.point_of_no_return || stage.hooks.iter().any(|hook| hook.undo == Undo::Impossible)
}

fn on_failure(on_failure: OnFailure) -> bool {
    match on_failure {
        OnFailure::RollBack => true,
        OnFailure::Hold { then, .. } | OnFailure::StayOnCandidate { then, .. } => {
            then == Then::RollBack
        }
    }
}

fn undecided(undecided: Undecided) -> bool {
    match undecided {
        Undecided::Then(then) | Undecided::Hold { then, .. } => then == Then::RollBack,
    }
}
