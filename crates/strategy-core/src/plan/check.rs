//! A judged measurement on a schedule over stages.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Extension;
use crate::timestamp::duration;

/// The name of a check, unique in its plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CheckName(Arc<str>);

impl CheckName {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for CheckName {
    fn from(name: T) -> Self {
        Self(name.into().into())
    }
}

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A judged measurement on a schedule. It runs while a stage that names it stands; its memory lives
/// across stages.
///
/// Its windows lie on a grid from its start. A change of weight, identities or effectiveness closes a
/// window, and time not effective belongs to none.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Check {
    /// What measures and judges, found by name in the [`Registry`](crate::Registry) or analysis.
    pub analysis: Extension,
    /// Length of a window, and time between looks. Default: 30 seconds: ten looks in a canary's default
    /// bake, each over a window that holds events.
    #[serde(with = "duration")]
    pub interval: Duration,
    /// How long one look may take before it counts as an error. Default: 30 seconds, the length of a
    /// window: what takes longer falls behind.
    #[serde(with = "duration")]
    pub timeout: Duration,
    /// What is too much.
    pub limits: Limits,
    /// It compares the candidate with stable, so it ends before stable changes. Default: no,
    /// since most judge the candidate alone.
    pub compares_with_stable: bool,
}

impl Check {
    /// A check every 30 seconds with default limits.
    pub fn new(analysis: Extension) -> Self {
        Self {
            analysis,
            interval: Duration::from_secs(30),
            timeout: Duration::from_secs(30),
            limits: Limits::default(),
            compares_with_stable: false,
        }
    }

    /// Length of a window, and time between looks.
    #[must_use]
    pub const fn every(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How long one look may take before it counts as an error.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// What is too much.
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// It compares the candidate with stable, so it ends before stable changes or loses its traffic.
    #[must_use]
    pub const fn compares_with_stable(mut self) -> Self {
        self.compares_with_stable = true;
        self
    }
}

/// How many of each kind of result end a check. A limit counts what is tolerated: one more fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Limits {
    /// `Fail`, over all stages. Default: 0, the first one fails.
    pub failures: u32,
    /// `Fail` one after the other; `None`: no such limit. Default: none, since `failures` counts them too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consecutive_failures: Option<u32>,
    /// Errors one after the other: the source could not be asked. Default: 4: a failed look is taken
    /// again after ten seconds at most, so a source may be away for half a minute.
    pub consecutive_errors: u32,
    /// `Inconclusive` one after the other: too few events, NaN, stale, no series. Default: 10:
    /// five minutes of default windows, so a lull passes and a source that never says anything does not.
    pub consecutive_inconclusive: u32,
}

impl Limits {
    /// So many `Fail` are tolerated, over all stages.
    #[must_use]
    pub const fn failures(mut self, tolerated: u32) -> Self {
        self.failures = tolerated;
        self
    }

    /// So many `Fail` are tolerated one after the other.
    #[must_use]
    pub const fn consecutive_failures(mut self, tolerated: u32) -> Self {
        self.consecutive_failures = Some(tolerated);
        self
    }

    /// So many errors are tolerated one after the other.
    #[must_use]
    pub const fn consecutive_errors(mut self, tolerated: u32) -> Self {
        self.consecutive_errors = tolerated;
        self
    }

    /// So many `Inconclusive` are tolerated one after the other.
    #[must_use]
    pub const fn consecutive_inconclusive(mut self, tolerated: u32) -> Self {
        self.consecutive_inconclusive = tolerated;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            failures: 0,
            consecutive_failures: None,
            consecutive_errors: 4,
            consecutive_inconclusive: 10,
        }
    }
}
