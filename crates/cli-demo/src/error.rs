//! Why the program could not do what it was asked, and with which status it ends.

use std::error::Error;

use strategy_core::driver::{DriverError, SendError};
use strategy_core::journal::JournalError;
use strategy_core::rollout::RecoverError;
use strategy_core::world::{Deadlock, InvalidScenario};
use strategy_core::{InvalidRelease, PlanError};
use thiserror::Error;

use crate::ecs::EcsError;
use crate::exit::Exit;
use crate::file::FileError;
use crate::journal_place::PlaceError;
use crate::judge::DataError;
use crate::kubernetes::ConnectError;
use crate::metrics::MetricsError;
use crate::words::in_our_words;

/// Why the program could not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CliError {
    /// The rollout file, or an option that changes it.
    #[error(transparent)]
    File(#[from] FileError),
    /// Options that do not fit together or to what is there.
    #[error("{0}")]
    Usage(String),
    /// No journal, or too many.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// A journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A journal that reads back to no rollout.
    #[error(transparent)]
    Recover(#[from] RecoverError),
    /// The cluster.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// AWS.
    #[error(transparent)]
    Ecs(#[from] EcsError),
    /// A source of metrics.
    #[error(transparent)]
    Metrics(#[from] MetricsError),
    /// Recorded data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The driver.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// A command that nobody answered, or that could not be sent.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The plan is another one than was expected.
    #[error(
        "the plan has digest {found}, not {expected}; look at it with `rollway plan`, and start it with `--expect-digest {found}` if it is right"
    )]
    OtherPlan {
        /// What was expected.
        expected: String,
        /// What it is.
        found: String,
    },
    /// The demo's world.
    #[error("the demo cannot go on")]
    Demo(#[from] DemoError),
    /// The operating system.
    #[error("cannot {what}")]
    Io {
        /// What was attempted.
        what: String,
        /// Why not.
        source: std::io::Error,
    },
}

/// A demo that cannot go on: a bug of this program.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DemoError {
    /// Its world.
    #[error(transparent)]
    Scenario(#[from] InvalidScenario),
    /// Its release.
    #[error(transparent)]
    Release(#[from] InvalidRelease),
    /// Its name.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// Its time.
    #[error(transparent)]
    Deadlock(#[from] Deadlock),
}

impl CliError {
    /// The exit status.
    pub const fn exit(&self) -> Exit {
        match self {
            // Nothing is wrong with the file, but with what stands there now.
            Self::Driver(DriverError::Plan(PlanError::Unready { .. })) => Exit::Failure,
            // What the file asks for is no plan: the file has to be mended.
            Self::File(_) | Self::Usage(_) | Self::Data(_) | Self::Driver(DriverError::Plan(_)) => {
                Exit::Usage
            }
            Self::Place(_)
            | Self::Journal(_)
            | Self::Recover(_)
            | Self::Connect(_)
            | Self::Ecs(_)
            | Self::Metrics(_)
            | Self::Driver(_)
            | Self::Send(_)
            | Self::OtherPlan { .. }
            | Self::Demo(_)
            | Self::Io { .. } => Exit::Failure,
        }
    }

    /// The error and what lies behind it, in one line.
    pub fn in_words(&self) -> String {
        let mut words = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !words.contains(&text) {
                words = format!("{words}: {text}");
            }
            cause = error.source();
        }
        in_our_words(&words)
    }
}

#[cfg(test)]
mod tests {
    use strategy_core::world::World;
    use strategy_core::{Canary, Release};

    use super::*;

    fn exit(replicas: u32, container: &str) -> Exit {
        let world = World::seeded(1).stable("app:1", replicas).build().unwrap();
        let driver = strategy_core::driver::Driver::on(world.target());
        let release = Release::of([(container, "app:2")]).unwrap();
        let canary = Canary::new().stages([100]);
        let planned = world.block_on(driver.plan(&canary, release)).unwrap();
        CliError::from(planned.unwrap_err()).exit()
    }

    #[test]
    fn a_workload_without_replicas_is_no_mistake_of_the_file() {
        assert_eq!(exit(0, "app"), Exit::Failure);
        assert_eq!(exit(1, "other"), Exit::Usage);
    }
}
