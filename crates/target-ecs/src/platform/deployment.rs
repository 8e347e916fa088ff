//! How our deployment stands: won, rolled back, superseded or stalled, by its own identity. Whether a
//! service is steady says nothing of it. Pure.

use std::time::Duration;

use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::{Deployment, ServiceDeployment};
use strategy_core::target::{PlatformDeployment, PlatformState};

use super::hooks::pending;
use super::situation::Situation;
use crate::task_definition::short;
use crate::view::primary;

/// What its tasks tell.
#[derive(Clone, Debug)]
pub(crate) struct Tasks {
    /// Ready ones of our deployment.
    pub(crate) ready: u32,
    /// When the newest of them was started.
    pub(crate) last: Option<DateTime>,
    /// What its stopped tasks failed of; empty: nothing is known.
    pub(crate) failures: String,
    /// Now.
    pub(crate) at: DateTime,
    /// Without progress for so long it is stalled.
    pub(crate) stall: Duration,
}

/// `None`: none of ours is there or was.
pub(crate) fn deployment(situation: &Situation<'_>, tasks: &Tasks) -> Option<PlatformDeployment> {
    let Some(ours) = situation.ours() else {
        // The answer was lost, and what we began has been taken back since.
        let primary = primary(situation.service)?;
        return situation.was_taken_back().then(|| {
            let why = primary.rollout_state_reason();
            let state = PlatformState::RolledBack(why.unwrap_or(UNTOLD).to_owned());
            PlatformDeployment::new(situation.primary(), state)
        });
    };
    let id = ours.arn.unwrap_or(ours.id).to_owned();
    let state = if situation.goes_home() {
        on_the_way_home(situation)?
    } else {
        forward(situation, ours.id, tasks)
    };
    Some(PlatformDeployment::new(id, state))
}

const UNTOLD: &str = "Amazon ECS gives no reason";

/// We asked for the way back.
fn on_the_way_home(situation: &Situation<'_>) -> Option<PlatformState> {
    let is_under_way = situation.is_turning_back()
        || situation.status() == "ROLLBACK_IN_PROGRESS"
        || is_under_way(primary(situation.service));
    if situation.status() == "ROLLBACK_FAILED" && !situation.is_at_start() {
        let why = reasons(situation.deployment(), "");
        return Some(PlatformState::Stalled(format!(
            "its rollback failed: {why}"
        )));
    }
    is_under_way.then_some(PlatformState::InProgress)
}

fn forward(situation: &Situation<'_>, ours: &str, tasks: &Tasks) -> PlatformState {
    let status = situation.status();
    let why = || reasons(situation.deployment(), &tasks.failures);
    match status {
        "ROLLBACK_REQUESTED"
        | "ROLLBACK_IN_PROGRESS"
        | "ROLLBACK_SUCCESSFUL"
        | "STOP_REQUESTED" => return PlatformState::RolledBack(why()),
        "ROLLBACK_FAILED" => {
            return PlatformState::RolledBack(format!("{}; and the rollback failed", why()));
        }
        _ => {}
    }
    if pending(situation).is_some() {
        return PlatformState::Waiting;
    }
    let Some(primary) = primary(situation.service) else {
        return PlatformState::Superseded("it has no primary deployment".to_owned());
    };
    let rollout = rollout_state(primary);
    if primary.id() != Some(ours) {
        let reason = primary.rollout_state_reason().unwrap_or_default();
        if situation.is_at_start() && reason.contains("rolling back") {
            return PlatformState::RolledBack(reason.to_owned());
        }
        let id = primary.id().unwrap_or_default();
        let runs = primary.task_definition().map_or("", short);
        return PlatformState::Superseded(format!("deployment {id} of {runs}"));
    }
    if rollout == "FAILED" || status == "STOPPED" {
        let said = primary.rollout_state_reason().unwrap_or(UNTOLD);
        let message = format!("it failed, and nothing takes it back: {said}; {}", why());
        return PlatformState::Stalled(message);
    }
    let service = situation.service;
    let wanted = service.desired_count;
    if status == "SUCCESSFUL" || status.is_empty() && rollout == "COMPLETED" {
        let all_run = wanted > 0 && service.running_count == wanted;
        let all_ready = i64::from(tasks.ready) >= i64::from(wanted);
        return if all_run && all_ready {
            PlatformState::Won
        } else {
            PlatformState::InProgress
        };
    }
    let since = [primary.created_at(), tasks.last.as_ref()];
    let since = since.into_iter().flatten().map(DateTime::as_secs_f64);
    let since = since.fold(f64::MIN, f64::max);
    let quiet = tasks.at.as_secs_f64() - since;
    if quiet >= tasks.stall.as_secs_f64() && i64::from(tasks.ready) < i64::from(wanted) {
        let minutes = (quiet / 60.0).floor();
        let as_told = if is_known(status) {
            String::new()
        } else {
            format!("; its status is {status}, which this version does not know")
        };
        let why = why();
        return PlatformState::Stalled(format!(
            "{} of {wanted} tasks are ready, and none has become so for {minutes} minutes; {why}{as_told}",
            tasks.ready
        ));
    }
    PlatformState::InProgress
}

/// Statuses of service deployments under way.
fn is_known(status: &str) -> bool {
    ["", "PENDING", "IN_PROGRESS"].contains(&status)
}

/// In AWS's words; empty where it is not told.
pub(crate) fn rollout_state(deployment: &Deployment) -> &str {
    let state = deployment.rollout_state();
    state.map_or("", |state| state.as_str())
}

/// It is neither complete nor failed.
pub(crate) fn is_under_way(deployment: Option<&Deployment>) -> bool {
    deployment.is_some_and(|of| !["", "COMPLETED", "FAILED"].contains(&rollout_state(of)))
}

/// Why it ended as it did: what ECS says, which detector spoke, and what tasks failed of.
fn reasons(deployment: Option<&ServiceDeployment>, failures: &str) -> String {
    let mut told = Vec::new();
    if let Some(of) = deployment {
        told.extend(of.status_reason().map(str::to_owned));
        let rollback = of.rollback().and_then(|rollback| rollback.reason());
        told.extend(
            rollback
                .filter(|why| of.status_reason() != Some(why))
                .map(str::to_owned),
        );
        let triggered = |status: Option<&str>| status == Some("TRIGGERED");
        if let Some(breaker) = of.deployment_circuit_breaker()
            && triggered(breaker.status().map(|status| status.as_str()))
        {
            let (failed, threshold) = (breaker.failure_count, breaker.threshold);
            told.push(format!(
                "circuit breaker: {failed} failed tasks, and {threshold} trip it"
            ));
        }
        if let Some(alarms) = of.alarms()
            && triggered(alarms.status().map(|status| status.as_str()))
        {
            let names = alarms.triggered_alarm_names().join(", ");
            told.push(format!("alarms: {names}"));
        }
    }
    if !failures.is_empty() {
        told.push(failures.to_owned());
    }
    if told.is_empty() {
        return UNTOLD.to_owned();
    }
    let told: Vec<&str> = told.iter().map(|one| one.trim_end_matches('.')).collect();
    told.join("; ")
}

#[cfg(test)]
mod tests;
