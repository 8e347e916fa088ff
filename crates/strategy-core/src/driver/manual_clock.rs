//! A clock that stands until it is moved, with a small executor that moves it: two hours in milliseconds.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use async_trait::async_trait;

use super::clock::Clock;
use crate::timestamp::Timestamp;

/// A clock that stands until it is moved. Clones are the same clock.
///
/// Sleepers are woken in the order of their time, then of their registration.
///
/// ```
/// use std::time::Duration;
/// use strategy_core::Timestamp;
/// use strategy_core::driver::{Clock, ManualClock};
///
/// let clock = ManualClock::new(Timestamp::from_millis(0));
/// let hour = Timestamp::from_millis(0) + Duration::from_secs(3600);
/// assert_eq!(clock.run(clock.sleep_until(hour)), Some(()));
/// assert_eq!(clock.now(), hour);
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    now: Timestamp,
    registered: u64,
    sleepers: BTreeMap<(Timestamp, u64), Waker>,
}

impl ManualClock {
    /// A clock that stands at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                now,
                registered: 0,
                sleepers: BTreeMap::new(),
            })),
        }
    }

    /// When the first sleeper wants to be woken; `None` if nobody sleeps.
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.state().sleepers.keys().next().map(|(at, _)| *at)
    }

    /// Moves the clock to `at`, or leaves it where it is if that is past, and wakes everyone whose time
    /// has come.
    pub fn advance_to(&self, at: Timestamp) {
        let due = {
            let mut state = self.state();
            state.now = state.now.max(at);
            let now = state.now;
            let later = state.sleepers.split_off(&(now, u64::MAX));
            std::mem::replace(&mut state.sleepers, later)
        };
        // Woken outside the lock: a waker may look at the clock.
        due.into_values().for_each(Waker::wake);
    }

    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        self.advance_to(self.now() + by);
    }

    /// Moves the clock to the first sleeper's time; `None` and no move if nobody sleeps.
    pub fn advance_to_next(&self) -> Option<Timestamp> {
        let at = self.next_wake()?;
        self.advance_to(at);
        Some(at)
    }

    /// Sets the wall clock without letting time pass, as an administrator would: sleepers sleep on for
    /// as long as they still had to.
    pub fn set(&self, now: Timestamp) {
        let mut state = self.state();
        let was = std::mem::replace(&mut state.now, now);
        state.sleepers = std::mem::take(&mut state.sleepers)
            .into_iter()
            .map(|((at, number), waker)| ((now + at.since(was), number), waker))
            .collect();
    }

    /// Runs a future to its end, moving the clock to the next sleeper whenever nothing else can go on.
    ///
    /// `None` when nothing can go on and nobody sleeps: it would wait for ever.
    pub fn run<F: Future>(&self, future: F) -> Option<F::Output> {
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&flag));
        let mut context = Context::from_waker(&waker);
        let mut future = pin!(future);
        loop {
            while flag.0.swap(false, Ordering::AcqRel) {
                if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                    return Some(output);
                }
            }
            self.advance_to_next()?;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    async fn sleep_until(&self, at: Timestamp) {
        let number = {
            let mut state = self.state();
            if at <= state.now {
                return;
            }
            state.registered += 1;
            state.registered
        };
        let mut sleeper = Sleeper {
            clock: self,
            number,
            at: Some(at),
        };
        poll_fn(|context| sleeper.poll(context)).await;
    }
}

/// One sleep; takes itself off the list when it is dropped, so that nobody is woken for nothing.
struct Sleeper<'a> {
    clock: &'a ManualClock,
    number: u64,
    /// `None` until the first poll has put it on the list.
    at: Option<Timestamp>,
}

impl Sleeper<'_> {
    fn poll(&mut self, context: &Context<'_>) -> Poll<()> {
        let mut state = self.clock.state();
        if let Some(at) = self.at.take() {
            state
                .sleepers
                .insert((at, self.number), context.waker().clone());
            return Poll::Pending;
        }
        // Its time is looked up by number: `set` may have moved it.
        match state
            .sleepers
            .iter_mut()
            .find(|((_, number), _)| *number == self.number)
        {
            Some((_, waker)) => {
                waker.clone_from(context.waker());
                Poll::Pending
            }
            None => Poll::Ready(()),
        }
    }
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        self.clock
            .state()
            .sleepers
            .retain(|(_, number), _| *number != self.number);
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn sleepers_wake_in_order_of_time_then_of_registration() {
        let clock = ManualClock::new(at(0));
        let order = Mutex::new(Vec::new());
        let one = async |name: &'static str, seconds| {
            clock.sleep_until(at(seconds)).await;
            order.lock().unwrap().push((name, clock.now()));
        };
        let all = async { futures::join!(one("late", 9), one("b", 5), one("c", 5), one("a", 2)) };
        assert!(clock.run(all).is_some());
        assert_eq!(
            order.into_inner().unwrap(),
            [("a", at(2)), ("b", at(5)), ("c", at(5)), ("late", at(9))]
        );
    }

    #[test]
    fn a_future_that_waits_for_nothing_is_told_apart() {
        let clock = ManualClock::new(at(0));
        assert_eq!(clock.run(std::future::pending::<()>()), None);
    }

    #[test]
    fn a_dropped_sleeper_is_forgotten() {
        let clock = ManualClock::new(at(0));
        let both = async {
            futures::future::select(clock.sleep_until(at(1)), clock.sleep_until(at(100))).await;
        };
        assert!(clock.run(both).is_some());
        assert_eq!((clock.now(), clock.next_wake()), (at(1), None));
    }

    #[test]
    fn setting_the_clock_lets_no_time_pass() {
        let clock = ManualClock::new(at(1000));
        let sleeping = clock.sleep_until(at(1010));
        let setting = async {
            clock.sleep_until(at(1004)).await;
            clock.set(at(100));
        };
        assert!(
            clock
                .run(async { futures::join!(sleeping, setting) })
                .is_some()
        );
        assert_eq!(clock.now(), at(106));
    }
}
