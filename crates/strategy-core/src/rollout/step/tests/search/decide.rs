//! The stepper, asked about a small world; with planted bugs.

use super::super::notation::{DRAINED, NOW, images, observation, seen, without};
use super::model::Model;
use super::promises::Decision;
use super::world::{CANDIDATE, Content, STABLE, Told, World, share};
use crate::release::Images;
use crate::rollout::step::{
    Direction, Exposure, Step, StepInput, Until, follows_readiness, next_step, routed,
};
use crate::target::{
    Autoscaler, Desired, DesiredTrack, Observation, ObservedTrack, Pods, Routing, Written,
};
use crate::track::{Replicas, Revision, SeenRevision, Track, Tracks};
use crate::traffic::Traffic;
use crate::weight::Weight;

/// What a wrong stepper would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bug {
    /// Takes every pod for ready before traffic moves.
    NoCover,
    /// Takes what is unreached for drained.
    NoDrain,
    /// Takes what is written for effective.
    WrittenIsEffective,
    /// Counts ready pods of any revision.
    AnyRevision,
    /// Leaves a row out.
    Without(&'static str),
}

const VERSIONS: [&str; 3] = ["v0", "v1", "v2"];
const SIDES: [Track; 2] = [Track::Stable, Track::Candidate];

/// Values that are made once for a whole search.
#[derive(Debug)]
pub(super) struct Asker {
    bug: Option<Bug>,
    start_images: Images,
    seen: [[SeenRevision; 3]; 2],
    recorded: Desired,
    granularity: Weight,
    routing: Routing,
    owned: bool,
    start_ready: Option<u32>,
}

/// Where the rollout stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask {
    pub(super) goal: Content,
    pub(super) baseline: u8,
    pub(super) until: Until,
    pub(super) back: bool,
    pub(super) may_detour: bool,
}

impl Asker {
    pub(super) fn new(model: &Model, bug: Option<Bug>) -> Self {
        let mut asker = Self {
            bug,
            start_images: images("v0"),
            seen: SIDES.map(|side| VERSIONS.map(|version| seen(side, version))),
            recorded: Desired {
                stable: DesiredTrack::absent(),
                candidate: DesiredTrack::absent(),
                traffic: Traffic::default(),
            },
            granularity: Weight::from_percent(model.granularity.into()).unwrap(),
            routing: model.routing,
            owned: model.wants > 0,
            start_ready: model.start_ready.map(u32::from),
        };
        asker.recorded = asker.desired(model.start);
        asker
    }

    fn replicas(&self, side: usize, number: u8) -> Replicas {
        if self.owned && side == STABLE {
            Replicas::Floor(number.into())
        } else {
            Replicas::Count(number.into())
        }
    }

    fn desired(&self, content: Content) -> Desired {
        let track = |side: usize| {
            content.told[side].map_or_else(DesiredTrack::absent, |told| DesiredTrack {
                revision: if self.seen[side][usize::from(told.version)].recorded {
                    Revision::Recorded
                } else {
                    Revision::Release(images(VERSIONS[usize::from(told.version)]))
                },
                replicas: self.replicas(side, told.number),
            })
        };
        Desired {
            stable: track(STABLE),
            candidate: track(CANDIDATE),
            traffic: traffic(content.weight),
        }
    }

    fn observed(&self, world: &World, side: usize) -> ObservedTrack {
        let told = world.content.told[side];
        ObservedTrack {
            written: told.map(|told| Written {
                revision: self.seen[side][usize::from(told.version)].clone(),
                replicas: self.replicas(side, told.number),
            }),
            pods: self.pods(world, side),
            autoscaler: (self.owned && side == STABLE).then(|| Autoscaler {
                min: 1,
                max: 3,
                wanted: world.wanted(STABLE).into(),
            }),
            ..ObservedTrack::default()
        }
    }

    fn pods(&self, world: &World, side: usize) -> Vec<Pods> {
        let mut pods: Vec<_> = (0..3)
            .filter(|at| world.pods[side][*at].total > 0)
            .map(|at| Pods {
                revision: self.seen[side][at].clone(),
                total: world.pods[side][at].total.into(),
                ready: world.pods[side][at].ready.into(),
                ..Pods::default()
            })
            .collect();
        let told = world.content.told[side];
        match (self.bug, told) {
            (Some(Bug::NoCover), _) => pods.iter_mut().for_each(|pods| pods.ready = pods.total),
            (Some(Bug::AnyRevision), Some(told)) => {
                for pods in &mut pods {
                    pods.revision = self.seen[side][usize::from(told.version)].clone();
                }
            }
            (_, _) => {}
        }
        pods
    }

    fn observe(&self, world: &World) -> Observation {
        observation(
            self.observed(world, STABLE),
            self.observed(world, CANDIDATE),
            traffic(world.content.weight),
        )
    }

    pub(super) fn decide(&self, world: &World, ask: Ask) -> Decision {
        let converging = world.effective != world.content.weight;
        let believes = self.bug == Some(Bug::WrittenIsEffective);
        let effective = (!converging || believes).then(|| traffic(world.content.weight));
        let exposure = |side: usize| {
            if world.draining[side] && self.bug != Some(Bug::NoDrain) {
                Exposure::Draining { until: DRAINED }
            } else if share(side, world.content.weight) > 0 || (world.reached(side) && !believes) {
                Exposure::Exposed
            } else {
                Exposure::Clean
            }
        };
        let goal = self.desired(ask.goal);
        let input = StepInput {
            observation: &self.observe(world),
            effective: effective.as_ref(),
            goal: &goal,
            recorded: &self.recorded,
            start_images: &self.start_images,
            exposure: Tracks {
                stable: exposure(STABLE),
                candidate: exposure(CANDIDATE),
            },
            lost_share_drains: Tracks::default(),
            baseline: ask.baseline.into(),
            start_ready_suffices: self.start_ready,
            routing: self.routing,
            granularity: self.granularity,
            ready_share: Weight::FULL,
            until: ask.until,
            direction: if ask.back {
                Direction::Back
            } else {
                Direction::Forward
            },
            may_detour: ask.may_detour,
            now: NOW,
        };
        match self.step(&input) {
            Step::Apply { desired, .. } => Decision::Write(self.content(&desired, world)),
            Step::Wait { .. } => Decision::Wait,
            Step::Reached => Decision::Reached,
            Step::Never { .. } => Decision::Never,
        }
    }

    fn step(&self, input: &StepInput<'_>) -> Step {
        match (self.bug, self.routing) {
            (Some(Bug::Without(row)), Routing::Routed) => {
                routed::walk(input, without(routed::ROWS, row))
            }
            (Some(Bug::Without(row)), Routing::FollowsReadiness) => {
                follows_readiness::walk(input, without(follows_readiness::ROWS, row))
            }
            (_, _) => next_step(input),
        }
    }

    fn content(&self, desired: &Desired, world: &World) -> Content {
        let told = |side: usize| {
            let track = desired.track(SIDES[side]);
            let version = (0..3).find(|at| track.revision.is(&self.seen[side][*at]))?;
            Some(Told {
                version: u8::try_from(version).unwrap(),
                number: u8::try_from(track.replicas.number()).unwrap(),
            })
        };
        let percent = desired.traffic.weight.basis_points() / 100;
        Content {
            told: [told(STABLE), told(CANDIDATE)],
            weight: match self.routing {
                Routing::FollowsReadiness => world.content.weight,
                Routing::Routed | Routing::Native => u8::try_from(percent).unwrap(),
            },
        }
    }
}

fn traffic(percent: u8) -> Traffic {
    Traffic::weight(Weight::from_percent(percent.into()).unwrap())
}
