//! Past a point of no return nothing may roll back.

use crate::plan::{OnFailure, Plan, PlanError, Stage, Then, Undecided, Undo};

const MEND: &str = "hold and then abandon: past a point of no return a person decides";

/// Where the way back is closed: in the first stage that a plan or a hook in it says so of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoReturn {
    /// Which one. Its own gates are asked before it is entered, when the way back is still open.
    pub(crate) first: usize,
    /// From which stage on it is closed all the time: not in one that only a hook closes, since what fails
    /// before that hook begins goes back. What fails after it holds, whatever the stage says.
    pub(crate) closed: usize,
}

impl NoReturn {
    /// `None`: every stage can be gone back from.
    pub(crate) fn of(stages: &[Stage]) -> Option<Self> {
        let by_hook = |stage: &Stage| stage.hooks.iter().any(|hook| hook.undo == Undo::Impossible);
        let closes = |stage: &Stage| stage.point_of_no_return || by_hook(stage);
        let first = stages.iter().position(closes)?;
        let is_entered_closed = stages.get(first)?.point_of_no_return;
        let closed = if is_entered_closed { first } else { first + 1 };
        Some(Self { first, closed })
    }
}

pub(super) fn check(plan: &Plan) -> Result<(), PlanError> {
    let Some(NoReturn { first, closed }) = NoReturn::of(&plan.stages) else {
        return Ok(());
    };
    for (index, stage) in plan.stages.iter().enumerate().skip(closed) {
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
