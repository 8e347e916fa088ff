//! Plans to be searched.

use super::world::{CANDIDATE, Content, RELEASE, SLOT, STABLE, START, Told};
use crate::target::Routing;

/// A number of pods in a goal.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Count(u8),
    /// Percent of the baseline.
    Share(u8),
}

/// What a stage asks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Goal {
    pub(super) told: [Option<(u8, Number)>; 2],
    pub(super) weight: u8,
}

impl Goal {
    pub(super) fn content(&self, baseline: u8) -> Content {
        Content {
            told: self.told.map(|told| {
                told.map(|(version, number)| Told {
                    version,
                    number: match number {
                        Number::Count(count) => count,
                        Number::Share(percent) => {
                            (u16::from(percent) * u16::from(baseline)).div_ceil(100) as u8
                        }
                    },
                })
            }),
            weight: self.weight,
        }
    }
}

/// A start, a plan and the adversaries that are let loose.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) name: &'static str,
    pub(super) start: Content,
    pub(super) stages: Vec<Goal>,
    pub(super) baseline: u8,
    pub(super) routing: Routing,
    /// What stable's autoscaler wants at the start; it may come to want 1 to 3. 0: there is none.
    pub(super) wants: u8,
    /// The smallest step of a weight, in percent.
    pub(super) granularity: u8,
    /// Somebody may lower the weight, once.
    pub(super) person: bool,
    /// So many of stable's pods are ready at the start, and on the way back no more is asked.
    pub(super) start_ready: Option<u8>,
}

const fn stage(told: [Option<(u8, Number)>; 2], weight: u8) -> Goal {
    Goal { told, weight }
}

fn started(stable: u8, candidate: Option<u8>) -> Content {
    Content {
        told: [
            Some(Told {
                version: START,
                number: stable,
            }),
            candidate.map(|number| Told {
                version: SLOT,
                number,
            }),
        ],
        weight: 0,
    }
}

fn model(name: &'static str, start: Content, stages: Vec<Goal>) -> Model {
    let baseline = start.told[STABLE].map_or(0, |told| told.number);
    debug_assert!(start.told[CANDIDATE].is_none_or(|told| told.version == SLOT));
    Model {
        name,
        start,
        stages,
        baseline,
        routing: Routing::Routed,
        wants: 0,
        granularity: 50,
        person: true,
        start_ready: None,
    }
}

const fn all(version: u8) -> Option<(u8, Number)> {
    Some((version, Number::Share(100)))
}

const fn half(version: u8) -> Option<(u8, Number)> {
    Some((version, Number::Share(50)))
}

const fn none(version: u8) -> Option<(u8, Number)> {
    Some((version, Number::Count(0)))
}

/// Canary 50 and 100, stable updated, traffic returned, candidate retired.
pub(super) fn update(baseline: u8) -> Model {
    let stages = vec![
        stage([all(START), half(RELEASE)], 50),
        stage([all(START), all(RELEASE)], 100),
        stage([all(RELEASE), all(RELEASE)], 100),
        stage([all(RELEASE), all(RELEASE)], 50),
        stage([all(RELEASE), all(RELEASE)], 0),
        stage([all(RELEASE), None], 0),
    ];
    model("update", started(baseline, None), stages)
}

/// The same in one step up and one back: small enough for every test run.
pub(super) fn short_update(baseline: u8) -> Model {
    let stages = vec![
        stage([all(START), all(RELEASE)], 100),
        stage([all(RELEASE), all(RELEASE)], 100),
        stage([all(RELEASE), None], 0),
    ];
    model("short update", started(baseline, None), stages)
}

/// The same where half of the traffic is the candidate's already, which runs something else. What somebody
/// leaves it of that is the machine's to know, so nobody moves any here.
pub(super) fn exposed() -> Model {
    let mut start = started(2, Some(2));
    start.weight = 50;
    let mut model = model("exposed start", start, short_update(2).stages);
    model.stages.last_mut().expect("there are stages").told[CANDIDATE] = all(RELEASE);
    model.person = false;
    model
}

/// Blue-green into an idle slot that last ran something else.
pub(super) fn swap(slot: u8) -> Model {
    let stages = vec![
        stage([all(START), all(RELEASE)], 0),
        stage([all(START), all(RELEASE)], 100),
        stage([none(START), all(RELEASE)], 100),
    ];
    let name = if slot == 0 {
        "swap, slot v2x0"
    } else {
        "swap, slot v2x2"
    };
    Model {
        granularity: 100,
        ..model(name, started(2, Some(slot)), stages)
    }
}

/// Switch and retirement in one stage.
pub(super) fn merged() -> Model {
    let stages = vec![stage([none(START), all(RELEASE)], 100)];
    model("switch+retire merged", started(2, Some(0)), stages)
}

/// Stable makes room while it still carries traffic, and has nothing at the end.
pub(super) fn lean(baseline: u8) -> Model {
    let stages = vec![
        stage([half(START), half(RELEASE)], 50),
        stage([none(START), all(RELEASE)], 100),
    ];
    let name = if baseline == 2 { "lean, 2" } else { "lean, 4" };
    model(name, started(baseline, None), stages)
}

/// One of stable's pods was not ready when it began.
pub(super) fn one_unready(baseline: u8) -> Model {
    Model {
        name: "one unready at the start",
        start_ready: Some(baseline - 1),
        ..short_update(baseline)
    }
}

/// Stable owned by an autoscaler that wants 1 to 3 of it.
pub(super) fn owned() -> Model {
    let held = |version| Some((version, Number::Count(2)));
    let stages = vec![
        stage([held(START), half(RELEASE)], 50),
        stage([held(START), all(RELEASE)], 100),
    ];
    Model {
        wants: 2,
        baseline: 2,
        person: false,
        ..model("owned 1..=3", started(1, None), stages)
    }
}

/// The same with stable updated and traffic returned, in one step up and one back.
pub(super) fn short_owned_update() -> Model {
    let held = |version| Some((version, Number::Count(2)));
    Model {
        name: "owned 1..=3, short update",
        stages: vec![
            stage([held(START), all(RELEASE)], 100),
            stage([held(RELEASE), all(RELEASE)], 100),
            stage([held(RELEASE), None], 0),
        ],
        ..owned()
    }
}

/// The same by way of half the traffic, and somebody may interfere.
pub(super) fn owned_update() -> Model {
    let mut model = short_owned_update();
    model.name = "owned 1..=3, update";
    model.person = true;
    model.stages.splice(..0, owned().stages.into_iter().take(1));
    model
}

/// Replica share: counts are the only lever.
pub(super) fn follows_readiness(baseline: u8) -> Model {
    let stages = vec![
        stage([half(START), half(RELEASE)], 0),
        stage([none(START), all(RELEASE)], 0),
        stage([all(RELEASE), None], 0),
    ];
    let name = if baseline == 2 {
        "follows readiness, 2"
    } else {
        "follows readiness, 4"
    };
    Model {
        routing: Routing::FollowsReadiness,
        person: false,
        ..model(name, started(baseline, None), stages)
    }
}
