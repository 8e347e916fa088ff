//! What all targets of one account and region share: the clients, how many calls they may make, and calls
//! that answer several of them at once.

mod batch;
mod bucket;
mod published;
mod time;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use aws_sdk_ecs::config::retry::RetryConfig;
use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use strategy_core::target::{TargetError, TargetErrorKind};

pub(crate) use self::batch::{Answers, Ask, Batch};
use self::bucket::Bucket;
pub(crate) use self::bucket::{TooLate, Urgency};
pub(crate) use self::published::Category;
pub(crate) use self::time::{Time, between};
use crate::api::Batches;
use crate::error::{found, is_throttled};

/// An account of AWS in one region, as all its rollouts share it: make one, and give it to every target.
///
/// AWS counts calls by account and region, in buckets of tokens: a call takes one, each second brings some,
/// and a call that finds none is refused. An account counts alike, so that its targets wait for their turn
/// instead of being refused: writes before looks, and then what began first. When AWS refuses a call all
/// the same, because others spend the same tokens, that bucket counts as empty for 2 seconds, and for up to
/// 16 where that happens again within a minute. What does not get its turn within [`patience`](Self::patience)
/// fails as [`RateLimited`](TargetErrorKind::RateLimited): it was certainly not sent.
///
/// Looks of several targets that happen together are made together: one call describes up to ten services,
/// and so on. A call that answers a look has always begun after that look did.
///
/// # The buckets
/// Size and tokens a second, as "Request throttling for the Amazon ECS API" and "Request throttling for the
/// Elastic Load Balancing API" say:
///
/// | calls | size | a second |
/// |---|---|---|
/// | `DescribeServices` | 100 | 20 |
/// | `ListTasks`, `DescribeTasks` | 100 | 20 |
/// | `DescribeTaskDefinition`, `ListTaskDefinitions` | 50 | 20 |
/// | `CreateService`, `UpdateService`, `DeleteService` | 50 | 5 |
/// | `DescribeServiceDeployments`, `ContinueServiceDeployment`, `StopServiceDeployment` | 50 | 20 |
/// | `TagResource`, `UntagResource` | 20 | 10 |
/// | `RegisterTaskDefinition` | 20 | 1 |
/// | those of Elastic Load Balancing, all together | 40 | 10 |
/// | `ModifyRule`, `ModifyListener` and others that change something, of these | 20 | 3 |
/// | `DescribeAlarms` | 9 | 9 |
///
/// That of `DescribeAlarms` is a rate without a size, as "CloudWatch service quotas" says; Amazon ECS spends
/// from it as well. Application Auto Scaling publishes nothing: 20 and 5 are assumed. AWS adds tokens once a second, and
/// nobody knows when in that second: each bucket is taken to be smaller by what a second brings. AWS may
/// have raised yours; then these are too small and nothing worse.
///
/// # Time
/// It waits with the sleep and the wall clock of the client of Amazon ECS, or with tokio's where that has
/// none. Without either nothing waits: what has no token at once is `RateLimited`.
#[derive(Clone)]
pub struct Account(Arc<Inner>);

struct Inner {
    ecs: aws_sdk_ecs::Client,
    balancers: aws_sdk_elasticloadbalancingv2::Client,
    scaling: aws_sdk_applicationautoscaling::Client,
    /// `None`: alarms are not looked at.
    alarms: Option<aws_sdk_cloudwatch::Client>,
    time: Time,
    patience: Duration,
    percent: u32,
    buckets: BTreeMap<Category, Bucket>,
    batches: Batches,
    targets: AtomicUsize,
}

/// Clients hold credentials.
impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("percent", &self.0.percent)
            .field("patience", &self.0.patience)
            .finish_non_exhaustive()
    }
}

impl Account {
    /// The account and region of these clients.
    ///
    /// Their retries are switched off in it: a repeated write could be refused although its first attempt
    /// was taken, and would then be told as certainly not taken.
    pub fn new(
        ecs: &aws_sdk_ecs::Client,
        balancers: &aws_sdk_elasticloadbalancingv2::Client,
        scaling: &aws_sdk_applicationautoscaling::Client,
    ) -> Self {
        let once = RetryConfig::disabled;
        let ecs = ecs.config().to_builder().retry_config(once()).build();
        let balancers = balancers.config().to_builder().retry_config(once());
        let scaling = scaling.config().to_builder().retry_config(once());
        let inner = Inner {
            time: Time::of(&ecs),
            ecs: aws_sdk_ecs::Client::from_conf(ecs),
            balancers: aws_sdk_elasticloadbalancingv2::Client::from_conf(balancers.build()),
            scaling: aws_sdk_applicationautoscaling::Client::from_conf(scaling.build()),
            alarms: None,
            patience: Duration::from_secs(10),
            percent: 100,
            buckets: BTreeMap::new(),
            batches: Batches::default(),
            targets: AtomicUsize::new(0),
        };
        inner.opened()
    }

    /// With a client of CloudWatch, by which it is looked before a rollout whether an alarm that deployments of
    /// its services go by is on already (`alarm-in-alarm`) or is not there (`alarm-missing`). Without it that
    /// they go by some is all that is said (`alarms-not-looked-at`). Its retries are switched off likewise.
    ///
    /// Call it before targets are made: those that are there already stay with what they have.
    #[must_use]
    pub fn alarms(self, alarms: &aws_sdk_cloudwatch::Client) -> Self {
        let once = alarms.config().to_builder();
        let once = once.retry_config(RetryConfig::disabled()).build();
        let mut inner = self.0.again();
        inner.alarms = Some(aws_sdk_cloudwatch::Client::from_conf(once));
        inner.opened()
    }

    /// How much of each bucket is ours, in percent: 1 to 100, and what is outside of that is taken for the
    /// nearer end. Default 100. Leave some to dashboards, pipelines, and other processes like this one.
    ///
    /// Call it before targets are made: those that are there already stay with what they have.
    #[must_use]
    pub fn share(self, percent: u32) -> Self {
        let mut inner = self.0.again();
        inner.percent = percent.clamp(1, 100);
        inner.opened()
    }

    /// For how long the calls of one write may wait for their turn, from when that began; those of a look
    /// may for twice as long. Default 10 seconds, a third of the time that a plan gives either; at most 20.
    ///
    /// Call it before targets are made: those that are there already stay with what they have.
    #[must_use]
    pub fn patience(self, patience: Duration) -> Self {
        let mut inner = self.0.again();
        inner.patience = patience.min(Duration::from_secs(20));
        inner.opened()
    }

    /// How many tokens were spent so far, by bucket. Calls of Elastic Load Balancing that change something
    /// spend one of two buckets each.
    pub fn spent(&self) -> BTreeMap<String, u64> {
        let spent = self.0.buckets.iter();
        spent
            .map(|(category, bucket)| (category.to_string(), bucket.given()))
            .collect()
    }

    pub(crate) fn ecs(&self) -> &aws_sdk_ecs::Client {
        &self.0.ecs
    }

    pub(crate) fn balancers(&self) -> &aws_sdk_elasticloadbalancingv2::Client {
        &self.0.balancers
    }

    pub(crate) fn scaling(&self) -> &aws_sdk_applicationautoscaling::Client {
        &self.0.scaling
    }

    pub(crate) fn alarms_client(&self) -> Option<&aws_sdk_cloudwatch::Client> {
        self.0.alarms.as_ref()
    }

    pub(crate) fn time(&self) -> &Time {
        &self.0.time
    }

    pub(crate) fn batches(&self) -> &Batches {
        &self.0.batches
    }

    /// A target works with it from now on.
    pub(crate) fn joined(&self) {
        self.0.targets.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether anybody could join a call: else there is nobody to wait for.
    fn has_company(&self) -> bool {
        self.0.targets.load(Ordering::Relaxed) > 1
    }

    /// When what begins now has waited for its turn for long enough.
    pub(crate) fn limit(&self, urgency: Urgency) -> SystemTime {
        let patience = match urgency {
            Urgency::Write => self.0.patience,
            Urgency::Look => self.0.patience * 2,
        };
        self.0.time.now() + patience
    }

    /// Resolves when it is the turn of a call.
    ///
    /// # Errors
    /// `RateLimited`: its turn does not come in time. Nothing was sent.
    pub(crate) async fn turn(
        &self,
        action: &str,
        resource: &str,
        urgency: Urgency,
        until: SystemTime,
    ) -> Result<(), TargetError> {
        for category in Category::of(action) {
            let Some(bucket) = self.0.buckets.get(category) else {
                continue;
            };
            let taken = bucket.take(&self.0.time, urgency, until).await;
            taken.map_err(|TooLate { after }| {
                let message = format!(
                    "not sent: the calls that AWS allows this account ({category}) are spent, its turn would come in {} ms; let fewer rollouts share the account, or ask AWS Support for more",
                    after.as_millis()
                );
                found(TargetErrorKind::RateLimited, action, resource, message)
            })?;
        }
        Ok(())
    }

    /// A call failed: if AWS says that there were too many, others spend the same tokens.
    pub(crate) fn heed<E: ProvideErrorMetadata>(&self, error: &SdkError<E>, action: &str) {
        if !is_throttled(error) {
            return;
        }
        let now = self.0.time.now();
        for category in Category::of(action) {
            if let Some(bucket) = self.0.buckets.get(category) {
                bucket.throttled(now);
            }
        }
    }
}

impl Inner {
    /// The same clients and settings, with nobody in it yet.
    fn again(&self) -> Self {
        Self {
            ecs: self.ecs.clone(),
            balancers: self.balancers.clone(),
            scaling: self.scaling.clone(),
            alarms: self.alarms.clone(),
            time: self.time.clone(),
            patience: self.patience,
            percent: self.percent,
            buckets: BTreeMap::new(),
            batches: Batches::default(),
            targets: AtomicUsize::new(0),
        }
    }

    /// With full buckets.
    fn opened(mut self) -> Account {
        let percent = self.percent;
        let buckets = Category::ALL.map(|category| {
            let bucket = Bucket::new(category.published(), percent);
            (category, bucket)
        });
        self.buckets = buckets.into();
        Account(Arc::new(self))
    }
}
