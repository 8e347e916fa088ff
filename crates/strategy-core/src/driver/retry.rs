//! Waiting longer from attempt to attempt, and a timeout; both through the clock.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use super::clock::Clock;
use crate::random::SplitMix64;
use crate::timestamp::Timestamp;

/// The wait after the first failure.
const FIRST: Duration = Duration::from_millis(200);
/// No wait is longer.
const LONGEST: Duration = Duration::from_secs(10);

/// Waits that double from 200 ms to 10 s, each shortened at random by up to half, so that processes
/// that failed together do not come back together. The same seed gives the same waits.
#[derive(Clone, Debug)]
pub(super) struct Backoff {
    random: SplitMix64,
    next: Duration,
}

impl Backoff {
    pub(super) const fn new(seed: u64) -> Self {
        Self {
            random: SplitMix64::new(seed),
            next: FIRST,
        }
    }

    /// How long to wait now.
    pub(super) fn wait(&mut self) -> Duration {
        let whole = u64::try_from(self.next.as_millis()).unwrap_or(u64::MAX);
        let half = whole / 2;
        let wait = half + self.random.up_to(whole - half);
        self.next = (self.next * 2).min(LONGEST);
        Duration::from_millis(wait)
    }

    /// Waits.
    pub(super) async fn pause(&mut self, clock: &dyn Clock) {
        clock.sleep_until(clock.now() + self.wait()).await;
    }
}

/// A seed from text, such as a rollout's id (FNV-1a).
pub(super) fn seed(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The future's output, or `None` if `until` comes first. A future that is ready at that very moment wins.
pub(super) async fn within<F: Future>(
    clock: &dyn Clock,
    until: Timestamp,
    future: F,
) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut sleep = clock.sleep_until(until);
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        sleep.as_mut().poll(context).map(|()| None)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{VirtualClock, block_on};

    #[test]
    fn waits_double_within_bounds_and_depend_on_the_seed_alone() {
        let waits = |seed| {
            let mut backoff = Backoff::new(seed);
            (0..12).map(|_| backoff.wait()).collect::<Vec<_>>()
        };
        for (attempt, wait) in waits(7).into_iter().enumerate() {
            let whole = (FIRST * 2u32.pow(u32::try_from(attempt).unwrap())).min(LONGEST);
            assert!(wait >= whole / 2 && wait <= whole, "{attempt}: {wait:?}");
        }
        assert_eq!(waits(7), waits(7));
        assert_ne!(waits(7), waits(8));
        assert_ne!(seed("a"), seed("b"));
    }

    /// The values that the authors of FNV-1a give for 64 bits.
    #[test]
    fn a_seed_is_the_texts_fnv_1a() {
        assert_eq!(seed(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(seed("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(seed("foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn a_timeout_is_kept_to_the_millisecond_and_a_tie_goes_to_the_result() {
        let clock = VirtualClock::starting_at(Timestamp::from_millis(0));
        let after = |ms| clock.sleep_until(Timestamp::from_millis(ms));
        let until = Timestamp::from_millis;
        assert_eq!(
            block_on(&clock, within(&clock, until(10), after(20))),
            Ok(None)
        );
        assert_eq!(clock.now(), until(10));
        assert_eq!(
            block_on(&clock, within(&clock, until(30), after(30))),
            Ok(Some(()))
        );
    }
}
