//! One write: what is asked, of whom, and what it was decided on.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Binding, Claim, Desired, Owned};
use crate::timestamp::duration;

/// Identity of a write, claim, hook run or gate question. Issued in order by the machine; the same
/// after a crash.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct EffectId(pub u64);

impl fmt::Display for EffectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// Make this so.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Apply {
    /// The same when the write is repeated after a crash.
    pub id: EffectId,
    /// Whose write it is. Another claim on the target refuses it.
    pub claim: Claim,
    /// What the target must know to find its objects; opaque to everyone else.
    pub binding: Binding,
    /// The whole state asked for.
    pub desired: Desired,
    /// What the target owned in the observation this write was decided on.
    pub seen: Owned,
    /// How long the driver lets the write run before it calls its outcome unknown.
    #[serde(with = "duration")]
    pub timeout: Duration,
}

impl Apply {
    /// A write within 30 seconds, on an empty binding and nothing seen: to try a target with.
    pub fn new(id: EffectId, claim: Claim, desired: Desired) -> Self {
        Self {
            id,
            claim,
            binding: Binding::default(),
            desired,
            seen: Owned::default(),
            timeout: Duration::from_secs(30),
        }
    }
}

/// A write that is done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Applied {
    /// What the target must know from now on, a deployment's id for instance. Journaled with the
    /// completion and handed back in every later call. `None`: the binding stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Binding>,
}

impl Applied {
    /// It is done, and this is what the target must know from now on.
    pub const fn rebound(binding: Binding) -> Self {
        Self {
            binding: Some(binding),
        }
    }
}
