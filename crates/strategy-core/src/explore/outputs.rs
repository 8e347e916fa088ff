//! What the machine orders, records, answers and says after a move, judged.

use super::act::Actor;
use super::ends::is_restored;
use super::flaw::Flaw;
use super::judge::Order;
use super::memory::Bake;
use super::moves::{Asked, Move};
use super::node::Node;
use crate::release::Part;
use crate::rollout::searched::Place;
use crate::rollout::{Answer, CommandId, Effect, News, Record, Rollout};
use crate::target::Apply;

/// What led to outputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Happened<'a> {
    pub(super) step: Move,
    /// The state before it.
    pub(super) before: &'a Node,
}

/// Everything that was polled after an input, in the order in which a driver polls it.
#[derive(Debug)]
pub(super) struct Outputs {
    records: Vec<Record>,
    answers: Vec<(CommandId, Answer)>,
    effects: Vec<Effect>,
    news: Vec<News>,
}

impl Outputs {
    pub(super) fn of(rollout: &mut Rollout) -> Self {
        Self {
            records: std::iter::from_fn(|| rollout.poll_record()).collect(),
            answers: std::iter::from_fn(|| rollout.poll_answer()).collect(),
            effects: std::iter::from_fn(|| rollout.poll_effect()).collect(),
            news: std::iter::from_fn(|| rollout.poll_event())
                .map(|event| event.news)
                .collect(),
        }
    }
}

impl Actor<'_> {
    pub(super) fn outputs(
        &mut self,
        next: &mut Node,
        mut outputs: Outputs,
        happened: Option<Happened<'_>>,
    ) {
        let step = happened.map(|happened| happened.step);
        if self.flaw == Some(Flaw::AnswersAreRepeated) {
            outputs.answers.extend(outputs.answers.clone());
        }
        let said = match self.flaw {
            Some(Flaw::AbortsWait) => Some(Answer::Recorded),
            Some(Flaw::AbortsAreRefused) => Some(Answer::Refused("no".to_owned())),
            Some(_) | None => None,
        };
        if let Some(said) = said
            && step == Some(Move::Commanded(Asked::Abort))
            && outputs.answers.is_empty()
        {
            let id = CommandId("command".to_owned());
            outputs.answers.push((id, said));
        }
        if self.flaw == Some(Flaw::DecisionsAreNotKept) {
            outputs.records.clear();
        }
        // At the start the whole machine is recorded.
        if let Some(happened) = happened {
            self.records(&outputs, happened.before);
            self.replays(&happened.before.rollout, &outputs.records, &next.rollout);
            if self.flaw == Some(Flaw::LastIsRepeated) && next.rollout.is_settled() {
                outputs.effects.extend(happened.before.under_way().cloned());
            }
        }
        // It was told where it was then, whatever it did next.
        let past = next.memory.past;
        self.news(next, &outputs.news);
        if let Some(step) = step {
            self.decided(next, step, past, &outputs.answers);
        }
        for effect in &outputs.effects {
            self.order(next, effect);
        }
        if self.flaw == Some(Flaw::WritesAreRepeated) && matches!(step, Some(Move::Crash(_))) {
            self.repeat(next);
        }
    }

    /// What is ordered anew and waits for the journal has its decision in the same batch.
    fn records(&mut self, outputs: &Outputs, before: &Node) {
        let known = before.rollout.open_effects().map(|(id, _)| id).max();
        let known = known.unwrap_or_default();
        let anew = |effect: &&Effect| {
            let again = effect.id().is_some_and(|id| id <= known);
            let cancels = matches!(effect, Effect::Cancel { .. });
            effect.kind().waits_for_journal() && (cancels || !again)
        };
        if let Some(ordered) = outputs.effects.iter().find(anew) {
            let decides = |record: &Record| match record {
                Record::Decision(_) | Record::Snapshot(_) => true,
                Record::State(_) => false,
            };
            self.tally
                .judge(11, outputs.records.iter().any(decides), || {
                    format!(
                        "{:?} is ordered, and no decision is recorded",
                        ordered.kind()
                    )
                });
        }
    }

    /// The state before an input and what was recorded of it give the state after it, whatever the input
    /// was: a crash after any prefix of the journal loses nothing that was decided.
    fn replays(&mut self, before: &Rollout, records: &[Record], after: &Rollout) {
        let Some(last) = records.last() else {
            self.tally.judge(11, before.agrees_with(after, false), || {
                "something is decided, and nothing is recorded".to_owned()
            });
            return;
        };
        // What was seen is recorded with the next decision.
        let whole = matches!(last, Record::Decision(_));
        let mut journal = vec![before.snapshot()];
        journal.extend_from_slice(records);
        let agrees = Rollout::replay(&journal, false)
            .is_ok_and(|replayed| replayed.agrees_with(after, whole));
        self.tally.judge(11, agrees, || {
            "what was recorded of it gives another state than it left".to_owned()
        });
    }

    fn order(&mut self, next: &mut Node, effect: &Effect) {
        self.after_the_end(next, effect);
        if let Some(id) = effect.id()
            && next.rollout.open_effect(id).is_some()
        {
            next.ordered.push(id);
        }
        match effect {
            Effect::Apply { part, request } => self.judge_write(next, part, request),
            Effect::Observe { part, .. } => {
                let index = self.ground.index(part);
                if let Some(memory) = index.and_then(|index| next.memory.parts.get_mut(index)) {
                    memory.look_is_old = false;
                }
            }
            Effect::Claim { .. }
            | Effect::Measure { .. }
            | Effect::RunHook { .. }
            | Effect::AskGate { .. }
            | Effect::Cancel { .. } => {}
        }
    }

    /// Once the outcome is said nothing is written, and once it settled nothing is asked of anybody.
    fn after_the_end(&mut self, next: &Node, effect: &Effect) {
        let place = next.rollout.place();
        let rests = match effect {
            Effect::Apply { .. } => next.rollout.outcome().is_none(),
            Effect::Claim { .. }
            | Effect::Observe { .. }
            | Effect::Measure { .. }
            | Effect::RunHook { .. }
            | Effect::AskGate { .. } => place != Place::Settled,
            Effect::Cancel { .. } => true,
        };
        self.tally.judge(15, rests, || {
            format!("{:?} is ordered, and it is {place:?}", effect.kind())
        });
    }

    fn judge_write(&mut self, next: &Node, part: &Part, request: &Apply) {
        let Some(index) = self.ground.index(part) else {
            return;
        };
        let (Some(ground), Some(world), Some(memory)) = (
            self.ground.parts.get(index),
            next.world.parts.get(index),
            next.memory.parts.get(index),
        ) else {
            return;
        };
        let place = next.rollout.place();
        let back = matches!(
            place,
            Place::RollingBack | Place::Stuck | Place::Asking | Place::Superseding
        );
        Order {
            ground,
            world,
            memory,
            request,
            back,
        }
        .judge(self.tally);
    }

    /// A driver that sends the last write again, whatever the machine says.
    fn repeat(&mut self, next: &Node) {
        let writes = next
            .rollout
            .open_effects()
            .filter_map(|(_, effect)| match effect {
                Effect::Apply { part, request } => Some((part.clone(), request.clone())),
                Effect::Claim { .. }
                | Effect::Observe { .. }
                | Effect::Measure { .. }
                | Effect::RunHook { .. }
                | Effect::AskGate { .. }
                | Effect::Cancel { .. } => None,
            });
        for (part, request) in writes.collect::<Vec<_>>() {
            self.judge_write(next, &part, &request);
        }
    }

    fn news(&mut self, next: &mut Node, news: &[News]) {
        for news in news {
            self.one_news(next, news);
        }
        let place = next.rollout.place();
        next.memory.doomed = !matches!(
            place,
            Place::Starting | Place::Gating | Place::Forward | Place::Holding
        );
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "news is for an audience: only what claims progress or an end is held against the world"
    )]
    fn one_news(&mut self, next: &mut Node, news: &News) {
        match news {
            News::StageEntered { number, .. } => {
                let (stage, passed) = (next.memory.stage, next.memory.passed);
                self.tally.judge(10, *number == stage + 1 && passed, || {
                    format!("stage {number} is entered from stage {stage}, passed: {passed}")
                });
                next.memory.stage = *number;
                next.memory.passed = false;
                next.memory.advanced = next.memory.promote_all;
                next.memory.entered(self.ground);
            }
            News::GateOpened { gate, .. } => next.memory.gate_opened(self.ground, gate),
            News::HookBegan {
                hook,
                point: Some(_),
                ..
            } => next.memory.hook_began(self.ground, hook),
            News::BakeBegan { .. } => next.memory.bake = Some(Bake::default()),
            News::StagePassed { .. } => self.stage_passed(next),
            News::Ended { outcome } => self.ended(next, outcome),
            News::TrafficRestored => {
                let restored = (self.ground.parts.iter().zip(&next.memory.parts))
                    .all(|(ground, part)| is_restored(ground, part));
                self.tally.judge(7, restored, || {
                    "traffic is called restored, and stable does not carry it".to_owned()
                });
            }
            _ => {}
        }
    }
}
