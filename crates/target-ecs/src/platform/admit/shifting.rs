//! Findings about a service whose traffic Amazon ECS is to shift: what it needs for that.

use std::time::Duration;

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

/// For how long Amazon ECS waits at each shift of the listener of a Network Load Balancer, which may not send as it
/// is told before ("Network Load Balancer resources for Amazon ECS blue/green, linear and canary deployments").
const NETWORK_LAG: Duration = Duration::from_secs(600);

/// Listeners of Network Load Balancers that production traffic comes by.
pub(super) fn network(bound: &Bound, settle: Duration) -> Vec<Finding> {
    let balancers = bound.start.balancers.iter();
    let listeners = balancers.filter_map(|of| of.advanced.as_ref()?.production.as_deref());
    let listeners = listeners.filter(|arn| arn.contains(":listener/net/"));
    let minutes = NETWORK_LAG.as_secs() / 60;
    let found = listeners.map(|arn| {
        if settle < NETWORK_LAG {
            return Finding::blocks(
                "network-load-balancer",
                resource(arn),
                format!(
                    "a Network Load Balancer may send otherwise than its listener is told for {minutes} minutes, and a step is taken to be effective after {} s",
                    settle.as_secs()
                ),
                format!(
                    "let `settle` be {minutes} minutes or more and the deadline of each stage longer than that by {minutes} more, which Amazon ECS waits at each step; or use an Application Load Balancer"
                ),
            );
        }
        Finding::warns(
            "network-load-balancer",
            resource(arn),
            format!(
                "Amazon ECS waits {minutes} minutes at each step of a Network Load Balancer, and it was not looked whether its listener forwards to both target groups"
            ),
            format!(
                "let the deadline of each stage leave room for {minutes} minutes more, and see to it that the listener forwards to both, all to the one that the service runs in"
            ),
        )
    });
    found.collect()
}

/// Rules that keep a client with a target group, whatever the weights.
pub(super) fn sticky(rules: &[(RuleConfig, Vec<Action>)]) -> Vec<Finding> {
    let sticky = rules.iter().filter_map(|(rule, actions)| {
        let stickiness = Forward::read(actions).ok()?.stickiness?;
        let seconds = stickiness.seconds.unwrap_or_default();
        stickiness.enabled.then(|| {
            Finding::warns(
                "rule-sticky",
                rule.resource(),
                format!(
                    "it keeps a client with a target group for {seconds} s, so the release is measured at less than its weight, and who is still kept where Amazon ECS takes the tasks away at the end is served by nobody"
                ),
                format!(
                    "switch its stickiness off, or bake the last stage for more than {seconds} s"
                ),
            )
        })
    });
    sticky.collect()
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
