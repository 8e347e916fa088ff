//! The `strategy` section: how the release is rolled out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shorthand::Shorthand;
use super::stage::Stage;
use super::value::Percent;

/// One stage with a share of the traffic: the share alone (`25%`), or with settings.
pub type Step = Shorthand<Percent, Stage>;

/// How the release is rolled out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Strategy {
    /// More and more of the traffic, each share judged before the next.
    Canary(Canary),
    /// A whole second slot beside the first, then all traffic at once.
    BlueGreen(BlueGreen),
    /// The pods of one workload, share by share.
    Rolling(Rolling),
}

/// More and more of the traffic, each share judged before the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Canary {
    /// The shares in order, rising.
    pub stages: Vec<Step>,
}

/// A whole second slot beside the first, then all traffic at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BlueGreen {
    /// The new slot stands ready and no user reaches it: the place for smoke tests and approvals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview: Option<Stage>,
    /// All traffic is on the new slot: the place for the bake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch: Option<Stage>,
}

/// The pods of one workload, share by share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Rolling {
    /// The shares of pods in order, rising.
    pub stages: Vec<Step>,
}
