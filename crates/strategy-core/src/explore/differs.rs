//! What multiplies the states of a search: for each component of a state how many values it has, and how
//! many states there would be without it.

use std::collections::{BTreeMap, BTreeSet};

use super::described::each_line;
use super::fingerprint::mix;
use super::node::Node;

/// A component of a state, and how much of the number of states is its doing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Component {
    /// The way to it through the fields.
    pub path: String,
    /// Different values that it has.
    pub values: usize,
    /// Different states that would be left if it were not looked at.
    pub without: usize,
}

/// Of the states that were given, what differs among them.
#[derive(Debug, Default)]
pub(super) struct Differing {
    /// Of each state the sum over all components, and that of each component.
    states: Vec<(u64, Vec<(u32, u64)>)>,
    paths: BTreeMap<String, u32>,
}

impl Differing {
    pub(super) fn add(&mut self, node: &Node) {
        let mut sums: BTreeMap<u32, u64> = BTreeMap::new();
        let mut whole = 0u64;
        let paths = &mut self.paths;
        each_line(&node.describe(), |ways, line| {
            let path = ways.last().map_or("", |(_, path)| path.as_str());
            let value = mix(&(path, line));
            whole = whole.wrapping_add(value);
            for (_, path) in ways {
                let next = u32::try_from(paths.len()).unwrap_or(u32::MAX);
                let id = match paths.get(path) {
                    Some(id) => *id,
                    None => *paths.entry(path.clone()).or_insert(next),
                };
                let sum = sums.entry(id).or_default();
                *sum = sum.wrapping_add(value);
            }
        });
        self.states.push((whole, sums.into_iter().collect()));
    }

    /// The components that differ, the one that multiplies most first.
    pub(super) fn components(&self) -> Vec<Component> {
        let mut components = Vec::new();
        for (path, id) in &self.paths {
            let (mut values, mut without) = (BTreeSet::new(), BTreeSet::new());
            for (whole, sums) in &self.states {
                let sum = sums.binary_search_by_key(id, |(id, _)| *id);
                let sum = sum
                    .ok()
                    .and_then(|at| sums.get(at))
                    .map_or(0, |(_, sum)| *sum);
                values.insert(sum);
                without.insert(whole.wrapping_sub(sum));
            }
            if values.len() > 1 {
                components.push(Component {
                    path: path.clone(),
                    values: values.len(),
                    without: without.len(),
                });
            }
        }
        components.sort_by_key(|component| component.without);
        components
    }
}
