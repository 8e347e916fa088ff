//! Breadth first over everything that can happen, until nothing new does.

use std::collections::BTreeMap;
use std::thread;

use super::act::Actor;
use super::fingerprint::fingerprint;
use super::flaw::Flaw;
use super::ground::Ground;
use super::node::Node;
use super::promise::{Promise, Tally};
use crate::rollout::Rollout;
use crate::rollout::searched::Place;

/// Everything that a search knows of the states that it has visited.
#[derive(Debug, Default)]
pub(super) struct Visited {
    index: BTreeMap<u128, u32>,
    /// From where, and by which of the steps that can be made there; the first state has itself.
    pub(super) parents: Vec<(u32, u32)>,
    /// With how much mischief at least a state is reached.
    mischief: Vec<u8>,
    /// Steps that lead to a state.
    depths: Vec<u16>,
    /// All that can follow of it was looked at.
    pub(super) followed: Vec<bool>,
    /// What a kind world does, and whether a person does it.
    pub(super) kind: Vec<(u32, u32, bool)>,
    /// What happens where no call is answered.
    pub(super) dead: Vec<(u32, u32)>,
    pub(super) places: Vec<Place>,
    pub(super) transitions: u64,
}

impl Visited {
    /// States at each depth, the first of which is 0.
    pub(super) fn levels(&self) -> Vec<usize> {
        counted(self.depths.iter().map(|depth| usize::from(*depth)))
    }

    /// States by how much mischief it takes at least, of those that were followed.
    pub(super) fn by_mischief(&self) -> Vec<usize> {
        let states = self.mischief.iter().zip(&self.followed);
        counted(
            states
                .filter(|(_, followed)| **followed)
                .map(|(mischief, _)| usize::from(*mischief)),
        )
    }

    /// A state is reached: its number, and whether it is to be followed from here on.
    fn reach(&mut self, reached: &Reached, mischief: u8) -> (u32, bool) {
        let new = u32::try_from(self.parents.len()).unwrap_or(u32::MAX);
        let to = *self.index.entry(reached.print).or_insert(new);
        let at = to as usize;
        let from = reached.from as usize;
        let depth = self.depths.get(from).copied().unwrap_or_default();
        let (way, depth) = ((reached.from, reached.step), depth.saturating_add(1));
        if to == new {
            self.parents.push(way);
            self.places.push(reached.place);
            self.mischief.push(mischief);
            self.depths.push(depth);
            self.followed.push(false);
            return (to, true);
        }
        let (Some(parent), Some(known), Some(known_depth)) = (
            self.parents.get_mut(at),
            self.mischief.get_mut(at),
            self.depths.get_mut(at),
        ) else {
            return (to, false);
        };
        let better = *known > mischief;
        if better {
            (*parent, *known, *known_depth) = (way, mischief, depth);
        }
        (to, better)
    }

    fn is_known(&self, print: u128, mischief: u8) -> bool {
        let known = self.index.get(&print);
        let known = known.and_then(|state| self.mischief.get(*state as usize));
        known.is_some_and(|known| *known <= mischief)
    }
}

fn counted(values: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut counts = Vec::new();
    for value in values {
        if counts.len() <= value {
            counts.resize(value + 1, 0);
        }
        if let Some(count) = counts.get_mut(value) {
            *count += 1;
        }
    }
    counts
}

/// The first promise that is broken, and the state and move that break it.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) promise: Promise,
    pub(super) what: String,
    pub(super) from: u32,
    /// Which of the steps that can be made there.
    pub(super) step: Option<u32>,
}

pub(super) struct Search<'a> {
    pub(super) ground: &'a Ground,
    pub(super) flaw: Option<Flaw>,
    pub(super) at_most: usize,
    pub(super) threads: usize,
    pub(super) visited: Visited,
    pub(super) tally: Tally,
    pub(super) closed: bool,
    /// With how much mischief, at most, everything was searched.
    pub(super) within: Option<u8>,
    /// It goes on until so many different faults are found.
    pub(super) most: usize,
    pub(super) faults: Vec<Fault>,
    /// Is shown every state that is to be followed.
    pub(super) visit: Option<&'a mut (dyn FnMut(&Node) + Send + Sync)>,
}

/// A state that was reached.
struct Reached {
    from: u32,
    step: u32,
    print: u128,
    /// Of this step.
    mischief: u8,
    kind: bool,
    by_itself: bool,
    dead: bool,
    place: Place,
    /// Only of a state that is to be followed from here on.
    node: Option<Box<Node>>,
}

#[derive(Default)]
struct Batch {
    reached: Vec<Reached>,
    tally: Tally,
    faults: Vec<Fault>,
}

/// States that are to be followed.
type Open = Vec<(u32, Box<Node>)>;

impl<'a> Search<'a> {
    pub(super) fn new(ground: &'a Ground) -> Self {
        Self {
            ground,
            flaw: None,
            at_most: usize::MAX,
            threads: 1,
            visited: Visited::default(),
            tally: Tally::default(),
            closed: false,
            within: None,
            most: 1,
            faults: Vec::new(),
            visit: None,
        }
    }
}

impl Search<'_> {
    /// First everything that takes no mischief, then what takes one misfortune more, and so on: so a
    /// state is followed once, with as little mischief as leads to it.
    pub(super) fn run(&mut self, rollout: Rollout) {
        let first = Node::first(self.ground, rollout);
        let mut actor = acting(self.ground, self.flaw, &mut self.tally);
        let first = actor.finish(first, None);
        let reached = Reached {
            from: 0,
            step: 0,
            print: fingerprint(&first),
            mischief: 0,
            kind: false,
            by_itself: false,
            dead: false,
            place: first.place(),
            node: None,
        };
        self.visited.reach(&reached, 0);
        if let Some(visit) = &mut self.visit {
            visit(&first);
        }
        if let Some(depth) = self.visited.depths.first_mut() {
            *depth = 0;
        }
        let mut open: BTreeMap<u8, Open> = BTreeMap::from([(0, vec![(0, Box::new(first))])]);
        while let Some((mischief, level)) = open.pop_first() {
            if !self.layer(mischief, level, &mut open) {
                return;
            }
            self.within = Some(mischief);
        }
        self.within = None;
        self.closed = true;
    }

    /// Follows everything that takes so much mischief; says whether it got through.
    fn layer(&mut self, mischief: u8, mut level: Open, open: &mut BTreeMap<u8, Open>) -> bool {
        let at_most = self.ground.mischief.unwrap_or(u8::MAX);
        while !level.is_empty() {
            // What was found again with less of it was followed then.
            let visited = &self.visited;
            level.retain(|(state, _)| {
                let state = *state as usize;
                visited.mischief.get(state) == Some(&mischief)
                    && visited.followed.get(state) == Some(&false)
            });
            // The order in which states are numbered is the order of the level.
            level.sort_unstable_by_key(|(index, _)| std::cmp::Reverse(*index));
            let mut next = Vec::new();
            // A part of a level at a time, so that what is found twice is not held twice.
            while !level.is_empty() {
                if self.visited.parents.len() > self.at_most {
                    return false;
                }
                let rest = level.len().saturating_sub(PORTION);
                let portion = level.split_off(rest);
                for batch in self.follow(&portion, mischief, at_most) {
                    self.merge(batch, mischief, &mut next, open);
                    if self.faults.len() >= self.most {
                        return false;
                    }
                }
                for (state, _) in &portion {
                    if let Some(followed) = self.visited.followed.get_mut(*state as usize) {
                        *followed = true;
                    }
                }
            }
            level = next;
        }
        true
    }

    fn follow(&self, portion: &[(u32, Box<Node>)], mischief: u8, at_most: u8) -> Vec<Batch> {
        let each = portion.len().div_ceil(self.threads).max(1);
        if self.threads == 1 || portion.len() < 16 {
            return vec![self.follow_some(portion, mischief, at_most)];
        }
        thread::scope(|scope| {
            let workers: Vec<_> = portion
                .chunks(each)
                .map(|chunk| scope.spawn(move || self.follow_some(chunk, mischief, at_most)))
                .collect();
            let batches = workers.into_iter().map(thread::ScopedJoinHandle::join);
            batches
                .map(|batch| batch.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    }

    fn follow_some(&self, chunk: &[(u32, Box<Node>)], mischief: u8, at_most: u8) -> Batch {
        let mut batch = Batch::default();
        for (from, node) in chunk {
            let (reached, faults) = (&mut batch.reached, &mut batch.faults);
            let mut fault = |broken, step| {
                let (promise, what) = broken;
                faults.push(Fault {
                    promise,
                    what,
                    from: *from,
                    step,
                });
            };
            let mut actor = acting(self.ground, self.flaw, &mut batch.tally);
            actor.state(node);
            if let Some(broken) = actor.tally.broken() {
                fault(broken, None);
                continue;
            }
            let mut number = 0;
            actor.follow(node, at_most.saturating_sub(mischief), |actor, followed| {
                let step = number;
                number += 1;
                if let Some(broken) = actor.tally.broken() {
                    fault(broken, Some(step));
                    return;
                }
                let Some(next) = followed.next else {
                    return;
                };
                let print = fingerprint(&next);
                let more = mischief.saturating_add(followed.mischief);
                let known = self.visited.is_known(print, more);
                let seen = followed.step.seen;
                reached.push(Reached {
                    from: *from,
                    step,
                    print,
                    mischief: followed.mischief,
                    kind: followed.mischief == 0,
                    by_itself: seen.is_by_itself(),
                    dead: followed.step.unseen.is_empty() && seen.is_dead(),
                    place: next.place(),
                    node: (!known).then(|| Box::new(next)),
                });
            });
        }
        batch
    }

    fn merge(
        &mut self,
        batch: Batch,
        mischief: u8,
        next: &mut Open,
        open: &mut BTreeMap<u8, Open>,
    ) {
        self.tally.add(&batch.tally);
        let visited = &mut self.visited;
        for mut reached in batch.reached {
            visited.transitions += 1;
            let more = mischief.saturating_add(reached.mischief);
            let (to, follow) = visited.reach(&reached, more);
            if follow && let Some(node) = reached.node.take() {
                if let Some(visit) = &mut self.visit {
                    visit(&node);
                }
                if reached.mischief == 0 {
                    next.push((to, node));
                } else {
                    open.entry(more).or_default().push((to, node));
                }
            }
            if reached.kind {
                visited.kind.push((reached.from, to, reached.by_itself));
            }
            if reached.dead {
                visited.dead.push((reached.from, to));
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

const fn acting<'a>(ground: &'a Ground, flaw: Option<Flaw>, tally: &'a mut Tally) -> Actor<'a> {
    Actor {
        ground,
        flaw,
        tally,
        raw: false,
    }
}

/// States that are followed before what was found is put together.
const PORTION: usize = 4_000;
