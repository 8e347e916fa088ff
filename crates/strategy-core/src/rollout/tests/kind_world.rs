//! A small world without time of its own: what is applied is written at once, pods follow when asked,
//! and everything that could go wrong is a switch.

mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub(in crate::rollout) use self::run::Run;
use crate::release::Images;
use crate::rollout::{Completion, Effect, Failure, Input};
use crate::target::{
    Applied, Apply, Autoscaler, Binding, Capabilities, Certainty, Claim, Desired, Discovery,
    Effective, Effectiveness, Fatal, FatalReason, ForeignChange, ImageIds, Observation,
    ObservedTrack, ObservedTraffic, Owned, PlatformDeployment, PlatformState, Pods, Routing,
    TargetErrorKind, Version, Writer, Written,
};
use crate::track::{Replicas, Revision, SeenRevision, Track, Tracks};
use crate::traffic::Traffic;

/// One track's workload and pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::rollout) struct Side {
    pub(in crate::rollout) written: Option<Written>,
    pub(in crate::rollout) pods: BTreeMap<String, (SeenRevision, u32, u32)>,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::rollout) struct KindWorld {
    pub(in crate::rollout) sides: Tracks<Side>,
    pub(in crate::rollout) recorded: Tracks<Option<Written>>,
    pub(in crate::rollout) traffic: Traffic,
    pub(in crate::rollout) claim: Option<Claim>,
    pub(in crate::rollout) writer: Writer,
    /// Images of which no pod ever becomes ready, and what it dies of.
    pub(in crate::rollout) broken: BTreeMap<String, FatalReason>,
    /// Images of which no pod is ready, without a reason.
    pub(in crate::rollout) unready: BTreeSet<String>,
    /// Every call fails.
    pub(in crate::rollout) down: bool,
    pub(in crate::rollout) writes: u32,
    /// What the autoscaler of stable would like, if there is one.
    pub(in crate::rollout) load: Option<u32>,
    /// Restarts of the pods of an image.
    pub(in crate::rollout) restarts: BTreeMap<String, u64>,
    /// What an image really is, where that is not what its name says.
    pub(in crate::rollout) ids: BTreeMap<String, Vec<String>>,
    pub(in crate::rollout) routing: Routing,
    pub(in crate::rollout) effective: Option<Effective>,
    /// How long a router keeps a user where it sent them before.
    pub(in crate::rollout) sticky: Duration,
    pub(in crate::rollout) foreign: Vec<ForeignChange>,
    /// Every write is refused in this way.
    pub(in crate::rollout) refuses: Option<TargetErrorKind>,
    /// How old what is read is: a cached read of a watch that has nothing to tell.
    pub(in crate::rollout) age: Duration,
    /// What a platform that asks before each of its steps says of its deployment; `None`: it has none.
    pub(in crate::rollout) platform: Option<PlatformState>,
    /// How many of them there were.
    pub(in crate::rollout) deployments: u32,
    /// A container that the workloads have beside what is shipped, and the image id that it runs.
    pub(in crate::rollout) companion: Option<String>,
}

pub(in crate::rollout) fn images(tag: &str) -> Images {
    Images::parse([("app", format!("app:{tag}"))]).unwrap()
}

fn seen(images: &Images, recorded: bool) -> SeenRevision {
    SeenRevision {
        id: images.to_string(),
        images: images.clone(),
        recorded,
        name: None,
    }
}

impl KindWorld {
    /// Stable with so many ready pods; the candidate absent, or with its own.
    pub(in crate::rollout) fn new(stable: (&str, u32), candidate: Option<(&str, u32)>) -> Self {
        let written = |(tag, count): (&str, u32)| Written {
            revision: seen(&images(tag), true),
            replicas: Replicas::Count(count),
        };
        let recorded = Tracks {
            stable: Some(written(stable)),
            candidate: candidate.map(written),
        };
        let side = |written: &Option<Written>| Side {
            written: written.clone(),
            pods: BTreeMap::new(),
        };
        let mut world = Self {
            sides: Tracks {
                stable: side(&recorded.stable),
                candidate: side(&recorded.candidate),
            },
            recorded,
            traffic: Traffic::default(),
            claim: None,
            writer: Writer::Unknown,
            broken: BTreeMap::new(),
            unready: BTreeSet::new(),
            down: false,
            writes: 0,
            load: None,
            restarts: BTreeMap::new(),
            ids: BTreeMap::new(),
            routing: Routing::Routed,
            effective: None,
            sticky: Duration::ZERO,
            foreign: Vec::new(),
            refuses: None,
            age: Duration::ZERO,
            platform: None,
            deployments: 0,
            companion: None,
        };
        world.converge();
        world
    }

    /// Stable belongs to an autoscaler with a floor, which wants so many.
    pub(in crate::rollout) fn owned_by_an_autoscaler(tag: &str, floor: u32, load: u32) -> Self {
        let mut world = Self::new((tag, floor), None);
        let owned = Written {
            revision: seen(&images(tag), true),
            replicas: Replicas::Floor(floor),
        };
        world.sides.stable.written = Some(owned.clone());
        world.recorded.stable = Some(owned);
        world.load = Some(load);
        world.converge();
        world
    }

    /// Somebody else writes traffic.
    pub(in crate::rollout) fn somebody_moves_traffic(&mut self, percent: u16) {
        self.traffic = Traffic::weight(crate::Weight::from_percent(percent).unwrap());
        self.writer = Writer::Other {
            name: "kubectl".to_owned(),
            version: format!("{percent}"),
        };
    }

    fn wanted(&self, track: Track) -> u32 {
        let written = self.sides.of(track).written.as_ref();
        match written.map(|written| written.replicas) {
            None => 0,
            Some(Replicas::Count(count)) => count,
            Some(Replicas::Floor(floor)) => floor.max(self.load.unwrap_or(0)),
        }
    }

    /// Pods become what is written.
    pub(in crate::rollout) fn converge(&mut self) {
        for track in Track::ALL {
            let wanted = self.wanted(track);
            let side = self.sides.of_mut(track);
            side.pods.clear();
            if let Some(written) = &side.written {
                let dead = |(_, image): (&str, &crate::Image)| {
                    self.broken.contains_key(image.as_str())
                        || self.unready.contains(image.as_str())
                };
                let total = wanted;
                let ready = if written.revision.images.iter().any(dead) {
                    0
                } else {
                    total
                };
                side.pods.insert(
                    written.revision.id.clone(),
                    (written.revision.clone(), total, ready),
                );
            }
        }
    }

    fn track(&self, track: Track) -> ObservedTrack {
        let side = self.sides.of(track);
        let pods = side.pods.values().map(|(revision, total, ready)| {
            let reason = revision
                .images
                .iter()
                .find_map(|(_, image)| self.broken.get(image.as_str()));
            let fatal = reason.map(|reason| Fatal {
                reason: *reason,
                pods: total - ready,
                message: "app".to_owned(),
            });
            let ids = revision.images.iter().map(|(name, image)| {
                let own = || vec![format!("id of {image}")];
                let ids = self.ids.get(image.as_str()).cloned().unwrap_or_else(own);
                (name.to_owned(), ids.into_iter().collect())
            });
            let (mut revision, mut image_ids) = (revision.clone(), ids.collect::<ImageIds>());
            if let Some(id) = &self.companion {
                let image =
                    |(name, image): (&str, &crate::Image)| (name.to_owned(), image.to_string());
                let shipped = revision.images.iter().map(image);
                let with = shipped.chain([("proxy".to_owned(), "proxy:1".to_owned())]);
                revision.images = Images::parse(with).unwrap();
                image_ids.insert("proxy".to_owned(), [id.clone()].into());
            }
            let restarts = revision
                .images
                .iter()
                .filter_map(|(_, image)| self.restarts.get(image.as_str()))
                .sum();
            Pods {
                revision,
                image_ids,
                total: *total,
                ready: *ready,
                available: *ready,
                restarts,
                fatal: fatal.into_iter().collect(),
            }
        });
        ObservedTrack {
            written: side.written.clone(),
            pods: pods.collect(),
            autoscaler: match side.written.as_ref().map(|written| written.replicas) {
                Some(Replicas::Floor(min)) => Some(Autoscaler {
                    min,
                    max: 20,
                    wanted: self.wanted(track),
                }),
                Some(Replicas::Count(_)) | None => None,
            },
            ..ObservedTrack::default()
        }
    }

    pub(in crate::rollout) fn owned(&self) -> Owned {
        Owned(format!(
            "{:?} {:?} {:?} {}",
            self.sides.stable.written,
            self.sides.candidate.written,
            self.traffic,
            self.platform == Some(PlatformState::Waiting)
        ))
    }

    pub(in crate::rollout) fn observe(&self) -> Observation {
        Observation {
            stable: self.track(Track::Stable),
            candidate: self.track(Track::Candidate),
            traffic: ObservedTraffic {
                written: self.shown_traffic(),
                effective: match (&self.effective, &self.platform) {
                    (Some(effective), _) => effective.clone(),
                    (None, Some(PlatformState::InProgress)) => Effective::Converging,
                    (None, _) => Effective::Verified(self.shown_traffic()),
                },
                drain: Duration::from_secs(5),
                sticky: self.sticky,
                writer: self.writer.clone(),
            },
            platform: self
                .platform
                .clone()
                .map(|state| PlatformDeployment::new(format!("d-{}", self.deployments), state)),
            foreign: self.foreign.clone(),
            owned: self.owned(),
            version: Version::default(),
            age: self.age,
        }
    }

    fn shown_traffic(&self) -> Traffic {
        if self.routing != Routing::FollowsReadiness {
            return self.traffic.clone();
        }
        let (stable, candidate) = (self.wanted(Track::Stable), self.wanted(Track::Candidate));
        Traffic::weight(crate::Weight::of(candidate, stable + candidate))
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities {
            routing: self.routing,
            ..Capabilities::routed()
        };
        if self.effective == Some(Effective::Unverified) {
            let after = Duration::from_secs(2);
            capabilities.effectiveness = Effectiveness::Assumed { after };
        }
        capabilities
    }

    pub(in crate::rollout) fn discover(&self) -> Discovery {
        Discovery {
            binding: Binding::new(&"kind world").unwrap(),
            capabilities: self.capabilities(),
            observation: self.observe(),
            claim: self.claim.clone(),
            last_epoch: 0,
            names: Tracks {
                stable: "stable".to_owned(),
                candidate: "candidate".to_owned(),
            },
        }
    }

    fn failed(&self, kind: TargetErrorKind, certainty: Certainty) -> Failure {
        Failure::new(kind, certainty, "the kind world is unkind")
    }

    pub(in crate::rollout) fn apply(&mut self, request: &Apply) -> Result<(), Failure> {
        if self.down {
            return Err(self.failed(TargetErrorKind::Unavailable, Certainty::NotTaken));
        }
        if let Some(kind) = self.refuses {
            return Err(self.failed(kind, Certainty::NotTaken));
        }
        if self.claim.as_ref() != Some(&request.claim) || self.owned() != request.seen {
            return Err(self.failed(TargetErrorKind::Conflict, Certainty::NotTaken));
        }
        self.write(&request.desired);
        Ok(())
    }

    pub(in crate::rollout) fn write(&mut self, desired: &Desired) {
        self.writes += 1;
        self.writer = Writer::Us;
        let before = self.sides.candidate.written.clone();
        for track in Track::ALL {
            let asked = desired.track(track);
            let recorded = self.recorded.of(track).as_ref();
            let revision = match &asked.revision {
                Revision::Absent => None,
                Revision::Recorded => recorded.map(|written| written.revision.clone()),
                Revision::Release(images) => {
                    let is = recorded.is_some_and(|written| written.revision.images == *images);
                    Some(seen(images, is))
                }
                Revision::Named(name) => panic!("nothing is named {name} here"),
            };
            self.sides.of_mut(track).written = revision.map(|revision| Written {
                revision,
                replicas: asked.replicas,
            });
        }
        let after = self.sides.candidate.written.as_ref();
        let begins = after.is_some_and(|after| before.as_ref() != Some(after));
        // What begins is brought up, and nothing of it is exposed before it asked.
        if self.platform.is_none() || !begins {
            self.traffic = desired.traffic.clone();
        }
        if let Some(state) = &mut self.platform {
            *state = PlatformState::InProgress;
            self.deployments += u32::from(begins);
        }
    }

    fn set_claim(&mut self, from: Option<&Claim>, to: Option<&Claim>) -> Result<(), Failure> {
        if self.down {
            return Err(self.failed(TargetErrorKind::Unavailable, Certainty::NotTaken));
        }
        if self.claim.as_ref() == to || self.claim.as_ref() == from {
            self.claim = to.cloned();
            return Ok(());
        }
        Err(self.failed(TargetErrorKind::Conflict, Certainty::NotTaken))
    }

    /// Performs an effect at once and says what came of it; looks of checks are not its business.
    pub(in crate::rollout) fn perform(&mut self, effect: Effect) -> Option<Input> {
        let answer = |id, outcome: Result<Completion, Failure>| match outcome {
            Ok(outcome) => Input::EffectSucceeded { id, outcome },
            Err(failure) => Input::EffectFailed { id, failure },
        };
        match effect {
            Effect::Claim { id, from, to, .. } => Some(answer(
                id,
                self.set_claim(from.as_ref(), to.as_ref())
                    .map(|()| Completion::Claimed),
            )),
            Effect::Apply { request, .. } => {
                let applied = self
                    .apply(&request)
                    .map(|()| Completion::Applied(Applied::default()));
                Some(answer(request.id, applied))
            }
            Effect::Observe { part, ticket, .. } if self.down => {
                let failure = self.failed(TargetErrorKind::Unavailable, Certainty::NotTaken);
                Some(Input::ObserveFailed {
                    part,
                    ticket,
                    failure,
                })
            }
            Effect::Observe { part, ticket, .. } => Some(Input::Observed {
                part,
                ticket,
                observation: Box::new(self.observe()),
            }),
            Effect::Measure { .. }
            | Effect::RunHook { .. }
            | Effect::AskGate { .. }
            | Effect::Cancel { .. } => None,
        }
    }
}
