//! Which answer is due, and what the service is told while answers are asked for. Pure.

use strategy_core::target::{TargetError, TargetErrorKind};

use super::Configuration;
use super::aim::Aim;
use super::hooks::{Answer, granted, pending};
use super::schedule::Schedule;
use super::situation::Situation;
use crate::error::found;

/// What the deployment configuration is to be; `None`: it is not changed.
pub(super) fn configuration(situation: &Situation<'_>, aim: &Aim<'_>) -> Option<Configuration> {
    let start = situation.bound.start.configuration.as_ref()?;
    match (aim, situation.schedule()) {
        (
            Aim::Release {
                step: Some(step), ..
            },
            Some(schedule),
        ) if *step <= schedule.steps.len() => Some(start.of_schedule(schedule)),
        (Aim::Release { .. } | Aim::Home { .. }, _) => Some(start.clone()),
    }
}

/// The answer that lets a step happen, to the hook that was seen and to no other; `None`: it was let happen
/// before.
///
/// # Errors
/// `Conflict` when that hook does not wait, or it is not its turn.
pub(super) fn next_answer(
    situation: &Situation<'_>,
    schedule: &Schedule,
    step: usize,
    seen: &str,
) -> Result<Option<(String, Answer)>, TargetError> {
    let granted = granted(situation, schedule);
    if step <= granted {
        return Ok(None);
    }
    let arn = situation.ours().and_then(|ours| ours.arn);
    match (pending(situation), arn) {
        (Some(hook), Some(arn)) if hook == seen && step == granted + 1 => {
            let hook = hook.to_owned();
            Ok(Some((arn.to_owned(), Answer { hook, step })))
        }
        (pending, _) => {
            let pending = pending.unwrap_or("no hook");
            let message = format!(
                "step {step} is asked for after {granted}, to {seen}, and {pending} waits for an answer"
            );
            let (kind, resource) = (TargetErrorKind::Conflict, situation.bound.resource());
            Err(found(
                kind,
                "ecs:ContinueServiceDeployment",
                &resource,
                message,
            ))
        }
    }
}
