//! A token bucket that is waited at in order: writes before looks, and then what began first, so that what
//! has spent tokens already comes to its end.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use aws_smithy_async::rt::sleep::Sleep;

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

/// For how long a turn is waited for. It may change while it is: others come to want the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Patience {
    /// Who would give up first goes first: its place is that of one who gives up then.
    pub(crate) place: SystemTime,
    /// When nobody wants it any more.
    pub(crate) end: SystemTime,
}

impl Patience {
    pub(crate) fn until(end: SystemTime) -> Self {
        Self { place: end, end }
    }
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
    /// `TooLate` as soon as it is known that the turn will not have come when patience ends.
    pub(super) async fn take(
        &self,
        time: &Time,
        urgency: Urgency,
        patience: &(impl Fn(SystemTime) -> Patience + Sync),
    ) -> Result<Taken<'_>, TooLate> {
        let mut line = InLine {
            bucket: self,
            place: None,
        };
        let mut sleep: Option<(SystemTime, Sleep)> = None;
        poll_fn(|context| {
            loop {
                let now = time.now();
                let Patience { place, end } = patience(now);
                let Err(after) = line.try_take(urgency, place, now) else {
                    return Poll::Ready(Ok(Taken(Some(self))));
                };
                let at = now + after;
                let too_late = Poll::Ready(Err(TooLate { after }));
                if at > end {
                    return too_late;
                }
                let (_, waits) = match sleep.take().filter(|(until, _)| *until == at) {
                    Some(same) => sleep.insert(same),
                    None => match time.sleep(after) {
                        Some(new) => sleep.insert((at, new)),
                        None => return too_late,
                    },
                };
                if Pin::new(waits).poll(context).is_pending() {
                    return Poll::Pending;
                }
                sleep = None;
            }
        })
        .await
    }

    fn take_back(&self) {
        let mut state = self.state();
        state.credit = (state.credit + self.period).min(self.full);
        state.given = state.given.saturating_sub(1);
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

/// A token, which goes back where the call that it is for is not sent.
#[derive(Debug)]
#[must_use]
pub(super) struct Taken<'a>(Option<&'a Bucket>);

impl Taken<'_> {
    /// The call is sent.
    pub(super) fn spend(mut self) {
        self.0 = None;
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if let Some(bucket) = self.0 {
            bucket.take_back();
        }
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
        let came = match self.place {
            Some((_, _, came)) => came,
            None => {
                state.came += 1;
                state.came
            }
        };
        let place = (urgency, until, came);
        if let Some(before) = self.place.replace(place) {
            state.waiting.remove(&before);
        }
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
