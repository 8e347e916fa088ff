//! The bake: a clock that runs while all is well, checks, and a last look at its end.

use super::Flow;
use crate::plan::{HookPoint, Then, Undecided};
use crate::rollout::Rollout;
use crate::rollout::event::News;
use crate::rollout::outcome::Reason;
use crate::rollout::state::{BakeClock, Baking, Hold, State, stage_name};
use crate::rollout::step::Until;
use crate::timestamp::Timestamp;

impl Rollout {
    pub(in crate::rollout) fn enter_baking(&mut self, stage: usize) {
        let now = self.now();
        let Some(entered) = self.fixed.plan.stages().get(stage) else {
            return;
        };
        let at_most = now + entered.bake.at_most;
        self.say(News::BakeBegan {
            stage: entered.name.clone(),
        });
        let advanced = self.decided.promote_all;
        self.enter(State::Baking(Baking {
            stage,
            clock: BakeClock::default(),
            at_most,
            advanced,
            closing: false,
        }));
    }

    pub(super) fn baking(&mut self, mut baking: Baking) -> Flow {
        let now = self.now();
        let stage = baking.stage;
        let Some(bake) = self.fixed.plan.stages().get(stage).map(|stage| stage.bake) else {
            return Flow::Rest;
        };
        let well =
            self.walk_all(|rollout, part| rollout.stage_course(part, stage, Until::Effective));
        if self.never_reached() {
            return Flow::Again;
        }
        let paused = self.decided.pause.is_some();
        let before = baking.clone();
        if well && !paused {
            baking.clock.run(now);
        } else if baking.clock.running_since.is_some() {
            baking.clock.stand(now);
        }
        if !well || paused {
            baking.closing = false;
        }
        let enough = baking.advanced
            || (baking.clock.at(now) >= bake.at_least && self.looks_missing(stage).is_none());
        // A failed look may be tolerated, and is still nothing that a bake ends on.
        let long_enough = enough && self.last_look_failed(stage).is_none();
        if !long_enough && !self.looks_open() {
            baking.closing = false;
        }
        if well && !paused && long_enough && !baking.closing {
            baking.closing = true;
            self.close_windows();
            self.take_last_look();
        }
        let changed = baking != before;
        if changed {
            self.decided.state = State::Baking(baking.clone());
        }
        let last_look = baking.closing && !self.looks_open() && self.last_look_taken();
        if last_look && long_enough && well && !paused {
            self.enter_hooks(stage, HookPoint::Baked);
            return Flow::Again;
        }
        if now >= baking.at_most {
            let missing = self.missing(&baking);
            self.undecided(stage, bake.undecided, missing);
            return Flow::Again;
        }
        if changed { Flow::Again } else { Flow::Rest }
    }

    /// Whatever is under way does not count: the look that ends a bake begins now.
    fn take_last_look(&mut self) {
        for (part, latest) in &mut self.latest.parts {
            latest.news = true;
            if let Some(state) = self.decided.parts.get_mut(part) {
                state.last_look = crate::rollout::Ticket(latest.next_ticket);
            }
        }
    }

    fn last_look_taken(&self) -> bool {
        self.decided.parts.iter().all(|(part, state)| {
            let taken = self
                .latest
                .parts
                .get(part)
                .is_some_and(|latest| latest.ticket >= state.last_look);
            taken && self.fresh(part).is_some()
        })
    }

    fn missing(&self, baking: &Baking) -> String {
        let now = self.now();
        let bake = self
            .fixed
            .plan
            .stages()
            .get(baking.stage)
            .map(|stage| stage.bake)
            .unwrap_or_default();
        let missing = self.looks_missing(baking.stage);
        if let Some(missing) = missing.or_else(|| self.last_look_failed(baking.stage)) {
            return missing;
        }
        if baking.clock.at(now) < bake.at_least {
            let (has, asks) = (baking.clock.at(now), bake.at_least);
            let has =
                crate::timestamp::duration::format(std::time::Duration::from_secs(has.as_secs()));
            let asks = crate::timestamp::duration::format(asks);
            return format!(
                "all was well for {has} of {asks}; it waits for {}",
                self.waiting_in_words()
            );
        }
        format!("it waits for {}", self.waiting_in_words())
    }

    fn undecided(&mut self, stage: usize, then: Undecided, missing: String) {
        let name = stage_name(&self.fixed.plan, stage)
            .cloned()
            .unwrap_or_else(|| "".into());
        let reason = Reason::Undecided {
            stage: name.clone(),
            missing,
        };
        match then {
            Undecided::Hold { at_most, then } => {
                self.hold(Hold::Undecided(reason), at_most, then, None);
            }
            Undecided::Then(Then::Abandon) => self.abandon(),
            // Time passes nothing that was not judged good: a plan that goes on is refused, and this is
            // its echo.
            Undecided::Then(Then::RollBack | Then::GoOn) => {
                self.say(News::Failed {
                    stage: Some(name),
                    reason: reason.clone(),
                });
                self.roll_back_or_hold(reason);
            }
        }
    }

    pub(in crate::rollout) fn bake_timers(&self, baking: &Baking) -> Option<Timestamp> {
        let bake = self.fixed.plan.stages().get(baking.stage)?.bake;
        let ends = baking
            .clock
            .running_since
            .map(|since| since + bake.at_least.saturating_sub(baking.clock.elapsed));
        let ends = ends.filter(|at| *at > self.now());
        Some(ends.map_or(baking.at_most, |ends| ends.min(baking.at_most)))
    }
}
