//! Lifecycle hooks of a service deployment.

use std::time::Duration;

use serde_json::{Value, json};
use strategy_core::Timestamp;

use super::World;
use super::native::Stage;
use crate::ecs::api::seconds;
use crate::ecs::hooks::Verdict;
use crate::ecs::rules::Rule;
use crate::ecs::wire::Fields as _;

/// One hook at one stage, or at one step of one.
#[derive(Clone, Debug)]
pub(crate) struct Hook {
    pub(crate) id: String,
    /// The function; `None`: a pause.
    pub(crate) function: Option<String>,
    pub(crate) status: HookStatus,
    pub(crate) expires_at: Timestamp,
    /// What happens when nobody answers: go on, or roll back.
    pub(crate) continues: bool,
    /// It was resolved by a call for a rollback.
    pub(crate) rolls_back: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HookStatus {
    AwaitingAction,
    InProgress,
    Succeeded,
    Failed,
    TimedOut,
}

impl Hook {
    pub(crate) const fn is_open(&self) -> bool {
        matches!(
            self.status,
            HookStatus::AwaitingAction | HookStatus::InProgress
        )
    }

    /// Whether the deployment may go on past it; `None`: not yet decided.
    pub(crate) const fn verdict(&self) -> Option<bool> {
        match self.status {
            HookStatus::AwaitingAction | HookStatus::InProgress => None,
            HookStatus::Succeeded => Some(!self.rolls_back),
            HookStatus::Failed => Some(false),
            HookStatus::TimedOut => Some(self.continues),
        }
    }

    /// Nobody waits for it any more.
    pub(crate) const fn give_up(&mut self) {
        if self.is_open() {
            self.status = HookStatus::Failed;
        }
    }

    pub(crate) fn describe(&self) -> Value {
        json!({
            "hookId": self.id,
            "targetType": if self.function.is_some() { "AWS_LAMBDA" } else { "PAUSE" },
            "targetArn": self.function,
            "status": match self.status {
                HookStatus::AwaitingAction => "AWAITING_ACTION",
                HookStatus::InProgress => "IN_PROGRESS",
                HookStatus::Succeeded => "SUCCEEDED",
                HookStatus::Failed => "FAILED",
                HookStatus::TimedOut => "TIMED_OUT",
            },
            "expiresAt": seconds(self.expires_at),
            "timeoutAction": if self.continues { "CONTINUE" } else { "ROLLBACK" },
        })
    }
}

impl World {
    /// The hooks that are configured for a stage, each with an id of its own.
    pub(crate) fn hooks_at(&mut self, configuration: &Value, stage: Stage) -> Vec<Hook> {
        let now = self.now;
        let configured = configuration.items("lifecycleHooks").iter();
        let here = configured.filter(|hook| hook.texts("lifecycleStages").contains(&stage.name()));
        here.map(|hook| {
            let timeout = &hook["timeoutConfiguration"];
            let minutes = timeout.whole("timeoutInMinutes").unwrap_or(1440);
            let minutes = u64::try_from(minutes).unwrap_or(1440);
            let is_pause = hook.text("targetType") == Some("PAUSE");
            Hook {
                id: if is_pause {
                    // As in "Pause hooks for Amazon ECS service deployments": 32 bytes in URL-safe base 64.
                    format!("ecs-pause-{}", self.ids.opaque(43))
                } else {
                    self.ids.uuid()
                },
                function: (!is_pause)
                    .then(|| hook.text("hookTargetArn").unwrap_or_default().to_owned()),
                status: if is_pause {
                    HookStatus::AwaitingAction
                } else {
                    HookStatus::InProgress
                },
                expires_at: now + Duration::from_secs(60 * minutes),
                continues: timeout.text("action") == Some("CONTINUE"),
                rolls_back: false,
            }
        })
        .collect()
    }

    /// Lets functions answer and time pass.
    pub(crate) fn settle_hooks(&mut self, hooks: &mut [Hook]) -> bool {
        let mut changed = false;
        for hook in hooks.iter_mut().filter(|hook| hook.is_open()) {
            if let Some(function) = &hook.function {
                let verdict = self.lambdas.get(function).copied();
                match verdict.unwrap_or(Verdict::Succeeded) {
                    Verdict::Succeeded => hook.status = HookStatus::Succeeded,
                    Verdict::Failed => hook.status = HookStatus::Failed,
                    Verdict::InProgress => {}
                }
            }
            if hook.is_open() && hook.expires_at <= self.now {
                hook.status = HookStatus::TimedOut;
                self.note(Rule::HookTimesOut);
            }
            changed |= !hook.is_open();
        }
        changed
    }
}
