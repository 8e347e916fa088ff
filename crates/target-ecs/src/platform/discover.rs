//! What is found of a service before a rollout begins, and the recorded start.

use std::time::Duration;

use aws_sdk_ecs::types::Service;
use strategy_core::Tracks;
use strategy_core::target::{TargetError, TargetErrorKind};

use super::binding::{Start, Tag};
use super::situation::{BALANCING, CONFIGURATION, COUNT, DEFINITION, key};
use super::{Balancer, Bound, Configuration, Seen, Shifted, View};
use crate::api::Api;
use crate::autoscaling::number;
use crate::claim::last_epoch;
use crate::config::{OneService, RuleConfig};
use crate::discover::{check_images, delay};
use crate::error::found;
use crate::owned::Fields;
use crate::view::{definition, primary};

const ACTION: &str = "ecs:DescribeServices";

/// The start, as it is recorded for the whole rollout, and what there is then.
pub(crate) async fn start(
    mode: Tag,
    of: &OneService,
    api: &Api,
) -> Result<(Bound, View), TargetError> {
    let about = crate::binding::service(&of.cluster, &of.service);
    let (services, scalers) = futures::try_join!(
        api.services(&of.cluster, [of.service.as_str()]),
        api.scalers(&of.cluster, [of.service.as_str()]),
    )?;
    let ([service], [scaler]) = (services, scalers);
    let mut seen = Seen {
        service,
        scaler,
        deployment: None,
        rules: Vec::new(),
        at: api.time(),
    };
    let Some(there) = seen.active() else {
        let message = if seen.service.is_some() {
            "it was deleted and is draining; wait until its last task has stopped"
        } else {
            "there is no such service in the cluster; correct its name, or make the first release by hand, then use a rollout for the next one"
        };
        return Err(found(TargetErrorKind::NotFound, ACTION, &about, message));
    };
    check_images(&*api.definition(definition(there)).await?)?;
    let balancers = balancers(there, &about)?;
    let drain = drain(&balancers, api).await?;
    let start = Start {
        task_definition: definition(there).to_owned(),
        count: number(there.desired_count),
        is_scaled: seen.scaler.is_some(),
        deployment: primary_id(there, &about)?,
        balancers,
        configuration: (mode == Tag::NativeGated).then(|| Configuration::of(there)),
        grace_seconds: there.health_check_grace_period_seconds,
    };
    let mut fields = Fields::default();
    let mut put = |name: &str, value: String| fields.0.insert(name.to_owned(), value);
    put(DEFINITION, key(&start.task_definition));
    put(COUNT, start.count.to_string());
    put(BALANCING, start.balancing());
    if let Some(configuration) = &start.configuration {
        put(CONFIGURATION, configuration.key());
    }
    let (cluster, service) = (of.cluster.clone(), of.service.clone());
    let mut bound = Bound::new(mode, cluster, service, start, drain, fields);
    bound.over = last_epoch(&seen.claimable(&bound));
    if mode == Tag::NativeGated {
        bound.shifted = shifted(&bound, api).await?;
        seen.rules = api.shifted(&bound).await?;
    }
    seen.deployment = api.followed(&bound, &seen).await?;
    let view = api.whole(&bound, seen).await?;
    Ok((bound, view))
}

/// The rules that ECS shifts, as far as they can be held against what it was told: admission says of the others
/// why not.
async fn shifted(bound: &Bound, api: &Api) -> Result<Vec<Shifted>, TargetError> {
    let mut shifted = Vec::new();
    for of in &bound.start.balancers {
        let rule = of.advanced.as_ref().and_then(|of| of.production.clone());
        let Some(rule) = rule.filter(|arn| arn.contains(":listener-rule/")) else {
            continue;
        };
        let rule = RuleConfig::Rule(rule);
        let mut groups = of.groups();
        if let (Some(one), Some(other)) = (groups.next(), groups.next())
            && let Some(forward) = api.forward_of(&rule).await?
        {
            shifted.extend(Shifted::of(rule, &forward, [one, other]));
        }
    }
    Ok(shifted)
}

fn primary_id(there: &Service, about: &str) -> Result<String, TargetError> {
    let id = primary(there).and_then(|of| of.id.clone());
    id.ok_or_else(|| {
        let message = "it tells no primary deployment, so it is not deployed by Amazon ECS itself; use a service with the deployment controller ECS";
        found(TargetErrorKind::InvalidConfig, ACTION, about, message)
    })
}

fn balancers(there: &Service, about: &str) -> Result<Vec<Balancer>, TargetError> {
    let balancers = Balancer::of(there);
    if let Some(name) = balancers.iter().find_map(|of| of.name.as_deref()) {
        let message = format!(
            "it is behind the Classic Load Balancer {name}, which does not tell which task is healthy; put it behind target groups"
        );
        return Err(found(TargetErrorKind::Unsupported, ACTION, about, message));
    }
    Ok(balancers)
}

/// The longest deregistration delay of its target groups.
async fn drain(balancers: &[Balancer], api: &Api) -> Result<Duration, TargetError> {
    let mut longest = 0;
    for group in balancers.iter().flat_map(Balancer::groups) {
        longest = longest.max(delay(group, &api.attributes(group).await?)?);
    }
    Ok(Duration::from_secs(longest))
}

/// As people call the tracks: what was, and what is to be, in one service.
pub(crate) fn names(bound: &Bound) -> Tracks<String> {
    let name = bound.resource();
    Tracks {
        stable: format!("{name} as it was"),
        candidate: format!("{name} as released"),
    }
}
