//! Intent becomes a plan.

mod blue_green;
mod canary;
mod ground;
mod ingredients;
mod options;
mod rolling;
mod settings;
mod turn;

pub use self::blue_green::BlueGreen;
pub use self::canary::{Canary, CanaryStage, CandidateCapacity};
pub use self::ingredients::{Percent, Retire};
pub use self::rolling::Rolling;
use crate::plan::{Plan, PlanError};
use crate::release::Release;
use crate::target::Found;

/// Turns intent into a checked plan. Pure: touches no cluster and reads no clock.
///
/// Users write their own; canary, blue-green and rolling are built in.
/// A strategy of one's own ends with [`Plan::new`] and [`Plan::fits`].
pub trait Strategy: std::fmt::Debug + Send + Sync {
    /// The plan for this release on what was found.
    ///
    /// # Errors
    /// [`PlanError`] when the intent cannot be a plan here: weights that do not rise, more precise
    /// than the router, no way to promote, and so on.
    fn plan(&self, release: &Release, found: &Found) -> Result<Plan, PlanError>;
}

const _: Option<&dyn Strategy> = None;
