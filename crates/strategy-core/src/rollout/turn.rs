//! One input: what it changes, what follows from it, and when to look again.

use std::time::Duration;

use super::Rollout;
use super::checks::QUEUED;
use super::effect::{Effect, LookId};
use super::event::News;
use super::input::{Completion, Input};
use super::latest::LatestCheck;
use super::outcome::Reason;
use super::record::{Decision, Record};
use super::start::Misuse;
use super::state::{Hold, PartState, State};
use super::transition::Flow;
use crate::plan::{Rerun, Then};
use crate::release::Part;
use crate::target::EffectId;
use crate::timestamp::Timestamp;

/// Memory and counters of checks, and the clock, are journaled at least so often, decision or not.
const FLUSH: Duration = Duration::from_secs(120);

/// More turns than any input can need: a machine that turns more often has a fault, and rests.
const TURNS: usize = 10_000;

impl Rollout {
    /// What the caller can do wrong.
    pub(super) fn vet(&self, input: &Input) -> Result<(), Misuse> {
        let effect = |id: EffectId| {
            let issued = id.0 < self.decided.next_id;
            if issued {
                Ok(self.decided.open.get(&id))
            } else {
                Err(Misuse::UnknownEffect { id })
            }
        };
        let look = |look: &LookId| match self.latest.checks.get(&look.check) {
            Some(latest) if look.number <= latest.number => Ok(()),
            Some(_) | None => Err(Misuse::UnknownLook { look: look.clone() }),
        };
        match input {
            Input::EffectSucceeded { id, outcome } => match effect(*id)? {
                Some(open) if !outcome.fits(open) => Err(Misuse::WrongKind { id: *id }),
                Some(_) | None => Ok(()),
            },
            Input::EffectFailed { id, .. } => effect(*id).map(|_| ()),
            Input::Observed { part, ticket, .. } | Input::ObserveFailed { part, ticket, .. } => {
                match self.latest.parts.get(part) {
                    Some(latest) if ticket.0 < latest.next_ticket => Ok(()),
                    Some(_) => Err(Misuse::UnknownTicket {
                        part: part.clone(),
                        ticket: *ticket,
                    }),
                    None => Err(Misuse::UnknownPart { part: part.clone() }),
                }
            }
            Input::Changed { part } => {
                let known = self.decided.parts.contains_key(part);
                if known {
                    Ok(())
                } else {
                    Err(Misuse::UnknownPart { part: part.clone() })
                }
            }
            Input::Measured { look: id, .. } | Input::MeasureFailed { look: id, .. } => look(id),
            Input::Commanded(_)
            | Input::AlarmRaised(_)
            | Input::TimePassed
            | Input::Resumed { .. } => Ok(()),
        }
    }

    /// One input at the time the clock shows; records what was decided.
    pub(super) fn digest_input(&mut self, input: Input) {
        let latest = self.latest.clone();
        let decided = self.decided.clone();
        self.outbox.issued.clear();
        self.take(input.clone());
        self.turn();
        let effects = std::mem::take(&mut self.outbox.issued);
        if decided != self.decided || !effects.is_empty() {
            let state = latest.since(&self.outbox.journaled);
            if !state.parts.is_empty() || !state.checks.is_empty() {
                self.outbox
                    .records
                    .push_back(Record::State(Box::new(state)));
            }
            let clock = self.latest.clock;
            let decision = Decision {
                wall: clock.wall,
                machine: clock.machine,
                input,
                effects,
            };
            self.outbox
                .records
                .push_back(Record::Decision(Box::new(decision)));
            self.journaled();
        } else if self.judged_worse() || self.now().since(self.outbox.journaled_at) >= FLUSH {
            self.flush();
        }
    }

    /// What a crash should not forget without a decision: checks, and how long was watched. What was
    /// observed is left to the next decision, whose batch it must stand in.
    fn flush(&mut self) {
        let mut state = self.latest.since(&self.outbox.journaled);
        state.parts.clear();
        self.outbox
            .records
            .push_back(Record::State(Box::new(state)));
        self.outbox.journaled.checks.clone_from(&self.latest.checks);
        self.outbox.journaled_at = self.now();
    }

    /// A look counted towards a limit: what was tolerated must not be forgotten by a crash.
    fn judged_worse(&self) -> bool {
        self.latest.checks.iter().any(|(name, check)| {
            let before = self.outbox.journaled.checks.get(name);
            let counts = |check: &LatestCheck| {
                [
                    check.failures,
                    check.consecutive_failures,
                    check.consecutive_errors,
                    check.consecutive_inconclusive,
                ]
            };
            let before = before.map(counts).unwrap_or_default();
            counts(check)
                .iter()
                .zip(before)
                .any(|(now, before)| *now > before)
        })
    }

    pub(super) fn journaled(&mut self) {
        self.outbox.journaled = self.latest.clone();
        self.outbox.journaled_at = self.now();
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::EffectSucceeded { id, outcome } => self.succeeded(id, &outcome),
            Input::EffectFailed { id, failure } => {
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
                    | Effect::Cancel { .. } => self.part_failed(id, &effect, &failure),
                }
            }
            Input::Observed {
                part,
                ticket,
                observation,
            } => self.observed(&part, ticket, *observation),
            Input::ObserveFailed {
                part,
                ticket,
                failure,
            } => self.observe_failed(&part, ticket, &failure),
            Input::Changed { part } => {
                if let Some(latest) = self.latest.parts.get_mut(&part) {
                    latest.news = true;
                    if latest.failures == 0 {
                        latest.not_before = None;
                    }
                }
            }
            Input::Measured { look, measurement } => self.measured(&look, &measurement),
            Input::MeasureFailed { look, failure } => self.measure_failed(&look, &failure),
            Input::Commanded(command) => self.commanded(command),
            Input::AlarmRaised(alarm) => self.alarmed(alarm),
            Input::TimePassed => {}
            Input::Resumed { roll_back } => self.taken_up_again(roll_back),
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

    fn turn(&mut self) {
        for _ in 0..TURNS {
            self.pause_limit();
            self.part_names()
                .iter()
                .for_each(|part| self.update_exposure(part));
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

    /// News, or a resync interval without any: look again.
    fn look_around(&mut self) {
        let (now, resync) = (self.now(), self.fixed.plan.policies().resync);
        for part in self.part_names() {
            let Some(latest) = self.latest.parts.get(&part) else {
                continue;
            };
            let old = latest.heard.is_none_or(|at| now.since(at) >= resync);
            let claimed = self
                .decided
                .parts
                .get(&part)
                .is_some_and(|state| state.claim.is_some());
            if claimed && (latest.news && latest.asked.is_none() || old) {
                self.ask(&part);
            }
        }
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

    /// A part could not be read or written for longer than is borne. Says whether that changed anything.
    pub(super) fn unreachable_too_long(&mut self) -> bool {
        let (now, policy) = (self.now(), self.fixed.plan.policies().unreachable);
        let too_long = self.decided.parts.iter().find_map(|(part, state)| {
            let mut unreached = state.unreached();
            let unreached =
                unreached.find(|unreached| now.since(unreached.since) >= policy.limit)?;
            Some(Reason::Unreachable {
                part: part.clone(),
                message: unreached.message.clone(),
            })
        });
        let Some(reason) = too_long.or_else(|| self.start_takes_too_long()) else {
            return false;
        };
        match &self.decided.state {
            State::Claiming | State::Confirming => {
                self.give_back(reason);
                true
            }
            State::Holding(holding) if matches!(holding.why, Hold::NoWayBack(_)) => false,
            State::Gating(_)
            | State::Hooking(_)
            | State::Stepping(_)
            | State::Baking(_)
            | State::Holding(_) => {
                match policy.then {
                    Then::RollBack => self.roll_back_or_hold(reason),
                    Then::Abandon => self.abandon(),
                    Then::GoOn => return false,
                }
                true
            }
            State::RollingBack(_)
            | State::Superseding(_)
            | State::Settling(_)
            | State::Settled { .. } => false,
        }
    }

    /// Claims and the look that confirms them belong to no stage, so no deadline ends them: the limit of
    /// an unreachable platform does, also where it answers now and then.
    fn start_takes_too_long(&self) -> Option<Reason> {
        let ends = self.start_ends()?;
        let unclaimed = |(_, state): &(&Part, &PartState)| state.claim.is_none();
        let part = self.decided.parts.iter().find(unclaimed);
        let (part, _) = part.or_else(|| self.decided.parts.iter().next())?;
        (self.now() >= ends).then(|| Reason::Unreachable {
            part: part.clone(),
            message: "it could not be claimed and looked at in time".to_owned(),
        })
    }

    fn start_ends(&self) -> Option<Timestamp> {
        let begins = matches!(self.decided.state, State::Claiming | State::Confirming);
        (begins && self.decided.pause.is_none())
            .then(|| self.decided.since + self.fixed.plan.policies().unreachable.limit)
    }

    /// A process took the rollout up again: what was under way is ordered again, behind a fence.
    fn taken_up_again(&mut self, roll_back: bool) {
        self.say(News::Resumed);
        for (part, state) in &mut self.decided.parts {
            state.fence_after = state.claiming.is_some();
            state.fence = state.claim.is_some();
            state.reissue = state.flight.is_some();
            state.retry_at = None;
            state.unreadable = None;
            state.unwritable = None;
            // What is not observed to be exposed counts as draining from now.
            state.exposure.stable = super::step::Exposure::Exposed;
            state.exposure.candidate = super::step::Exposure::Exposed;
            if let Some(latest) = self.latest.parts.get_mut(part) {
                latest.asked = None;
                latest.not_before = None;
                latest.failures = 0;
                state.min_ticket = super::Ticket(latest.next_ticket);
            }
        }
        for (name, check) in &mut self.latest.checks {
            // Nobody watched in between: that time belongs to no window.
            check.open = None;
            // No number is given out twice: looks since the last record may have been taken.
            if let Some(planned) = self.fixed.plan.checks().get(name) {
                let interval = planned.interval.as_millis().max(1);
                let unrecorded = u64::try_from(FLUSH.as_millis() / interval).unwrap_or(u64::MAX);
                check.number = check
                    .number
                    .saturating_add(unrecorded)
                    .saturating_add(QUEUED as u64);
            }
            let planned = check
                .pending
                .as_ref()
                .and_then(|look| self.fixed.plan.checks().get(&look.check));
            if let Some(planned) = planned {
                check.again_at = None;
                let look = super::checks::measure(check, planned.timeout);
                self.outbox.effects.extend(look);
            }
        }
        let open: Vec<Effect> = self.decided.open.values().cloned().collect();
        for effect in open {
            match &effect {
                Effect::Claim { .. } | Effect::AskGate { .. } => {
                    self.outbox.effects.push_back(effect);
                }
                Effect::RunHook { request, .. } => {
                    self.rerun(request.id, &request.hook, &effect);
                }
                // Ordered again by its part's walk, once the fence stands.
                Effect::Apply { .. } => {}
                Effect::Observe { .. } | Effect::Measure { .. } | Effect::Cancel { .. } => {}
            }
        }
        let answers = self
            .decided
            .audit
            .iter()
            .rev()
            .take(20)
            .map(|audit| (audit.id.clone(), audit.answer.clone()));
        self.outbox.answers.extend(answers.collect::<Vec<_>>());
        if roll_back {
            self.roll_back(Reason::ResumedToRollBack);
        }
    }

    /// A hook that a crash left unfinished: again if it may, else a person is asked.
    fn rerun(&mut self, id: EffectId, hook: &str, effect: &Effect) {
        let planned = match self.decided.state.underneath() {
            State::Hooking(hooking) if hooking.running == Some(id) => {
                Some((hooking.stage, hooking.hook))
            }
            State::RollingBack(_) | State::Superseding(_) => self
                .decided
                .to_undo
                .last()
                .map(|undo| (undo.stage, undo.hook)),
            State::Claiming
            | State::Confirming
            | State::Gating(_)
            | State::Hooking(_)
            | State::Stepping(_)
            | State::Baking(_)
            | State::Holding(_)
            | State::Settling(_)
            | State::Settled { .. } => None,
        };
        let stages = self.fixed.plan.stages();
        let rerun =
            planned.and_then(|(stage, hook)| Some(stages.get(stage)?.hooks.get(hook)?.rerun));
        match rerun {
            Some(Rerun::Safe | Rerun::OnlyWithKey) => self.outbox.effects.push_back(effect.clone()),
            Some(Rerun::Never) => {
                self.decided.open.remove(&id);
                if self.decided.state.undoing_mut().is_some() {
                    let message = format!(
                        "the undo of hook `{hook}` was under way when the process ended, and may not run twice"
                    );
                    self.undo_failed(hook, message);
                } else {
                    unfinished(self.decided.state.underneath_mut());
                }
            }
            None => {
                self.decided.open.remove(&id);
            }
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
        let unreachable = self
            .decided
            .parts
            .values()
            .flat_map(|part| part.unreached().map(|unreached| unreached.since + limit));
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

/// The hook that ran is neither done nor may it run again before a person was asked.
fn unfinished(state: &mut State) {
    if let State::Hooking(hooking) = state {
        hooking.running = None;
        hooking.unfinished = true;
    }
}
