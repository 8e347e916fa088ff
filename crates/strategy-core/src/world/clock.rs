//! Time that stands still until somebody moves it.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::timestamp::Timestamp;

/// A clock that moves only by [`advance_to`](Self::advance_to). Cheap to clone; all clones are the
/// same clock.
///
/// Sleepers are woken in the order of the time they wait for, and of their registration where that
/// is equal, so that a run is the same every time.
///
/// ```
/// use std::time::Duration;
/// use strategy_core::Timestamp;
/// use strategy_core::world::{VirtualClock, block_on};
///
/// let clock = VirtualClock::starting_at(Timestamp::from_millis(0));
/// let hours_later = block_on(&clock, async {
///     clock.sleep_until(clock.now() + Duration::from_secs(7200)).await;
///     clock.now()
/// })?;
/// assert_eq!(hours_later.as_millis(), 7_200_000);
/// # Ok::<(), strategy_core::world::Deadlock>(())
/// ```
#[derive(Clone, Debug)]
pub struct VirtualClock(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    now: Timestamp,
    registered: u64,
    sleepers: BTreeMap<(Timestamp, u64), Waker>,
}

impl VirtualClock {
    /// Stands at this time.
    pub fn starting_at(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            now,
            registered: 0,
            sleepers: BTreeMap::new(),
        })))
    }

    /// The time it stands at.
    pub fn now(&self) -> Timestamp {
        self.inner().now
    }

    /// Moves to `at` and wakes everybody whose time has come. Never moves back.
    pub fn advance_to(&self, at: Timestamp) {
        let woken = {
            let mut inner = self.inner();
            inner.now = inner.now.max(at);
            let now = inner.now;
            let later = inner.sleepers.split_off(&(now, u64::MAX));
            std::mem::replace(&mut inner.sleepers, later)
        };
        for waker in woken.into_values() {
            waker.wake();
        }
    }

    /// When the first sleeper wants to be woken; `None` if nobody sleeps.
    pub fn next_sleeper(&self) -> Option<Timestamp> {
        self.inner().sleepers.keys().next().map(|(at, _)| *at)
    }

    /// Resolves when the clock has reached `at`. Cancel-safe: a dropped sleeper is forgotten.
    pub const fn sleep_until(&self, at: Timestamp) -> Sleep<'_> {
        Sleep {
            clock: self,
            at,
            number: None,
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The future of [`VirtualClock::sleep_until`].
#[derive(Debug)]
#[must_use = "a future does nothing unless it is awaited"]
pub struct Sleep<'a> {
    clock: &'a VirtualClock,
    at: Timestamp,
    number: Option<u64>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.clock.inner();
        if inner.now >= self.at {
            return Poll::Ready(());
        }
        let number = self.number.unwrap_or_else(|| {
            inner.registered += 1;
            inner.registered
        });
        inner
            .sleepers
            .insert((self.at, number), context.waker().clone());
        drop(inner);
        self.number = Some(number);
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.clock.inner().sleepers.remove(&(self.at, number));
        }
    }
}
