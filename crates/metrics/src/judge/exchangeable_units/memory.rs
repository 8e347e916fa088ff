//! What the judge of units remembers.

use super::ExchangeableUnits;
use crate::judge::marks;
use crate::judge::weighing::{Gathered, Mixture, Starts};
use crate::state::{Mark, State, StateError};

const VERSION: u8 = 2;

/// 178 bytes at most: it does not grow with the units.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Memory {
    pub(super) against: Mixture,
    pub(super) window: Gathered,
    pub(super) windows: u64,
    /// Of failures all so far, of numbers those of the last look.
    pub(super) seen: f64,
    pub(super) expected: f64,
    pub(super) highest: f64,
}

fn mark(judge: &ExchangeableUnits) -> Mark {
    Mark::new(VERSION, marks::EXCHANGEABLE_UNITS, judge)
}

impl Memory {
    pub(super) fn read(judge: &ExchangeableUnits, state: &State) -> Result<Self, StateError> {
        let starts = Starts::new(judge.restart, judge.horizon);
        let alternatives = judge.smoothing.added().len();
        if state.is_empty() {
            return Ok(Self {
                against: Mixture::new(alternatives, starts),
                window: Gathered::default(),
                windows: 0,
                seen: 0.0,
                expected: 0.0,
                highest: 0.0,
            });
        }
        let mut reader = state.read_marked(mark(judge))?;
        let memory = Self {
            against: Mixture::read(&mut reader, alternatives, starts)?,
            window: Gathered::read(&mut reader)?,
            windows: reader.u64()?,
            seen: reader.f64()?,
            expected: reader.f64()?,
            highest: reader.f64()?,
        };
        reader.done()?;
        Ok(memory)
    }

    pub(super) fn write(&self, judge: &ExchangeableUnits) -> State {
        let writer = self.against.write(State::marked(mark(judge)));
        let writer = self.window.write(writer);
        writer
            .u64(self.windows)
            .f64s(&[self.seen, self.expected, self.highest])
            .done()
    }
}
