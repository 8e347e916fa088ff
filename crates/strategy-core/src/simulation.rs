//! Whole rollouts in a [`World`](crate::world::World): the real driver, journal, machine and strategy
//! on a virtual clock, with processes that crash and wake, and a judge of every promise.
//!
//! ```
//! use strategy_core::simulation::{Simulation, errors};
//! use strategy_core::strategy::BlueGreen;
//!
//! let report = Simulation::seed(7)
//!     .stable("v1", 10)
//!     .candidate(errors(0.05))
//!     .run(&BlueGreen::new());
//! assert!(report.broken_promises().is_empty());
//! ```

mod behaviors;
mod builder;
mod carrier;
mod clock;
mod counting;
mod hooks;
mod inbox;
mod journal;
pub mod judge;
mod mishap;
mod processes;
pub mod random;
mod ranges;
mod registered;
mod report;
mod runs;
mod sayings;
mod summary;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::behaviors::{
    cannot_be_pulled, crashes_after, crashes_at_start, errors, flaps, hangs, hangs_after,
    out_of_memory_after, serves, slow, starts_in,
};
pub use self::carrier::{Carrier, Equipment, RealDriver};
pub use self::hooks::{SimulatedGate, SimulatedHook};
pub use self::mishap::{Mishap, Trouble, When};
pub use self::report::{End, SimulationReport};
pub use self::runs::Runs;
pub use self::sayings::{Ask, Saying};
use crate::release::Release;
use crate::strategy::Strategy;
use crate::timestamp::duration;
use crate::world::defaults::defaults;
use crate::world::{Behavior, Scenario};

/// A rollout in a world, with everything that happens to both: plain data, from methods, a file or both.
///
/// The same simulation gives the same report, byte for byte. In a file, what has its default is left out,
/// and what is not known is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Simulation {
    /// The world at the beginning, and what happens in it.
    pub world: Scenario,
    /// What is released; `None`: `app:v2` in the container `app` of every part.
    #[serde(skip_serializing_if = "is_default::release")]
    pub release: Option<Release>,
    /// How the images of the release behave that the world says nothing of. Default: well.
    #[serde(skip_serializing_if = "is_default::candidate")]
    pub candidate: Behavior,
    /// What befalls the processes that carry the rollout, and their journal.
    #[serde(skip_serializing_if = "is_default::mishaps")]
    pub mishaps: Vec<Mishap>,
    /// What people ask of the rollout.
    #[serde(skip_serializing_if = "is_default::sayings")]
    pub sayings: Vec<Saying>,
    /// By how many milliseconds the clock of each process differs from the world's, in the order in
    /// which they begin; the last one holds for all that follow. Default: by none.
    #[serde(skip_serializing_if = "is_default::clock_offsets")]
    pub clock_offsets: Vec<i64>,
    /// How the hooks of a plan behave, by the kind that the plan names. Those of kind
    /// [`SimulatedHook::KIND`] behave as their parameters say. A kind that is not here is unknown, and a
    /// plan that names it does not begin.
    #[serde(skip_serializing_if = "is_default::hooks")]
    pub hooks: BTreeMap<String, SimulatedHook>,
    /// How external gates behave, likewise; those of kind [`SimulatedGate::KIND`] as their parameters say.
    #[serde(skip_serializing_if = "is_default::gates")]
    pub gates: BTreeMap<String, SimulatedGate>,
    /// How long the world goes on after the rollout has settled, so that what is late still lands.
    /// Default: 10 minutes.
    #[serde(with = "duration", skip_serializing_if = "is_default::afterwards")]
    pub afterwards: Duration,
}

defaults! {
    is_default of Simulation {
        release: Option<Release>,
        candidate: Behavior,
        mishaps: Vec<Mishap>,
        sayings: Vec<Saying>,
        clock_offsets: Vec<i64>,
        hooks: BTreeMap<String, SimulatedHook>,
        gates: BTreeMap<String, SimulatedGate>,
        afterwards: Duration,
    }
}

impl Default for Simulation {
    fn default() -> Self {
        Self {
            world: Scenario::default(),
            release: None,
            candidate: Behavior::default(),
            mishaps: Vec::new(),
            sayings: Vec::new(),
            clock_offsets: Vec::new(),
            hooks: BTreeMap::new(),
            gates: BTreeMap::new(),
            afterwards: Duration::from_secs(600),
        }
    }
}

impl Simulation {
    /// Runs it to its end, in virtual time; a [`Simulation`] that cannot be run says so in
    /// [`SimulationReport::end`].
    ///
    /// When a process crashes another takes up its journal, as told by the [`Mishap`]; when it is over,
    /// the world goes on for a while, so that the report shows what came late.
    pub fn run(&self, strategy: &dyn Strategy) -> SimulationReport {
        self.run_by(strategy, &RealDriver)
    }

    /// As [`run`](Self::run), carried by something else than the driver of this crate as it is.
    ///
    /// The same simulation gives the same report if the carrier decides by nothing but its equipment.
    pub fn run_by(&self, strategy: &dyn Strategy, carrier: &dyn Carrier) -> SimulationReport {
        processes::run(self, strategy, carrier)
    }
}
