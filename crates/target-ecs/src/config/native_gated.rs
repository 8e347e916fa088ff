//! One service whose traffic Amazon ECS shifts, step by step, each after our answer.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strategy_core::duration;

use super::Mode;

/// One service whose blue-green, canary and linear deployments by Amazon ECS are begun, and let go on step by
/// step.
///
/// What the service itself tells is read from it: both target groups, the rule, the role, its settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct NativeGated {
    /// The name of the service, or its ARN (`arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/NAME`), which lets
    /// [`EcsTarget::permissions`](crate::EcsTarget::permissions) name its region and account.
    pub service: String,
    /// How long after a step of Amazon ECS the load balancer is taken to send as it was told. Default: 30
    /// seconds.
    #[serde(default = "NativeGated::default_settle", with = "duration")]
    pub settle: Duration,
    /// How long a deployment may go on without another healthy task while too few are, before it is said
    /// to be stalled, which takes the rollout back. Default: 10 minutes.
    #[serde(default = "NativeGated::default_stall", with = "duration")]
    pub stall: Duration,
}

impl NativeGated {
    /// This service, by its name or ARN, with defaults for everything else.
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            settle: Self::default_settle(),
            stall: Self::default_stall(),
        }
    }

    /// Another time after which a step is taken to be effective.
    #[must_use]
    pub const fn settle(mut self, settle: Duration) -> Self {
        self.settle = settle;
        self
    }

    /// Another time without progress after which a deployment counts as stalled.
    #[must_use]
    pub const fn stall(mut self, stall: Duration) -> Self {
        self.stall = stall;
        self
    }

    const fn default_settle() -> Duration {
        Duration::from_secs(30)
    }

    const fn default_stall() -> Duration {
        Duration::from_secs(600)
    }
}

impl From<NativeGated> for Mode {
    fn from(gated: NativeGated) -> Self {
        Self::NativeGated(gated)
    }
}
