//! Wrong on purpose: a target that calls every pod ready as soon as it is there.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use strategy_core::plan::Plan;
use strategy_core::rollout::Outcome;
use strategy_core::simulation::{Carrier, Equipment, RealDriver};
use strategy_core::target::{
    Admission, Applied, Apply, Binding, Claim, Discovery, Observation, TargetError, Version,
};
use strategy_core::{Part, Strategy, Target, Track};

/// The real driver, and a target that is too hopeful.
#[derive(Debug)]
pub(crate) struct Optimist;

#[async_trait(?Send)]
impl Carrier for Optimist {
    async fn carry(
        &self,
        mut equipment: Equipment,
        strategy: &dyn Strategy,
    ) -> Result<Outcome, Box<dyn Error>> {
        for target in equipment.targets.values_mut() {
            *target = Arc::new(AllReady(Arc::clone(target)));
        }
        RealDriver.carry(equipment, strategy).await
    }
}

#[derive(Debug)]
struct AllReady(Arc<dyn Target>);

fn hopeful(mut observation: Observation) -> Observation {
    for track in Track::ALL {
        let seen = match track {
            Track::Stable => &mut observation.stable,
            Track::Candidate => &mut observation.candidate,
        };
        for pods in &mut seen.pods {
            pods.ready = pods.total;
            pods.available = pods.total;
        }
    }
    observation
}

#[async_trait]
impl Target for AllReady {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        self.0.discover().await
    }

    async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError> {
        self.0.observe(binding).await.map(hopeful)
    }

    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        self.0.apply(request).await
    }

    async fn admit(
        &self,
        part: &Part,
        found: &Discovery,
        plan: &Plan,
    ) -> Result<Admission, TargetError> {
        self.0.admit(part, found, plan).await
    }

    async fn claim(
        &self,
        binding: &Binding,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), TargetError> {
        self.0.claim(binding, from, to).await
    }

    async fn changed(&self, binding: &Binding, after: &Version) {
        self.0.changed(binding, after).await;
    }
}
