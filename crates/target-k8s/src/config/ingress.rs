//! Ingresses as a router.

use serde::{Deserialize, Serialize};

/// Ingresses whose backends name one of two Services: all or nothing.
///
/// Every backend that names either Service, the default backend too, moves with all others, in all
/// Ingresses; so before a rollout they all name the same one. What is written is the name of the Service
/// alone: both Services need the port that stands there, and everything else stays as it is.
///
/// Weights between 0% and 100%, routes and mirrors are refused. Nobody can be asked whether a controller
/// has carried a write out: it counts as done after [`Config::settle`](super::Config::settle).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct IngressRouter {
    /// The Ingresses, at least one. Several are written one after the other; until the last has taken
    /// the write, traffic is told as partly moved.
    pub ingresses: Vec<String>,
    /// The Services in front of the two workloads, in any order: which belongs to which is read from
    /// their selectors, each of which must select the pods of one and of no other.
    pub services: [String; 2],
    /// Hosts of the rules to move, as they are written there; `*` stands for rules without a host and
    /// for the default backend. Default: none; all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
}

impl IngressRouter {
    /// This Ingress, and the Services in front of the two workloads.
    pub fn new(ingress: impl Into<String>, services: [&str; 2]) -> Self {
        Self {
            ingresses: vec![ingress.into()],
            services: services.map(str::to_owned),
            hosts: Vec::new(),
        }
    }

    /// With rules of this host to be moved, and no others but those that are named likewise.
    #[must_use]
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }
}
