//! A process takes a rollout up again: what was under way is ordered again, behind a fence.

use super::Rollout;
use super::effect::Effect;
use super::event::News;
use super::outcome::Reason;
use super::recording::FLUSH;
use super::state::State;
use super::windows::QUEUED;
use crate::plan::Rerun;
use crate::target::EffectId;

impl Rollout {
    /// A process took the rollout up again: what was under way is ordered again, behind a fence.
    pub(super) fn taken_up_again(&mut self, roll_back: bool) {
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
}

/// The hook that ran is neither done nor may it run again before a person was asked.
fn unfinished(state: &mut State) {
    if let State::Hooking(hooking) = state {
        hooking.running = None;
        hooking.unfinished = true;
    }
}
