//! A rollout in its world, and everything that can happen to it.

use super::model::Model;
use super::world::{Bits, CANDIDATE, Content, RELEASE, STABLE, World, share};

/// How a rollout stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    None,
    Promoted,
    RolledBack,
}

/// A write that has not landed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flight {
    pub(super) content: Content,
    /// Somebody else wrote since: it will be refused.
    pub(super) stale: bool,
    /// By side: whether nobody could reach it when the write was decided on. Pods that got ready since
    /// are nobody's fault; a request that gets there since is.
    pub(super) calm: [bool; 2],
}

#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    pub(super) world: World,
    pub(super) flight: Option<Flight>,
    pub(super) stage: u8,
    pub(super) effective: bool,
    pub(super) back: bool,
    pub(super) by_hand: bool,
    pub(super) baseline: u8,
    pub(super) end: End,
}

impl State {
    pub(super) fn key(&self) -> u128 {
        let mut bits = Bits(self.world.packed());
        match self.flight {
            None => bits.push(0, 1),
            Some(flight) => {
                bits.push(1, 1);
                bits.content(flight.content);
                for flag in [flight.stale, flight.calm[0], flight.calm[1]] {
                    bits.push(u8::from(flag), 1);
                }
            }
        }
        bits.push(self.stage, 3);
        bits.push(self.baseline, 3);
        for flag in [self.effective, self.back, self.by_hand] {
            bits.push(u8::from(flag), 1);
        }
        bits.push(self.end as u8, 2);
        bits.0
    }

    pub(super) fn lands(mut self) -> Self {
        if let Some(flight) = self.flight.take()
            && !flight.stale
        {
            self.world.land(flight.content);
        }
        self
    }

    pub(super) fn aborted(mut self) -> Self {
        self.back = true;
        self.flight = None;
        self.stage = 0;
        self.effective = true;
        self
    }
}

/// Something that can happen.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edge {
    pub(super) what: &'static str,
    /// A kind world does it.
    pub(super) kind: bool,
    pub(super) to: State,
}

pub(super) fn happenings(model: &Model, state: &State, edges: &mut Vec<Edge>) {
    let world = state.world;
    let mut happen = |what, kind, change: &dyn Fn(&mut World)| {
        let mut to = *state;
        change(&mut to.world);
        edges.push(edge(what, kind, to));
    };
    for side in [STABLE, CANDIDATE] {
        for (at, pods) in world.pods[side].into_iter().enumerate() {
            if pods.ready > 0 {
                // Pods of a broken release that are still ready may stay so, unless no side
                // covers everything: then no promise lets us give any of them up.
                let covers = (0..2).any(|side| world.ready(side) >= state.baseline);
                let kind = world.broken && !covers && at == usize::from(RELEASE);
                happen("a pod is no longer ready", kind, &|world| {
                    world.pods[side][at].ready -= 1;
                });
            }
            if pods.ready < pods.total && !(world.broken && at == usize::from(RELEASE)) {
                happen("a pod gets ready", true, &|world| {
                    world.pods[side][at].ready += 1;
                });
            }
            let told = world.content.told[side];
            if pods.total > 0 && told.is_some_and(|told| usize::from(told.version) != at) {
                happen("a pod is replaced", true, &|world| world.replace(side, at));
            }
        }
        if world.draining[side] {
            happen("drained", true, &|world| world.draining[side] = false);
        }
    }
    if world.effective != world.content.weight {
        happen("traffic follows", true, &World::converge);
    }
    if !world.broken {
        happen("the release breaks", false, &|world| world.broken = true);
    }
    hands(model, state, edges);
}

/// What people and autoscalers do.
fn hands(model: &Model, state: &State, edges: &mut Vec<Edge>) {
    let world = state.world;
    if world.wants > 0 {
        for wants in [world.wants - 1, world.wants + 1] {
            if (1..=3).contains(&wants) {
                let mut to = *state;
                to.world.wants = wants;
                to.world.scale(STABLE);
                to.baseline = to.baseline.max(wants);
                edges.push(edge("the autoscaler changes its mind", false, to));
            }
        }
    }
    if !state.back {
        // A cancelled write has landed or never will: the fence sees to that.
        let kind = world.broken;
        edges.push(edge("abort", kind, state.aborted()));
        if state.flight.is_some() {
            edges.push(edge(
                "abort, the write landed",
                kind,
                state.lands().aborted(),
            ));
        }
    }
    if model.person && !state.by_hand {
        let step = usize::from(model.granularity);
        for weight in (0..world.content.weight).step_by(step) {
            let mut to = *state;
            let content = Content {
                weight,
                ..world.content
            };
            to.world.land(content);
            to = to.aborted();
            to.by_hand = true;
            debug_assert!(share(CANDIDATE, weight) < 100);
            edges.push(edge("a person lowers the weight", false, to));
        }
    }
}

pub(super) fn edge(what: &'static str, kind: bool, to: State) -> Edge {
    Edge { what, kind, to }
}

pub(super) fn short(state: &State) -> String {
    let world = &state.world;
    let side = |side: usize| {
        let told = world.content.told[side].map_or_else(
            || "-".into(),
            |told| format!("v{}x{}", told.version, told.number),
        );
        let pods = (0..3)
            .filter(|at| world.pods[side][*at].total > 0)
            .map(|at| {
                let pods = world.pods[side][at];
                format!(" v{at} {}/{}", pods.ready, pods.total)
            });
        told + &pods.collect::<String>()
    };
    format!(
        "S {}; C {}; w{} e{} draining {:?}{}{} base {} stage {}",
        side(STABLE),
        side(CANDIDATE),
        world.content.weight,
        world.effective,
        world.draining,
        if world.broken { " broken" } else { "" },
        if state.back { " back" } else { "" },
        state.baseline,
        state.stage,
    )
}
