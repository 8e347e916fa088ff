//! Drawn platforms: parts, workloads, routers, autoscalers.

use std::time::Duration;

use proptest::prelude::*;

use super::values::{percent, seconds};
use crate::release::Part;
use crate::simulation::Simulation;
use crate::target::{Effectiveness, Promotion, Routing};
use crate::weight::Weight;
use crate::world::{Happening, ScalerSetup, Scenario, Shape, WorkloadSetup};

/// What stable runs, what a slot that is used runs besides, and what is released.
pub(super) const RUNNING: &str = "app:v1";
pub(super) const OLDER: &str = "app:v0";
pub(super) const RELEASED: &str = "app:v2";

/// By whom that is which was so before the rollout began, and befalls nobody.
const YESTERDAY: &str = "yesterday";

/// Whether it only says how the world was before the rollout began: that is no misfortune.
pub(in crate::simulation::random) fn was_before(happening: &Happening) -> bool {
    matches!(happening, Happening::WeightMoved { by, .. } if by == YESTERDAY)
}

/// How traffic reaches the pods, and how a candidate becomes stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A router, and a candidate that is made for the rollout.
    Update,
    /// A router, and a candidate that is there with so many pods.
    Found(u32),
    /// Two slots and a switch; the idle one has so many pods.
    Slots(u32),
    /// Two slots and a router that shares by the percent.
    SharedSlots(u32),
    /// A router; the candidate stays where it is.
    Swap,
    /// Requests reach whatever is ready.
    Readiness,
}

impl Kind {
    pub(super) const fn promotes_by_update(self) -> bool {
        match self {
            Self::Update | Self::Found(_) | Self::Readiness => true,
            Self::Slots(_) | Self::SharedSlots(_) | Self::Swap => false,
        }
    }

    /// Whether the rollout makes the candidate.
    pub(super) const fn creates(self) -> bool {
        match self {
            Self::Update | Self::Swap | Self::Readiness => true,
            Self::Found(_) | Self::Slots(_) | Self::SharedSlots(_) => false,
        }
    }

    pub(super) const fn follows_readiness(self) -> bool {
        match self {
            Self::Readiness => true,
            Self::Update | Self::Found(_) | Self::Slots(_) | Self::SharedSlots(_) | Self::Swap => {
                false
            }
        }
    }

    pub(super) const fn is_all_or_nothing(self) -> bool {
        match self {
            Self::Slots(_) => true,
            Self::Update | Self::Found(_) | Self::SharedSlots(_) | Self::Swap | Self::Readiness => {
                false
            }
        }
    }

    /// Whether requests can be routed and copied.
    pub(super) const fn has_routes(self) -> bool {
        match self {
            Self::Update | Self::Found(_) | Self::Swap => true,
            Self::Slots(_) | Self::SharedSlots(_) | Self::Readiness => false,
        }
    }
}

/// One part.
#[derive(Clone, Debug)]
pub(super) struct PartDraft {
    pub(super) pods: u32,
    requests_per_pod: u32,
    /// The second slot is the live one.
    is_swapped: bool,
    scaler: Option<Scaler>,
}

#[derive(Clone, Copy, Debug)]
struct Scaler {
    below: u32,
    above: u32,
    per_pod: Option<u32>,
    on_both: bool,
}

/// All parts are of one kind.
#[derive(Clone, Debug)]
pub(super) struct Platform {
    pub(super) kind: Kind,
    pub(super) parts: Vec<PartDraft>,
    lag: Duration,
    pub(super) drain: Duration,
    sessions: Option<(Weight, Duration)>,
    metric_delay: Duration,
    assumed: Option<Duration>,
    is_unfenced: bool,
}

pub(super) fn platform() -> BoxedStrategy<Platform> {
    let parts = prop_oneof![
        6 => part(3..=12).prop_map(|part| vec![part]),
        1 => (part(3..=6), part(1..=5)).prop_map(|(first, second)| vec![first, second]),
    ];
    let lag = prop_oneof![
        4 => Just(Duration::from_secs(2)),
        1 => Just(Duration::ZERO),
        2 => seconds(1..=40),
    ];
    let drain = prop_oneof![
        4 => Just(Duration::from_secs(5)),
        1 => Just(Duration::ZERO),
        2 => seconds(1..=60),
    ];
    let sessions = proptest::option::weighted(0.2, (percent(1..=60), seconds(5..=90)));
    let metric_delay = prop_oneof![4 => Just(Duration::ZERO), 1 => seconds(1..=20)];
    let assumed = proptest::option::weighted(0.1, seconds(5..=60));
    let is_unfenced = proptest::bool::weighted(0.05);
    let rest = (lag, drain, sessions, metric_delay, assumed, is_unfenced);
    (kind(), parts, rest)
        .prop_map(|(kind, parts, rest)| {
            let (lag, drain, sessions, metric_delay, assumed, is_unfenced) = rest;
            Platform {
                kind,
                parts,
                lag,
                drain,
                sessions,
                metric_delay,
                assumed,
                is_unfenced,
            }
        })
        .boxed()
}

fn kind() -> BoxedStrategy<Kind> {
    prop_oneof![
        4 => Just(Kind::Update),
        2 => (0..=3_u32).prop_map(Kind::Found),
        3 => (0..=5_u32).prop_map(Kind::Slots),
        2 => (0..=5_u32).prop_map(Kind::SharedSlots),
        1 => Just(Kind::Swap),
        3 => Just(Kind::Readiness),
    ]
    .boxed()
}

fn part(pods: std::ops::RangeInclusive<u32>) -> BoxedStrategy<PartDraft> {
    let per_pod = proptest::option::weighted(0.3, 10..=40_u32);
    let scaler = (0..=3_u32, 0..=6_u32, per_pod, any::<bool>()).prop_map(
        |(below, above, per_pod, on_both)| Scaler {
            below,
            above,
            per_pod,
            on_both,
        },
    );
    let scaler = proptest::option::weighted(0.25, scaler);
    (pods, 5..=40_u32, proptest::bool::weighted(0.2), scaler)
        .prop_map(|(pods, requests_per_pod, is_swapped, scaler)| PartDraft {
            pods,
            requests_per_pod,
            is_swapped,
            scaler,
        })
        .boxed()
}

impl Platform {
    /// The names of its parts.
    pub(super) fn names(&self) -> &'static [&'static str] {
        if self.parts.len() > 1 {
            &["backend", "frontend"]
        } else {
            &["main"]
        }
    }

    /// A world like this, in which nothing happens.
    pub(super) fn simulation(&self, seed: u64) -> Simulation {
        let parts = self.names().iter().zip(&self.parts);
        parts.fold(Simulation::seed(seed), |simulation, (name, part)| {
            simulation.world(|world| self.with(world, name, part))
        })
    }

    fn with(&self, world: Scenario, name: &str, part: &PartDraft) -> Scenario {
        let world = self.workloads(world.part(name), part);
        let world = world
            .requests_per_second(part.pods * part.requests_per_pod)
            .metric_delay(self.metric_delay)
            .lag(self.lag)
            .drain(self.drain);
        let world = match self.sessions {
            Some((share, stay)) if !self.kind.follows_readiness() => world.sessions(share, stay),
            Some(_) | None => world,
        };
        let world = match self.kind {
            Kind::Update | Kind::Found(_) | Kind::Slots(_) => world,
            Kind::SharedSlots(_) => world.capabilities(|can| {
                can.granularity = percent_step();
            }),
            Kind::Swap => world.promotes_by([Promotion::Swap]),
            Kind::Readiness => world.follows_readiness(),
        };
        let world = world.capabilities(|can| {
            can.fenced = !self.is_unfenced;
            if let Some(after) = self.assumed.filter(|_| can.routing == Routing::Routed) {
                // It is never effective before that is so.
                let after = after.max(self.lag);
                can.effectiveness = Effectiveness::Assumed { after };
            }
        });
        if self.is_swapped(part) {
            world.at(
                Duration::ZERO,
                Happening::WeightMoved {
                    part: name.parse().unwrap_or_else(|_| Part::main()),
                    weight: Weight::FULL,
                    by: YESTERDAY.to_owned(),
                },
            )
        } else {
            world
        }
    }

    fn is_swapped(&self, part: &PartDraft) -> bool {
        match self.kind {
            Kind::Slots(_) | Kind::SharedSlots(_) => part.is_swapped,
            Kind::Update | Kind::Found(_) | Kind::Swap | Kind::Readiness => false,
        }
    }

    fn workloads(&self, world: Scenario, part: &PartDraft) -> Scenario {
        let live = WorkloadSetup::of(RUNNING, part.pods);
        let idle = |count: u32| WorkloadSetup::of(OLDER, count.min(part.pods));
        let world = match self.kind {
            Kind::Update | Kind::Swap | Kind::Readiness => world.workloads(live, None),
            Kind::Found(count) => world.workloads(live, Some(idle(count))),
            Kind::Slots(count) | Kind::SharedSlots(count) => world.setup(|setup| {
                let (live, idle) = if self.is_swapped(part) {
                    // What has just lost its traffic has pods: else there was nothing to lose.
                    (idle(count.max(1)), live)
                } else {
                    (live, idle(count))
                };
                setup.shape = Shape::Slots { live, idle };
            }),
        };
        let Some(scaler) = part.scaler.filter(|_| !self.kind.follows_readiness()) else {
            return world;
        };
        let setup = ScalerSetup {
            min: part.pods.saturating_sub(scaler.below).max(1),
            max: part.pods + scaler.above,
            per_pod: scaler.per_pod,
        };
        let is_swapped = self.is_swapped(part);
        world.setup(|part| {
            let (first, second) = match &mut part.shape {
                Shape::Tracks { stable, candidate } => (stable, candidate.as_mut()),
                Shape::Slots { live, idle } => (live, Some(idle)),
            };
            let (stable, candidate) = match second {
                Some(second) if is_swapped => (second, Some(first)),
                second => (first, second),
            };
            stable.autoscaler = Some(setup);
            if let Some(candidate) = candidate.filter(|_| scaler.on_both) {
                candidate.autoscaler = Some(ScalerSetup {
                    min: candidate.count.max(1).min(setup.min),
                    ..setup
                });
                candidate.count = candidate.count.max(1);
            }
        })
    }
}

fn percent_step() -> Weight {
    Weight::from_percent(1).unwrap_or(Weight::FULL)
}
