//! Findings about a service whose traffic Amazon ECS is to shift: what it needs for that.

use aws_sdk_ecs::types::Service;
use aws_sdk_elasticloadbalancingv2::types::Action;
use strategy_core::target::Finding;

use crate::config::{RuleConfig, resource};
use crate::forward::Forward;
use crate::platform::Bound;

/// The rules of Application Load Balancers that production traffic comes by.
pub(super) fn rules(bound: &Bound) -> Vec<RuleConfig> {
    let balancers = bound.start.balancers.iter();
    let advanced = balancers.filter_map(|of| of.advanced.as_ref()?.production.clone());
    advanced
        .filter(|arn| arn.contains(":listener-rule/"))
        .map(RuleConfig::Rule)
        .collect()
}

pub(super) fn findings(
    bound: &Bound,
    rules: &[(RuleConfig, Vec<Action>)],
    service: &Service,
    about: &str,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let Some(configuration) = &bound.start.configuration else {
        return findings;
    };
    let mut block = |code, about: &str, message: String, mend: &str| {
        findings.push(Finding::blocks(code, about, message, mend));
    };
    if ["", "ROLLING"].contains(&configuration.strategy.as_str()) {
        block(
            "deployment-strategy",
            about,
            "its own deployments are ROLLING, and shift nothing".to_owned(),
            "change its deployment strategy to BLUE_GREEN, or use the mode `rolling`",
        );
    }
    if configuration.pauses() {
        block(
            "pause-hook",
            about,
            "a lifecycle hook of it waits for an answer that nobody here gives".to_owned(),
            "remove the hook of type PAUSE: the rollout brings its own",
        );
    }
    let hooks = service.deployment_configuration();
    let hooks = hooks.map_or(&[][..], |of| of.lifecycle_hooks());
    if hooks.iter().any(|hook| hook.hook_details().is_some()) {
        block(
            "hook-details",
            about,
            "a lifecycle hook of it has details, which could not be put back as they are"
                .to_owned(),
            "remove its `hookDetails`",
        );
    }
    let is_whole = |of: &crate::platform::Balancer| {
        let advanced = of.advanced.as_ref();
        advanced.is_some_and(|of| {
            of.alternate.is_some() && of.production.is_some() && of.role.is_some()
        })
    };
    if bound.start.balancers.is_empty() || !bound.start.balancers.iter().all(is_whole) {
        block(
            "nothing-to-shift-by",
            about,
            "not every load balancer of it names an alternate target group, a production rule and a role"
                .to_owned(),
            "give each of its load balancers an `advancedConfiguration`",
        );
    }
    for (rule, actions) in rules {
        let name = rule.resource();
        if actions.len() > 1 {
            block(
                "mixed-actions",
                &name,
                "it has other actions beside its forward, and Amazon ECS shifts no such rule"
                    .to_owned(),
                "use a rule that only forwards, or mode `owned-weights`",
            );
            continue;
        }
        let Ok(forward) = Forward::read(actions) else {
            block(
                "rule-not-wired",
                &name,
                "it does not forward to target groups".to_owned(),
                "let it forward to both target groups of the service",
            );
            continue;
        };
        let of_rule = bound.start.balancers.iter().find(|of| {
            let production = of.advanced.as_ref().and_then(|of| of.production.as_deref());
            production == Some(rule.arn())
        });
        let groups: Vec<&str> = of_rule.into_iter().flat_map(|of| of.groups()).collect();
        let weight = |arn: &str| {
            let mut groups = forward.groups.iter();
            groups.find(|of| of.arn == arn).map(|of| of.weight)
        };
        if let Some(missing) = groups.iter().find(|arn| weight(arn).is_none()) {
            block(
                "rule-not-wired",
                &name,
                format!(
                    "it does not forward to {}, so Amazon ECS would take the deployment back",
                    resource(missing)
                ),
                "add it at weight 0",
            );
            continue;
        }
        let with_weight = groups.iter().filter(|arn| weight(arn) > Some(0)).count();
        if with_weight != 1 {
            block(
                "traffic-shared",
                &name,
                "both target groups of the service have weight, so what runs is not all that is served"
                    .to_owned(),
                "give all of it to the one that the service runs in",
            );
        }
    }
    findings
}
