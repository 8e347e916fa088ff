//! What a platform can do, as data.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::timestamp::duration;
use crate::weight::Weight;

/// What the platform of one part can do.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Capabilities {
    /// The smallest step of a weight. 1%: whole percents; 100%: all or nothing.
    pub granularity: Weight,
    /// How a weight is brought about.
    pub routing: Routing,
    /// Requests can be sent to the candidate by header.
    pub header_routes: bool,
    /// Requests can be sent to the candidate by cookie.
    pub cookie_routes: bool,
    /// Requests can be copied to the candidate.
    pub mirror: bool,
    /// How a candidate can become stable, the preferred way first.
    pub promotions: Vec<Promotion>,
    /// How it is known that traffic flows as written.
    pub effectiveness: Effectiveness,
    /// Whether a claim fences off a writer that lost it.
    pub fenced: bool,
}

impl Capabilities {
    /// Routed, percent by percent, verified and fenced; promotion by `Update`. Change what differs.
    pub fn routed() -> Self {
        Self {
            granularity: Weight::from_basis_points(100).unwrap_or(Weight::FULL),
            routing: Routing::Routed,
            header_routes: false,
            cookie_routes: false,
            mirror: false,
            promotions: vec![Promotion::Update],
            effectiveness: Effectiveness::Verified,
            fenced: true,
        }
    }
}

/// How a weight is brought about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Routing {
    /// A router sends the share it is told.
    Routed,
    /// Traffic follows ready pods: raising capacity *is* shifting traffic, and a weight is met when
    /// the achieved share is the nearest the counts allow.
    FollowsReadiness,
    /// The platform shifts traffic itself, interval by interval, and asks before it goes on.
    Native,
}

/// How a candidate becomes stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Promotion {
    /// The roles are swapped: the candidate stays and carries the traffic from now on.
    Swap,
    /// Stable is given the release, traffic returns to it, the candidate is retired.
    Update,
    /// The platform does it.
    Native,
}

/// How it is known that traffic flows as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Effectiveness {
    /// The platform can be asked; observations report it.
    Verified,
    /// It cannot: what was written is taken to be effective after this long.
    Assumed {
        /// Time between write and effect.
        #[serde(with = "duration")]
        after: Duration,
    },
}
