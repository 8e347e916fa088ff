//! A shop that is open: what most tests and demonstrations begin with.

use serde_json::{Value, json};

use super::Fake;
use super::log::Service;

/// A cluster `shop` with one load balancer, whose listener answers 404 but for one rule at priority 10, which forwards
/// to two target groups: all to the first, nothing to the second. Task definition `web:1` runs image `web:1`.
///
/// Nothing of its making is in the log of calls.
#[derive(Clone, Debug)]
pub struct Shop {
    /// The fake that it is in.
    pub fake: Fake,
    /// ARN of the load balancer.
    pub load_balancer: String,
    /// ARN of the listener on port 80.
    pub listener: String,
    /// ARN of the rule at priority 10.
    pub rule: String,
    /// ARN of the rule at priority 5, for requests with the header `x-test: 1`; it forwards like the other.
    pub test_rule: String,
    /// ARN of the target group with all the weight.
    pub stable_group: String,
    /// ARN of the target group with no weight.
    pub canary_group: String,
    /// ARN of the task definition `web:1`.
    pub task_definition: String,
}

impl Shop {
    /// The cluster.
    pub const CLUSTER: &'static str = "shop";

    /// Builds it in an empty fake. Targets are checked every ten seconds and drain for half a minute.
    ///
    /// # Panics
    /// If the fake refuses a call of this, which is a bug in it.
    pub fn open(fake: &Fake) -> Self {
        let call = |service, operation: &str, input| must(fake, service, operation, input);
        let balancing = |operation: &str, input| call(Service::LoadBalancing, operation, input);
        call(
            Service::Ecs,
            "CreateCluster",
            json!({ "clusterName": Self::CLUSTER }),
        );
        let balancer = balancing("CreateLoadBalancer", json!({ "Name": "shop" }));
        let load_balancer = arn(&balancer["LoadBalancers"][0]["LoadBalancerArn"]);
        let group = |name: &str| {
            let made = balancing(
                "CreateTargetGroup",
                json!({
                    "Name": name, "TargetType": "ip", "Protocol": "HTTP", "Port": 8080,
                    "HealthCheckIntervalSeconds": 10,
                }),
            );
            let arn = arn(&made["TargetGroups"][0]["TargetGroupArn"]);
            let attributes =
                json!([{ "Key": "deregistration_delay.timeout_seconds", "Value": "30" }]);
            balancing(
                "ModifyTargetGroupAttributes",
                json!({ "TargetGroupArn": arn, "Attributes": attributes }),
            );
            arn
        };
        let (stable_group, canary_group) = (group("web-stable"), group("web-canary"));
        let listener = balancing(
            "CreateListener",
            json!({
                "LoadBalancerArn": load_balancer, "Port": 80, "Protocol": "HTTP",
                "DefaultActions": [{ "Type": "fixed-response", "FixedResponseConfig": { "StatusCode": "404" } }],
            }),
        );
        let listener = arn(&listener["Listeners"][0]["ListenerArn"]);
        let forward = json!([{ "Type": "forward", "ForwardConfig": { "TargetGroups": [
            { "TargetGroupArn": stable_group, "Weight": 1 },
            { "TargetGroupArn": canary_group, "Weight": 0 },
        ] } }]);
        let rule = |priority: u32, condition: Value| {
            let made = balancing(
                "CreateRule",
                json!({
                    "ListenerArn": listener, "Priority": priority, "Actions": forward,
                    "Conditions": [condition],
                }),
            );
            arn(&made["Rules"][0]["RuleArn"])
        };
        let test_rule = rule(
            5,
            json!({ "Field": "http-header",
                "HttpHeaderConfig": { "HttpHeaderName": "x-test", "Values": ["1"] } }),
        );
        let path = json!({ "Field": "path-pattern", "PathPatternConfig": { "Values": ["/*"] } });
        let rule = rule(10, path);
        fake.rules_have_long_been_there();
        // Nobody but tests asks there.
        fake.set_load(&test_rule, 0.0);
        let mut shop = Self {
            fake: fake.clone(),
            load_balancer,
            listener,
            rule,
            test_rule,
            stable_group,
            canary_group,
            task_definition: String::new(),
        };
        shop.task_definition = shop.register("web:1");
        shop
    }

    /// Removes the rule at priority 5, which forwards past a rollout that moves the other rule alone.
    ///
    /// # Panics
    /// If the fake refuses it, which is a bug in it.
    pub fn remove_test_rule(&self) {
        let input = json!({ "RuleArn": self.test_rule });
        must(&self.fake, Service::LoadBalancing, "DeleteRule", input);
    }

    /// Registers a revision of the family `web` whose container `web` runs this image on port 8080; gives its ARN.
    ///
    /// # Panics
    /// If the fake refuses it, which is a bug in it.
    pub fn register(&self, image: &str) -> String {
        let made = must(
            &self.fake,
            Service::Ecs,
            "RegisterTaskDefinition",
            json!({
                "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
                "cpu": "256", "memory": "512",
                "containerDefinitions": [{ "name": "web", "image": image, "essential": true,
                    "portMappings": [{ "containerPort": 8080 }] }],
            }),
        );
        arn(&made["taskDefinition"]["taskDefinitionArn"])
    }

    /// Creates a service of `web:1` behind a target group. Its first deployment needs time.
    ///
    /// # Panics
    /// If the fake refuses it, which is a bug in it.
    pub fn create_service(&self, name: &str, group: &str, desired: usize) {
        self.create(name, desired, &json!([self.balancer(group)]), &json!({}));
    }

    /// Creates a service that ECS deploys by a strategy of its own, between both target groups, with a test rule.
    /// `configuration` is a `deploymentConfiguration`, such as `{"strategy": "BLUE_GREEN"}`.
    ///
    /// # Panics
    /// If the fake refuses it.
    pub fn create_native_service(&self, name: &str, desired: usize, configuration: &Value) {
        let mut balancer = self.balancer(&self.stable_group);
        balancer["advancedConfiguration"] = json!({
            "alternateTargetGroupArn": self.canary_group, "productionListenerRule": self.rule,
            "testListenerRule": self.test_rule,
            "roleArn": "arn:aws:iam::123456789012:role/ecs-infrastructure",
        });
        self.create(name, desired, &json!([balancer]), configuration);
    }

    fn balancer(&self, group: &str) -> Value {
        json!({ "targetGroupArn": group, "containerName": "web", "containerPort": 8080 })
    }

    fn create(&self, name: &str, desired: usize, balancers: &Value, configuration: &Value) {
        must(
            &self.fake,
            Service::Ecs,
            "CreateService",
            json!({
                "cluster": Self::CLUSTER, "serviceName": name, "desiredCount": desired,
                "taskDefinition": self.task_definition, "launchType": "FARGATE",
                "loadBalancers": balancers, "deploymentConfiguration": configuration,
                "healthCheckGracePeriodSeconds": 60,
            }),
        );
    }
}

fn arn(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn must(fake: &Fake, service: Service, operation: &str, input: Value) -> Value {
    fake.as_somebody_else(service, operation, input)
        .unwrap_or_else(|why| unreachable!("{operation} is refused: {why}"))
}
