//! What tests do to a rollout: order, answer, wait, crash.

use std::time::Duration;

use super::kind_world::Run;
use crate::analysis::{Look, Measurement, Memory, Verdict};
use crate::hook::{GateAnswer, GateRequest, HookReport, HookRequest};
use crate::release::Part;
use crate::rollout::{
    Answer, Command, Completion, Effect, Failure, Input, LookId, News, Outcome, Rollout, Wish,
};
use crate::target::{Certainty, TargetErrorKind};

pub(super) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Run {
    /// For so long, with every timeout on the way; never so many that it is busy with itself.
    #[track_caller]
    pub(super) fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        let mut turns = 0;
        loop {
            self.settle_now();
            match self.rollout.poll_timeout() {
                Some(at) if at < end => {
                    assert!(at > self.now, "a timeout in the past: {at}");
                    self.now = at;
                    self.rollout.handle_timeout(at);
                }
                Some(_) | None => break,
            }
            turns += 1;
            assert!(turns < 3_000, "busy with itself\n{}", self.story());
        }
        self.now = end;
        self.rollout.handle_timeout(end);
        self.settle_now();
    }

    /// Until this was said.
    #[track_caller]
    pub(super) fn until(&mut self, text: &str) {
        let end = self.now + seconds(6 * 3600);
        self.settle_now();
        while !self.story().contains(text) {
            assert!(
                self.now < end && !self.rollout.is_settled(),
                "`{text}` is never said\n{}",
                self.story()
            );
            self.pass_time();
            self.settle_now();
        }
    }

    pub(super) fn order(&mut self, wish: Wish) -> Answer {
        self.order_as("ada", &[], wish)
    }

    pub(super) fn order_as(&mut self, actor: &str, roles: &[&str], wish: Wish) -> Answer {
        let mut command = Command::new(format!("command-{}", self.inputs), actor, wish);
        for role in roles {
            command = command.in_role(*role);
        }
        while self.rollout.poll_answer().is_some() {}
        self.tell(Input::Commanded(command));
        let (_, answer) = self.rollout.poll_answer().unwrap();
        self.settle_now();
        answer
    }

    #[track_caller]
    pub(super) fn refused(&mut self, wish: Wish) -> String {
        match self.order(wish) {
            Answer::Refused(why) => why,
            Answer::Recorded => panic!("it is not refused\n{}", self.story()),
        }
    }

    pub(super) fn approve(&mut self, actor: &str, roles: &[&str], stage: &str) -> Answer {
        let plan = self.rollout.plan().digest();
        let stage = stage.into();
        self.order_as(actor, roles, Wish::Approve { stage, plan })
    }

    pub(super) fn advance(&mut self, stage: &str) -> Answer {
        let plan = self.rollout.plan().digest();
        let stage = stage.into();
        self.order(Wish::Advance { stage, plan })
    }

    pub(super) fn look_again(&mut self) {
        self.tell(Input::Changed { part: Part::main() });
        self.settle_now();
    }

    /// Hooks that were ordered since this was last asked.
    pub(super) fn hooks(&mut self) -> Vec<HookRequest> {
        let mut hooks = Vec::new();
        self.others.retain(|effect| match effect {
            Effect::RunHook { request, .. } => {
                hooks.push((**request).clone());
                false
            }
            _ => true,
        });
        hooks
    }

    /// The one hook that runs.
    #[track_caller]
    pub(super) fn hook(&mut self) -> HookRequest {
        let mut hooks = self.hooks();
        assert_eq!(hooks.len(), 1, "{hooks:?}\n{}", self.story());
        hooks.remove(0)
    }

    pub(super) fn end_hook(&mut self, hook: &HookRequest, passed: bool) {
        let summary = "as told".to_owned();
        let outcome = Completion::HookRan(HookReport { passed, summary });
        self.tell(Input::EffectSucceeded {
            id: hook.id,
            outcome,
        });
        self.settle_now();
    }

    #[track_caller]
    pub(super) fn gate(&mut self) -> GateRequest {
        let mut asked = Vec::new();
        self.others.retain(|effect| match effect {
            Effect::AskGate { request, .. } => {
                asked.push((**request).clone());
                false
            }
            _ => true,
        });
        assert_eq!(asked.len(), 1, "{asked:?}\n{}", self.story());
        asked.remove(0)
    }

    pub(super) fn answer_gate(&mut self, gate: &GateRequest, answer: GateAnswer) {
        let outcome = Completion::GateAnswered(answer);
        self.tell(Input::EffectSucceeded {
            id: gate.id,
            outcome,
        });
        self.settle_now();
    }

    /// Looks that were ordered since this was last asked.
    pub(super) fn looks(&mut self) -> Vec<Look> {
        let mut looks = Vec::new();
        self.others.retain(|effect| match effect {
            Effect::Measure { look, .. } => {
                looks.push((**look).clone());
                false
            }
            _ => true,
        });
        looks
    }

    pub(super) fn judge(&mut self, look: &Look, verdict: Verdict) {
        let memory = format!("{}{},", look.memory.as_str(), look.number);
        self.tell(Input::Measured {
            look: LookId::from(look),
            measurement: Measurement {
                verdict,
                evidence: "as told".to_owned(),
                memory: Memory::new(memory).unwrap(),
            },
        });
        self.settle_now();
    }

    pub(super) fn look_fails(&mut self, look: &Look) {
        let failure = Failure::new(
            TargetErrorKind::Unavailable,
            Certainty::NotTaken,
            "no answer",
        );
        let look = LookId::from(look);
        self.tell(Input::MeasureFailed { look, failure });
        self.settle_now();
    }

    /// The process ends, and another takes the rollout up from the journal so much later.
    pub(super) fn crash(&mut self, later: Duration) {
        self.settle_records();
        self.now = self.now + later;
        let rollout = Rollout::resume(&self.records, false, self.now).unwrap();
        self.rollout = rollout;
        self.others.clear();
        self.settle_now();
    }

    fn settle_records(&mut self) {
        self.records
            .extend(std::iter::from_fn(|| self.rollout.poll_record()));
        self.events
            .extend(std::iter::from_fn(|| self.rollout.poll_event()));
    }

    #[track_caller]
    pub(super) fn assert_outcome(&self, is: impl Fn(&Outcome) -> bool) {
        let outcome = self.rollout.outcome();
        assert!(outcome.is_some_and(is), "{outcome:?}\n{}", self.story());
    }

    #[track_caller]
    pub(super) fn assert_rolled_back(&mut self) {
        self.run(seconds(3600));
        self.assert_outcome(|outcome| matches!(outcome, Outcome::RolledBack { .. }));
        assert_eq!(
            self.world.sides.stable.written,
            self.world.recorded.stable,
            "{}",
            self.story()
        );
        assert_eq!(
            self.world.sides.candidate.written,
            self.world.recorded.candidate,
            "{}",
            self.story()
        );
        assert_eq!(self.world.claim, None);
    }

    pub(super) fn said(&self, is: impl Fn(&News) -> bool) -> usize {
        self.events.iter().filter(|event| is(&event.news)).count()
    }

    pub(super) fn weight(&self) -> u16 {
        self.world.traffic.weight.basis_points() / 100
    }
}
