//! Ingresses as a router.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Ingresses whose backends name one of two Services.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Ingress {
    /// Names of the Ingresses. All that are named move as one.
    pub ingresses: Vec<String>,
    /// The Services in front of the two Deployments, in any order: each selects the pods of one of them.
    pub services: [String; 2],
    /// Hosts of the rules to move, as written there; `*` stands for rules without a host and for the
    /// default backend. Default: every backend that names one of the two Services.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
}
