//! Where a machine is, reduced: limits by what is left of them, reasons without their words.

use std::time::Duration;

use super::{NOW, Reduction};
use crate::rollout::Rollout;
use crate::rollout::outcome::{Outcome, Reason};
use crate::rollout::state::{BakeClock, Hold, State};
use crate::timestamp::Timestamp;

impl Reduction<'_> {
    pub(super) fn place(&self, rollout: &mut Rollout) {
        let plan = std::sync::Arc::clone(&rollout.fixed);
        let pause_limit = plan.plan.policies().pause_limit;
        let decided = &mut rollout.decided;
        let began = decided.pause.map(|until| until.before(pause_limit));
        // What a hold, a pause or the start began with is asked for later; of the rest, nothing.
        let since = match &decided.state {
            State::Claiming | State::Confirming | State::Holding(_) => Some(decided.since),
            State::Stepping(_) => began.map(|began| began.max(decided.since)),
            State::Gating(_)
            | State::Hooking(_)
            | State::Baking(_)
            | State::RollingBack(_)
            | State::Superseding(_)
            | State::Settling(_)
            | State::Settled { .. } => None,
        };
        // A bake that is held stood since the hold began.
        let bakes_to = match &decided.state {
            State::Holding(_) => decided.since,
            State::Claiming
            | State::Confirming
            | State::Gating(_)
            | State::Hooking(_)
            | State::Stepping(_)
            | State::Baking(_)
            | State::RollingBack(_)
            | State::Superseding(_)
            | State::Settling(_)
            | State::Settled { .. } => self.now,
        };
        let stages = plan.plan.stages();
        let at_least = |stage: usize| stages.get(stage).map(|stage| stage.bake.at_least);
        let bakes = |stage: usize, clock: &mut BakeClock| {
            let elapsed = clock.at(bakes_to).min(at_least(stage).unwrap_or_default());
            let running_since = clock.running_since.map(|_| self.time(bakes_to));
            *clock = BakeClock {
                elapsed,
                running_since,
            };
        };
        self.state(&mut decided.state, &bakes);
        decided.since = since.map_or(NOW, |since| self.time(since));
        decided.pause = decided.pause.map(|until| self.limit(until));
        decided.audit.clear();
        decided.failed_at = None;
        decided.went_on_by_time = decided.went_on_by_time.min(3);
        let goes_on = decided.state.is_forward()
            || matches!(decided.state, State::Claiming | State::Confirming);
        decided.promote_all &= goes_on;
    }

    fn state(&self, state: &mut State, bakes: &impl Fn(usize, &mut BakeClock)) {
        match state {
            State::Claiming | State::Confirming => {}
            State::Settled { outcome, left } => {
                without_words(outcome);
                left.clear();
            }
            State::Gating(gating) => {
                gating.until = self.limit(gating.until);
                gating.ask_at = self.limit(gating.ask_at);
                gating.asking = gating.asking.map(|id| self.id(id));
            }
            State::Hooking(hooking) => hooking.running = hooking.running.map(|id| self.id(id)),
            State::Stepping(stepping) => stepping.deadline = self.limit(stepping.deadline),
            State::Baking(baking) => {
                baking.at_most = self.limit(baking.at_most);
                bakes(baking.stage, &mut baking.clock);
            }
            State::Holding(holding) => {
                holding.until = self.limit(holding.until);
                match &mut holding.why {
                    Hold::Failed(reason)
                    | Hold::NoWayBack(reason)
                    | Hold::Undecided(reason)
                    | Hold::Foreign(reason) => *reason = UNTOLD,
                    Hold::HookUnfinished { hook } => hook.clear(),
                }
                self.held(&mut holding.back_to, bakes);
            }
            State::RollingBack(rolling) => {
                rolling.reason = UNTOLD;
                rolling.deadline = if rolling.stuck {
                    NOW
                } else {
                    self.limit(rolling.deadline)
                };
                rolling.patient_until = self.limit(rolling.patient_until);
                rolling.undoing = rolling.undoing.map(|id| self.id(id));
                rolling.undo_failed.iter_mut().for_each(String::clear);
                rolling.left.clear();
            }
            State::Superseding(superseding) => {
                superseding.deadline = self.limit(superseding.deadline);
                superseding.undoing = superseding.undoing.map(|id| self.id(id));
            }
            State::Settling(settling) => {
                without_words(&mut settling.outcome);
                settling.deadline = self.limit(settling.deadline);
                settling.left.clear();
            }
        }
    }

    /// What a hold goes back to: its limits are put off by as long as it stood, so that one that is over
    /// by now need not be when it goes on.
    fn held(&self, state: &mut State, bakes: &impl Fn(usize, &mut BakeClock)) {
        let limits: Vec<Timestamp> = match state {
            State::Stepping(stepping) => vec![self.time(stepping.deadline)],
            State::Baking(baking) => vec![self.time(baking.at_most)],
            State::Claiming
            | State::Confirming
            | State::Gating(_)
            | State::Hooking(_)
            | State::Holding(_)
            | State::RollingBack(_)
            | State::Superseding(_)
            | State::Settling(_)
            | State::Settled { .. } => Vec::new(),
        };
        self.state(state, bakes);
        match (state, limits.first()) {
            (State::Stepping(stepping), Some(at)) => stepping.deadline = *at,
            (State::Baking(baking), Some(at)) => baking.at_most = *at,
            (_, _) => {}
        }
    }
}

/// No reason in particular: nothing is decided by why it went back.
const UNTOLD: Reason = Reason::ResumedToRollBack;

fn without_words(outcome: &mut Outcome) {
    match outcome {
        Outcome::Promoted | Outcome::Superseded { .. } => {}
        Outcome::RolledBack { reason } => *reason = UNTOLD,
        Outcome::Abandoned { left } => left.clear(),
    }
}

/// The longest that any stage asks for something.
pub(super) fn longest(
    rollout: &Rollout,
    asked: impl Fn(&crate::plan::Stage) -> Duration,
) -> Duration {
    let stages = rollout.fixed.plan.stages().iter();
    stages.map(asked).max().unwrap_or_default()
}
