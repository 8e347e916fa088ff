//! The target. It decides nothing: `apply` makes the desired state so, `observe` says what is there.

use std::error::Error;

use async_trait::async_trait;
use strategy_core::target::{
    Applied, Apply, Binding, Desired, Discovery, Observation, Owned, TargetError, TargetErrorKind,
    TargetErrorKind::{InvalidConfig, Unexpected},
    Writer,
};
use strategy_core::world::fulfilled;
use strategy_core::{Images, Target, Track};

use super::law::{foreign, impossible, somebody_elses};
use super::platform::{Balancer, US};

#[derive(Debug)]
pub(crate) struct BalancerTarget(pub(crate) Balancer);

/// Says what was attempted, on what, and why it failed.
pub(crate) fn refused(
    kind: TargetErrorKind,
    verb: &str,
    why: impl Into<Box<dyn Error + Send + Sync>>,
) -> TargetError {
    TargetError::new(kind, verb, "balancer").because(why)
}

/// What `discover` put into the binding. Anything else is another target's.
fn recorded(binding: &Binding) -> Result<Discovery, TargetError> {
    let read = binding.read();
    read.map_err(|why| refused(InvalidConfig, "read binding", why))
}

#[async_trait]
impl Target for BalancerTarget {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        let mut found = self.0.start.clone();
        // So that "recorded" means the same after a crash, and after everything has changed.
        found.binding = Binding::new(&found).map_err(|why| refused(Unexpected, "record", why))?;
        found.observation = self.observe(&found.binding).await?;
        Ok(found)
    }

    async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError> {
        let start = recorded(binding)?;
        let state = self.0.state();
        let mut now = fulfilled(&state.is, &start);
        let owned = serde_json::to_string(&state.is);
        now.owned = Owned(owned.map_err(|why| refused(Unexpected, "read", why))?);
        now.foreign = foreign(&state);
        if state.by != US {
            let (name, version) = (state.by.clone(), now.owned.0.clone());
            now.traffic.writer = Writer::Other { name, version };
        }
        Ok(now)
    }

    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        let start = recorded(&request.binding)?;
        let seen: Desired = serde_json::from_str(&request.seen.0)
            .map_err(|why| refused(InvalidConfig, "read what was seen of", why))?;
        let desired = &request.desired;
        let nothing = Images::default();
        impossible(desired, start.images(Track::Stable).unwrap_or(&nothing))?;
        let mut state = self.0.state();
        somebody_elses(&state.is, &seen, desired)?;
        state.is.clone_from(desired);
        state.ours.clone_from(desired);
        US.clone_into(&mut state.by);
        Ok(Applied::default())
    }
}
