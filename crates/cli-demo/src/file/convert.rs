//! From the rollout file's sections to the library's values: gates, hooks, checks, policies, limits.

use std::time::Duration;

use strategy_core::Part;
use strategy_core::plan::{self, Extension, HookPlan, HookPoint};

use super::hook::{Hook, OnHookFailure, Point, Rerun, Undo};
use super::policy::{Foreign, ForeignPolicy};
use super::shorthand::Shorthand;
use super::stage::{Bake, Hold, OnFailure, Ready, Then, Undecided};
use super::value::{Limit, Percent, Time};
use super::{Health, Mistake, Policies, gate};
use crate::program::COMMAND;

const fn time(given: Option<Time>, default: Duration) -> Duration {
    match given {
        Some(Time(time)) => time,
        None => default,
    }
}

fn then(then: Then) -> plan::Then {
    match then {
        Then::RollBack => plan::Then::RollBack,
        Then::GoOn => plan::Then::GoOn,
        Then::Abandon => plan::Then::Abandon,
    }
}

/// A program as the plan names it.
pub(super) fn command(argv: &[String], field: &str) -> Result<Extension, Mistake> {
    if argv.first().is_none_or(String::is_empty) {
        return Err(Mistake::new(
            field,
            "names no program; write a list of program and arguments, such as `[sh, -c, ./smoke]`",
        ));
    }
    Ok(Extension::new(COMMAND).with("argv", argv.to_vec()))
}

pub(super) fn gate(gate: &gate::Gate, field: &str) -> Result<plan::Gate, Mistake> {
    Ok(match gate {
        gate::Gate::Approval(approval) => {
            let name = approval.name.as_deref().unwrap_or("approval");
            let quorum = approval.quorum.unwrap_or(1);
            let mut gate = plan::Gate::approval(name, approval.roles.iter().cloned(), quorum);
            gate.limit = time(approval.limit, gate.limit);
            gate.then = then(approval.then);
            gate
        }
        gate::Gate::Condition(condition) => {
            let ask = command(&condition.command, &format!("{field}.condition.command"))?;
            let mut gate = plan::Gate::external(condition.name.as_str(), ask);
            if let (plan::GateKind::External { every, .. }, Some(Time(given))) =
                (&mut gate.kind, condition.every)
            {
                *every = given;
            }
            gate.limit = time(condition.limit, gate.limit);
            gate.then = then(condition.then);
            gate
        }
    })
}

/// The approval of a promotion or retirement.
pub(super) fn approval(name: &str, approvers: &gate::Approvers) -> plan::Gate {
    let quorum = approvers.quorum.unwrap_or(1);
    let gate = plan::Gate::approval(name, approvers.roles.iter().cloned(), quorum);
    let limit = time(approvers.limit, gate.limit);
    gate.within(limit, then(approvers.then))
}

pub(super) fn hook(hook: &Hook, field: &str) -> Result<HookPlan, Mistake> {
    let point = match hook.at {
        Point::Before => HookPoint::Before,
        Point::Ready => HookPoint::Ready,
        Point::Effective => HookPoint::Effective,
        Point::Baked => HookPoint::Baked,
    };
    let run = command(&hook.command, &format!("{field}.command"))?;
    let mut plan = HookPlan::new(hook.name.as_str(), point, run);
    plan.part = hook
        .part
        .as_deref()
        .map(|name| part(name, field))
        .transpose()?;
    plan.timeout = time(hook.timeout, plan.timeout);
    match hook.on_failure {
        Some(OnHookFailure::Block) => plan.on_failure = plan::OnHookFailure::Block,
        Some(OnHookFailure::Warn) => plan.on_failure = plan::OnHookFailure::Warn,
        None => {}
    }
    match hook.rerun {
        Some(Rerun::Safe) => plan.rerun = plan::Rerun::Safe,
        Some(Rerun::OnlyWithKey) => plan.rerun = plan::Rerun::OnlyWithKey,
        Some(Rerun::Never) => plan.rerun = plan::Rerun::Never,
        None => {}
    }
    match &hook.undo {
        Some(Undo::NotNeeded) => plan.undo = plan::Undo::NotNeeded,
        Some(Undo::Impossible) => plan.undo = plan::Undo::Impossible,
        Some(Undo::Command(argv)) => {
            plan.undo = plan::Undo::By(command(argv, &format!("{field}.undo.command"))?);
        }
        None => {}
    }
    Ok(plan)
}

pub(super) fn part(name: &str, field: &str) -> Result<Part, Mistake> {
    name.parse()
        .map_err(|problem: strategy_core::InvalidRelease| Mistake::new(field, problem.to_string()))
}

pub(super) fn bake(bake: &Shorthand<Time, Bake>) -> plan::Bake {
    match bake {
        Shorthand::Word(Time(at_least)) => plan::Bake::of(*at_least),
        Shorthand::Mapping(settings) => {
            let mut bake = plan::Bake::of(settings.at_least.0);
            bake.at_most = time(settings.at_most, bake.at_most);
            bake.looks = settings.looks.unwrap_or(bake.looks);
            bake.undecided = settings.undecided.map_or(bake.undecided, undecided);
            bake
        }
    }
}

fn undecided(given: Undecided) -> plan::Undecided {
    match given {
        Undecided::RollBack => plan::Undecided::Then(plan::Then::RollBack),
        Undecided::GoOn => plan::Undecided::Then(plan::Then::GoOn),
        Undecided::Abandon => plan::Undecided::Then(plan::Then::Abandon),
        Undecided::Hold(hold) => plan::Undecided::Hold {
            at_most: hold.at_most.0,
            then: then(hold.then),
        },
    }
}

pub(super) fn on_failure(given: OnFailure) -> plan::OnFailure {
    let limits = |hold: Hold| (hold.at_most.0, then(hold.then));
    match given {
        OnFailure::RollBack => plan::OnFailure::RollBack,
        OnFailure::Hold(hold) => {
            let (at_most, then) = limits(hold);
            plan::OnFailure::Hold { at_most, then }
        }
        OnFailure::StayOnCandidate(hold) => {
            let (at_most, then) = limits(hold);
            plan::OnFailure::StayOnCandidate { at_most, then }
        }
    }
}

pub(super) fn ready(given: Ready) -> plan::ReadyRule {
    let mut rule = plan::ReadyRule::default();
    if let Some(Percent(share)) = given.share {
        rule.share = share;
    }
    rule.settle = time(given.settle, rule.settle);
    rule.grace = time(given.grace, rule.grace);
    rule
}

pub(super) fn health(given: Health) -> plan::Health {
    let mut health = plan::Health::default();
    health.fatal = given.fatal.unwrap_or(health.fatal);
    health.readiness = given.readiness.unwrap_or(health.readiness);
    match given.restarts {
        Some(Limit::Of(restarts)) => health.restarts = Some(restarts),
        Some(Limit::Off) => health.restarts = None,
        None => {}
    }
    match given.share_deviation {
        Some(Limit::Of(Percent(share))) => health.share_deviation = Some(share),
        Some(Limit::Off) => health.share_deviation = None,
        None => {}
    }
    health
}

pub(super) fn policies(given: &Policies) -> plan::Policies {
    let mut policies = plan::Policies::default();
    if let Some(foreign) = &given.foreign {
        policies.foreign = foreign_policies(foreign);
    }
    policies.resync = time(given.resync, policies.resync);
    policies.stale_after = time(given.stale_after, policies.stale_after);
    if let Some(hold) = given.unreachable {
        policies.unreachable.limit = hold.at_most.0;
        policies.unreachable.then = then(hold.then);
    }
    policies.write_timeout = time(given.write_timeout, policies.write_timeout);
    policies.way_back_wait = time(given.way_back_wait, policies.way_back_wait);
    policies.rollback_deadline = time(given.rollback_deadline, policies.rollback_deadline);
    policies.stuck_goes_on = given.stuck_goes_on.unwrap_or(policies.stuck_goes_on);
    if let Some(hold) = given.pause {
        policies.pause_limit = hold.at_most.0;
        policies.pause_then = then(hold.then);
    }
    policies.roll_back_in_order = given
        .roll_back_in_order
        .unwrap_or(policies.roll_back_in_order);
    if let Some(Percent(chance)) = given.false_alarms {
        policies.false_alarms = chance.basis_points();
    }
    policies.immutable_images = given.immutable_images.unwrap_or(policies.immutable_images);
    policies
}

fn foreign_policies(given: &Foreign) -> plan::ForeignPolicies {
    let mut policies = plan::ForeignPolicies::default();
    let set = |policy: &mut plan::ForeignPolicy, given: &Option<ForeignPolicy>| {
        if let Some(given) = given {
            *policy = foreign_policy(given);
        }
    };
    set(&mut policies.traffic, &given.traffic);
    set(&mut policies.capacity, &given.capacity);
    set(&mut policies.revision, &given.revision);
    policies
}

fn foreign_policy(given: &ForeignPolicy) -> plan::ForeignPolicy {
    match given {
        ForeignPolicy::RollBack => plan::ForeignPolicy::RollBack,
        ForeignPolicy::Yield => plan::ForeignPolicy::Yield,
        ForeignPolicy::Hold(hold) => plan::ForeignPolicy::Hold {
            at_most: hold.at_most.0,
            then: then(hold.then),
        },
        ForeignPolicy::Reassert(reassert) => plan::ForeignPolicy::Reassert {
            times: reassert.times,
            writers: reassert.writers.clone(),
        },
    }
}
