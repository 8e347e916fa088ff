//! What must be true of every state: its journal, what comes late or twice, commands that are not for it,
//! and rest.

use super::act::Actor;
use super::fingerprint::fingerprint;
use super::node::Node;
use crate::plan::{PlanDigest, StageName};
use crate::rollout::searched::Place;
use crate::rollout::{Answer, Command, Completion, Input, Rollout, Wish};
use crate::target::EffectId;

impl Actor<'_> {
    /// Judges a state that was not visited before.
    pub(super) fn state(&mut self, node: &Node) {
        let place = node.rollout.place();
        if place == Place::Settled {
            self.rests(node);
        } else {
            self.strangers(node);
            self.journal(node);
        }
    }

    /// Once settled nothing is due and nothing follows of anything.
    fn rests(&mut self, node: &Node) {
        let mut rollout = node.rollout.clone();
        let due = rollout.poll_timeout().is_some();
        let now = Rollout::canonical_now() + self.ground.tick;
        rollout.handle_timeout(now);
        for part in &self.ground.parts {
            let part = part.name.clone();
            let _ = rollout.handle(Input::Changed { part }, now);
        }
        let abort = Wish::Abort { force: true };
        let _ = rollout.handle(Input::Commanded(Command::new("late", "ada", abort)), now);
        let orders = rollout.poll_effect().is_some() || rollout.poll_record().is_some();
        let same = rollout.agrees_with(&node.rollout, false);
        self.tally.judge(15, !due && !orders && same, || {
            "it settled, and something still follows".to_owned()
        });
    }

    /// What is not for this state changes nothing: a completion that comes again, an approval or advance of
    /// another plan or stage, and a second approval of the same person; and a command that comes again is answered as it was.
    fn strangers(&mut self, node: &Node) {
        let mut rollout = node.rollout.clone();
        let now = Rollout::canonical_now();
        let id = EffectId::default();
        let outcome = Completion::Claimed;
        let heard = rollout.handle(Input::EffectSucceeded { id, outcome }, now);
        // As any input does, it lets the machine look at what is due.
        let mut still = node.rollout.clone();
        still.handle_timeout(now);
        let before = print(&still);
        let again = heard.is_ok() && print(&rollout) == before;
        self.tally.judge(11, again, || {
            "a completion that came again changed something".to_owned()
        });
        self.repeated(node);
        let wishes = self.not_for_it(node.rollout.stage_name());
        while rollout.poll_answer().is_some() {}
        for (index, wish) in wishes.into_iter().enumerate() {
            let command = Command::new(format!("stranger-{index}"), "eve", wish);
            for _ in 0..2 {
                let _ = rollout.handle(Input::Commanded(command.clone()), now);
            }
            let answers: Vec<_> = std::iter::from_fn(|| rollout.poll_answer()).collect();
            let refused = |(id, answer): &(_, Answer)| {
                *id == command.id && matches!(answer, Answer::Refused(_))
            };
            let same = answers.first() == answers.last();
            let once = answers.len() == 2 && same && answers.iter().all(refused);
            self.tally.judge(16, once, || {
                format!("{} was answered with {answers:?}", command.wish.name())
            });
        }
        self.tally.judge(16, print(&rollout) == before, || {
            "a command that was refused changed something".to_owned()
        });
    }

    /// Approvals, advances and promotions of another plan or another stage, wherever it is.
    fn not_for_it(&self, here: Option<&StageName>) -> Vec<Wish> {
        let ours = self.ground.digest.clone();
        let other = other_plan(&ours);
        let stages = self.ground.plan.stages().iter();
        let mut elsewhere = stages.map(|stage| &stage.name).rev();
        let elsewhere = elsewhere.find(|name| Some(*name) != here).cloned();
        let stage = elsewhere.unwrap_or_else(|| "no such stage".into());
        let here = here.cloned().unwrap_or_else(|| stage.clone());
        vec![
            Wish::Approve {
                stage: here.clone(),
                plan: other.clone(),
            },
            Wish::Advance {
                stage: here,
                plan: other.clone(),
            },
            Wish::Promote { plan: other },
            Wish::Approve {
                stage: stage.clone(),
                plan: ours.clone(),
            },
            Wish::Advance { stage, plan: ours },
        ]
    }

    /// Who has approved counts once, whatever the second approval is called.
    fn repeated(&mut self, node: &Node) {
        let Some(stage) = node.rollout.stage_name().cloned() else {
            return;
        };
        if node.rollout.place() != Place::Gating {
            return;
        }
        let mut rollout = node.rollout.clone();
        let mut approve = |id: &str| {
            let wish = Wish::Approve {
                stage: stage.clone(),
                plan: self.ground.digest.clone(),
            };
            let command = Command::new(id, "eve", wish);
            let _ = rollout.handle(Input::Commanded(command), Rollout::canonical_now());
            let answer = std::iter::from_fn(|| rollout.poll_answer()).last();
            let counts = answer.is_some_and(|(_, answer)| answer == Answer::Recorded);
            (counts, print(&rollout))
        };
        let (first, second) = (approve("one"), approve("two"));
        let once = !second.0 && (!first.0 || first.1 == second.1);
        self.tally.judge(16, once, || {
            "one who approved twice counts twice".to_owned()
        });
    }

    /// A snapshot and the records after it give the state that the live machine had.
    fn journal(&mut self, node: &Node) {
        let mut live = node.rollout.clone();
        let now = Rollout::canonical_now() + self.ground.tick;
        let mut records = vec![live.snapshot()];
        for part in &self.ground.parts {
            let part = part.name.clone();
            let _ = live.handle(Input::Changed { part }, now);
        }
        live.handle_timeout(now);
        let abort = Wish::Abort { force: false };
        let _ = live.handle(Input::Commanded(Command::new("a", "ada", abort)), now);
        let kept = std::iter::from_fn(|| live.poll_record());
        if self.flaw == Some(super::flaw::Flaw::DecisionsAreNotKept) {
            let _ = kept.count();
        } else {
            records.extend(kept);
        }
        let replayed = Rollout::replay(&records, false);
        let agrees = replayed
            .as_ref()
            .is_ok_and(|replayed| replayed.agrees_with(&live, true));
        self.tally.judge(11, agrees, || {
            "the journal gives another state than the live machine had".to_owned()
        });
    }
}

fn print(rollout: &Rollout) -> u128 {
    struct State<'a>(&'a Rollout);
    impl std::hash::Hash for State<'_> {
        fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
            self.0.hash_state(hasher);
        }
    }
    fingerprint(&State(&rollout.canonical()))
}

/// The digest of a plan that is not this one.
fn other_plan(digest: &PlanDigest) -> PlanDigest {
    let text: String = digest.as_str().chars().rev().collect();
    text.parse().unwrap_or_else(|_| digest.clone())
}
