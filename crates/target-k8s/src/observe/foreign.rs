//! Other people's hands: who wrote the routes last, and what was changed since we wrote it.

use serde_json::Value;
use strategy_core::Replicas;
use strategy_core::target::{ForeignChange, ForeignField, Writer};

use super::strangers::strangers_behind;
use crate::api::FIELD_MANAGER;
use crate::binding::{Bound, BoundTrack, TrackStart};
use crate::hands::{Hands, Routing};
use crate::mark;
use crate::object::ObjectRef;
use crate::owned::{Fields, TrackFields};
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
    routing: &Routing,
) -> Vec<ForeignChange> {
    let mut changes = routes(bound, router, view, &routing.hands);
    for (track, of) in bound.tracks.iter() {
        let Some(deployment) = view.objects.get(&of.object()) else {
            continue;
        };
        let now = fields.tracks.of(track);
        changes.extend(template_of(of, view, deployment, now));
        changes.extend(count_of(of, view, now));
    }
    changes.extend(beside(bound, router, view, &routing.state));
    changes.extend(lost(bound, view));
    // The first of all, where there is one.
    let traffic = changes
        .first_mut()
        .filter(|change| change.field == ForeignField::Traffic);
    if let (Some(change), Some(broken)) = (traffic, &routing.state.broken) {
        change.message = format!("{}: {broken}", change.message);
    }
    changes.extend(strangers(bound, view));
    changes
}

/// Whoever but us wrote something at these paths last, as far as the server knows.
fn author(view: &View, object: &ObjectRef, paths: &[&[&str]]) -> String {
    let content = view.objects.get(object);
    let other = content.and_then(|content| managed::last_other(content, paths, FIELD_MANAGER));
    other.map_or_else(|| "somebody".to_owned(), |other| other.name)
}

/// The router's own part.
fn routes(bound: &Bound, router: &dyn Router, view: &View, hands: &Hands) -> Vec<ForeignChange> {
    let changed = bound
        .router
        .iter()
        .filter(|object| hands.contains_key(*object));
    let changes = changed.map(|object| {
        let by = author(view, object, router.managed_paths(object));
        let message = format!("traffic of {object} was changed");
        ForeignChange::new(by, ForeignField::Traffic, message)
    });
    changes.collect()
}

/// The template of a track.
fn template_of(
    of: &BoundTrack,
    view: &View,
    deployment: &Value,
    now: &TrackFields,
) -> Option<ForeignChange> {
    let note = mark::written(deployment);
    let noted = note.get("template").and_then(Value::as_str);
    let recorded = match &of.start {
        TrackStart::Found { template, .. } => Some(template::id(template)),
        TrackStart::Missing(_) => None,
    };
    if now.template == noted.map(str::to_owned).or(recorded) {
        return None;
    }
    let object = of.object();
    let by = author(view, &object, &[&["f:spec", "f:template"]]);
    let message = format!("the template of {object} was changed");
    Some(ForeignChange::new(by, ForeignField::Revision, message))
}

/// The count of a track, or the minimum of its autoscaler.
fn count_of(of: &BoundTrack, view: &View, now: &TrackFields) -> Option<ForeignChange> {
    let (scaled, path) = match of.autoscaler_object() {
        Some(autoscaler) => (autoscaler, ["f:spec", "f:minReplicas"]),
        None => (of.object(), ["f:spec", "f:replicas"]),
    };
    let note = view.objects.get(&scaled).map(mark::written);
    let noted = note.and_then(|note| note.get("replicas")?.as_u64());
    let found = match &of.start {
        TrackStart::Found { replicas, .. } => Some(replicas.number()),
        TrackStart::Missing(_) => None,
    };
    // A count of 0 switches an autoscaler off and leaves its minimum.
    let (is, recorded) = match now.scaler {
        Some(scaler) => (Some(scaler.minimum), of.minimum),
        None => (now.replicas.map(Replicas::number), found),
    };
    let expected = noted.or_else(|| recorded.map(u64::from));
    if is.map(u64::from) == expected || (now.scaler.is_some() && expected.is_none()) {
        return None;
    }
    let by = author(view, &scaled, &[&path]);
    let is = is.unwrap_or(0);
    let message = format!("the count ({is} now) of {scaled} was changed");
    Some(ForeignChange::new(by, ForeignField::Capacity, message))
}

/// What sends to a track beside the router's own part and was not there at the start.
fn beside(
    bound: &Bound,
    router: &dyn Router,
    view: &View,
    state: &RouterState,
) -> Vec<ForeignChange> {
    let Some(known) = &bound.beside else {
        return Vec::new();
    };
    let added = state.beside.iter().filter(|(key, _)| !known.contains(*key));
    let changes = added.map(|(_, Beside { object, words })| {
        // Of one that is never written, whoever wrote anything of it last.
        let paths = match router.managed_paths(object) {
            [] => &[[].as_slice()],
            paths => paths,
        };
        let message = format!("{object} was changed: {words}");
        ForeignChange::new(author(view, object, paths), ForeignField::Traffic, message)
    });
    changes.collect()
}

/// Pods of neither track behind the Service; without their names, which change with every pod: they are one and the
/// same news.
fn strangers(bound: &Bound, view: &View) -> Option<ForeignChange> {
    let service = bound.service()?;
    let there_are = !strangers_behind(bound, view, service).is_empty();
    there_are.then(|| {
        let message = format!("{service} sends to pods that belong to neither track");
        ForeignChange::new("somebody", ForeignField::Traffic, message)
    })
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
