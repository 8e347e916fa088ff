//! Whether a plan can run on a service that Amazon ECS deploys: findings before anything is written.

mod plan;
mod shifting;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ecs::types::{
    DeploymentConfiguration, DeploymentLifecycleHookTargetType, DeploymentStrategy, Service,
};
use aws_sdk_elasticloadbalancingv2::types::{
    Action, TargetGroup, TargetGroupAttribute, TargetHealthStateEnum,
};
use strategy_core::target::{Finding, TargetError};
use strategy_core::{Part, Plan};

use super::balancer::Balancer;
use super::deployment::rollout_state;
use super::schedule::Schedule;
use super::{Bound, View};
use crate::admit::services::{controlled, deregistered, impatient, in_flight, slow_start, targets};
use crate::alarms::{self, Alarms};
use crate::api::Api;
use crate::config::{RuleConfig, resource};
use crate::task_definition::Described;
use crate::view::primary;

/// What findings are made from.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    view: View,
    alarms: Alarms,
    groups: Vec<TargetGroup>,
    attributes: BTreeMap<String, Vec<TargetGroupAttribute>>,
    base: Arc<Described>,
    /// The rules that production traffic comes by, where ECS shifts it.
    rules: Vec<(RuleConfig, Vec<Action>)>,
}

/// Reads them.
pub(crate) async fn facts(api: &Api, bound: &Bound) -> Result<Facts, TargetError> {
    let view = api.view_of_one(bound).await?;
    let alarms = api.alarms(alarms::names(view.seen.active())).await?;
    let arns: Vec<&str> = bound
        .start
        .balancers
        .iter()
        .flat_map(Balancer::groups)
        .collect();
    let groups = if arns.is_empty() {
        Vec::new()
    } else {
        api.target_groups(&arns).await?
    };
    let mut attributes = BTreeMap::new();
    for arn in arns {
        attributes.insert(arn.to_owned(), api.attributes(arn).await?);
    }
    let base = api.definition_now(&bound.start.task_definition).await?;
    let rules: Vec<_> = match &bound.start.configuration {
        Some(_) => shifting::rules(bound),
        None => Vec::new(),
    };
    let rules = api.rules(&rules).await?;
    Ok(Facts {
        rules,
        view,
        alarms,
        groups,
        attributes,
        base,
    })
}

/// Everything that stands in the way where ECS takes the steps of the plan, which go into the binding. `settle` is
/// when a step is taken to be effective.
pub(crate) fn gated(
    bound: &mut Bound,
    facts: &Facts,
    settle: Option<Duration>,
    part: &Part,
    plan: &Plan,
) -> Vec<Finding> {
    let about = bound.resource();
    let mut findings = Vec::new();
    if let Some(service) = facts.view.seen.active() {
        findings.extend(controlled(service, &about));
        findings.extend(start(service, &about));
        findings.extend(scaled(bound, &about));
        findings.extend(alarms::findings(&facts.alarms, service, &about));
        findings.extend(shifting::findings(bound, &facts.rules, service, &about));
        findings.extend(shifting::sticky(&facts.rules));
        findings.extend(shifting::network(bound, settle.unwrap_or_default()));
        for arn in bound.start.balancers.iter().flat_map(Balancer::groups) {
            findings.extend(impatient(&facts.groups, arn, service, &about));
            findings.extend(targets(&facts.groups, arn));
            let attributes = facts.attributes.get(arn).map_or(&[][..], Vec::as_slice);
            findings.extend(slow_start(attributes, arn));
        }
    }
    findings.extend(deregistered(&facts.base, &about));
    findings.extend(serves(bound, facts, &about));
    findings.extend(plan::containers(facts, part, plan));
    findings.extend(plan::same(bound, part, plan));
    match Schedule::of(plan, part) {
        Ok(schedule) => {
            findings.extend(schedule.waits_long(&about));
            bound.schedule = Some(schedule);
        }
        Err(refusals) => {
            findings.extend(refusals.into_iter().map(|refusal| refusal.finding(&about)));
        }
    }
    findings
}

/// Everything that stands in the way where ECS rolls, or is worth knowing.
pub(crate) fn findings(bound: &Bound, facts: &Facts, part: &Part, plan: &Plan) -> Vec<Finding> {
    let about = bound.resource();
    let mut findings = Vec::new();
    if let Some(service) = facts.view.seen.active() {
        findings.extend(controlled(service, &about));
        findings.extend(strategy(service, &about));
        findings.extend(start(service, &about));
        findings.extend(scaled(bound, &about));
        findings.extend(alarms::findings(&facts.alarms, service, &about));
        let configuration = service.deployment_configuration();
        if let Some(configuration) = configuration {
            findings.extend(detectors(configuration, &about));
            findings.extend(pauses(configuration, &about));
            findings.extend(room(configuration, &about));
        }
        for arn in bound.start.balancers.iter().flat_map(Balancer::groups) {
            findings.extend(impatient(&facts.groups, arn, service, &about));
            findings.extend(targets(&facts.groups, arn));
            let attributes = facts.attributes.get(arn).map_or(&[][..], Vec::as_slice);
            findings.extend(slow_start(attributes, arn));
        }
    }
    findings.extend(checks(bound, facts, &about));
    findings.extend(deregistered(&facts.base, &about));
    findings.extend(serves(bound, facts, &about));
    findings.extend(plan::findings(bound, facts, part, plan));
    findings.extend(plan::same(bound, part, plan));
    findings
}

fn strategy(service: &Service, about: &str) -> Option<Finding> {
    let strategy = service.deployment_configuration()?.strategy()?;
    (*strategy != DeploymentStrategy::Rolling).then(|| {
        Finding::blocks(
            "deployment-strategy",
            about,
            format!("its own deployments are {strategy}, and not rolling"),
            "change its deployment strategy to ROLLING, or use the mode that shifts as it does",
        )
    })
}

/// What it would go back to.
fn start(service: &Service, about: &str) -> Option<Finding> {
    let primary = primary(service)?;
    let in_flight = in_flight(service, about);
    if rollout_state(primary) == "FAILED" {
        return Some(Finding::blocks(
            "nothing-to-go-back-to",
            about,
            "its last deployment failed, so what it is told to run is nothing to go back to",
            "deploy what works, and wait until it is steady",
        ));
    }
    let is_first = service.deployments().len() == 1 && rollout_state(primary) == "IN_PROGRESS";
    if is_first && in_flight.is_some() {
        return Some(Finding::blocks(
            "nothing-to-go-back-to",
            about,
            "no deployment of it has been completed yet, so there is nothing to go back to",
            "wait until it is steady: `aws ecs wait services-stable`",
        ));
    }
    in_flight
}

fn scaled(bound: &Bound, about: &str) -> Option<Finding> {
    bound.start.is_scaled.then(|| {
        Finding::warns(
            "autoscaled",
            about,
            "an autoscaler decides its count; Amazon ECS lets it scale in again only when the deployment is over, and it is not suspended",
            "start while load is steady, and let its maximum leave room for both",
        )
    })
}

/// Who takes it back when nobody is there to.
fn detectors(configuration: &DeploymentConfiguration, about: &str) -> Option<Finding> {
    let breaker = configuration.deployment_circuit_breaker();
    let is_on = breaker.is_some_and(|of| of.enable);
    let rolls_back = breaker.is_some_and(|of| of.enable && of.rollback);
    (!rolls_back).then(|| {
        let message = if is_on {
            "its circuit breaker stops a deployment that fails and takes nothing back, so if Rollway is gone it stays half done"
        } else {
            "no circuit breaker ends a deployment that fails, so if Rollway is gone it goes on for ever"
        };
        Finding::warns(
            "no-circuit-breaker",
            about,
            message,
            "switch on its deployment circuit breaker with `rollback`",
        )
    })
}

/// Hooks that wait for somebody else's answer.
fn pauses(configuration: &DeploymentConfiguration, about: &str) -> Option<Finding> {
    let mut hooks = configuration.lifecycle_hooks().iter();
    let pauses =
        hooks.any(|of| of.target_type() == Some(&DeploymentLifecycleHookTargetType::Pause));
    pauses.then(|| {
        Finding::blocks(
            "pause-hook",
            about,
            "a lifecycle hook of it waits for an answer that nobody here gives",
            "remove the hook of type PAUSE",
        )
    })
}

/// How far below its count it may go by its own settings.
fn room(configuration: &DeploymentConfiguration, about: &str) -> Option<Finding> {
    let least = configuration.minimum_healthy_percent()?;
    (least < 100).then(|| {
        Finding::warns(
            "capacity-dips",
            about,
            format!("while it is deployed, as few as {least}% of its tasks may be healthy"),
            "set its minimumHealthyPercent to 100 and its maximumPercent above that",
        )
    })
}

/// Whether anything tells a task that works from one that does not.
fn checks(bound: &Bound, facts: &Facts, about: &str) -> Option<Finding> {
    let is_checked = !bound.start.balancers.is_empty() || facts.base.has_health_check();
    (!is_checked).then(|| {
        Finding::warns(
            "no-health-check",
            about,
            "neither a load balancer nor a health check of its containers tells whether a task works, so one that merely runs counts",
            "give its essential containers a health check",
        )
    })
}

/// The way home ends there.
fn serves(bound: &Bound, facts: &Facts, about: &str) -> Vec<Finding> {
    if bound.start.count == 0 {
        return vec![Finding::blocks(
            "stable-has-no-replicas",
            about,
            "it is told to run 0 tasks, so nothing would be replaced",
            "scale it to what the traffic needs, then start the rollout",
        )];
    }
    let mut findings = Vec::new();
    for (of, (_, targets)) in bound.start.balancers.iter().zip(&facts.view.health) {
        let healthy = targets.iter().any(|target| {
            let state = target.target_health().and_then(|health| health.state());
            state == Some(&TargetHealthStateEnum::Healthy)
        });
        if !healthy {
            findings.push(Finding::blocks(
                "stable-has-no-healthy-target",
                of.target_group.as_deref().map_or(about, resource),
                "none of its targets is healthy, so nothing could carry the traffic home",
                "mend the service first",
            ));
        }
    }
    findings
}
