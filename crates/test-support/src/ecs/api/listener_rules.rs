//! Rules of listeners.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{conditions, missing};
use crate::ecs::rules::Rule;
use crate::ecs::wire::{Answer, Fields as _, Refusal};
use crate::ecs::world::World;
use crate::ecs::world::rule::ListenerRule;

const PRIORITIES: std::ops::RangeInclusive<i64> = 1..=50_000;
const MOST_RULES: usize = 100;

fn priority(value: Option<i64>) -> Result<u32, Refusal> {
    value
        .filter(|value| PRIORITIES.contains(value))
        .and_then(|value| u32::try_from(value).ok())
        .ok_or_else(|| {
            Refusal::by(
                Rule::PriorityRange,
                "ValidationError",
                "The priority of a rule must be between 1 and 50000",
            )
        })
}

fn in_use(priority: u32) -> Refusal {
    Refusal::by(
        Rule::PriorityOnce,
        "PriorityInUse",
        format!("Priority '{priority}' is currently in use"),
    )
}

impl World {
    pub(crate) fn create_rule(&mut self, input: &Value) -> Answer {
        let listener = input.need("ListenerArn", "ValidationError")?.to_owned();
        let Some(found) = self.listeners.get(&listener) else {
            return Err(missing("Listener", &listener));
        };
        let balancer = found.load_balancer.clone();
        let wanted = priority(input.whole("Priority"))?;
        let conditions = conditions::accept(input.items("Conditions"))?;
        if conditions.is_empty() {
            return Err(Refusal::by(
                Rule::ConditionOfARule,
                "ValidationError",
                "A rule must have at least one condition",
            ));
        }
        let actions = self.accept_actions(input.items("Actions"), &balancer)?;
        check_secrets(&actions)?;
        let rules = self.rules_of(&listener);
        if rules.iter().any(|rule| rule.priority == Some(wanted)) {
            return Err(in_use(wanted));
        }
        let of_balancer = self.rules.values().filter(|rule| {
            let listener = self.listeners.get(&rule.listener);
            rule.priority.is_some() && listener.is_some_and(|one| one.load_balancer == balancer)
        });
        if of_balancer.count() >= MOST_RULES {
            return Err(Refusal::by(
                Rule::RulesPerBalancer,
                "TooManyRules",
                format!("A load balancer can have at most {MOST_RULES} rules"),
            ));
        }
        let arn = self.insert_rule(
            &listener,
            Some(wanted),
            conditions,
            actions,
            input.items("Transforms").to_vec(),
        );
        let (now, delay) = (self.now, self.settings.propagation);
        if let Some(rule) = self.rules.get_mut(&arn) {
            rule.plane.appear(now, delay);
        }
        if !input.items("Tags").is_empty() {
            self.add_new_tags(&arn, input.items("Tags"));
            self.note(Rule::TagsOfARule);
        }
        self.describe_one_rule(&arn)
    }

    pub(crate) fn modify_rule(&mut self, input: &Value) -> Answer {
        let arn = input.need("RuleArn", "ValidationError")?.to_owned();
        let Some(rule) = self.rules.get(&arn) else {
            return Err(missing("Rule", &arn));
        };
        refuse_default(rule, "modified")?;
        let listener = self.listeners.get(&rule.listener);
        let balancer = listener.map_or_else(String::new, |one| one.load_balancer.clone());
        let conditions = conditions::accept(input.items("Conditions"))?;
        let actions = match input.items("Actions") {
            [] => None,
            given => Some(self.accept_actions(given, &balancer)?),
        };
        let transforms = input.items("Transforms");
        let is_reset = input.flag("ResetTransforms") == Some(true);
        if is_reset && !transforms.is_empty() {
            return Err(Refusal::plain(
                "ValidationError",
                "Transforms and ResetTransforms cannot be specified together",
            ));
        }
        let omitted = conditions.is_empty() || actions.is_none();
        if let Some(rule) = self.rules.get_mut(&arn) {
            if !conditions.is_empty() {
                rule.conditions = conditions;
            }
            if is_reset || !transforms.is_empty() {
                rule.transforms = transforms.to_vec();
            }
        }
        if let Some(actions) = actions {
            self.note(Rule::ListsAreReplaced);
            self.set_actions(&arn, actions);
        }
        if omitted {
            self.note(Rule::WhatIsOmittedStays);
        }
        let kept = self.rules.get(&arn).map_or(0, |rule| rule.transforms.len());
        if kept > 0 && transforms.is_empty() {
            self.note(Rule::TransformsStay);
        }
        self.describe_one_rule(&arn)
    }

    pub(crate) fn describe_rules(&mut self, input: &Value) -> Answer {
        let arns = input.texts("RuleArns");
        let mut found = Vec::new();
        if let Some(listener) = input.text("ListenerArn") {
            if !self.listeners.contains_key(listener) {
                return Err(missing("Listener", listener));
            }
            found.extend(self.rules_of(listener).into_iter().map(describe_rule));
            self.note(Rule::ConditionsBothWays);
        } else if arns.is_empty() {
            return Err(Refusal::plain(
                "ValidationError",
                "You must specify either listener rule ARNs or a listener ARN",
            ));
        }
        for arn in arns {
            let rule = self.rules.get(arn).ok_or_else(|| missing("Rule", arn))?;
            found.push(describe_rule(rule));
        }
        self.balancing_page(input, "Rules", found)
    }

    pub(crate) fn delete_rule(&mut self, input: &Value) -> Answer {
        let arn = input.need("RuleArn", "ValidationError")?;
        let rule = self.rules.get(arn).ok_or_else(|| missing("Rule", arn))?;
        refuse_default(rule, "deleted")?;
        if let Some(mut gone) = self.rules.remove(arn) {
            let (now, delay) = (self.now, self.settings.propagation);
            gone.plane.disappear(now, delay);
            self.departed_rules.push(gone);
        }
        self.tags.remove(arn);
        Ok(json!({}))
    }

    pub(crate) fn set_rule_priorities(&mut self, input: &Value) -> Answer {
        let mut wanted = BTreeMap::new();
        for pair in input.items("RulePriorities") {
            let arn = pair.need("RuleArn", "ValidationError")?;
            let rule = self.rules.get(arn).ok_or_else(|| missing("Rule", arn))?;
            refuse_default(rule, "modified")?;
            wanted.insert(arn.to_owned(), priority(pair.whole("Priority"))?);
        }
        for (arn, priority) in &wanted {
            let listener = self.rules.get(arn).map(|rule| rule.listener.as_str());
            let taken = self.rules.values().any(|other| {
                let after = wanted.get(&other.arn).copied().or(other.priority);
                other.arn != *arn
                    && Some(other.listener.as_str()) == listener
                    && after == Some(*priority)
            });
            if taken {
                return Err(in_use(*priority));
            }
        }
        for (arn, priority) in &wanted {
            if let Some(rule) = self.rules.get_mut(arn) {
                rule.priority = Some(*priority);
            }
        }
        let rules = wanted.keys().filter_map(|arn| self.rules.get(arn));
        Ok(json!({ "Rules": rules.map(describe_rule).collect::<Vec<_>>() }))
    }

    fn describe_one_rule(&self, arn: &str) -> Answer {
        let rule = self.rules.get(arn).ok_or_else(|| missing("Rule", arn))?;
        Ok(json!({ "Rules": [describe_rule(rule)] }))
    }
}

/// What is described of an authentication lacks the secret.
fn check_secrets(actions: &[Value]) -> Result<(), Refusal> {
    let lacks = |action: &Value| {
        action.text("Type") == Some("authenticate-oidc")
            && action["AuthenticateOidcConfig"]
                .text("ClientSecret")
                .is_none()
    };
    if !actions.iter().any(lacks) {
        return Ok(());
    }
    Err(Refusal::by(
        Rule::SecretOfANewRule,
        "ValidationError",
        "A client secret must be specified for an authenticate-oidc action",
    ))
}

fn refuse_default(rule: &ListenerRule, what: &str) -> Result<(), Refusal> {
    if rule.priority.is_some() {
        return Ok(());
    }
    Err(Refusal::by(
        Rule::DefaultRuleByListener,
        "OperationNotPermitted",
        format!("Default rule '{}' cannot be {what}", rule.arn),
    ))
}

fn without_secret(action: &Value) -> Value {
    let mut action = action.clone();
    let oidc = action
        .get_mut("AuthenticateOidcConfig")
        .and_then(Value::as_object_mut);
    oidc.map(|oidc| oidc.remove("ClientSecret"));
    action
}

fn describe_rule(rule: &ListenerRule) -> Value {
    json!({
        "RuleArn": rule.arn,
        "Priority": rule.priority.map_or_else(|| "default".to_owned(), |number| number.to_string()),
        "IsDefault": rule.priority.is_none(),
        "Conditions": rule.conditions,
        "Actions": rule.actions.iter().map(without_secret).collect::<Vec<_>>(),
        "Transforms": rule.transforms,
    })
}
