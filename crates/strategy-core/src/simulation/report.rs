//! What came of a simulation.

use std::collections::BTreeMap;

use serde::Serialize;

use super::judge::{self, BrokenPromise};
use crate::plan::Plan;
use crate::rollout::{Event, Outcome, Record, Status};
use crate::world::{Entry, PartSetup, Report};

/// What came of a simulation. All of it is data: equal simulations give equal reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SimulationReport {
    /// How it ended.
    pub end: End,
    /// The plan that was carried out, once there was one.
    pub plan: Option<Plan>,
    /// The parts as the world began, by name.
    pub parts: BTreeMap<String, PartSetup>,
    /// What users got, and what was written.
    pub world: Report,
    /// What observers heard, of all processes in order.
    pub events: Vec<Event>,
    /// What really happened, in order.
    pub log: Vec<Entry>,
    /// What the journal held at last.
    pub journal: Vec<Record>,
    /// How the rollout stood at last, as the process that knew most told it.
    pub status: Option<Status>,
    /// How many processes there were.
    pub processes: u32,
    /// How many calls of the platform, of hooks and of gates.
    pub calls: u64,
    /// How many writes of the journal.
    pub appends: u64,
}

/// How a simulation ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum End {
    /// The rollout ended.
    Outcome(Outcome),
    /// It still waits at the end of the world: it is stuck, or for something that never comes.
    Waiting {
        /// For what, in words.
        what: String,
    },
    /// It never began, for this reason: the simulation is no world, or the plan is none there.
    NeverBegan {
        /// Why, in words.
        why: String,
    },
    /// Every process gave up, and nobody takes up the journal.
    GivenUp {
        /// What the last one said.
        why: String,
    },
}

impl SimulationReport {
    pub(super) fn never_began(why: String) -> Self {
        Self {
            end: End::NeverBegan { why },
            plan: None,
            parts: BTreeMap::new(),
            world: Report::default(),
            events: Vec::new(),
            log: Vec::new(),
            journal: Vec::new(),
            status: None,
            processes: 0,
            calls: 0,
            appends: 0,
        }
    }

    /// How the rollout ended; `None` if it did not.
    pub const fn outcome(&self) -> Option<&Outcome> {
        match &self.end {
            End::Outcome(outcome) => Some(outcome),
            End::Waiting { .. } | End::NeverBegan { .. } | End::GivenUp { .. } => None,
        }
    }

    /// Whether the release was promoted.
    pub const fn is_promoted(&self) -> bool {
        matches!(self.outcome(), Some(Outcome::Promoted))
    }

    /// Whether it is back at the recorded start.
    pub const fn is_rolled_back(&self) -> bool {
        matches!(self.outcome(), Some(Outcome::RolledBack { .. }))
    }

    /// Requests of users that failed.
    pub fn failed(&self) -> u64 {
        self.world.failed()
    }

    /// Every promise that was broken, as the [judge] finds them in the log; none, if all
    /// is well.
    pub fn broken_promises(&self) -> Vec<BrokenPromise> {
        judge::judge(self)
    }
}
