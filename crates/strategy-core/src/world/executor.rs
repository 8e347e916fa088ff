//! Runs a future on virtual time: whenever it waits, time jumps to whatever comes next.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use thiserror::Error;

use super::VirtualClock;
use crate::timestamp::Timestamp;

/// Something whose time can be moved: a [`VirtualClock`] alone, or a whole
/// [`World`](super::World) with its pods and people.
pub trait VirtualTime {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// When something happens next; `None` if nothing ever will.
    fn next(&self) -> Option<Timestamp>;

    /// Moves on, wakes whoever waits.
    fn advance_to(&self, at: Timestamp);

    /// Time after which a future that is still waiting is given up.
    fn horizon(&self) -> Option<Timestamp> {
        None
    }
}

impl VirtualTime for VirtualClock {
    fn now(&self) -> Timestamp {
        Self::now(self)
    }

    fn next(&self) -> Option<Timestamp> {
        self.next_sleeper()
    }

    fn advance_to(&self, at: Timestamp) {
        Self::advance_to(self, at);
    }
}

/// A future that would wait for ever.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Deadlock {
    /// It waits, nobody sleeps, and nothing in the world will ever happen.
    #[error(
        "deadlock at {at}: the future waits, and nothing is due that could wake it; \
         does it wait for something outside the world, such as a timer of an async runtime?"
    )]
    NothingDue {
        /// When.
        at: Timestamp,
    },
    /// It still waits when the world ends.
    #[error(
        "gave up at {at}: the future still waits at the world's horizon; \
         raise the horizon, or look for a wait without a limit"
    )]
    Horizon {
        /// When.
        at: Timestamp,
    },
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Polls `future` until it is done; whenever it waits, moves `time` to what comes next.
///
/// Single-threaded and in a fixed order, so the same future on the same world does the same every
/// time. No async runtime is needed, and none may be: a timer or socket of one is never due here.
///
/// # Errors
/// [`Deadlock`] when nothing is left that could wake the future.
pub fn block_on<T, F>(time: &T, future: F) -> Result<F::Output, Deadlock>
where
    T: VirtualTime + ?Sized,
    F: Future,
{
    let flag = Arc::new(Flag(AtomicBool::new(true)));
    let waker = Waker::from(Arc::clone(&flag));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        while flag.0.swap(false, Ordering::SeqCst) {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return Ok(output);
            }
        }
        let next = time
            .next()
            .ok_or_else(|| Deadlock::NothingDue { at: time.now() })?;
        if time.horizon().is_some_and(|horizon| next > horizon) {
            return Err(Deadlock::Horizon { at: time.now() });
        }
        time.advance_to(next);
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Future, pending, poll_fn};
    use std::sync::Mutex;
    use std::time::Duration;

    use super::*;

    #[test]
    fn sleepers_wake_in_the_order_of_time_and_registration() {
        let clock = VirtualClock::starting_at(Timestamp::default());
        let woken = Mutex::new(Vec::new());
        let sleeper = |name: &'static str, seconds| {
            let (clock, woken) = (&clock, &woken);
            async move {
                let at = Timestamp::default() + Duration::from_secs(seconds);
                clock.sleep_until(at).await;
                woken.lock().unwrap().push((name, clock.now().as_millis()));
            }
        };
        let mut all: Vec<_> = [("c", 3), ("a", 1), ("b", 3), ("now", 0)]
            .into_iter()
            .map(|(name, seconds)| Box::pin(sleeper(name, seconds)))
            .collect();
        block_on(
            &clock,
            poll_fn(|context| {
                all.retain_mut(|one| one.as_mut().poll(context).is_pending());
                if all.is_empty() {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            }),
        )
        .unwrap();
        assert_eq!(
            *woken.lock().unwrap(),
            [("now", 0), ("a", 1_000), ("c", 3_000), ("b", 3_000)]
        );
        assert_eq!(clock.next_sleeper(), None);
    }

    #[test]
    fn waiting_for_nothing_is_a_deadlock_and_says_when() {
        let clock = VirtualClock::starting_at(Timestamp::from_millis(5));
        let error = block_on(&clock, pending::<()>()).unwrap_err();
        assert_eq!(
            error,
            Deadlock::NothingDue {
                at: Timestamp::from_millis(5)
            }
        );
    }

    #[test]
    fn a_dropped_sleeper_is_forgotten() {
        let clock = VirtualClock::starting_at(Timestamp::default());
        let mut sleep = Box::pin(clock.sleep_until(Timestamp::from_millis(9)));
        assert!(
            sleep
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop()))
                .is_pending()
        );
        assert_eq!(clock.next_sleeper(), Some(Timestamp::from_millis(9)));
        drop(sleep);
        assert_eq!(clock.next_sleeper(), None);
    }
}
