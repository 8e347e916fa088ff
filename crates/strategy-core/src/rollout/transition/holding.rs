//! Waiting for a person, with a limit and what follows.

use super::Flow;
use crate::plan::{HookPoint, Then};
use crate::rollout::Rollout;
use crate::rollout::event::News;
use crate::rollout::outcome::Reason;
use crate::rollout::state::{Hold, Holding, State};
use crate::rollout::step::Until;

impl Rollout {
    pub(super) fn holding(&mut self, holding: &Holding) -> Flow {
        let now = self.now();
        if let Some(stage) = holding.walk {
            self.walk_all(|rollout, part| rollout.stage_course(part, stage, Until::Effective));
        }
        if self.decided.state != State::Holding(Box::new(holding.clone())) {
            return Flow::Again;
        }
        if now < holding.until {
            return Flow::Rest;
        }
        let stage = holding.back_to.stage().unwrap_or(0);
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
            (Then::GoOn, Hold::Undecided(_) | Hold::Foreign(_)) if self.decided.pause.is_some() => {
                return Flow::Rest;
            }
            // Time passes what is merely undecided, never what is unready or failed.
            (Then::GoOn, Hold::Undecided(reason)) => {
                if self.stands_well(stage) {
                    self.say(News::HoldEnded);
                    self.enter_hooks(stage, HookPoint::Baked);
                } else {
                    self.roll_back_or_hold(reason.clone());
                }
            }
            (Then::GoOn, Hold::Foreign(_)) => self.resume_hold(true),
            // A failed check is never passed by time: such a plan is refused, and this is its echo.
            (Then::GoOn, Hold::Failed(reason) | Hold::NoWayBack(reason)) => {
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
                // What a person did is where we stand; the walk goes on from there.
                for part in self.decided.parts.values_mut() {
                    part.person_moved_traffic = false;
                }
                self.go_on(holding.back_to);
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

    /// A state that was left is taken up again: its walking begins anew, with a deadline of its own.
    fn go_on(&mut self, back_to: State) {
        match back_to {
            State::Stepping(stepping) => self.enter_stepping(stepping.stage, stepping.until),
            State::Baking(baking) => self.enter_stepping(baking.stage, Until::Ready),
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
            check.failures = 0;
            check.consecutive_failures = 0;
            check.consecutive_errors = 0;
            check.consecutive_inconclusive = 0;
            check.decided_in_stage = 0;
        }
    }
}
