//! A target on which everything is done at once and nothing happens by itself, and checks that always
//! pass: what is measured is what carries the rollouts, not what they are carried on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use strategy_core::Target;
use strategy_core::analysis::{Analysis, Look, MeasureError, Measurement, PreparedCheck};
use strategy_core::plan::Plan;
use strategy_core::target::{
    Applied, Apply, Binding, Claim, Discovery, Found, Observation, TargetError,
};
use strategy_core::world::fulfilled;

/// One part. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Still {
    found: Arc<Discovery>,
    is: Arc<Mutex<Observation>>,
}

impl Still {
    pub(crate) fn new(found: Arc<Discovery>) -> Self {
        let is = Arc::new(Mutex::new(found.observation.clone()));
        Self { found, is }
    }

    fn is(&self) -> MutexGuard<'_, Observation> {
        self.is.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Target for Still {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        Ok((*self.found).clone())
    }

    async fn observe(&self, _: &Binding) -> Result<Observation, TargetError> {
        Ok(self.is().clone())
    }

    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        *self.is() = fulfilled(&request.desired, &self.found);
        Ok(Applied::default())
    }

    async fn claim(
        &self,
        _: &Binding,
        _: Option<&Claim>,
        _: Option<&Claim>,
    ) -> Result<(), TargetError> {
        Ok(())
    }
}

/// Every look passes, with so many bytes to remember.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Content {
    pub(crate) memory: usize,
}

#[async_trait]
impl Analysis for Content {
    async fn admit(&self, plan: &Plan, _: &Found) -> Result<Vec<PreparedCheck>, MeasureError> {
        Ok(plan
            .checks()
            .keys()
            .cloned()
            .map(PreparedCheck::new)
            .collect())
    }

    async fn measure(&self, look: &Look) -> Result<Measurement, MeasureError> {
        crate::trace::pass(look.number, self.memory)
    }
}
