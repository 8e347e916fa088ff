//! A small deterministic model of a platform, and the target on it: pods that take time and crash,
//! routers that converge late, people who interfere, users whose requests are counted.
//!
//! Everything runs on a virtual clock, so hours pass in milliseconds and always the same way. It is
//! for tests of rollout policies: faults are put into the world, and nothing in it sets a verdict.
//!
//! ```
//! use std::time::Duration;
//! use strategy_core::Target;
//! use strategy_core::world::{Happening, World};
//!
//! let world = World::seeded(7)
//!     .stable("app:v1", 3)
//!     .requests_per_second(100)
//!     .at(Duration::from_secs(60), Happening::image_fails("app:v1", 0.02))
//!     .build()?;
//! let found = world.block_on(async { world.target().discover().await })??;
//! assert_eq!(found.baseline(), 3);
//!
//! world.advance(Duration::from_secs(120));
//! assert_eq!(world.report().failed(), 60 * 100 * 2 / 100);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod clock;
mod counter;
pub(crate) mod defaults;
mod deployment;
#[cfg(any(feature = "driver", test))]
mod drive;
mod executor;
mod fault;
mod fulfilled;
mod happening;
mod happens;
mod image;
mod interruption;
mod latency;
mod ledger;
mod log;
mod owned;
mod part;
mod pod;
mod report;
mod router;
mod scenario;
mod serving;
mod state;
pub(crate) mod strict;
mod target;
#[cfg(test)]
mod tests;
mod workload;

use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

pub use self::clock::{Sleep, VirtualClock};
pub use self::counter::MetricFault;
#[cfg(any(feature = "simulation", test))]
pub(crate) use self::drive::Heard;
#[cfg(any(feature = "driver", test))]
pub use self::drive::{Finished, Unfinished};
pub use self::executor::{Deadlock, VirtualTime, block_on};
pub use self::fault::{ApiFault, Calls};
pub use self::fulfilled::{discovery_of, fulfilled, observed_track};
pub use self::happening::Happening;
pub use self::image::{Ailment, Behavior};
#[cfg(any(feature = "simulation", test))]
pub(crate) use self::interruption::{Interruption, Point};
pub use self::latency::{Latency, Quantile};
pub use self::ledger::Requests;
pub use self::log::{Author, Entry, Fact, Life, PodsScene, Process, Scene, Told, TrackScene};
pub use self::report::{PartReport, Report, Shortage, WeightSpan, Write};
#[cfg(any(feature = "simulation", test))]
pub(crate) use self::scenario::ranges;
pub use self::scenario::{
    InvalidScenario, PartSetup, ScalerSetup, Scenario, Shape, Timed, WorkloadSetup,
};
pub use self::target::InMemoryTarget;
use crate::release::Part;
use crate::target::Capabilities;
use crate::timestamp::Timestamp;
use crate::track::Track;

/// A model of a platform with a virtual clock. Cheap to clone; all clones are the same world.
///
/// Built from a [`Scenario`]; see the [module](self) for an example.
#[derive(Clone, Debug)]
pub struct World {
    clock: VirtualClock,
    state: Arc<Mutex<state::State>>,
}

impl World {
    /// The beginning of a [`Scenario`]: everything that varies is decided by this seed.
    pub fn seeded(seed: u64) -> Scenario {
        let mut scenario = Scenario::default();
        scenario.seed = seed;
        scenario
    }

    fn of(state: state::State) -> Self {
        Self {
            clock: VirtualClock::starting_at(state.now),
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Its clock. Sleepers on it wake as the world advances.
    pub const fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    /// The part `main` as a target.
    pub fn target(&self) -> InMemoryTarget {
        self.target_for(Part::main())
    }

    /// A part as a target. If there is no such part, its calls answer
    /// [`NotFound`](crate::target::TargetErrorKind::NotFound).
    pub fn target_for(&self, part: Part) -> InMemoryTarget {
        InMemoryTarget::new(self.clone(), part)
    }

    /// Something happens now. Its numbers are taken as they are; those of a scenario are looked at before.
    pub fn happen(&self, happening: Happening) {
        self.with(|state| state.happen(happening));
    }

    /// Something happens after this much time.
    pub fn happen_after(&self, time: Duration, happening: Happening) {
        self.with(|state| state.schedule(state.now + time, happening));
    }

    /// Time passes, and everything due in it happens in order.
    pub fn advance(&self, time: Duration) {
        VirtualTime::advance_to(self, self.clock.now() + time);
    }

    /// What happened until now.
    pub fn report(&self) -> Report {
        self.with(|state| state.report())
    }

    /// From now on everything that happens is kept, for [`log`](Self::log). Default: nothing is.
    pub fn keep_log(&self) {
        self.with(state::State::keep_log);
    }

    /// What really happened since [`keep_log`](Self::keep_log), in order.
    pub fn log(&self) -> Vec<Entry> {
        self.with(|state| state.log.entries())
    }

    /// Writes down what only whoever runs processes can know.
    #[cfg(any(feature = "simulation", test))]
    pub(crate) fn note(&self, fact: Fact) {
        self.with(|state| state.log.add(state.now, || fact));
    }

    /// What is to happen at a call or at a write of the journal.
    #[cfg(any(feature = "simulation", test))]
    pub(crate) fn interrupt(&self, point: Point, interruption: Interruption) {
        self.with(|state| state.interruptions.plan(point, interruption));
    }

    /// What a process meets at a call that is not one of a target's.
    #[cfg(any(feature = "simulation", test))]
    pub(crate) fn meets_at_call(&self) -> interruption::Met {
        self.with(|state| {
            let interruptions = state.interruptions.call();
            state.meet(interruptions)
        })
    }

    /// What a process meets at its next write of the journal.
    #[cfg(any(feature = "simulation", test))]
    pub(crate) fn meets_at_append(&self) -> interruption::Met {
        self.with(|state| {
            let interruptions = state.interruptions.append();
            state.meet(interruptions)
        })
    }

    /// A process is to be stopped, once for each of these numbers, and waits for it.
    pub(crate) async fn stop(&self, process: Process, numbers: &[usize]) {
        self.with(|state| {
            for number in numbers {
                state.interruptions.raise(process, *number);
            }
        });
        self.halt(process).await;
    }

    /// Waits while the process is to be stopped: until whoever polls it has done so, nothing of it goes on,
    /// whatever else it has under way.
    pub(crate) async fn halt(&self, process: Process) {
        poll_fn(|context| {
            if self.with(|state| state.interruptions.is_raised(process)) {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
    }

    /// The processes that wait to be stopped, with the number of what is to stop them.
    #[cfg(any(feature = "simulation", test))]
    pub(crate) fn raised(&self) -> Vec<(Process, usize)> {
        self.with(|state| state.interruptions.raised())
    }

    /// How many calls to the platform, and writes of the journal, there were.
    #[cfg(any(feature = "simulation", test))]
    pub(crate) fn counts(&self) -> (u64, u64) {
        self.with(|state| state.interruptions.counts())
    }

    /// Polls a future until it is done; whenever it waits, time jumps to what comes next.
    ///
    /// # Errors
    /// [`Deadlock`] when nothing in the world will ever wake it, or the world ends first.
    pub fn block_on<F: Future>(&self, future: F) -> Result<F::Output, Deadlock> {
        block_on(self, future)
    }

    /// What the platform of a part can do; `None` if there is no such part.
    pub fn capabilities(&self, part: &Part) -> Option<Capabilities> {
        self.with(|state| state.parts.get(part).map(|part| part.capabilities.clone()))
    }

    /// Whether a track, by the roles of the beginning, has a workload now.
    pub fn has_workload(&self, part: &Part, track: Track) -> bool {
        self.with(|state| {
            let part = state.parts.get_mut(part);
            part.is_some_and(|part| part.workload_mut(track).is_some())
        })
    }

    /// Everything that is written on a part, as text: equal while nobody writes.
    pub fn stored(&self, part: &Part) -> String {
        self.with(|state| state.parts.get(part).map(part::PartState::stored))
            .unwrap_or_default()
    }

    fn with<T>(&self, call: impl FnOnce(&mut state::State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // Somebody may have moved the clock alone: the world catches up first.
        let now = self.clock.now();
        state.advance_to(now);
        call(&mut state)
    }
}

impl VirtualTime for World {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn next(&self) -> Option<Timestamp> {
        let event = self.with(|state| state.next());
        event.into_iter().chain(self.clock.next_sleeper()).min()
    }

    fn advance_to(&self, at: Timestamp) {
        self.with(|state| state.advance_to(at));
        self.clock.advance_to(at);
    }

    fn horizon(&self) -> Option<Timestamp> {
        Some(self.with(|state| state.ends))
    }
}
