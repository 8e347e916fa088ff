//! One input: what it changes, what follows from it, and when to look again.

use std::sync::Arc;
use std::time::Duration;

use super::Rollout;
use super::command::{Alarm, Answer, Command};
use super::effect::Effect;
use super::event::News;
use super::given::Given;
use super::input::{Completion, Input};
use super::misuse::Misuse;
use super::outcome::Reason;
use super::state::State;
use super::transition::Flow;
use crate::plan::Then;
use crate::target::EffectId;
use crate::timestamp::Timestamp;

/// More turns than any input can need: a machine that turns more often has a fault, and rests.
const TURNS: usize = 10_000;

impl Rollout {
    pub(super) fn take_in(
        &mut self,
        input: Input,
        now: Timestamp,
        passed: Option<Duration>,
    ) -> Result<(), Misuse> {
        self.vet(&input)?;
        let input = input.bounded();
        self.time_passes(&input, now, passed);
        if !self.is_settled() {
            self.digest_input(input);
        } else if let Input::Commanded(Command { id, .. }) | Input::AlarmRaised(Alarm { id, .. }) =
            input
        {
            // The answer of then, though it is over now.
            let over = || Answer::Refused("the rollout is over".to_owned());
            let answer = self.answered(&id).unwrap_or_else(over);
            self.outbox.answers.push_back((id, answer));
        }
        Ok(())
    }

    fn time_passes(&mut self, input: &Input, now: Timestamp, passed: Option<Duration>) {
        if matches!(input, Input::Resumed { .. }) {
            self.latest.clock.take_up(now);
            return;
        }
        let resync = self.fixed.plan.policies().resync;
        let irregular = self.latest.clock.tick(now, passed, resync);
        let Some(by_ms) = irregular.jumped else {
            if irregular.uncounted > Duration::ZERO {
                // It counts towards no limit, and what was seen is older by it all the same.
                for part in self.latest.parts.values_mut() {
                    part.at = part.at.map(|at| at.before(irregular.uncounted));
                    let asked = part.asked.take();
                    part.asked = asked.map(|(ticket, at)| (ticket, at.before(irregular.uncounted)));
                }
            }
            return;
        };
        self.say(News::ClockJumped { by_ms });
        // Nobody watched in between: that time belongs to no window, and what was seen is old.
        for check in self.latest.checks.values_mut() {
            check.open = None;
        }
        for part in self.latest.parts.values_mut() {
            part.at = None;
            part.heard = None;
            part.asked = None;
        }
    }

    pub(super) fn take(&mut self, given: &Given) {
        let input = match given {
            Given::Observed {
                part,
                ticket,
                observation,
            } => return self.observed(part, *ticket, observation),
            Given::Other(input) => input,
        };
        match input {
            Input::EffectSucceeded { id, outcome } => self.succeeded(*id, outcome),
            Input::EffectFailed { id, failure } => {
                let id = *id;
                let Some(effect) = self.decided.open.remove(&id) else {
                    return;
                };
                match &effect {
                    Effect::RunHook { .. } => self.hook_ended(id, false, &failure.message),
                    Effect::AskGate { .. } => self.gate_answered(id, Err(&failure.message)),
                    Effect::Claim { .. }
                    | Effect::Apply { .. }
                    | Effect::Observe { .. }
                    | Effect::Measure { .. }
                    | Effect::Cancel { .. } => self.part_failed(id, &effect, failure),
                }
            }
            Input::Observed {
                part,
                ticket,
                observation,
            } => self.observed(part, *ticket, &Arc::new((**observation).clone())),
            Input::ObserveFailed {
                part,
                ticket,
                failure,
            } => self.observe_failed(part, *ticket, failure),
            Input::Changed { part } => {
                if let Some(latest) = self.latest.parts.get_mut(part) {
                    latest.news = true;
                    if latest.failures == 0 {
                        latest.not_before = None;
                    }
                }
            }
            Input::Measured { look, measurement } => self.measured(look, measurement),
            Input::MeasureFailed { look, failure } => self.measure_failed(look, failure),
            Input::Commanded(command) => self.commanded(command.clone()),
            Input::AlarmRaised(alarm) => self.alarmed(alarm.clone()),
            Input::TimePassed => {}
            Input::Resumed { roll_back, .. } => self.taken_up_again(*roll_back),
        }
    }

    fn succeeded(&mut self, id: EffectId, outcome: &Completion) {
        let Some(effect) = self.decided.open.remove(&id) else {
            return;
        };
        match outcome {
            Completion::HookRan(report) => self.hook_ended(id, report.passed, &report.summary),
            Completion::GateAnswered(answer) => self.gate_answered(id, Ok(answer)),
            Completion::Claimed | Completion::Applied(_) => {
                self.part_succeeded(id, &effect, outcome);
            }
        }
    }

    pub(super) fn turn(&mut self) {
        let fixed = Arc::clone(&self.fixed);
        for _ in 0..TURNS {
            self.pause_limit();
            for (part, _) in fixed.found.iter() {
                self.update_exposure(part);
            }
            self.watch_readiness();
            self.unreachable_too_long();
            if self.transition() == Flow::Rest {
                break;
            }
        }
        if matches!(self.decided.state, State::Settled { .. }) {
            return;
        }
        self.schedule_looks();
        self.repeat_looks();
        self.look_around();
    }

    fn pause_limit(&mut self) {
        let now = self.now();
        if self.decided.pause.is_none_or(|until| now < until) {
            return;
        }
        self.end_pause();
        let reason = Reason::HoldExpired {
            why: "a pause reached its limit".to_owned(),
        };
        match self.fixed.plan.policies().pause_then {
            Then::RollBack => self.roll_back_or_hold(reason),
            Then::GoOn => {}
            Then::Abandon => self.abandon(),
        }
    }

    /// When the next timer fires, by the machine's clock.
    pub(super) fn next_timer(&self) -> Option<Timestamp> {
        let own = match &self.decided.state {
            State::Claiming | State::Confirming => self.start_ends(),
            State::Settled { .. } => None,
            State::Gating(gating) => self.gate_timers(gating),
            State::Hooking(_) => None,
            State::Stepping(stepping) => Some(stepping.deadline),
            State::Baking(baking) => self.bake_timers(baking),
            State::Holding(holding) => Some(holding.until),
            State::RollingBack(rolling) => self.rollback_timers(rolling),
            State::Superseding(superseding) => Some(superseding.deadline),
            State::Settling(settling) => Some(settling.deadline),
        };
        let now = self.now();
        let limit = self.fixed.plan.policies().unreachable.limit;
        let unreachable = self.decided.parts.values().flat_map(|part| {
            part.unreached(self.writes())
                .map(|unreached| unreached.since + limit)
        });
        let timers = [
            own,
            self.decided.pause,
            self.walk_timers(),
            self.next_look(),
            self.grace_ends(),
        ];
        timers
            .into_iter()
            .flatten()
            .chain(unreachable)
            .filter(|at| *at > now)
            .min()
    }
}
