//! A target under a claim, told by hand what to do: no driver and no machine.

use strategy_core::target::{
    Applied, Apply, Claim, Desired, DesiredTrack, Discovery, EffectId, Observation, TargetError,
};
use strategy_core::world::block_on;
use strategy_core::{Images, Replicas, Revision, Target, Traffic, Weight};
use target_ecs::EcsTarget;

use crate::scene::Scene;

pub(crate) struct Hand {
    pub(crate) scene: Scene,
    pub(crate) target: EcsTarget,
    pub(crate) found: Discovery,
}

pub(crate) fn claim(epoch: u64) -> Claim {
    Claim {
        holder: "hand".parse().unwrap(),
        epoch,
    }
}

impl Hand {
    pub(crate) fn new(scene: Scene) -> Self {
        let target = scene.target();
        Self::with(scene, target)
    }

    pub(crate) fn with(scene: Scene, target: EcsTarget) -> Self {
        let found = block_on(&scene.clock, target.discover()).unwrap().unwrap();
        let ours = claim(1);
        let taken = target.claim(&found.binding, None, Some(&ours));
        block_on(&scene.clock, taken).unwrap().unwrap();
        Self {
            scene,
            target,
            found,
        }
    }

    /// So many tasks of the release `web:2` in place of what was.
    pub(crate) fn release(&self, count: u32) -> Desired {
        self.images("web:2", count)
    }

    pub(crate) fn images(&self, image: &str, count: u32) -> Desired {
        let images = Images::parse([("web", image)]).unwrap();
        Desired {
            stable: recorded(0),
            candidate: DesiredTrack {
                revision: Revision::Release(images),
                replicas: Replicas::Count(count),
            },
            traffic: Traffic::weight(Weight::FULL),
        }
    }

    /// The start, with so many tasks.
    pub(crate) fn home(&self, count: u32) -> Desired {
        Desired {
            stable: recorded(count),
            candidate: DesiredTrack::absent(),
            traffic: Traffic::default(),
        }
    }

    pub(crate) fn observed(&self) -> Observation {
        let seen = self.target.observe(&self.found.binding);
        block_on(&self.scene.clock, seen).unwrap().unwrap()
    }

    /// Decided on what is seen now.
    pub(crate) fn request(&self, desired: Desired, id: u64) -> Apply {
        let mut request = Apply::new(EffectId(id), claim(1), desired);
        request.binding = self.found.binding.clone();
        request.seen = self.observed().owned;
        request
    }

    pub(crate) async fn written(&self, request: &Apply) -> Result<Applied, TargetError> {
        self.target.apply(request).await
    }

    /// Writes what was decided, and keeps what is to be known from then on.
    pub(crate) fn write(&mut self, request: &Apply) -> Result<(), TargetError> {
        let applied = block_on(&self.scene.clock, self.target.apply(request)).unwrap()?;
        if let Some(binding) = applied.binding {
            self.found.binding = binding;
        }
        Ok(())
    }

    pub(crate) fn apply(&mut self, desired: Desired, id: u64) -> Result<(), TargetError> {
        let request = self.request(desired, id);
        self.write(&request)
    }
}

fn recorded(count: u32) -> DesiredTrack {
    DesiredTrack {
        revision: Revision::Recorded,
        replicas: Replicas::Count(count),
    }
}
