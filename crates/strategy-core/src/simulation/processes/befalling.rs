//! What befalls the processes: planned at the beginning, done when its time or call comes.

use super::{Cast, Cue};
use crate::simulation::{Mishap, Trouble, When};
use crate::world::{Interruption, Life, Point, Process};

impl Cast<'_> {
    pub(super) fn plan_mishaps(&mut self) {
        let now = self.now();
        for (number, Mishap { when, trouble }) in self.simulation.mishaps.iter().enumerate() {
            let (point, after) = match when {
                When::After(time) => {
                    self.cue(now + *time, Cue::Mishap(number));
                    continue;
                }
                When::BeforeCall(call) => (Point::Call(*call), false),
                When::AfterCall(call) => (Point::Call(*call), true),
                When::BeforeAppend(append) => (Point::Append(*append), false),
                When::AfterAppend(append) => (Point::Append(*append), true),
            };
            let interruption = match trouble {
                Trouble::World(happening) => Interruption::Happens(happening.clone()),
                Trouble::Crash { .. }
                | Trouble::Freeze { .. }
                | Trouble::ClockSet { .. }
                | Trouble::JournalFails { .. }
                | Trouble::JournalAnswerLost => Interruption::Stops { after, number },
            };
            self.world.interrupt(point, interruption);
        }
    }

    pub(super) fn befalls(&mut self, process: Process, number: usize) {
        let now = self.now();
        let Some(mishap) = self.simulation.mishaps.get(number) else {
            return;
        };
        match &mishap.trouble {
            Trouble::Crash { resumed_after } => {
                let before = self.bodies.len();
                self.bodies.retain(|body| body.process != process);
                if self.bodies.len() < before {
                    self.lives(process, Life::Crashed);
                    self.cue(now + *resumed_after, Cue::Begin);
                }
            }
            Trouble::Freeze {
                lasts,
                taken_over_after,
            } => {
                if let Some(body) = self.body(process) {
                    body.stands_still_until = Some(now + *lasts);
                    self.lives(process, Life::Froze);
                    if taken_over_after < lasts {
                        self.cue(now + *taken_over_after, Cue::Begin);
                    }
                    self.cue(now + *lasts, Cue::Wake(process));
                }
            }
            Trouble::ClockSet { milliseconds } => {
                if let Some(body) = self.body(process) {
                    body.clock.set_by(*milliseconds);
                    self.lives(process, Life::ClockSet(*milliseconds));
                }
            }
            Trouble::JournalFails { lasts } => self.health().refuses_until = now + *lasts,
            Trouble::JournalAnswerLost => self.health().loses_answer = true,
            Trouble::World(happening) => self.world.happen(happening.clone()),
        }
    }
}
