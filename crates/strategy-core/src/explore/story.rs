//! How a search came to a state, told again from the start.

use super::act::Actor;
use super::ground::Ground;
use super::moves::Move;
use super::node::Node;
use super::promise::Tally;
use super::search::{Fault, Search};
use super::unseen::Followed;
use super::visited::Visited;
use crate::rollout::{Effect, Rollout};

/// A promise that is broken, and everything that happened before.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counterexample {
    /// Which promise.
    pub promise: super::Promise,
    /// What broke it.
    pub what: String,
    /// What happened, one thing a line, each with where the machine was then and what it had ordered.
    /// The last one is what broke the promise.
    pub story: Vec<String>,
}

impl std::fmt::Display for Counterexample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "promise {} is broken: {}", self.promise, self.what)?;
        for (index, line) in self.story.iter().enumerate() {
            writeln!(f, "{:4}  {line}", index + 1)?;
        }
        Ok(())
    }
}

impl Visited {
    /// The moves that lead to a state.
    fn path(&self, state: u32) -> Vec<u32> {
        let mut path = Vec::new();
        let mut at = state;
        while at != 0 {
            let Some((from, step)) = self.parents.get(at as usize) else {
                break;
            };
            path.push(*step);
            at = *from;
        }
        path.reverse();
        path
    }
}

impl Search<'_> {
    pub(super) fn story(&self, rollout: Rollout, fault: Fault) -> Counterexample {
        let mut tally = Tally::default();
        let mut actor = Actor {
            ground: self.ground,
            flaw: self.flaw,
            tally: &mut tally,
            raw: false,
        };
        let mut node = actor.finish(Node::first(self.ground, rollout), None);
        let mut story = Vec::new();
        let mut left = self.ground.mischief.unwrap_or(u8::MAX);
        for wanted in self.visited.path(fault.from).into_iter().chain(fault.step) {
            let (mut number, mut found) = (0, None);
            actor.follow(&node, left, |_, followed| {
                if number == wanted {
                    found = Some(followed);
                }
                number += 1;
            });
            let Some(Followed {
                step,
                mischief,
                next: Some(next),
            }) = found
            else {
                break;
            };
            left = left.saturating_sub(mischief);
            story.extend(step.unseen.iter().map(ToString::to_string));
            story.push(line(self.ground, step.seen, &next));
            node = next;
        }
        Counterexample {
            promise: fault.promise,
            what: fault.what,
            story,
        }
    }
}

pub(super) fn line(ground: &Ground, step: Move, node: &Node) -> String {
    let stage = node.rollout.stage_name();
    let stage = stage.map_or_else(String::new, |stage| format!(" in {stage}"));
    let mut line = format!("{step}; {:?}{stage}", node.rollout.place());
    for (id, effect) in node.rollout.open_effects() {
        let under_way = if node.ordered.contains(&id) {
            "under way"
        } else {
            "unfinished"
        };
        match effect {
            Effect::Apply { request, .. } => {
                line.push_str(&format!("; {under_way}: {}", request.desired));
            }
            Effect::Claim { to, .. } => match to {
                Some(to) => line.push_str(&format!("; {under_way}: claim {to}")),
                None => line.push_str(&format!("; {under_way}: give the claim back")),
            },
            Effect::RunHook { request, .. } => {
                line.push_str(&format!("; {under_way}: hook {}", request.hook));
            }
            Effect::AskGate { request, .. } => {
                line.push_str(&format!("; {under_way}: gate {}", request.gate));
            }
            Effect::Observe { .. } | Effect::Measure { .. } | Effect::Cancel { .. } => {}
        }
    }
    for (index, part) in ground.parts.iter().enumerate() {
        if node.looks(index) {
            line.push_str(&format!("; looks at {}", part.name));
        }
    }
    line
}
