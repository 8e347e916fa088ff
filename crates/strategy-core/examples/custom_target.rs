//! A target of one's own in three methods: a load balancer that is one value in memory.
//!
//! Nothing here decides anything. `apply` makes the desired state so, `observe` says what is there.

use std::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use strategy_core::driver::Driver;
use strategy_core::rollout::Outcome;
use strategy_core::strategy::Canary;
use strategy_core::target::{
    Applied, Apply, Binding, Desired, DesiredTrack, Discovery, Observation, TargetError,
    TargetErrorKind::Conflict,
};
use strategy_core::world::{World, discovery_of, fulfilled, observed_track};
use strategy_core::{Images, Release, Replicas, Revision, Target, Traffic};

/// Does at once whatever it is told.
#[derive(Debug)]
struct Balancer {
    start: Discovery,
    is: Mutex<Desired>,
}

impl Balancer {
    fn running(image: &str, count: u32) -> Result<Self, Box<dyn Error>> {
        let images = Images::parse([("app", image)])?;
        let mut start = discovery_of(observed_track(&images, count), Default::default());
        // No `claim` below, so nothing would stop a second rollout: the plan is to say so.
        start.capabilities.fenced = false;
        let (revision, replicas) = (Revision::Recorded, Replicas::Count(count));
        let is = Desired {
            stable: DesiredTrack { revision, replicas },
            candidate: DesiredTrack::absent(),
            traffic: Traffic::default(),
        };
        start.observation = fulfilled(&is, &start);
        Ok(Self {
            start,
            is: Mutex::new(is),
        })
    }

    fn is(&self) -> MutexGuard<'_, Desired> {
        self.is.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Target for Balancer {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        Ok(self.start.clone())
    }

    async fn observe(&self, _: &Binding) -> Result<Observation, TargetError> {
        Ok(fulfilled(&self.is(), &self.start))
    }

    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        let mut is = self.is();
        let there = fulfilled(&is, &self.start).owned;
        // The law: what is neither as it was seen nor as it should be is somebody else's work.
        if there != request.seen && *is != request.desired {
            return Err(TargetError::new(Conflict, "update", "balancer"));
        }
        is.clone_from(&request.desired);
        Ok(Applied::default())
    }
}

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let time = World::seeded(0).build()?; // lends its virtual clock, so that bakes take no time
    let driver = Driver::on(Balancer::running("app:v1", 4)?).clock(time.clock().clone());
    let canary = Canary::new().stages([10, 100]);
    let (_, run) = time.block_on(driver.start(&canary, Release::of([("app", "app:v2")])?))??;
    assert_eq!(time.block_on(run)??, Outcome::Promoted);
    Ok(())
}
