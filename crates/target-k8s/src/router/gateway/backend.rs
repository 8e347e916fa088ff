//! Which pods a backend really reaches: the selector of its Service.

use strategy_core::Track;
use strategy_core::target::Finding;

use super::route::{Reader, Split, describe};
use super::weight;
use crate::config::{GatewayBackend, GatewayRouter};
use crate::object::{ObjectRef, Objects};
use crate::router::TrackLabels;
use crate::router::destination::{self, Destination, has_port, labels};

/// The Services in front of the two tracks, as far as they are in this namespace.
pub(super) fn of_namespace(config: &GatewayRouter, namespace: &str) -> Vec<ObjectRef> {
    let mut services: Vec<ObjectRef> = [&config.stable, &config.canary]
        .into_iter()
        .filter_map(|backend| service_in(backend, namespace))
        .collect();
    services.dedup();
    services
}

/// The Service that a backend is; `None`: it is in another namespace than this one.
pub(super) fn service_in(backend: &GatewayBackend, namespace: &str) -> Option<ObjectRef> {
    let written = backend.namespace.as_deref();
    let is_here = written.is_none_or(|written| written == namespace);
    is_here.then(|| ObjectRef::service(&backend.service))
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
            format!(
                "{to} is in another namespace, so neither which pods it reaches is known, nor whether those who send requests have heard of a pod that says it is ready"
            ),
            "make sure that it reaches the pods of one track only, and let a canary begin with small weights: a pod may be sent requests late",
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
            "it has no selector, so which pods it reaches is not known, and where its EndpointSlices name no pods, a pod is ready when it says so",
            "make sure that it reaches the pods of one track only, and that an endpoint is there as soon as its pod is ready",
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

/// That a track's backend of one rule sends to pods that are not ready: its slices call them so.
pub(super) fn not_ready(
    reader: &Reader<'_>,
    objects: &Objects,
    split: &Split,
    track: Track,
) -> Option<Finding> {
    let backend = weight::backend(reader, split, track);
    let service = reader.service(&backend)?;
    let object = ObjectRef::service(service.name);
    let is_here = service.namespace == reader.namespace();
    let found = objects.get(&object).filter(|_| is_here)?;
    destination::not_ready(&object, found)
}
