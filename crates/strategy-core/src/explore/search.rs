//! Breadth first over everything that can happen, until nothing new does.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use super::act::Actor;
use super::fingerprint::{fingerprint, mix};
use super::flaw::Flaw;
use super::ground::Ground;
use super::node::{Machine, Node};
use super::promise::{Promise, Tally};
use super::same::{Same, Step};
use super::visited::{Reached, Visited};
use crate::rollout::Rollout;

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
    /// Machines that were judged by themselves.
    pub(super) machines: BTreeSet<u128>,
    /// Is shown every state that is to be followed.
    pub(super) visit: Option<&'a mut (dyn FnMut(&Node) + Send + Sync)>,
    /// Keeps what followed of each state.
    pub(super) same: Option<Same>,
}

#[derive(Default)]
struct Batch {
    reached: Vec<Reached>,
    tally: Tally,
    faults: Vec<Fault>,
}

/// States that are to be followed, each with whether its machine was met before.
type Open = Vec<(u32, bool, Box<Node>)>;

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
            machines: BTreeSet::new(),
            visit: None,
            same: None,
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
            label: 0,
            print: fingerprint(&first),
            machine: fingerprint(&Machine(&first)),
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
        if let Some(same) = &mut self.same {
            same.add(0, &first);
        }
        if let Some(depth) = self.visited.depths.first_mut() {
            *depth = 0;
        }
        let mut open: BTreeMap<u8, Open> = BTreeMap::from([(0, vec![(0, false, Box::new(first))])]);
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
            level.retain(|(state, ..)| {
                let state = *state as usize;
                visited.mischief.get(state) == Some(&mischief)
                    && visited.followed.get(state) == Some(&false)
            });
            // The order in which states are numbered is the order of the level.
            level.sort_unstable_by_key(|(index, ..)| std::cmp::Reverse(*index));
            let mut next = Vec::new();
            // A part of a level at a time, so that what is found twice is not held twice.
            while !level.is_empty() {
                if self.visited.parents.len() > self.at_most {
                    return false;
                }
                let rest = level.len().saturating_sub(PORTION);
                let portion = level.split_off(rest);
                // All of a portion, so that what is found does not depend on how it was shared out.
                for batch in self.follow(&portion, mischief, at_most) {
                    self.merge(batch, mischief, &mut next, open);
                }
                if self.faults.len() >= self.most {
                    return false;
                }
                for (state, ..) in &portion {
                    if let Some(followed) = self.visited.followed.get_mut(*state as usize) {
                        *followed = true;
                    }
                }
                // What is reached with as much as is allowed only goes on kindly: it need not be kept.
                if mischief < at_most
                    && open.get(&at_most).is_some_and(|last| last.len() >= KEPT)
                    && let Some(last) = open.remove(&at_most)
                    && !self.layer(at_most, last, open)
                {
                    return false;
                }
            }
            level = next;
        }
        true
    }

    fn follow(&self, portion: &[(u32, bool, Box<Node>)], mischief: u8, at_most: u8) -> Vec<Batch> {
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

    fn follow_some(&self, chunk: &[(u32, bool, Box<Node>)], mischief: u8, at_most: u8) -> Batch {
        let mut batch = Batch::default();
        for (from, known, node) in chunk {
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
            if !known {
                actor.state(node);
            }
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
                    label: if self.same.is_some() {
                        mix(&format!("{:?}", followed.step))
                    } else {
                        0
                    },
                    print,
                    machine: if known {
                        0
                    } else {
                        fingerprint(&Machine(&next))
                    },
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
            if let Some(same) = &mut self.same {
                same.steps.push(Step {
                    from: reached.from,
                    label: reached.label,
                    to,
                });
            }
            if follow && let Some(node) = reached.node.take() {
                let known = !self.machines.insert(reached.machine);
                if let Some(visit) = &mut self.visit {
                    visit(&node);
                }
                if let Some(same) = &mut self.same
                    && Some(more) < self.ground.mischief
                {
                    same.add(to, &node);
                }
                if reached.mischief == 0 {
                    next.push((to, known, node));
                } else {
                    open.entry(more).or_default().push((to, known, node));
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
            if self.faults.len() < self.most && !self.faults.iter().any(known) {
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
/// States of the last layer that are kept until they are followed.
const KEPT: usize = 40_000;
