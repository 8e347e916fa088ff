//! A rollout in miniature, which the checks are written with.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::{Broken, Subject};
use crate::plan::{Goal, GoalTrack, Plan, Policies, Stage, StageKind};
use crate::release::{Image, Images, Part, Release};
use crate::target::{
    Apply, Claim, Desired, DesiredTrack, Discovery, EffectId, Observation, ObservedTrack, Owned,
    RolloutId, Routing, Target, TargetError, TargetErrorKind,
};
use crate::track::{Capacity, Replicas, Revision, Track};
use crate::traffic::Traffic;
use crate::weight::Weight;

/// What was discovered and claimed, and what is to be written next.
pub(super) struct Trial<'a> {
    pub(super) subject: &'a dyn Subject,
    pub(super) target: Arc<dyn Target>,
    pub(super) found: Discovery,
    pub(super) claim: Claim,
    pub(super) release: Revision,
}

impl<'a> Trial<'a> {
    /// Discovered, and claimed by nobody yet.
    pub(super) async fn discover(subject: &'a dyn Subject) -> Result<Self, Broken> {
        subject.settle().await;
        let target = subject.target();
        let found = target.discover().await?;
        Ok(Self {
            subject,
            claim: claim("conformance", found.last_epoch + 1)?,
            found,
            target,
            release: Revision::Release(subject.release()),
        })
    }

    /// Discovered and claimed.
    pub(super) async fn begin(subject: &'a dyn Subject) -> Result<Self, Broken> {
        let trial = Self::discover(subject).await?;
        trial.set_claim(None, Some(&trial.claim)).await?;
        Ok(trial)
    }

    pub(super) async fn set_claim(
        &self,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), TargetError> {
        self.target.claim(&self.found.binding, from, to).await
    }

    pub(super) async fn observe(&self) -> Result<Observation, Broken> {
        Ok(self.target.observe(&self.found.binding).await?)
    }

    /// What was found, as a desired state.
    pub(super) fn start(&self) -> Desired {
        let track = |track: &ObservedTrack| match &track.written {
            Some(written) => DesiredTrack {
                revision: Revision::Recorded,
                replicas: written.replicas,
            },
            None => DesiredTrack::absent(),
        };
        let observation = &self.found.observation;
        Desired {
            stable: track(&observation.stable),
            candidate: track(&observation.candidate),
            traffic: observation.traffic.written.clone(),
        }
    }

    /// What was found, and so many pods of the release in the candidate.
    pub(super) fn candidate(&self, count: u32) -> Desired {
        let mut desired = self.start();
        desired.candidate = DesiredTrack {
            revision: self.release.clone(),
            replicas: match desired.candidate.replicas {
                Replicas::Floor(_) => Replicas::Floor(count.max(1)),
                Replicas::Count(_) => Replicas::Count(count),
            },
        };
        desired
    }

    /// The same with one pod more of stable.
    pub(super) fn one_more(&self, mut desired: Desired) -> Desired {
        let replicas = desired.stable.replicas;
        desired.stable.replicas = replicas.with(replicas.number() + 1);
        desired
    }

    /// Stable is given the release, and nothing else.
    pub(super) fn plan(&self) -> Result<Plan, Broken> {
        let bug = |error: &dyn std::error::Error| Broken(format!("a bug of the suite: {error}"));
        let part = Part::main();
        let images = self.subject.release();
        let release = Release::parts([(part.clone(), images.clone())]).map_err(|e| bug(&e))?;
        let goal = Goal {
            stable: GoalTrack {
                revision: Revision::Release(images),
                capacity: Capacity::Recorded,
            },
            candidate: match self.found.observation.candidate.written {
                Some(_) => GoalTrack::recorded(),
                None => GoalTrack::absent(),
            },
            traffic: Traffic::default(),
        };
        let stage = Stage::new("promote", StageKind::Promote, [(part, goal)].into());
        let policies = Policies::default();
        Plan::new("conformance", release, vec![stage], [].into(), policies).map_err(|e| bug(&e))
    }

    pub(super) fn request(&self, desired: Desired, seen: &Owned) -> Apply {
        Apply {
            id: EffectId(1),
            claim: self.claim.clone(),
            binding: self.found.binding.clone(),
            desired,
            seen: seen.clone(),
            timeout: Duration::from_secs(30),
        }
    }

    /// Decided on a fresh observation, and written. Returns what was asked.
    pub(super) async fn apply(&mut self, desired: Desired) -> Result<Apply, Broken> {
        let seen = self.observe().await?.owned;
        let request = self.request(desired, &seen);
        let applied = self.target.apply(&request).await?;
        if let Some(binding) = applied.binding {
            self.found.binding = binding;
        }
        Ok(request)
    }

    /// Written, and waited for.
    pub(super) async fn settle(&mut self, desired: Desired) -> Result<Observation, Broken> {
        self.apply(desired).await?;
        self.subject.settle().await;
        self.observe().await
    }

    /// The write is refused as a conflict, and nothing is written.
    pub(super) async fn is_refused(&self, request: &Apply, why: &str) -> Result<(), Broken> {
        let before = self.subject.stored().await;
        match self.target.apply(request).await {
            Ok(_) => return Err(Broken(format!("a write {why} was accepted"))),
            Err(error) if error.kind == TargetErrorKind::Conflict => {}
            Err(error) => {
                return Err(Broken(format!("a write {why} is no conflict but: {error}")));
            }
        }
        if self.subject.stored().await == before {
            Ok(())
        } else {
            Err(Broken(format!("a refused write ({why}) wrote something")))
        }
    }

    pub(super) fn is_routed(&self) -> bool {
        self.found.capabilities.routing == Routing::Routed
    }

    /// Some weight that is neither none nor, where the router can do better, all.
    pub(super) fn some_weight(&self) -> Weight {
        let step = self.found.capabilities.granularity;
        let half = Weight::HALF.floor_to(step);
        if half.is_zero() { step } else { half }
    }
}

pub(super) fn claim(holder: &str, epoch: u64) -> Result<Claim, Broken> {
    let holder: RolloutId = holder
        .parse()
        .map_err(|error| Broken(format!("a bug of the suite: {error}")))?;
    Ok(Claim { holder, epoch })
}

pub(super) fn weighted(desired: &Desired, weight: Weight) -> Desired {
    let mut desired = desired.clone();
    desired.traffic = Traffic::weight(weight);
    desired
}

/// The release with its containers renamed, so that no template has them.
pub(super) fn unknown_containers(images: &Images) -> Images {
    let renamed = images
        .iter()
        .map(|(name, image): (&str, &Image)| (format!("no-such-{name}"), image.clone()));
    renamed.collect()
}

pub(super) fn desired_track(desired: &mut Desired, track: Track, revision: Revision) {
    let track = desired.track_mut(track);
    if revision == Revision::Absent {
        *track = DesiredTrack::absent();
    } else {
        track.revision = revision;
    }
}

/// Polls a future once.
pub(super) async fn polled<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await
}
