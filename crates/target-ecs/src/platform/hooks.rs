//! What a deployment waits for, and how far it was let go. Weights that are described lag behind, so that
//! is known from the answers alone: each is noted before it is given. Pure.

use aws_sdk_ecs::types::{DeploymentLifecycleHookStatus, DeploymentLifecycleHookTargetType};

use super::schedule::Schedule;
use super::situation::Situation;

/// An answer of ours: to which hook, and which step it lets happen, from 1. The one after the last lets
/// ECS take away what was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) hook: String,
    pub(crate) step: usize,
}

/// The hook that our deployment waits for, if it waits for one of ours.
pub(crate) fn pending<'a>(situation: &Situation<'a>) -> Option<&'a str> {
    situation.schedule()?;
    let deployment = situation.deployment()?;
    let target = deployment.service_deployment_arn();
    if target != situation.ours().and_then(|ours| ours.arn) || situation.status() != "IN_PROGRESS" {
        return None;
    }
    let mut hooks = deployment.lifecycle_hook_details().iter().filter(|hook| {
        hook.target_type() == Some(&DeploymentLifecycleHookTargetType::Pause)
            && hook.status() == Some(&DeploymentLifecycleHookStatus::AwaitingAction)
    });
    // Two at once are not both ours, so neither is answered.
    let hook = hooks.next()?;
    let hook = hooks.next().is_none().then(|| hook.hook_id()).flatten()?;
    // What was answered is not waited for any more, though it may still be described.
    let answered = situation
        .noted
        .as_ref()
        .and_then(|noted| noted.answer.as_ref());
    let is_answered = answered.is_some_and(|of| of.hook == hook) && situation.is_complete();
    (!is_answered).then_some(hook)
}

/// How many steps were let go on. What was noted about the hook that still waits has not arrived.
pub(crate) fn granted(situation: &Situation<'_>, schedule: &Schedule) -> usize {
    let noted = situation
        .noted
        .as_ref()
        .and_then(|noted| noted.answer.as_ref());
    let pending = pending(situation);
    // It is over and asks for nothing more, whoever let it go past the last hook.
    if situation.has_ended_well() {
        return schedule.steps.len() + 1;
    }
    let granted = noted.map_or(0, |answer| {
        if pending == Some(&answer.hook) {
            answer.step.saturating_sub(1)
        } else {
            answer.step
        }
    });
    let stage = situation.deployment().and_then(|of| of.lifecycle_stage());
    let stage = stage.map_or("", |stage| stage.as_str());
    // Somebody else let it go on: it has shifted everything.
    if pending.is_some() && stage == "POST_PRODUCTION_TRAFFIC_SHIFT" {
        return granted.max(schedule.steps.len());
    }
    granted
}

#[cfg(test)]
mod tests;
