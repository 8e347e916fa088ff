//! How a script carries a release: one part, read and written by hand, with sleeps in between.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::LocalBoxFuture;
use strategy_core::analysis::{FailureShare, Look, Window};
use strategy_core::conformance::journal;
use strategy_core::plan::Extension;
use strategy_core::rollout::{EffectKind, Outcome, Reason, Record};
use strategy_core::simulation::{Carrier, Equipment};
use strategy_core::target::{
    Apply, Claim, Desired, DesiredTrack, Discovery, EffectId, Observation, TargetError,
};
use strategy_core::{Part, Replicas, Revision, Strategy, Target, Timestamp, Track, Tracks, Weight};

pub(crate) type Carried = Result<Outcome, Box<dyn Error>>;
type Steps = for<'a> fn(&'a Equipment) -> LocalBoxFuture<'a, Carried>;

/// A carrier that follows these steps, whatever the strategy says.
pub(crate) fn by_hand(steps: Steps) -> Box<dyn Carrier> {
    Box::new(ByHand(steps))
}

struct ByHand(Steps);

impl fmt::Debug for ByHand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByHand")
    }
}

#[async_trait(?Send)]
impl Carrier for ByHand {
    async fn carry(&self, equipment: Equipment, _: &dyn Strategy) -> Carried {
        equipment.began();
        (self.0)(&equipment).await
    }
}

/// How a script ends that noticed something.
pub(crate) fn rolled_back(why: &str) -> Outcome {
    Outcome::RolledBack {
        reason: Reason::Aborted {
            actor: "script".to_owned(),
            why: why.to_owned(),
        },
    }
}

/// One part in the hands of a script.
pub(crate) struct Script<'a> {
    equipment: &'a Equipment,
    part: Part,
    target: Arc<dyn Target>,
    claim: Claim,
    pub(crate) found: Discovery,
    /// What was asked last; at first, what was found.
    pub(crate) desired: Desired,
    writes: u64,
    looks: u64,
}

impl<'a> Script<'a> {
    /// The part `main`, read and claimed.
    pub(crate) async fn begin(equipment: &'a Equipment) -> Result<Self, TargetError> {
        Self::begin_part(equipment, &Part::main()).await
    }

    pub(crate) async fn begin_part(
        equipment: &'a Equipment,
        part: &Part,
    ) -> Result<Self, TargetError> {
        let found = equipment.targets[part].discover().await?;
        let script = Self::of(equipment, part, found, "script");
        let claim = Some(&script.claim);
        let binding = &script.found.binding;
        script.target.claim(binding, None, claim).await?;
        Ok(script)
    }

    /// A part that was found so, under a name, not claimed.
    pub(crate) fn of(
        equipment: &'a Equipment,
        part: &Part,
        found: Discovery,
        holder: &str,
    ) -> Self {
        let track = |track| match &found.observation.track(track).written {
            Some(written) => DesiredTrack {
                revision: Revision::Recorded,
                replicas: written.replicas,
            },
            None => DesiredTrack::absent(),
        };
        Self {
            equipment,
            part: part.clone(),
            target: Arc::clone(&equipment.targets[part]),
            claim: Claim {
                holder: holder.parse().unwrap(),
                epoch: 1,
            },
            desired: Desired {
                stable: track(Track::Stable),
                candidate: track(Track::Candidate),
                traffic: found.observation.traffic.written.clone(),
            },
            found,
            writes: 0,
            looks: 0,
        }
    }

    pub(crate) async fn claim(&self) -> Result<(), TargetError> {
        let (binding, claim) = (&self.found.binding, &self.claim);
        self.target.claim(binding, None, Some(claim)).await
    }

    /// The track runs the release, in so many pods.
    pub(crate) async fn release(&mut self, track: Track, count: u32) -> Result<(), TargetError> {
        let images = self.equipment.release.images(&self.part).unwrap().clone();
        *self.desired.track_mut(track) = DesiredTrack {
            revision: Revision::Release(images),
            replicas: Replicas::Count(count),
        };
        self.write().await
    }

    pub(crate) async fn scale(&mut self, track: Track, count: u32) -> Result<(), TargetError> {
        self.desired.track_mut(track).replicas = Replicas::Count(count);
        self.write().await
    }

    /// The candidate's share of traffic.
    pub(crate) async fn weight(&mut self, percent: u16) -> Result<(), TargetError> {
        self.desired.traffic.weight = Weight::from_percent(percent).unwrap();
        self.write().await
    }

    /// As `kubectl apply` does: whatever is there is taken for what was seen.
    pub(crate) async fn write(&mut self) -> Result<(), TargetError> {
        self.writes += 1;
        let id = EffectId(self.writes);
        let seen = self.observe().await?;
        self.journal(id).await;
        let mut request = Apply::new(id, self.claim.clone(), self.desired.clone());
        request.binding = self.found.binding.clone();
        request.seen = seen.owned;
        self.target.apply(&request).await?;
        Ok(())
    }

    /// A script that says what it is about to do: it shall be caught by something else.
    async fn journal(&self, id: EffectId) {
        let journal = &self.equipment.journal;
        let here = journal.read().await.unwrap().sequence;
        let mut record = journal::record(id.0, 0);
        if let Record::Decision(decision) = &mut record {
            decision.effects = vec![(id, EffectKind::Apply)];
        }
        journal.append(here, &[record]).await.unwrap();
    }

    pub(crate) async fn observe(&self) -> Result<Observation, TargetError> {
        self.target.observe(&self.found.binding).await
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.equipment.clock.now()
    }

    pub(crate) async fn sleep(&self, seconds: u64) {
        let until = self.now() + Duration::from_secs(seconds);
        self.equipment.clock.sleep_until(until).await;
    }

    /// `rollout status`: waits until as many pods are ready as are wanted, for two minutes at most.
    pub(crate) async fn status(&self, track: Track) -> Result<bool, TargetError> {
        for _ in 0..60 {
            let seen = self.observe().await?;
            let seen = seen.track(track);
            let revision = seen.written.as_ref().map(|written| &written.revision);
            let current = seen
                .pods
                .iter()
                .filter(|pods| Some(&pods.revision) == revision);
            if current.map(|pods| pods.ready).sum::<u32>() >= seen.wanted() {
                return Ok(true);
            }
            self.sleep(2).await;
        }
        Ok(false)
    }

    /// Whether more than one in a hundred requests to a track failed in the last so many seconds.
    pub(crate) async fn fails(
        &mut self,
        track: Track,
        seconds: u64,
    ) -> Result<bool, Box<dyn Error>> {
        self.looks += 1;
        let to = self.now();
        let from = to.before(Duration::from_secs(seconds));
        let analysis = Extension::new(FailureShare::KIND);
        let mut look = Look::new("errors", analysis, Window { from, to });
        look.number = self.looks;
        let labels = Tracks {
            stable: self.found.observation.stable.labels.clone(),
            candidate: [("workload".to_owned(), self.name(Track::Candidate))].into(),
        };
        look.identities.insert(self.part.clone(), labels);
        let counter = &self.equipment.counter;
        let count = counter.count(&look, &self.part, track).await?;
        Ok(count.failed * 100 > count.total)
    }

    fn name(&self, track: Track) -> String {
        let name = self.found.names.of(track);
        name.trim_start_matches("workload/").to_owned()
    }
}
