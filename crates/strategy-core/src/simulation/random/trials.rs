//! Many random rollouts, on many threads, counted together.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use super::tally::Tally;
use super::{Drawn, rollout, seeds};
use crate::simulation::SimulationReport;

/// Many random rollouts.
///
/// ```
/// use strategy_core::simulation::random::Trials;
///
/// let tally = Trials::new(1).rollouts(5).run();
/// assert_eq!(tally.rollouts, 5);
/// assert!(tally.broken.is_empty(), "{tally}");
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Trials {
    seed: u64,
    rollouts: usize,
    threads: usize,
}

impl Trials {
    /// A thousand rollouts that this seed decides, on one thread.
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            rollouts: 1_000,
            threads: 1,
        }
    }

    /// So many.
    pub const fn rollouts(self, rollouts: usize) -> Self {
        Self { rollouts, ..self }
    }

    /// On so many threads; what comes of it is the same.
    pub const fn threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// Runs all of them.
    pub fn run(self) -> Tally {
        let threads = self.threads.max(1);
        let share = |thread: usize| {
            let seeds = seeds(self.seed).take(self.rollouts);
            let mut tally = Tally::default();
            for seed in seeds.skip(thread).step_by(threads) {
                let drawn = rollout(seed);
                tally.add(&drawn, tried(&drawn).as_ref().map_err(String::as_str));
            }
            tally
        };
        let mut whole = thread::scope(|scope| {
            let share = &share;
            let started: Vec<_> = (0..threads)
                .map(|thread| scope.spawn(move || share(thread)))
                .collect();
            let mut whole = Tally::default();
            for thread in started {
                match thread.join() {
                    Ok(tally) => whole.join(tally),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            whole
        });
        whole.sort();
        whole
    }
}

/// What came of it, or how it panicked.
pub(super) fn tried(drawn: &Drawn) -> Result<SimulationReport, String> {
    catch_unwind(AssertUnwindSafe(|| drawn.run())).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        text.unwrap_or_else(|| "it said nothing".to_owned())
    })
}
