//! Random worlds: a policy and a world drawn from a seed, run, judged, and shrunk if a promise is broken.
//!
//! Everything is decided by a seed: the same seed draws the same rollout on every machine.
//!
//! ```
//! use strategy_core::simulation::random;
//!
//! for drawn in random::rollouts(1).take(3) {
//!     let report = drawn.run();
//!     assert!(report.broken_promises().is_empty(), "seed {}", drawn.seed);
//! }
//! ```

mod drawing;
mod policy;
mod shrinking;
mod tally;
#[cfg(test)]
mod tests;
mod trials;

use std::time::Duration;

use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde::{Deserialize, Serialize};

pub use self::policy::{Policy, Step, Way};
pub use self::shrinking::{shrink, shrunk};
pub use self::tally::{Broken, Tally, Worst};
pub use self::trials::Trials;
use super::{Carrier, Simulation, SimulationReport};
use crate::random::SplitMix64;

/// A policy and a world, as drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Drawn {
    /// What decided everything; [`rollout`] draws the same again.
    pub seed: u64,
    /// The policy.
    pub policy: Policy,
    /// The world, and what befalls the rollout.
    pub simulation: Simulation,
}

impl Drawn {
    /// Runs it to its end.
    pub fn run(&self) -> SimulationReport {
        self.simulation.run(&self.policy)
    }

    /// Runs it, carried by something else than the driver of this crate as it is.
    pub fn run_by(&self, carrier: &dyn Carrier) -> SimulationReport {
        self.simulation.run_by(&self.policy, carrier)
    }
}

/// The rollout of a seed.
pub fn rollout(seed: u64) -> Drawn {
    let (policy, simulation) = tree(&drawing::rollout(), seed).current();
    Drawn {
        seed,
        policy,
        simulation,
    }
}

/// Rollouts without end, each with a seed of its own that this one decides.
pub fn rollouts(seed: u64) -> impl Iterator<Item = Drawn> {
    seeds(seed).map(rollout)
}

/// Worlds like this one, without end: the same platform and release, and in two of three of them one to four
/// things that go wrong, spread over `takes`, which is about how long a rollout takes there.
///
/// It is for trying a policy of one's own: what goes wrong are pods, routers, autoscalers, other people's
/// hands, the platform's API, whoever counts requests, the processes that carry the rollout, their journal,
/// and what people ask of it. Images that behave differently, are replaced or are built in haste are those of
/// the first container of a part that the release changes. The world's own happenings stay.
///
/// ```
/// use std::time::Duration;
/// use strategy_core::simulation::{Simulation, random};
/// use strategy_core::strategy::BlueGreen;
///
/// let mine = Simulation::seed(0).slots("v1", 4, "v0", 0).requests_per_second(50);
/// let policy = BlueGreen::new().bake(Duration::from_secs(60));
/// for world in random::worlds(&mine, Duration::from_secs(90), 7).take(5) {
///     let report = world.run(&policy);
///     assert!(report.broken_promises().is_empty(), "{world:?}");
/// }
/// ```
pub fn worlds(like: &Simulation, takes: Duration, seed: u64) -> impl Iterator<Item = Simulation> {
    seeds(seed).map(move |seed| {
        let mut simulation = like.clone();
        simulation.world.seed = seed;
        let misfortunes = tree(&drawing::misfortunes(), seed).current();
        drawing::befall(&mut simulation, &misfortunes, takes);
        simulation
    })
}

/// The seeds of rollouts; two first seeds have no part of it in common.
fn seeds(first: u64) -> impl Iterator<Item = u64> {
    let mut random = SplitMix64::new(first);
    std::iter::repeat_with(move || random.next())
}

/// What a seed draws, and how it shrinks.
fn tree<S: proptest::strategy::Strategy>(strategy: &S, seed: u64) -> S::Tree {
    let mut random = SplitMix64::new(seed);
    let mut bytes = [0; 32];
    for chunk in bytes.chunks_exact_mut(8) {
        chunk.copy_from_slice(&random.next().to_le_bytes());
    }
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, random);
    loop {
        // Nothing that is drawn here is ever rejected.
        if let Ok(tree) = strategy.new_tree(&mut runner) {
            return tree;
        }
    }
}
