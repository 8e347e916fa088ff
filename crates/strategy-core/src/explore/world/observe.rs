//! What a look at the world finds.

use super::{Author, Deploys, Flow, PartWorld, Readiness, Running};
use crate::explore::ground::{GroundPart, Runs};
use crate::target::{
    Autoscaler, Effective, Effectiveness, Fatal, FatalReason, Observation, ObservedTrack,
    ObservedTraffic, Owned, Pods, Routing, Writer, Written,
};
use crate::track::{Replicas, Track};
use crate::traffic::Traffic;
use crate::weight::Weight;

impl PartWorld {
    /// A direct read.
    pub(in crate::explore) fn observe(&self, ground: &GroundPart) -> Observation {
        let found = &ground.found.observation.traffic;
        let traffic = ObservedTraffic {
            written: self.shown(ground),
            effective: self.effective(ground),
            drain: found.drain,
            sticky: found.sticky,
            writer: match self.author {
                Author::Nobody => found.writer.clone(),
                Author::Us => Writer::Us,
                Author::Person(weight) => Writer::Other {
                    name: "somebody".to_owned(),
                    version: weight.to_string(),
                },
            },
        };
        let stable = self.track(ground, Track::Stable);
        let candidate = self.track(ground, Track::Candidate);
        let mut seen = Observation::new(stable, candidate, traffic);
        seen.platform = self.says();
        seen.owned = self.owned();
        seen
    }

    /// Everything that is owned, in a few bytes.
    pub(in crate::explore) fn owned(&self) -> Owned {
        let track = |track: Track| match self.content.tracks.of(track) {
            None => "-".to_owned(),
            Some((runs, replicas)) => format!("{runs:?} {replicas}"),
        };
        let (stable, candidate) = (track(Track::Stable), track(Track::Candidate));
        let asks = match self.deploys {
            Some(Deploys::Asks) => "/asks",
            Some(Deploys::Over | Deploys::AtWork | Deploys::WentBack | Deploys::Stalls) | None => {
                ""
            }
        };
        let traffic = &self.content.traffic;
        Owned(format!("{stable}/{candidate}/{traffic}{asks}"))
    }

    /// Where traffic follows readiness, what the counts make of it.
    fn shown(&self, ground: &GroundPart) -> Traffic {
        if ground.routing != Routing::FollowsReadiness {
            return self.content.traffic.clone();
        }
        let wanted = |track| self.wanted(ground, track);
        let (stable, candidate) = (wanted(Track::Stable), wanted(Track::Candidate));
        Traffic::weight(Weight::of(candidate, stable + candidate))
    }

    fn effective(&self, ground: &GroundPart) -> Effective {
        match ground.found.capabilities.effectiveness {
            Effectiveness::Assumed { .. } => return Effective::Unverified,
            Effectiveness::Verified => {}
        }
        match self.flow {
            Flow::AsAsked => Effective::Verified(self.shown(ground)),
            Flow::Not(weight) => Effective::Verified(Traffic {
                weight,
                ..self.content.traffic.clone()
            }),
            Flow::Unknown(_) => Effective::Converging,
        }
    }

    fn track(&self, ground: &GroundPart, track: Track) -> ObservedTrack {
        let Some((runs, replicas)) = *self.content.tracks.of(track) else {
            return ObservedTrack::default();
        };
        let found = ground.found.observation.track(track);
        let min = match replicas {
            Replicas::Floor(floor) => Some(floor),
            Replicas::Count(_) => None,
        };
        ObservedTrack {
            written: Some(Written::new(ground.seen(track, runs).clone(), replicas)),
            pods: self.pods(ground, track),
            autoscaler: found.autoscaler.zip(min).map(|(found, min)| Autoscaler {
                min,
                max: found.max,
                wanted: self.wanted(ground, track),
            }),
            labels: found.labels.clone(),
            preview: found.preview.clone(),
        }
    }

    /// The pods of a track, as its classes say.
    pub(in crate::explore) fn pods(&self, ground: &GroundPart, track: Track) -> Vec<Pods> {
        let Some((written, _)) = *self.content.tracks.of(track) else {
            return Vec::new();
        };
        let wanted = self.wanted(ground, track);
        if wanted == 0 {
            return Vec::new();
        }
        let class = self.tracks.of(track);
        let group = |runs: Runs, total: u32, ready: u32, fatal: bool| {
            let revision = ground.seen(track, runs).clone();
            let id = |(name, image): (&str, &crate::Image)| {
                (name.to_owned(), [format!("id of {image}")].into())
            };
            let image_ids = revision.images.iter().map(id).collect();
            let doomed = Fatal::new(FatalReason::CrashLoop, total - ready, "it ends at once");
            Pods {
                image_ids,
                total,
                ready,
                available: ready,
                fatal: (fatal && ready < total)
                    .then_some(doomed)
                    .into_iter()
                    .collect(),
                ..Pods::of(revision)
            }
        };
        let ready = |total: u32| match class.readiness {
            Readiness::None => 0,
            Readiness::Partial => total / 2,
            Readiness::Enough => total,
        };
        match class.running {
            Running::Written => vec![group(written, wanted, ready(wanted), class.fatal)],
            Running::Old(old) => vec![group(old, wanted, ready(wanted), class.fatal)],
            Running::Mixed(old) => {
                let new = wanted.saturating_sub(1).max(1);
                let mut pods = vec![
                    group(old, 1, 1, false),
                    group(written, new, ready(new), class.fatal),
                ];
                pods.sort_by(|a, b| a.revision.id.cmp(&b.revision.id));
                pods
            }
        }
    }
}
