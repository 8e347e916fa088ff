//! What nobody has seen yet happens right before it is seen: everything that can follow one state.
//!
//! A class that changes, somebody who writes, a claim that is taken and a write that lands late are met by
//! the next look, write, claim or crash that depends on them, and by nothing before. Of all the orders in
//! which they and other things can happen it is enough to look at one: right before what meets them.

use std::collections::{BTreeSet, VecDeque};

use super::act::Actor;
use super::fingerprint::fingerprint;
use super::moves::{Answer, Crash, Move, Reading, hidden, moves};
use super::node::{Node, Pending};
use crate::rollout::Effect;

/// A step of a search: what happens that is not seen at once, and what sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) unseen: Vec<Move>,
    pub(super) seen: Move,
}

/// What a step comes to.
pub(super) struct Followed {
    pub(super) step: Step,
    /// How much of it a kind world does not do.
    pub(super) mischief: u8,
    /// `None`: it cannot be made.
    pub(super) next: Option<Node>,
}

/// A state in which something has happened that nobody has seen.
struct Unseen {
    node: Box<Node>,
    steps: Vec<Move>,
    mischief: u8,
}

impl Actor<'_> {
    /// Everything that can happen in a state with at most so much mischief. `each` is given the steps in
    /// an order that depends on nothing but the state, with those that would be too much left out.
    pub(super) fn follow(
        &mut self,
        node: &Node,
        at_most: u8,
        mut each: impl FnMut(&mut Self, Followed),
    ) {
        for seen in moves(self.ground, node) {
            let mischief = u8::from(!seen.is_kind(self.ground, node));
            if mischief <= at_most {
                let next = self.after(node, seen);
                let step = Step {
                    unseen: Vec::new(),
                    seen,
                };
                let followed = Followed {
                    step,
                    mischief,
                    next,
                };
                each(self, followed);
            }
        }
        if self.ground.eager {
            return;
        }
        for part in 0..self.ground.parts.len() {
            for unseen in self.unseen(node, part, at_most) {
                let Some(last) = unseen.steps.last().copied() else {
                    continue;
                };
                for seen in moves(self.ground, &unseen.node) {
                    let more = u8::from(!seen.is_kind(self.ground, &unseen.node));
                    let mischief = unseen.mischief.saturating_add(more);
                    if mischief > at_most || !meets(self, &unseen.node, part, last, seen) {
                        continue;
                    }
                    let next = self.after(&unseen.node, seen);
                    let step = Step {
                        unseen: unseen.steps.clone(),
                        seen,
                    };
                    let followed = Followed {
                        step,
                        mischief,
                        next,
                    };
                    each(self, followed);
                }
            }
        }
    }

    /// The states in which any number of things has happened on a part that nobody has seen.
    ///
    /// What a kind world does comes first, so that each is found with as little mischief as it takes.
    fn unseen(&mut self, node: &Node, part: usize, at_most: u8) -> Vec<Unseen> {
        let Ok(index) = u8::try_from(part) else {
            return Vec::new();
        };
        let mut found: Vec<Unseen> = Vec::new();
        let print = |node: &Node| {
            let (world, memory) = (node.world.parts.get(part), node.memory.parts.get(part));
            fingerprint(&(world, memory))
        };
        let mut known = BTreeSet::from([print(node)]);
        let first = Unseen {
            node: Box::new(node.clone()),
            steps: Vec::new(),
            mischief: 0,
        };
        let mut open = VecDeque::from([first]);
        while let Some(from) = open.pop_front() {
            let is_first = from.steps.is_empty();
            if !is_first && !known.insert(print(&from.node)) {
                continue;
            }
            for step in hidden(self.ground, &from.node, index) {
                let is_kind = step.is_kind(self.ground, &from.node);
                let mischief = from.mischief.saturating_add(u8::from(!is_kind));
                if mischief > at_most {
                    continue;
                }
                let Some(next) = self.hides(&from.node, step) else {
                    continue;
                };
                let mut steps = from.steps.clone();
                steps.push(step);
                let next = Unseen {
                    node: Box::new(next),
                    steps,
                    mischief,
                };
                if is_kind {
                    open.push_front(next);
                } else {
                    open.push_back(next);
                }
            }
            if !is_first {
                found.push(from);
            }
        }
        found
    }
}

/// What was not seen, and last of all this, makes a difference to what happens now.
pub(super) fn meets(actor: &Actor<'_>, node: &Node, part: usize, unseen: Move, seen: Move) -> bool {
    let ground = actor.ground;
    let Some(name) = ground.parts.get(part).map(|part| &part.name) else {
        return false;
    };
    let lands = matches!(unseen, Move::LateLands(_));
    let claims = lands || matches!(unseen, Move::TakenOver(_));
    let of_part = |id| match node.rollout.open_effect(id) {
        Some(Effect::Apply { part, .. }) => (part == name).then_some(true),
        Some(Effect::Claim { part, .. }) => (part == name).then_some(false),
        Some(
            Effect::Observe { .. }
            | Effect::Measure { .. }
            | Effect::RunHook { .. }
            | Effect::AskGate { .. }
            | Effect::Cancel { .. },
        )
        | None => None,
    };
    // A write that is given up may take the place of the one that landed.
    let writes = node.ordered.iter().any(|id| of_part(*id) == Some(true));
    if lands && writes {
        return true;
    }
    match seen {
        Move::Look(of, Reading::Fresh | Reading::Stale) => {
            usize::from(of) == part && !matches!(unseen, Move::TakenOver(_))
        }
        Move::Answer(index, Answer::Done | Answer::Lost) => {
            let pending = node.pending(ground);
            match pending.get(usize::from(index)) {
                Some(Pending::Effect(id)) => match of_part(*id) {
                    Some(true) => true,
                    Some(false) => claims,
                    None => false,
                },
                Some(Pending::Look | Pending::Measure) | None => false,
            }
        }
        Move::Crash(Crash::Landed) => {
            let mut ordered = node.ordered.iter().filter_map(|id| of_part(*id));
            writes || claims && ordered.next().is_some()
        }
        Move::Answer(..)
        | Move::Look(..)
        | Move::Change(..)
        | Move::Notice(_)
        | Move::Measured(..)
        | Move::LateLands(_)
        | Move::Hand(..)
        | Move::TakenOver(_)
        | Move::Commanded(_)
        | Move::Alarm
        | Move::Crash(_)
        | Move::Tick => false,
    }
}
