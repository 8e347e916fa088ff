//! A digest of everything in a plan.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Plan;

/// SHA-256 over a plan's canonical JSON. Two plans with the same digest do the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlanDigest(String);

impl PlanDigest {
    /// 64 hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `given`, at least its first 8 digits, names this digest.
    pub fn is_named_by(&self, given: &str) -> bool {
        given.len() >= 8 && self.0.starts_with(given)
    }
}

impl FromStr for PlanDigest {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(format!(
                "`{}` is no plan digest: it has 64 hexadecimal digits",
                text.chars().take(80).collect::<String>()
            ))
        }
    }
}

impl fmt::Display for PlanDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.get(..12).unwrap_or(&self.0))
    }
}

pub(super) fn of(plan: &Plan) -> PlanDigest {
    // A plan is plain data with string keys in ordered maps, so writing it to memory cannot fail;
    // were that ever untrue, the digest would cover the debug text instead of nothing.
    let bytes = serde_json::to_vec(plan).unwrap_or_else(|_| format!("{plan:?}").into_bytes());
    PlanDigest(
        Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    )
}

#[cfg(test)]
mod tests;
