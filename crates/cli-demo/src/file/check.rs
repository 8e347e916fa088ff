//! Checks in the rollout file: judged measurements on a schedule.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::given::Given;
use super::shorthand::Shorthand;
use super::value::{Percent, Time};

/// A judged measurement on a schedule; its memory lives across stages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Check {
    /// What is measured, in the words of its source. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<Given>,
    /// With `metric`: what it means, as the word of a judge alone, or `kind` and its parameters. Default: `sequential-ratio`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<Shorthand<String, Given>>,
    /// With `metric`: which of `metrics` is asked. Default: the only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// With `metric`: of which part. Default: the only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// In place of `metric`: the share of failures that a program counts, against a limit. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_share: Option<FailureShare>,
    /// Length of a window, and time between looks. Default: `30s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<Time>,
    /// How long one look may take before it counts as an error. Default: `30s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Time>,
    /// What is too much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Limits>,
    /// With `failure-share`: whether its program compares the release with stable: then it ends before stable changes
    /// or loses its traffic. Default: no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub compares_with_stable: bool,
}

/// The share of failures among the candidate's events of a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FailureShare {
    /// A larger share fails.
    pub limit: Percent,
    /// Fewer events in a window say nothing. Default: 50.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_events: Option<u64>,
    /// Program and arguments that count: it prints `{"total": 1200, "failed": 3}`.
    pub command: Vec<String>,
}

/// How many of each kind of result are tolerated: one more fails the check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Limits {
    /// Failures over all stages. Default: 0, or what the judge asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<u32>,
    /// Failures one after the other. Default: no such limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consecutive_failures: Option<u32>,
    /// Looks that could not be taken, one after the other. Default: 4, or what the judge asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consecutive_errors: Option<u32>,
    /// Looks that said nothing, one after the other. Default: 10, or what the judge asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consecutive_inconclusive: Option<u32>,
}
