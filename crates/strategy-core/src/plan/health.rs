//! The built-in health checks, on in every stage unless the plan visibly turns them off.

use serde::{Deserialize, Serialize};

use crate::weight::Weight;

/// The built-in health checks of a stage. Printed in the plan where one is off.
///
/// They need no metric source: they read the observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Health {
    /// Pods of the release with a fatal reason (crash loop, image pull, out of memory, …) fail the
    /// stage at once. Default: on.
    pub fatal: bool,
    /// Restarts of all containers of the release since the stage began that are tolerated; `None`
    /// turns the check off. Default: 2: one while what it depends on starts, one to spare; a crash loop
    /// gets to the third.
    pub restarts: Option<u32>,
    /// A release that was ready and is not fails the stage when its grace is spent. Default: on.
    pub readiness: bool,
    /// How far the share that counts can achieve may lie from the planned one where traffic follows
    /// readiness; `None` turns the check off. Default: 15%, wide enough for 33% at a planned 25%.
    pub share_deviation: Option<Weight>,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            fatal: true,
            restarts: Some(2),
            readiness: true,
            share_deviation: Weight::from_percent(15).ok(),
        }
    }
}

impl Health {
    /// Everything off. The plan prints it.
    pub const fn off() -> Self {
        Self {
            fatal: false,
            restarts: None,
            readiness: false,
            share_deviation: None,
        }
    }
}
