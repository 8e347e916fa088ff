//! The search of everything that a plan can meet: every state that the machine can reach, whatever a
//! platform, a person or a crash does, each judged.
//!
//! ```no_run
//! use strategy_core::explore::{Exploration, plans};
//!
//! for searched in plans::all()? {
//!     let explored = Exploration::of(searched.plan, searched.found).run()?;
//!     assert!(explored.broken.is_empty(), "{}", explored.broken[0]);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! It drives a real [`Rollout`]. The environment is an adversary, as often as it likes;
//! `docs/concepts/search.md` has what it may do. Its world is one vector of classes for each track, and a
//! move changes one class:
//!
//! | class | values |
//! |---|---|
//! | readiness | none, partial, enough |
//! | fatal | yes, no |
//! | traffic | as asked, not, not known |
//! | revision | ours, recorded, foreign, mixed |
//! | reading | fresh, stale, error |
//! | autoscaler in between | yes, no |
//!
//! Of two parts the second has readiness, fatal, traffic and reading only.
//! These classes are fixed: a search that does not close is reported as one that does not, with its
//! states at each depth, and the classes stay as they are.
//!
//! Its numbers are coarse, and a plan with larger ones is refused with
//! [`InvalidExploration::TooLarge`], which names the value and its bound:
//!
//! | value | bound |
//! |---|---|
//! | `bake.at_least`, `bake.at_most`, a check's `interval`, `stale_after`, `drain` and `sticky` of what was found | 199 ticks, a tick being the plan's `resync`; and 7 days |
//! | every other time | 7 days |
//! | `bake.looks` | 255 |
//! | `health.restarts` | 63 |
//! | stages | 100 |
//! | checks, parts | 64 each |
//!
//! A plan within the bounds is searched as it is, but each tick that a limit lasts multiplies the states:
//! [`plans::brief`] makes every limit one tick or two.

mod act;
mod bounds;
mod decided;
mod described;
mod differs;
mod ends;
mod fingerprint;
mod flaw;
mod ground;
mod judge;
mod landing;
mod liveness;
mod memory;
mod moves;
mod node;
mod outputs;
pub mod plans;
mod promise;
mod same;
mod sample;
mod search;
mod state;
mod story;
#[cfg(test)]
mod tests;
mod unseen;
mod visited;
mod world;

use std::collections::BTreeMap;

pub use self::bounds::InvalidExploration;
pub use self::differs::Component;
use self::differs::Differing;
pub use self::flaw::Flaw;
use self::ground::Ground;
pub use self::promise::Promise;
pub use self::same::SameFuture;
pub use self::sample::Sampled;
use self::search::Search;
pub use self::story::Counterexample;
use crate::analysis::PreparedCheck;
use crate::plan::Plan;
use crate::rollout::{Rollout, Start, StartError};
use crate::target::Found;
use crate::timestamp::Timestamp;

/// When every searched rollout begins; what is decided does not depend on it.
const BEGIN: Timestamp = Timestamp::from_millis(1_800_000_000_000);

/// A search that is to be made.
#[derive(Clone, Debug)]
#[must_use]
pub struct Exploration {
    plan: Plan,
    found: Found,
    at_most: usize,
    threads: usize,
    unread: u8,
    mischief: Option<u8>,
    most: usize,
    flaw: Option<Flaw>,
}

impl Exploration {
    /// Two million states: a few gigabytes and some minutes.
    pub const AT_MOST: usize = 2_000_000;

    /// Of this plan, on what was found.
    pub const fn of(plan: Plan, found: Found) -> Self {
        Self {
            plan,
            found,
            at_most: Self::AT_MOST,
            threads: 1,
            unread: 1,
            mischief: None,
            most: 1,
            flaw: None,
        }
    }

    /// Ends, not closed, when there are more states than that. Some thousand states are followed at a time,
    /// so there may be a few more. Default: [`AT_MOST`](Self::AT_MOST).
    pub const fn at_most(mut self, states: usize) -> Self {
        self.at_most = states;
        self
    }

    /// Threads that search. Default: 1. What is found does not depend on it.
    pub const fn threads(mut self, threads: usize) -> Self {
        self.threads = if threads == 0 { 1 } else { threads };
        self
    }

    /// How many classes of a part may change before a look that is under way is answered. Default: 1.
    /// Between two looks that makes as many changes at once; over several looks every vector of classes is
    /// reached with 1 as well.
    pub const fn unread(mut self, changes: u8) -> Self {
        self.unread = changes;
        self
    }

    /// How many things may happen in all that a kind world does not do. Default: any number.
    ///
    /// With a few a search closes soon, also of a large plan; it says nothing about more of them.
    pub const fn mischief(mut self, times: u8) -> Self {
        self.mischief = Some(times);
        self
    }

    /// Goes on after a promise is broken, until so many different faults are found. What follows of a broken
    /// promise is not searched, and whether it ends (14) is judged only where nothing else is broken.
    /// Default: 1.
    pub const fn faults(mut self, most: usize) -> Self {
        self.most = if most == 0 { 1 } else { most };
        self
    }

    /// Plants a fault, to see that it is found. Default: none.
    pub const fn with(mut self, flaw: Flaw) -> Self {
        self.flaw = Some(flaw);
        self
    }

    /// What multiplies the states, of as many as are visited: the components of a state by how few states
    /// there would be without them.
    ///
    /// # Errors
    /// [`InvalidExploration`] where the rollout cannot even be started, or a value is larger than a search
    /// can count.
    pub fn what_differs(self) -> Result<Vec<Component>, InvalidExploration> {
        let ground = ground(self.plan, &self.found, self.unread, self.mischief)?;
        let rollout = start(&ground)?;
        let mut differing = Differing::default();
        let mut visit = |node: &node::Node| differing.add(node);
        let mut search = Search {
            at_most: self.at_most,
            threads: self.threads,
            visit: Some(&mut visit),
            ..Search::new(&ground)
        };
        search.run(rollout);
        Ok(differing.components())
    }

    /// Draws so many states from random walks, each without a bound on what goes wrong.
    ///
    /// # Errors
    /// [`InvalidExploration`] where the rollout cannot even be started, or a value is larger than a search
    /// can count.
    pub fn sample(self, states: u64, seed: u64) -> Result<Sampled, InvalidExploration> {
        let ground = ground(self.plan, &self.found, self.unread, None)?;
        let rollout = start(&ground)?;
        Ok(sample::sample(&ground, &rollout, self.flaw, states, seed))
    }

    /// Which of the states that are visited have the same future, and in what those differ.
    ///
    /// # Errors
    /// [`InvalidExploration`] where the rollout cannot even be started, or a value is larger than a search
    /// can count.
    pub fn same_future(self) -> Result<SameFuture, InvalidExploration> {
        let ground = ground(self.plan, &self.found, self.unread, self.mischief)?;
        let rollout = start(&ground)?;
        let mut search = Search {
            at_most: self.at_most,
            threads: self.threads,
            same: Some(same::Same::default()),
            ..Search::new(&ground)
        };
        search.run(rollout);
        let within = self.mischief.unwrap_or(0);
        let same = search.same.take().unwrap_or_default();
        Ok(same.future(&search.visited, within))
    }

    /// Searches until no state is new, enough promises are broken, or there are too many states.
    ///
    /// Where any number of misfortunes may happen, it searches with none, with one, and so on, until one
    /// more leads to no new state.
    ///
    /// # Errors
    /// [`InvalidExploration`] where the rollout cannot even be started, or a value is larger than a search
    /// can count.
    pub fn run(self) -> Result<Explored, InvalidExploration> {
        if self.mischief.is_some() {
            return self.once();
        }
        let (mut within, mut by_mischief) = (None, Vec::new());
        for times in 0..u8::MAX {
            let explored = self.clone().mischief(times).once()?;
            if !explored.closed && explored.broken.is_empty() {
                return Ok(Explored {
                    within,
                    by_mischief,
                    ..explored
                });
            }
            let adds = explored.by_mischief.len() > usize::from(times);
            if !explored.broken.is_empty() || !adds {
                let within = within.filter(|_| !explored.closed);
                return Ok(Explored { within, ..explored });
            }
            (within, by_mischief) = (Some(times), explored.by_mischief);
        }
        let explored = self.mischief(u8::MAX).once()?;
        Ok(Explored {
            closed: false,
            ..explored
        })
    }

    /// With at most as much mischief as is allowed.
    fn once(self) -> Result<Explored, InvalidExploration> {
        let ground = ground(self.plan, &self.found, self.unread, self.mischief)?;
        let rollout = start(&ground)?;
        let mut search = Search {
            flaw: self.flaw,
            at_most: self.at_most,
            threads: self.threads,
            most: self.most,
            ..Search::new(&ground)
        };
        search.run(rollout.clone());
        if search.faults.is_empty() {
            search.faults.extend(search.visited.endless());
            for _ in 0..search.visited.judged() {
                search.tally.judge(14, true, String::new);
            }
        }
        let faults = std::mem::take(&mut search.faults).into_iter();
        let broken = faults.map(|fault| search.story(rollout.clone(), fault));
        let broken = broken.collect();
        Ok(Explored {
            states: search.visited.parents.len(),
            transitions: search.visited.transitions,
            levels: search.visited.levels(),
            by_mischief: search.visited.by_mischief(),
            closed: search.closed,
            within: search.within,
            checked: search.tally.checked(),
            broken,
        })
    }
}

fn ground(
    plan: Plan,
    found: &Found,
    unread: u8,
    mischief: Option<u8>,
) -> Result<Ground, InvalidExploration> {
    bounds::check(&plan, found)?;
    Ok(Ground::new(plan, found, unread, mischief))
}

fn start(ground: &Ground) -> Result<Rollout, StartError> {
    let prepared = ground.plan.checks().keys().cloned().map(PreparedCheck::new);
    let id = "search".parse().map_err(StartError::from)?;
    let start = Start {
        id,
        plan: ground.plan.clone(),
        found: ground.found.clone(),
        prepared: prepared.collect(),
        take_over: false,
    };
    Rollout::start(start, BEGIN)
}

/// What a search found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Explored {
    /// Different states that were reached.
    pub states: usize,
    /// Steps that were made, to new states and to known ones. A step is one move, with what happened right
    /// before it and only it could see.
    pub transitions: u64,
    /// States by how many steps the way has on which they were found, 0 first. That way has the fewest
    /// misfortunes that are known to lead there, and there may be one with fewer steps.
    pub levels: Vec<usize>,
    /// States by how many things that a kind world does not do it takes at least to get there; 0 first.
    /// Only those of which all that follows was looked at; of a search without a bound that did not close,
    /// all with as many as [`within`](Self::within) says.
    pub by_mischief: Vec<usize>,
    /// No state was new in the end: everything was seen that can happen with at most as many misfortunes as
    /// [`mischief`](Exploration::mischief) allows, and where it sets no bound everything that can happen at
    /// all. Where a promise is [`broken`](Self::broken), what follows of that is not among it.
    pub closed: bool,
    /// Of a search that did not close: with how many misfortunes, at most, everything was seen.
    pub within: Option<u8>,
    /// How often each promise was at stake.
    pub checked: BTreeMap<Promise, u64>,
    /// What breaks a promise, in the order in which it was found; empty where all hold. Never more than
    /// [`faults`](Exploration::faults) asks for.
    ///
    /// States are followed in the order of the misfortunes that they need, so the first ones need few; but
    /// none is sure to be the shortest, and where many states are waited for, those with as many misfortunes
    /// as are allowed are followed before the others are all known.
    pub broken: Vec<Counterexample>,
}

impl Explored {
    /// Steps on the longest of the ways on which states were found: see [`levels`](Self::levels).
    pub const fn depth(&self) -> usize {
        self.levels.len().saturating_sub(1)
    }
}
