//! Evidence that the candidate has more of what happens than its part, where what happens comes in bursts.

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

/// What is gathered of failures until a window is full.
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
}

impl Gathered {
    /// One more look, of which the candidate's share was so much.
    pub fn add(&mut self, failed: u64, candidate_failed: u64, share: f64, units: u64, judged: u64) {
        self.seen += number(candidate_failed);
        self.expected += share * number(failed);
        self.units = self.units.max(number(units)).max(1.0);
        self.judged = self.judged.saturating_add(judged);
    }

    /// What the window weighs where so much is added to the failures of each unit.
    pub fn evidence(&self, smoothing: f64) -> f64 {
        share_evidence(self.seen, self.expected, smoothing * self.units.max(1.0))
    }
}

impl Gathered {
    /// Into a state: 32 bytes.
    #[must_use]
    pub fn write(&self, writer: Writer) -> Writer {
        writer
            .f64s(&[self.seen, self.expected, self.units])
            .u64(self.judged)
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
            judged: reader.u64()?,
        })
    }
}
