//! Many services in one account: each with two target groups and a rule of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use strategy_core::Timestamp;
use strategy_core::world::VirtualClock;
use target_ecs::config::{Canary, Config, OwnedWeights, RuleConfig, Slot};
use target_ecs::{Account, AccountBuilder, EcsTarget};
use test_support::ecs::{CallRecord, Fake, Outcome, Rule, Service, Settings, Shop};

/// When the first tasks have long been healthy.
const OPEN: Timestamp = Timestamp::from_millis(300_000);

/// So many services share a load balancer.
const BESIDE: usize = 40;

/// The services `s0`, `s1` and so on, of two tasks each.
pub(crate) struct Crowd {
    pub(crate) clock: VirtualClock,
    pub(crate) fake: Fake,
    pub(crate) account: Account,
    pub(crate) configs: Vec<Config>,
    /// ARNs, one for each service.
    pub(crate) rules: Vec<String>,
}

impl Crowd {
    /// Without candidates.
    pub(crate) fn open(services: usize, settings: Settings) -> Self {
        Self::of(services, settings, false)
    }

    /// Each with a candidate of two tasks that gets 5% of the traffic.
    #[allow(dead_code, reason = "the bench measures it")]
    pub(crate) fn with_candidates(services: usize, settings: Settings) -> Self {
        Self::of(services, settings, true)
    }

    fn of(services: usize, settings: Settings, has_candidates: bool) -> Self {
        let clock = VirtualClock::starting_at(Timestamp::from_millis(0));
        let fake = Fake::new(Arc::new(clock.clone()), settings);
        let shop = Shop::open(&fake);
        let ask = |operation: &str, input: Value| {
            fake.as_somebody_else(Service::LoadBalancing, operation, input)
                .unwrap()
        };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let group = |name: String| {
            let made = ask(
                "CreateTargetGroup",
                json!({
                    "Name": name, "TargetType": "ip", "Protocol": "HTTP", "Port": 8080,
                    "HealthCheckIntervalSeconds": 10,
                }),
            );
            let arn = text(&made["TargetGroups"][0]["TargetGroupArn"]);
            let delay = json!([{"Key": "deregistration_delay.timeout_seconds", "Value": "30"}]);
            ask(
                "ModifyTargetGroupAttributes",
                json!({"TargetGroupArn": arn, "Attributes": delay}),
            );
            arn
        };
        let listener = |name: String| {
            let made = ask("CreateLoadBalancer", json!({ "Name": name }));
            let balancer = text(&made["LoadBalancers"][0]["LoadBalancerArn"]);
            let nothing = json!([{
                "Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"},
            }]);
            let made = ask(
                "CreateListener",
                json!({
                    "LoadBalancerArn": balancer, "Port": 80, "Protocol": "HTTP",
                    "DefaultActions": nothing,
                }),
            );
            text(&made["Listeners"][0]["ListenerArn"])
        };
        let (mut configs, mut rules, mut at) = (Vec::new(), Vec::new(), String::new());
        for index in 0..services {
            if index % BESIDE == 0 {
                at = listener(format!("crowd-{}", index / BESIDE));
            }
            let (stable, other) = (group(format!("g{index}")), group(format!("g{index}-other")));
            let mut groups = vec![json!({"TargetGroupArn": stable, "Weight": 950})];
            if has_candidates {
                groups.push(json!({"TargetGroupArn": other, "Weight": 50}));
            }
            let made = ask(
                "CreateRule",
                json!({
                    "ListenerArn": at, "Priority": index % BESIDE + 1,
                    "Actions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}],
                    "Conditions": [{
                        "Field": "path-pattern",
                        "PathPatternConfig": {"Values": [format!("/s{index}/*")]},
                    }],
                }),
            );
            let rule = text(&made["Rules"][0]["RuleArn"]);
            shop.create_service(&format!("s{index}"), &stable, 2);
            if has_candidates {
                shop.create_service(&format!("s{index}-other"), &other, 2);
            }
            let workload = Canary::new(
                Slot::new(format!("s{index}"), stable),
                Slot::new(format!("s{index}-other"), other),
            );
            let weights = OwnedWeights::new(workload, [RuleConfig::Rule(rule.clone())]);
            configs.push(Config::new(Shop::CLUSTER, weights));
            rules.push(rule);
        }
        clock.advance_to(OPEN);
        let account = account(&fake);
        Self {
            clock,
            fake,
            account,
            configs,
            rules,
        }
    }

    /// One for each service, in the account that they share.
    pub(crate) fn targets(&self) -> Vec<EcsTarget> {
        let configs = self.configs.iter().cloned();
        configs
            .map(|config| EcsTarget::on(&self.account, config))
            .collect()
    }

    /// One for each service, each in an account of its own.
    pub(crate) fn strangers(&self) -> Vec<EcsTarget> {
        let configs = self.configs.iter().cloned();
        configs
            .map(|config| EcsTarget::on(&account(&self.fake), config))
            .collect()
    }

    pub(crate) fn since(&self, index: usize) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in self.fake.calls().into_iter().skip(index) {
            *counts.entry(call.operation).or_default() += 1;
        }
        counts
    }

    /// Calls that the published buckets refused.
    pub(crate) fn refused(&self) -> usize {
        let is_refused = |call: &&CallRecord| match &call.outcome {
            Outcome::Refused { rule, .. } => *rule == Some(Rule::PublishedBuckets),
            Outcome::Answered | Outcome::Faulty(_) => false,
        };
        self.fake.calls().iter().filter(is_refused).count()
    }
}

/// With the clients of the fake.
pub(crate) fn account(fake: &Fake) -> Account {
    builder(fake).build()
}

pub(crate) fn builder(fake: &Fake) -> AccountBuilder {
    Account::builder(
        &fake.ecs_client(),
        &fake.elb_client(),
        &fake.autoscaling_client(),
    )
}
