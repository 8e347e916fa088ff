//! Intent becomes a plan.

use crate::plan::{Plan, PlanError};
use crate::release::Release;
use crate::target::Found;

/// Turns intent into a checked plan. Pure: touches no cluster and reads no clock.
///
/// Users write their own; canary, blue-green and rolling are built in.
pub trait Strategy: std::fmt::Debug + Send + Sync {
    /// The plan for this release on what was found.
    ///
    /// # Errors
    /// [`PlanError`] when the intent cannot be a plan here: weights that do not rise, more precise
    /// than the router, no way to promote, and so on.
    fn plan(&self, release: &Release, found: &Found) -> Result<Plan, PlanError>;
}

const _: Option<&dyn Strategy> = None;
