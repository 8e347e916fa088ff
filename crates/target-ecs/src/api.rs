//! The calls to AWS: all that waits is here. Every call is made once; who decides whether it is made
//! again is the machine.

mod definitions;
mod deployments;
mod listeners;
mod look;
mod preview;
mod read;
mod shown;
mod write;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_ecs::config::retry::RetryConfig;

use self::shown::Shown;
use crate::view::Definitions;

/// The clients, the task definitions that were read, which never change, and what was told services and
/// may not be shown yet.
#[derive(Clone)]
pub(crate) struct Api {
    ecs: aws_sdk_ecs::Client,
    balancers: aws_sdk_elasticloadbalancingv2::Client,
    scaling: aws_sdk_applicationautoscaling::Client,
    definitions: Arc<Mutex<Definitions>>,
    shown: Arc<Mutex<Shown>>,
}

/// Clients hold credentials.
impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api").finish_non_exhaustive()
    }
}

impl Api {
    /// The same clients, which repeat nothing on their own: a repeated write could be refused although
    /// its first attempt was taken, and would then be told as certainly not taken.
    pub(crate) fn new(
        ecs: &aws_sdk_ecs::Client,
        balancers: &aws_sdk_elasticloadbalancingv2::Client,
        scaling: &aws_sdk_applicationautoscaling::Client,
    ) -> Self {
        let once = RetryConfig::disabled;
        let ecs = ecs.config().to_builder().retry_config(once());
        let balancers = balancers.config().to_builder().retry_config(once());
        let scaling = scaling.config().to_builder().retry_config(once());
        Self {
            ecs: aws_sdk_ecs::Client::from_conf(ecs.build()),
            balancers: aws_sdk_elasticloadbalancingv2::Client::from_conf(balancers.build()),
            scaling: aws_sdk_applicationautoscaling::Client::from_conf(scaling.build()),
            definitions: Arc::default(),
            shown: Arc::default(),
        }
    }

    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self) -> MutexGuard<'_, Definitions> {
        self.definitions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
