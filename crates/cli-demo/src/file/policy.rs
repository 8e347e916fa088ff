//! Policies in the rollout file: what is to be done about what may come.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::stage::Hold;
use super::value::{Percent, Time};

/// What is to be done about what may come. A field that is not named keeps its default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Policies {
    /// Other people's hands on what the rollout owns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<Foreign>,
    /// At least so often everything is read, news or not. Default: `30s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resync: Option<Time>,
    /// No step and no pass rests on an older observation. Default: `75s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stale_after: Option<Time>,
    /// What follows when a part cannot be read or written for long. Default: 5 minutes, then back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<Hold>,
    /// How long one write may take before its outcome is unknown. Default: `30s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_timeout: Option<Time>,
    /// On the way back, how long more than was ready at the start is waited for. Default: `60s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way_back_wait: Option<Time>,
    /// How long a rollback may take before it says it is stuck. Default: `10m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_deadline: Option<Time>,
    /// A stuck rollback goes on by itself when what was missing is there. Default: yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stuck_goes_on: Option<bool>,
    /// How long a pause may last, and what follows. Default: 24 hours, then back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Hold>,
    /// Parts go back one after the other instead of all at once. Default: no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roll_back_in_order: Option<bool>,
    /// The chance of a false alarm over the whole rollout. Default: `1%`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub false_alarms: Option<Percent>,
    /// Only images with a digest are accepted. Default: no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub immutable_images: Option<bool>,
}

/// One answer for each kind of thing that somebody else may change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Foreign {
    /// Weight, routes, mirror. Default: hold an hour, then roll back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<ForeignPolicy>,
    /// Count or floor. Default: put it back three times, then hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<ForeignPolicy>,
    /// What a track runs. Default: roll back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<ForeignPolicy>,
}

/// What is done about somebody else's change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ForeignPolicy {
    /// Back to the recorded start.
    RollBack,
    /// Leave all as it is and give up the claim.
    Yield,
    /// Wait for a person.
    Hold(Hold),
    /// Put it back.
    Reassert(Reassert),
}

/// How often whose change is put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Reassert {
    /// How often over the whole rollout; one more holds.
    pub times: u32,
    /// Whose changes, by name of the writer. Default: anyone's, but never traffic towards stable.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub writers: BTreeSet<String>,
}
