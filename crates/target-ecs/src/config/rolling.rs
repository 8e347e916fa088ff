//! One service that Amazon ECS deploys task by task.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strategy_core::duration;

use super::Mode;

/// One service whose rolling deployments by Amazon ECS are begun and followed.
///
/// What the service itself tells is read from it: its target groups, containers, counts and settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Rolling {
    /// The name of the service, or its ARN (`arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/NAME`), which lets
    /// [`EcsTarget::permissions`](crate::EcsTarget::permissions) name its region and account.
    pub service: String,
    /// How long a deployment may go on without another healthy task while too few are, before it is said
    /// to be stalled, which takes the rollout back. Default: 10 minutes.
    #[serde(default = "Rolling::default_stall", with = "duration")]
    pub stall: Duration,
}

impl Rolling {
    /// This service, by its name or ARN, with defaults for everything else.
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            stall: Self::default_stall(),
        }
    }

    /// Another time without progress after which a deployment counts as stalled.
    #[must_use]
    pub const fn stall(mut self, stall: Duration) -> Self {
        self.stall = stall;
        self
    }

    const fn default_stall() -> Duration {
        Duration::from_secs(600)
    }
}

impl From<Rolling> for Mode {
    fn from(rolling: Rolling) -> Self {
        Self::Rolling(rolling)
    }
}
