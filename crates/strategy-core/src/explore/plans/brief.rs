//! The same plan with small limits, so that a search of it can close.

use std::time::Duration;

use crate::plan::{
    Bake, Check, ForeignPolicy, Gate, GateKind, OnFailure, Plan, PlanError, Policies, Stage,
    Undecided, Unreachable,
};

/// The tick of a searched plan: its resync interval. More than the machine waits between two tries.
pub const TICK: Duration = Duration::from_secs(60);

/// Longer than the resync interval, as it has to be, and no longer.
const STALE: Duration = Duration::from_secs(61);
/// What is answered, or given up, within a tick.
const CALL: Duration = Duration::from_secs(30);

/// The same plan with each limit as one or two [ticks](TICK): what it does is the same, only sooner.
///
/// A bake lasts one tick where there is one, and may take one more. A stage, a way home and a gate have
/// two ticks; everything else that waits has one. A grace is half a tick, so that what is unready at two
/// ticks has spent it.
///
/// # Errors
/// [`PlanError`] where the plan is not allowed with such limits.
pub fn brief(plan: &Plan) -> Result<Plan, PlanError> {
    let stages = plan.stages().iter().map(brief_stage).collect();
    let checks = plan.checks().iter();
    let checks = checks.map(|(name, check)| (name.clone(), brief_check(check)));
    Plan::new(
        plan.strategy(),
        plan.release().clone(),
        stages,
        checks.collect(),
        brief_policies(plan.policies()),
    )
}

fn brief_policies(policies: &Policies) -> Policies {
    let mut brief = policies.clone();
    brief.resync = TICK;
    brief.stale_after = STALE;
    brief.unreachable = Unreachable::after(TICK, policies.unreachable.then);
    brief.write_timeout = CALL;
    brief.way_back_wait = TICK;
    brief.rollback_deadline = TICK * 2;
    brief.pause_limit = TICK;
    for policy in [
        &mut brief.foreign.traffic,
        &mut brief.foreign.capacity,
        &mut brief.foreign.revision,
    ] {
        if let ForeignPolicy::Hold { at_most, .. } = policy {
            *at_most = TICK;
        }
    }
    brief
}

fn brief_stage(stage: &Stage) -> Stage {
    let mut brief = stage.clone();
    let bakes = if stage.bake.at_least.is_zero() {
        Duration::ZERO
    } else {
        TICK
    };
    let mut undecided = stage.bake.undecided;
    if let Undecided::Hold { at_most, .. } = &mut undecided {
        *at_most = TICK;
    }
    brief.bake = Bake::of(bakes)
        .at_most(bakes + TICK)
        .looks(stage.bake.looks.min(1))
        .undecided(undecided);
    brief.deadline = TICK * 2;
    brief.ready.settle = stage.ready.settle.min(TICK);
    brief.ready.grace = TICK / 2;
    brief.gates = stage.gates.iter().map(brief_gate).collect();
    for hook in &mut brief.hooks {
        hook.timeout = CALL;
    }
    match &mut brief.on_failure {
        OnFailure::Hold { at_most, .. } | OnFailure::StayOnCandidate { at_most, .. } => {
            *at_most = TICK;
        }
        OnFailure::RollBack => {}
    }
    brief
}

fn brief_gate(gate: &Gate) -> Gate {
    let mut brief = gate.clone().within(TICK * 2, gate.then);
    if let GateKind::External { every, .. } = &mut brief.kind {
        *every = TICK;
    }
    brief
}

fn brief_check(check: &Check) -> Check {
    let limits = check
        .limits
        .consecutive_errors(check.limits.consecutive_errors.min(1))
        .consecutive_inconclusive(check.limits.consecutive_inconclusive.min(1));
    check.clone().every(TICK).timeout(CALL).limits(limits)
}
