//! One stage: names, limits, gates, hooks and what a failure means.

use std::collections::BTreeSet;

use super::{limits, text};
use crate::plan::{
    Gate, GateKind, HookPlan, OnFailure, Plan, PlanError, Stage, StageKind, Then, Undecided, Undo,
};
use crate::timestamp::duration;

/// A problem and how to mend it.
type Wrong = (String, String);

pub(super) fn check(plan: &Plan, index: usize, stage: &Stage) -> Result<(), PlanError> {
    let wrong = |(problem, mend): Wrong| PlanError::stage(&stage.name, problem, mend);
    if let Some(problem) = text::name(stage.name.as_str()) {
        return Err(PlanError::plan(
            format!("the name of stage {} {problem}", index + 1),
            text::NAME,
        ));
    }
    times(stage).map_err(wrong)?;
    bake(plan, stage).map_err(wrong)?;
    on_failure(stage).map_err(wrong)?;
    let mut names = BTreeSet::new();
    for gate in &stage.gates {
        named("gate", &gate.name, &mut names).map_err(wrong)?;
        gate_ends(gate).map_err(wrong)?;
    }
    let mut names = BTreeSet::new();
    for hook in &stage.hooks {
        named("hook", &hook.name, &mut names).map_err(wrong)?;
        hook_runs(plan, hook).map_err(wrong)?;
    }
    Ok(())
}

fn fails(found: Option<Wrong>) -> Result<(), Wrong> {
    found.map_or(Ok(()), Err)
}

fn named<'a>(what: &str, name: &'a String, names: &mut BTreeSet<&'a String>) -> Result<(), Wrong> {
    if let Some(problem) = text::name(name) {
        return Err((
            format!("the name of a {what} {problem}"),
            text::NAME.to_owned(),
        ));
    }
    if !names.insert(name) {
        return Err((
            format!("two {what}s have the name `{name}`"),
            "rename one of them".to_owned(),
        ));
    }
    Ok(())
}

fn times(stage: &Stage) -> Result<(), Wrong> {
    fails(limits::limit("the deadline", stage.deadline))?;
    fails(limits::finite("the settle time", stage.ready.settle))?;
    fails(limits::finite("the grace", stage.ready.grace))?;
    if stage.ready.settle >= stage.deadline {
        return Err((
            format!(
                "it must have been ready for {} and has {} to get there",
                duration::format(stage.ready.settle),
                duration::format(stage.deadline)
            ),
            "settle for less, or give it a longer deadline".to_owned(),
        ));
    }
    if stage.ready.share.is_zero() {
        return Err((
            "it counts as ready with nothing ready".to_owned(),
            "ask for a share above 0%".to_owned(),
        ));
    }
    Ok(())
}

fn bake(plan: &Plan, stage: &Stage) -> Result<(), Wrong> {
    let bake = stage.bake;
    fails(limits::limit("the bake's `at_most`", bake.at_most))?;
    if bake.at_most < bake.at_least {
        return Err((
            format!(
                "it bakes at least {} and at most {}",
                duration::format(bake.at_least),
                duration::format(bake.at_most)
            ),
            "let `at_most` be the longer one".to_owned(),
        ));
    }
    if bake.looks == 0 && !stage.checks.is_empty() {
        return Err((
            "its bake ends without a look of its checks".to_owned(),
            "ask for at least one look: no check passes unasked".to_owned(),
        ));
    }
    for name in &stage.checks {
        let Some(check) = plan.checks.get(name) else {
            continue;
        };
        let needed = check.interval.saturating_mul(bake.looks);
        if needed > bake.at_most {
            return Err((
                format!(
                    "{} looks of check `{name}` take {}, and it bakes at most {}",
                    bake.looks,
                    duration::format(needed),
                    duration::format(bake.at_most)
                ),
                "bake longer, look more often, or ask for fewer looks".to_owned(),
            ));
        }
    }
    match bake.undecided {
        Undecided::Then(then) => fails(limits::goes_on("a bake that stays undecided", then)),
        Undecided::Hold { at_most, then } => {
            fails(limits::limit("the hold of an undecided bake", at_most))?;
            fails(limits::goes_on("a bake that stays undecided", then))
        }
    }
}

fn on_failure(stage: &Stage) -> Result<(), Wrong> {
    let (at_most, then) = match stage.on_failure {
        OnFailure::RollBack => return Ok(()),
        OnFailure::Hold { at_most, then } => (at_most, then),
        OnFailure::StayOnCandidate { at_most, then } => match stage.kind {
            StageKind::Promote | StageKind::Retire => (at_most, then),
            StageKind::Expose => {
                return Err((
                    "a failure leaves the traffic on the candidate that failed".to_owned(),
                    "stay on the candidate in promote and retire stages only: there it was judged good before"
                        .to_owned(),
                ));
            }
        },
    };
    fails(limits::limit("the hold after a failure", at_most))?;
    fails(limits::goes_on("the hold after a failure", then))
}

fn gate_ends(gate: &Gate) -> Result<(), Wrong> {
    let name = &gate.name;
    fails(limits::limit(
        &format!("the limit of gate `{name}`"),
        gate.limit,
    ))?;
    match &gate.kind {
        GateKind::Approval { roles, quorum } => {
            if *quorum == 0 {
                return Err((
                    format!("gate `{name}` asks for approval by nobody"),
                    "ask for a quorum of at least 1".to_owned(),
                ));
            }
            match roles.iter().find_map(|role| text::name(role)) {
                Some(problem) => Err((
                    format!("a role of gate `{name}` {problem}"),
                    text::NAME.to_owned(),
                )),
                None => Ok(()),
            }
        }
        GateKind::External { ask, every } => {
            fails(text::extension(ask))?;
            fails(limits::limit(
                &format!("the interval of gate `{name}`"),
                *every,
            ))?;
            if *every > gate.limit {
                return Err((
                    format!(
                        "gate `{name}` asks every {} and closes after {}",
                        duration::format(*every),
                        duration::format(gate.limit)
                    ),
                    "ask more often, or keep it open longer".to_owned(),
                ));
            }
            match gate.then {
                Then::RollBack | Then::Abandon => Ok(()),
                Then::GoOn => Err((
                    format!("gate `{name}` goes on when its condition was never met"),
                    "let it roll back or abandon".to_owned(),
                )),
            }
        }
    }
}

fn hook_runs(plan: &Plan, hook: &HookPlan) -> Result<(), Wrong> {
    let name = &hook.name;
    fails(limits::limit(
        &format!("the timeout of hook `{name}`"),
        hook.timeout,
    ))?;
    fails(text::extension(&hook.run))?;
    if let Undo::By(undo) = &hook.undo {
        fails(text::extension(undo))?;
    }
    match &hook.part {
        Some(part) if plan.release.images(part).is_none() => Err((
            format!("hook `{name}` is for part `{part}`, which the release does not ship"),
            "name one of the release's parts, or none".to_owned(),
        )),
        Some(_) | None => Ok(()),
    }
}
