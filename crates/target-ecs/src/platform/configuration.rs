//! The deployment configuration of a service: what is recorded of it, what we tell instead, and what puts it
//! back. Only what we change is in it.

use aws_sdk_ecs::types::{
    CanaryConfiguration, DeploymentConfiguration, DeploymentLifecycleHook,
    DeploymentLifecycleHookAction, DeploymentLifecycleHookStage, DeploymentLifecycleHookTargetType,
    DeploymentLifecycleHookTimeoutConfiguration, DeploymentStrategy, LinearConfiguration, Service,
};
use serde::{Deserialize, Serialize};

use super::schedule::{Schedule, Shift};
use crate::digest::digest;

/// What we change of a deployment configuration. Percents in tenths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Configuration {
    /// In AWS's words.
    pub(crate) strategy: String,
    pub(crate) bake_minutes: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) canary: Option<(u16, i32)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) linear: Option<(u16, i32)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) hooks: Vec<Hook>,
}

/// A lifecycle hook, in AWS's words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Hook {
    pub(crate) kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) role: Option<String>,
    pub(crate) stages: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) timeout: Option<(Option<i32>, Option<String>)>,
}

/// The kind of hook that waits for an answer.
const PAUSE: &str = "PAUSE";

fn tenths(percent: Option<f64>) -> u16 {
    let tenths = (percent.unwrap_or_default() * 10.0).round();
    // From 0 to 1000; what does not fit saturates.
    tenths as u16
}

impl Configuration {
    /// As a service tells it.
    pub(crate) fn of(service: &Service) -> Self {
        let Some(of) = service.deployment_configuration() else {
            return Self::default();
        };
        let hooks = of.lifecycle_hooks().iter().map(|hook| Hook {
            kind: hook
                .target_type()
                .map_or("", |kind| kind.as_str())
                .to_owned(),
            target: hook.hook_target_arn.clone(),
            role: hook.role_arn.clone(),
            stages: hook
                .lifecycle_stages()
                .iter()
                .map(|stage| stage.as_str().to_owned())
                .collect(),
            timeout: hook.timeout_configuration().map(|timeout| {
                let action = timeout.action().map(|action| action.as_str().to_owned());
                (timeout.timeout_in_minutes(), action)
            }),
        });
        Self {
            strategy: of.strategy().map_or("", |of| of.as_str()).to_owned(),
            bake_minutes: of.bake_time_in_minutes().unwrap_or(0),
            canary: of.canary_configuration().map(|of| {
                let bake = of.canary_bake_time_in_minutes().unwrap_or(0);
                (tenths(of.canary_percent()), bake)
            }),
            linear: of.linear_configuration().map(|of| {
                let bake = of.step_bake_time_in_minutes().unwrap_or(0);
                (tenths(of.step_percent()), bake)
            }),
            hooks: hooks.collect(),
        }
    }

    /// The steps of a plan, each after an answer of ours: ECS bakes nothing itself, and goes back where
    /// nobody answers. Functions that were there are asked too.
    pub(crate) fn of_schedule(&self, schedule: &Schedule) -> Self {
        let ours = Hook {
            kind: PAUSE.to_owned(),
            stages: [
                "PRE_PRODUCTION_TRAFFIC_SHIFT",
                "POST_PRODUCTION_TRAFFIC_SHIFT",
            ]
            .map(str::to_owned)
            .to_vec(),
            timeout: Some((
                Some(i32::from(schedule.hook_minutes)),
                Some("ROLLBACK".to_owned()),
            )),
            ..Hook::default()
        };
        let (strategy, canary, linear) = match schedule.shift {
            Shift::AllAtOnce => ("BLUE_GREEN", None, None),
            Shift::Canary(percent) => ("CANARY", Some((percent, 0)), None),
            Shift::Linear(percent) => ("LINEAR", None, Some((percent, 0))),
        };
        Self {
            strategy: strategy.to_owned(),
            bake_minutes: 0,
            canary,
            linear,
            hooks: self.hooks.iter().cloned().chain([ours]).collect(),
        }
    }

    /// One of its hooks waits for an answer.
    pub(crate) fn pauses(&self) -> bool {
        self.hooks.iter().any(|hook| hook.kind == PAUSE)
    }

    /// Equal for equal content.
    pub(crate) fn key(&self) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        digest(&text, 10)
    }

    /// As it is told to ECS, with the rest as it was read: AWS does not say whether what is left out stays as
    /// it is or goes, such as alarms and the bounds of a rolling deployment.
    pub(crate) fn block(&self, read: Option<&DeploymentConfiguration>) -> DeploymentConfiguration {
        let hooks = self.hooks.iter().map(|hook| {
            let timeout = hook.timeout.as_ref().map(|(minutes, action)| {
                DeploymentLifecycleHookTimeoutConfiguration::builder()
                    .set_timeout_in_minutes(*minutes)
                    .set_action(action.as_deref().map(DeploymentLifecycleHookAction::from))
                    .build()
            });
            let stages = hook.stages.iter();
            let stages = stages.map(|stage| DeploymentLifecycleHookStage::from(stage.as_str()));
            DeploymentLifecycleHook::builder()
                .target_type(DeploymentLifecycleHookTargetType::from(hook.kind.as_str()))
                .set_hook_target_arn(hook.target.clone())
                .set_role_arn(hook.role.clone())
                .set_lifecycle_stages(Some(stages.collect()))
                .set_timeout_configuration(timeout)
                .build()
        });
        let percent = |tenths: u16| f64::from(tenths) / 10.0;
        let canary = self.canary.map(|(tenths, bake)| {
            CanaryConfiguration::builder()
                .canary_percent(percent(tenths))
                .canary_bake_time_in_minutes(bake)
                .build()
        });
        let linear = self.linear.map(|(tenths, bake)| {
            LinearConfiguration::builder()
                .step_percent(percent(tenths))
                .step_bake_time_in_minutes(bake)
                .build()
        });
        let mut block = read.cloned();
        let block = block.get_or_insert_with(|| DeploymentConfiguration::builder().build());
        block.strategy = Some(DeploymentStrategy::from(self.strategy.as_str()));
        block.bake_time_in_minutes = Some(self.bake_minutes);
        block.canary_configuration = canary;
        block.linear_configuration = linear;
        block.lifecycle_hooks = Some(hooks.collect());
        block.clone()
    }
}
