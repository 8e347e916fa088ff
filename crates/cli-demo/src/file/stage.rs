//! A stage of a canary in the rollout file, and what can be said of the stages of every strategy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::gate::Gate;
use super::hook::Hook;
use super::shorthand::Shorthand;
use super::value::{Limit, Percent, Time};

/// One stage of a canary. What it does not say is as the file says for all stages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Stage {
    /// Share of the traffic for the release. With `0%` it needs a route or a mirror.
    pub weight: Percent,
    /// Its name. Default: the weight, such as `25%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How long it is watched once its traffic is effective. Default: as the canary says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bake: Option<Shorthand<Time, Bake>>,
    /// So much of stable's requests is copied to the release; answers to copies are dropped.
    /// Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<Percent>,
    /// Requests that go to the release whatever the weight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
    /// Checks that judge it, by name. Default: all that can say something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<String>>,
    /// What must be answered before it begins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gates: Vec<Gate>,
    /// Work at its points.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<Hook>,
    /// When a track counts as ready. Default: as for all stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<Ready>,
    /// The built-in health checks. Default: as for all stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// Limit for getting ready and shifting traffic. Default: as for all stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Time>,
    /// What a failure means. Default: as for all stages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
}

/// Requests that reach the release by what they carry: `{header: x-canary, value: "true"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Route {
    /// Name of a request header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// Name of a cookie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cookie: Option<String>,
    /// Its exact value.
    pub value: String,
}

/// How long a stage is watched, in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Bake {
    /// Time on the bake clock, which stands while something is not ready or not effective.
    pub at_least: Time,
    /// Time on the rollout's clock, whether the bake's stands or not. Default: an hour more than `at-least`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Time>,
    /// Looks of every check that must have passed in this stage. Default: 1.
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

/// How the release becomes stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Promotion {
    /// The tracks change roles: the release stays where it is.
    Swap,
    /// Stable gets the release, and traffic returns to it.
    Update,
    /// The platform does it.
    Native,
}

/// What becomes of the track that is no longer needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Retire {
    /// As it was found.
    Restore,
    /// It stays as it is when the last traffic has left it.
    Keep,
    /// It is removed. Refused for a workload that was found.
    Remove,
    /// So many replicas stay.
    ScaleTo(u32),
}
