//! Actions of rules and listeners: what Elastic Load Balancing accepts, and how it gives them back.

use serde_json::{Value, json};

use crate::ecs::rules::Rule;
use crate::ecs::settings::AllZeroWeights;
use crate::ecs::wire::{Fields as _, Refusal};
use crate::ecs::world::World;

const MOST_WEIGHT: i64 = 999;
const MOST_TARGET_GROUPS: usize = 5;
const STICKINESS_SECONDS: std::ops::RangeInclusive<i64> = 1..=604_800;
const LAST_ACTIONS: [&str; 3] = ["forward", "redirect", "fixed-response"];

fn invalid(rule: Rule, message: impl Into<String>) -> Refusal {
    Refusal::by(rule, "ValidationError", message)
}

impl World {
    /// The actions as they are kept and described; `balancer` is the load balancer they are for.
    pub(crate) fn accept_actions(
        &mut self,
        input: &[Value],
        balancer: &str,
    ) -> Result<Vec<Value>, Refusal> {
        if input.is_empty() {
            return Err(Refusal::plain(
                "ValidationError",
                "At least one action must be specified",
            ));
        }
        if input.len() > 1 && input.iter().any(|action| action.whole("Order").is_none()) {
            return Err(invalid(
                Rule::OrderOfActions,
                "An action order must be specified for each action",
            ));
        }
        let mut actions = input.to_vec();
        actions.sort_by_key(|action| action.whole("Order").unwrap_or(1));
        let ends = |action: &Value| {
            action
                .text("Type")
                .is_some_and(|name| LAST_ACTIONS.contains(&name))
        };
        let ending = actions.iter().filter(|action| ends(action)).count();
        if ending != 1 || !actions.last().is_some_and(ends) {
            return Err(Refusal::by(
                Rule::LastAction,
                "InvalidLoadBalancerAction",
                "Exactly one of forward, redirect and fixed-response must be specified, as the last action",
            ));
        }
        for action in &mut actions {
            if action.text("Type") == Some("forward") {
                *action = self.accept_forward(action, balancer)?;
            }
        }
        Ok(actions)
    }

    fn accept_forward(&mut self, action: &Value, balancer: &str) -> Result<Value, Refusal> {
        let single = action.text("TargetGroupArn");
        let config = &action["ForwardConfig"];
        let mut tuples = config.items("TargetGroups").to_vec();
        match (single, tuples.as_slice()) {
            (Some(_), [_, _, ..]) => {
                return Err(invalid(
                    Rule::OneWayToForward,
                    "You can specify only one target group using ForwardConfig together with TargetGroupArn",
                ));
            }
            (Some(arn), [one]) if one.text("TargetGroupArn") != Some(arn) => {
                return Err(invalid(
                    Rule::OneWayToForward,
                    "ForwardConfig and TargetGroupArn must name the same target group",
                ));
            }
            (Some(arn), []) => tuples.push(json!({ "TargetGroupArn": arn })),
            (None, []) => {
                return Err(Refusal::plain(
                    "ValidationError",
                    "A target group must be specified for a forward action",
                ));
            }
            (_, _) => {}
        }
        if tuples.len() > MOST_TARGET_GROUPS {
            return Err(invalid(
                Rule::TargetGroupsPerAction,
                format!("A forward action has at most {MOST_TARGET_GROUPS} target groups"),
            ));
        }
        let mut arns = Vec::new();
        for tuple in &mut tuples {
            let arn = tuple.need("TargetGroupArn", "ValidationError")?.to_owned();
            let weight = match tuple.whole("Weight") {
                Some(weight) => weight,
                None => {
                    self.note(Rule::DefaultWeight);
                    1
                }
            };
            if !(0..=MOST_WEIGHT).contains(&weight) {
                return Err(invalid(
                    Rule::WeightRange,
                    format!("Target group weight '{weight}' must be between 0 and {MOST_WEIGHT}"),
                ));
            }
            if arns.contains(&arn) {
                return Err(invalid(
                    Rule::TargetGroupOnce,
                    format!("Target group '{arn}' is listed more than once"),
                ));
            }
            if !self.target_groups.contains_key(&arn) {
                return Err(Refusal::by(
                    Rule::TargetGroupExists,
                    "TargetGroupNotFound",
                    format!("Target group '{arn}' not found"),
                ));
            }
            let others = self.balancers_of(&arn);
            if others.iter().any(|other| other != balancer) {
                return Err(Refusal::by(
                    Rule::OneBalancerPerGroup,
                    "TargetGroupAssociationLimit",
                    format!(
                        "Target group '{arn}' cannot be associated with more than one load balancer"
                    ),
                ));
            }
            *tuple = json!({ "TargetGroupArn": arn, "Weight": weight });
            arns.push(arn);
        }
        let sum: i64 = tuples
            .iter()
            .filter_map(|tuple| tuple.whole("Weight"))
            .sum();
        if sum == 0 && self.settings.all_zero_weights == AllZeroWeights::Refused {
            return Err(invalid(
                Rule::AllZeroWeights,
                "At least one target group must have a weight above 0",
            ));
        }
        if sum == 0 {
            self.note(Rule::AllZeroWeights);
        }
        let stickiness = &config["TargetGroupStickinessConfig"];
        let is_sticky = stickiness.flag("Enabled") == Some(true);
        let seconds = stickiness.whole("DurationSeconds");
        let in_range = seconds.is_some_and(|seconds| STICKINESS_SECONDS.contains(&seconds));
        if (is_sticky || seconds.is_some()) && !in_range {
            return Err(invalid(
                Rule::StickinessRange,
                "Target group stickiness duration must be between 1 and 604800 seconds",
            ));
        }
        let mut kept = action.clone();
        kept["ForwardConfig"] = json!({
            "TargetGroups": tuples,
            "TargetGroupStickinessConfig": match seconds {
                Some(seconds) => json!({ "Enabled": is_sticky, "DurationSeconds": seconds }),
                None => json!({ "Enabled": false }),
            },
        });
        // A forward to one target group is described both ways.
        if let ([arn], Some(fields)) = (arns.as_slice(), kept.as_object_mut()) {
            fields.insert("TargetGroupArn".to_owned(), json!(arn));
            self.note(Rule::OneGroupBothWays);
        }
        Ok(kept)
    }
}
