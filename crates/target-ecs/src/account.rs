//! What all targets of one account and region share: the clients, how many calls they may make, and calls
//! that answer several of them at once.

mod batch;
mod bucket;
mod builder;
mod published;
mod time;
#[cfg(test)]
mod virtual_time;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use strategy_core::target::{TargetError, TargetErrorKind};

pub(crate) use self::batch::{Answers, Ask, Batch};
use self::bucket::Bucket;
pub(crate) use self::bucket::{Patience, Urgency};
use self::bucket::{Taken, TooLate};
pub use self::builder::AccountBuilder;
pub use self::published::CallCategory;
pub(crate) use self::time::{Time, between};
use crate::api::Batches;
use crate::error::{found, is_throttled};

/// An account of AWS in one region, as all its rollouts share it: make one, and give it to every target. A
/// clone is the same account.
///
/// AWS counts calls by account and region, in buckets of tokens: a call takes one, each second brings some,
/// and a call that finds none is refused. An account counts alike, so that its targets wait for their turn
/// instead of being refused: writes before looks, and then what began first. When AWS refuses a call all
/// the same, because others spend the same tokens, that bucket counts as empty for 2 seconds, and for up to
/// 16 where that happens again within a minute. What does not get its turn within [`patience`](AccountBuilder::patience)
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
/// from it as well. Application Auto Scaling publishes nothing: 20 and 5 are assumed. AWS adds tokens once a
/// second, and nobody knows when in that second: each bucket is taken to be smaller by what a second brings.
/// AWS may have raised yours; then these are too small and nothing worse.
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
    buckets: BTreeMap<CallCategory, Bucket>,
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
    /// The account and region of these clients, with what [`builder`](Self::builder) has by default.
    pub fn new(
        ecs: &aws_sdk_ecs::Client,
        balancers: &aws_sdk_elasticloadbalancingv2::Client,
        scaling: &aws_sdk_applicationautoscaling::Client,
    ) -> Self {
        Self::builder(ecs, balancers, scaling).build()
    }

    /// What is to be said of an account before it is shared: that of these clients and of their region.
    ///
    /// Their retries are switched off in it: a repeated write could be refused although its first attempt
    /// was taken, and would then be told as certainly not taken.
    pub fn builder(
        ecs: &aws_sdk_ecs::Client,
        balancers: &aws_sdk_elasticloadbalancingv2::Client,
        scaling: &aws_sdk_applicationautoscaling::Client,
    ) -> AccountBuilder {
        AccountBuilder::new(ecs, balancers, scaling)
    }

    /// How many tokens were spent so far, by bucket. A call of Elastic Load Balancing that changes something
    /// spends one token of each of two buckets. What was not sent spends nothing.
    pub fn spent(&self) -> BTreeMap<CallCategory, u64> {
        let spent = self.0.buckets.iter();
        spent
            .map(|(category, bucket)| (*category, bucket.given()))
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
        let patience = |_| Patience::until(until);
        let turn = self.turn_of_some(action, urgency, &patience);
        turn.await.map_err(|late| late.error(action, resource))
    }

    /// The same for a call that is made for several, of whom some may come while it is waited for.
    async fn turn_of_some(
        &self,
        action: &str,
        urgency: Urgency,
        patience: &(impl Fn(SystemTime) -> Patience + Sync),
    ) -> Result<(), Late> {
        let mut tokens = Vec::new();
        for category in CallCategory::of(action) {
            let Some(bucket) = self.0.buckets.get(category) else {
                continue;
            };
            let token = bucket.take(&self.0.time, urgency, patience).await;
            let late = |TooLate { after }| Late {
                category: *category,
                after: Some(after),
            };
            tokens.push(token.map_err(late)?);
        }
        tokens.into_iter().for_each(Taken::spend);
        Ok(())
    }

    /// A call failed: if AWS says that there were too many, others spend the same tokens.
    pub(crate) fn heed<E: ProvideErrorMetadata>(&self, error: &SdkError<E>, action: &str) {
        if !is_throttled(error) {
            return;
        }
        let now = self.0.time.now();
        for category in CallCategory::of(action) {
            if let Some(bucket) = self.0.buckets.get(category) {
                bucket.throttled(now);
            }
        }
    }
}

/// A turn that does not come in time.
#[derive(Clone, Copy, Debug)]
struct Late {
    category: CallCategory,
    /// When it would have come, as far as that is known.
    after: Option<Duration>,
}

impl Late {
    fn error(self, action: &str, resource: &str) -> TargetError {
        let turn = match self.after {
            Some(after) => format!("its turn would come in {} ms", after.as_millis()),
            None => "its turn did not come in time".to_owned(),
        };
        let message = format!(
            "not sent: the calls that AWS allows this account ({}) are spent, {turn}; let fewer rollouts share the account, or ask AWS Support for more",
            self.category
        );
        found(TargetErrorKind::RateLimited, action, resource, message)
    }
}
