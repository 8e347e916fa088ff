//! A rollout in miniature: what is discovered is claimed, written and looked at as the machine would have it.

use strategy_core::target::{
    Apply, Claim, Desired, DesiredTrack, Discovery, EffectId, Observation, TargetError,
};
use strategy_core::{Images, Replicas, Revision, Target as _, Track, Traffic, Weight};
use target_ecs::EcsTarget;
use target_ecs::config::Config;

use crate::server::{Clients, RUNNING};
use crate::shop::Shop;

pub(crate) fn claim(holder: &str, epoch: u64) -> Claim {
    let holder = holder.parse().unwrap();
    Claim { holder, epoch }
}

pub(crate) fn release(image: &str) -> Revision {
    Revision::Release(Images::parse([("web", image)]).unwrap())
}

/// A target under a claim.
#[derive(Debug)]
pub(crate) struct Hand {
    clients: Clients,
    config: Config,
    pub(crate) target: EcsTarget,
    pub(crate) found: Discovery,
    pub(crate) claim: Claim,
}

impl Hand {
    /// Discovered, and claimed.
    pub(crate) async fn on(shop: &Shop, config: Config) -> Self {
        let target = shop.clients.target(&config);
        let found = target.discover().await.unwrap();
        let claim = claim("a", found.last_epoch + 1);
        target
            .claim(&found.binding, None, Some(&claim))
            .await
            .unwrap();
        shop.clients.recorder.take();
        Self {
            clients: shop.clients.clone(),
            config,
            target,
            found,
            claim,
        }
    }

    /// What was found.
    pub(crate) fn start(&self) -> Desired {
        let track = |track| match &self.found.observation.track(track).written {
            Some(written) => DesiredTrack {
                revision: Revision::Recorded,
                replicas: written.replicas,
            },
            None => DesiredTrack::absent(),
        };
        Desired {
            stable: track(Track::Stable),
            candidate: track(Track::Candidate),
            traffic: self.found.observation.traffic.written.clone(),
        }
    }

    /// What was found, with a candidate of this image that gets so many thousandths of the traffic.
    pub(crate) fn candidate(&self, image: &str, thousandths: u16) -> Desired {
        let mut desired = self.start();
        desired.candidate = DesiredTrack {
            revision: release(image),
            replicas: Replicas::Count(u32::try_from(RUNNING).unwrap()),
        };
        let weight = Weight::from_basis_points(thousandths * 10).unwrap();
        desired.traffic = Traffic::weight(weight);
        desired
    }

    /// By a target that has told nothing and been told nothing: all of it was read.
    pub(crate) async fn look(&self) -> Observation {
        let target = self.clients.target(&self.config);
        target.observe(&self.found.binding).await.unwrap()
    }

    /// Decided on a fresh look, and written.
    pub(crate) async fn apply(&mut self, desired: Desired) {
        let request = self.request(desired).await;
        self.clients.recorder.take();
        let applied = self.target.apply(&request).await.unwrap();
        if let Some(binding) = applied.binding {
            self.found.binding = binding;
        }
    }

    pub(crate) async fn request(&self, desired: Desired) -> Apply {
        let mut request = Apply::new(EffectId(1), self.claim.clone(), desired);
        request.binding = self.found.binding.clone();
        request.seen = self.look().await.owned;
        request
    }

    pub(crate) async fn set_claim(
        &self,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), TargetError> {
        self.target.claim(&self.found.binding, from, to).await
    }
}
