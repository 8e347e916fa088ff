//! From what is known of a part to an observation. Pure.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};
use strategy_core::target::{
    Autoscaler, Effective, ForeignChange, ForeignField, Observation, ObservedTrack,
    ObservedTraffic, TargetError, TargetErrorKind, Version, Writer, Written,
};
use strategy_core::{Replicas, Track, Traffic};

use crate::api::FIELD_MANAGER;
use crate::binding::{Bound, TrackStart};
use crate::config::Config;
use crate::error::found;
use crate::mark;
use crate::object::{ObjectRef, count, list, text, texts};
use crate::owned::{Fields, floor};
use crate::pods::{self, Naming};
use crate::router::{Router, RouterState};
use crate::view::View;
use crate::workload::managed::{self, FieldWriter};
use crate::workload::template;

/// What is found.
pub(crate) fn observation(
    config: &Config,
    bound: &Bound,
    router: &dyn Router,
    view: &View,
) -> Result<Observation, TargetError> {
    nothing_is_gone(bound, view)?;
    let state = router.read(&view.objects, &bound.labels())?;
    let fields = Fields::of(bound, &view.objects, &state.owned);
    let mut observation = Observation {
        stable: track(config, bound, view, &fields, Track::Stable),
        candidate: track(config, bound, view, &fields, Track::Candidate),
        traffic: traffic(config, bound, router, view, &state),
        platform: None,
        foreign: foreign(bound, router, view, &fields),
        owned: fields.wrap()?,
        version: Version::default(),
        age: std::time::Duration::ZERO,
    };
    observation.version = version(&observation)?;
    observation.age = view.age;
    Ok(observation)
}

/// What was there at the start and is gone is not an empty thing, but an unknown one.
fn nothing_is_gone(bound: &Bound, view: &View) -> Result<(), TargetError> {
    for object in bound.found_objects() {
        if !view.objects.contains_key(&object) {
            let message = "it was there when the rollout began and is gone; create it again";
            return Err(found(TargetErrorKind::NotFound, "get", object, message));
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
            "observation",
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
        Some(Written {
            revision: naming.revision(template, pods::number(&of.deployment, sets, template)),
            replicas: fields.tracks.of(track).replicas?,
        })
    });
    let autoscaler = of.autoscaler_object();
    let autoscaler = autoscaler.and_then(|object| view.objects.get(&object));
    ObservedTrack {
        labels: identity(bound, track),
        written,
        pods: pods::of_deployment(
            &of.deployment,
            sets,
            view.pods.of(track),
            &naming,
            config.unschedulable_is_fatal,
        ),
        autoscaler: deployment.zip(autoscaler).map(|(deployment, autoscaler)| {
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
        }),
        preview: of.preview.clone(),
    }
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
    state: &RouterState,
) -> ObservedTraffic {
    let effective = match &view.slices {
        None => Effective::Unverified,
        Some(slices) => effective(bound, view, slices, &state.traffic),
    };
    ObservedTraffic {
        written: state.traffic.clone(),
        effective,
        drain: config.drain,
        sticky: state.sticky,
        writer: route_writer(bound, router, view),
    }
}

/// A Service sends where its EndpointSlices point: what is written is effective when no ready
/// endpoint is left of the track that gets nothing, and those of the other have arrived.
fn effective(
    bound: &Bound,
    view: &View,
    slices: &[std::sync::Arc<Value>],
    written: &Traffic,
) -> Effective {
    let live = if written.reaches_candidate() {
        Track::Candidate
    } else {
        Track::Stable
    };
    let names = pods::names(&bound.tracks.of(live).deployment, view.pods.of(live));
    let mut arrived = 0;
    for endpoint in slices.iter().flat_map(|slice| list(slice, "/endpoints")) {
        let is_ready = endpoint
            .pointer("/conditions/ready")
            .is_none_or(|ready| ready != false);
        if !is_ready {
            continue;
        }
        if !names.contains(text(endpoint, "/targetRef/name")) {
            return Effective::Converging;
        }
        arrived += 1;
    }
    let ready: u32 = pods::of_deployment(
        &bound.tracks.of(live).deployment,
        view.replica_sets.of(live),
        view.pods.of(live),
        &Naming::default(),
        false,
    )
    .iter()
    .map(|pods| pods.ready)
    .sum();
    if arrived == 0 && ready > 0 {
        Effective::Converging
    } else {
        Effective::Verified(written.clone())
    }
}

/// Who wrote the routes last: of all the router's objects the latest writer.
fn route_writer(bound: &Bound, router: &dyn Router, view: &View) -> Writer {
    let latest = bound.router.iter().filter_map(|object| {
        let path = router.managed_path(object);
        if path.is_empty() {
            return None;
        }
        last_writer(view.objects.get(object)?, path)
    });
    match latest.max_by(|one, other| one.time.cmp(&other.time)) {
        Some(writer) if writer.name == FIELD_MANAGER => Writer::Us,
        Some(writer) => Writer::Other {
            name: writer.name,
            version: writer.time,
        },
        None => Writer::Unknown,
    }
}

/// Whoever holds a field together with us agrees with us.
fn last_writer(content: &Value, path: &[&str]) -> Option<FieldWriter> {
    let mut writers = managed::writers(content, path);
    let ours = writers
        .iter()
        .position(|writer| writer.name == FIELD_MANAGER);
    (!writers.is_empty()).then(|| writers.swap_remove(ours.unwrap_or(0)))
}

/// What somebody else changed since we wrote it, or since discovery if we did not.
fn foreign(bound: &Bound, router: &dyn Router, view: &View, fields: &Fields) -> Vec<ForeignChange> {
    let mut changes = Vec::new();
    let mut differs = |object: &ObjectRef, path: &[&str], field, what: String| {
        let content = view.objects.get(object);
        let writers = content
            .map(|content| managed::writers(content, path))
            .unwrap_or_default();
        let other = writers
            .into_iter()
            .find(|writer| writer.name != FIELD_MANAGER);
        changes.push(ForeignChange {
            by: other.map_or_else(|| "somebody".to_owned(), |writer| writer.name),
            field,
            message: format!("{what} of {object} was changed"),
        });
    };
    if let Some(first) = bound.router.first() {
        let note = view
            .objects
            .get(first)
            .map(mark::written)
            .unwrap_or_default();
        let noted = note.get("routes").and_then(Value::as_str);
        let recorded = || template::digest(&bound.routes);
        let expected = noted.map_or_else(recorded, str::to_owned);
        if fields.routes != expected {
            let changed = bound
                .router
                .iter()
                .filter(|object| !router.managed_path(object).is_empty());
            let by_others = |object: &&ObjectRef| {
                let content = view.objects.get(*object);
                let writer =
                    content.and_then(|content| last_writer(content, router.managed_path(object)));
                writer.is_some_and(|writer| writer.name != FIELD_MANAGER)
            };
            let object = changed.clone().find(by_others).unwrap_or(first);
            differs(
                object,
                router.managed_path(object),
                ForeignField::Traffic,
                "traffic".to_owned(),
            );
        }
    }
    for (track, of) in bound.tracks.iter() {
        let object = of.object();
        let Some(content) = view.objects.get(&object) else {
            continue;
        };
        let now = fields.tracks.of(track);
        let note = mark::written(content);
        let (found_template, found_replicas) = match &of.start {
            TrackStart::Found {
                template, replicas, ..
            } => (Some(template::id(template)), Some(*replicas)),
            TrackStart::Missing(_) => (None, None),
        };
        let noted = note
            .get("template")
            .and_then(Value::as_str)
            .map(str::to_owned);
        if now.template != noted.or(found_template) {
            let path = ["f:spec", "f:template"];
            differs(
                &object,
                &path,
                ForeignField::Revision,
                "the template".to_owned(),
            );
        }
        let (scaled, path) = match of.autoscaler_object() {
            Some(autoscaler) => (autoscaler, ["f:spec", "f:minReplicas"]),
            None => (object, ["f:spec", "f:replicas"]),
        };
        let note = view
            .objects
            .get(&scaled)
            .map(mark::written)
            .unwrap_or_default();
        let noted = note.get("replicas").and_then(Value::as_u64);
        let expected = noted.or_else(|| found_replicas.map(|found| u64::from(found.number())));
        let is = now.replicas.map(Replicas::number).map(u64::from);
        // A count of 0 switches an autoscaler off and leaves its minimum.
        let switched_off = now.replicas == Some(Replicas::Floor(0));
        if is != expected && !switched_off {
            let what = format!("the count ({} now)", is.unwrap_or(0));
            differs(&scaled, &path, ForeignField::Capacity, what);
        }
    }
    changes
}
