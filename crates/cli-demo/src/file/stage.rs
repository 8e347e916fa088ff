//! A stage in the rollout file: how it is gated, watched and judged.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::gate::Gate;
use super::hook::Hook;
use super::shorthand::Shorthand;
use super::value::{Limit, Percent, Time};

/// How a stage is gated, watched and judged. Every field has a default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Stage {
    /// Share of the traffic for the release. Asked of the stages of canary and rolling; the two of
    /// blue-green know theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<Percent>,
    /// Its name. Default: made from what it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How long it is watched once its traffic is effective. Default: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bake: Option<Shorthand<Time, Bake>>,
    /// Checks that judge it, by name. Default: all of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<String>>,
    /// What must be answered before it begins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<Gate>,
    /// Work at its points.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<Hook>,
    /// When a track counts as ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<Ready>,
    /// The built-in health checks. Default: on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// Limit for getting ready and shifting traffic. Default: `10m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Time>,
    /// What a failure means. Default: `roll-back`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
    /// Entering it closes the way back: from then on a failure holds. Default: no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub point_of_no_return: bool,
}

/// How long a stage is watched, in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Bake {
    /// Time on the bake clock, which stands while something is not ready or not effective.
    pub at_least: Time,
    /// Wall time, whether the clock stands or not. Default: an hour more than `at-least`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Time>,
    /// Judged looks of every check. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looks: Option<u32>,
    /// What follows when `at-most` runs out undecided. Default: `roll-back`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undecided: Option<Undecided>,
}

/// What follows when a bake runs out of time undecided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Undecided {
    /// Back to the recorded start.
    RollBack,
    /// On with the plan; refused where it would pass a failed check.
    GoOn,
    /// Leave all as it is and give up the claim.
    Abandon,
    /// Wait for a person first.
    Hold(Hold),
}

/// A wait for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Hold {
    /// How long.
    pub at_most: Time,
    /// What follows when nobody came. Default: `roll-back`.
    #[serde(default)]
    pub then: Then,
}

/// What follows when a limit runs out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// Back to the recorded start.
    #[default]
    RollBack,
    /// On with the plan; refused where it would pass a failed check.
    GoOn,
    /// Leave all as it is and give up the claim.
    Abandon,
}

/// What a failure in a stage means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailure {
    /// Back to the recorded start.
    RollBack,
    /// Stop and wait for a person.
    Hold(Hold),
    /// In promotion stages: all traffic back to the candidate, and wait for a person.
    StayOnCandidate(Hold),
}

/// When a track counts as ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Ready {
    /// Share of what is wanted that must be ready; never less than the traffic needs. Default: `100%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Percent>,
    /// How long it must have been ready without a break. Default: `0s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settle: Option<Time>,
    /// How long, all episodes of the stage together, a release that was ready may be unready before
    /// the stage fails. Default: `10s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<Time>,
}

/// The built-in health checks. A field that is not named keeps its default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Health {
    /// Pods that will not mend themselves (crash loop, image pull, ...) fail the stage at once.
    /// Default: yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fatal: Option<bool>,
    /// Restarts since the stage began that are tolerated, or `off`. Default: 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restarts: Option<Limit<u32>>,
    /// A release that was ready and is not fails the stage when its grace is spent. Default: yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness: Option<bool>,
    /// How far the share that whole pods can achieve may lie from the planned one where traffic
    /// follows readiness, or `off`. Default: `15%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_deviation: Option<Limit<Percent>>,
}
