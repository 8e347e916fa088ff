//! Which states have the same future, and in what they differ: what a reduction could put together.

use std::collections::{BTreeMap, BTreeSet};

use super::described::each_line;
use super::fingerprint::mix;
use super::node::Node;
use super::visited::Visited;

/// States that were visited, in words, and what followed of each.
#[derive(Debug, Default)]
pub(super) struct Same {
    words: BTreeMap<u32, String>,
    pub(super) steps: Vec<Step>,
}

/// One step, under a name that is the same in every state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) from: u32,
    pub(super) label: u64,
    pub(super) to: u32,
}

/// What differs among states that have the same future.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SameFuture {
    /// Of each number of misfortunes: states, and classes of those with the same future.
    pub classes: Vec<(usize, usize)>,
    /// Sets of components that differ between two states with the same future, and how often.
    pub differ: Vec<(String, usize)>,
}

impl Same {
    pub(super) fn add(&mut self, state: u32, node: &Node) {
        self.words.insert(state, node.describe());
    }

    /// The states by classes of the same future, and in what those of one class differ.
    ///
    /// It errs towards the same future: of what takes more than one misfortune more nothing is known, and
    /// of the states that take most of them only what is kind.
    pub(super) fn future(&self, visited: &Visited, within: u8) -> SameFuture {
        let colours = self.colours(visited);
        let mut classes = vec![(0, BTreeSet::new()); usize::from(within) + 1];
        for (colour, mischief) in colours.iter().zip(&visited.mischief) {
            if let Some((count, set)) = classes.get_mut(usize::from(*mischief)) {
                *count += 1;
                set.insert(*colour);
            }
        }
        let mut first: BTreeMap<u64, &str> = BTreeMap::new();
        let mut differ: BTreeMap<String, usize> = BTreeMap::new();
        for (state, words) in &self.words {
            let at = *state as usize;
            let (Some(colour), Some(mischief)) = (colours.get(at), visited.mischief.get(at)) else {
                continue;
            };
            if *mischief >= within {
                continue;
            }
            match first.get(colour) {
                None => {
                    first.insert(*colour, words);
                }
                Some(other) => *differ.entry(differing(other, words)).or_default() += 1,
            }
        }
        let mut differ: Vec<(String, usize)> = differ.into_iter().collect();
        differ.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let classes = classes.into_iter().map(|(count, set)| (count, set.len()));
        SameFuture {
            classes: classes.collect(),
            differ,
        }
    }

    /// Refined until each class has one future: states of one colour have the same steps, to the same
    /// colours.
    fn colours(&self, visited: &Visited) -> Vec<u64> {
        let layers: Vec<u64> = visited
            .places
            .iter()
            .zip(&visited.mischief)
            .map(|(place, mischief)| mix(&(format!("{place:?}"), mischief)))
            .collect();
        let mut after: Vec<Vec<(u64, u32)>> = vec![Vec::new(); layers.len()];
        for step in &self.steps {
            if let Some(after) = after.get_mut(step.from as usize) {
                after.push((step.label, step.to));
            }
        }
        let mut colours = layers.clone();
        let mut distinct = 0;
        loop {
            let next = after.iter().zip(&layers).map(|(steps, layer)| {
                let to = |to: u32| colours.get(to as usize).copied().unwrap_or_default();
                let mut of: Vec<(u64, u64)> =
                    steps.iter().map(|step| (step.0, to(step.1))).collect();
                of.sort_unstable();
                of.dedup();
                mix(&(layer, of))
            });
            let next: Vec<u64> = next.collect();
            let now = next.iter().collect::<BTreeSet<_>>().len();
            colours = next;
            if now == distinct {
                return colours;
            }
            distinct = now;
        }
    }
}

/// Every line by the way to it.
fn leaves(text: &str) -> BTreeMap<String, String> {
    let mut leaves: BTreeMap<String, String> = BTreeMap::new();
    each_line(text, |ways, line| {
        if let Some((_, path)) = ways.last() {
            leaves.entry(path.clone()).or_default().push_str(line);
        }
    });
    leaves
}

/// The components that differ, the highest only.
fn differing(a: &str, b: &str) -> String {
    let (a, b) = (leaves(a), leaves(b));
    let mut paths = BTreeSet::new();
    for path in a.keys().chain(b.keys()) {
        if a.get(path) != b.get(path) {
            paths.insert(path.as_str());
        }
    }
    // Only what is highest.
    let mut highest: Vec<&str> = Vec::new();
    for path in paths {
        if !highest.iter().any(|above| path.starts_with(above)) {
            highest.push(path);
        }
    }
    highest.join(" + ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollout::searched::Place;

    /// Of 1 and 2 the same follows; 3 goes on to something else.
    #[test]
    fn states_of_which_the_same_follows_are_of_one_class() {
        let visited = Visited {
            places: vec![Place::Forward; 6],
            mischief: vec![0, 1, 1, 1, 1, 1],
            ..Visited::default()
        };
        let step = |from, label, to| Step { from, label, to };
        let same = Same {
            words: BTreeMap::from([
                (1, "a:\n    b: 1\n    c: 1".to_owned()),
                (2, "a:\n    b: 1\n    c: 2".to_owned()),
                (3, "a:\n    b: 1\n    c: 3".to_owned()),
            ]),
            steps: vec![step(1, 7, 4), step(2, 7, 4), step(3, 7, 5), step(5, 8, 4)],
        };
        let future = same.future(&visited, 2);
        assert_eq!(future.classes, [(1, 1), (5, 4), (0, 0)]);
        assert_eq!(future.differ, [("/a/c".to_owned(), 1)]);
    }
}
