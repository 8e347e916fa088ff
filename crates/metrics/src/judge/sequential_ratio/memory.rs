//! What the judge of failures remembers.

use std::time::Duration;

use super::{PASS_GRID, SequentialRatio};
use crate::judge::marks;
use crate::judge::seen::Seen;
use crate::judge::weighing::{Failures, Gathered, Mixture, RatioProfile, Starts};
use crate::state::{Mark, State, StateError};

const VERSION: u8 = 2;

/// What is added to the failures of each unit in the second process.
const SMOOTHING: [f64; 4] = [0.1, 0.3, 1.0, 3.0];

/// All of it: 660 bytes with the default grid, 820 with the largest.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Memory {
    /// That failures are more than tolerated.
    pub(super) against: Mixture,
    /// That they are fewer than what is to be ruled out.
    pub(super) proven: Mixture,
    /// That the candidate has more than its part of the bursts.
    bursts: Mixture,
    pub(super) gated: bool,
    pub(super) window: Gathered,
    pub(super) profile: RatioProfile,
    pub(super) candidate: Seen,
    pub(super) stable: Seen,
    /// The most that the first and the second process ever had.
    highest: [f64; 2],
    /// It was failed once: what is told of units later changes nothing of it.
    pub(super) failed: bool,
}

fn mark(judge: &SequentialRatio) -> Mark {
    Mark::new(VERSION, marks::SEQUENTIAL_RATIO, judge)
}

impl Memory {
    pub(super) fn read(judge: &SequentialRatio, state: &State) -> Result<Self, StateError> {
        let (starts, alternatives) = (judge.starts(), judge.grid.multiples().len());
        if state.is_empty() {
            return Ok(Self {
                against: Mixture::new(alternatives, starts),
                proven: Mixture::new(PASS_GRID.len(), Starts::once()),
                bursts: Mixture::new(SMOOTHING.len(), starts),
                gated: false,
                window: Gathered::default(),
                profile: RatioProfile::default(),
                candidate: Seen::default(),
                stable: Seen::default(),
                highest: [0.0; 2],
                failed: false,
            });
        }
        let mut reader = state.read_marked(mark(judge))?;
        let memory = Self {
            against: Mixture::read(&mut reader, alternatives, starts)?,
            proven: Mixture::read(&mut reader, PASS_GRID.len(), Starts::once())?,
            bursts: Mixture::read(&mut reader, SMOOTHING.len(), starts)?,
            gated: reader.u8()? != 0,
            window: Gathered::read(&mut reader)?,
            profile: RatioProfile::read(&mut reader)?,
            candidate: Seen::read(&mut reader)?,
            stable: Seen::read(&mut reader)?,
            highest: [reader.f64()?, reader.f64()?],
            failed: reader.u8()? != 0,
        };
        reader.done()?;
        Ok(memory)
    }

    pub(super) fn write(&self, judge: &SequentialRatio) -> State {
        let writer = self.against.write(State::marked(mark(judge)));
        let writer = self.bursts.write(self.proven.write(writer));
        let writer = self.window.write(writer.u8(u8::from(self.gated)));
        let writer = self.candidate.write(self.profile.write(writer));
        let writer = self.stable.write(writer).f64s(&self.highest);
        writer.u8(u8::from(self.failed)).done()
    }

    /// Weighs what was gathered when it is as long as a window, or its share is over.
    pub(super) fn gather(&mut self, look: &Failures, window: Duration) {
        for gathered in self.window.add(look, window) {
            let weighed = SMOOTHING.map(|smoothing| gathered.evidence(smoothing));
            self.bursts
                .add(weighed, Duration::from_millis(gathered.judged));
        }
    }

    pub(super) fn note_highest(&mut self) {
        let now = [self.against.ln_evidence(), self.bursts.ln_evidence()];
        for (highest, now) in self.highest.iter_mut().zip(now) {
            *highest = highest.max(now);
        }
    }

    /// What is against the candidate now: of two processes that must agree, the weaker.
    pub(super) fn now(&self) -> f64 {
        self.agreed(self.against.ln_evidence(), self.bursts.ln_evidence())
    }

    /// What ever was: each of the two had it once.
    pub(super) fn highest(&self) -> f64 {
        self.agreed(self.highest[0], self.highest[1])
    }

    fn agreed(&self, ratio: f64, bursts: f64) -> f64 {
        if self.gated { ratio.min(bursts) } else { ratio }
    }
}
