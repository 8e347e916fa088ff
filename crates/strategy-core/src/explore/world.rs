//! The world of a search: of each part one vector of classes, and below them only what was written,
//! the claim, and one write that may still land.

mod change;
mod deploys;
mod observe;

use crate::release::Part;
use crate::rollout::Failure;
use crate::target::{Apply, Certainty, Claim, TargetErrorKind};
use crate::track::{Replicas, Track, Tracks};
use crate::weight::Weight;

pub(super) use self::change::Change;
pub(super) use self::deploys::Deploys;
use super::ground::{Content, Ground, GroundPart, Runs};
use crate::target::Routing;

/// How many of the pods that are wanted are ready.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Readiness {
    None,
    /// Some, and fewer than are wanted.
    Partial,
    #[default]
    Enough,
}

/// What the pods of a track run, held against what is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Running {
    /// What is written.
    #[default]
    Written,
    /// One still runs this.
    Mixed(Runs),
    /// All still run this.
    Old(Runs),
}

/// The classes of a track.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct TrackClass {
    pub(super) readiness: Readiness,
    pub(super) running: Running,
    /// The pods that are not ready will not mend themselves.
    pub(super) fatal: bool,
}

/// What the router does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Flow {
    /// What is written.
    AsAsked,
    /// Something else.
    Not(Weight),
    /// Nobody can tell: it may still be as it was when somebody could, or as is written.
    Unknown(Weight),
}

/// Who wrote traffic last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Author {
    Nobody,
    Us,
    /// A person, to this weight.
    Person(Weight),
}

/// One part of the world.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct PartWorld {
    pub(super) content: Content,
    pub(super) tracks: Tracks<TrackClass>,
    pub(super) flow: Flow,
    pub(super) author: Author,
    /// How a platform's own deployment stands, where it shifts by itself and asks before each step.
    pub(super) deploys: Option<Deploys>,
    /// The autoscaler wants one more than at the start.
    pub(super) between: bool,
    pub(super) claim: Option<Claim>,
    pub(super) late: Option<Box<Apply>>,
    /// Classes that changed since the look that is under way was asked for.
    pub(super) unread: u8,
    /// A look told nothing since the last one that did: any number of classes may have changed.
    pub(super) missed: bool,
}

impl PartWorld {
    pub(super) fn new(ground: &GroundPart) -> Self {
        Self {
            content: ground.start.clone(),
            tracks: Tracks::default(),
            flow: Flow::AsAsked,
            author: Author::Nobody,
            deploys: ground.asks.then_some(Deploys::Over),
            between: false,
            claim: ground.found.claim.clone(),
            late: None,
            unread: 0,
            missed: false,
        }
    }

    /// How many pods a track is to have.
    pub(super) fn wanted(&self, ground: &GroundPart, track: Track) -> u32 {
        match self.content.tracks.of(track) {
            None => 0,
            Some((_, Replicas::Count(count))) => *count,
            Some((_, Replicas::Floor(floor))) => (*floor).max(self.load(ground, track)),
        }
    }

    fn load(&self, ground: &GroundPart, track: Track) -> u32 {
        let autoscaler = ground.found.observation.track(track).autoscaler;
        autoscaler.map_or(0, |autoscaler| {
            let more = u32::from(self.between && track == Track::Stable);
            (autoscaler.wanted + more).min(autoscaler.max)
        })
    }

    /// What stable's autoscaler wants; 0 without one.
    pub(super) fn wanted_by_autoscaler(&self, ground: &GroundPart) -> u32 {
        self.load(ground, Track::Stable)
    }

    /// Ready pods of a track, whatever they run.
    pub(super) fn ready(&self, ground: &GroundPart, track: Track) -> u32 {
        let pods = self.pods(ground, track);
        pods.iter().map(|pods| pods.ready).sum()
    }

    /// What the router really does, as far as anybody can tell: one weight, or either of two.
    pub(super) fn reaching(&self) -> [Weight; 2] {
        let written = self.content.traffic.weight;
        match self.flow {
            Flow::AsAsked => [written, written],
            Flow::Not(weight) => [weight, weight],
            Flow::Unknown(weight) => [written, weight],
        }
    }

    /// Every class is as good as it can be.
    pub(super) fn is_well(&self) -> bool {
        let well = |track: Track| *self.tracks.of(track) == TrackClass::default();
        let stands = !matches!(self.deploys, Some(Deploys::AtWork | Deploys::Stalls));
        stands && self.flow == Flow::AsAsked && Track::ALL.into_iter().all(well)
    }

    /// A write arrives: it is refused if the claim or anything that is owned is not as it was decided on.
    pub(super) fn apply(&mut self, ground: &GroundPart, request: &Apply) -> Result<(), Failure> {
        let asked = ground.content(&request.desired);
        let unchanged = self.owned() == request.seen || self.content == asked;
        if self.claim.as_ref() != Some(&request.claim) || !unchanged {
            return Err(refused(TargetErrorKind::Conflict));
        }
        self.take(ground, asked)
    }

    pub(super) fn set_claim(
        &mut self,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), Failure> {
        if self.claim.as_ref() == to || self.claim.as_ref() == from {
            self.claim = to.cloned();
            // Whatever was prepared under another claim can land no more.
            let dead = |late: &Apply| self.claim.as_ref() != Some(&late.claim);
            if self.late.as_deref().is_some_and(dead) {
                self.late = None;
            }
            return Ok(());
        }
        Err(refused(TargetErrorKind::Conflict))
    }

    /// What is written becomes this, and the platform begins to follow.
    pub(super) fn write(&mut self, ground: &GroundPart, content: Content, author: Author) {
        if content == self.content {
            return;
        }
        for track in Track::ALL {
            let (was, is) = (self.content.tracks.of(track), content.tracks.of(track));
            if was == is {
                continue;
            }
            let ready = self.ready(ground, track);
            let pods = self.wanted(ground, track);
            let mut class = *self.tracks.of(track);
            match (was, is) {
                (Some((before, _)), Some((after, _))) if before != after => {
                    class = replaced(class, *before, *after, pods, ground.is_whole);
                }
                (Some(_), Some(_)) => {}
                (None, Some(_)) => class.readiness = Readiness::None,
                (_, None) => class = TrackClass::default(),
            }
            let keeps = class.readiness != Readiness::None;
            *self.content.tracks.of_mut(track) = *is;
            let wanted = self.wanted(ground, track);
            class.readiness = match (is, ready.min(wanted)) {
                (Some(_), ready) if ready >= wanted && (keeps || wanted == 0) => Readiness::Enough,
                (Some(_), ready) if ready > 0 && keeps => Readiness::Partial,
                (Some(_), _) => Readiness::None,
                (None, _) => Readiness::Enough,
            };
            if wanted == 0 {
                class = TrackClass::default();
            }
            class.fatal &= class.readiness != Readiness::Enough;
            *self.tracks.of_mut(track) = class;
        }
        if content.traffic != self.content.traffic {
            let before = match self.flow {
                Flow::AsAsked => self.content.traffic.weight,
                Flow::Not(weight) | Flow::Unknown(weight) => weight,
            };
            let routed = ground.routing != Routing::FollowsReadiness;
            // A router that cannot be asked is as little known as before.
            let unknown = matches!(self.flow, Flow::Unknown(_));
            self.flow = if routed && unknown {
                Flow::Unknown(before)
            } else if routed && before != content.traffic.weight {
                Flow::Not(before)
            } else {
                Flow::AsAsked
            };
            self.content.traffic = content.traffic;
        }
        self.author = author;
    }
}

/// A track that is told to run something else: its pods are as they were, for now.
fn replaced(class: TrackClass, before: Runs, after: Runs, pods: u32, is_whole: bool) -> TrackClass {
    let fresh = TrackClass {
        readiness: Readiness::None,
        ..TrackClass::default()
    };
    if pods == 0 || !is_whole {
        return fresh;
    }
    let running = match class.running {
        Running::Old(old) if old == after => Running::Written,
        Running::Mixed(old) if old == after => Running::Mixed(before),
        Running::Old(old) => Running::Old(old),
        Running::Written | Running::Mixed(_) => Running::Old(before),
    };
    TrackClass { running, ..class }
}

/// The platform says no, and certainly did nothing.
pub(super) fn refused(kind: TargetErrorKind) -> Failure {
    Failure::new(kind, Certainty::NotTaken, "not now")
}

/// No answer came.
pub(super) fn unanswered() -> Failure {
    Failure::new(
        TargetErrorKind::Unavailable,
        Certainty::MayBeTaken,
        "no answer",
    )
}

/// Of all parts, in the order of their names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) parts: Vec<PartWorld>,
}

impl World {
    pub(super) fn new(ground: &Ground) -> Self {
        Self {
            parts: ground.parts.iter().map(PartWorld::new).collect(),
        }
    }

    pub(super) fn part<'a>(
        &'a mut self,
        ground: &'a Ground,
        part: &Part,
    ) -> Option<(&'a mut PartWorld, &'a GroundPart)> {
        let index = ground.index(part)?;
        Some((self.parts.get_mut(index)?, ground.parts.get(index)?))
    }
}
