//! What is found before a rollout begins: who is live, what runs, and the recorded start.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use strategy_core::target::{TargetError, TargetErrorKind};
use strategy_core::{Image, Track, Tracks};

use crate::binding::{Bound, BoundTrack, TrackStart};
use crate::config::{Canary, Config, RouterConfig, ServiceSelectorRouter, Slot, WorkloadConfig};
use crate::definitions;
use crate::error::found;
use crate::object::{ObjectRef, Objects, name, text, texts, uid};
use crate::owned;
use crate::router::{PodLabels, Router};
use crate::view::Views;
use crate::workload::{Blueprint, template};

/// The start, as it is recorded for the whole rollout.
pub(crate) async fn start(
    config: &Config,
    router: &dyn Router,
    views: &Views,
) -> Result<Bound, TargetError> {
    config.check_names()?;
    config.check_router().map_err(|message| {
        let what = "the configuration";
        found(TargetErrorKind::InvalidConfig, "read", &what, message)
    })?;
    let watched = views.watches().api().namespace();
    if watched != config.namespace {
        let message = format!(
            "the watches are of namespace {watched}, and the target is of {}; share watches within one namespace",
            config.namespace
        );
        let what = "the configuration";
        return Err(found(
            TargetErrorKind::InvalidConfig,
            "read",
            &what,
            message,
        ));
    }
    let routes = definitions::served(views.watches().api(), router).await?;
    let mut wanted = routes.clone();
    wanted.extend(deployments(&config.workload));
    let mut objects = views.objects(&wanted).await?;
    let autoscalers = views.autoscalers().await?;
    if let Some(missing) = routes.iter().find(|object| !objects.contains_key(*object)) {
        let message = format!(
            "there is none in namespace {}; create it, or name the one that carries the traffic",
            config.namespace
        );
        return Err(found(TargetErrorKind::NotFound, "get", &missing, message));
    }
    let tracks = match &config.workload {
        WorkloadConfig::Slots(slots) => slot_tracks(config, router, slots, &objects, &autoscalers)?,
        WorkloadConfig::Canary(canary) => canary_tracks(config, canary, &objects, &autoscalers)?,
    };
    let is_written = |object: &ObjectRef| !router.managed_paths(object).is_empty();
    let (written, mut read_only): (Vec<_>, Vec<_>) = routes.into_iter().partition(is_written);
    // Of those that are not there `admit` tells.
    let carriers = views.objects(&router.carriers(&objects)).await?;
    read_only.extend(carriers.into_keys());
    let mut bound = Bound::new(
        config.namespace.clone(),
        tracks,
        strategy_core::Traffic::default(),
        Value::Null,
        (written, read_only),
    );
    views.add_all(&router.kinds(), &mut objects).await?;
    let state = router.read(&objects, &bound.labels())?;
    bound.traffic = state.traffic;
    bound.routes = state.owned;
    bound.beside = Some(state.beside.into_keys().collect());
    bound.uids = uids(&bound, &objects, &autoscalers);
    Ok(bound)
}

/// Of everything that may be written.
fn uids(bound: &Bound, objects: &Objects, autoscalers: &[Arc<Value>]) -> BTreeMap<String, String> {
    let content = |object: &ObjectRef| {
        if object.kind == ObjectRef::autoscaler("").kind {
            let mut scalers = autoscalers.iter().map(AsRef::as_ref);
            scalers.find(|scaler| name(scaler) == object.name)
        } else {
            objects.get(object)
        }
    };
    let known = bound.objects().into_iter().filter_map(|object| {
        let uid = uid(content(&object)?).to_owned();
        (!uid.is_empty()).then(|| (object.to_string(), uid))
    });
    known.collect()
}

fn deployments(workload: &WorkloadConfig) -> Vec<ObjectRef> {
    match workload {
        WorkloadConfig::Slots(slots) => {
            let slots = slots.iter();
            slots
                .map(|slot| ObjectRef::deployment(&slot.deployment))
                .collect()
        }
        WorkloadConfig::Canary(canary) => vec![
            ObjectRef::deployment(&canary.stable),
            ObjectRef::deployment(&canary.canary_name()),
        ],
    }
}

fn slot_tracks(
    config: &Config,
    router: &dyn Router,
    slots: &[Slot; 2],
    objects: &Objects,
    autoscalers: &[Arc<Value>],
) -> Result<Tracks<BoundTrack>, TargetError> {
    let [one, other] = slots;
    if one.deployment == other.deployment {
        let message = "both slots are the same Deployment; name two";
        let object = ObjectRef::deployment(&one.deployment);
        return Err(found(
            TargetErrorKind::InvalidConfig,
            "read",
            &object,
            message,
        ));
    }
    for slot in slots {
        deployment(
            &config.namespace,
            objects,
            &slot.deployment,
            "apply it first; no replicas are needed",
        )?;
    }
    let [stable, candidate] = match &config.router {
        RouterConfig::ServiceSelector(router) => by_selector(router, slots, objects)?,
        // Those that share are here for the match alone: `check_router` has refused slots behind them.
        RouterConfig::Ingress(_) | RouterConfig::Istio(_) | RouterConfig::Gateway(_) => {
            by_routes(router, slots, objects)?
        }
    };
    let track = |slot: &Slot| {
        let preview = slot.preview.clone();
        found_track(
            &config.namespace,
            objects,
            autoscalers,
            &slot.deployment,
            preview,
        )
    };
    Ok(Tracks {
        stable: track(stable)?,
        candidate: track(candidate)?,
    })
}

/// The live slot first: the one whose pods the Service selects.
fn by_selector<'a>(
    router: &ServiceSelectorRouter,
    slots: &'a [Slot; 2],
    objects: &Objects,
) -> Result<[&'a Slot; 2], TargetError> {
    let [one, other] = slots;
    let service = ObjectRef::service(&router.service);
    let selector = objects
        .get(&service)
        .map(|service| texts(service, "/spec/selector"));
    let selector = selector.unwrap_or_default();
    let Some(live) = selector.get(&router.key) else {
        let message = format!(
            "its selector has no key `{}`, so no slot is live; add the key with the value of the slot that is to serve",
            router.key
        );
        return Err(found(
            TargetErrorKind::Ambiguous,
            "read the selector of",
            &service,
            message,
        ));
    };
    let carries = |slot: &Slot| {
        let content = objects.get(&ObjectRef::deployment(&slot.deployment));
        let labels = content.map(|content| texts(content, "/spec/template/metadata/labels"));
        labels.unwrap_or_default().get(&router.key) == Some(live)
    };
    match (carries(one), carries(other)) {
        (true, false) => Ok([one, other]),
        (false, true) => Ok([other, one]),
        (true, true) => {
            let message = format!(
                "{} and {} both carry `{}: {live}`, so it is not clear which is live; give them different values",
                one.deployment, other.deployment, router.key
            );
            Err(found(
                TargetErrorKind::Ambiguous,
                "read the selector of",
                &service,
                message,
            ))
        }
        (false, false) => {
            let message = format!(
                "it selects `{}: {live}`, which the pods of neither {} nor {} carry; mend the selector or the slots",
                router.key, one.deployment, other.deployment
            );
            Err(found(
                TargetErrorKind::Ambiguous,
                "read the selector of",
                &service,
                message,
            ))
        }
    }
}

/// The live slot first: the one that gets all of the traffic.
fn by_routes<'a>(
    router: &dyn Router,
    slots: &'a [Slot; 2],
    objects: &Objects,
) -> Result<[&'a Slot; 2], TargetError> {
    let [one, other] = slots;
    let pods = |slot: &Slot| {
        let content = objects.get(&ObjectRef::deployment(&slot.deployment));
        content.map_or_else(PodLabels::default, |content| PodLabels {
            labels: texts(content, "/spec/template/metadata/labels"),
            selector: content
                .pointer("/spec/selector")
                .cloned()
                .unwrap_or_default(),
        })
    };
    let tracks = Tracks {
        stable: pods(one),
        candidate: pods(other),
    };
    let traffic = router.read(objects, &tracks)?.traffic;
    Ok(if traffic.reaches_candidate() {
        [other, one]
    } else {
        [one, other]
    })
}

fn canary_tracks(
    config: &Config,
    canary: &Canary,
    objects: &Objects,
    autoscalers: &[Arc<Value>],
) -> Result<Tracks<BoundTrack>, TargetError> {
    let stable = deployment(
        &config.namespace,
        objects,
        &canary.stable,
        "make the first release by hand, then use a rollout for the next one",
    )?;
    let canary_name = canary.canary_name();
    let candidate = if objects.contains_key(&ObjectRef::deployment(&canary_name)) {
        found_track(
            &config.namespace,
            objects,
            autoscalers,
            &canary_name,
            canary.preview.clone(),
        )?
    } else if canary.create {
        BoundTrack {
            start: TrackStart::Missing(Blueprint::of(stable, &canary_name, &canary.labels)),
            deployment: canary_name,
            autoscaler: None,
            minimum: None,
            preview: canary.preview.clone(),
        }
    } else {
        let message = format!(
            "there is none in namespace {}, and `create` is off; apply it first, or let it be created",
            config.namespace
        );
        let object = ObjectRef::deployment(&canary_name);
        return Err(found(TargetErrorKind::NotFound, "get", &object, message));
    };
    Ok(Tracks {
        stable: found_track(
            &config.namespace,
            objects,
            autoscalers,
            &canary.stable,
            None,
        )?,
        candidate,
    })
}

fn deployment<'a>(
    namespace: &str,
    objects: &'a Objects,
    name: &str,
    mend: &str,
) -> Result<&'a Value, TargetError> {
    let object = ObjectRef::deployment(name);
    objects.get(&object).ok_or_else(|| {
        let message =
            format!("there is none in namespace {namespace}; correct its name, or {mend}");
        found(TargetErrorKind::NotFound, "get", &object, message)
    })
}

fn found_track(
    namespace: &str,
    objects: &Objects,
    autoscalers: &[Arc<Value>],
    deployment_name: &str,
    preview: Option<String>,
) -> Result<BoundTrack, TargetError> {
    let content = deployment(namespace, objects, deployment_name, "apply it first")?;
    let object = ObjectRef::deployment(deployment_name);
    let template = content
        .pointer("/spec/template")
        .cloned()
        .unwrap_or_default();
    for (container, image) in template::image_texts(&template) {
        if let Err(error) = image.parse::<Image>() {
            let message = format!("container {container}: {error}; give it a tag or a digest");
            return Err(found(
                TargetErrorKind::InvalidConfig,
                "read",
                &object,
                message,
            ));
        }
    }
    let autoscaler = autoscaler_of(&object, autoscalers)?;
    Ok(BoundTrack {
        deployment: deployment_name.to_owned(),
        autoscaler: autoscaler.map(|autoscaler| name(autoscaler).to_owned()),
        minimum: autoscaler.map(|autoscaler| owned::floor(autoscaler)),
        preview,
        start: TrackStart::Found {
            selector: content
                .pointer("/spec/selector")
                .cloned()
                .unwrap_or_default(),
            replicas: owned::replicas(content, autoscaler.map(AsRef::as_ref), None),
            template: template::plain(&template),
        },
    })
}

fn autoscaler_of<'a>(
    deployment: &ObjectRef,
    autoscalers: &'a [Arc<Value>],
) -> Result<Option<&'a Arc<Value>>, TargetError> {
    let scales = |autoscaler: &&Arc<Value>| {
        text(autoscaler, "/spec/scaleTargetRef/kind") == "Deployment"
            && text(autoscaler, "/spec/scaleTargetRef/name") == deployment.name
    };
    let mut found_ones = autoscalers.iter().filter(scales);
    match (found_ones.next(), found_ones.next()) {
        (one, None) => Ok(one),
        (Some(one), Some(other)) => {
            let message = format!(
                "both {} and {} scale it; leave one of them",
                name(one),
                name(other)
            );
            Err(found(
                TargetErrorKind::Ambiguous,
                "get the autoscaler of",
                &deployment,
                message,
            ))
        }
        (None, Some(_)) => Ok(None),
    }
}

/// As people call the tracks.
pub(crate) fn names(bound: &Bound) -> Tracks<String> {
    let name = |track: Track| bound.tracks.of(track).object().to_string();
    Tracks {
        stable: name(Track::Stable),
        candidate: name(Track::Candidate),
    }
}
