//! The `strategy` section: how the release is rolled out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shorthand::Shorthand;
use super::stage::{Bake, Route, Stage};
use super::value::{Amount, Percent, Time};

/// How the release is rolled out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Strategy {
    /// More and more of the traffic, each share judged before the next.
    Canary(Canary),
    /// A whole second slot beside the first, then all traffic at once.
    BlueGreen(BlueGreen),
    /// The replicas, batch by batch.
    Rolling(Rolling),
}

impl Strategy {
    /// Its name in the file.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Canary(_) => "canary",
            Self::BlueGreen(_) => "blue-green",
            Self::Rolling(_) => "rolling",
        }
    }

    /// The parts whose turn comes one after the other; none: all move together.
    pub fn parts_in_order(&self) -> &[String] {
        match self {
            Self::Canary(canary) => &canary.parts_in_order,
            Self::BlueGreen(blue_green) => &blue_green.parts_in_order,
            Self::Rolling(rolling) => &rolling.parts_in_order,
        }
    }
}

/// More and more of the traffic, each share judged before the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Canary {
    /// The shares in order, rising: alone (`25%`), or with settings (`{weight: 25%, bake: 10m}`).
    pub stages: Vec<Shorthand<Percent, Stage>>,
    /// How long each stage is watched. Default: `5m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bake: Option<Shorthand<Time, Bake>>,
    /// How long stable is watched when traffic has returned to it. Default: `1m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bake_after_return: Option<Shorthand<Time, Bake>>,
    /// Requests that go to the release in every stage but the last, whatever the weight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
    /// Session stickiness is off while both tracks carry traffic. Default: kept as found.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspend_stickiness: bool,
    /// How much capacity stands behind a stage. Default: the stage's weight, at least one replica.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
    /// The last stage may be below `100%`. Default: it may not.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub promote_directly: bool,
    /// One part after the other, in this order. Default: all parts move together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts_in_order: Vec<String>,
}

/// How much capacity stands behind a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Capacity {
    /// The stage's weight, and more.
    FollowsWeight(FollowsWeight),
    /// The same in every stage: a number of replicas, or a share of stable's.
    Fixed(Amount),
}

/// The stage's weight, and more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FollowsWeight {
    /// Share of stable's replicas on top. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headroom: Option<Percent>,
    /// Never fewer replicas than this. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<u32>,
}

/// A whole second slot beside the first, then all traffic at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BlueGreen {
    /// How long the switch is watched. Default: `5m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bake: Option<Shorthand<Time, Bake>>,
    /// Requests with this header reach the release before the switch. Default: none do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_header: Option<PreviewHeader>,
    /// One part after the other, in this order. Default: all parts move together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts_in_order: Vec<String>,
}

/// A request header and its exact value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PreviewHeader {
    /// Its name.
    pub name: String,
    /// Its exact value.
    pub value: String,
}

/// The replicas, batch by batch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rolling {
    /// How many replicas may be added at a time: the size of a batch. Default: `25%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_surge: Option<Amount>,
    /// So many batches of equal size instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batches: Option<u32>,
    /// How long each batch but the last is watched. Default: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bake: Option<Shorthand<Time, Bake>>,
    /// How long the last batch is watched. Default: `1m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bake_after_last: Option<Shorthand<Time, Bake>>,
    /// One part after the other, in this order. Default: all parts move together.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts_in_order: Vec<String>,
}
