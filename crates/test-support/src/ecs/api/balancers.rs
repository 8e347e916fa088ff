//! Load balancers and listeners.

use serde_json::{Value, json};

use super::missing;
use crate::ecs::rules::Rule;
use crate::ecs::wire::{Answer, Fields as _, Refusal};
use crate::ecs::world::World;
use crate::ecs::world::data_plane::Plane;
use crate::ecs::world::rule::{Listener, ListenerRule, LoadBalancer};

/// The input without some fields, as an object.
pub(crate) fn without(input: &Value, names: &[&str]) -> Value {
    let mut kept = input.clone();
    if let Some(fields) = kept.as_object_mut() {
        fields.retain(|name, _| !names.contains(&name.as_str()));
    }
    kept
}

/// What an update says replaces what was; what it does not say stays.
pub(crate) fn merge(kept: &mut Value, update: &Value) {
    if let (Some(kept), Some(update)) = (kept.as_object_mut(), update.as_object()) {
        for (name, value) in update {
            kept.insert(name.clone(), value.clone());
        }
    }
}

impl World {
    pub(crate) fn create_load_balancer(&mut self, input: &Value) -> Answer {
        let name = input.need("Name", "ValidationError")?.to_owned();
        if self.load_balancers.values().any(|one| one.name == name) {
            return Err(Refusal::by(
                Rule::NamesOfBalancing,
                "DuplicateLoadBalancerName",
                format!("A load balancer with the name '{name}' exists"),
            ));
        }
        let arn = self.balancing_arn(&format!("loadbalancer/app/{name}"));
        let balancer = LoadBalancer {
            arn: arn.clone(),
            name,
            created_at: self.now,
            fields: without(input, &["Name", "Tags", "Subnets", "SubnetMappings"]),
        };
        let described = describe_balancer(&balancer);
        self.load_balancers.insert(arn.clone(), balancer);
        self.add_new_tags(&arn, input.items("Tags"));
        Ok(json!({ "LoadBalancers": [described] }))
    }

    pub(crate) fn describe_load_balancers(&mut self, input: &Value) -> Answer {
        let (arns, names) = (input.texts("LoadBalancerArns"), input.texts("Names"));
        for arn in &arns {
            if !self.load_balancers.contains_key(*arn) {
                return Err(missing("LoadBalancer", arn));
            }
        }
        for name in &names {
            if !self.load_balancers.values().any(|one| one.name == *name) {
                return Err(missing("LoadBalancer", name));
            }
        }
        let all = arns.is_empty() && names.is_empty();
        let found = self.load_balancers.values().filter(|one| {
            all || arns.contains(&one.arn.as_str()) || names.contains(&one.name.as_str())
        });
        let found = found.map(describe_balancer).collect();
        self.balancing_page(input, "LoadBalancers", found)
    }

    pub(crate) fn delete_load_balancer(&mut self, input: &Value) -> Answer {
        // As in AWS it is no error to delete what is not there; its listeners go with it.
        let arn = input.need("LoadBalancerArn", "ValidationError")?;
        self.load_balancers.remove(arn);
        let listeners = self.listeners.values();
        let own = listeners.filter(|one| one.load_balancer == arn);
        let own: Vec<String> = own.map(|one| one.arn.clone()).collect();
        for listener in own {
            self.listeners.remove(&listener);
            self.rules.retain(|_, rule| rule.listener != listener);
        }
        Ok(json!({}))
    }

    pub(crate) fn create_listener(&mut self, input: &Value) -> Answer {
        let balancer = input.need("LoadBalancerArn", "ValidationError")?.to_owned();
        if !self.load_balancers.contains_key(&balancer) {
            return Err(missing("LoadBalancer", &balancer));
        }
        let port = input.whole("Port").unwrap_or(80);
        let mut listeners = self.listeners.values();
        if listeners.any(|one| one.load_balancer == balancer && one.port == port) {
            return Err(Refusal::by(
                Rule::NamesOfBalancing,
                "DuplicateListener",
                format!("A listener already exists on port '{port}'"),
            ));
        }
        let actions = self.accept_actions(input.items("DefaultActions"), &balancer)?;
        let path = balancer
            .split_once("loadbalancer/")
            .map_or("app", |(_, path)| path)
            .to_owned();
        let arn = self.balancing_arn(&format!("listener/{path}"));
        let listener = Listener {
            arn: arn.clone(),
            load_balancer: balancer,
            port,
            fields: without(
                input,
                &["DefaultActions", "LoadBalancerArn", "Port", "Tags"],
            ),
        };
        self.listeners.insert(arn.clone(), listener);
        self.insert_rule(&arn, None, Vec::new(), actions, Vec::new());
        self.add_new_tags(&arn, input.items("Tags"));
        Ok(json!({ "Listeners": [self.describe_listener(&arn)] }))
    }

    /// A new rule; gives its ARN.
    pub(crate) fn insert_rule(
        &mut self,
        listener: &str,
        priority: Option<u32>,
        conditions: Vec<Value>,
        actions: Vec<Value>,
        transforms: Vec<Value>,
    ) -> String {
        let path = listener
            .split_once("listener/")
            .map_or("app", |(_, path)| path);
        let arn = self.balancing_arn(&format!("listener-rule/{path}"));
        let mut rule = ListenerRule {
            arn: arn.clone(),
            listener: listener.to_owned(),
            priority,
            conditions,
            actions,
            transforms,
            plane: Plane::default(),
            load: None,
        };
        rule.plane = Plane::new(rule.forward());
        self.rules.insert(arn.clone(), rule);
        arn
    }

    pub(crate) fn modify_listener(&mut self, input: &Value) -> Answer {
        let arn = input.need("ListenerArn", "ValidationError")?.to_owned();
        let Some(listener) = self.listeners.get(&arn) else {
            return Err(missing("Listener", &arn));
        };
        let balancer = listener.load_balancer.clone();
        let actions = match input.items("DefaultActions") {
            [] => None,
            given => Some(self.accept_actions(given, &balancer)?),
        };
        if let Some(port) = input.whole("Port") {
            let mut listeners = self.listeners.values();
            if listeners
                .any(|one| one.arn != arn && one.load_balancer == balancer && one.port == port)
            {
                return Err(Refusal::by(
                    Rule::NamesOfBalancing,
                    "DuplicateListener",
                    format!("A listener already exists on port '{port}'"),
                ));
            }
        }
        if let Some(listener) = self.listeners.get_mut(&arn) {
            let update = without(input, &["ListenerArn", "DefaultActions", "Port"]);
            merge(&mut listener.fields, &update);
            listener.port = input.whole("Port").unwrap_or(listener.port);
        }
        if let (Some(actions), Some(rule)) = (actions, self.default_rule(&arn)) {
            let rule = rule.arn.clone();
            self.note(Rule::ListsAreReplaced);
            self.set_actions(&rule, actions);
        }
        Ok(json!({ "Listeners": [self.describe_listener(&arn)] }))
    }

    pub(crate) fn describe_listeners(&mut self, input: &Value) -> Answer {
        let arns = input.texts("ListenerArns");
        let mut found = Vec::new();
        if let Some(balancer) = input.text("LoadBalancerArn") {
            if !self.load_balancers.contains_key(balancer) {
                return Err(missing("LoadBalancer", balancer));
            }
            let listeners = self.listeners.values();
            found.extend(
                listeners
                    .filter(|one| one.load_balancer == balancer)
                    .map(|one| one.arn.clone()),
            );
        } else if arns.is_empty() {
            return Err(Refusal::plain(
                "ValidationError",
                "You must specify either listener ARNs or a load balancer ARN",
            ));
        }
        for arn in arns {
            if !self.listeners.contains_key(arn) {
                return Err(missing("Listener", arn));
            }
            found.push(arn.to_owned());
        }
        let found = found
            .iter()
            .map(|arn| self.describe_listener(arn))
            .collect();
        self.balancing_page(input, "Listeners", found)
    }

    pub(crate) fn delete_listener(&mut self, input: &Value) -> Answer {
        let arn = input.need("ListenerArn", "ValidationError")?;
        if self.listeners.remove(arn).is_none() {
            return Err(missing("Listener", arn));
        }
        self.rules.retain(|_, rule| rule.listener != arn);
        Ok(json!({}))
    }

    pub(crate) fn describe_listener(&self, arn: &str) -> Value {
        let Some(listener) = self.listeners.get(arn) else {
            return Value::Null;
        };
        let mut described = listener.fields.clone();
        described["ListenerArn"] = json!(arn);
        described["LoadBalancerArn"] = json!(listener.load_balancer);
        described["Port"] = json!(listener.port);
        described["DefaultActions"] = self
            .default_rule(arn)
            .map_or(Value::Null, |rule| json!(rule.actions));
        described
    }
}

fn describe_balancer(balancer: &LoadBalancer) -> Value {
    let mut described = balancer.fields.clone();
    merge(
        &mut described,
        &json!({
            "LoadBalancerArn": balancer.arn,
            "LoadBalancerName": balancer.name,
            "DNSName": format!("{}-1.eu-west-1.elb.amazonaws.com", balancer.name),
            "CreatedTime": super::iso(balancer.created_at),
            "Type": "application",
            "Scheme": balancer.fields.text("Scheme").unwrap_or("internet-facing"),
            "State": { "Code": "active" },
        }),
    );
    described
}
