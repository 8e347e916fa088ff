//! Other people's hands: who wrote the routes last, and what was changed since we wrote it.

use serde_json::Value;
use strategy_core::Replicas;
use strategy_core::target::{ForeignChange, ForeignField, Writer};

use super::strangers::strangers_behind;
use crate::api::FIELD_MANAGER;
use crate::binding::{Bound, TrackStart};
use crate::hands::Hands;
use crate::mark;
use crate::object::ObjectRef;
use crate::owned::Fields;
use crate::router::{Beside, Router, RouterState};
use crate::view::View;
use crate::workload::managed::{self, FieldWriter};
use crate::workload::template;

/// Who wrote the routes last: of all the router's objects the latest writer, and somebody else before us, since times
/// are in whole seconds.
pub(super) fn route_writer(
    bound: &Bound,
    router: &dyn Router,
    view: &View,
    hands: &Hands,
) -> Writer {
    let others = hands.keys().filter_map(|object| {
        let content = view.objects.get(object)?;
        managed::last_other(content, router.managed_paths(object), FIELD_MANAGER)
    });
    if let Some(FieldWriter { name, time }) = others.max_by(|one, other| one.time.cmp(&other.time))
    {
        return Writer::Other {
            name,
            version: time,
        };
    }
    let latest = bound.router.iter().flat_map(|object| {
        let content = view.objects.get(object);
        let paths = router.managed_paths(object).iter();
        paths.filter_map(move |path| last_writer(content?, path))
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
pub(super) fn foreign(
    bound: &Bound,
    router: &dyn Router,
    view: &View,
    fields: &Fields,
    (state, hands): (&RouterState, &Hands),
) -> Vec<ForeignChange> {
    let mut changes = Vec::new();
    let mut differs = |object: &ObjectRef, paths: &[&[&str]], field, what: String| {
        let content = view.objects.get(object);
        let other = content.and_then(|content| managed::last_other(content, paths, FIELD_MANAGER));
        changes.push(ForeignChange::new(
            other.map_or_else(|| "somebody".to_owned(), |other| other.name),
            field,
            format!("{what} of {object} was changed"),
        ));
    };
    for object in &bound.router {
        if hands.contains_key(object) {
            let paths = router.managed_paths(object);
            differs(object, paths, ForeignField::Traffic, "traffic".to_owned());
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
            differs(
                &object,
                &[&["f:spec", "f:template"]],
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
        // A count of 0 switches an autoscaler off and leaves its minimum.
        let (is, recorded) = match now.scaler {
            Some(scaler) => (Some(scaler.minimum), of.minimum),
            None => (
                now.replicas.map(Replicas::number),
                found_replicas.map(Replicas::number),
            ),
        };
        let expected = noted.or_else(|| recorded.map(u64::from));
        if is.map(u64::from) != expected && (now.scaler.is_none() || expected.is_some()) {
            let what = format!("the count ({} now)", is.unwrap_or(0));
            differs(&scaled, &[&path], ForeignField::Capacity, what);
        }
    }
    if let Some(known) = &bound.beside {
        let added = state.beside.iter().filter(|(key, _)| !known.contains(*key));
        for (_, Beside { object, words }) in added {
            let message = format!("{object} was changed: {words}");
            let content = view.objects.get(object);
            // Of one that is never written, whoever wrote anything of it last.
            let paths = match router.managed_paths(object) {
                [] => &[[].as_slice()],
                paths => paths,
            };
            let by = content
                .and_then(|content| managed::last_other(content, paths, FIELD_MANAGER))
                .map_or_else(|| "somebody".to_owned(), |other| other.name);
            changes.push(ForeignChange::new(by, ForeignField::Traffic, message));
        }
    }
    changes.extend(lost(bound, view));
    // The first of all, where there is one.
    let traffic = changes
        .first_mut()
        .filter(|change| change.field == ForeignField::Traffic);
    if let (Some(change), Some(broken)) = (traffic, &state.broken) {
        change.message = format!("{}: {broken}", change.message);
    }
    if let Some(service) = bound.service() {
        // Without their names, which change with every pod: they are one and the same news.
        if !strangers_behind(bound, view, service).is_empty() {
            let message = format!("{service} sends to pods that belong to neither track");
            changes.push(ForeignChange::new(
                "somebody",
                ForeignField::Traffic,
                message,
            ));
        }
    }
    changes
}

/// Objects that the claim is not on any more, while it is on others.
fn lost(bound: &Bound, view: &View) -> Vec<ForeignChange> {
    let there = |object: &ObjectRef| Some((object.clone(), view.objects.get(object)?));
    let objects: Vec<_> = bound.objects().iter().filter_map(there).collect();
    if objects.iter().all(|(_, content)| mark::is_free(content)) {
        return Vec::new();
    }
    let mut lost = Vec::new();
    for (object, content) in objects {
        let what = if bound.is_another(&object, content) {
            format!("{object} was deleted and made again")
        } else if mark::is_free(content) {
            format!("the claim on {object} was taken away")
        } else {
            continue;
        };
        let field = match object.kind.as_str() {
            "Deployment" => ForeignField::Revision,
            "HorizontalPodAutoscaler" => ForeignField::Capacity,
            _ => ForeignField::Traffic,
        };
        lost.push(ForeignChange::new("somebody", field, what));
    }
    lost
}
