//! What is said of an account before anybody shares it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use aws_sdk_ecs::config::retry::RetryConfig;

use super::bucket::Bucket;
use super::{Account, CallCategory, Inner, Time};
use crate::api::Batches;

/// How long calls of a write wait for their turn by default, and at most.
const PATIENCE: Duration = Duration::from_secs(10);
const MOST_PATIENCE: Duration = Duration::from_secs(20);

/// What is to be said of an [`Account`] before it is shared: [`Account::builder`] makes one. Each account
/// that it builds has buckets of its own.
#[derive(Clone)]
#[must_use]
pub struct AccountBuilder {
    ecs: aws_sdk_ecs::Client,
    balancers: aws_sdk_elasticloadbalancingv2::Client,
    scaling: aws_sdk_applicationautoscaling::Client,
    /// `None`: alarms are not looked at.
    alarms: Option<aws_sdk_cloudwatch::Client>,
    percent: u32,
    patience: Duration,
}

/// Clients hold credentials.
impl fmt::Debug for AccountBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountBuilder")
            .field("percent", &self.percent)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

impl AccountBuilder {
    pub(super) fn new(
        ecs: &aws_sdk_ecs::Client,
        balancers: &aws_sdk_elasticloadbalancingv2::Client,
        scaling: &aws_sdk_applicationautoscaling::Client,
    ) -> Self {
        let once = RetryConfig::disabled;
        let ecs = ecs.config().to_builder().retry_config(once()).build();
        let balancers = balancers.config().to_builder().retry_config(once());
        let scaling = scaling.config().to_builder().retry_config(once());
        Self {
            ecs: aws_sdk_ecs::Client::from_conf(ecs),
            balancers: aws_sdk_elasticloadbalancingv2::Client::from_conf(balancers.build()),
            scaling: aws_sdk_applicationautoscaling::Client::from_conf(scaling.build()),
            alarms: None,
            percent: 100,
            patience: PATIENCE,
        }
    }

    /// With a client of CloudWatch, by which it is looked before a rollout whether an alarm that deployments of
    /// its services go by is on already (`alarm-in-alarm`) or is not there (`alarm-missing`). Without it that
    /// they go by some is all that is said (`alarms-not-looked-at`). Its retries are switched off likewise.
    pub fn alarms(mut self, alarms: &aws_sdk_cloudwatch::Client) -> Self {
        let once = alarms.config().to_builder();
        let once = once.retry_config(RetryConfig::disabled()).build();
        self.alarms = Some(aws_sdk_cloudwatch::Client::from_conf(once));
        self
    }

    /// How much of each bucket is ours, in percent: 1 to 100, and what is outside of that is taken for the
    /// nearer end. Default 100. Leave some to dashboards, pipelines, and other processes like this one.
    pub fn share(mut self, percent: u32) -> Self {
        self.percent = percent.clamp(1, 100);
        self
    }

    /// For how long the calls of one write may wait for their turn, from when that began; those of a look
    /// may for twice as long. Default 10 seconds, a third of the time that a plan gives either; at most 20.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience.min(MOST_PATIENCE);
        self
    }

    /// The account, with full buckets and nobody in it yet.
    pub fn build(self) -> Account {
        let buckets = CallCategory::ALL.map(|category| {
            let bucket = Bucket::new(category.published(), self.percent);
            (category, bucket)
        });
        Account(Arc::new(Inner {
            time: Time::of(self.ecs.config()),
            ecs: self.ecs,
            balancers: self.balancers,
            scaling: self.scaling,
            alarms: self.alarms,
            patience: self.patience,
            percent: self.percent,
            buckets: BTreeMap::from(buckets),
            batches: Batches::default(),
            targets: AtomicUsize::new(0),
        }))
    }
}
