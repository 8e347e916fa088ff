//! PetSwipe as it stands on ECS: one load balancer, three target groups, the rules of its Terraform, and services that
//! are there or not.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use strategy_core::Timestamp;
use strategy_core::world::VirtualClock;
use target_ecs::EcsTarget;
use target_ecs::config::{
    Canary, Config, NativeGated, OwnedWeights, Rolling, RuleConfig, Slot, WorkloadConfig,
};
use test_support::ecs::{Fake, Service, Settings};

pub(crate) const CLUSTER: &str = "petswipe-production-cluster";
pub(crate) const BLUE: &str = "petswipe-production-blue";
pub(crate) const GREEN: &str = "petswipe-production-green";
pub(crate) const CANARY: &str = "petswipe-production-canary";
pub(crate) const OLD: &str = "petswipe:1";
pub(crate) const NEW: &str = "petswipe:2";

/// When the first tasks have long been healthy.
const OPEN: Timestamp = Timestamp::from_millis(300_000);

/// How Amazon ECS moves the traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ByEcs {
    /// Task by task.
    Rolling,
    /// Between the target groups of blue and of the canary, step by step.
    Shifting,
}

/// How it is set up, where PetSwipe has more than one way.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    /// Tasks of blue.
    pub(crate) desired: usize,
    /// For how long a client stays with its target group; PetSwipe has 3600, `None`: not sticky.
    pub(crate) sticky: Option<u64>,
    /// Whether blue and green take turns; else a canary is made beside blue.
    pub(crate) pair: bool,
    /// Whether Amazon ECS moves the traffic of blue by itself, and there is no other service.
    pub(crate) by_ecs: Option<ByEcs>,
    /// Floor and ceiling of blue's autoscaler.
    pub(crate) scaled: Option<(u32, u32)>,
    /// Requests a second.
    pub(crate) load: f64,
    pub(crate) latency: Duration,
    /// How often it is asked for news while something moves, up to a minute.
    pub(crate) news: Duration,
    /// What draws ids.
    pub(crate) seed: u64,
}

impl Setup {
    /// Four tasks, sticky for an hour, a canary that is made, as PetSwipe has it.
    pub(crate) const fn canary() -> Self {
        Self {
            desired: 4,
            sticky: Some(3600),
            pair: false,
            by_ecs: None,
            scaled: None,
            load: 10.0,
            latency: Duration::ZERO,
            news: Duration::from_secs(5),
            seed: 1,
        }
    }

    /// Blue with four tasks and green with none.
    pub(crate) const fn blue_green() -> Self {
        Self {
            pair: true,
            sticky: None,
            ..Self::canary()
        }
    }

    /// One service that ECS deploys.
    pub(crate) const fn by_ecs(how: ByEcs) -> Self {
        Self {
            by_ecs: Some(how),
            sticky: None,
            ..Self::canary()
        }
    }

    /// The listener's rule keeps nobody with a target group.
    pub(crate) const fn not_sticky(self) -> Self {
        Self {
            sticky: None,
            ..self
        }
    }
}

/// It, on the fake.
pub(crate) struct PetSwipe {
    pub(crate) clock: VirtualClock,
    pub(crate) fake: Fake,
    pub(crate) setup: Setup,
    pub(crate) blue_group: String,
    pub(crate) green_group: String,
    pub(crate) canary_group: String,
    pub(crate) listener: String,
    /// At priority 50, `/*`: carries the traffic.
    pub(crate) rule: String,
    /// At priority 100: requests with `X-Test-Environment: green`.
    pub(crate) test_rule: String,
}

fn arn(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

impl PetSwipe {
    pub(crate) fn open(setup: Setup) -> Self {
        let clock = VirtualClock::starting_at(Timestamp::from_millis(0));
        let settings = Settings {
            latency: setup.latency,
            seed: setup.seed,
            ..Settings::default()
        };
        let fake = Fake::new(Arc::new(clock.clone()), settings);
        let ask = |service, operation: &str, input| {
            let answer = fake.as_somebody_else(service, operation, input);
            answer.unwrap_or_else(|why| panic!("{operation}: {why}"))
        };
        let balancing = |operation: &str, input| ask(Service::LoadBalancing, operation, input);
        ask(
            Service::Ecs,
            "CreateCluster",
            json!({ "clusterName": CLUSTER }),
        );
        let balancer = balancing(
            "CreateLoadBalancer",
            json!({ "Name": "petswipe-production" }),
        );
        let group = |colour: &str, interval: u32| {
            let name = format!("petswipe-production-{colour}-tg");
            let input = json!({
                "Name": name, "TargetType": "ip", "Protocol": "HTTP", "Port": 5001,
                "HealthCheckPath": "/health", "HealthCheckIntervalSeconds": interval,
                "HealthyThresholdCount": 2, "UnhealthyThresholdCount": if interval == 15 { 2 } else { 3 },
            });
            let made = balancing("CreateTargetGroup", input);
            let arn = arn(&made["TargetGroups"][0]["TargetGroupArn"]);
            let attributes =
                json!([{ "Key": "deregistration_delay.timeout_seconds", "Value": "30" }]);
            let input = json!({ "TargetGroupArn": arn, "Attributes": attributes });
            balancing("ModifyTargetGroupAttributes", input);
            arn
        };
        let (blue_group, green_group) = (group("blue", 30), group("green", 30));
        let canary_group = group("canary", 15);
        let to = |group: &str| json!([{ "Type": "forward", "TargetGroupArn": group }]);
        let listener = json!({
            "LoadBalancerArn": balancer["LoadBalancers"][0]["LoadBalancerArn"],
            "Port": 443, "Protocol": "HTTPS", "DefaultActions": to(&blue_group),
        });
        let listener = balancing("CreateListener", listener);
        let listener = arn(&listener["Listeners"][0]["ListenerArn"]);
        let other = if setup.pair {
            &green_group
        } else {
            &canary_group
        };
        let mut forward = json!({ "TargetGroups": [
            { "TargetGroupArn": blue_group, "Weight": 100 },
            { "TargetGroupArn": other, "Weight": 0 },
        ] });
        if let Some(seconds) = setup.sticky {
            forward["TargetGroupStickinessConfig"] =
                json!({ "Enabled": true, "DurationSeconds": seconds });
        }
        let rule = |priority: u32, condition: Value, actions: Value| {
            let input = json!({
                "ListenerArn": listener, "Priority": priority, "Conditions": [condition],
                "Actions": actions,
            });
            arn(&balancing("CreateRule", input)["Rules"][0]["RuleArn"])
        };
        let header = json!({ "Field": "http-header", "HttpHeaderConfig":
            { "HttpHeaderName": "X-Test-Environment", "Values": ["green"] } });
        let path = json!({ "Field": "path-pattern", "PathPatternConfig": { "Values": ["/*"] } });
        let test_rule = rule(100, header, to(&green_group));
        let forward = json!([{ "Type": "forward", "ForwardConfig": forward }]);
        let rule = rule(50, path, forward);
        fake.set_load(&rule, setup.load);
        let of_listener = json!({ "ListenerArn": listener });
        let others = balancing("DescribeRules", of_listener)["Rules"].clone();
        for other in others.as_array().unwrap() {
            if other["RuleArn"] != rule {
                // Rule 50 takes everything.
                fake.set_load(other["RuleArn"].as_str().unwrap(), 0.0);
            }
        }
        let petswipe = Self {
            clock,
            fake,
            setup,
            blue_group,
            green_group,
            canary_group,
            listener,
            rule,
            test_rule,
        };
        petswipe.register(OLD);
        if petswipe.setup.by_ecs == Some(ByEcs::Shifting) {
            petswipe.create_shifted();
        } else {
            petswipe.create(BLUE, &petswipe.blue_group, petswipe.setup.desired);
        }
        if petswipe.setup.pair {
            petswipe.create(GREEN, &petswipe.green_group, 0);
        }
        if let Some((minimum, maximum)) = petswipe.setup.scaled {
            petswipe.ask(
                Service::Autoscaling,
                "RegisterScalableTarget",
                json!({
                    "ServiceNamespace": "ecs", "ResourceId": format!("service/{CLUSTER}/{BLUE}"),
                    "ScalableDimension": "ecs:service:DesiredCount",
                    "MinCapacity": minimum, "MaxCapacity": maximum,
                }),
            );
        }
        petswipe.clock.advance_to(OPEN);
        petswipe.fake.forget_requests();
        petswipe
    }

    pub(crate) fn ask(&self, service: Service, operation: &str, input: Value) -> Value {
        let answer = self.fake.as_somebody_else(service, operation, input);
        answer.unwrap_or_else(|why| panic!("{operation}: {why}"))
    }

    /// Registers a revision of the one family; gives its ARN.
    pub(crate) fn register(&self, image: &str) -> String {
        let input = json!({
            "family": "petswipe", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
            "cpu": "512", "memory": "1024",
            "containerDefinitions": [{ "name": "app", "image": image, "essential": true,
                "portMappings": [{ "containerPort": 5001 }] }],
        });
        let made = self.ask(Service::Ecs, "RegisterTaskDefinition", input);
        arn(&made["taskDefinition"]["taskDefinitionArn"])
    }

    pub(crate) fn create(&self, name: &str, group: &str, desired: usize) {
        let input = json!({
            "cluster": CLUSTER, "serviceName": name, "desiredCount": desired,
            "taskDefinition": "petswipe", "launchType": "FARGATE",
            "healthCheckGracePeriodSeconds": 60,
            "loadBalancers": [{ "targetGroupArn": group, "containerName": "app", "containerPort": 5001 }],
            "deploymentConfiguration": {
                "maximumPercent": 200, "minimumHealthyPercent": 100,
                "deploymentCircuitBreaker": { "enable": true, "rollback": true },
            },
        });
        self.ask(Service::Ecs, "CreateService", input);
    }

    /// Blue, whose traffic ECS shifts between its target group and the canary's.
    fn create_shifted(&self) {
        let balancer = json!({
            "targetGroupArn": self.blue_group, "containerName": "app", "containerPort": 5001,
            "advancedConfiguration": {
                "alternateTargetGroupArn": self.canary_group, "productionListenerRule": self.rule,
                "roleArn": "arn:aws:iam::123456789012:role/ecs-infrastructure",
            },
        });
        let input = json!({
            "cluster": CLUSTER, "serviceName": BLUE, "desiredCount": self.setup.desired,
            "taskDefinition": "petswipe", "launchType": "FARGATE",
            "healthCheckGracePeriodSeconds": 60, "loadBalancers": [balancer],
            "deploymentConfiguration": { "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1 },
        });
        self.ask(Service::Ecs, "CreateService", input);
    }

    /// The name of the service beside blue, and its target group.
    pub(crate) fn other(&self) -> (&'static str, &str) {
        if self.setup.pair {
            (GREEN, &self.green_group)
        } else {
            (CANARY, &self.canary_group)
        }
    }

    pub(crate) fn config(&self) -> Config {
        match self.setup.by_ecs {
            Some(ByEcs::Rolling) => return Config::new(CLUSTER, Rolling::new(BLUE)),
            Some(ByEcs::Shifting) => return Config::new(CLUSTER, NativeGated::new(BLUE)),
            None => {}
        }
        self.config_by([RuleConfig::Rule(self.rule.clone())])
    }

    pub(crate) fn config_by(&self, rules: impl IntoIterator<Item = RuleConfig>) -> Config {
        let blue = Slot::new(BLUE, &self.blue_group);
        let (name, group) = self.other();
        let other = Slot::new(name, group);
        let workload = if self.setup.pair {
            WorkloadConfig::from([blue, other])
        } else {
            WorkloadConfig::from(Canary::new(blue, other))
        };
        Config::new(CLUSTER, OwnedWeights::new(workload, rules))
    }

    pub(crate) fn target_of(&self, config: Config) -> EcsTarget {
        let (ecs, balancers) = (self.fake.ecs_client(), self.fake.elb_client());
        let target = EcsTarget::new(&ecs, &balancers, &self.fake.autoscaling_client(), config);
        target.intervals(self.setup.news, Duration::from_secs(100))
    }

    /// Lets time pass while nothing is at work.
    pub(crate) fn wait(&self, seconds: u64) {
        let at = self.clock.now() + Duration::from_secs(seconds);
        self.clock.advance_to(at);
    }

    /// Resolves so long from now.
    pub(crate) async fn after(&self, seconds: u64) {
        let at = self.clock.now() + Duration::from_secs(seconds);
        self.clock.sleep_until(at).await;
    }

    /// The rule that carries the traffic, whole.
    pub(crate) fn rule(&self) -> Value {
        let input = json!({"RuleArns": [self.rule]});
        let answer = self.ask(Service::LoadBalancing, "DescribeRules", input);
        let mut rule = answer["Rules"][0].clone();
        for action in rule["Actions"].as_array_mut().unwrap() {
            action.as_object_mut().unwrap().remove("TargetGroupArn");
        }
        rule
    }

    /// All rules of the listener but that one.
    pub(crate) fn other_rules(&self) -> Vec<Value> {
        let input = json!({"ListenerArn": self.listener});
        let answer = self.ask(Service::LoadBalancing, "DescribeRules", input);
        let rules = answer["Rules"].as_array().unwrap().iter();
        rules
            .filter(|rule| rule["RuleArn"] != self.rule)
            .cloned()
            .collect()
    }

    /// What the rule gives to blue and to the service beside it.
    pub(crate) fn weights(&self) -> (i64, i64) {
        let rule = self.rule();
        let groups = rule["Actions"][0]["ForwardConfig"]["TargetGroups"].clone();
        let of = |arn: &str| {
            let mut groups = groups.as_array().unwrap().iter();
            let group = groups.find(|group| group["TargetGroupArn"] == arn);
            group.map_or(0, |group| group["Weight"].as_i64().unwrap())
        };
        (of(&self.blue_group), of(self.other().1))
    }

    /// The part of the traffic that the rule gives to the service beside blue, in percent.
    pub(crate) fn percent(&self) -> i64 {
        let (blue, other) = self.weights();
        100 * other / (blue + other).max(1)
    }

    /// Resolves when the service beside blue gets so much by the rule.
    pub(crate) async fn until_percent(&self, percent: i64) {
        while self.percent() != percent {
            self.after(5).await;
        }
    }

    /// A service as it is told; null if it is gone.
    pub(crate) fn service(&self, name: &str) -> Value {
        let input = json!({"cluster": CLUSTER, "services": [name], "include": ["TAGS"]});
        let answer = self.ask(Service::Ecs, "DescribeServices", input);
        let service = answer["services"][0].clone();
        if service["status"] == "ACTIVE" {
            service
        } else {
            Value::Null
        }
    }

    /// The image that a service is told to run; empty if it is gone.
    pub(crate) fn image(&self, name: &str) -> String {
        let service = self.service(name);
        if service.is_null() {
            return String::new();
        }
        let input = json!({"taskDefinition": service["taskDefinition"]});
        let answer = self.ask(Service::Ecs, "DescribeTaskDefinition", input);
        let image = &answer["taskDefinition"]["containerDefinitions"][0]["image"];
        image.as_str().unwrap().to_owned()
    }

    /// How many tasks a service is told to run; 0 if it is gone.
    pub(crate) fn count(&self, name: &str) -> i64 {
        self.service(name)["desiredCount"].as_i64().unwrap_or(0)
    }

    /// How many healthy targets a group has.
    pub(crate) fn healthy(&self, group: &str) -> usize {
        let input = json!({ "TargetGroupArn": group });
        let answer = self.ask(Service::LoadBalancing, "DescribeTargetHealth", input);
        let targets = answer["TargetHealthDescriptions"].as_array().unwrap();
        let is_healthy = |of: &&Value| of["TargetHealth"]["State"] == "healthy";
        targets.iter().filter(is_healthy).count()
    }
}
