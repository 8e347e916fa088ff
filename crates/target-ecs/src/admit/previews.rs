//! Findings about preview rules: what an earlier rollout left behind, and what the plan's routes need.

use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::Rule;
use strategy_core::Route;
use strategy_core::target::Finding;

use super::conditions::is_met_by_all;
use super::{Facts, resource};
use crate::binding::{Bound, BoundRule};
use crate::config;
use crate::listener::{self, turn};
use crate::previews::{Content, free, is_met, is_tagged, too_many};

/// The most rules of a load balancer besides default rules, unless its quota was raised.
const MOST_RULES: usize = 100;

pub(super) fn findings(bound: &Bound, facts: &Facts, routes: &[Vec<Route>]) -> Vec<Finding> {
    let mut findings = left(bound, facts);
    let most = routes.iter().map(Vec::len).max().unwrap_or(0);
    let Some(first) = bound.rules.first().filter(|_| most > 0) else {
        return findings;
    };
    if let Err(problem) = too_many(most, bound.rules.len()) {
        let about = resource(&first.rule);
        findings.push(Finding::blocks(
            problem.code,
            about,
            problem.message,
            problem.mend,
        ));
        return findings;
    }
    for of in &bound.rules {
        findings.extend(of_rule(bound, facts, of, routes, most));
    }
    findings.extend(full(bound, facts, most));
    findings
}

/// A preview rule that is there before the rollout begins. It is not taken over: whoever abandoned a rollout left all as
/// it was on purpose, and the start that is recorded has to be one that can be gone back to.
fn left(bound: &Bound, facts: &Facts) -> Vec<Finding> {
    let groups = bound.groups();
    let all = facts.listeners.values().flatten();
    let tagged = all.filter(|rule| {
        let tags = rule.rule_arn().and_then(|arn| facts.tags.get(arn));
        let content = Content::of(rule);
        let is_ours = content.reaches(groups.stable) || content.reaches(groups.candidate);
        is_ours && tags.is_some_and(|tags| is_tagged(tags))
    });
    tagged
        .map(|rule| {
            let arn = rule.rule_arn().unwrap_or_default();
            Finding::blocks(
                "preview-left",
                config::resource(arn),
                "it is the preview rule of an earlier rollout, which was abandoned or could not end, and still takes requests",
                format!("remove it: `aws elbv2 delete-rule --rule-arn {arn}`"),
            )
        })
        .collect()
}

fn of_rule(
    bound: &Bound,
    facts: &Facts,
    of: &BoundRule,
    routes: &[Vec<Route>],
    most: usize,
) -> Vec<Finding> {
    let about = resource(&of.rule);
    let rules = listener::of(&of.rule).and_then(|listener| facts.listeners.get(&listener));
    let Some((rules, production)) =
        rules.and_then(|rules| Some((rules, listener::find(rules, &of.rule)?)))
    else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    let distinct: BTreeSet<&Route> = routes.iter().flatten().collect();
    for route in distinct {
        match Content::made(bound.groups().candidate, production, route) {
            Err(problem) => {
                let message = format!("{route}: {}", problem.message);
                findings.push(Finding::blocks(problem.code, &about, message, problem.mend));
            }
            Ok(content) => findings.extend(shadowed(&content, route, rules, production, &about)),
        }
    }
    findings.dedup();
    // What an earlier rollout left is told on its own.
    if let Err(problem) = free(rules, &of.rule, |_| false, most) {
        findings.push(Finding::blocks(
            problem.code,
            &about,
            problem.message,
            problem.mend,
        ));
    }
    findings
}

/// A rule that comes first and takes all requests that the preview rule would.
fn shadowed(
    content: &Content,
    route: &Route,
    rules: &[Rule],
    production: &Rule,
    about: &str,
) -> Option<Finding> {
    let takes_all = |of: &&Rule| {
        let mut conditions = of.conditions().iter();
        conditions.all(|of| {
            is_met_by_all(of)
                || is_met(of, route)
                || content.conditions.contains(of)
                || production.conditions().contains(of)
        })
    };
    let before = rules.iter().filter(|of| turn(of) < turn(production));
    let other = before.filter(takes_all).min_by_key(|of| turn(of))?;
    let name = other.rule_arn().map_or("a rule", config::resource);
    Some(Finding::blocks(
        "preview-shadowed",
        about,
        format!("{name} has a higher priority and takes every request with the {route}"),
        "choose another header or cookie, or take that rule away",
    ))
}

fn full(bound: &Bound, facts: &Facts, most: usize) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (balancer, count) in &facts.balancers {
        let is_there = |of: &&BoundRule| {
            let listener = listener::of(&of.rule);
            listener
                .and_then(|listener| listener::balancer(&listener))
                .as_ref()
                == Some(balancer)
        };
        let more = most * bound.rules.iter().filter(is_there).count();
        if count + more > MOST_RULES {
            findings.push(Finding::warns(
                "too-many-rules",
                config::resource(balancer),
                format!(
                    "it has {count} rules, and the rollout adds {more} of its own for a while: {MOST_RULES} is the most, unless its quota was raised"
                ),
                "take out rules that nobody needs, or have the quota raised",
            ));
        }
    }
    findings
}
