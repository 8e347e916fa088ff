//! Code named in a plan: a kind and its parameters.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A hook, gate or analysis named in a plan. The code is found by `kind`, at the start and again at
/// resume; the parameters are data and go into journal and digest, so no secret belongs in them:
/// name one instead (`"token": {"from-env": "TOKEN"}`).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Extension {
    /// Which code.
    pub kind: String,
    /// What it is given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, Value>,
}

impl Extension {
    /// A kind without parameters.
    pub fn new(kind: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            params: BTreeMap::new(),
        }
    }

    /// With one parameter more.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }
}

/// Names only the parameters: their values might hold what should not be in a log.
impl fmt::Debug for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}({})",
            self.kind,
            self.params.keys().cloned().collect::<Vec<_>>().join(", ")
        )
    }
}
