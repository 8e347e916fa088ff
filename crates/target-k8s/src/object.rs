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

    /// The API group; empty for the core group.
    pub(crate) fn group(&self) -> &str {
        self.api.split_once('/').map_or("", |(group, _)| group)
    }

    /// The version within the group.
    pub(crate) fn version(&self) -> &str {
        self.api
            .split_once('/')
            .map_or(self.api.as_str(), |(_, version)| version)
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
