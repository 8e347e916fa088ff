//! What is found before a rollout begins: who is live, what runs, and the recorded start.

use std::time::Duration;

use aws_sdk_applicationautoscaling::types::ScalableTarget;
use aws_sdk_ecs::types::{LoadBalancer, Service};
use aws_sdk_elasticloadbalancingv2::types::TargetGroupAttribute;
use strategy_core::target::{TargetError, TargetErrorKind};
use strategy_core::{Image, Track, Tracks, Traffic, Weight};

use crate::api::Api;
use crate::autoscaling::{self, number, replicas};
use crate::binding::{Bound, BoundRule, BoundScaler, BoundTrack, TrackStart, service};
use crate::claim;
use crate::config::{Owned, OwnedWeights, Slot, WorkloadConfig, resource};
use crate::error::found;
use crate::routes;
use crate::task_definition::Described;
use crate::view::{State, View, definition};

/// The attribute of a target group that tells how long it lets go of a target.
const DELAY: &str = "deregistration_delay.timeout_seconds";

/// What AWS does where a target group does not tell.
const DEFAULT_DELAY: u64 = 300;

/// The start, as it is recorded for the whole rollout, and what there is then.
pub(crate) async fn start(config: &Owned, api: &Api) -> Result<(Bound, View), TargetError> {
    config.place()?;
    let owned = config.owned_weights();
    let [one, other] = owned.workload.slots();
    let names = [one.service.as_str(), other.service.as_str()];
    // First of all, since in another account nothing else is found either.
    let services = api.services(&config.cluster, names).await?;
    for (slot, there) in [one, other].into_iter().zip(&services) {
        if let Some(there) = there {
            in_one_account(there, slot, &service(&config.cluster, &slot.service))?;
        }
    }
    let (rules, scalers, drain) = futures::try_join!(
        api.rules(&owned.rules),
        api.scalers(&config.cluster, names),
        drain(owned, api),
    )?;
    let state = State {
        services: pair(services),
        rules,
        scalers: pair(scalers),
        ..State::default()
    };
    let forwards = state.forwards()?;
    let groups = Tracks {
        stable: one.target_group.as_str(),
        candidate: other.target_group.as_str(),
    };
    let routed = routes::read(groups, &forwards)?;
    if let Some((rule, group)) = routed.strangers.first() {
        let message = format!(
            "it sends to {} as well, which belongs to neither service, so shares would be none of all traffic; take its weight away",
            resource(group)
        );
        return Err(ambiguous(rule, message));
    }
    let turned = match &owned.workload {
        WorkloadConfig::Canary(_) => false,
        WorkloadConfig::Pair(_) => {
            let live = (routed.weight, routed.agree);
            match live {
                (Weight::ZERO, true) => false,
                (Weight::FULL, true) => true,
                _ => {
                    let message = format!(
                        "both {} and {} carry traffic, so it is not clear which is live; give all of it to one of them in every rule",
                        one.service, other.service
                    );
                    let rule = owned.rules.first().map(crate::config::RuleConfig::resource);
                    return Err(ambiguous(&rule.unwrap_or_default(), message));
                }
            }
        }
    };
    let slots = if turned { [other, one] } else { [one, other] };
    let state = if turned { turn(state) } else { state };
    let rules = forwards.into_iter();
    let rules = rules.map(|(rule, forward)| BoundRule { rule, forward });
    let mut bound = Bound::new(
        config.cluster.clone(),
        tracks(config, slots, &state, api).await?,
        rules.collect(),
        Traffic::default(),
        drain,
    );
    let forwards = state.forwards()?;
    let routed = routes::read(bound.groups(), &forwards)?;
    bound.traffic = routed.traffic(&bound.rules, &forwards);
    bound.start = state.fields(&bound, &forwards);
    bound.over = claim::last_epoch(&state.claimable(&bound));
    let view = api.view_of(&bound, state).await?;
    Ok((bound, view))
}

fn ambiguous(rule: &str, message: String) -> TargetError {
    found(
        TargetErrorKind::Ambiguous,
        "read the weights of",
        rule,
        message,
    )
}

fn pair<T>([stable, candidate]: [T; 2]) -> Tracks<T> {
    Tracks { stable, candidate }
}

/// The same with the roles of the tracks changed.
fn turn(state: State) -> State {
    let swap = |tracks: Tracks<Option<Service>>| Tracks {
        stable: tracks.candidate,
        candidate: tracks.stable,
    };
    let swap_scalers = |tracks: Tracks<Option<ScalableTarget>>| Tracks {
        stable: tracks.candidate,
        candidate: tracks.stable,
    };
    State {
        services: swap(state.services),
        scalers: swap_scalers(state.scalers),
        rules: state.rules,
        previews: state.previews,
    }
}

/// How long a request that began before a change may still be under way.
async fn drain(owned: &OwnedWeights, api: &Api) -> Result<Duration, TargetError> {
    if let Some(drain) = owned.drain {
        return Ok(drain);
    }
    let [one, other] = owned.workload.slots();
    let both = futures::try_join!(
        api.attributes(&one.target_group),
        api.attributes(&other.target_group)
    )?;
    let mut longest = 0;
    for (group, attributes) in [(one, both.0), (other, both.1)] {
        longest = delay(&group.target_group, &attributes)?.max(longest);
    }
    Ok(Duration::from_secs(longest))
}

/// The deregistration delay of a target group, in seconds.
pub(crate) fn delay(group: &str, attributes: &[TargetGroupAttribute]) -> Result<u64, TargetError> {
    let delay = attributes.iter().find(|of| of.key() == Some(DELAY));
    let delay = delay.and_then(|delay| delay.value());
    match delay.map(str::parse) {
        None => Ok(DEFAULT_DELAY),
        Some(Ok(seconds)) => Ok(seconds),
        Some(Err(_)) => {
            let message = format!("its `{DELAY}` is no number; set `drain`");
            let kind = TargetErrorKind::Unexpected;
            let action = "elasticloadbalancing:DescribeTargetGroupAttributes";
            Err(found(kind, action, resource(group), message))
        }
    }
}

/// Whether every image has a tag or a digest.
pub(crate) fn check_images(described: &Described) -> Result<(), TargetError> {
    for (container, image) in described.image_texts() {
        if let Err(error) = image.parse::<Image>() {
            let message = format!("container {container}: {error}; give it a tag or a digest");
            let about = format!("task-definition/{}", described.short());
            let kind = TargetErrorKind::InvalidConfig;
            return Err(found(kind, "ecs:DescribeServices", &about, message));
        }
    }
    Ok(())
}

async fn tracks(
    config: &Owned,
    slots: [&Slot; 2],
    state: &State,
    api: &Api,
) -> Result<Tracks<BoundTrack>, TargetError> {
    let [stable_slot, candidate_slot] = slots;
    let stable = found_track(config, stable_slot, state, Track::Stable, api).await?;
    let may_create = match &config.owned_weights().workload {
        WorkloadConfig::Pair(_) => false,
        WorkloadConfig::Canary(canary) => canary.create,
    };
    let candidate = if may_create && state.services.candidate.is_none() {
        BoundTrack {
            service: candidate_slot.service.clone(),
            target_group: candidate_slot.target_group.clone(),
            container: stable.container.clone(),
            port: stable.port,
            scaler: None,
            start: TrackStart::Missing,
        }
    } else {
        found_track(config, candidate_slot, state, Track::Candidate, api).await?
    };
    Ok(Tracks { stable, candidate })
}

async fn found_track(
    config: &Owned,
    slot: &Slot,
    state: &State,
    track: Track,
    api: &Api,
) -> Result<BoundTrack, TargetError> {
    const ACTION: &str = "ecs:DescribeServices";
    let about = service(&config.cluster, &slot.service);
    let Some(there) = state.active(track) else {
        let message = match (state.services.of(track), track) {
            (Some(_), _) => "it was deleted and is draining; wait until its last task has stopped",
            (None, Track::Stable) => {
                "there is no such service in the cluster; correct its name, or make the first release by hand, then use a rollout for the next one"
            }
            (None, Track::Candidate) => {
                "there is no such service in the cluster; correct its name, create it, no tasks are needed, or let a canary be created"
            }
        };
        return Err(found(TargetErrorKind::NotFound, ACTION, &about, message));
    };
    let balancer = balancer(there, slot, &about)?;
    let described = api.definition(definition(there)).await?;
    check_images(&described)?;
    let scaler = state.scalers.of(track).as_ref();
    let count = autoscaling::count(number(there.desired_count), scaler);
    Ok(BoundTrack {
        service: slot.service.clone(),
        target_group: slot.target_group.clone(),
        container: balancer.container_name().unwrap_or_default().to_owned(),
        port: balancer.container_port().unwrap_or_default(),
        scaler: scaler.map(|scaler| BoundScaler {
            minimum: number(scaler.min_capacity),
            suspended: autoscaling::suspended(scaler),
            off: there.desired_count == 0,
        }),
        start: TrackStart::Found {
            task_definition: definition(there).to_owned(),
            replicas: replicas(count),
        },
    })
}

/// Services are found by name in whatever account and region the clients are of: a cluster of the same name
/// in another one is not what is meant.
fn in_one_account(there: &Service, slot: &Slot, about: &str) -> Result<(), TargetError> {
    let place = |arn: &str| -> Vec<String> {
        let parts = arn.split(':').skip(3).take(2);
        parts.map(str::to_owned).collect()
    };
    let found_at = place(there.service_arn().unwrap_or_default());
    let meant = place(&slot.target_group);
    if found_at == meant {
        return Ok(());
    }
    let message = format!(
        "it is in {}, and its target group in {}; use credentials of that account and clients of that region",
        found_at.join("/"),
        meant.join("/")
    );
    let kind = TargetErrorKind::InvalidConfig;
    Err(found(kind, "ecs:DescribeServices", about, message))
}

/// The block of a service that registers its tasks in the slot's target group.
fn balancer<'a>(
    there: &'a Service,
    slot: &Slot,
    about: &str,
) -> Result<&'a LoadBalancer, TargetError> {
    let mut balancers = there.load_balancers().iter();
    let ours = balancers.find(|of| of.target_group_arn() == Some(&slot.target_group));
    ours.ok_or_else(|| {
        let groups = there.load_balancers().iter();
        let groups: Vec<_> = groups
            .filter_map(|of| of.target_group_arn())
            .map(resource)
            .collect();
        let message = format!(
            "its tasks are not registered in {}; name the target group that they are in: {}",
            resource(&slot.target_group),
            if groups.is_empty() {
                "it has none".to_owned()
            } else {
                groups.join(", ")
            }
        );
        let kind = TargetErrorKind::InvalidConfig;
        found(kind, "ecs:DescribeServices", about, message)
    })
}

/// As people call the tracks.
pub(crate) fn names(bound: &Bound) -> Tracks<String> {
    crate::view::tracks(|track| bound.service(track))
}
