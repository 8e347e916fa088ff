//! Routes of Gateway API as a router.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::file::shorthand::Shorthand;

/// Routes of Gateway API that share requests between two Services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Gateway {
    /// Names of the HTTPRoutes. All that are named, of both kinds, move as one. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub http_routes: Vec<String>,
    /// Names of the GRPCRoutes. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grpc_routes: Vec<String>,
    /// Names of the rules to split. Default: every rule whose backends are the two Services.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
    /// The Service in front of stable.
    pub stable: Shorthand<String, GatewayBackend>,
    /// The Service in front of the canary.
    pub canary: Shorthand<String, GatewayBackend>,
    /// Whether the canary's Service is added to a rule that holds only stable's, and taken out again on
    /// the way back. Default: no; a rule without it is more often a name misspelt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub add_canary: Option<bool>,
}

/// A Service as the backend of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
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
