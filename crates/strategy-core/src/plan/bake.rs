//! How long a stage is watched once its traffic is effective.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Then;
use crate::timestamp::duration;

/// How long a stage is watched once its traffic is effective.
///
/// The clock runs while traffic is effective and every exposed track, and every track at the
/// release, is ready; else it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Bake {
    /// Time on the bake clock. Default: none; strategies have defaults of their own.
    #[serde(with = "duration")]
    pub at_least: Duration,
    /// Wall time, whether the clock stands or not. Default: an hour more than `at_least`, in which most
    /// of what stops the clock mends itself.
    #[serde(with = "duration")]
    pub at_most: Duration,
    /// Looks of each check that applies which must pass; a failed one that is tolerated is none.
    /// Default: 1, so that no check passes unasked.
    pub looks: u32,
    /// What follows when `at_most` runs out undecided. Default: roll back, since no decision is no pass.
    pub undecided: Undecided,
}

impl Bake {
    /// An hour beyond `at_least` for what stands in the way.
    pub const SLACK: Duration = Duration::from_secs(3600);

    /// So long on the bake clock, with an hour of slack.
    pub const fn of(at_least: Duration) -> Self {
        Self {
            at_least,
            at_most: at_least.saturating_add(Self::SLACK),
            looks: 1,
            undecided: Undecided::Then(Then::RollBack),
        }
    }

    /// Wall time, whether the clock stands or not.
    #[must_use]
    pub const fn at_most(mut self, at_most: Duration) -> Self {
        self.at_most = at_most;
        self
    }

    /// Decided looks of each check that applies.
    #[must_use]
    pub const fn looks(mut self, looks: u32) -> Self {
        self.looks = looks;
        self
    }

    /// What follows when `at_most` runs out undecided.
    #[must_use]
    pub const fn undecided(mut self, undecided: Undecided) -> Self {
        self.undecided = undecided;
        self
    }
}

impl Default for Bake {
    fn default() -> Self {
        Self::of(Duration::ZERO)
    }
}

/// So long on the bake clock, with an hour of slack.
impl From<Duration> for Bake {
    fn from(at_least: Duration) -> Self {
        Self::of(at_least)
    }
}

/// What follows when a bake runs out of time undecided. It is never a pass by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Undecided {
    /// At once.
    Then(Then),
    /// Wait for a person first.
    Hold {
        /// How long.
        #[serde(with = "duration")]
        at_most: Duration,
        /// And then.
        then: Then,
    },
}
