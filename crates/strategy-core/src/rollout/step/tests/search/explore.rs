//! Breadth-first over everything that can happen, until nothing new does.

use std::collections::BTreeMap;

use super::decide::{Ask, Asker, Bug};
use super::happen::{Edge, End, Flight, State, edge, happenings, short};
use super::model::Model;
use super::promises::{Decision, Place};
use super::world::{CANDIDATE, Content, STABLE, START, World};
use crate::rollout::step::Until;
use crate::target::Routing;

/// What a search found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) states: usize,
    pub(super) edges: usize,
    /// States in which a person's hand is not overruled.
    pub(super) left: usize,
    /// The promise that is broken first, with what led there.
    pub(super) broken: Option<String>,
    /// How many states have no outcome before them, with what led to the first.
    pub(super) endless: Option<(usize, String)>,
    /// A state to which a kind world comes back.
    pub(super) circle: Option<String>,
}

struct Search<'a> {
    model: &'a Model,
    asker: Asker,
    states: Vec<State>,
    /// From where, and by what.
    parents: Vec<(usize, &'static str)>,
    index: BTreeMap<u128, usize>,
    /// Kind edges backwards.
    kind: Vec<Vec<u32>>,
    edges: usize,
    ends: Vec<usize>,
    left: usize,
}

pub(super) fn search(model: &Model, bug: Option<Bug>) -> Found {
    let mut search = Search {
        model,
        asker: Asker::new(model, bug),
        states: Vec::new(),
        parents: Vec::new(),
        index: BTreeMap::new(),
        kind: Vec::new(),
        edges: 0,
        ends: Vec::new(),
        left: 0,
    };
    let start = State {
        world: started(model),
        flight: None,
        stage: 0,
        effective: model.routing == Routing::FollowsReadiness,
        back: false,
        by_hand: false,
        baseline: model.baseline,
        end: End::None,
    };
    search.add(start, (0, "start"));
    let broken = search.run();
    let whole = broken.is_none();
    let endless = whole.then(|| search.endless()).flatten();
    let circle = whole.then(|| search.circle()).flatten();
    Found {
        states: search.states.len(),
        edges: search.edges,
        left: search.left,
        broken,
        endless,
        circle,
    }
}

impl Search<'_> {
    fn add(&mut self, state: State, parent: (usize, &'static str)) -> usize {
        let next = self.states.len();
        let at = *self.index.entry(state.key()).or_insert(next);
        if at == next {
            self.states.push(state);
            self.parents.push(parent);
            self.kind.push(Vec::new());
        }
        at
    }

    fn run(&mut self) -> Option<String> {
        let mut at = 0;
        while at < self.states.len() {
            match self.edges(at) {
                Err(promise) => return Some(self.story(at, promise)),
                Ok(edges) => {
                    for edge in edges {
                        self.edges += 1;
                        let to = self.add(edge.to, (at, edge.what));
                        if edge.kind {
                            self.kind[to].push(u32::try_from(at).unwrap());
                        }
                    }
                }
            }
            at += 1;
        }
        None
    }

    fn place<'s>(&'s self, state: &'s State) -> Place<'s> {
        Place {
            model: self.model,
            world: &state.world,
            baseline: state.baseline,
            back: state.back,
            until_ready: !state.effective,
            goal: self.goal(state),
        }
    }

    fn goal(&self, state: &State) -> Content {
        if state.back {
            self.model.start
        } else {
            self.model.stages[usize::from(state.stage)].content(state.baseline)
        }
    }

    /// What can happen in a state, or the promise that is broken in it.
    fn edges(&mut self, at: usize) -> Result<Vec<Edge>, &'static str> {
        let state = self.states[at];
        let place = self.place(&state);
        let mut edges = Vec::new();
        match state.end {
            End::None => {}
            End::Promoted | End::RolledBack => {
                let wrong = if state.end == End::Promoted {
                    place.is_promoted()
                } else {
                    place.is_home()
                };
                self.ends.push(at);
                return wrong.map_or(Ok(edges), Err);
            }
        }
        if let Some(flight) = state.flight {
            let landing = place.changes_revision(flight.content, flight.calm);
            if let (false, Some(promise)) = (flight.stale, landing) {
                return Err(promise);
            }
            edges.push(edge("the write lands", true, state.lands()));
            let failed = State {
                flight: None,
                ..state
            };
            edges.push(edge("the write fails", false, failed));
        } else {
            let ask = Ask {
                goal: self.goal(&state),
                baseline: state.baseline,
                until: if state.effective {
                    Until::Effective
                } else {
                    Until::Ready
                },
                back: state.back,
                may_detour: !state.by_hand,
            };
            let decision = self.asker.decide(&state.world, ask);
            if let Some(promise) = place.broken_by(decision) {
                return Err(promise);
            }
            match decision {
                Decision::Write(content) => {
                    let flight = Some(Flight {
                        content,
                        stale: false,
                        calm: [!place.is_exposed(STABLE), !place.is_exposed(CANDIDATE)],
                    });
                    return Ok(vec![edge("we write", true, State { flight, ..state })]);
                }
                Decision::Reached => {
                    edges.push(edge("reached", true, self.onwards(state)));
                    if !state.effective {
                        return Ok(edges);
                    }
                }
                Decision::Never if state.by_hand => {
                    self.left += 1;
                    self.ends.push(at);
                }
                Decision::Never | Decision::Wait => {}
            }
        }
        happenings(self.model, &state, &mut edges);
        Ok(edges)
    }

    fn onwards(&self, state: State) -> State {
        if state.back {
            State {
                end: End::RolledBack,
                ..state
            }
        } else if !state.effective {
            State {
                effective: true,
                ..state
            }
        } else if usize::from(state.stage) + 1 == self.model.stages.len() {
            State {
                end: End::Promoted,
                ..state
            }
        } else {
            State {
                stage: state.stage + 1,
                effective: self.model.routing == Routing::FollowsReadiness,
                ..state
            }
        }
    }

    /// States from which a kind world reaches no outcome.
    fn endless(&self) -> Option<(usize, String)> {
        let mut ends = vec![false; self.states.len()];
        let mut open = self.ends.clone();
        for at in &open {
            ends[*at] = true;
        }
        while let Some(at) = open.pop() {
            for from in &self.kind[at] {
                let from = *from as usize;
                if !ends[from] {
                    ends[from] = true;
                    open.push(from);
                }
            }
        }
        let endless = ends.iter().filter(|ends| !**ends).count();
        let first = ends.iter().position(|ends| !*ends)?;
        Some((endless, self.story(first, "no outcome is reachable")))
    }

    /// What is left when states that nothing kind leads to are taken away, again and again.
    fn circle(&self) -> Option<String> {
        let mut leaving = vec![0u32; self.states.len()];
        for from in self.kind.iter().flatten() {
            leaving[*from as usize] += 1;
        }
        let mut open: Vec<_> = (0..leaving.len()).filter(|at| leaving[*at] == 0).collect();
        let mut gone = 0;
        while let Some(at) = open.pop() {
            gone += 1;
            for from in &self.kind[at] {
                leaving[*from as usize] -= 1;
                if leaving[*from as usize] == 0 {
                    open.push(*from as usize);
                }
            }
        }
        let first = leaving.iter().position(|leaving| *leaving > 0)?;
        (gone < leaving.len()).then(|| self.story(first, "a kind world goes in a circle"))
    }

    /// How a state came about.
    fn story(&self, at: usize, end: &str) -> String {
        let mut lines = vec![format!("{end}: {:?}", self.states[at])];
        let mut at = at;
        while at != 0 {
            let (from, what) = self.parents[at];
            lines.push(format!("{what} -> {}", short(&self.states[at])));
            at = from;
        }
        lines.reverse();
        lines.join("\n")
    }
}

/// The start, with as many ready as there were.
fn started(model: &Model) -> World {
    let mut world = World::started(model.start, model.wants);
    if let Some(ready) = model.start_ready {
        world.pods[STABLE][usize::from(START)].ready = ready;
    }
    world
}
