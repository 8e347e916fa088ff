//! A platform to work on: a load balancer that is one value in memory, and does at once what it is told.

use std::error::Error;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use strategy_core::target::{Desired, DesiredTrack, Discovery};
use strategy_core::world::{discovery_of, observed_track};
use strategy_core::{Images, Replicas, Revision, Traffic};

/// The name under which the target writes.
pub(crate) const US: &str = "rollway";

/// What everybody can see of it.
#[derive(Debug)]
pub(crate) struct State {
    /// What it was told last.
    pub(crate) is: Desired,
    /// Who told it.
    pub(crate) by: String,
    /// What the target told it last.
    pub(crate) ours: Desired,
}

/// Any clone is the same balancer.
#[derive(Clone, Debug)]
pub(crate) struct Balancer {
    pub(crate) start: Discovery,
    state: Arc<Mutex<State>>,
}

impl Balancer {
    /// So many of this image, and no candidate.
    pub(crate) fn running(image: &str, count: u32) -> Result<Self, Box<dyn Error>> {
        let images = Images::parse([("app", image)])?;
        let mut start = discovery_of(observed_track(&images, count), Default::default());
        // The target has no `claim`, so nothing would stop a second rollout: the plan is to say so.
        start.capabilities.fenced = false;
        let (revision, replicas) = (Revision::Recorded, Replicas::Count(count));
        let is = Desired {
            stable: DesiredTrack { revision, replicas },
            candidate: DesiredTrack::absent(),
            traffic: Traffic::default(),
        };
        let (by, ours) = (US.to_owned(), is.clone());
        let state = Arc::new(Mutex::new(State { is, by, ours }));
        Ok(Self { start, state })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
