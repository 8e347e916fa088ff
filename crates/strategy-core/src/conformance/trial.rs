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
    /// The shares that a platform asks for, one after the other; none where it does not.
    pub(super) steps: Vec<Weight>,
}

impl<'a> Trial<'a> {
    /// Discovered, and claimed by nobody yet.
    pub(super) async fn discover(subject: &'a dyn Subject) -> Result<Self, Broken> {
        subject.settle().await;
        let target = subject.target();
        let found = target.discover().await?;
        let mut trial = Self {
            subject,
            claim: claim("conformance", found.last_epoch + 1)?,
            found,
            target,
            release: Revision::Release(subject.release()),
            steps: Vec::new(),
        };
        if trial.is_native() {
            trial.steps = subject.steps();
            trial.admit().await?;
        }
        Ok(trial)
    }

    /// A platform that shifts by itself is told what of the plan it has to know, by way of the binding.
    async fn admit(&mut self) -> Result<(), Broken> {
        let plan = self.plan()?;
        let part = Part::main();
        let admission = self.target.admit(&part, &self.found, &plan).await?;
        let blocked = admission
            .findings
            .iter()
            .find(|finding| finding.severity == crate::target::Severity::Blocks);
        if let Some(finding) = blocked {
            return Err(Broken(format!(
                "the plan of the suite is not admitted: {finding:?}"
            )));
        }
        self.found.binding = admission.binding;
        Ok(())
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

    /// What was found, and so many pods of the release in the candidate. Where the platform shifts by itself
    /// the release is started: all of it, at the first step.
    pub(super) fn candidate(&self, count: u32) -> Desired {
        if self.is_native() {
            return self.at_step(0).unwrap_or_else(|| self.retired());
        }
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

    /// All of the release beside what was found, at a step of the platform's, from 0; `None`: it has none.
    pub(super) fn at_step(&self, step: usize) -> Option<Desired> {
        let weight = *self.steps.get(step)?;
        let mut desired = self.start();
        desired.candidate = DesiredTrack {
            revision: self.release.clone(),
            replicas: Replicas::Count(self.found.baseline()),
        };
        desired.traffic = Traffic::weight(weight);
        Some(desired)
    }

    /// All of the release, and nothing of what was found.
    pub(super) fn retired(&self) -> Desired {
        let mut desired = self.start();
        desired.candidate = DesiredTrack {
            revision: self.release.clone(),
            replicas: Replicas::Count(self.found.baseline()),
        };
        desired.stable.replicas = desired.stable.replicas.with(0);
        desired.traffic = Traffic::weight(Weight::FULL);
        desired
    }

    /// How many pods of the release there are when so many are asked for.
    pub(super) fn replicas(&self, count: u32) -> u32 {
        if self.is_native() {
            self.found.baseline()
        } else {
            count
        }
    }

    /// The same with one pod more of stable.
    pub(super) fn one_more(&self, mut desired: Desired) -> Desired {
        let replicas = desired.stable.replicas;
        desired.stable.replicas = replicas.with(replicas.number() + 1);
        desired
    }

    /// Stable is given the release, and nothing else. Where the platform shifts by itself, its steps.
    pub(super) fn plan(&self) -> Result<Plan, Broken> {
        let bug = |error: &dyn std::error::Error| Broken(format!("a bug of the suite: {error}"));
        let part = Part::main();
        let images = self.subject.release();
        let release = Release::parts([(part.clone(), images.clone())]).map_err(|e| bug(&e))?;
        if self.is_native() {
            let policies = Policies::default();
            let stages = self.native_stages(&part, &images);
            return Plan::new("conformance", release, stages, [].into(), policies)
                .map_err(|e| bug(&e));
        }
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
        let stage = Stage::new("promote", StageKind::Promote, [(part, goal)]);
        let policies = Policies::default();
        Plan::new("conformance", release, vec![stage], [].into(), policies).map_err(|e| bug(&e))
    }

    fn native_stages(&self, part: &Part, images: &Images) -> Vec<Stage> {
        let goal = |stable, weight| Goal {
            stable,
            candidate: GoalTrack {
                revision: Revision::Release(images.clone()),
                capacity: Capacity::Share(Weight::FULL),
            },
            traffic: Traffic::weight(weight),
        };
        let stage = |name: String, kind, goal| Stage::new(name, kind, [(part.clone(), goal)]);
        let gone = GoalTrack {
            revision: Revision::Recorded,
            capacity: Capacity::Count(0),
        };
        let steps = self.steps.iter().map(|weight| {
            let goal = goal(GoalTrack::recorded(), *weight);
            stage(weight.to_string(), StageKind::Expose, goal)
        });
        let (name, kind) = if self.steps.is_empty() {
            ("roll", StageKind::Expose)
        } else {
            ("retire", StageKind::Retire)
        };
        let last = stage(name.to_owned(), kind, goal(gone, Weight::FULL));
        steps.chain([last]).collect()
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

    pub(super) fn is_native(&self) -> bool {
        self.found.capabilities.routing == Routing::Native
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
