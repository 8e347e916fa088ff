//! Findings about the services and their target groups.

use aws_sdk_ecs::types::{
    DeploymentControllerType, DeploymentRolloutState, DeploymentStrategy, SchedulingStrategy,
    Service,
};
use aws_sdk_elasticloadbalancingv2::types::{
    TargetGroup, TargetGroupAttribute, TargetGroupIpAddressTypeEnum, TargetHealthStateEnum,
    TargetTypeEnum,
};
use strategy_core::Track;
use strategy_core::target::Finding;

use super::Facts;
use crate::alarms;
use crate::binding::{Bound, TrackStart};
use crate::candidate;
use crate::config::resource;
use crate::task_definition::Described;

pub(super) fn findings(bound: &Bound, facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    for track in Track::ALL {
        let about = bound.service(track);
        let group = bound.tracks.of(track).target_group.as_str();
        if let Some(service) = facts.view.state.active(track) {
            findings.extend(managed(service, &about));
            findings.extend(in_flight(service, &about));
            findings.extend(circuit_breaker(service, &about));
            findings.extend(alarms::findings(&facts.alarms, service, &about));
            findings.extend(impatient(&facts.groups, group, service, &about));
        }
        if bound.tracks.of(track).recorded().is_some() {
            findings.extend(deregistered(facts.bases.of(track), &about));
        }
        findings.extend(several_groups(bound, facts, track));
        findings.extend(targets(&facts.groups, group));
        findings.extend(slow_start(facts.attributes.of(track), group));
    }
    findings.extend(definitions_differ(bound, facts));
    findings.extend(stable_serves(bound, facts));
    let stable = facts.view.state.active(Track::Stable);
    if let (TrackStart::Missing, Some(stable)) = (&bound.tracks.candidate.start, stable)
        && let Some((message, mend)) = candidate::obstacle(stable)
    {
        let about = bound.service(Track::Stable);
        findings.push(Finding::blocks(
            "candidate-cannot-be-made",
            about,
            message,
            mend,
        ));
    }
    findings
}

/// What a service is to go back to must be something that it can be told to run. `base`: as it is now.
pub(crate) fn deregistered(base: &Described, about: &str) -> Option<Finding> {
    (!base.is_active()).then(|| {
        Finding::blocks(
            "definition-deregistered",
            about,
            format!(
                "its task definition {} was deregistered, so it could not be gone back to",
                base.short()
            ),
            "register it again, and let the service run that",
        )
    })
}

/// A release on a track is made from what was found there: what was changed on the live one alone is not in it.
fn definitions_differ(bound: &Bound, facts: &Facts) -> Option<Finding> {
    let (stable, candidate) = (&facts.bases.stable, &facts.bases.candidate);
    (!candidate.is_like(stable)).then(|| {
        Finding::warns(
            "definitions-differ",
            bound.service(Track::Candidate),
            format!(
                "its task definition {} and stable's {} differ in more than images, such as in environment or secrets, and a release takes over stable's images alone",
                candidate.short(),
                stable.short()
            ),
            "make them alike, unless that is what tells the two apart",
        )
    })
}

/// A task is ready when it is so in the target group of its track.
fn several_groups(bound: &Bound, facts: &Facts, track: Track) -> Option<Finding> {
    let service = facts.view.state.active(track)?;
    (service.load_balancers().len() > 1).then(|| {
        Finding::warns(
            "several-target-groups",
            bound.service(track),
            format!(
                "its tasks are registered in more target groups than {}, and only there it is looked whether they are healthy",
                resource(&bound.tracks.of(track).target_group)
            ),
            "make sure that a task which is healthy there is so in the others",
        )
    })
}

/// Who else moves the tasks or the traffic of a service.
pub(crate) fn managed(service: &Service, about: &str) -> Vec<Finding> {
    let mut findings = controlled(service, about);
    let configuration = service.deployment_configuration();
    let strategy = configuration.and_then(|of| of.strategy());
    if let Some(strategy) = strategy.filter(|of| **of != DeploymentStrategy::Rolling) {
        findings.push(Finding::blocks(
            "deployment-strategy",
            about,
            format!("its own deployments are {strategy}, so Amazon ECS writes the weights of the rule too"),
            "change its deployment strategy to ROLLING",
        ));
    }
    findings
}

/// Who else decides about its tasks.
pub(crate) fn controlled(service: &Service, about: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let controller = service.deployment_controller().map(|of| of.r#type());
    if let Some(controller) = controller.filter(|of| **of != DeploymentControllerType::Ecs) {
        findings.push(Finding::blocks(
            "deployment-controller",
            about,
            format!("its deployment controller is {controller}, which refuses a change of its task definition"),
            "change its deployment controller to ECS",
        ));
    }
    if service.scheduling_strategy() == Some(&SchedulingStrategy::Daemon) {
        findings.push(Finding::blocks(
            "daemon-service",
            about,
            "it runs a task on every instance, so its count cannot be told",
            "use a service with the scheduling strategy REPLICA",
        ));
    }
    findings
}

pub(crate) fn in_flight(service: &Service, about: &str) -> Option<Finding> {
    let mut deployments = service.deployments().iter();
    let at_work = deployments.any(|of| {
        of.status() != Some("PRIMARY")
            || of.rollout_state() == Some(&DeploymentRolloutState::InProgress)
    });
    at_work.then(|| {
        Finding::blocks(
            "deployment-in-flight",
            about,
            "a deployment of it is under way, so what was found is not what will be",
            "wait until it is steady: `aws ecs wait services-stable`",
        )
    })
}

fn circuit_breaker(service: &Service, about: &str) -> Option<Finding> {
    let configuration = service.deployment_configuration()?;
    let breaker = configuration.deployment_circuit_breaker();
    let alarms = configuration.alarms();
    let rolls_back = breaker.is_some_and(|of| of.enable && of.rollback)
        || alarms.is_some_and(|of| of.enable && of.rollback);
    rolls_back.then(|| {
        Finding::warns(
            "rolls-back-by-itself",
            about,
            "its circuit breaker or alarms take it back to another task definition by themselves, which counts as somebody else's change",
            "turn `rollback` off there: the rollout takes it back",
        )
    })
}

/// Tasks are killed before they can be healthy.
pub(crate) fn impatient(
    groups: &[TargetGroup],
    group: &str,
    service: &Service,
    about: &str,
) -> Option<Finding> {
    let mut groups = groups.iter();
    let group = groups.find(|of| of.target_group_arn() == Some(group))?;
    let interval = group.health_check_interval_seconds()?;
    let grace = service.health_check_grace_period_seconds().unwrap_or(0);
    (grace < interval).then(|| {
        Finding::warns(
            "grace-period-short",
            about,
            format!(
                "its health check grace period is {grace} s, and health checks come every {interval} s, so a task that starts slowly is stopped as unhealthy"
            ),
            "let its grace period be longer than its tasks take to start",
        )
    })
}

/// Targets that cannot be told apart, or are not there.
pub(crate) fn targets(groups: &[TargetGroup], arn: &str) -> Option<Finding> {
    let about = resource(arn);
    let mut groups = groups.iter();
    let Some(group) = groups.find(|of| of.target_group_arn() == Some(arn)) else {
        return Some(Finding::blocks(
            "target-group-missing",
            about,
            "there is no such target group",
            "create it with the target type `ip`",
        ));
    };
    if let Some(finding) = by_ipv6(group, about) {
        return Some(finding);
    }
    (group.target_type() != Some(&TargetTypeEnum::Ip)).then(|| {
        let kind = group.target_type().map_or("unknown", |kind| kind.as_str());
        Finding::blocks(
            "targets-without-addresses",
            about,
            format!("its targets are of type {kind}, so it cannot be told which task is healthy"),
            "use the network mode `awsvpc` and a target group of type `ip`",
        )
    })
}

fn by_ipv6(group: &TargetGroup, about: &str) -> Option<Finding> {
    let kind = group.ip_address_type()?;
    (*kind != TargetGroupIpAddressTypeEnum::Ipv4).then(|| {
        Finding::blocks(
            "targets-without-ipv4",
            about,
            "its targets are known by IPv6 addresses, by which no task is told to be healthy here",
            "use a target group with the IP address type `ipv4`",
        )
    })
}

/// Targets that get their share late.
pub(crate) fn slow_start(attributes: &[TargetGroupAttribute], group: &str) -> Option<Finding> {
    let mut of = attributes
        .iter()
        .filter(|of| of.key() == Some("slow_start.duration_seconds"));
    let seconds = of.next()?.value()?.parse::<u64>().ok()?;
    (seconds > 0).then(|| {
        Finding::warns(
            "slow-start",
            resource(group),
            format!(
                "a new target gets its full share only after {seconds} s, so a candidate is measured at less than its weight"
            ),
            "let the bake of each step be longer than that, or turn slow start off",
        )
    })
}

/// The way home ends there.
fn stable_serves(bound: &Bound, facts: &Facts) -> Option<Finding> {
    let about = bound.service(Track::Stable);
    let TrackStart::Found { replicas, .. } = &bound.tracks.stable.start else {
        return None;
    };
    if replicas.number() == 0 {
        return Some(Finding::blocks(
            "stable-has-no-replicas",
            about,
            "stable is told to run 0 tasks, so nothing could carry the traffic home",
            "scale it to what the traffic needs, then start the rollout",
        ));
    }
    let healthy = facts.view.health.stable.iter().any(|target| {
        let state = target.target_health().and_then(|health| health.state());
        state == Some(&TargetHealthStateEnum::Healthy)
    });
    (!healthy).then(|| {
        Finding::blocks(
            "stable-has-no-healthy-target",
            resource(&bound.tracks.stable.target_group),
            "none of its targets is healthy, so nothing could carry the traffic home",
            "mend stable first",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where AWS leaves it out of an answer instead of refusing to tell of it.
    #[test]
    fn a_target_group_that_is_in_no_answer_blocks() {
        let at = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup";
        let other = TargetGroup::builder()
            .target_group_arn(format!("{at}/api/a1"))
            .target_type(TargetTypeEnum::Ip)
            .build();
        let finding = targets(std::slice::from_ref(&other), &format!("{at}/gone/b2"));
        let text = finding.unwrap().to_string();
        for said in [
            "blocked [target-group-missing] targetgroup/gone/b2",
            "there is no such target group",
            "create it with the target type `ip`",
        ] {
            assert!(text.contains(said), "{said:?} is not in {text}");
        }
        assert_eq!(targets(&[other], &format!("{at}/api/a1")), None);
    }
}
