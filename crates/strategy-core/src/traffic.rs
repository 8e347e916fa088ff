//! How requests are shared between the tracks.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::weight::Weight;

/// The whole of what decides which track a request reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Traffic {
    /// The candidate's share; stable has the rest.
    pub weight: Weight,
    /// Requests that go to the candidate whatever the weight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
    /// Share of stable's requests that is copied to the candidate; answers to copies are dropped.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub mirror: Weight,
    /// What happens to session stickiness while both tracks carry traffic.
    #[serde(default, skip_serializing_if = "Stickiness::is_kept")]
    pub stickiness: Stickiness,
}

impl Traffic {
    /// This weight, and nothing else.
    pub const fn weight(weight: Weight) -> Self {
        Self {
            weight,
            routes: Vec::new(),
            mirror: Weight::ZERO,
            stickiness: Stickiness::Kept,
        }
    }

    /// Whether any new request may reach the candidate: weight, route or mirror.
    pub const fn reaches_candidate(&self) -> bool {
        !self.weight.is_zero() || !self.routes.is_empty() || !self.mirror.is_zero()
    }

    /// Whether any new request may reach stable.
    pub const fn reaches_stable(&self) -> bool {
        self.weight.basis_points() < Weight::FULL.basis_points()
    }

    /// The share of requests the candidate must be able to carry: weight, or mirror if that is larger.
    pub fn candidate_share(&self) -> Weight {
        self.weight.max(self.mirror)
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.weight)?;
        for route in &self.routes {
            write!(f, " + {route}")?;
        }
        if !self.mirror.is_zero() {
            write!(f, " + mirror {}", self.mirror)?;
        }
        Ok(())
    }
}

/// Requests that reach the candidate by what they carry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Route {
    /// Header or cookie.
    pub by: RouteBy,
    /// Its name.
    pub name: String,
    /// Its exact value.
    pub value: String,
}

/// What a [`Route`] looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RouteBy {
    /// A request header.
    Header,
    /// A cookie.
    Cookie,
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.by {
            RouteBy::Header => "header",
            RouteBy::Cookie => "cookie",
        };
        write!(f, "{by} {}={}", self.name, self.value)
    }
}

/// What happens to session stickiness during a rollout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Stickiness {
    /// As found. Its duration counts towards drain: a pinned session still reaches its track.
    #[default]
    Kept,
    /// Switched off while the rollout runs and restored with the recorded start.
    Suspended,
}

impl Stickiness {
    const fn is_kept(&self) -> bool {
        matches!(self, Self::Kept)
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde asks for"
)]
const fn is_zero(weight: &Weight) -> bool {
    weight.is_zero()
}
