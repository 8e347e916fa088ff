//! From every state an end is reached: in a kind world an outcome, with a dead platform rest.

use super::promise::Promise;
use super::search::Fault;
use super::visited::Visited;
use crate::rollout::searched::Place;

impl Visited {
    /// The first state from which a kind world reaches no outcome, goes round in a circle, or from which
    /// a dead platform is never left alone.
    ///
    /// States that were not followed count as ends: nothing is known of what comes after them.
    pub(super) fn endless(&self) -> Option<Fault> {
        let states = self.parents.len();
        let known = |state: usize| self.followed.get(state) == Some(&true);
        let settled = |state: usize| self.places.get(state) == Some(&Place::Settled);
        let end = |state: usize| settled(state) || !known(state);
        let kind = self.kind.iter().map(|(from, to, _)| (*from, *to));
        let reaches = backwards(states, kind.clone(), end);
        let fault = |state: usize, what: &str| Fault {
            promise: Promise::of(14),
            what: what.to_owned(),
            from: u32::try_from(state).unwrap_or(u32::MAX),
            step: None,
        };
        let lost = |state: &usize| !reaches.get(*state).copied().unwrap_or(true);
        if let Some(first) = (0..states).find(lost) {
            // Where nothing kind happens any more, rather than what only leads there.
            let mut leaves = vec![false; states];
            for (from, _, _) in &self.kind {
                if let Some(leaves) = leaves.get_mut(*from as usize) {
                    *leaves = true;
                }
            }
            let ends = |state: &usize| lost(state) && !leaves.get(*state).copied().unwrap_or(true);
            // Or where what is kind goes round in a circle.
            let circle = || {
                let among =
                    |(from, to): &(u32, u32)| lost(&(*from as usize)) && lost(&(*to as usize));
                circles(states, kind.clone().filter(among), |_| false)
            };
            let state = (0..states).find(ends).or_else(circle).unwrap_or(first);
            let mut places: Vec<String> = (0..states)
                .filter(lost)
                .filter_map(|state| Some(format!("{:?}", self.places.get(state)?)))
                .collect();
            let count = places.len();
            places.sort_unstable();
            places.dedup();
            let places = places.join(", ");
            return Some(fault(
                state,
                &format!(
                    "no outcome can be reached in a kind world from here, nor from any of {count} states: {places}"
                ),
            ));
        }
        // A person who tries again for ever is no fault of the machine.
        let by_itself = self.kind.iter().filter(|(_, _, by_itself)| *by_itself);
        let by_itself = by_itself.map(|(from, to, _)| (*from, *to));
        let asks = |state: usize| self.places.get(state) == Some(&Place::Asking);
        let circle = circles(states, by_itself, asks);
        if let Some(state) = circle {
            return Some(fault(
                state,
                "a kind world comes back to this without an outcome",
            ));
        }
        // What is stuck is at rest: it says so, and keeps looking.
        let rests = |state: usize| {
            matches!(
                self.places.get(state),
                Some(Place::Stuck | Place::Asking | Place::Settled)
            )
        };
        let restless = circles(states, self.dead.iter().copied(), rests);
        restless.map(|state| fault(state, "a platform that never answers is never left alone"))
    }

    /// How many states the judgement of liveness covers.
    pub(super) fn judged(&self) -> u64 {
        self.followed.iter().filter(|followed| **followed).count() as u64
    }
}

/// Edges by the state that they lead to.
struct Into {
    starts: Vec<u32>,
    from: Vec<u32>,
}

impl Into {
    fn new(states: usize, edges: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = vec![0u32; states + 1];
        for (_, to) in edges.clone() {
            if let Some(count) = starts.get_mut(to as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for count in &mut starts {
            sum += *count;
            *count = sum;
        }
        let mut at = starts.clone();
        let mut from = vec![0u32; sum as usize];
        for (source, to) in edges {
            if let Some(at) = at.get_mut(to as usize) {
                if let Some(place) = from.get_mut(*at as usize) {
                    *place = source;
                }
                *at += 1;
            }
        }
        Self { starts, from }
    }

    fn of(&self, state: usize) -> &[u32] {
        let range = self.starts.get(state..state + 2);
        let range = range.map(|range| range[0] as usize..range[1] as usize);
        range.and_then(|range| self.from.get(range)).unwrap_or(&[])
    }
}

/// Which states reach one that is an end.
fn backwards(
    states: usize,
    edges: impl Iterator<Item = (u32, u32)> + Clone,
    end: impl Fn(usize) -> bool,
) -> Vec<bool> {
    let into = Into::new(states, edges);
    let mut reaches: Vec<bool> = (0..states).map(end).collect();
    let mut stack: Vec<usize> = (0..states).filter(|state| reaches[*state]).collect();
    while let Some(state) = stack.pop() {
        for from in into.of(state) {
            let from = *from as usize;
            if !reaches[from] {
                reaches[from] = true;
                stack.push(from);
            }
        }
    }
    reaches
}

/// A state from which one can go on for ever, if there is any; `end`: what is not left.
fn circles(
    states: usize,
    edges: impl Iterator<Item = (u32, u32)> + Clone,
    end: impl Fn(usize) -> bool,
) -> Option<usize> {
    let edges = edges.filter(|(from, _)| !end(*from as usize));
    let mut left = vec![0u32; states];
    let edges: Vec<(u32, u32)> = edges.collect();
    for (from, _) in &edges {
        left[*from as usize] += 1;
    }
    let into = Into::new(states, edges.iter().copied());
    let mut stack: Vec<usize> = (0..states).filter(|state| left[*state] == 0).collect();
    let mut gone = stack.len();
    while let Some(state) = stack.pop() {
        for from in into.of(state) {
            let from = *from as usize;
            left[from] -= 1;
            if left[from] == 0 {
                gone += 1;
                stack.push(from);
            }
        }
    }
    if gone == states {
        return None;
    }
    // One that leads back to itself, rather than one that only leads to it.
    let mut state = left.iter().position(|left| *left > 0)?;
    let mut out = vec![None; states];
    for (from, to) in &edges {
        if left[*to as usize] > 0 {
            out[*from as usize] = Some(*to as usize);
        }
    }
    for _ in 0..states {
        state = out.get(state).copied().flatten()?;
    }
    Some(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_and_dead_ends_are_found() {
        let edges = [(0, 1), (1, 2), (2, 1), (0, 3)];
        let reaches = backwards(4, edges.iter().copied(), |state| state == 3);
        assert_eq!(reaches, [true, false, false, true]);
        let circle = circles(4, edges.iter().copied(), |_| false);
        assert!(matches!(circle, Some(1 | 2)), "{circle:?}");
        assert_eq!(circles(4, edges.iter().copied(), |state| state == 2), None);
        assert_eq!(circles(2, [(0, 1)].into_iter(), |_| false), None);
        assert_eq!(circles(1, [(0, 0)].into_iter(), |_| false), Some(0));
    }
}
