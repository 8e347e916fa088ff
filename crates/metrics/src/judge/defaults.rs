//! Defaults that judges share, as serde asks for them.

use std::time::Duration;

/// How often evidence begins anew.
pub(super) const fn minute() -> Duration {
    Duration::from_secs(60)
}

/// How long a track may be silent.
pub(super) const fn five_minutes() -> Duration {
    Duration::from_secs(5 * 60)
}

/// Until when evidence begins anew.
pub(super) const fn two_hours() -> Duration {
    Duration::from_secs(2 * 60 * 60)
}

/// How many events there must be.
pub(super) const fn hundred() -> u64 {
    100
}
