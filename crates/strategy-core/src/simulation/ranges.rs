//! What the numbers and times of a simulation may be.

use super::{Simulation, Trouble, When};
use crate::world::{InvalidScenario, Scenario, ranges};

impl Simulation {
    /// Refuses what no simulation can be made of, with its place in the file.
    pub(super) fn check(&self) -> Result<(), InvalidScenario> {
        self.world.check("world")?;
        self.candidate.check("candidate")?;
        ranges::time("afterwards", self.afterwards)?;
        for (index, mishap) in self.mishaps.iter().enumerate() {
            let at = format!("mishaps[{index}]");
            if let When::After(after) = mishap.when {
                ranges::time(&format!("{at}.when.after"), after)?;
            }
            mishap
                .trouble
                .check(&self.world, &format!("{at}.trouble"))?;
        }
        for (index, saying) in self.sayings.iter().enumerate() {
            ranges::time(&format!("sayings[{index}].after"), saying.after)?;
        }
        for (index, milliseconds) in self.clock_offsets.iter().enumerate() {
            ranges::milliseconds(&format!("clock_offsets[{index}]"), *milliseconds)?;
        }
        for (kind, hook) in &self.hooks {
            ranges::time(&format!("hooks.{kind}.takes"), hook.takes)?;
        }
        for (kind, gate) in &self.gates {
            ranges::time(&format!("gates.{kind}.takes"), gate.takes)?;
        }
        Ok(())
    }
}

impl Trouble {
    fn check(&self, world: &Scenario, at: &str) -> Result<(), InvalidScenario> {
        match self {
            Self::Crash { resumed_after } => {
                ranges::time(&format!("{at}.resumed_after"), *resumed_after)
            }
            Self::Freeze {
                lasts,
                taken_over_after,
            } => {
                ranges::time(&format!("{at}.lasts"), *lasts)?;
                ranges::time(&format!("{at}.taken_over_after"), *taken_over_after)
            }
            Self::ClockSet { milliseconds } => {
                ranges::milliseconds(&format!("{at}.milliseconds"), *milliseconds)
            }
            Self::JournalFails { lasts } => ranges::time(&format!("{at}.lasts"), *lasts),
            Self::JournalAnswerLost => Ok(()),
            Self::World(happening) => world.check_happening(at, happening),
        }
    }
}
