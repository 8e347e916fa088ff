//! Load balancers, listeners and their rules.

use serde_json::Value;
use strategy_core::Timestamp;

use super::World;
use super::data_plane::{Forward, Plane};
use crate::ecs::wire::Fields as _;

#[derive(Clone, Debug)]
pub(crate) struct LoadBalancer {
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
    pub(crate) fields: Value,
}

#[derive(Clone, Debug)]
pub(crate) struct Listener {
    pub(crate) arn: String,
    pub(crate) load_balancer: String,
    pub(crate) port: i64,
    /// Everything but its default actions, which are its default rule's.
    pub(crate) fields: Value,
}

#[derive(Clone, Debug)]
pub(crate) struct ListenerRule {
    pub(crate) arn: String,
    pub(crate) listener: String,
    /// `None`: the default rule.
    pub(crate) priority: Option<u32>,
    pub(crate) conditions: Vec<Value>,
    pub(crate) actions: Vec<Value>,
    pub(crate) transforms: Vec<Value>,
    /// What really happens to requests.
    pub(crate) plane: Plane,
    /// Requests a second; `None`: as the settings have it.
    pub(crate) load: Option<f64>,
}

impl ListenerRule {
    /// Where it forwards to, as described; `None` if it answers by itself.
    pub(crate) fn forward(&self) -> Option<Forward> {
        Forward::of(&self.actions)
    }
}

impl World {
    /// The rules of a listener, the default rule last.
    pub(crate) fn rules_of(&self, listener: &str) -> Vec<&ListenerRule> {
        let mut rules: Vec<_> = self
            .rules
            .values()
            .filter(|rule| rule.listener == listener)
            .collect();
        rules.sort_by_key(|rule| rule.priority.unwrap_or(u32::MAX));
        rules
    }

    pub(crate) fn default_rule(&self, listener: &str) -> Option<&ListenerRule> {
        let mut rules = self.rules.values();
        rules.find(|rule| rule.listener == listener && rule.priority.is_none())
    }

    /// The load balancers that forward to a target group.
    pub(crate) fn balancers_of(&self, group: &str) -> Vec<String> {
        let mut found: Vec<String> = self
            .rules
            .values()
            .filter(|rule| {
                rule.forward()
                    .is_some_and(|forward| forward.weights.iter().any(|(arn, _)| arn == group))
            })
            .filter_map(|rule| Some(self.listeners.get(&rule.listener)?.load_balancer.clone()))
            .collect();
        found.sort();
        found.dedup();
        found
    }

    /// Gives a rule new actions; requests follow as fast as the settings say.
    pub(crate) fn set_actions(&mut self, rule: &str, actions: Vec<Value>) {
        let (now, delay, returning) = (
            self.now,
            self.settings.propagation,
            self.settings.returning_share,
        );
        if let Some(rule) = self.rules.get_mut(rule) {
            let forward = Forward::of(&actions);
            rule.actions = actions;
            rule.plane.change(now, delay, returning, forward.as_ref());
        }
    }

    /// Changes weights inside the one forward action of a rule, as ECS does it: the list is what is
    /// given, the single `TargetGroupArn` is dropped, and everything else stays. False if there is no such rule, or it
    /// forwards nothing.
    pub(crate) fn set_weights(&mut self, rule: &str, weights: &[(String, i64)]) -> bool {
        let Some(found) = self.rules.get(rule).filter(|one| one.forward().is_some()) else {
            return false;
        };
        let mut actions = found.actions.clone();
        for action in actions
            .iter_mut()
            .filter(|action| action.text("Type") == Some("forward"))
        {
            let tuples = weights.iter().map(
                |(arn, weight)| serde_json::json!({ "TargetGroupArn": arn, "Weight": weight }),
            );
            let tuples: Vec<Value> = tuples.collect();
            if let Some(fields) = action.as_object_mut() {
                fields.remove("TargetGroupArn");
            }
            action["ForwardConfig"]["TargetGroups"] = Value::Array(tuples);
        }
        self.set_actions(rule, actions);
        true
    }
}
