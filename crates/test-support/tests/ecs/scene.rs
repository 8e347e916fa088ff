//! An open shop, its clients and its time.

use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_applicationautoscaling as autoscaling;
use aws_sdk_ecs as ecs;
use aws_sdk_elasticloadbalancingv2 as elb;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use strategy_core::Timestamp;
use strategy_core::world::{VirtualClock, block_on};
use test_support::ecs::{Fake, Outcome, Rule, Settings, Shop};

pub(crate) struct Scene {
    pub(crate) clock: VirtualClock,
    pub(crate) fake: Fake,
    pub(crate) shop: Shop,
    pub(crate) ecs: ecs::Client,
    pub(crate) elb: elb::Client,
    pub(crate) autoscaling: autoscaling::Client,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let clock = VirtualClock::starting_at(Timestamp::from_millis(1_700_000_000_000));
        let fake = Fake::new(Arc::new(clock.clone()), settings);
        let shop = Shop::open(&fake);
        Self {
            ecs: fake.ecs_client(),
            elb: fake.elb_client(),
            autoscaling: fake.autoscaling_client(),
            clock,
            fake,
            shop,
        }
    }

    /// Runs a call on virtual time.
    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        block_on(&self.clock, future).unwrap()
    }

    /// The answer of a call that is not refused.
    pub(crate) fn ok<T, E: Debug, R: Debug>(
        &self,
        future: impl Future<Output = Result<T, SdkError<E, R>>>,
    ) -> T {
        self.run(future).unwrap_or_else(|why| panic!("{why:?}"))
    }

    /// The call is refused with this code, and by this rule.
    pub(crate) fn refuses<T: Debug, E: ProvideErrorMetadata + Debug, R: Debug>(
        &self,
        rule: Rule,
        code: &str,
        future: impl Future<Output = Result<T, SdkError<E, R>>>,
    ) {
        let error = self.run(future).unwrap_err();
        let service_error = error.as_service_error();
        let found = service_error.and_then(ProvideErrorMetadata::code);
        assert_eq!(found, Some(code), "{error:?}");
        let calls = self.fake.calls();
        let expected = Outcome::Refused {
            code: code.to_owned(),
            rule: Some(rule),
        };
        assert_eq!(calls.last().unwrap().outcome, expected);
    }

    /// The rule was seen at work. What can be seen of it from outside, the test asserts besides.
    pub(crate) fn notices(&self, rule: Rule) {
        assert!(
            self.fake.noticed().contains_key(&rule),
            "{rule:?} is not among {:?}",
            self.fake.noticed()
        );
    }

    pub(crate) fn wait(&self, seconds: u64) {
        let until = self.clock.now() + Duration::from_secs(seconds);
        self.clock.advance_to(until);
        // So that the fake does not leave everything to the next call.
        self.fake.next_event();
    }

    /// Waits, at most half an hour, second by second.
    pub(crate) fn wait_until(&self, is_so: impl Fn() -> bool) {
        for _ in 0..1800 {
            if is_so() {
                return;
            }
            self.wait(1);
        }
        panic!("half an hour has passed, and it is not so");
    }

    pub(crate) fn service(&self, name: &str) -> ecs::types::Service {
        let call = self.ecs.describe_services().cluster(Shop::CLUSTER);
        let answer = self.ok(call.services(name).send());
        answer.services().first().unwrap().clone()
    }

    /// Running tasks by deployment, the primary first.
    pub(crate) fn running(&self, name: &str) -> Vec<i32> {
        let service = self.service(name);
        service
            .deployments()
            .iter()
            .map(|one| one.running_count())
            .collect()
    }

    pub(crate) fn deploy(&self, name: &str, task_definition: &str) -> ecs::types::Service {
        let call = self
            .ecs
            .update_service()
            .cluster(Shop::CLUSTER)
            .service(name);
        let answer = self.ok(call.task_definition(task_definition).send());
        answer.service().unwrap().clone()
    }

    /// Shares in percent by the last part of the target group's name, rounded.
    pub(crate) fn shares(&self) -> Vec<(String, i64)> {
        let shares = self.fake.shares(&self.shop.rule);
        shares
            .iter()
            .map(|one| {
                let name = one.target_group.split('/').nth(1).unwrap();
                (name.to_owned(), (one.share * 100.0).round() as i64)
            })
            .collect()
    }

    /// States of the targets of a group.
    pub(crate) fn health(&self, group: &str) -> Vec<String> {
        let answer = self.ok(self
            .elb
            .describe_target_health()
            .target_group_arn(group)
            .send());
        answer
            .target_health_descriptions()
            .iter()
            .map(|one| {
                one.target_health()
                    .unwrap()
                    .state()
                    .unwrap()
                    .as_str()
                    .to_owned()
            })
            .collect()
    }
}

/// A forward action to these target groups.
pub(crate) fn forward(weights: &[(&str, i32)]) -> elb::types::Action {
    elb::types::Action::builder()
        .r#type(elb::types::ActionTypeEnum::Forward)
        .forward_config(config(weights).build())
        .build()
}

/// The same, to be added to.
pub(crate) fn config(weights: &[(&str, i32)]) -> elb::types::builders::ForwardActionConfigBuilder {
    let tuples = weights.iter().map(|(arn, weight)| {
        elb::types::TargetGroupTuple::builder()
            .target_group_arn(*arn)
            .weight(*weight)
            .build()
    });
    let config = elb::types::ForwardActionConfig::builder();
    tuples.fold(config, |config, tuple| config.target_groups(tuple))
}
