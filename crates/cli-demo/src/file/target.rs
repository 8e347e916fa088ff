//! The `target` section: which workloads and which router a rollout works on.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a rollout works on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Target {
    /// Deployments and a router of a Kubernetes cluster.
    Kubernetes(Kubernetes),
}

/// Deployments and a router of a Kubernetes cluster: `blue-green` or `canary`, or several `parts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Kubernetes {
    /// Namespace of all objects. Default: the one of the kubeconfig's context; `--namespace` goes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Two slots, and a Service whose selector says which one is live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blue_green: Option<BlueGreen>,
    /// A stable and a canary Deployment, and a router with weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// Several workloads that move together, by name of the part.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, Workload>,
}

/// One part of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    /// Two slots, and a Service whose selector says which one is live.
    BlueGreen(BlueGreen),
    /// A stable and a canary Deployment, and a router with weights.
    Canary(Canary),
}

/// Two slots, and a Service whose selector says which one is live.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BlueGreen {
    /// The two Deployments, in any order: the Service says which one is live.
    pub slots: [String; 2],
    /// The Service that users reach.
    pub service: String,
    /// The label by which its selector tells the slots apart, such as `version` or `environment`.
    pub key: String,
}

/// A stable and a canary Deployment, and a router with weights.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Canary {
    /// The Deployment that carries the traffic between rollouts.
    pub stable: String,
    /// The canary Deployment. It may exist; if it does not, it is made from the stable one and
    /// removed again.
    pub canary: String,
    /// What shares the traffic.
    pub router: Router,
}

/// What shares the traffic between a stable and a canary Deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Router {
    /// An Istio VirtualService.
    Istio(Istio),
}

/// An Istio VirtualService, and the two destinations in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Istio {
    /// The VirtualService.
    pub virtual_service: String,
    /// Name of the HTTP route in it. Default: the only one with both destinations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// The DestinationRule that defines the subsets. Default: the only one for the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_rule: Option<String>,
    /// Where stable is reached.
    pub stable: Destination,
    /// Where the canary is reached.
    pub canary: Destination,
}

/// A destination of an Istio route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Destination {
    /// Its host as the VirtualService writes it.
    pub host: String,
    /// Its subset. Default: none, the whole host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subset: Option<String>,
}
