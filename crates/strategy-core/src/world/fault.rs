//! How a platform's API can fail.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::timestamp::duration;

/// What an API does instead of answering well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ApiFault {
    /// It cannot be reached. Nothing is written, and that is certain.
    Unreachable,
    /// Too many calls. Nothing is written.
    Throttled,
    /// Writes are refused as if somebody else had been faster.
    Conflict,
    /// The call takes effect and its answer is lost.
    AnswerLost,
    /// The call takes effect and never answers.
    Silent,
    /// The call never answers, and a write takes effect this much later, if nothing fences it off.
    LandsLate(#[serde(with = "duration")] Duration),
    /// The call takes this long and then does what it should.
    Slow(#[serde(with = "duration")] Duration),
    /// Reads show how it was when the fault began, and say how old that is. After a write of ours
    /// they show the state at that write.
    Stale,
}

/// Which calls a fault befalls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Calls {
    /// Reads: discover, observe, admit.
    Reads,
    /// Writes: apply, claim.
    Writes,
    /// All of them (default).
    #[default]
    All,
}

impl Calls {
    /// Whether a call of kind `other` is meant.
    pub(super) fn include(self, other: Self) -> bool {
        self == Self::All || other == Self::All || self == other
    }
}
