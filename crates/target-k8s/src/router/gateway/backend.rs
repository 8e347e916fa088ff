//! Which pods a backend really reaches: the selector of its Service.

use strategy_core::Track;
use strategy_core::target::Finding;

use super::route::{Reader, Split, describe};
use super::weight;
use crate::object::{ObjectRef, Objects};
use crate::router::TrackLabels;
use crate::router::reach::{Destination, has_port, labels};

/// The Services in front of the two tracks, as far as they are in this namespace.
pub(super) fn services(reader: &Reader<'_>) -> Vec<ObjectRef> {
    let config = reader.config;
    let mut services: Vec<ObjectRef> = [&config.stable, &config.canary]
        .into_iter()
        .filter(|backend| {
            let namespace = backend.namespace.as_deref();
            namespace.is_none_or(|namespace| namespace == reader.namespace())
        })
        .map(|backend| ObjectRef::service(&backend.service))
        .collect();
    services.dedup();
    services
}

/// What is wrong with the pods that a track's backend of one rule reaches.
pub(super) fn findings(
    reader: &Reader<'_>,
    objects: &Objects,
    tracks: &TrackLabels,
    split: &Split,
    track: Track,
) -> Option<Finding> {
    let backend = weight::backend(reader, split, track);
    let resource = reader.object.to_string();
    let service = reader.service(&backend)?;
    let to = describe(&backend);
    if service.namespace != reader.namespace() {
        return Some(Finding::warns(
            "host-not-checked",
            resource,
            format!("{to} is in another namespace, so which pods it reaches is not known"),
            "make sure that it reaches the pods of one track only",
        ));
    }
    let object = ObjectRef::service(service.name);
    let Some(found) = objects.get(&object) else {
        return Some(Finding::blocks(
            "host-not-found",
            resource,
            format!("there is no {object}"),
            "create it, or mend its name",
        ));
    };
    if !has_port(found, "port", &backend["port"]) {
        return Some(Finding::blocks(
            "service-port-not-found",
            resource,
            format!("{object} has no port {}", backend["port"]),
            "mend the port of the backend, or give the Service that port",
        ));
    }
    let asked = labels(&found["spec"]["selector"]);
    if asked.is_empty() {
        return Some(Finding::warns(
            "host-not-checked",
            object.to_string(),
            "it has no selector, so which pods it reaches is not known",
            "make sure that it reaches the pods of one track only",
        ));
    }
    let destination = Destination {
        to: format!("{object} ({track})"),
        resource,
        asked,
        key: "the Service's selector",
    };
    destination.finding(tracks, track)
}
