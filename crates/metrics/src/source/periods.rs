//! The grid of whole periods since 1970 on which some sources tell.

use std::time::Duration;

use strategy_core::Timestamp;

/// The multiple of a period at or before.
pub(crate) fn down(at: Timestamp, period: Duration) -> Timestamp {
    let period = millis(period);
    Timestamp::from_millis(at.as_millis() / period * period)
}

/// The multiple of a period at or after.
pub(crate) fn up(at: Timestamp, period: Duration) -> Timestamp {
    let period = millis(period);
    Timestamp::from_millis(at.as_millis().div_ceil(period).saturating_mul(period))
}

/// At least one: without a period every moment is on the grid.
fn millis(period: Duration) -> u64 {
    u64::try_from(period.as_millis()).unwrap_or(u64::MAX).max(1)
}
