//! How much evidence there can be in the time that a plan gives.

use std::collections::BTreeSet;
use std::time::Duration;

use strategy_core::Weight;

use super::Prospect;
use super::weighing::{Mixture, Starts};
use crate::source::Rhythm;

/// Time in which a judge looks while the candidate has one share of the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Span {
    /// How long.
    pub length: Duration,
    /// The share, as it is written.
    pub share: Weight,
}

impl Span {
    /// So long at this share.
    pub const fn new(length: Duration, share: Weight) -> Self {
        Self { length, share }
    }
}

/// More looks than these are not reckoned with: whatever they weigh, it is enough.
const LOOKS: u128 = 10_000;

/// More begins of a span between two periods of a source are not tried.
const BEGINS: usize = 100;

/// The most that [evidence of shares](super::weighing::share_evidence) is, as a logarithm, at any time in these spans: in
/// each full window everything that fails is the candidate's, and then it weighs less than its share goes into one,
/// however much fails. A window that is cut short weighs nothing for it. `None`: nothing bounds it.
///
/// A window ends with the look in which it is full. Looks come each interval and at the end of a span, and see what the
/// source can tell of by then: what it tells late of the last span is seen by none.
pub(super) fn most_of_shares(
    spans: &[Span],
    prospect: &Prospect,
    unit_window: Duration,
    tolerated: f64,
    starts: Starts,
) -> Option<f64> {
    let mut evidence = Mixture::new(1, starts);
    let mut most = 0.0_f64;
    let mut of_one_share = spans
        .chunk_by(|one, next| one.share == next.share)
        .peekable();
    while let Some(spans) = of_one_share.next() {
        let share = spans.first().map_or(Weight::ZERO, |span| span.share);
        let written = f64::from(share.basis_points()) / 10_000.0;
        let share = written * tolerated / written.mul_add(tolerated - 1.0, 1.0);
        let looks = Looks::of(spans, prospect, unit_window, of_one_share.peek().is_some());
        let looks = looks.filter(|_| share > 0.0)?;
        for judged in looks.most_windows() {
            evidence.add([-share.ln()], judged);
            most = most.max(evidence.ln_evidence());
        }
    }
    Some(most)
}

/// The looks while the candidate has one share.
#[derive(Debug)]
struct Looks {
    /// When, after the begin.
    at: Vec<Duration>,
    /// When it is over.
    end: Duration,
    /// Looks come after that, and see what was told late.
    go_on: bool,
    rhythm: Rhythm,
    /// As long as a window is at least.
    full: Duration,
}

impl Looks {
    /// `go_on`: looks come after the last span. `None`: how many windows there are is not known, or they are too many to
    /// be reckoned with.
    fn of(spans: &[Span], prospect: &Prospect, unit_window: Duration, go_on: bool) -> Option<Self> {
        let (interval, rhythm) = (prospect.interval, prospect.rhythm);
        // What is told of is whole periods.
        let left = after_period(unit_window, rhythm.period);
        let full = if left.is_zero() {
            unit_window
        } else {
            unit_window.saturating_add(rhythm.period - left)
        };
        if !few(rhythm.settle, full) {
            return None;
        }
        let (mut at, mut end) = (Vec::new(), Duration::ZERO);
        for span in spans {
            let begin = end;
            end = begin.checked_add(span.length)?;
            if !few(end, interval) {
                return None;
            }
            let each = std::iter::successors(Some(begin), |at| at.checked_add(interval));
            at.extend(each.skip(1).take_while(|at| *at < end));
            at.push(end);
        }
        Some(Self {
            at,
            end,
            go_on,
            rhythm,
            full,
        })
    }

    /// Until when is told of so long after the begin, where the first period of the source begins at `first`.
    fn told(&self, at: Duration, first: Duration) -> Duration {
        let whole = self.settled(at).saturating_sub(first);
        first + whole.saturating_sub(after_period(whole, self.rhythm.period))
    }

    /// Until when all is there by then.
    fn settled(&self, at: Duration) -> Duration {
        at.saturating_sub(self.rhythm.settle).min(self.end)
    }

    /// How long the windows are that are full, one after the other.
    fn windows(&self, first: Duration) -> Vec<Duration> {
        let mut begin = first;
        let mut windows = Vec::new();
        for at in &self.at {
            let told = self.told(*at, first);
            if told > begin && told - begin >= self.full {
                windows.push(told - begin);
                begin = told;
            }
        }
        // When the looks come that see the rest is not known, as it takes time to change the share.
        let rest = self.told(self.end.saturating_add(self.rhythm.settle), first);
        while self.go_on && rest.saturating_sub(begin) >= self.full {
            windows.push(self.full);
            begin += self.full;
        }
        windows
    }

    /// As many as there are wherever between two periods of the source the looks begin.
    fn most_windows(&self) -> Vec<Duration> {
        // How much each look sees after the first period began changes only where a look comes as one ends; beyond the
        // last of these each sees one period less than if the looks began with one, and no window is full sooner.
        let ends = self.at.iter();
        let ends = ends.map(|at| after_period(self.settled(*at), self.rhythm.period));
        let mut firsts = BTreeSet::from([Duration::ZERO]);
        for first in ends {
            if firsts.len() < BEGINS {
                firsts.insert(first);
            }
        }
        let windows = firsts.into_iter().map(|first| self.windows(first));
        windows.max_by_key(Vec::len).unwrap_or_default()
    }
}

/// So many of these go into it as can be reckoned with.
fn few(time: Duration, each: Duration) -> bool {
    let many = time.as_nanos().checked_div(each.as_nanos());
    many.is_some_and(|many| many < LOOKS)
}

/// How much of it is left after the last whole period; where there is none: nothing.
fn after_period(time: Duration, period: Duration) -> Duration {
    let left = time.as_nanos().checked_rem(period.as_nanos());
    Duration::from_nanos_u128(left.unwrap_or(0))
}

#[cfg(test)]
mod tests;
