//! Kubernetes objects as whole JSON, so that fields nobody here knows are carried and never dropped.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Which object: its type and its name, within the namespace of the target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct ObjectRef {
    /// Group and version as in a manifest: `apps/v1`, `v1`, `networking.istio.io/v1`.
    pub(crate) api: String,
    /// The kind as in a manifest: `Deployment`.
    pub(crate) kind: String,
    /// The kind's name in URLs and roles: `deployments`.
    pub(crate) plural: String,
    /// `metadata.name`.
    pub(crate) name: String,
}

impl ObjectRef {
    pub(crate) fn new(api: &str, kind: &str, plural: &str, name: &str) -> Self {
        Self {
            api: api.to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            name: name.to_owned(),
        }
    }

    pub(crate) fn deployment(name: &str) -> Self {
        Self::new("apps/v1", "Deployment", "deployments", name)
    }

    pub(crate) fn service(name: &str) -> Self {
        Self::new("v1", "Service", "services", name)
    }

    pub(crate) fn autoscaler(name: &str) -> Self {
        Self::new(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            "horizontalpodautoscalers",
            name,
        )
    }

    pub(crate) fn virtual_service(name: &str) -> Self {
        Self::new(
            "networking.istio.io/v1",
            "VirtualService",
            "virtualservices",
            name,
        )
    }

    pub(crate) fn destination_rule(name: &str) -> Self {
        Self::new(
            "networking.istio.io/v1",
            "DestinationRule",
            "destinationrules",
            name,
        )
    }

    pub(crate) fn http_route(name: &str) -> Self {
        Self::new(
            "gateway.networking.k8s.io/v1",
            "HTTPRoute",
            "httproutes",
            name,
        )
    }

    pub(crate) fn grpc_route(name: &str) -> Self {
        Self::new(
            "gateway.networking.k8s.io/v1",
            "GRPCRoute",
            "grpcroutes",
            name,
        )
    }

    pub(crate) fn gateway(name: &str) -> Self {
        Self::new("gateway.networking.k8s.io/v1", "Gateway", "gateways", name)
    }

    pub(crate) fn ingress(name: &str) -> Self {
        Self::new("networking.k8s.io/v1", "Ingress", "ingresses", name)
    }

    /// Of the whole cluster, and not of a namespace.
    pub(crate) fn ingress_class(name: &str) -> Self {
        Self::new(
            "networking.k8s.io/v1",
            "IngressClass",
            "ingressclasses",
            name,
        )
    }

    /// The same object, by another version of its API.
    pub(crate) fn at(&self, api: &str) -> Self {
        Self {
            api: api.to_owned(),
            ..self.clone()
        }
    }

    /// Whether both are one object, by whatever version of its API.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.group() == other.group() && self.kind == other.kind && self.name == other.name
    }

    /// The API group; empty for the core group.
    pub(crate) fn group(&self) -> &str {
        self.api.split_once('/').map_or("", |(group, _)| group)
    }
}

/// As errors and findings name it: `service/api`.
impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.to_lowercase(), self.name)
    }
}

/// Whole objects by what they are. One that does not exist has no entry.
pub(crate) type Objects = BTreeMap<ObjectRef, Value>;

/// What one watch looks at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WatchKey {
    pub(crate) api: String,
    pub(crate) plural: String,
    /// A label selector; `None`: everything in the namespace.
    pub(crate) selector: Option<String>,
}

impl WatchKey {
    pub(crate) fn all(api: &str, plural: &str) -> Self {
        Self {
            api: api.to_owned(),
            plural: plural.to_owned(),
            selector: None,
        }
    }

    pub(crate) fn selected(api: &str, plural: &str, selector: String) -> Self {
        Self {
            selector: Some(selector),
            ..Self::all(api, plural)
        }
    }

    /// All objects of this kind.
    pub(crate) fn of(object: &ObjectRef) -> Self {
        Self::all(&object.api, &object.plural)
    }
}

/// `metadata.name`.
pub(crate) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

/// `metadata.uid`.
pub(crate) fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

/// `metadata.resourceVersion`.
pub(crate) fn resource_version(object: &Value) -> &str {
    text(object, "/metadata/resourceVersion")
}

/// The text at a JSON pointer; empty if there is none.
pub(crate) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The count at a JSON pointer, if there is one.
pub(crate) fn count(object: &Value, pointer: &str) -> Option<u32> {
    let number = object.pointer(pointer)?.as_u64()?;
    Some(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The map of texts at a JSON pointer; empty if there is none.
pub(crate) fn texts(object: &Value, pointer: &str) -> BTreeMap<String, String> {
    let map = object.pointer(pointer).and_then(Value::as_object);
    map.into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// The list at a JSON pointer; empty if there is none.
pub(crate) fn list<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object
        .pointer(pointer)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The map under `key`, made if there is none.
pub(crate) fn map_mut<'a>(
    object: &'a mut Value,
    key: &str,
) -> Option<&'a mut serde_json::Map<String, Value>> {
    let object = object.as_object_mut()?;
    let slot = object.entry(key).or_insert(Value::Null);
    if !slot.is_object() {
        *slot = Value::Object(serde_json::Map::new());
    }
    slot.as_object_mut()
}
