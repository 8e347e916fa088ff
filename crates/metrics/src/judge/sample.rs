//! What is seen of stable until there is enough of it to choose bounds by.

use strategy_core::analysis::Verdict;

use super::Judgement;
use crate::reading::Histogram;
use crate::state::{Reader, State, StateError, Writer};

/// With so many events of stable bounds are chosen.
const ENOUGH: u64 = 100;

// Of fewer than that many events each bucket has a byte.
const _: () = assert!(ENOUGH <= 256);

/// What a judge that chooses its bounds remembers.
pub(super) enum Remembered<M> {
    /// It has not chosen yet.
    Sampled(Sample),
    /// It has, and weighs.
    Weighed(M),
}

/// Events of stable by the bucket that they were in: fewer than 100, so that each count is a byte and at most 99
/// buckets have one. Empty buckets are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sample {
    buckets: Vec<(f64, u8)>,
    /// Above all bounds.
    above: u8,
}

impl Sample {
    /// This and what a window has, in the buckets of the window: a bound that is no more could be chosen otherwise, and
    /// nothing would ever be weighed at it.
    ///
    /// What was in a bucket that ends at another bound counts up to the next one that there is, which may be a bucket
    /// too high; that moves what is chosen, and nothing that is weighed.
    fn with(&self, window: &Histogram) -> Histogram {
        let mut counts = window.counts().to_vec();
        let before = self.buckets.iter().copied();
        for (bound, count) in before.chain([(f64::INFINITY, self.above)]) {
            let at = window.bounds().partition_point(|other| *other < bound);
            if let Some(sum) = counts.get_mut(at) {
                *sum = sum.saturating_add(count.into());
            }
        }
        // It has the window's own bounds, which make a histogram.
        Histogram::new(window.bounds().to_vec(), counts).unwrap_or_else(|_| window.clone())
    }

    /// With what a window has of stable it is enough to choose by, or else remembered: then what is judged
    /// until there is.
    pub(super) fn enough(
        &self,
        window: &Histogram,
        begun: impl FnOnce() -> Writer,
    ) -> Result<Histogram, Judgement> {
        let sum = self.with(window);
        let total = sum.total();
        if total >= ENOUGH {
            return Ok(sum);
        }
        let evidence =
            format!("waits for {ENOUGH} events of stable, to choose bounds by; it has {total}");
        let state = Self::of(&sum).write(begun());
        Err(Judgement::new(Verdict::Undecided, evidence, &state))
    }

    /// What is remembered where with this window there is enough, and nothing to be chosen: the past fades, or else what
    /// stable did at its beginning would be in the way for ever.
    ///
    /// It fades to 99 events, so that the next window is tried again. A window that is enough by itself needs no past.
    pub(super) fn faded(&self, window: &Histogram, begun: impl FnOnce() -> Writer) -> State {
        if window.total() >= ENOUGH {
            return State::default();
        }
        let sum = self.with(window);
        let (keep, total) = (u128::from(ENOUGH - 1), u128::from(sum.total()).max(1));
        let share = |count: &u64| u64::try_from(u128::from(*count) * keep / total).unwrap_or(0);
        let counts = sum.counts().iter().map(share).collect();
        let faded = Histogram::new(sum.bounds().to_vec(), counts);
        faded.map_or_else(|_| State::default(), |sum| Self::of(&sum).write(begun()))
    }

    fn of(sum: &Histogram) -> Self {
        let byte = |count: &u64| u8::try_from(*count).unwrap_or(u8::MAX);
        let (above, inside) = sum.counts().split_last().unwrap_or((&0, &[]));
        let buckets = sum.bounds().iter().copied().zip(inside.iter().map(byte));
        Self {
            buckets: buckets.filter(|(_, count)| *count > 0).collect(),
            above: byte(above),
        }
    }

    /// At most 894 bytes after the mark: 9 for each bucket, and three.
    fn write(&self, writer: Writer) -> State {
        let count = u8::try_from(self.buckets.len()).unwrap_or(u8::MAX);
        // No bound is chosen yet, as a judge would begin with their count.
        let mut writer = writer.u8(0).u8(self.above).u8(count);
        for (bound, count) in &self.buckets {
            writer = writer.f64(*bound).u8(*count);
        }
        writer.done()
    }

    /// After the count of chosen bounds, which is none.
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, StateError> {
        let above = reader.u8()?;
        let mut buckets = Vec::new();
        for _ in 0..reader.u8()? {
            buckets.push((reader.f64()?, reader.u8()?));
        }
        Ok(Self { buckets, above })
    }
}
