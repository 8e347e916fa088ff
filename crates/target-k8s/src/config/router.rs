//! What shares the requests between the tracks.

use serde::{Deserialize, Serialize};

use super::gateway::GatewayRouter;
use super::ingress::IngressRouter;

/// What shares the requests between the tracks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RouterConfig {
    /// A Service whose selector picks one of the tracks: all or nothing.
    ServiceSelector(ServiceSelectorRouter),
    /// A VirtualService of Istio: percent by percent.
    Istio(IstioRouter),
    /// Routes of Gateway API: per mille by per mille.
    Gateway(GatewayRouter),
    /// Ingresses that name one of two Services: all or nothing.
    Ingress(IngressRouter),
}

impl From<ServiceSelectorRouter> for RouterConfig {
    fn from(router: ServiceSelectorRouter) -> Self {
        Self::ServiceSelector(router)
    }
}

impl From<IstioRouter> for RouterConfig {
    fn from(router: IstioRouter) -> Self {
        Self::Istio(router)
    }
}

impl From<GatewayRouter> for RouterConfig {
    fn from(router: GatewayRouter) -> Self {
        Self::Gateway(router)
    }
}

impl From<IngressRouter> for RouterConfig {
    fn from(router: IngressRouter) -> Self {
        Self::Ingress(router)
    }
}

/// A Service whose selector picks the live slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct ServiceSelectorRouter {
    /// The Service that carries the traffic.
    pub service: String,
    /// The key of its selector whose value picks the slot. Default: `version`.
    #[serde(default = "ServiceSelectorRouter::default_key")]
    pub key: String,
}

impl ServiceSelectorRouter {
    /// This Service, with `version` as the key.
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            key: Self::default_key(),
        }
    }

    /// With another key of the selector, such as `color` or `environment`.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    fn default_key() -> String {
        "version".to_owned()
    }
}

/// A VirtualService of Istio that shares requests between two subsets of a DestinationRule, or
/// between two Services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct IstioRouter {
    /// The VirtualService.
    pub virtual_service: String,
    /// The DestinationRule with the subsets. Default: none; the destinations are told apart by host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_rule: Option<String>,
    /// Names of the `http` routes to split. Default: none; every route whose destinations are the
    /// two tracks, and never one found by its index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<String>,
    /// Where stable is reached. Default: the subset `stable`.
    #[serde(default = "IstioDestination::stable")]
    pub stable: IstioDestination,
    /// Where the candidate is reached. Default: the subset `canary`.
    #[serde(default = "IstioDestination::canary")]
    pub canary: IstioDestination,
    /// Add the canary's destination to a route that holds only stable's, with the first weight above
    /// zero, and take it out again on the way back. Default: no; a route without it is an error,
    /// because it is more often a name misspelt than one left out.
    #[serde(default)]
    pub add_canary: bool,
}

impl IstioRouter {
    /// This VirtualService, with the subsets `stable` and `canary` of a DestinationRule.
    pub fn new(virtual_service: impl Into<String>, destination_rule: impl Into<String>) -> Self {
        Self {
            virtual_service: virtual_service.into(),
            destination_rule: Some(destination_rule.into()),
            routes: Vec::new(),
            stable: IstioDestination::stable(),
            canary: IstioDestination::canary(),
            add_canary: false,
        }
    }
}

/// One destination of a route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct IstioDestination {
    /// The host as it stands in the VirtualService. Default: any; the subset alone tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The subset. Default: none; the host alone tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subset: Option<String>,
}

impl IstioDestination {
    /// A subset, at whatever host.
    pub fn subset(name: impl Into<String>) -> Self {
        Self {
            host: None,
            subset: Some(name.into()),
        }
    }

    /// A host, whatever the subset.
    pub fn host(name: impl Into<String>) -> Self {
        Self {
            host: Some(name.into()),
            subset: None,
        }
    }

    fn stable() -> Self {
        Self::subset("stable")
    }

    fn canary() -> Self {
        Self::subset("canary")
    }
}
