//! From what is known of a part to an observation. Pure.

pub(crate) mod effective;
mod foreign;
pub(crate) mod strangers;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};
use strategy_core::target::{
    Autoscaler, Effective, Observation, ObservedTrack, ObservedTraffic, TargetError,
    TargetErrorKind, Version, Written,
};
use strategy_core::{Track, Traffic};

use crate::binding::{Bound, TrackStart};
use crate::config::Config;
use crate::error::found;
use crate::hands::Routing;
use crate::mark;
use crate::object::{count, texts};
use crate::owned::{Fields, floor};
use crate::pods::{self, Naming, Told};
use crate::router::Router;
use crate::view::View;
use crate::workload::template;

/// What is found.
pub(crate) fn observation(
    config: &Config,
    bound: &Bound,
    router: &dyn Router,
    view: &View,
) -> Result<Observation, TargetError> {
    nothing_is_gone(bound, view)?;
    let routing = Routing::read(bound, router, &view.objects)?;
    let fields = Fields::seen(bound, router, &view.objects, &routing);
    let mut observation = Observation::new(
        track(config, bound, view, &fields, Track::Stable),
        track(config, bound, view, &fields, Track::Candidate),
        traffic(config, bound, router, view, &routing),
    );
    observation.foreign = foreign::foreign(bound, router, view, &fields, &routing);
    observation.owned = fields.wrap()?;
    observation.version = version(&observation)?;
    observation.age = view.age;
    Ok(observation)
}

/// What was there at the start and is gone is not an empty thing, but an unknown one.
fn nothing_is_gone(bound: &Bound, view: &View) -> Result<(), TargetError> {
    for object in bound.found_objects() {
        if !view.objects.contains_key(&object) {
            let message = "it was there when the rollout began and is gone; create it again";
            return Err(found(TargetErrorKind::NotFound, "get", &object, message));
        }
    }
    Ok(())
}

/// Equal for equal content: what a look at the same state would show again.
fn version(observation: &Observation) -> Result<Version, TargetError> {
    let text = serde_json::to_string(observation).map_err(|error| {
        found(
            TargetErrorKind::Unexpected,
            "encode",
            &"observation",
            error.to_string(),
        )
    })?;
    let hash = Sha256::digest(text);
    Ok(Version(
        hash.iter()
            .take(10)
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    ))
}

fn track(
    config: &Config,
    bound: &Bound,
    view: &View,
    fields: &Fields,
    track: Track,
) -> ObservedTrack {
    let of = bound.tracks.of(track);
    let deployment = view.objects.get(&of.object());
    let naming = Naming {
        recorded: match &of.start {
            TrackStart::Found { template, .. } => Some(template::id(template)),
            TrackStart::Missing(_) => None,
        },
        asked: deployment.and_then(asked),
    };
    let sets = view.replica_sets.of(track);
    let written = deployment.and_then(|deployment| {
        let template = deployment.pointer("/spec/template")?;
        let number = pods::number(&of.deployment, sets, template);
        let revision = naming.revision(template, number);
        Some(Written::new(revision, fields.tracks.of(track).replicas?))
    });
    let autoscaler = of.autoscaler_object();
    let autoscaler = autoscaler.and_then(|object| view.objects.get(&object));
    let mut seen = ObservedTrack::default();
    seen.labels = identity(bound, track);
    seen.written = written;
    seen.pods = pods::of_deployment(
        &of.deployment,
        sets,
        view.pods.of(track),
        &naming,
        &Told {
            endpoints: view
                .backend_slices
                .of(track)
                .as_deref()
                .and_then(effective::names),
            unschedulable_is_fatal: config.unschedulable_is_fatal,
        },
    );
    seen.autoscaler = deployment.zip(autoscaler).map(|(deployment, autoscaler)| {
        let (min, told) = (
            floor(autoscaler),
            count(deployment, "/spec/replicas").unwrap_or(1),
        );
        let max = count(autoscaler, "/spec/maxReplicas").unwrap_or(told);
        Autoscaler {
            min,
            max,
            // It will want its minimum before it has got round to saying so; a count of 0 has
            // switched it off.
            wanted: if told == 0 { 0 } else { told.max(min.min(max)) },
        }
    });
    seen.preview.clone_from(&of.preview);
    seen
}

/// The revision that was asked for by name, and the identity of its template.
fn asked(deployment: &Value) -> Option<(String, String)> {
    let written = mark::written(deployment);
    let note = |key| Some(written.get(key)?.as_str()?.to_owned());
    Some((note("named")?, note("template")?))
}

/// What tells the track's series from others': the labels of its pods, and where they are.
fn identity(bound: &Bound, track: Track) -> BTreeMap<String, String> {
    let mut labels = texts(&bound.base_template(track), "/metadata/labels");
    let place = |labels: &mut BTreeMap<String, String>, key: &str, value: &str| {
        labels
            .entry(key.to_owned())
            .or_insert_with(|| value.to_owned());
    };
    place(&mut labels, "namespace", &bound.namespace);
    place(
        &mut labels,
        "deployment",
        &bound.tracks.of(track).deployment,
    );
    labels
}

fn traffic(
    config: &Config,
    bound: &Bound,
    router: &dyn Router,
    view: &View,
    routing: &Routing,
) -> ObservedTraffic {
    let state = &routing.state;
    let effective = match &view.slices {
        // What is written is an assumption, and no look at endpoints makes it true.
        _ if state.broken.is_some() => Effective::Converging,
        _ if state.is_partial => Effective::Partial,
        None if !router.is_carried(&view.objects) => Effective::Converging,
        None => Effective::Unverified,
        Some(slices) => effective::effective(bound, view, slices, &state.traffic),
    };
    let mut traffic = ObservedTraffic::new(written(routing), effective);
    traffic.drain = config.drain;
    // A Service forgets a client's pod when its endpoint goes, and a switch takes all of them.
    if view.slices.is_none() {
        traffic.sticky = state.sticky;
    }
    traffic.writer = foreign::route_writer(bound, router, view, &routing.hands);
    traffic
}

/// What is written. Where several objects do not say the same, what those say that are written last; but what
/// somebody made of one of them is heeded before that, and of several what sends the least to the candidate.
///
/// One that says what the last does tells of nothing that they moved, unless the last is theirs as well.
fn written(Routing { state, hands }: &Routing) -> Traffic {
    let last = state.told.last();
    let is_last_theirs = last.is_some_and(|(object, _)| hands.contains_key(object));
    let by_hand = state.told.iter();
    let by_hand = by_hand
        .filter(|(object, told)| {
            hands.contains_key(object) && (is_last_theirs || *told != state.traffic)
        })
        .map(|(_, told)| told)
        .min_by_key(|told| (told.weight, told.mirror));
    by_hand.unwrap_or(&state.traffic).clone()
}
