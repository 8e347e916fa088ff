//! Findings about rules that send to the target groups and do not move with the rollout.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_elasticloadbalancingv2::types::{ActionTypeEnum, Rule};
use strategy_core::target::{Finding, TargetError};
use strategy_core::{Part, Plan, Revision};

use super::Facts;
use super::conditions::takes_all_of;
use crate::api::Api;
use crate::binding::Bound;
use crate::config::{RuleConfig, resource};
use crate::listener::{self, turn};

/// All rules of all listeners of the load balancers that ours belong to; those of `known` listeners are read.
pub(super) async fn all(
    api: &Api,
    bound: &Bound,
    known: &BTreeMap<String, Vec<Rule>>,
) -> Result<Vec<Rule>, TargetError> {
    let ours = bound.rules.iter();
    let balancers: BTreeSet<String> = ours.filter_map(|of| balancer(&of.rule)).collect();
    let mut all = Vec::new();
    for balancer in balancers {
        for listener in api.listeners(&balancer).await? {
            match known.get(&listener) {
                Some(rules) => all.extend(rules.iter().cloned()),
                None => all.extend(api.listener_rules(&listener).await?),
            }
        }
    }
    Ok(all)
}

/// The load balancer that a rule belongs to.
fn balancer(rule: &RuleConfig) -> Option<String> {
    let listener = listener::of(rule)?;
    let (balancer, _) = listener.rsplit_once('/')?;
    Some(balancer.replacen(":listener/", ":loadbalancer/", 1))
}

pub(super) fn findings(bound: &Bound, facts: &Facts, part: &Part, plan: &Plan) -> Vec<Finding> {
    let groups = bound.groups();
    let others = facts.all_rules.iter();
    let others = others.filter(|rule| !is_ours(bound, rule) && is_reached(rule, &facts.all_rules));
    let mut findings = Vec::new();
    for rule in others {
        let to = sends_to(rule);
        let about = rule.rule_arn().map_or("a rule", resource);
        if to.contains(groups.stable) {
            let message = format!(
                "it sends to {} as well, and is not among the rules that move",
                resource(groups.stable)
            );
            let mend = "name it among the rules, or let it send elsewhere";
            findings.push(if changes_stable(part, plan) {
                let message = format!(
                    "{message}: its requests stay there while stable is changed, retired or left"
                );
                Finding::blocks("rule-to-stable", about, message, mend)
            } else {
                Finding::warns("rule-to-stable", about, message, mend)
            });
        }
        if to.contains(groups.candidate) {
            let message = format!(
                "it sends to {} whatever the weight, and is not among the rules that move",
                resource(groups.candidate)
            );
            let mend = "make sure that it is meant, such as a rule for tests";
            findings.push(Finding::warns("rule-to-candidate", about, message, mend));
        }
    }
    findings
}

fn is_ours(bound: &Bound, rule: &Rule) -> bool {
    bound.rules.iter().any(|of| match &of.rule {
        RuleConfig::Rule(ours) => rule.rule_arn() == Some(ours),
        RuleConfig::ListenerDefault(ours) => {
            rule.is_default() == Some(true) && listener_of(rule).as_ref() == Some(ours)
        }
    })
}

/// The listener of a rule, be it a default one: the ARN of both is below their listener's.
fn listener_of(rule: &Rule) -> Option<String> {
    listener::of_rule(rule.rule_arn()?)
}

/// Whether no rule that comes before it takes all that it would.
fn is_reached(rule: &Rule, all: &[Rule]) -> bool {
    let mut before = all
        .iter()
        .filter(|of| listener_of(of) == listener_of(rule) && turn(of) < turn(rule));
    !before.any(|of| takes_all_of(of, rule))
}

/// The target groups that a rule gives weight.
fn sends_to(rule: &Rule) -> BTreeSet<&str> {
    let forwards = rule.actions().iter();
    let forwards = forwards.filter(|action| action.r#type() == Some(&ActionTypeEnum::Forward));
    let mut groups = BTreeSet::new();
    for action in forwards {
        let tuples = action
            .forward_config()
            .map_or(&[][..], |of| of.target_groups());
        let weighted = tuples
            .iter()
            .filter(|of| tuples.len() == 1 || of.weight() != Some(0));
        groups.extend(weighted.filter_map(|of| of.target_group_arn()));
        if tuples.is_empty() {
            groups.extend(action.target_group_arn());
        }
    }
    groups
}

/// Whether the plan gives stable something else to run, or leaves it with all traffic, as before it is retired.
fn changes_stable(part: &Part, plan: &Plan) -> bool {
    let stages = plan.stages().iter();
    let mut goals = stages.filter_map(|stage| stage.goals.get(part));
    goals.any(|goal| goal.stable.revision != Revision::Recorded || !goal.traffic.reaches_stable())
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::{Action, ForwardActionConfig, TargetGroupTuple};

    use super::*;

    #[test]
    fn a_rule_tells_its_load_balancer() {
        let at = "arn:aws:elasticloadbalancing:r:123456789012";
        let rule = RuleConfig::Rule(format!("{at}:listener-rule/app/shop/a1/b2/c3"));
        let of = Some(format!("{at}:loadbalancer/app/shop/a1"));
        assert_eq!(balancer(&rule), of);
        let default = RuleConfig::ListenerDefault(format!("{at}:listener/app/shop/a1/b2"));
        assert_eq!(balancer(&default), of);
    }

    #[test]
    fn a_target_group_gets_requests_by_its_weight_or_by_being_alone() {
        let tuple = |arn: &str, weight: Option<i32>| {
            let tuple = TargetGroupTuple::builder().target_group_arn(arn);
            tuple.set_weight(weight).build()
        };
        let told = |tuples: &[TargetGroupTuple], alone: Option<&str>| {
            let config = ForwardActionConfig::builder();
            let config = config.set_target_groups(Some(tuples.to_vec())).build();
            let action = Action::builder()
                .r#type(ActionTypeEnum::Forward)
                .forward_config(config)
                .set_target_group_arn(alone.map(str::to_owned))
                .build();
            let rule = Rule::builder().actions(action).build();
            let groups = sends_to(&rule).into_iter().map(str::to_owned);
            groups.collect::<Vec<_>>()
        };
        assert_eq!(told(&[], Some("a")), ["a"]);
        assert_eq!(told(&[tuple("a", Some(0))], None), ["a"]);
        assert_eq!(
            told(&[tuple("a", Some(1)), tuple("b", Some(0))], None),
            ["a"]
        );
        assert_eq!(told(&[], None), [""; 0]);
    }
}
