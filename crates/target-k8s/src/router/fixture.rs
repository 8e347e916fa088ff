//! Objects and labels for the tests of the routers.

use serde_json::Value;

use super::{PodLabels, TrackLabels};
use crate::object::{ObjectRef, Objects};

/// The objects of a manifest with one or more documents.
pub(crate) fn objects(manifest: &str) -> Objects {
    let documents: Vec<Value> = serde_saphyr::from_multiple(manifest).unwrap();
    documents
        .into_iter()
        .map(|object| {
            let name = object["metadata"]["name"].as_str().unwrap();
            let object_ref = match object["kind"].as_str().unwrap() {
                "Service" => ObjectRef::service(name),
                "VirtualService" => ObjectRef::virtual_service(name),
                "DestinationRule" => ObjectRef::destination_rule(name),
                "HTTPRoute" => ObjectRef::http_route(name),
                "GRPCRoute" => ObjectRef::grpc_route(name),
                "Gateway" => ObjectRef::gateway(name),
                "Ingress" => ObjectRef::ingress(name),
                "Deployment" => ObjectRef::deployment(name),
                kind => panic!("no fixture is of kind {kind}"),
            };
            (object_ref, object)
        })
        .collect()
}

/// Pod labels of stable and of the candidate.
pub(crate) fn tracks(stable: &[(&str, &str)], candidate: &[(&str, &str)]) -> TrackLabels {
    let of = |labels: &[(&str, &str)]| PodLabels {
        labels: labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        selector: Value::Null,
    };
    TrackLabels {
        stable: of(stable),
        candidate: of(candidate),
    }
}

/// The objects with those that were written in their places.
pub(crate) fn after(objects: &Objects, written: Objects) -> Objects {
    let mut after = objects.clone();
    after.extend(written);
    after
}
