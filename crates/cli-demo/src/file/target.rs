//! The `target` section: which workloads and which router a rollout works on.

mod ecs;
mod gateway;
mod ingress;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strategy_core::Part;

pub use self::ecs::{Ecs, EcsCanary, EcsPart, EcsRule, EcsService, EcsSlot, EcsWorkload};
pub use self::gateway::{Gateway, GatewayBackend};
pub use self::ingress::Ingress;
use super::shorthand::Shorthand;
use super::value::Time;
use super::{Mistake, RolloutFile};

/// What a rollout works on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Target {
    /// Deployments and a router of a Kubernetes cluster.
    Kubernetes(Kubernetes),
    /// Services of Amazon ECS behind an Application Load Balancer.
    Ecs(Ecs),
}

/// Deployments and a router of a Kubernetes cluster: `workload` and `router`, or several `parts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Kubernetes {
    /// Namespace of all objects. Default: the one of the kubeconfig's context; `--namespace` goes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The Deployments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<Workload>,
    /// What shares the requests between them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub router: Option<Router>,
    /// Several workloads that move together, by name of the part.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: BTreeMap<String, KubernetesPart>,
    /// Which containers take a released image without being named. Default: `init-containers`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow: Option<Follow>,
    /// How long a request that began before a change of traffic may still be under way. Default: `10s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<Time>,
    /// Where the platform cannot be asked what flows (a mesh, a gateway, an Ingress), how long after a write
    /// traffic is taken to flow as written. Default: `5s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settle: Option<Time>,
    /// Whether a pod that no node takes is reported among what will not mend itself. Default: yes; only
    /// the stage's deadline acts on it either way, since a node may yet be added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unschedulable_is_fatal: Option<bool>,
}

/// One part of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KubernetesPart {
    /// The Deployments.
    pub workload: Workload,
    /// What shares the requests between them.
    pub router: Router,
}

/// Which Deployments are the two tracks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Workload {
    /// Two Deployments that take turns. Which one is live is read from the router.
    Slots([Shorthand<String, Slot>; 2]),
    /// A stable Deployment, and a canary beside it.
    Canary(Canary),
}

/// One of two Deployments that take turns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Slot {
    /// The Deployment. Both must exist; one of them may have no replicas.
    pub deployment: String,
    /// Where its pods answer apart from user traffic, for smoke tests. Default: nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
}

/// A stable Deployment, and a canary beside it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Canary {
    /// The Deployment that carries the traffic between rollouts.
    pub stable: String,
    /// The other one. Default: the name of stable and `-canary`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<String>,
    /// Whether a canary that does not exist is made from stable, and removed at the end. Default: yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<bool>,
    /// Labels that a canary made from stable has instead of, or beside, those of stable.
    /// Default: `track: canary`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// Where its pods answer apart from user traffic, for smoke tests. Default: nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
}

/// What shares the requests between the two tracks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Router {
    /// A Service whose selector picks one of the tracks: all or nothing.
    ServiceSelector(ServiceSelector),
    /// A VirtualService of Istio: percent by percent.
    Istio(Istio),
    /// HTTPRoutes and GRPCRoutes of Gateway API: per mille by per mille.
    Gateway(Gateway),
    /// Ingresses that name the Service of one of the tracks: all or nothing.
    Ingress(Ingress),
}

/// A Service whose selector picks the live slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ServiceSelector {
    /// The Service that carries the traffic.
    pub service: String,
    /// The key of its selector whose value picks the slot. Default: `version`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// An Istio VirtualService that shares requests between two subsets, or between two Services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Istio {
    /// The VirtualService.
    pub virtual_service: String,
    /// The DestinationRule with the subsets. Default: none; the destinations are told apart by host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_rule: Option<String>,
    /// Names of the HTTP routes to split. Default: every route whose destinations are the two tracks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<String>,
    /// Where stable is reached. Default: the subset `stable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stable: Option<Destination>,
    /// Where the canary is reached. Default: the subset `canary`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Destination>,
    /// Whether the canary's destination is added to a route that holds only stable's, and taken out
    /// again on the way back. Default: no; a route without it is more often a name misspelt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add_canary: Option<bool>,
}

/// A destination of an Istio route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Destination {
    /// Its host as the VirtualService writes it. Default: any; the subset alone tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Its subset. Default: none; the host alone tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subset: Option<String>,
}

/// Which containers take a released image although the release does not name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Follow {
    /// None: only named containers change.
    Nobody,
    /// Init containers of the same repository as a named container.
    InitContainers,
    /// Init containers and sidecars of the same repository.
    AllContainers,
}

impl RolloutFile {
    /// The parts that the target has, in order.
    pub(super) fn parts(&self) -> Result<Vec<Part>, Mistake> {
        match &self.target {
            Target::Kubernetes(kubernetes) => {
                let parts = kubernetes.objects()?;
                Ok(parts.into_keys().collect())
            }
            Target::Ecs(ecs) => Ok(ecs.objects()?.into_keys().collect()),
        }
    }
}

impl Target {
    /// As the file names it.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Kubernetes(_) => "kubernetes",
            Self::Ecs(_) => "ecs",
        }
    }

    /// The parts in which two workloads take turns.
    ///
    /// # Errors
    /// [`Mistake`] when the objects of a part are not named, or twice.
    pub fn pairs(&self) -> Result<BTreeSet<Part>, Mistake> {
        let mut pairs = BTreeSet::new();
        match self {
            Self::Kubernetes(kubernetes) => {
                for (part, objects) in kubernetes.objects()? {
                    match objects.workload {
                        Workload::Slots(_) => pairs.insert(part),
                        Workload::Canary(_) => false,
                    };
                }
            }
            Self::Ecs(ecs) => {
                for (part, objects) in ecs.objects()? {
                    match objects.workload {
                        EcsWorkload::Pair(_) => pairs.insert(part),
                        EcsWorkload::Canary(_)
                        | EcsWorkload::Rolling(_)
                        | EcsWorkload::NativeGated(_) => false,
                    };
                }
            }
        }
        Ok(pairs)
    }
}

impl Kubernetes {
    /// Workload and router of each part; a target without `parts` is the part `main`.
    ///
    /// # Errors
    /// [`Mistake`] when both forms are used, or neither.
    pub fn objects(&self) -> Result<BTreeMap<Part, KubernetesPart>, Mistake> {
        let wrong = |problem: &str| Err(Mistake::new("target.kubernetes", problem));
        match (&self.workload, &self.router, self.parts.is_empty()) {
            (Some(workload), Some(router), true) => Ok([(
                Part::main(),
                KubernetesPart {
                    workload: workload.clone(),
                    router: router.clone(),
                },
            )]
            .into()),
            (None, None, false) => {
                let parts = self.parts.iter().map(|(name, objects)| {
                    let field = format!("target.kubernetes.parts.{name}");
                    Ok((super::convert::part(name, &field)?, objects.clone()))
                });
                parts.collect()
            }
            (None, None, true) => wrong(
                "names no workload; add `workload` and `router`, or `parts` with both in each",
            ),
            (Some(_), None, true) => wrong("has no router; add `router`"),
            (None, Some(_), true) => wrong("has no workload; add `workload`"),
            (_, _, false) => wrong(
                "has `parts` and a workload or router beside them; move these into a part of their own",
            ),
        }
    }
}
