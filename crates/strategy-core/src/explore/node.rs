//! A state of the search: the machine in canonical form, its world, and what the judge remembers.

use std::hash::{Hash, Hasher};
use std::time::Duration;

use super::ground::Ground;
use super::memory::Memory;
use super::world::{PartWorld, World};
use crate::release::Part;
use crate::rollout::searched::Place;
use crate::rollout::{Effect, Rollout};
use crate::target::{Apply, EffectId};

/// A state of the search.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) rollout: Rollout,
    pub(super) world: World,
    pub(super) memory: Memory,
    /// Effects that this process was given to perform and has not answered.
    pub(super) ordered: Vec<EffectId>,
}

/// Something that a driver is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    Effect(EffectId),
    Look,
    Measure,
}

impl Hash for Node {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.rollout.hash_state(hasher);
        self.world.hash(hasher);
        self.memory.hash(hasher);
        self.ordered.hash(hasher);
    }
}

/// The machine of a state, without its world and what the judge remembers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine<'a>(pub(super) &'a Node);

impl Hash for Machine<'_> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.rollout.hash_state(hasher);
        self.0.ordered.hash(hasher);
    }
}

impl Node {
    /// Everything by which it can differ from others, in words.
    pub(super) fn describe(&self) -> String {
        let Self {
            rollout,
            world,
            memory,
            ordered,
        } = self;
        let rest = (world, memory, ordered);
        format!("{}\n{rest:#?}", rollout.describe_state())
    }

    /// Where every search begins: a machine that was just started, in a world as it was discovered.
    pub(super) fn first(ground: &Ground, rollout: Rollout) -> Self {
        let world = World::new(ground);
        let memory = Memory::new(ground, &world);
        Self {
            rollout,
            world,
            memory,
            ordered: Vec::new(),
        }
    }

    /// Where the machine is. Where another rollout has the claim, only a person can help, whether the
    /// machine knows it or not.
    pub(super) fn place(&self) -> Place {
        let ours = |world: &PartWorld| {
            let holder = world.claim.as_ref().map(|claim| &claim.holder);
            holder == Some(self.rollout.id())
        };
        let place = self.rollout.place();
        if place == Place::Stuck && !self.world.parts.iter().all(ours) {
            Place::Asking
        } else {
            place
        }
    }

    /// A look at a part is under way.
    pub(super) fn looks(&self, part: usize) -> bool {
        let part = self.rollout.found().iter().nth(part);
        part.is_some_and(|(part, _)| self.rollout.look_under_way(part).is_some())
    }

    /// Everything that the driver is at.
    pub(super) fn pending(&self, ground: &Ground) -> Vec<Pending> {
        let effects = self.ordered.iter().copied().map(Pending::Effect);
        let looks = (0..ground.parts.len()).filter(|part| self.looks(*part));
        let checks = ground.plan.checks().keys();
        let measures = checks.filter(|check| self.rollout.measure_under_way(check).is_some());
        effects
            .chain(looks.map(|_| Pending::Look))
            .chain(measures.map(|_| Pending::Measure))
            .collect()
    }

    /// The effects that this process is at.
    pub(super) fn under_way(&self) -> impl Iterator<Item = &Effect> {
        let ordered = self.ordered.iter();
        ordered.filter_map(|id| self.rollout.open_effect(*id))
    }

    /// The writes that this process is at.
    pub(super) fn writes_under_way(&self) -> Vec<(EffectId, Part, Box<Apply>)> {
        let writes = self.rollout.open_effects().filter_map(|(id, effect)| {
            let Effect::Apply { part, request } = effect else {
                return None;
            };
            let ordered = self.ordered.contains(&id);
            ordered.then(|| (id, part.clone(), request.clone()))
        });
        writes.collect()
    }

    /// This process is at a write or claim of a part.
    pub(super) fn writes_or_claims(&self, of: &Part) -> bool {
        self.ordered
            .iter()
            .any(|id| match self.rollout.open_effect(*id) {
                Some(Effect::Apply { part, .. } | Effect::Claim { part, .. }) => part == of,
                Some(
                    Effect::Observe { .. }
                    | Effect::Measure { .. }
                    | Effect::RunHook { .. }
                    | Effect::AskGate { .. }
                    | Effect::Cancel { .. },
                )
                | None => false,
            })
    }

    /// Once the outcome is said, what is written and what pods do is nobody's business any more; once it
    /// settled, neither are claims.
    pub(super) fn reduce(&mut self, ground: &Ground) {
        if self.rollout.outcome().is_none() {
            return;
        }
        let settled = self.rollout.is_settled();
        let memory = Memory::new(ground, &World::new(ground));
        for (world, part) in self.world.parts.iter_mut().zip(&ground.parts) {
            let late = world.late.take().filter(|_| !settled);
            if late.is_none() {
                let claim = world.claim.take().filter(|_| !settled);
                *world = PartWorld::new(part);
                world.claim = claim;
            }
            world.late = late;
        }
        let held: Vec<_> = self.memory.parts.iter().map(|part| part.held).collect();
        self.memory = memory;
        for (part, held) in self.memory.parts.iter_mut().zip(held) {
            part.held = held.filter(|_| !settled);
        }
    }

    /// A tick may pass: what the driver is at would have been answered, or given up, by then.
    pub(super) fn is_quiet(&self, ground: &Ground) -> bool {
        self.pending(ground).iter().all(|pending| match pending {
            Pending::Look | Pending::Measure => false,
            Pending::Effect(id) => self
                .rollout
                .open_effect(*id)
                .is_none_or(|effect| timeout(effect) > ground.tick),
        })
    }
}

fn timeout(effect: &Effect) -> Duration {
    match effect {
        Effect::Claim { timeout, .. }
        | Effect::Observe { timeout, .. }
        | Effect::Measure { timeout, .. }
        | Effect::RunHook { timeout, .. }
        | Effect::AskGate { timeout, .. } => *timeout,
        Effect::Apply { request, .. } => request.timeout,
        Effect::Cancel { .. } => Duration::ZERO,
    }
}
