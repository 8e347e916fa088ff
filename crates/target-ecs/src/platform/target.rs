//! The target of one service that Amazon ECS deploys.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use strategy_core::target::{
    Admission, Applied, Apply, Binding, Capabilities, Claim, Discovery, Effectiveness, Observation,
    Promotion, Routing, TargetError, Version,
};
use strategy_core::{Part, Plan, Target, Weight};

use super::binding::Tag;
use super::news::News;
use super::observe::observation;
use super::situation::Situation;
use super::{Bound, admit, discover};
use crate::api::Api;
use crate::claim;
use crate::config::{NativeGated, OneService, Rolling};
use crate::news::Intervals;
use crate::weights;

/// One service whose deployments Amazon ECS carries out.
#[derive(Clone, Debug)]
pub(crate) struct PlatformTarget {
    cluster: String,
    service: String,
    pub(super) mode: Tag,
    /// Where ECS shifts by weights: when they are taken to be effective.
    settle: Option<Duration>,
    pub(super) stall: Duration,
    pub(super) news: Arc<News>,
    pub(super) api: Api,
}

impl PlatformTarget {
    pub(crate) fn rolling(cluster: &str, config: &Rolling, api: Api, intervals: Intervals) -> Self {
        Self {
            news: Arc::new(News::new(
                &format!("{cluster}/{}", config.service),
                intervals,
            )),
            cluster: cluster.to_owned(),
            service: config.service.clone(),
            mode: Tag::Rolling,
            settle: None,
            stall: config.stall,
            api,
        }
    }

    pub(crate) fn gated(
        cluster: &str,
        config: &NativeGated,
        api: Api,
        intervals: Intervals,
    ) -> Self {
        Self {
            news: Arc::new(News::new(
                &format!("{cluster}/{}", config.service),
                intervals,
            )),
            cluster: cluster.to_owned(),
            service: config.service.clone(),
            mode: Tag::NativeGated,
            settle: Some(config.settle),
            stall: config.stall,
            api,
        }
    }

    /// What it can do: `settle` is where ECS shifts by weights, and when they are taken to be effective.
    pub(crate) fn capabilities(settle: Option<Duration>) -> Capabilities {
        let mut capabilities = Capabilities::routed();
        capabilities.routing = Routing::Native;
        capabilities.promotions = vec![Promotion::Native];
        (capabilities.granularity, capabilities.effectiveness) = match settle {
            None => (Weight::FULL, Effectiveness::Verified),
            Some(after) => {
                let step = Weight::from_basis_points(weights::STEP).unwrap_or(Weight::FULL);
                (step, Effectiveness::Assumed { after })
            }
        };
        capabilities
    }
}

#[async_trait]
impl Target for PlatformTarget {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        let of = OneService::named(&self.cluster, &self.service)?;
        let (bound, view) = discover::start(self.mode, &of, &self.api.looking()).await?;
        let mut found = Discovery::new(
            bound.wrap()?,
            Self::capabilities(self.settle),
            observation(&bound, &view, self.stall)?,
            discover::names(&bound),
        );
        found.claim = claim::in_force(&view.seen.claimable(&bound))?;
        found.last_epoch = claim::last_epoch(&view.seen.claimable(&bound));
        Ok(found)
    }

    async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError> {
        self.look(&Bound::read(binding, self.mode)?).await
    }

    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        let bound = Bound::read(&request.binding, self.mode)?;
        let this = Self {
            api: self.api.writing(),
            ..self.clone()
        };
        this.make(bound, request).await
    }

    async fn admit(
        &self,
        part: &Part,
        found: &Discovery,
        plan: &Plan,
    ) -> Result<Admission, TargetError> {
        let mut bound = Bound::read(&found.binding, self.mode)?;
        let facts = admit::facts(&self.api.looking(), &bound).await?;
        let findings = match self.mode {
            Tag::Rolling => admit::findings(&bound, &facts, part, plan),
            Tag::NativeGated => admit::gated(&mut bound, &facts, self.settle, part, plan),
        };
        Ok(Admission::new(bound.wrap()?, findings))
    }

    async fn claim(
        &self,
        binding: &Binding,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), TargetError> {
        let bound = Bound::read(binding, self.mode)?;
        let change = claim::Change { from, to };
        let api = self.api.writing();
        let one = One {
            api: &api,
            bound: &bound,
            has_to_be_there: to.is_some(),
        };
        change.carry_out(&api, &one).await
    }

    async fn changed(&self, binding: &Binding, after: &Version) {
        self.until_changed(binding, after).await;
    }
}

/// The service, to be claimed.
struct One<'a> {
    api: &'a Api,
    bound: &'a Bound,
    has_to_be_there: bool,
}

#[async_trait]
impl claim::Services for One<'_> {
    async fn now(&self) -> Result<Vec<claim::Claimable>, TargetError> {
        let seen = self.api.seen(self.bound).await?;
        if self.has_to_be_there {
            Situation::of(self.bound, &seen)?;
        }
        Ok(seen.claimable(self.bound))
    }
}
