//! The driver's only time: what o'clock it is, and waiting.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use tokio::time::Instant;

use crate::timestamp::Timestamp;
use crate::world::VirtualClock;

/// The driver's only time. Everything that waits, waits through it.
#[async_trait]
pub trait Clock: fmt::Debug + Send + Sync {
    /// Wall-clock time. It may jump: it tells when something happened, and never how long it took.
    fn now(&self) -> Timestamp;

    /// Time since some moment that stays the same as long as the process lives, by a clock that nobody
    /// sets: it never goes back, and runs evenly. Drains, bakes, limits and the age of observations are
    /// measured with it. It may stand while the machine is suspended.
    fn elapsed(&self) -> Duration;

    /// Resolves when as much time has passed as lay between `now()` and `at` when this was called, at
    /// once if there was none. Cancel-safe.
    ///
    /// # Guarantees
    /// A wall clock that is set while it waits makes it neither earlier nor later, so that a timeout
    /// stays a timeout.
    async fn sleep_until(&self, at: Timestamp);
}

const _: Option<&dyn Clock> = None;

#[async_trait]
impl<T: Clock + ?Sized> Clock for Arc<T> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
    fn elapsed(&self) -> Duration {
        (**self).elapsed()
    }
    async fn sleep_until(&self, at: Timestamp) {
        (**self).sleep_until(at).await;
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Self::now(self)
    }
    // Nobody sets it, and it never goes back.
    fn elapsed(&self) -> Duration {
        Self::now(self).since(Timestamp::from_millis(0))
    }
    async fn sleep_until(&self, at: Timestamp) {
        Self::sleep_until(self, at).await;
    }
}

/// The system's wall clock, its monotonic clock, and tokio's timer.
///
/// `sleep_until` must be awaited inside a tokio runtime with its timer enabled.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the wall clock; everything else takes a Clock"
    )]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(Duration::ZERO);
        Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn elapsed(&self) -> Duration {
        // The clock of the timer below.
        static BEGAN: OnceLock<Instant> = OnceLock::new();
        BEGAN.get_or_init(Instant::now).elapsed()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that sleeps; everything else takes a Clock"
    )]
    async fn sleep_until(&self, at: Timestamp) {
        let span = at.since(self.now());
        if span > Duration::ZERO {
            tokio::time::sleep(span).await;
        }
    }
}
