//! Breadth first over everything that can happen, until nothing new does.

use std::collections::BTreeMap;
use std::thread;

use super::act::Actor;
use super::fingerprint::fingerprint;
use super::flaw::Flaw;
use super::ground::Ground;
use super::moves::{Move, moves};
use super::node::Node;
use super::promise::{Promise, Tally};
use crate::rollout::Rollout;
use crate::rollout::searched::Place;

/// Everything that a search knows of the states that it has visited.
#[derive(Debug, Default)]
pub(super) struct Visited {
    index: BTreeMap<u128, u32>,
    /// From where, and by what; the first state has itself.
    pub(super) parents: Vec<(u32, Move)>,
    /// What a kind world does, and whether a person does it.
    pub(super) kind: Vec<(u32, u32, bool)>,
    /// What happens where no call is answered.
    pub(super) dead: Vec<(u32, u32)>,
    pub(super) places: Vec<Place>,
    pub(super) levels: Vec<usize>,
    pub(super) transitions: u64,
    /// The first state that was not followed any further; all after it were not either.
    pub(super) followed: u32,
}

/// The first promise that is broken, and the state and move that break it.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) promise: Promise,
    pub(super) what: String,
    pub(super) from: u32,
    pub(super) step: Option<Move>,
}

pub(super) struct Search<'a> {
    pub(super) ground: &'a Ground,
    pub(super) flaw: Option<Flaw>,
    pub(super) at_most: usize,
    pub(super) threads: usize,
    pub(super) visited: Visited,
    pub(super) tally: Tally,
    pub(super) closed: bool,
    /// It goes on until so many different faults are found.
    pub(super) most: usize,
    pub(super) faults: Vec<Fault>,
}

/// What following one state came to.
struct Followed {
    from: u32,
    step: Move,
    print: u128,
    kind: bool,
    dead: bool,
    place: Place,
    /// Only of a state that was not known when the level began.
    node: Option<Box<Node>>,
}

#[derive(Default)]
struct Batch {
    followed: Vec<Followed>,
    tally: Tally,
    faults: Vec<Fault>,
}

impl Search<'_> {
    pub(super) fn run(&mut self, rollout: Rollout) {
        let first = Node::first(self.ground, rollout);
        let mut actor = Actor {
            ground: self.ground,
            flaw: self.flaw,
            tally: &mut self.tally,
            raw: false,
        };
        let first = actor.finish(first, None);
        let visited = &mut self.visited;
        visited.index.insert(fingerprint(&first), 0);
        visited.parents.push((0, Move::Tick));
        visited.places.push(first.place());
        let mut level = vec![(0, Box::new(first))];
        while !level.is_empty() {
            self.visited.levels.push(level.len());
            if self.visited.parents.len() > self.at_most {
                return;
            }
            let mut next = Vec::new();
            // A part of a level at a time, so that what is found twice is not held twice.
            while !level.is_empty() {
                let rest = level.len().saturating_sub(PORTION * self.threads);
                let portion = level.split_off(rest);
                for batch in self.follow(&portion) {
                    self.merge(batch, &mut next);
                    if self.faults.len() >= self.most {
                        return;
                    }
                }
            }
            self.visited.followed =
                u32::try_from(self.visited.parents.len() - next.len()).unwrap_or(u32::MAX);
            level = next;
            // The order in which states are numbered is the order of the level.
            level.sort_unstable_by_key(|(index, _)| std::cmp::Reverse(*index));
        }
        self.closed = true;
    }

    fn follow(&self, portion: &[(u32, Box<Node>)]) -> Vec<Batch> {
        let each = portion.len().div_ceil(self.threads).max(1);
        if self.threads == 1 || portion.len() < 64 {
            return vec![self.follow_some(portion)];
        }
        thread::scope(|scope| {
            let workers: Vec<_> = portion
                .chunks(each)
                .map(|chunk| scope.spawn(move || self.follow_some(chunk)))
                .collect();
            let batches = workers.into_iter().map(thread::ScopedJoinHandle::join);
            batches
                .map(|batch| batch.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    }

    fn follow_some(&self, chunk: &[(u32, Box<Node>)]) -> Batch {
        let mut batch = Batch::default();
        for (from, node) in chunk {
            let mut actor = Actor {
                ground: self.ground,
                flaw: self.flaw,
                tally: &mut batch.tally,
                raw: false,
            };
            actor.state(node);
            if let Some((promise, what)) = batch.tally.broken() {
                batch.faults.push(Fault {
                    promise,
                    what,
                    from: *from,
                    step: None,
                });
                continue;
            }
            for step in moves(self.ground, node) {
                let mut actor = Actor {
                    ground: self.ground,
                    flaw: self.flaw,
                    tally: &mut batch.tally,
                    raw: false,
                };
                let Some(next) = actor.after(node, step) else {
                    continue;
                };
                if let Some((promise, what)) = batch.tally.broken() {
                    batch.faults.push(Fault {
                        promise,
                        what,
                        from: *from,
                        step: Some(step),
                    });
                    continue;
                }
                let print = fingerprint(&next);
                batch.followed.push(Followed {
                    from: *from,
                    step,
                    print,
                    kind: step.is_kind(self.ground, node),
                    dead: step.is_dead(),
                    place: next.place(),
                    node: (!self.visited.index.contains_key(&print)).then(|| Box::new(next)),
                });
            }
        }
        batch
    }

    fn merge(&mut self, batch: Batch, next: &mut Vec<(u32, Box<Node>)>) {
        self.tally.add(&batch.tally);
        let visited = &mut self.visited;
        for followed in batch.followed {
            visited.transitions += 1;
            let new = u32::try_from(visited.parents.len()).unwrap_or(u32::MAX);
            let to = *visited.index.entry(followed.print).or_insert(new);
            if to == new {
                visited.parents.push((followed.from, followed.step));
                visited.places.push(followed.place);
                if let Some(node) = followed.node {
                    next.push((new, node));
                }
            }
            if followed.kind {
                let by_itself = followed.step.is_by_itself();
                visited.kind.push((followed.from, to, by_itself));
            }
            if followed.dead {
                visited.dead.push((followed.from, to));
            }
        }
        for fault in batch.faults {
            let known =
                |other: &Fault| (other.promise, &other.what) == (fault.promise, &fault.what);
            if !self.faults.iter().any(known) {
                self.faults.push(fault);
            }
        }
    }
}

/// States that a thread follows before what it found is put together.
const PORTION: usize = 4_000;
