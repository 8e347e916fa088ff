//! Waiting for a person, with a limit and what follows.

use std::time::Duration;

use super::Flow;
use crate::analysis::Tally;
use crate::plan::{HookPoint, Rerun, Then};
use crate::rollout::Rollout;
use crate::rollout::event::News;
use crate::rollout::outcome::Reason;
use crate::rollout::state::{Hold, Holding, State};
use crate::rollout::step::Until;

/// How many holds that end by themselves put the limits of a stage off.
const PUT_OFF: u32 = 3;

impl Rollout {
    pub(super) fn holding(&mut self, holding: &Holding) -> Flow {
        let now = self.now();
        if let Some(stage) = holding.walk {
            self.walk_all(|rollout, part| rollout.stage_course(part, stage, Until::Effective));
        }
        if now < holding.until {
            return Flow::Rest;
        }
        match (holding.then, &holding.why) {
            (Then::Abandon, _) => self.abandon(),
            (
                Then::RollBack,
                Hold::Failed(reason)
                | Hold::Undecided(reason)
                | Hold::Foreign(reason)
                | Hold::NoWayBack(reason),
            ) => {
                self.roll_back_or_hold(reason.clone());
            }
            (Then::RollBack | Then::GoOn, Hold::HookUnfinished { .. }) => {
                self.roll_back_or_hold(Reason::HoldExpired {
                    why: holding.why.to_string(),
                });
            }
            (Then::GoOn, Hold::Foreign(_)) if self.decided.pause.is_some() => {
                return Flow::Rest;
            }
            (Then::GoOn, Hold::Foreign(_)) => {
                self.say(News::HoldEnded);
                self.accept_hands();
                let stood = if self.decided.went_on_by_time < PUT_OFF {
                    now.since(self.decided.since)
                } else {
                    Duration::ZERO
                };
                self.decided.went_on_by_time = self.decided.went_on_by_time.saturating_add(1);
                self.go_on(holding.back_to.clone(), stood);
            }
            // What failed or was not judged is never passed by time: such a plan is refused, and this is
            // its echo.
            (
                Then::GoOn,
                Hold::Failed(reason) | Hold::Undecided(reason) | Hold::NoWayBack(reason),
            ) => {
                self.roll_back_or_hold(reason.clone());
            }
        }
        Flow::Again
    }

    /// A person ends the hold. `advance`: what was held is taken as done; else it is tried again.
    pub(in crate::rollout) fn resume_hold(&mut self, advance: bool) {
        let State::Holding(holding) = self.decided.state.clone() else {
            return;
        };
        self.say(News::HoldEnded);
        let stage = holding.back_to.stage().unwrap_or(0);
        match (&holding.why, advance) {
            (Hold::Failed(_) | Hold::NoWayBack(_), _) => {
                self.forgive();
                self.begin_again(holding.back_to);
                self.reset_health();
            }
            // It ends as soon as all is well; readiness, effectiveness and a failed look are not skipped.
            (Hold::Undecided(_), true) => {
                self.enter_baking(stage);
                if let State::Baking(baking) = &mut self.decided.state {
                    baking.advanced = true;
                }
            }
            (Hold::Undecided(_), false) => {
                self.reset_looks();
                self.enter_baking(stage);
            }
            (Hold::Foreign(_), _) => {
                let stood = self.now().since(self.decided.since);
                self.accept_hands();
                self.go_on(holding.back_to, stood);
            }
            (Hold::HookUnfinished { .. }, done) => {
                let mut back_to = holding.back_to;
                if let State::Hooking(hooking) = &mut back_to {
                    hooking.running = None;
                    hooking.unfinished = false;
                    hooking.confirmed = done;
                }
                self.enter(back_to);
            }
        }
    }

    /// A failed stage begins again where it can: at the gate or hook that came before anything was
    /// written, else on its way to readiness.
    fn begin_again(&mut self, back_to: State) {
        // One that may not run twice is waited for, not begun anew.
        if self.runs_once(&back_to) {
            self.enter(back_to);
            return;
        }
        if let State::Hooking(hooking) = &back_to
            && let Some(id) = hooking.running
            && self.decided.open.remove(&id).is_some()
        {
            self.outbox.order_cancel(id);
        }
        match back_to {
            State::Gating(gating) => self.enter_gate(gating.stage, gating.gate),
            State::Hooking(hooking) if hooking.unfinished => {
                self.enter(State::Hooking(hooking));
            }
            State::Hooking(mut hooking) if hooking.point == HookPoint::Before => {
                hooking.running = None;
                self.enter(State::Hooking(hooking));
            }
            State::Hooking(_) | State::Stepping(_) | State::Baking(_) => {
                self.enter_stepping(back_to.stage().unwrap_or(0), Until::Ready);
            }
            State::Claiming
            | State::Confirming
            | State::Holding(_)
            | State::RollingBack(_)
            | State::Superseding(_)
            | State::Settling(_)
            | State::Settled { .. } => {}
        }
    }

    /// A hook is under way that may not run twice.
    fn runs_once(&self, state: &State) -> bool {
        let State::Hooking(hooking) = state else {
            return false;
        };
        let stage = self.fixed.plan.stages().get(hooking.stage);
        let hook = stage.and_then(|stage| stage.hooks.get(hooking.hook));
        hooking.running.is_some() && hook.is_some_and(|hook| hook.rerun == Rerun::Never)
    }

    /// What a person did is where we stand; the walk goes on from there.
    fn accept_hands(&mut self) {
        for part in self.decided.parts.values_mut() {
            part.person_moved_traffic = false;
            part.left_by_hand = None;
        }
    }

    /// A state that was left is taken up again. Its limits are put off by as long as it stood; where
    /// holds end by themselves only so often, or a hand that comes again and again would put them off
    /// for ever.
    fn go_on(&mut self, back_to: State, stood: Duration) {
        match back_to {
            State::Stepping(mut stepping) => {
                stepping.deadline = stepping.deadline + stood;
                self.enter(State::Stepping(stepping));
            }
            State::Baking(mut baking) => {
                baking.at_most = baking.at_most + stood;
                baking.clock.stand(self.decided.since);
                baking.closing = false;
                self.enter(State::Baking(baking));
            }
            State::Gating(mut gating) => {
                gating.asking = None;
                self.enter(State::Gating(gating));
            }
            State::Hooking(hooking) => self.enter(State::Hooking(hooking)),
            State::Claiming
            | State::Confirming
            | State::Holding(_)
            | State::RollingBack(_)
            | State::Superseding(_)
            | State::Settling(_)
            | State::Settled { .. } => {}
        }
    }

    /// A person begins a failed stage again: limits count anew, memory does not.
    fn forgive(&mut self) {
        for check in self.latest.checks.values_mut() {
            check.keep(Tally::default());
            check.passed_in_stage = 0;
        }
    }
}
