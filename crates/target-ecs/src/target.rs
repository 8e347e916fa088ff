//! The target of owned weights: reads what is there, and writes only what differs.

mod definitions;
mod news;

use std::sync::Arc;

use async_trait::async_trait;
use strategy_core::target::{
    Admission, Applied, Apply, Binding, Capabilities, Claim, Discovery, Effectiveness, Observation,
    Promotion, TargetError, TargetErrorKind, Version,
};
use strategy_core::{Part, Plan, Route, Target, Track, Weight};

use crate::api::Api;
use crate::autoscaling::number;
use crate::binding::Bound;
use crate::changes::{Change, Planned, Situation, claimed};
use crate::claim;
use crate::config::{Owned, OwnedWeights, WorkloadConfig};
use crate::error::found;
use crate::news::{Intervals, News};
use crate::owned::Fields;
use crate::view::State;
use crate::weights;
use crate::{admit, discover, observe};

/// Two services whose traffic is shared by weights of ours.
#[derive(Clone, Debug)]
pub(crate) struct OwnedWeightsTarget {
    config: Owned,
    api: Api,
    news: Arc<News>,
}

impl OwnedWeightsTarget {
    pub(crate) fn new(config: Owned, api: Api, intervals: Intervals) -> Self {
        let names = serde_json::to_string(&config.weights).unwrap_or_default();
        Self {
            news: Arc::new(News::new(&format!("{} {names}", config.cluster), intervals)),
            config,
            api,
        }
    }

    /// For one write or claim, which goes before looks.
    fn writing(&self) -> Self {
        Self {
            api: self.api.writing(),
            ..self.clone()
        }
    }

    /// See [`Change::take_back`](claim::Change::take_back).
    async fn take_back(&self, bound: &Bound, claim: &Claim) -> Result<(), TargetError> {
        let api = &self.api;
        claim::Change::take_back(claim, api, &Both { api, bound }).await
    }

    /// Whether there may be preview rules: the plan has routes, or a write of some was noted.
    fn looks_for_previews(&self, bound: &Bound, state: &State) -> bool {
        let is_noted = || !state.noted(bound).text.previews.is_empty();
        self.config.owned_weights().previews && (!bound.routes.is_empty() || is_noted())
    }

    fn may_make_previews(&self, bound: &Bound, routes: &[Route]) -> Result<(), TargetError> {
        if routes.is_empty() || self.config.owned_weights().previews {
            return Ok(());
        }
        let rule = bound.rules.first().map(|of| of.rule.resource());
        let message = "it was told to make no rules (`previews`), and there is no other way to route by header or cookie; leave the route out of the plan";
        let (kind, action) = (
            TargetErrorKind::Unsupported,
            "elasticloadbalancing:CreateRule",
        );
        Err(found(kind, action, &rule.unwrap_or_default(), message))
    }

    /// One after the other; `written` tells whether any that is owned was taken. Before each it is looked
    /// whether the services are still under the claim and as they are expected, unless that was just seen.
    async fn carry_out(
        &self,
        bound: &Bound,
        request: &Apply,
        planned: &Planned,
        just_seen: bool,
        written: &mut bool,
    ) -> Result<(), TargetError> {
        let cluster = &bound.cluster;
        let api = &self.api;
        let mut just_seen = just_seen;
        for change in planned.changes.iter().cloned() {
            let now = if just_seen {
                None
            } else {
                Some(self.still_ours(bound, request, planned).await?)
            };
            just_seen = false;
            match change {
                Change::Note { service, retag } => {
                    api.retag(&service, &retag).await?;
                    continue;
                }
                Change::Create(creation) => api.create(cluster, *creation).await?,
                Change::Update {
                    service,
                    definition,
                    count,
                } => {
                    let is_more =
                        |count: &u32| now.is_none_or(|now| wants(bound, &now, &service, *count));
                    let count = count.filter(is_more);
                    if definition.is_some() || count.is_some() {
                        api.update(cluster, &service, definition, count).await?;
                    }
                }
                Change::Delete { service } => api.delete(cluster, &service).await?,
                Change::Scale {
                    service,
                    minimum,
                    suspended,
                } => api.scale(cluster, &service, minimum, suspended).await?,
                Change::Route { rule, from, to } => api.route(&rule, &from, &to).await?,
                Change::Preview(call) => api.preview(*call).await?,
            }
            *written = true;
        }
        Ok(())
    }

    /// The services as they are now: each under the claim, and every field of them as it was when the calls
    /// were planned or as it is to be.
    async fn still_ours(
        &self,
        bound: &Bound,
        request: &Apply,
        planned: &Planned,
    ) -> Result<State, TargetError> {
        let state = self.api.workloads(bound).await?;
        for track in Track::ALL {
            if let Some(service) = state.active(track) {
                claimed(bound, service, track, request)?;
            }
        }
        let (now, none) = (state.fields(bound, &[]), Fields::default());
        now.check(&none, &planned.now.of_tracks(), &planned.wanted.of_tracks())
            .map_err(|field| {
                let message = format!("{field} was changed while this was being written");
                let resource = bound.service(Track::Stable);
                found(TargetErrorKind::Conflict, "compare", &resource, message)
            })?;
        Ok(state)
    }
}

/// The services of both tracks, to be claimed.
struct Both<'a> {
    api: &'a Api,
    bound: &'a Bound,
}

#[async_trait]
impl claim::Services for Both<'_> {
    async fn now(&self) -> Result<Vec<claim::Claimable>, TargetError> {
        let state = self.api.workloads(self.bound).await?;
        Ok(state.claimable(self.bound))
    }
}

/// What a plan can ask of it.
pub(crate) fn capabilities(owned: &OwnedWeights) -> Capabilities {
    let mut capabilities = Capabilities::routed();
    capabilities.header_routes = owned.previews;
    capabilities.cookie_routes = owned.previews;
    capabilities.granularity = Weight::from_basis_points(weights::STEP).unwrap_or(Weight::FULL);
    capabilities.promotions = match &owned.workload {
        WorkloadConfig::Pair(_) => vec![Promotion::Swap, Promotion::Update],
        WorkloadConfig::Canary(_) => vec![Promotion::Update],
    };
    capabilities.effectiveness = Effectiveness::Assumed {
        after: owned.settle,
    };
    capabilities
}

/// Whether a service is to be told this count. Where an autoscaler decides, a count is what its minimum takes at
/// least, and one that has grown since is left as it is.
fn wants(bound: &Bound, now: &State, service: &str, count: u32) -> bool {
    let is_its = |track: &Track| bound.tracks.of(*track).service == service;
    let track = Track::ALL.into_iter().find(is_its);
    let scaled = track.filter(|track| now.scalers.of(*track).is_some());
    let there = scaled.and_then(|track| now.active(track));
    count == 0 || there.is_none_or(|there| number(there.desired_count) < count)
}

/// The binding from now on: the note of a write that went through is remembered as such.
fn applied(mut bound: Bound, state: &State, planned: &Planned) -> Result<Applied, TargetError> {
    let there = state.noted(&bound).text;
    let note = planned.note.clone().unwrap_or(there);
    let is_whole = note
        .read()
        .is_some_and(|read| read.leads_to(&planned.wanted));
    if note.written.is_empty() || !is_whole || bound.done.as_ref() == Some(&note.written) {
        return Ok(Applied::default());
    }
    bound.done = Some(note.written);
    bound.done_previews = note.previews;
    Ok(Applied::rebound(bound.wrap()?))
}

#[async_trait]
impl Target for OwnedWeightsTarget {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        let (bound, view) = discover::start(&self.config, &self.api.looking()).await?;
        let mut found = Discovery::new(
            bound.wrap()?,
            capabilities(self.config.owned_weights()),
            observe::observation(&bound, &view)?,
            discover::names(&bound),
        );
        found.claim = claim::in_force(&view.state.claimable(&bound))?;
        found.last_epoch = claim::last_epoch(&view.state.claimable(&bound));
        Ok(found)
    }

    async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError> {
        self.look(&Bound::read(binding)?).await
    }

    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        let bound = Bound::read(&request.binding)?;
        let this = self.writing();
        let mut state = this.api.state(&bound).await?;
        let was_there = bound.tracks.candidate.recorded().is_some();
        if was_there && claim::is_crossed(&request.claim, &state.claimable(&bound)) {
            this.take_back(&bound, &request.claim).await?;
            state = this.api.state(&bound).await?;
        }
        let routes = &request.desired.traffic.routes;
        if !routes.is_empty() || self.looks_for_previews(&bound, &state) {
            self.may_make_previews(&bound, routes)?;
            state.previews = this.api.previews(&bound).await?;
        }
        let definitions = this.definitions(&bound, &state, &request.desired).await?;
        let (mut definitions, looked) = definitions;
        let mut planned = Situation {
            bound: &bound,
            state: &state,
            definitions: &definitions,
        }
        .changes(request)?;
        if this.register(&mut definitions).await? {
            planned = Situation {
                bound: &bound,
                state: &state,
                definitions: &definitions,
            }
            .changes(request)?;
        }
        let mut written = false;
        let carried = this.carry_out(&bound, request, &planned, !looked, &mut written);
        match carried.await {
            Ok(()) => applied(bound, &state, &planned),
            Err(error) if written => Err(error.maybe_taken()),
            Err(error) => Err(error),
        }
    }

    async fn admit(
        &self,
        part: &Part,
        found: &Discovery,
        plan: &Plan,
    ) -> Result<Admission, TargetError> {
        let mut bound = Bound::read(&found.binding)?;
        let routes = admit::routes(part, plan);
        let looks = self.config.owned_weights().previews;
        let facts = admit::facts(&self.api.looking(), &bound, looks, !routes.is_empty()).await?;
        let findings = admit::findings(&bound, &facts, part, plan);
        bound.routes = routes;
        Ok(Admission::new(bound.wrap()?, findings))
    }

    async fn claim(
        &self,
        binding: &Binding,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), TargetError> {
        let bound = Bound::read(binding)?;
        let api = self.api.writing();
        let change = claim::Change { from, to };
        change
            .carry_out(
                &api,
                &Both {
                    api: &api,
                    bound: &bound,
                },
            )
            .await
    }

    async fn changed(&self, binding: &Binding, after: &Version) {
        self.until_changed(binding, after).await;
    }
}
