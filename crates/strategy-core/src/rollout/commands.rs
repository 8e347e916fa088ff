//! Commands and alarms: recorded once, answered, acted on.

use super::command::{Alarm, Answer, Command, CommandId, Wish};
use super::event::News;
use super::outcome::Reason;
use super::state::{Audit, Hold, State, Superseding, stage_name};
use super::{Rollout, words};
use crate::plan::{Gate, GateKind, PlanDigest, StageName};

/// The most that the audit keeps of commands and alarms, in bytes of text: a snapshot must fit its
/// journal. The oldest go first.
const REMEMBERED: usize = 12 * 1024;

impl Rollout {
    pub(super) fn answered(&self, id: &CommandId) -> Option<Answer> {
        self.decided
            .audit
            .iter()
            .find(|audit| audit.id == *id)
            .map(|audit| audit.answer.clone())
    }

    /// The answer to a command or alarm that is heard when all is over: what was recorded stays recorded.
    #[cfg(any(feature = "driver", test))]
    pub(crate) fn last_answer(&self, id: &CommandId, outcome: &super::outcome::Outcome) -> Answer {
        let over = || Answer::Refused(format!("the rollout is over: {outcome}"));
        self.answered(id).unwrap_or_else(over)
    }

    fn remember(&mut self, id: CommandId, who: &str, what: &str, answer: Answer) {
        self.outbox.answers.push_back((id.clone(), answer.clone()));
        self.decided.audit.push(Audit {
            id,
            at: self.latest.clock.wall,
            who: who.to_owned(),
            what: words::brief(what),
            answer,
        });
        let mut kept: usize = self.decided.audit.iter().map(bytes).sum();
        while kept > REMEMBERED && self.decided.audit.len() > 1 {
            kept -= bytes(&self.decided.audit.remove(0));
        }
    }

    pub(super) fn commanded(&mut self, command: Command) {
        if let Some(answer) = self.answered(&command.id) {
            self.outbox.answers.push_back((command.id, answer));
            return;
        }
        let answer = match self.obey(&command) {
            Ok(()) => Answer::Recorded,
            Err(why) => Answer::Refused(why),
        };
        let what = if command.reason.is_empty() {
            command.wish.name().to_owned()
        } else {
            format!("{}: {}", command.wish.name(), command.reason)
        };
        self.say(News::Commanded {
            command: Box::new(command.clone()),
            answer: answer.clone(),
        });
        self.remember(command.id, &command.actor, &what, answer);
    }

    pub(super) fn alarmed(&mut self, alarm: Alarm) {
        if let Some(answer) = self.answered(&alarm.id) {
            self.outbox.answers.push_back((alarm.id, answer));
            return;
        }
        self.say(News::AlarmRaised {
            source: alarm.source.clone(),
            message: alarm.message.clone(),
        });
        let reason = Reason::Alarm {
            source: alarm.source.clone(),
            message: alarm.message.clone(),
        };
        let answer = match &self.decided.state {
            State::Settling(_) | State::Settled { .. } => Answer::Refused(self.over()),
            State::RollingBack(_) => Answer::Recorded,
            State::Claiming
            | State::Confirming
            | State::Gating(_)
            | State::Hooking(_)
            | State::Stepping(_)
            | State::Baking(_)
            | State::Holding(_)
            | State::Superseding(_) => {
                if self.decided.past_no_return {
                    self.fail(reason);
                } else {
                    self.roll_back(reason);
                }
                Answer::Recorded
            }
        };
        self.remember(
            alarm.id,
            &alarm.source,
            &format!("alarm: {}", alarm.message),
            answer,
        );
    }

    fn over(&self) -> String {
        match &self.decided.state {
            State::Settling(settling) => format!("the rollout is over: {}", settling.outcome),
            State::Settled { outcome, .. } => format!("the rollout is over: {outcome}"),
            State::Claiming
            | State::Confirming
            | State::Gating(_)
            | State::Hooking(_)
            | State::Stepping(_)
            | State::Baking(_)
            | State::Holding(_)
            | State::RollingBack(_)
            | State::Superseding(_) => "the rollout is not over".to_owned(),
        }
    }

    fn obey(&mut self, command: &Command) -> Result<(), String> {
        if matches!(
            self.decided.state,
            State::Settling(_) | State::Settled { .. }
        ) {
            return Err(self.over());
        }
        match &command.wish {
            Wish::Approve { stage, plan } => self.approve(command, stage, plan),
            Wish::Reject => self.abort(command, false),
            Wish::Abort { force } => self.abort(command, *force),
            Wish::Pause => self.pause(),
            Wish::Unpause => self.unpause(),
            Wish::Advance { stage, plan } => {
                self.same_plan(plan)?;
                self.advance(stage)
            }
            Wish::Promote { plan } => {
                self.same_plan(plan)?;
                self.promote()
            }
            Wish::Retry => self.retry(),
            Wish::Abandon => {
                self.abandon();
                Ok(())
            }
            Wish::Supersede { by } => self.supersede(by.clone()),
        }
    }

    fn same_plan(&self, plan: &PlanDigest) -> Result<(), String> {
        if *plan == self.fixed.digest {
            Ok(())
        } else {
            Err(format!(
                "it is for plan {plan}, and this rollout follows plan {}",
                self.fixed.digest
            ))
        }
    }

    fn approve(
        &mut self,
        command: &Command,
        stage: &StageName,
        plan: &PlanDigest,
    ) -> Result<(), String> {
        self.same_plan(plan)?;
        let State::Gating(gating) = &mut self.decided.state else {
            return Err("no stage waits for an approval now".to_owned());
        };
        let asked = self.fixed.plan.stages().get(gating.stage);
        let here = asked.filter(|asked| asked.name == *stage);
        let Some(gate) = here.and_then(|stage| stage.gates.get(gating.gate)) else {
            let waits = asked
                .map(|stage| stage.name.to_string())
                .unwrap_or_default();
            return Err(format!(
                "stage `{stage}` waits for no approval now; stage `{waits}` does"
            ));
        };
        let Gate {
            kind: GateKind::Approval { roles, .. },
            ..
        } = gate
        else {
            return Err(format!("gate `{}` is not opened by approvals", gate.name));
        };
        if !roles.is_empty() && roles.is_disjoint(&command.roles) {
            let roles: Vec<_> = roles.iter().cloned().collect();
            return Err(format!(
                "gate `{}` asks for one of the roles {}",
                gate.name,
                roles.join(", ")
            ));
        }
        if !gating.given_by.insert(command.actor.clone()) {
            return Err(format!(
                "{} has approved already, and one actor counts once",
                command.actor
            ));
        }
        Ok(())
    }

    fn abort(&mut self, command: &Command, force: bool) -> Result<(), String> {
        if self.decided.past_no_return && !force {
            return Err(
                "the point of no return is past; `abort` with `force` goes back all the same"
                    .to_owned(),
            );
        }
        if matches!(self.decided.state, State::RollingBack(_)) {
            return Err("it is going back already".to_owned());
        }
        self.roll_back(Reason::Aborted {
            actor: command.actor.clone(),
            why: command.reason.clone(),
        });
        Ok(())
    }

    fn pause(&mut self) -> Result<(), String> {
        if self.decided.pause.is_some() {
            return Err("it is paused already".to_owned());
        }
        if !self.decided.state.is_forward()
            && !matches!(self.decided.state, State::Claiming | State::Confirming)
        {
            return Err("it is going back, and users would be left where they are".to_owned());
        }
        let until = self.now() + self.fixed.plan.policies().pause_limit;
        self.decided.pause = Some(until);
        self.say(News::Paused {
            until: self.latest.clock.wall_at(until),
        });
        Ok(())
    }

    fn unpause(&mut self) -> Result<(), String> {
        if self.decided.pause.is_none() {
            return Err("it is not paused".to_owned());
        }
        self.end_pause();
        Ok(())
    }

    /// What comes does not wait for the end of a pause.
    pub(super) fn drop_pause(&mut self) {
        if self.decided.pause.take().is_some() {
            self.say(News::Unpaused);
        }
    }

    /// The deadline of a stage runs while it steps, not while it is paused.
    pub(super) fn put_off_deadline_by_pause(&mut self) {
        let Some(until) = self.decided.pause else {
            return;
        };
        let began = until.before(self.fixed.plan.policies().pause_limit);
        let stood = self.now().since(began.max(self.decided.since));
        if let State::Stepping(stepping) = &mut self.decided.state {
            stepping.deadline = stepping.deadline + stood;
        }
    }

    pub(super) fn end_pause(&mut self) {
        if self.decided.pause.is_none() {
            return;
        }
        if matches!(self.decided.state, State::Claiming | State::Confirming) {
            self.decided.since = self.now();
        }
        self.put_off_deadline_by_pause();
        self.decided.pause = None;
        for part in self.part_names() {
            // It was not tried in the pause.
            self.need_not_be_written(&part);
        }
        self.say(News::Unpaused);
    }

    fn advance(&mut self, stage: &StageName) -> Result<(), String> {
        let current = self
            .decided
            .state
            .stage()
            .and_then(|stage| stage_name(&self.fixed.plan, stage));
        if current != Some(stage) {
            let at =
                current.map_or_else(|| "no stage".to_owned(), |name| format!("stage `{name}`"));
            return Err(format!("it is at {at}, not at stage `{stage}`"));
        }
        self.end_bake_or_hold()
    }

    fn end_bake_or_hold(&mut self) -> Result<(), String> {
        match &mut self.decided.state {
            State::Baking(baking) => {
                baking.advanced = true;
                Ok(())
            }
            State::Holding(holding) => match &holding.why {
                Hold::Failed(reason) | Hold::NoWayBack(reason) => Err(format!(
                    "it holds because of a failure, which `advance` does not skip: {reason}; `retry` begins the stage again"
                )),
                Hold::Undecided(_) => {
                    self.resume_hold(true);
                    Ok(())
                }
                Hold::Foreign(_) | Hold::HookUnfinished { .. } => {
                    self.resume_hold(true);
                    Ok(())
                }
            },
            State::Gating(_) => {
                Err("it waits for a gate, which `advance` does not skip".to_owned())
            }
            State::Hooking(_) => Err("it runs a hook, which `advance` does not skip".to_owned()),
            State::Stepping(_) => {
                Err("it waits for readiness or traffic, which `advance` does not skip".to_owned())
            }
            State::Claiming
            | State::Confirming
            | State::RollingBack(_)
            | State::Superseding(_)
            | State::Settling(_)
            | State::Settled { .. } => Err("nothing bakes or holds now".to_owned()),
        }
    }

    fn promote(&mut self) -> Result<(), String> {
        if !self.decided.state.is_forward() {
            return Err("it is not on its way forward".to_owned());
        }
        if let Some(Hold::HookUnfinished { hook }) = self.decided.state.held().map(|held| &held.why)
        {
            return Err(format!(
                "hook `{hook}` was left unfinished, which `promote` does not skip: `advance` if it is done, `retry` to run it again"
            ));
        }
        if matches!(self.decided.state, State::Baking(_) | State::Holding(_)) {
            self.end_bake_or_hold()?;
        }
        self.decided.promote_all = true;
        Ok(())
    }

    fn retry(&mut self) -> Result<(), String> {
        match &self.decided.state {
            State::RollingBack(rolling) if rolling.stuck => {
                let (reason, undoing) = (rolling.reason.clone(), rolling.undoing);
                self.say(News::GotUnstuck);
                for part in self.decided.parts.values_mut() {
                    part.claim_lost = false;
                }
                self.enter_rolling_back(reason, false, None);
                // An undo that is still under way is not begun a second time.
                if let State::RollingBack(rolling) = &mut self.decided.state {
                    rolling.undoing = undoing;
                }
                Ok(())
            }
            State::Holding(_) => {
                self.resume_hold(false);
                Ok(())
            }
            State::Claiming
            | State::Confirming
            | State::Gating(_)
            | State::Hooking(_)
            | State::Stepping(_)
            | State::Baking(_)
            | State::RollingBack(_)
            | State::Superseding(_)
            | State::Settling(_)
            | State::Settled { .. } => {
                Err("it is neither stuck nor held: there is nothing to try again".to_owned())
            }
        }
    }

    fn supersede(&mut self, by: crate::target::RolloutId) -> Result<(), String> {
        if matches!(self.decided.state, State::Claiming | State::Confirming) {
            return Err("it has not begun; abort it instead".to_owned());
        }
        if self.decided.past_no_return {
            return Err("the point of no return is past".to_owned());
        }
        if let State::Superseding(superseding) = &self.decided.state {
            return Err(format!("{} succeeds it already", superseding.by));
        }
        if let State::RollingBack(rolling) = &self.decided.state
            && (rolling.undoing.is_some() || rolling.undo_failed.is_some())
        {
            return Err("an undo is under way or failed: `retry` it, or abandon".to_owned());
        }
        if by == self.fixed.id {
            return Err("a rollout cannot succeed itself".to_owned());
        }
        let deadline = self.now() + self.fixed.plan.policies().rollback_deadline;
        self.remember_where();
        self.cancel_everything();
        self.drop_pause();
        self.decided.standing = None;
        self.enter(State::Superseding(Superseding {
            by,
            deadline,
            undoing: None,
        }));
        Ok(())
    }
}

/// About what an entry takes in a journal.
fn bytes(audit: &Audit) -> usize {
    let answer = match &audit.answer {
        Answer::Recorded => 0,
        Answer::Refused(why) => why.len(),
    };
    100 + audit.id.0.len() + audit.who.len() + audit.what.len() + answer
}
