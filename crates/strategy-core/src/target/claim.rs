//! Who works on a target: one rollout, one epoch.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::plan::PlanError;

/// Name of one rollout, unique among those that may meet on a target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RolloutId(Arc<str>);

impl RolloutId {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RolloutId {
    type Err = PlanError;

    /// # Errors
    /// Unless it is 1 to 63 of `a-z A-Z 0-9 . _ -` that begins and ends with a letter or digit.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let edge = |b: Option<&u8>| b.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = text.as_bytes();
        let fits = bytes.len() <= 63
            && edge(bytes.first())
            && edge(bytes.last())
            && bytes
                .iter()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(b));
        if fits {
            Ok(Self(text.into()))
        } else {
            Err(PlanError::RolloutId {
                id: text.chars().take(80).collect(),
            })
        }
    }
}

impl TryFrom<String> for RolloutId {
    type Error = PlanError;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RolloutId> for String {
    fn from(id: RolloutId) -> Self {
        id.as_str().to_owned()
    }
}

impl fmt::Display for RolloutId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The right to write to a target. A later epoch of the same rollout fences off the earlier ones.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Claim {
    /// The rollout that holds it.
    pub holder: RolloutId,
    /// Grows whenever something of an earlier epoch might still be on its way.
    pub epoch: u64,
}

impl Claim {
    /// The same holder's next epoch.
    #[must_use]
    pub fn next(&self) -> Self {
        Self {
            holder: self.holder.clone(),
            epoch: self.epoch + 1,
        }
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.holder, self.epoch)
    }
}
