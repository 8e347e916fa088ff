//! The target: reads what is there, and writes only what differs.

mod news;

use std::sync::Arc;

use async_trait::async_trait;
use strategy_core::target::{
    Admission, Applied, Apply, Binding, Capabilities, Claim, Desired, Discovery, Effectiveness,
    Observation, Promotion, TargetError, TargetErrorKind, Version,
};
use strategy_core::{Part, Plan, Target, Track, Tracks, Weight};

use crate::account::Account;
use crate::api::Api;
use crate::asked::{Asked, asked};
use crate::binding::Bound;
use crate::changes::{Change, Definition, Planned, Situation, claimed, no_definitions};
use crate::claim;
use crate::config::{Config, WorkloadConfig};
use crate::error::found;
use crate::mark::{self, WRITTEN};
use crate::news::News;
use crate::note::Note;
use crate::permissions::Policy;
use crate::task_definition::{Made, NoContainer, release};
use crate::view::{State, definition};
use crate::weights;
use crate::{admit, discover, observe, permissions};

/// One part of a rollout on Amazon ECS, with the user's own services, target groups and rules.
///
/// It reads by `Describe` and `List` calls and keeps nothing but task definitions, which never change.
/// Each call is made once: the retries of the clients it is given are switched off, since the machine
/// decides what is tried again.
///
/// While a rollout holds its claim, both services carry the tag `rollway.dev/claim`, and stable's
/// `rollway.dev/written`, which go with the claim. Then a number stays, `rollway.dev/last-epoch`, so that a
/// claim which comes too late is refused. Task definitions that it registers are tagged
/// `rollway.dev/release` and `rollway.dev/base` and stay.
#[derive(Clone, Debug)]
pub struct EcsTarget {
    config: Config,
    api: Api,
    news: Arc<News>,
}

impl EcsTarget {
    /// A target that uses these clients, which are of the account and region of the target groups, alone:
    /// the same as [`on`](Self::on) an account of its own.
    pub fn new(
        ecs: &aws_sdk_ecs::Client,
        balancers: &aws_sdk_elasticloadbalancingv2::Client,
        scaling: &aws_sdk_applicationautoscaling::Client,
        config: Config,
    ) -> Self {
        Self::on(&Account::new(ecs, balancers, scaling), config)
    }

    /// A target in an account that others may share, which is that of the target groups.
    pub fn on(account: &Account, config: Config) -> Self {
        Self {
            api: Api::new(account),
            news: Arc::new(News::new(&config)),
            config,
        }
    }

    /// For one write or claim, which goes before looks.
    fn writing(&self) -> Self {
        Self {
            api: self.api.writing(),
            ..self.clone()
        }
    }

    /// The least policy under which this target works.
    ///
    /// # Errors
    /// `InvalidConfig` when the configuration names what cannot exist.
    pub fn permissions(config: &Config) -> Result<Policy, TargetError> {
        permissions::policy(config)
    }

    /// What it was told.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    fn capabilities(&self) -> Capabilities {
        let owned = self.config.owned_weights();
        let mut capabilities = Capabilities::routed();
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
                Asked::Named(name) => self.named(bound, track, name).await?,
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
        if let Some(arn) = self.api.registered(&made, &running).await? {
            return Ok(Definition::Known(arn));
        }
        let newest = self.api.newest(made.family()).await?;
        Ok(match self.api.registered(&made, &newest).await? {
            Some(arn) => Definition::Known(arn),
            None => Definition::New(made),
        })
    }

    /// `family:revision` of the same family.
    async fn named(
        &self,
        bound: &Bound,
        track: Track,
        name: &str,
    ) -> Result<Definition, TargetError> {
        let base = self.api.definition(Self::base(bound, track)).await?;
        let family = base.family();
        let refuse = |message: String| {
            let (kind, resource) = (TargetErrorKind::Unsupported, bound.service(track));
            found(kind, "ecs:DescribeTaskDefinition", &resource, message)
        };
        let revision = name.strip_prefix(family).and_then(|n| n.strip_prefix(':'));
        if !revision.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())) {
            return Err(refuse(format!(
                "{name:?} is no task definition of its family; name it as `{family}:NUMBER`"
            )));
        }
        match self.api.definition(name).await {
            Ok(described) if described.is_active() => {
                Ok(Definition::Known(described.arn().to_owned()))
            }
            Err(error) if error.is_transient() => Err(error),
            Err(error) if error.kind == TargetErrorKind::PermissionDenied => Err(error),
            Ok(_) | Err(_) => Err(refuse(format!(
                "there is no active task definition {name}; `aws ecs list-task-definitions --family-prefix {family}` lists those there are"
            ))),
        }
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
                Change::Note { service, text } => {
                    let mut retag = mark::Retag::default();
                    retag.set.insert(WRITTEN, text);
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

/// The binding from now on: the note of a write that went through is remembered as such.
fn applied(mut bound: Bound, state: &State, planned: &Planned) -> Result<Applied, TargetError> {
    let there = state.active(Track::Stable);
    let there = there.and_then(|stable| mark::value(stable.tags(), WRITTEN));
    let note = planned.note.as_deref().or(there).unwrap_or_default();
    let is_whole = Note::read(note).is_some_and(|read| read.leads_to(&planned.wanted));
    if note.is_empty() || !is_whole || bound.done.as_deref() == Some(note) {
        return Ok(Applied::default());
    }
    bound.done = Some(note.to_owned());
    Ok(Applied::rebound(bound.wrap()?))
}

#[async_trait]
impl Target for EcsTarget {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        let (bound, view) = discover::start(&self.config, &self.api.looking()).await?;
        let mut found = Discovery::new(
            bound.wrap()?,
            self.capabilities(),
            observe::observation(&bound, &view)?,
            discover::names(&bound),
        );
        found.claim = claim::in_force(&bound, &view.state)?;
        found.last_epoch = claim::last_epoch(&view.state);
        Ok(found)
    }

    async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError> {
        self.look(&Bound::read(binding)?).await
    }

    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        let bound = Bound::read(&request.binding)?;
        let this = self.writing();
        let state = this.api.state(&bound).await?;
        let mut definitions = this.definitions(&bound, &state, &request.desired).await?;
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
        let changes = std::mem::take(&mut planned.changes);
        match this.carry_out(&bound, request, changes, &mut written).await {
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
        let bound = Bound::read(&found.binding)?;
        let facts = admit::facts(&self.api.looking(), &bound).await?;
        Ok(Admission::new(
            found.binding.clone(),
            admit::findings(&bound, &facts, part, plan),
        ))
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
        let state = api.state(&bound).await?;
        let mut written = false;
        for (service, retag) in change.retags(&bound, &state)? {
            match api.retag(&service, &retag).await {
                Ok(()) => written = true,
                Err(error) if written => return Err(error.maybe_taken()),
                Err(error) => return Err(error),
            }
        }
        if written {
            let state = api.state(&bound).await;
            let state = state.map_err(TargetError::maybe_taken)?;
            change.check_taken(&bound, &state)?;
        }
        Ok(())
    }

    async fn changed(&self, binding: &Binding, after: &Version) {
        self.until_changed(binding, after).await;
    }
}
