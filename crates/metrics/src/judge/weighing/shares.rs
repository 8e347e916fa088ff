//! Evidence that the candidate has more of what happens than its part, where what happens comes in bursts.

use std::time::Duration;

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
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Failures {
    /// How many there were of both tracks.
    pub all: u64,
    /// How many the candidate had.
    pub candidate: u64,
    /// Its share of them in the mean if it is like stable.
    pub share: f64,
    /// Its units.
    pub units: u64,
    /// For how long, in milliseconds.
    pub judged: u64,
    /// Tells one share that is written from another.
    pub written: u64,
    /// As many fail in all, whatever the share is: the candidate may fail just as often as stable.
    pub evenly: bool,
}

/// What is gathered of failures until a window is full.
///
/// # Windows of several looks, and shares that change
/// Whoever writes the candidate's share may do so by what was seen a look before, within the same window. What is
/// gathered as if it did not would be no evidence: if the share goes down where the candidate was hit and up where it
/// was not, `seen` and `expected` lean the same way, and their quotient is more than 1 in the mean. To weigh what
/// there is at once where the share changes is no mend: if it changes as soon as the candidate is ahead, what it is
/// ahead by weighs fully, and what it is behind by is thinned by what is still to come. So, where the share changes
/// after look `τ`, with `a` the smoothing and over the looks `i` with `N_i` failures of both, `X_i` of the
/// candidate and `w_i` its share:
///
/// - was the candidate *behind* its part or at it, the window ends there, and weighs
///   `(a + Σ_{i≤τ} X_i) / (a + Σ_{i≤τ} w_i N_i)`;
/// - was it *ahead*, the window goes on until it is full, and takes of each later look `w_τ N_i` for both, in place
///   of what the candidate had: it weighs `(a + Σ_{i≤τ} X_i + w_τ Σ_{i>τ} N_i) / (a + Σ_{i≤τ} w_i N_i + w_τ Σ_{i>τ} N_i)`.
///   Where what is tolerated is another rate than stable's, it ends there and weighs 1.
///
/// # Why that is evidence
/// Let `V` be the denominator of the second, `D_τ = Σ_{i≤τ} (X_i - w_i N_i)`, and `G` the past before the window with
/// how many fail in each of its looks. Assume
/// 1. that how many fail in all, and the candidate's share as long as the written one stays, follow neither from
///    what is written nor from which of the failures before were the candidate's; so `V` is known, given `G`;
/// 2. that given `G` and all that was seen before look `i`, the mean of `X_i` is at most `w_i N_i`. (Where the share
///    does not change by what is seen within the window, it is enough that this holds for the sum over the
///    window: bursts may reach from look to look.)
///
/// Given `G`, the `D_i` are a supermartingale by the second; and `τ` is a stopping time, since what is written after
/// a look rests on what was seen until then. So the mean of `D_τ` is at most 0 (Doob's optional stopping; a
/// window has finitely many looks), and that of `1 + D_τ / V` at most 1. What is weighed is that where the
/// candidate was ahead or the share did not change, and less where it was behind, since `D_τ` is divided by a part of
/// `V` there. The next window begins when all of that is known. ∎
///
/// The first assumption is exact where the candidate is as good as stable, however requests are shared out. A
/// candidate that is better, by a factor `r`, makes what it is ahead by weigh at most `1/r` times more, and its odds
/// of being hit are `r` times as high. Where it may fail more often than stable, how many fail after `τ` follows
/// from the share that is written then; so what it is ahead by is given up. That is valid whatever happens later:
/// if the share had stayed, the mean of what the window weighs would have been at least 1 where it was ahead
/// at `τ`, and at least what is weighed where it was behind. The tests play against the best of all controllers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gathered {
    /// How many the candidate had.
    pub seen: f64,
    /// How many it has in the mean if it is like stable: the sum over the looks, each with its own share.
    pub expected: f64,
    /// The candidate's units, the most of a look; at least 1.
    pub units: f64,
    /// For how long, in milliseconds.
    pub judged: u64,
    /// Under which written share it began.
    pub written: u64,
    /// The share of the last look, if another one was written while the candidate was ahead.
    pub settled_at: Option<f64>,
    /// The share of the last look.
    pub share: f64,
}

impl Gathered {
    /// One more look; what must be weighed, as it is over, `full` long, or under another share than is written now.
    ///
    /// That is nothing, what was gathered, the look itself, or both one after the other.
    #[must_use]
    pub fn add(&mut self, look: &Failures, full: Duration) -> Vec<Self> {
        let mut over = Vec::new();
        if self.judged > 0 && self.written != look.written && self.settled_at.is_none() {
            if self.seen > self.expected && look.evenly {
                self.settled_at = Some(self.share);
            } else {
                self.seen = self.seen.min(self.expected);
                over.push(std::mem::take(self));
            }
        }
        if let Some(share) = self.settled_at {
            let in_the_mean = share * number(look.all);
            self.seen += in_the_mean;
            self.expected += in_the_mean;
        } else {
            self.seen += number(look.candidate);
            self.expected += look.share * number(look.all);
            self.units = self.units.max(number(look.units)).max(1.0);
            (self.written, self.share) = (look.written, look.share);
        }
        self.judged = self.judged.saturating_add(look.judged);
        if Duration::from_millis(self.judged) >= full {
            over.push(std::mem::take(self));
        }
        over
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
            .f64s(&[self.seen, self.expected, self.units, self.share])
            .u64(self.judged)
            .u64(self.written)
            // No share is below 0.
            .f64(self.settled_at.unwrap_or(-1.0))
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
            share: reader.f64()?,
            judged: reader.u64()?,
            written: reader.u64()?,
            settled_at: Some(reader.f64()?).filter(|share| *share >= 0.0),
        })
    }
}

#[cfg(test)]
mod tests;
