//! Target groups, their attributes and targets.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::balancers::{merge, without};
use super::missing;
use crate::ecs::rules::Rule;
use crate::ecs::wire::{Answer, Fields as _, Refusal};
use crate::ecs::world::World;
use crate::ecs::world::target_group::{Health, Target, TargetGroup, TargetKey};

/// Attributes and their defaults, from the documentation of `TargetGroupAttribute`.
const ATTRIBUTES: [(&str, &str); 7] = [
    ("deregistration_delay.timeout_seconds", "300"),
    ("load_balancing.algorithm.type", "round_robin"),
    ("slow_start.duration_seconds", "0"),
    ("stickiness.enabled", "false"),
    ("stickiness.lb_cookie.duration_seconds", "86400"),
    ("stickiness.type", "lb_cookie"),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count",
        "1",
    ),
];

fn is_in_range(key: &str, value: &str) -> bool {
    let number = value.parse::<u32>().ok();
    match key {
        "deregistration_delay.timeout_seconds" => number.is_some_and(|number| number <= 3600),
        "slow_start.duration_seconds" => {
            number.is_some_and(|number| number == 0 || (30..=900).contains(&number))
        }
        "stickiness.lb_cookie.duration_seconds" => {
            number.is_some_and(|number| (1..=604_800).contains(&number))
        }
        "load_balancing.algorithm.type" => [
            "round_robin",
            "least_outstanding_requests",
            "weighted_random",
        ]
        .contains(&value),
        _ => true,
    }
}

impl World {
    pub(crate) fn create_target_group(&mut self, input: &Value) -> Answer {
        let name = input.need("Name", "ValidationError")?.to_owned();
        if self.target_groups.values().any(|group| group.name == name) {
            return Err(Refusal::by(
                Rule::NamesOfBalancing,
                "DuplicateTargetGroupName",
                format!(
                    "A target group with the same name '{name}' exists, but with different settings"
                ),
            ));
        }
        let arn = self.balancing_arn(&format!("targetgroup/{name}"));
        let mut fields = json!({
            "Protocol": "HTTP", "TargetType": "instance", "ProtocolVersion": "HTTP1",
            "HealthCheckEnabled": true, "HealthCheckPath": "/", "HealthCheckPort": "traffic-port",
            "HealthCheckProtocol": "HTTP", "HealthCheckIntervalSeconds": 30,
            "HealthCheckTimeoutSeconds": 5, "HealthyThresholdCount": 5, "UnhealthyThresholdCount": 2,
            "Matcher": { "HttpCode": "200" },
        });
        merge(&mut fields, &without(input, &["Name", "Tags"]));
        let attributes = ATTRIBUTES
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let group = TargetGroup {
            arn: arn.clone(),
            name,
            fields,
            attributes: attributes.collect(),
            targets: BTreeMap::new(),
            departed: BTreeMap::new(),
        };
        self.target_groups.insert(arn.clone(), group);
        self.add_new_tags(&arn, input.items("Tags"));
        Ok(json!({ "TargetGroups": [self.describe_group(&arn)] }))
    }

    fn group(&mut self, input: &Value) -> Result<&mut TargetGroup, Refusal> {
        let arn = input.need("TargetGroupArn", "ValidationError")?;
        self.target_groups
            .get_mut(arn)
            .ok_or_else(|| missing("TargetGroup", arn))
    }

    pub(crate) fn modify_target_group(&mut self, input: &Value) -> Answer {
        let group = self.group(input)?;
        merge(&mut group.fields, &without(input, &["TargetGroupArn"]));
        let arn = group.arn.clone();
        Ok(json!({ "TargetGroups": [self.describe_group(&arn)] }))
    }

    fn describe_group(&self, arn: &str) -> Value {
        let Some(group) = self.target_groups.get(arn) else {
            return Value::Null;
        };
        let mut described = group.fields.clone();
        described["TargetGroupArn"] = json!(group.arn);
        described["TargetGroupName"] = json!(group.name);
        described["LoadBalancerArns"] = json!(self.balancers_of(arn));
        described
    }

    pub(crate) fn describe_target_groups(&mut self, input: &Value) -> Answer {
        let (arns, names) = (input.texts("TargetGroupArns"), input.texts("Names"));
        for arn in &arns {
            if !self.target_groups.contains_key(*arn) {
                return Err(missing("TargetGroup", arn));
            }
        }
        for name in &names {
            if !self.target_groups.values().any(|group| group.name == *name) {
                return Err(missing("TargetGroup", name));
            }
        }
        let balancer = input.text("LoadBalancerArn");
        if let Some(arn) = balancer.filter(|arn| !self.load_balancers.contains_key(*arn)) {
            return Err(missing("LoadBalancer", arn));
        }
        let all = arns.is_empty() && names.is_empty();
        let found: Vec<String> = self
            .target_groups
            .values()
            .filter(|group| {
                all || arns.contains(&group.arn.as_str()) || names.contains(&group.name.as_str())
            })
            .filter(|group| {
                balancer
                    .is_none_or(|arn| self.balancers_of(&group.arn).iter().any(|one| one == arn))
            })
            .map(|group| group.arn.clone())
            .collect();
        let found = found.iter().map(|arn| self.describe_group(arn)).collect();
        self.balancing_page(input, "TargetGroups", found)
    }

    pub(crate) fn delete_target_group(&mut self, input: &Value) -> Answer {
        let arn = input.need("TargetGroupArn", "ValidationError")?;
        if self.groups_in_use().contains(arn) {
            return Err(Refusal::by(
                Rule::GroupInUse,
                "ResourceInUse",
                format!("Target group '{arn}' is currently in use by a listener or a rule"),
            ));
        }
        // As in AWS it is no error to delete what is not there.
        self.target_groups.remove(arn);
        Ok(json!({}))
    }

    pub(crate) fn modify_target_group_attributes(&mut self, input: &Value) -> Answer {
        let group = self.group(input)?;
        let mut attributes = group.attributes.clone();
        for pair in input.items("Attributes") {
            let key = pair.need("Key", "ValidationError")?;
            let value = pair.text("Value").unwrap_or_default();
            if !is_in_range(key, value) {
                return Err(Refusal::by(
                    Rule::AttributeRanges,
                    "ValidationError",
                    format!("Target group attribute '{key}' cannot be '{value}'"),
                ));
            }
            attributes.insert(key.to_owned(), value.to_owned());
        }
        let is = |key: &str, value: &str| attributes.get(key).is_some_and(|kept| kept == value);
        let is_slow = !is("slow_start.duration_seconds", "0");
        if is_slow && !is("load_balancing.algorithm.type", "round_robin") {
            return Err(Refusal::by(
                Rule::SlowStartNeedsRoundRobin,
                "InvalidConfigurationRequest",
                "Slow start is available with the round robin algorithm only",
            ));
        }
        group.attributes = attributes;
        if is_slow {
            self.note(Rule::NoSlowStart);
        }
        self.describe_target_group_attributes(input)
    }

    pub(crate) fn describe_target_group_attributes(&mut self, input: &Value) -> Answer {
        let attributes = &self.group(input)?.attributes;
        let attributes = attributes
            .iter()
            .map(|(key, value)| json!({ "Key": key, "Value": value }));
        Ok(json!({ "Attributes": attributes.collect::<Vec<_>>() }))
    }

    fn keys(group: &TargetGroup, input: &Value) -> Result<Vec<TargetKey>, Refusal> {
        let targets = input.items("Targets").iter();
        targets
            .map(|target| {
                let id = target.need("Id", "ValidationError")?.to_owned();
                let port = target.whole("Port");
                let port = port.and_then(|port| u16::try_from(port).ok());
                Ok((id, port.unwrap_or_else(|| group.port())))
            })
            .collect()
    }

    pub(crate) fn register_targets(&mut self, input: &Value) -> Answer {
        let group = self.group(input)?;
        for key in Self::keys(group, input)? {
            // What drains begins anew; what is registered stays as it is.
            let kept = group.targets.get(&key).filter(|one| !one.is_draining());
            if kept.is_none() {
                group.departed.remove(&key);
                group.targets.insert(key, Target::registered(None));
            }
        }
        Ok(json!({}))
    }

    pub(crate) fn deregister_targets(&mut self, input: &Value) -> Answer {
        let group = self.group(input)?;
        let (arn, keys) = (group.arn.clone(), Self::keys(group, input)?);
        for key in keys {
            self.deregister_target(&arn, &key);
        }
        Ok(json!({}))
    }

    pub(crate) fn describe_target_health(&mut self, input: &Value) -> Answer {
        let group = self.group(input)?;
        let (arn, mut asked) = (group.arn.clone(), Self::keys(group, input)?);
        if asked.is_empty() {
            asked = group.targets.keys().cloned().collect();
        }
        let is_used = self.groups_in_use().contains(&arn);
        let mut descriptions = Vec::new();
        for key in asked {
            let target = self
                .target_groups
                .get(&arn)
                .and_then(|group| group.targets.get(&key));
            let (state, reason, rule) = state(target, is_used);
            if let Some(rule) = rule {
                self.note(rule);
            }
            descriptions.push(json!({
                "Target": { "Id": key.0, "Port": key.1 },
                "HealthCheckPort": key.1.to_string(),
                "TargetHealth": { "State": state, "Reason": reason },
            }));
        }
        Ok(json!({ "TargetHealthDescriptions": descriptions }))
    }
}

/// State, reason, and the rule that is seen at work.
fn state(
    target: Option<&Target>,
    is_used: bool,
) -> (&'static str, Option<&'static str>, Option<Rule>) {
    let Some(target) = target else {
        return (
            "unused",
            Some("Target.NotRegistered"),
            Some(Rule::NotRegistered),
        );
    };
    match target.health {
        Health::Draining(_) => (
            "draining",
            Some("Target.DeregistrationInProgress"),
            Some(Rule::DrainsForTheDelay),
        ),
        _ if !is_used => ("unused", Some("Target.NotInUse"), Some(Rule::NotInUse)),
        Health::Initial => ("initial", Some("Elb.InitialHealthChecking"), None),
        Health::Healthy => ("healthy", None, None),
        Health::Unhealthy => (
            "unhealthy",
            Some("Target.FailedHealthChecks"),
            Some(Rule::UnhealthyAfterThreshold),
        ),
    }
}
