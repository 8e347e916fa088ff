//! Gates in the rollout file: what must be answered before a stage begins.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::stage::Then;
use super::value::Time;

/// A question that must be answered before a stage begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Gate {
    /// People approve.
    Approval(Approval),
    /// A program answers, again and again until it says yes.
    Condition(Condition),
}

/// People approve, on the terminal or with `rollway approve`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Approval {
    /// Unique in its stage. Default: `approval`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Roles that count, each with its members under `roles`. Default: anybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// So many different people. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quorum: Option<u32>,
    /// How long it may stay open. Default: `24h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Time>,
    /// What follows then. Default: `roll-back`.
    #[serde(default)]
    pub then: Then,
}

/// A program answers: status 0 opens the gate, 1 keeps it closed for now, 2 refuses for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Condition {
    /// Unique in its stage.
    pub name: String,
    /// Program and arguments; no shell is involved.
    pub command: Vec<String>,
    /// Time between two questions. Default: `30s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Time>,
    /// How long it may stay open. Default: `24h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Time>,
    /// What follows then. Default: `roll-back`.
    #[serde(default)]
    pub then: Then,
}

/// Who is asked before the promotion, and before what is no longer needed is given up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Approvals {
    /// Before stable is updated, or where roles are swapped, before all traffic moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion: Option<Approvers>,
    /// Before what is no longer needed is given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retirement: Option<Approvers>,
}

/// Who has to approve.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Approvers {
    /// Roles that count, each with its members under `roles`. Default: anybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// So many different people. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quorum: Option<u32>,
    /// How long it may stay open. Default: `24h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Time>,
    /// What follows then. Default: `roll-back`.
    #[serde(default)]
    pub then: Then,
}
