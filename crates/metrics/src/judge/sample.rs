//! What is seen of stable until there is enough of it to choose bounds by.

use strategy_core::analysis::Verdict;

use super::Judgement;
use crate::reading::Histogram;
use crate::state::{Reader, State, StateError, Writer};

/// With so many events of stable bounds are chosen.
const ENOUGH: u64 = 100;

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
    /// This and what a window has, in the buckets of both.
    ///
    /// Bounds that were changed meanwhile stand beside each other then. One that is no more can be chosen, and what
    /// is judged by it is inconclusive, as when bounds are changed later.
    fn with(&self, window: &Histogram) -> Histogram {
        let (above, inside) = window.counts().split_last().unwrap_or((&0, &[]));
        let of_window = window.bounds().iter().copied();
        let mut buckets: Vec<(f64, u64)> = of_window.zip(inside.iter().copied()).collect();
        for (bound, count) in &self.buckets {
            let count = u64::from(*count);
            match buckets.binary_search_by(|(other, _)| other.total_cmp(bound)) {
                Ok(at) => {
                    if let Some((_, sum)) = buckets.get_mut(at) {
                        *sum = sum.saturating_add(count);
                    }
                }
                Err(at) => buckets.insert(at, (*bound, count)),
            }
        }
        let above = above.saturating_add(self.above.into());
        let (bounds, mut counts): (Vec<f64>, Vec<u64>) = buckets.into_iter().unzip();
        counts.push(above);
        // Both together may have more bounds than a histogram has; then the newer window is enough.
        Histogram::new(bounds, counts).unwrap_or_else(|_| window.clone())
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
