//! A token bucket that is waited at in order: writes before looks, and then what began first, so that what
//! has spent tokens already comes to its end.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::time::{Time, between};

/// Who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Urgency {
    /// A call of a write or of a claim, its reads included.
    Write,
    /// A call of a look.
    Look,
}

/// For how long at least nothing is asked after AWS said that it was too much.
const HOLD: Duration = Duration::from_secs(2);

/// And at most, where it says so again and again.
const MOST_HOLD: Duration = Duration::from_secs(16);

/// After so long without such an answer the next one counts as the first.
const FORGIVEN: Duration = Duration::from_secs(60);

/// A turn that will not come in time. Nothing was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLate {
    /// When it would have come.
    pub(crate) after: Duration,
}

/// Then by when its patience ends, which is longest for what began last, and then in the order they came.
type Place = (Urgency, SystemTime, u64);

/// Tokens are kept as the time that it takes to fill in as many.
#[derive(Debug)]
pub(crate) struct Bucket {
    /// For one token.
    period: Duration,
    full: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    credit: Duration,
    /// `None`: nobody was here yet.
    at: Option<SystemTime>,
    /// Nothing is given out before.
    held_until: Option<SystemTime>,
    hold: Duration,
    waiting: BTreeSet<Place>,
    came: u64,
    given: u64,
}

impl Bucket {
    /// So many percent of a bucket of this size, which gets so many tokens a second.
    ///
    /// AWS adds its tokens once a second, and nobody knows when: what one second brings is left out of
    /// the size, so that what we may spend at any moment is there.
    pub(super) fn new((size, refill): (u32, u32), percent: u32) -> Self {
        let period = Duration::from_secs(100) / (refill * percent).max(1);
        let tokens = (size.saturating_sub(refill) * percent / 100).max(1);
        let full = period * tokens;
        Self {
            period,
            full,
            state: Mutex::new(State {
                credit: full,
                at: None,
                held_until: None,
                hold: Duration::ZERO,
                waiting: BTreeSet::new(),
                came: 0,
                given: 0,
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many tokens were given out.
    pub(super) fn given(&self) -> u64 {
        self.state().given
    }

    /// Resolves with a token. Cancel-safe: who does not wait any more stands in nobody's way.
    ///
    /// # Errors
    /// `TooLate` as soon as it is known that the turn will not have come at `until`.
    pub(super) async fn take(
        &self,
        time: &Time,
        urgency: Urgency,
        until: SystemTime,
    ) -> Result<(), TooLate> {
        let mut place = InLine {
            bucket: self,
            place: None,
        };
        loop {
            let now = time.now();
            let Err(after) = place.try_take(urgency, until, now) else {
                return Ok(());
            };
            let sleep = time.sleep(after).filter(|_| now + after <= until);
            let Some(sleep) = sleep else {
                return Err(TooLate { after });
            };
            sleep.await;
        }
    }

    /// AWS said that it was too much: others spend the same tokens. For a while it is taken for empty, and
    /// for longer each time that this was not enough.
    pub(super) fn throttled(&self, now: SystemTime) {
        let mut state = self.state();
        let state = &mut *state;
        let since = match state.held_until {
            // Other calls that were under way together with the first.
            Some(until) if now < until => return,
            Some(until) => Some(between(until, now)),
            None => None,
        };
        state.hold = match since {
            Some(since) if since < FORGIVEN => (state.hold * 2).clamp(HOLD, MOST_HOLD),
            Some(_) | None => HOLD,
        };
        state.held_until = Some(now + state.hold);
        state.credit = Duration::ZERO;
    }
}

impl State {
    /// What has come since.
    fn fill(&mut self, now: SystemTime, full: Duration) {
        // A clock that was set back must not hold anything for as long as that.
        let held = self.held_until.map(|until| until.min(now + MOST_HOLD));
        self.held_until = held;
        let from = self.at.unwrap_or(now);
        let from = held.map_or(from, |until| from.max(until));
        self.credit = (self.credit + between(from, now)).min(full);
        self.at = Some(now);
    }
}

/// A place in the line, given up when it is dropped.
struct InLine<'a> {
    bucket: &'a Bucket,
    place: Option<Place>,
}

impl InLine<'_> {
    /// A token, or the time after which it is worth asking again.
    fn try_take(
        &mut self,
        urgency: Urgency,
        until: SystemTime,
        now: SystemTime,
    ) -> Result<(), Duration> {
        let mut state = self.bucket.state();
        state.fill(now, self.bucket.full);
        let place = *self.place.get_or_insert_with(|| {
            state.came += 1;
            (urgency, until, state.came)
        });
        state.waiting.insert(place);
        let before = state.waiting.range(..place).count();
        let before = u32::try_from(before).unwrap_or(u32::MAX);
        let needed = self.bucket.period.saturating_mul(before.saturating_add(1));
        let held = state
            .held_until
            .map_or(Duration::ZERO, |until| between(now, until));
        if held.is_zero() && state.credit >= needed {
            state.credit -= self.bucket.period;
            state.given += 1;
            state.waiting.remove(&place);
            self.place = None;
            return Ok(());
        }
        let missing = held + needed.saturating_sub(state.credit);
        // Clocks of whole milliseconds must not wake it too early.
        let millis = u64::try_from(missing.as_micros().div_ceil(1000)).unwrap_or(u64::MAX);
        Err(Duration::from_millis(millis.max(1)))
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.bucket.state().waiting.remove(&place);
        }
    }
}

#[cfg(test)]
mod tests;
