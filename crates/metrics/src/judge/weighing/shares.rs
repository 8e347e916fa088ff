//! Evidence that the candidate has more of what happens than its part, where what happens comes in bursts.

use std::time::Duration;

use strategy_core::analysis::Window;

use super::number;
use crate::state::{Reader, StateError, Writer};

/// The logarithm of what one window weighs: `ln((seen + smoothing) / (expected + smoothing))`.
///
/// `seen` is what the candidate had, `expected` what it has of all that happened in the mean if it is like
/// stable, both at least 0; `smoothing`, above 0, keeps one event from weighing too much.
///
/// # Why it is evidence
/// If, given the past and all that happened in the window, the mean of `seen` is at most `expected`, then the
/// mean of the factor is at most 1. Nothing is asked of how it happened: failures may come in bursts of any
/// size, if no burst reaches into the next window.
///
/// For units that are alike, so that any of them might have been the candidate's (exchangeable), that holds where
/// `expected` is the sum over all units by the candidate's share of the units.
pub fn share_evidence(seen: f64, expected: f64, smoothing: f64) -> f64 {
    ((seen + smoothing) / (expected + smoothing)).ln()
}

/// What a look adds to a window of failures.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Failures {
    /// When.
    pub window: Window,
    /// How many there were of both tracks.
    pub all: u64,
    /// How many the candidate had.
    pub candidate: u64,
    /// Its share of them in the mean if it is like stable.
    pub share: f64,
    /// Its units.
    pub units: u64,
    /// Tells one share that is written from another.
    pub written: u64,
}

impl Failures {
    /// None.
    #[must_use]
    pub const fn none(window: Window) -> Self {
        Self {
            window,
            all: 0,
            candidate: 0,
            share: 0.0,
            units: 0,
            written: 0,
        }
    }
}

/// What is gathered of failures until a window is full.
///
/// # Windows of several looks, and what cuts them short
/// Whoever writes the candidate's share may do so by what was seen a look before, within the same window; and what
/// was seen may decide whether a look is judged at all, as where a pod that crashes takes its metrics along. What is
/// gathered as if neither were so would be no evidence: if the share goes down where the candidate was hit and up where
/// it was not, `seen` and `expected` lean the same way, and their quotient is more than 1 in the mean. To weigh what
/// there is at once is no mend: what the candidate is ahead by would weigh fully, and what it is behind by would be
/// thinned by what is still to come. So a window that another written share, or a look that was not judged, cuts short
/// after look `τ` ends there and weighs, with `a` the smoothing and over the looks `i` with `N_i` failures of both,
/// `X_i` of the candidate and `w_i` its share,
///
/// - `(a + Σ_{i≤τ} X_i) / (a + Σ_{i≤τ} w_i N_i)` where the candidate was *behind* its part;
/// - 1 where it was *ahead*: that is given up.
///
/// `a` grows with the candidate's units, as they were in the last look before the window, so that it is known when the
/// window begins; in the first window it is that of one unit.
///
/// # Why that is evidence
/// Let `V = a + Σ w_i N_i` over all looks of the window as it would have been if nothing had cut it short,
/// `D_τ = Σ_{i≤τ} (X_i - w_i N_i)`, and `G` the past before the window with how many would have failed in each of its
/// looks. Assume that these, and the candidate's share as long as the written one stays, follow from nothing that is
/// seen in the window, so that `V` is known, given `G`; and that given `G` and all that was seen before look `i`, the
/// mean of `X_i` is at most `w_i N_i`. (Where nothing that is seen cuts windows short, it is enough that this holds for
/// the sum over the window: bursts may reach from look to look.)
///
/// Given `G`, the `D_i` are a supermartingale, and `τ`, the look after which the window is cut short or full, is a stopping
/// time, since what cuts it rests on what was seen until then: the mean of `D_τ` is at most 0 (Doob's optional
/// stopping; a window has finitely many looks), and so is that of `D_τ / V`. A full window weighs `1 + D_τ / V`. One that
/// is cut short weighs no more than that: 1, where `D_τ` is above 0, and else `1 + D_τ / V_τ` with the part `V_τ` of `V`,
/// by which a `D_τ` below 0 takes more away. So the mean of what is weighed is at most 1, by whatever rule windows are
/// cut. The next window begins when all of that is known. ∎
///
/// The tests play against the best of all who write the share, leave looks out and add units by what they see, also of
/// candidates that are better, and where another rate than stable's is tolerated.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gathered {
    /// How many the candidate had.
    pub seen: f64,
    /// How many it has in the mean if it is like stable: the sum over the looks, each with its own share.
    pub expected: f64,
    /// The candidate's units, as they were before the window.
    pub units: f64,
    /// The candidate's units in the last look.
    pub last_units: f64,
    /// For how long, in milliseconds.
    pub judged: u64,
    /// Under which written share.
    pub written: u64,
    /// The end of the last look, in milliseconds since 1970.
    pub until: u64,
}

impl Gathered {
    /// One more look; what must be weighed, as it is over: `full` long, or cut short.
    ///
    /// That is nothing, what was gathered, the look itself, or both one after the other.
    #[must_use]
    pub fn add(&mut self, look: &Failures, full: Duration) -> Vec<Self> {
        let mut over = Vec::new();
        let (from, to) = (look.window.from.as_millis(), look.window.to.as_millis());
        let goes_on = self.written == look.written && self.until == from;
        if self.judged > 0 && !goes_on {
            self.seen = self.seen.min(self.expected);
            over.push(self.taken());
        }
        if self.judged == 0 {
            self.units = self.last_units;
        }
        self.seen += number(look.candidate);
        self.expected += look.share * number(look.all);
        self.last_units = number(look.units);
        self.judged = self.judged.saturating_add(to.saturating_sub(from));
        (self.written, self.until) = (look.written, to);
        if Duration::from_millis(self.judged) >= full {
            over.push(self.taken());
        }
        over
    }

    /// What is over, in whose place another begins.
    fn taken(&mut self) -> Self {
        let next = Self {
            last_units: self.last_units,
            ..Self::default()
        };
        std::mem::replace(self, next)
    }

    /// What the window weighs where so much is added to the failures of each unit.
    pub fn evidence(&self, smoothing: f64) -> f64 {
        share_evidence(self.seen, self.expected, smoothing * self.units.max(1.0))
    }
}

impl Gathered {
    /// Into a state: 56 bytes.
    #[must_use]
    pub fn write(&self, writer: Writer) -> Writer {
        writer
            .f64s(&[self.seen, self.expected, self.units, self.last_units])
            .u64(self.judged)
            .u64(self.written)
            .u64(self.until)
    }

    /// As it was written.
    ///
    /// # Errors
    /// When the state ends before it does.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, StateError> {
        Ok(Self {
            seen: reader.f64()?,
            expected: reader.f64()?,
            units: reader.f64()?,
            last_units: reader.f64()?,
            judged: reader.u64()?,
            written: reader.u64()?,
            until: reader.u64()?,
        })
    }
}

#[cfg(test)]
mod tests;
