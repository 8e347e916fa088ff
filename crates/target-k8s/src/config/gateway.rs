//! Routes of Gateway API.

use serde::{Deserialize, Serialize};

/// Routes of Gateway API that share requests between two Services: per mille by per mille.
///
/// All rules of all routes that hold both Services move as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct GatewayRouter {
    /// The HTTPRoutes. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub http_routes: Vec<String>,
    /// The GRPCRoutes. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grpc_routes: Vec<String>,
    /// Names of the rules to split. Default: none; every rule whose backends are the two tracks, and
    /// never one found by its index.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// The Service in front of stable.
    pub stable: GatewayBackend,
    /// The Service in front of the candidate.
    pub canary: GatewayBackend,
    /// Add the canary's Service to a rule that holds only stable's, with the first weight above zero,
    /// and take it out again on the way back. Default: no; a rule without it is an error, because it
    /// is more often a name misspelt than one left out.
    #[serde(default)]
    pub add_canary: bool,
}

impl GatewayRouter {
    /// This HTTPRoute, and the Services in front of stable and of the candidate.
    pub fn new(
        http_route: impl Into<String>,
        stable: impl Into<String>,
        canary: impl Into<String>,
    ) -> Self {
        Self {
            http_routes: vec![http_route.into()],
            grpc_routes: Vec::new(),
            rules: Vec::new(),
            stable: GatewayBackend::service(stable),
            canary: GatewayBackend::service(canary),
            add_canary: false,
        }
    }
}

/// A Service as the backend of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct GatewayBackend {
    /// Its name.
    pub service: String,
    /// Its namespace. Default: that of the route.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its port. Default: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

impl GatewayBackend {
    /// A Service of the route's namespace, at any of its ports.
    pub fn service(name: impl Into<String>) -> Self {
        Self {
            service: name.into(),
            namespace: None,
            port: None,
        }
    }
}
