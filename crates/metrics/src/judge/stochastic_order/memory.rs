//! What the judge of stochastic order remembers.

use super::StochasticOrder;
use crate::judge::buckets::Standing;
use crate::judge::marks;
use crate::judge::sample::{Remembered, Sample};
use crate::judge::weighing::Mixture;
use crate::state::{Mark, State, StateError, Writer};

const VERSION: u8 = 2;

/// A bound, and the events above it that were weighed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct At {
    pub(super) bound: f64,
    pub(super) candidate: u64,
    pub(super) stable: u64,
}

/// At most 1 043 bytes: eight bounds of 24, 96 accumulators, and the rest.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Memory {
    pub(super) bounds: Vec<At>,
    pub(super) against: Mixture,
    pub(super) standing: Standing,
}

fn mark(judge: &StochasticOrder) -> Mark {
    Mark::new(VERSION, marks::STOCHASTIC_ORDER, judge)
}

/// Begins what it remembers.
pub(super) fn begun(judge: &StochasticOrder) -> Writer {
    State::marked(mark(judge))
}

impl Memory {
    pub(super) fn read(
        judge: &StochasticOrder,
        state: &State,
    ) -> Result<Remembered<Self>, StateError> {
        if state.is_empty() {
            return Ok(if judge.bounds.is_empty() {
                Remembered::Sampled(Sample::default())
            } else {
                Remembered::Weighed(Self::new(judge, &judge.bounds))
            });
        }
        let mut reader = state.read_marked(mark(judge))?;
        let count = usize::from(reader.u8()?);
        if count == 0 {
            let sample = Sample::read(&mut reader)?;
            reader.done()?;
            return Ok(Remembered::Sampled(sample));
        }
        let mut bounds = Vec::new();
        for _ in 0..count {
            bounds.push(At {
                bound: reader.f64()?,
                candidate: reader.u64()?,
                stable: reader.u64()?,
            });
        }
        let alternatives = count * judge.grid.multiples().len();
        let memory = Self {
            bounds,
            against: Mixture::read(&mut reader, alternatives, judge.starts())?,
            standing: Standing::read(&mut reader)?,
        };
        reader.done()?;
        Ok(Remembered::Weighed(memory))
    }

    pub(super) fn new(judge: &StochasticOrder, bounds: &[f64]) -> Self {
        let alternatives = bounds.len() * judge.grid.multiples().len();
        let at = |bound: &f64| At {
            bound: *bound,
            candidate: 0,
            stable: 0,
        };
        Self {
            bounds: bounds.iter().map(at).collect(),
            against: Mixture::new(alternatives, judge.starts()),
            standing: Standing::default(),
        }
    }

    pub(super) fn write(&self, judge: &StochasticOrder) -> State {
        let count = u8::try_from(self.bounds.len()).unwrap_or(u8::MAX);
        let mut writer = begun(judge).u8(count);
        for at in &self.bounds {
            writer = writer.f64(at.bound).u64(at.candidate).u64(at.stable);
        }
        self.standing.write(self.against.write(writer)).done()
    }
}
