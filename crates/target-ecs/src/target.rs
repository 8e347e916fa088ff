//! The target of owned weights: reads what is there, and writes only what differs.

use async_trait::async_trait;
use strategy_core::target::{
    Admission, Applied, Apply, Binding, Capabilities, Claim, Desired, Discovery, Effectiveness,
    Observation, Promotion, TargetError, TargetErrorKind,
};
use strategy_core::{Part, Plan, Route, Target, Track, Tracks, Weight};

use crate::api::Api;
use crate::asked::{Asked, asked};
use crate::binding::Bound;
use crate::changes::{Change, Definition, Planned, Situation, claimed, no_definitions};
use crate::claim;
use crate::config::{Owned, OwnedWeights, WorkloadConfig};
use crate::error::found;
use crate::note;
use crate::task_definition::{Made, NoContainer, release};
use crate::view::{State, definition};
use crate::weights;
use crate::{admit, discover, observe};

/// Two services whose traffic is shared by weights of ours.
#[derive(Clone, Debug)]
pub(crate) struct OwnedWeightsTarget {
    config: Owned,
    api: Api,
}

impl OwnedWeightsTarget {
    pub(crate) const fn new(config: Owned, api: Api) -> Self {
        Self { config, api }
    }

    /// Whether there may be preview rules: the plan has routes, or a write of some was noted.
    fn looks_for_previews(&self, bound: &Bound, state: &State) -> bool {
        let stable = state.services.stable.as_ref();
        let is_noted = || stable.is_some_and(|of| !note::Text::of(of).previews.is_empty());
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

    /// What the desired revisions mean, as far as they are registered.
    async fn definitions(
        &self,
        bound: &Bound,
        state: &State,
        desired: &Desired,
    ) -> Result<Tracks<Definition>, TargetError> {
        let mut definitions = no_definitions();
        for track in Track::ALL {
            let asked = asked(bound, track, &desired.track(track).revision)?;
            *definitions.of_mut(track) = match asked {
                Asked::Nothing => Definition::None,
                Asked::Recorded(arn) => Definition::Known(arn.to_owned()),
                Asked::Named(name) => {
                    let (base, about) = (Self::base(bound, track), bound.service(track));
                    self.api.named(base, name, &about).await?
                }
                Asked::Release(images) => {
                    let made = self.made(bound, track, images).await?;
                    self.known(bound, state, track, made).await?
                }
            };
        }
        Ok(definitions)
    }

    /// The task definition that a release of a track is made from: what was found on it, or stable's.
    fn base(bound: &Bound, track: Track) -> &str {
        let of = |track| bound.tracks.of(track).recorded();
        of(track).or_else(|| of(Track::Stable)).unwrap_or_default()
    }

    async fn made(
        &self,
        bound: &Bound,
        track: Track,
        images: &strategy_core::Images,
    ) -> Result<Made, TargetError> {
        let base = self.api.definition(Self::base(bound, track)).await?;
        let stable = Self::base(bound, Track::Stable);
        let stable = self.api.definition(stable).await?;
        release(&base, &stable, images).map_err(|NoContainer { missing, there }| {
            let message = format!(
                "it has no container `{missing}`; name one of {}",
                there.join(", ")
            );
            let kind = TargetErrorKind::InvalidConfig;
            let about = format!("task-definition/{}", base.short());
            found(kind, "ecs:RegisterTaskDefinition", &about, message)
        })
    }

    /// Looked for in what runs, then among the newest of its family.
    async fn known(
        &self,
        bound: &Bound,
        state: &State,
        track: Track,
        made: Made,
    ) -> Result<Definition, TargetError> {
        let made = match made {
            Made::Base => return Ok(Definition::Known(Self::base(bound, track).to_owned())),
            Made::Other(made) => made,
        };
        let both = Track::ALL.into_iter();
        let running: Vec<String> = both
            .filter_map(|track| state.active(track))
            .map(|service| definition(service).to_owned())
            .collect();
        self.api.release(made, &running).await
    }

    /// Registers what is not there yet. Nothing runs it before the calls that follow.
    async fn register(&self, definitions: &mut Tracks<Definition>) -> Result<bool, TargetError> {
        let mut registered: Vec<(String, String)> = Vec::new();
        for track in [Track::Candidate, Track::Stable] {
            let definition = definitions.of_mut(track);
            let Definition::New(made) = definition else {
                continue;
            };
            let known = registered.iter().find(|(key, _)| *key == made.key);
            let arn = match known {
                Some((_, arn)) => arn.clone(),
                None => self.api.register(made).await?,
            };
            registered.push((made.key.clone(), arn.clone()));
            *definition = Definition::Known(arn);
        }
        Ok(!registered.is_empty())
    }

    /// One after the other; `written` tells whether any was taken. Before each but the first it is looked
    /// whether the services are still under the claim.
    async fn carry_out(
        &self,
        bound: &Bound,
        request: &Apply,
        changes: Vec<Change>,
        written: &mut bool,
    ) -> Result<(), TargetError> {
        let cluster = &bound.cluster;
        let api = &self.api;
        for change in changes {
            if *written {
                self.still_ours(bound, request).await?;
            }
            match change {
                Change::Note { service, retag } => {
                    api.retag(&service, &retag).await?;
                }
                Change::Create(creation) => api.create(cluster, *creation).await?,
                Change::Update {
                    service,
                    definition,
                    count,
                } => api.update(cluster, &service, definition, count).await?,
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

    async fn still_ours(&self, bound: &Bound, request: &Apply) -> Result<(), TargetError> {
        let names = crate::view::tracks(|track| bound.tracks.of(track).service.as_str());
        let services = self
            .api
            .services(&bound.cluster, [names.stable, names.candidate])
            .await?;
        let [stable, candidate] = services;
        let state = State {
            services: Tracks { stable, candidate },
            ..State::default()
        };
        for track in Track::ALL {
            if let Some(service) = state.active(track) {
                claimed(bound, service, track, request)?;
            }
        }
        Ok(())
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

/// The binding from now on: the note of a write that went through is remembered as such.
fn applied(mut bound: Bound, state: &State, planned: &Planned) -> Result<Applied, TargetError> {
    let there = state.active(Track::Stable);
    let there = there.map(note::Text::of);
    let note = planned.note.clone().or(there).unwrap_or_default();
    let is_whole = note
        .read()
        .is_some_and(|read| read.leads_to(&planned.wanted));
    let note = note.written;
    if note.is_empty() || !is_whole || bound.done.as_ref() == Some(&note) {
        return Ok(Applied::default());
    }
    bound.done = Some(note);
    Ok(Applied::rebound(bound.wrap()?))
}

#[async_trait]
impl Target for OwnedWeightsTarget {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        let (bound, view) = discover::start(&self.config, &self.api).await?;
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
        let bound = Bound::read(binding)?;
        let mut view = self.api.view(&bound).await?;
        if self.looks_for_previews(&bound, &view.state) {
            view.state.previews = self.api.previews(&bound).await?;
        }
        observe::observation(&bound, &view)
    }

    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        let bound = Bound::read(&request.binding)?;
        let mut state = self.api.state(&bound).await?;
        let routes = &request.desired.traffic.routes;
        if !routes.is_empty() || self.looks_for_previews(&bound, &state) {
            self.may_make_previews(&bound, routes)?;
            state.previews = self.api.previews(&bound).await?;
        }
        let mut definitions = self.definitions(&bound, &state, &request.desired).await?;
        let mut planned = Situation {
            bound: &bound,
            state: &state,
            definitions: &definitions,
        }
        .changes(request)?;
        if self.register(&mut definitions).await? {
            planned = Situation {
                bound: &bound,
                state: &state,
                definitions: &definitions,
            }
            .changes(request)?;
        }
        let mut written = false;
        let changes = std::mem::take(&mut planned.changes);
        match self.carry_out(&bound, request, changes, &mut written).await {
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
        let facts = admit::facts(&self.api, &bound, looks, !routes.is_empty()).await?;
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
        let change = claim::Change { from, to };
        let state = self.api.state(&bound).await?;
        if change
            .carry_out(&self.api, &state.claimable(&bound))
            .await?
        {
            let state = self.api.state(&bound).await;
            let state = state.map_err(TargetError::maybe_taken)?;
            change.check_taken(&state.claimable(&bound))?;
        }
        Ok(())
    }
}
