//! Findings about the rules.

use strategy_core::Track;
use strategy_core::target::Finding;

use super::conditions::takes_all_of;
use super::{Facts, resource};
use crate::binding::{Bound, BoundRule, TrackStart};
use crate::config::RuleConfig;
use crate::forward::MOST_GROUPS;
use crate::listener::{self, turn};
use crate::routes;

pub(super) fn findings(bound: &Bound, facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for of in &bound.rules {
        let groups = of.forward.wired(bound.groups().candidate).groups.len();
        if groups > MOST_GROUPS {
            findings.push(Finding::blocks(
                "too-many-target-groups",
                resource(&of.rule),
                format!("with the candidate's it would forward to {groups} target groups, and {MOST_GROUPS} is the most"),
                "take out those at weight 0 that belong to neither service",
            ));
        }
        findings.extend(shadowed(&of.rule, bound, facts));
    }
    findings.extend(disagreement(bound));
    findings.extend(exposed(bound));
    findings
}

fn disagreement(bound: &Bound) -> Option<Finding> {
    let rules = bound.rules.iter();
    let rules: Vec<_> = rules
        .map(|of| (of.rule.clone(), of.forward.clone()))
        .collect();
    let routed = routes::read(bound.groups(), &rules).ok()?;
    (!routed.agree).then(|| {
        Finding::blocks(
            "rules-disagree",
            rules
                .first()
                .map(|(rule, _)| resource(rule))
                .unwrap_or_default(),
            "the rules give the candidate different shares, so there is no one start to go back to",
            "give the target groups the same shares in every rule",
        )
    })
}

/// What the recorded traffic reaches must be able to take it.
fn exposed(bound: &Bound) -> Option<Finding> {
    if !bound.traffic.reaches_candidate() {
        return None;
    }
    let about = bound.service(Track::Candidate);
    let is = match &bound.tracks.candidate.start {
        TrackStart::Missing => "is not there",
        TrackStart::Found { replicas, .. } if replicas.number() == 0 => "is told to run 0 tasks",
        TrackStart::Found { .. } => {
            return Some(Finding::warns(
                "candidate-exposed",
                about,
                format!("it already gets {} of the traffic", bound.traffic.weight),
                "send everything to stable before the rollout begins",
            ));
        }
    };
    Some(Finding::blocks(
        "traffic-to-nothing",
        about,
        format!(
            "it {is}, and the rules send to it ({}), so the start could never be gone back to",
            bound.traffic
        ),
        "send everything to stable, or let it run what its share needs",
    ))
}

/// A rule that comes before ours and asks for nothing that ours does not ask for takes all its requests. Where
/// that is one of ours as well, they are shared as they are to be.
fn shadowed(rule: &RuleConfig, bound: &Bound, facts: &Facts) -> Option<Finding> {
    let rules = facts.listeners.get(&listener::of(rule)?)?;
    let ours = listener::find(rules, rule)?;
    let before = rules.iter().filter(|of| turn(of) < turn(ours));
    let other = before.filter(|of| takes_all_of(of, ours));
    let other = other.min_by_key(|of| turn(of))?;
    let moves_too = |of: &BoundRule| match &of.rule {
        RuleConfig::Rule(arn) => other.rule_arn() == Some(arn),
        RuleConfig::ListenerDefault(_) => false,
    };
    if bound.rules.iter().any(moves_too) {
        return None;
    }
    let name = other.rule_arn().map_or("a rule", crate::config::resource);
    Some(Finding::blocks(
        "rule-shadowed",
        resource(rule),
        format!("{name} has a higher priority and takes every request that this one would"),
        "name the rule that carries the traffic, or change the priorities",
    ))
}
