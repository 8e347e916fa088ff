//! Targets that show or write something else than there is, under the real driver.

use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use strategy_core::plan::Plan;
use strategy_core::rollout::Outcome;
use strategy_core::simulation::{Carrier, Equipment, RealDriver};
use strategy_core::target::{
    Admission, Applied, Apply, Binding, Claim, Discovery, Observation, TargetError, Version,
};
use strategy_core::{Part, Strategy, Target};

/// What a target makes of what it sees; beside it what it showed first, and what it was asked last.
pub(crate) type Sees = fn(&mut Observation, &Memory);
/// What a target makes of what it is asked, and what is there.
pub(crate) type Asks = fn(&mut Apply, &Observation);

#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) first: Option<Observation>,
    pub(crate) asked: Option<Apply>,
}

/// How a target is wrong.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wrong {
    Sees(Sees),
    Asks(Asks, Sees),
}

/// The real driver on targets that are wrong in this way.
pub(crate) fn on_target(wrong: Wrong) -> Box<dyn Carrier> {
    Box::new(On(wrong))
}

#[derive(Debug)]
struct On(Wrong);

#[async_trait(?Send)]
impl Carrier for On {
    async fn carry(
        &self,
        mut equipment: Equipment,
        strategy: &dyn Strategy,
    ) -> Result<Outcome, Box<dyn std::error::Error>> {
        for target in equipment.targets.values_mut() {
            *target = Arc::new(WrongTarget {
                inner: Arc::clone(target),
                wrong: self.0,
                memory: Mutex::default(),
            });
        }
        RealDriver.carry(equipment, strategy).await
    }
}

struct WrongTarget {
    inner: Arc<dyn Target>,
    wrong: Wrong,
    memory: Mutex<Memory>,
}

impl fmt::Debug for WrongTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wrong.fmt(f)
    }
}

impl WrongTarget {
    fn shown(&self, mut seen: Observation) -> Observation {
        let mut memory = self.memory.lock().unwrap();
        memory.first.get_or_insert_with(|| seen.clone());
        match self.wrong {
            Wrong::Sees(sees) | Wrong::Asks(_, sees) => sees(&mut seen, &memory),
        }
        seen
    }
}

#[async_trait]
impl Target for WrongTarget {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        let mut found = self.inner.discover().await?;
        found.observation = self.shown(found.observation);
        Ok(found)
    }

    async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError> {
        let seen = self.inner.observe(binding).await?;
        Ok(self.shown(seen))
    }

    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        self.memory.lock().unwrap().asked = Some(request.clone());
        match self.wrong {
            Wrong::Sees(_) => self.inner.apply(request).await,
            Wrong::Asks(asks, _) => {
                let mut request = request.clone();
                let here = self.inner.observe(&request.binding).await?;
                asks(&mut request, &here);
                self.inner.apply(&request).await
            }
        }
    }

    async fn admit(
        &self,
        part: &Part,
        found: &Discovery,
        plan: &Plan,
    ) -> Result<Admission, TargetError> {
        self.inner.admit(part, found, plan).await
    }

    async fn claim(
        &self,
        binding: &Binding,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), TargetError> {
        self.inner.claim(binding, from, to).await
    }

    async fn changed(&self, binding: &Binding, after: &Version) {
        self.inner.changed(binding, after).await;
    }
}
