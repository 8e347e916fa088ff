//! What a search knows of the states that it has visited.

use std::collections::BTreeMap;

use super::node::Node;
use crate::rollout::searched::Place;

/// Everything that a search knows of the states that it has visited.
#[derive(Debug, Default)]
pub(super) struct Visited {
    pub(super) index: BTreeMap<u128, u32>,
    /// From where, and by which of the steps that can be made there; the first state has itself.
    pub(super) parents: Vec<(u32, u32)>,
    /// With how much mischief at least a state is reached.
    pub(super) mischief: Vec<u8>,
    /// Steps that lead to a state.
    pub(super) depths: Vec<u16>,
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
    pub(super) fn reach(&mut self, reached: &Reached, mischief: u8) -> (u32, bool) {
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
            if let Some(followed) = self.followed.get_mut(at) {
                *followed = false;
            }
        }
        (to, better)
    }

    pub(super) fn is_known(&self, print: u128, mischief: u8) -> bool {
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

/// A state that was reached.
pub(super) struct Reached {
    pub(super) from: u32,
    pub(super) step: u32,
    pub(super) label: u64,
    pub(super) print: u128,
    /// Of the machine alone.
    pub(super) machine: u128,
    /// Of this step.
    pub(super) mischief: u8,
    pub(super) kind: bool,
    pub(super) by_itself: bool,
    pub(super) dead: bool,
    pub(super) place: Place,
    /// Only of a state that is to be followed from here on.
    pub(super) node: Option<Box<Node>>,
}
