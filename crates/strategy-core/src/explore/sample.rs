//! How large a search without a bound would be, from below: states at the end of random walks, and how
//! often two of them are the same.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

use super::act::Actor;
use super::fingerprint::fingerprint;
use super::flaw::Flaw;
use super::ground::Ground;
use super::moves::{hidden, moves};
use super::node::{Machine, Node};
use super::promise::Tally;
use super::story::{Counterexample, line};
use super::unseen::{Step, meets};
use super::world::PartWorld;
use crate::random::SplitMix64;
use crate::rollout::Rollout;

/// States of random walks, and how many there are at least.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sampled {
    /// States that were drawn.
    pub drawn: u64,
    /// Of each component: different values that were drawn, and how many there are at least by Chao's
    /// estimate (Chao 1984, *Scandinavian Journal of Statistics* 11): those that were drawn, and half the
    /// square of those drawn once over those drawn twice.
    pub components: Vec<(&'static str, u64, u64)>,
    /// What broke a promise on the way, at most 20.
    pub broken: Vec<Counterexample>,
}

/// Steps of a walk, and after how many of them a state is drawn again.
const STEPS: u32 = 60;
const EVERY: u32 = 6;

/// What is counted of a state.
const COMPONENTS: [&str; 7] = [
    "state",
    "machine",
    "decisions",
    "world",
    "judge's memory",
    "state without limits that run",
    "state without classes that nobody knows",
];

fn components(ground: &Ground, node: &Node) -> [u128; 7] {
    // Times are numbers of 12 or 13 digits.
    let time = |line: &&str| line.trim().trim_end_matches(',').len() < 12 || !is_number(line);
    let words = node.describe();
    let timeless: Vec<&str> = words.lines().filter(time).collect();
    let mut known = node.clone();
    let parts = known.world.parts.iter_mut().zip(&known.memory.parts);
    for ((world, memory), ground) in parts.zip(&ground.parts) {
        if memory.fresh().is_none() {
            let fresh = PartWorld::new(ground);
            (world.tracks, world.flow) = (fresh.tracks, fresh.flow);
        }
    }
    [
        fingerprint(node),
        fingerprint(&Machine(node)),
        fingerprint(&Decided(node)),
        fingerprint(&node.world),
        fingerprint(&node.memory),
        fingerprint(&timeless),
        fingerprint(&known),
    ]
}

fn is_number(line: &str) -> bool {
    let number = line.trim().trim_end_matches(',');
    number.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) fn sample(
    ground: &Ground,
    rollout: &Rollout,
    flaw: Option<Flaw>,
    states: u64,
    seed: u64,
) -> Sampled {
    let mut random = SplitMix64::new(seed);
    let mut counts: Vec<BTreeMap<u128, u64>> = vec![BTreeMap::new(); COMPONENTS.len()];
    let mut broken: Vec<Counterexample> = Vec::new();
    let mut drawn = 0;
    while drawn < states {
        let mut tally = Tally::default();
        let mut actor = Actor {
            ground,
            flaw,
            tally: &mut tally,
            raw: false,
        };
        let mut story = Vec::new();
        let mut node = actor.finish(Node::first(ground, rollout.clone()), None);
        for step in 1..=STEPS {
            let Some((step_made, next)) = random_step(&mut actor, &node, &mut random) else {
                break;
            };
            story.extend(step_made.unseen.iter().map(ToString::to_string));
            story.push(line(ground, step_made.seen, &next));
            node = next;
            if let Some((promise, what)) = actor.tally.broken() {
                let known = |other: &Counterexample| other.promise == promise && other.what == what;
                let shorter = |other: &Counterexample| other.story.len() > story.len();
                let same = broken.iter().position(known);
                match same {
                    Some(same) if shorter(&broken[same]) => broken[same].story = story,
                    Some(_) => {}
                    None => broken.push(Counterexample {
                        promise,
                        what,
                        story,
                    }),
                }
                break;
            }
            if step % EVERY == 0 {
                drawn += 1;
                let prints = components(ground, &node);
                for (counts, print) in counts.iter_mut().zip(prints) {
                    *counts.entry(print).or_default() += 1;
                }
            }
        }
    }
    let components = COMPONENTS.into_iter().zip(&counts).map(|(name, counts)| {
        let times = |times: u64| counts.values().filter(|count| **count == times).count() as u64;
        let (once, twice) = (times(1), times(2));
        let drawn = counts.len() as u64;
        let unseen = once.saturating_mul(once.saturating_sub(1)) / (2 * (twice + 1));
        (name, drawn, drawn + unseen)
    });
    Sampled {
        drawn,
        components: components.collect(),
        broken,
    }
}

struct Decided<'a>(&'a Node);

impl Hash for Decided<'_> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.rollout.hash_decided(hasher);
    }
}

fn random_step(
    actor: &mut Actor<'_>,
    node: &Node,
    random: &mut SplitMix64,
) -> Option<(Step, Node)> {
    for _ in 0..20 {
        if random.chance(3_000) {
            // Something that nobody sees, and what meets it.
            let part = random.up_to(actor.ground.parts.len() as u64 - 1) as usize;
            let Some(index) = u8::try_from(part).ok() else {
                continue;
            };
            let Some(step) = one(&hidden(actor.ground, node, index), random) else {
                continue;
            };
            let Some(unseen) = actor.hides(node, step) else {
                continue;
            };
            let seen = moves(actor.ground, &unseen);
            let seen: Vec<_> = seen
                .into_iter()
                .filter(|seen| meets(actor, &unseen, part, step, *seen))
                .collect();
            if let Some(seen) = one(&seen, random)
                && let Some(next) = actor.after(&unseen, seen)
            {
                let unseen = vec![step];
                return Some((Step { unseen, seen }, next));
            }
        } else {
            let possible = moves(actor.ground, node);
            let kind = random.chance(6_000);
            let possible: Vec<_> = possible
                .into_iter()
                .filter(|step| !kind || step.is_kind(actor.ground, node))
                .collect();
            if let Some(seen) = one(&possible, random)
                && let Some(next) = actor.after(node, seen)
            {
                let unseen = Vec::new();
                return Some((Step { unseen, seen }, next));
            }
        }
    }
    None
}

fn one<T: Copy>(among: &[T], random: &mut SplitMix64) -> Option<T> {
    let last = u64::try_from(among.len()).ok()?.checked_sub(1)?;
    among
        .get(usize::try_from(random.up_to(last)).ok()?)
        .copied()
}
