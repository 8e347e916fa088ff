//! A whole rollout in a world: the real driver on virtual time, without an async runtime.

use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;

use super::{Deadlock, Report, World};
use crate::analysis::{FailureShare, SlowShare};
use crate::driver::{Driver, DriverError};
use crate::observer::Observer;
use crate::release::Release;
use crate::rollout::{Event, Outcome, Status};
use crate::strategy::Strategy;
use crate::target::RolloutId;

/// A rollout that came to its end in a world.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finished {
    /// How it ended.
    pub outcome: Outcome,
    /// Everything that happened, in order.
    pub events: Vec<Event>,
    /// How it stood at the end.
    pub status: Status,
    /// What users got, and what was written.
    pub report: Report,
}

/// A rollout that came to no end in a world.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Unfinished {
    /// It did not start, or the driver ended before it did.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// It did not even begin, since the platform never answered.
    #[error("the rollout did not begin")]
    NeverBegan(#[source] Deadlock),
    /// It still waits at the end of the world: it is stuck, or for something that never comes, such
    /// as an approval.
    #[error("the rollout came to no end (phase {:?}; waits for: {})", .status.phase, waiting(.status))]
    Waiting {
        /// How it stands.
        status: Box<Status>,
        /// Everything that happened, in order.
        events: Vec<Event>,
        /// Why nothing more will happen.
        #[source]
        deadlock: Deadlock,
    },
}

fn waiting(status: &Status) -> String {
    let waiting: Vec<_> = status.waiting.iter().map(ToString::to_string).collect();
    waiting.join(", ")
}

/// Everything that observers hear. Clones hear together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<Event>>>);

impl Heard {
    pub(crate) fn all(&self) -> Vec<Event> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Observer for Heard {
    fn event(&self, event: &Event) {
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        events.push(event.clone());
    }
}

impl World {
    /// A driver for all parts of this world, on its clock, with its counts under
    /// [`FailureShare::KIND`] and [`SlowShare::KIND`]. Everything else is as [`Driver`] has it, and can be changed.
    pub fn driver(&self) -> Driver {
        let parts: Vec<_> = self.with(|state| state.parts.keys().cloned().collect());
        let targets = parts
            .into_iter()
            .map(|part| (part.as_str().to_owned(), self.target_for(part)));
        let driver = Driver::parts(targets)
            .clock(self.clock.clone())
            .analysis(FailureShare::KIND, self.analysis())
            .analysis(SlowShare::KIND, self.slow_analysis());
        // The driver's own names are drawn by lot; here the same run has the same names.
        let (since, number) = self.with(|state| {
            state.drivers += 1;
            (state.now.since(state.begins), state.drivers)
        });
        let driver = driver.process(number.to_string());
        match format!("in-world-{}", since.as_millis()).parse::<RolloutId>() {
            Ok(id) => driver.id(id),
            Err(_) => driver,
        }
    }

    /// Runs a rollout to its end, in virtual time.
    ///
    /// ```
    /// use strategy_core::analysis::FailureShare;
    /// use strategy_core::plan::{Check, Extension};
    /// use strategy_core::rollout::Outcome;
    /// use strategy_core::strategy::Canary;
    /// use strategy_core::world::World;
    /// use strategy_core::Release;
    ///
    /// let world = World::seeded(7)
    ///     .stable("app:v1", 10)
    ///     .requests_per_second(100)
    ///     .fails("app:v2", 0.05)
    ///     .build()?;
    /// let errors = Check::new(Extension::new(FailureShare::KIND).with("limit", "1%"));
    /// let canary = Canary::new().stages([5, 25, 50, 100]).check("errors", errors);
    ///
    /// let finished = world.run(&canary, Release::of([("app", "app:v2")])?)?;
    /// assert!(matches!(finished.outcome, Outcome::RolledBack { .. }));
    /// assert!(finished.report.failed() < 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Unfinished`] when it does not start, or comes to no end within the world's time.
    pub fn run(&self, strategy: &dyn Strategy, release: Release) -> Result<Finished, Unfinished> {
        self.run_with(self.driver(), strategy, release)
    }

    /// As [`run`](Self::run), with a driver of one's own making, from [`driver`](Self::driver).
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_with(
        &self,
        driver: Driver,
        strategy: &dyn Strategy,
        release: Release,
    ) -> Result<Finished, Unfinished> {
        let events = Heard::default();
        let driver = driver.observer(events.clone());
        let (handle, run) = self
            .block_on(driver.start(strategy, release))
            .map_err(Unfinished::NeverBegan)??;
        match self.block_on(run) {
            Ok(outcome) => Ok(Finished {
                outcome: outcome?,
                events: events.all(),
                status: handle.status(),
                report: self.report(),
            }),
            Err(deadlock) => Err(Unfinished::Waiting {
                status: Box::new(handle.status()),
                events: events.all(),
                deadlock,
            }),
        }
    }
}
