//! A rollout of one part that works on the shop step by step.

use strategy_core::target::{
    Applied, Apply, Binding, Certainty, Claim, Desired, DesiredTrack, Discovery, EffectId,
    Observation, TargetError,
};
use strategy_core::{Images, Replicas, Revision, Target, Traffic, Weight};
use target_k8s::KubernetesTarget;

use crate::shop::SOON;

/// A rollout of one part, driven by hand.
pub(crate) struct Hand {
    pub(crate) target: KubernetesTarget,
    pub(crate) found: Discovery,
    pub(crate) claim: Claim,
    pub(crate) desired: Desired,
    steps: u64,
}

impl Hand {
    /// Discovers and claims.
    pub(crate) async fn on(target: KubernetesTarget) -> Self {
        let found = target.discover().await.unwrap();
        let claim = claim("hand", found.last_epoch + 1);
        assert_eq!(found.claim, None);
        target
            .claim(&found.binding, None, Some(&claim))
            .await
            .unwrap();
        let hand = Self {
            desired: start(&found),
            target,
            found,
            claim,
            steps: 0,
        };
        let first = hand.look().await;
        assert_eq!(first.owned, hand.found.observation.owned);
        assert_eq!(first.foreign, []);
        hand
    }

    pub(crate) fn binding(&self) -> &Binding {
        &self.found.binding
    }

    pub(crate) async fn look(&self) -> Observation {
        self.target.observe(self.binding()).await.unwrap()
    }

    /// The next write, decided on what is seen now.
    pub(crate) async fn prepare(&mut self, change: impl FnOnce(&mut Desired)) -> Apply {
        change(&mut self.desired);
        self.steps += 1;
        let id = EffectId(self.steps);
        let mut apply = Apply::new(id, self.claim.clone(), self.desired.clone());
        apply.binding = self.binding().clone();
        apply.seen = self.look().await.owned;
        apply.timeout = SOON;
        apply
    }

    pub(crate) async fn try_step(
        &mut self,
        change: impl FnOnce(&mut Desired),
    ) -> Result<Applied, TargetError> {
        let request = self.prepare(change).await;
        self.target.apply(&request).await
    }

    /// Writes, sees the write at once, and writes nothing the second time.
    pub(crate) async fn step(&mut self, change: impl FnOnce(&mut Desired)) -> Observation {
        let request = self.prepare(change).await;
        self.target.apply(&request).await.unwrap();
        let seen = self.look().await;
        assert_eq!(seen.traffic.written, self.desired.traffic);
        for track in strategy_core::Track::ALL {
            let desired = self.desired.track(track);
            match &seen.track(track).written {
                Some(written) => {
                    assert!(
                        desired.revision.is(&written.revision),
                        "{desired}: {written:?}"
                    );
                    assert_eq!(written.replicas, desired.replicas);
                }
                None => assert!(!matches!(desired.revision, Revision::Release(_))),
            }
        }
        assert_eq!(seen.foreign, []);
        self.target.apply(&request).await.unwrap();
        assert_eq!(self.look().await.owned, seen.owned);
        seen
    }

    /// Waits for news until it is so.
    pub(crate) async fn until(&self, is_so: impl Fn(&Observation) -> bool) -> Observation {
        let mut last = None;
        let waiting = async {
            loop {
                let seen = self.look().await;
                if is_so(&seen) {
                    return seen;
                }
                let version = seen.version.clone();
                last = Some(seen);
                self.target.changed(self.binding(), &version).await;
            }
        };
        match tokio::time::timeout(SOON, waiting).await {
            Ok(seen) => seen,
            Err(_) => panic!("never so: {last:#?}"),
        }
    }

    pub(crate) async fn give_up(&self) {
        let claim = Some(&self.claim);
        self.target
            .claim(self.binding(), claim, None)
            .await
            .unwrap();
    }
}

pub(crate) fn claim(holder: &str, epoch: u64) -> Claim {
    Claim {
        holder: holder.parse().unwrap(),
        epoch,
    }
}

/// The recorded start as a desired state.
pub(crate) fn start(found: &Discovery) -> Desired {
    let track = |seen: &strategy_core::target::ObservedTrack| match &seen.written {
        Some(written) => DesiredTrack {
            revision: Revision::Recorded,
            replicas: written.replicas,
        },
        None => DesiredTrack::absent(),
    };
    Desired {
        stable: track(&found.observation.stable),
        candidate: track(&found.observation.candidate),
        traffic: found.observation.traffic.written.clone(),
    }
}

pub(crate) fn release(tag: &str, count: u32) -> DesiredTrack {
    DesiredTrack {
        revision: Revision::Release(Images::parse([("api", format!("shop/api:{tag}"))]).unwrap()),
        replicas: Replicas::Count(count),
    }
}

pub(crate) fn weight(percent: u16) -> Traffic {
    Traffic::weight(Weight::from_percent(percent).unwrap())
}

#[track_caller]
pub(crate) fn assert_not_taken(error: &TargetError) {
    assert_eq!(error.certainty, Certainty::NotTaken, "{error}");
}
