//! The worlds and the strategies in which pieces are tried.

use std::time::Duration;

use strategy_core::analysis::FailureShare;
use strategy_core::plan::{Check, Extension};
use strategy_core::simulation::Simulation;
use strategy_core::strategy::{BlueGreen, Canary};

pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Four pods of `v1`, and users.
pub(crate) fn tracks() -> Simulation {
    Simulation::seed(7).stable("v1", 4).requests_per_second(100)
}

/// A live slot with four pods of `v1`, an idle one with so many of `v0`, and users.
pub(crate) fn slots(idle: u32) -> Simulation {
    Simulation::seed(7)
        .slots("v1", 4, "v0", idle)
        .requests_per_second(100)
}

/// At most one in a hundred requests may fail.
pub(crate) fn errors() -> Check {
    Check::new(Extension::new(FailureShare::KIND).with("limit", "1%"))
}

pub(crate) fn canary() -> Canary {
    Canary::new()
        .stages([10, 50, 100])
        .check("errors", errors())
}

pub(crate) fn blue_green() -> BlueGreen {
    BlueGreen::new().check("errors", errors())
}
