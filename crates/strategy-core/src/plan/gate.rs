//! May we go on?

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Extension, Then};
use crate::timestamp::duration;

/// A question that must be answered before a stage begins.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Gate {
    /// Unique in its stage.
    pub name: String,
    /// Who or what answers.
    pub kind: GateKind,
    /// How long it may stay open. Default: 24 hours: those asked sleep in between, and a question that
    /// nobody answers ends.
    #[serde(with = "duration")]
    pub limit: Duration,
    /// What follows then. Default: roll back, since nobody said yes.
    pub then: Then,
}

impl Gate {
    /// An approval by so many different actors, each with one of the roles; no roles: anyone.
    pub fn approval(
        name: impl Into<String>,
        roles: impl IntoIterator<Item = String>,
        quorum: u32,
    ) -> Self {
        Self::new(
            name,
            GateKind::Approval {
                roles: roles.into_iter().collect(),
                quorum,
            },
        )
    }

    /// A condition somebody else knows, asked again and again.
    pub fn external(name: impl Into<String>, ask: Extension) -> Self {
        Self::new(
            name,
            GateKind::External {
                ask,
                every: Duration::from_secs(30),
            },
        )
    }

    /// How long it may stay open, and what follows then.
    #[must_use]
    pub const fn within(mut self, limit: Duration, then: Then) -> Self {
        self.limit = limit;
        self.then = then;
        self
    }

    fn new(name: impl Into<String>, kind: GateKind) -> Self {
        Self {
            name: name.into(),
            kind,
            limit: Duration::from_secs(24 * 3600),
            then: Then::RollBack,
        }
    }
}

/// Who or what answers a [`Gate`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum GateKind {
    /// People. One actor counts once; each approval names this plan's digest and this stage.
    Approval {
        /// Roles that count; empty: any actor.
        roles: BTreeSet<String>,
        /// How many different actors. At least 1.
        quorum: u32,
    },
    /// A condition that code answers: a calendar window, an incident flag, a change system.
    External {
        /// Found by name in the [`Registry`](crate::Registry).
        ask: Extension,
        /// Time between two questions. Default: 30 seconds: calendars and flags change in minutes.
        #[serde(with = "duration")]
        every: Duration,
    },
}
