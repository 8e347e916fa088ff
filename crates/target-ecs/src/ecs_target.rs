//! The target as it is told from outside: which mode it is of is decided here and nowhere else.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use strategy_core::target::{
    Admission, Applied, Apply, Binding, Capabilities, Claim, Discovery, Observation, TargetError,
    Version,
};
use strategy_core::{Part, Plan, Target};

use crate::account::Account;
use crate::api::Api;
use crate::config::{Config, Mode, Owned};
use crate::news::Intervals;
use crate::permissions::{self, Policy};
use crate::platform::PlatformTarget;
use crate::target::OwnedWeightsTarget;

/// One part of a rollout on Amazon ECS, with the user's own services, target groups and rules.
///
/// It reads by `Describe` and `List` calls and keeps nothing but task definitions, which never change.
/// Each call is made once: the retries of the clients it is given are switched off, since the machine
/// decides what is tried again.
///
/// While a rollout holds its claim, its services carry the tag `rollway.dev/claim`, and stable's, or the only
/// one, `rollway.dev/written`, with requests by header or cookie also `rollway.dev/previews`; these go with the
/// claim. Then a number stays, `rollway.dev/last-epoch`, so that a claim which comes too late is refused. Task
/// definitions that it registers are tagged `rollway.dev/release` and `rollway.dev/base` and stay.
#[derive(Clone, Debug)]
pub struct EcsTarget {
    config: Config,
    api: Api,
    of_mode: Arc<dyn Target>,
}

impl EcsTarget {
    /// A target that uses these clients, which are of the account and region of the services, alone: the
    /// same as [`on`](Self::on) an account of its own.
    pub fn new(
        ecs: &aws_sdk_ecs::Client,
        balancers: &aws_sdk_elasticloadbalancingv2::Client,
        scaling: &aws_sdk_applicationautoscaling::Client,
        config: Config,
    ) -> Self {
        Self::on(&Account::new(ecs, balancers, scaling), config)
    }

    /// A target in an account that others may share, which is that of the services.
    pub fn on(account: &Account, config: Config) -> Self {
        Self::made(Api::new(account), config, Intervals::default())
    }

    /// How often it is asked whether there is news, since AWS tells nobody: while something moves (tasks
    /// that come or go, targets that are not healthy yet or any more, traffic that was moved and has neither
    /// settled nor drained), 1 to 60 seconds, 5 by default; and while nothing does, from that to an hour,
    /// 100 seconds by default and up to a tenth longer, always the same for the same services. What is
    /// outside of that is taken for the nearer end.
    ///
    /// The driver looks every `resync` of the plan's policies besides, 30 seconds by default: the longer one
    /// counts only where a plan allows observations to be older, by `resync` and `stale_after`.
    ///
    /// Services that Amazon ECS deploys by itself are looked at whole; while it waits for an answer they are at rest.
    #[must_use]
    pub fn intervals(self, in_motion: Duration, at_rest: Duration) -> Self {
        Self::made(self.api, self.config, Intervals::new(in_motion, at_rest))
    }

    fn made(api: Api, config: Config, intervals: Intervals) -> Self {
        let of_mode: Arc<dyn Target> = match &config.mode {
            Mode::OwnedWeights(weights) => Arc::new(OwnedWeightsTarget::new(
                Owned::new(&config.cluster, weights),
                api.clone(),
                intervals,
            )),
            Mode::Rolling(rolling) => Arc::new(PlatformTarget::rolling(
                &config.cluster,
                rolling,
                api.clone(),
                intervals,
            )),
            Mode::NativeGated(gated) => Arc::new(PlatformTarget::gated(
                &config.cluster,
                gated,
                api.clone(),
                intervals,
            )),
        };
        Self {
            config,
            api,
            of_mode,
        }
    }

    /// The least policy under which this target works.
    ///
    /// # Errors
    /// `InvalidConfig` when the configuration names what cannot exist.
    pub fn permissions(config: &Config) -> Result<Policy, TargetError> {
        match &config.mode {
            Mode::OwnedWeights(weights) => {
                permissions::owned_weights(&Owned::new(&config.cluster, weights))
            }
            Mode::Rolling(rolling) => permissions::rolling(&config.cluster, rolling),
            Mode::NativeGated(gated) => permissions::gated(&config.cluster, gated),
        }
    }

    /// What a plan can ask of such a target. The configuration alone tells.
    pub fn capabilities(config: &Config) -> Capabilities {
        match &config.mode {
            Mode::OwnedWeights(weights) => crate::target::capabilities(weights),
            Mode::Rolling(_) => PlatformTarget::capabilities(None),
            Mode::NativeGated(gated) => PlatformTarget::capabilities(Some(gated.settle)),
        }
    }

    /// What it was told.
    pub const fn config(&self) -> &Config {
        &self.config
    }
}

#[async_trait]
impl Target for EcsTarget {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        self.of_mode.discover().await
    }

    async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError> {
        self.of_mode.observe(binding).await
    }

    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        self.of_mode.apply(request).await
    }

    async fn admit(
        &self,
        part: &Part,
        found: &Discovery,
        plan: &Plan,
    ) -> Result<Admission, TargetError> {
        self.of_mode.admit(part, found, plan).await
    }

    async fn claim(
        &self,
        binding: &Binding,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), TargetError> {
        self.of_mode.claim(binding, from, to).await
    }

    async fn changed(&self, binding: &Binding, after: &Version) {
        self.of_mode.changed(binding, after).await;
    }
}
