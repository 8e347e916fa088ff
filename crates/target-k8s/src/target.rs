//! The target: reads by its watches, and writes only what differs.

use async_trait::async_trait;
use kube::Client;
use strategy_core::target::{
    Admission, Applied, Apply, Binding, Capabilities, Claim, Discovery, Effectiveness, Observation,
    Promotion, Routing, TargetError, TargetErrorKind, Version,
};
use strategy_core::{Part, Plan, Target};

use crate::binding::Bound;
use crate::changes::{Change, Situation};
use crate::claim;
use crate::config::{Config, WorkloadConfig};
use crate::object::{ObjectRef, Objects};
use crate::permissions::{self, Role};
use crate::router::{self, Router};
use crate::view::{View, Views};
use crate::watch::Watches;
use crate::{admit, classes, definitions, discover, observe};

/// How often a write is prepared again when an object changed between its read and its write. Pods
/// coming and going change the status of a Deployment, and with it its version, all the time.
const ATTEMPTS: u32 = 8;

/// One part of a rollout on Kubernetes, with the user's own Deployments, Services and routes.
///
/// It reads by watches that begin with the first call and live as long as the target, so it must be
/// used within a tokio runtime. It writes with the field manager `rollway`, whole objects at the
/// version that was read, and only those that differ.
///
/// While a rollout holds its claim, every object it may write carries the annotations
/// `rollway.dev/claim` and `rollway.dev/written`, which go with the claim. Then a number stays on them,
/// `rollway.dev/last-epoch`, so that a claim which comes too late is refused; nothing else is left.
#[derive(Debug)]
pub struct KubernetesTarget {
    config: Config,
    router: Box<dyn Router>,
    views: Views,
}

impl KubernetesTarget {
    /// A target with watches of its own.
    pub fn new(client: Client, config: Config) -> Self {
        let watches = Watches::new(client, &config.namespace);
        Self::sharing(&watches, config)
    }

    /// A target that shares its watches with others of the same namespace; `discover` refuses watches
    /// of another one.
    pub fn sharing(watches: &Watches, config: Config) -> Self {
        Self {
            router: router::of(&config.router),
            views: Views::new(watches.clone()),
            config,
        }
    }

    /// The least Role under which this target works.
    pub fn permissions(config: &Config) -> Role {
        permissions::role(config, router::of(&config.router).as_ref())
    }

    /// What a plan can ask of such a target. The configuration alone tells.
    pub fn capabilities(config: &Config) -> Capabilities {
        let router = router::of(&config.router).capabilities();
        let mut capabilities = Capabilities::routed();
        capabilities.granularity = router.granularity;
        capabilities.routing = Routing::Routed;
        capabilities.header_routes = router.header_routes;
        capabilities.cookie_routes = router.cookie_routes;
        capabilities.mirror = router.mirror;
        capabilities.promotions = match config.workload {
            WorkloadConfig::Slots(_) => vec![Promotion::Swap, Promotion::Update],
            WorkloadConfig::Canary(_) => vec![Promotion::Update],
        };
        capabilities.effectiveness = if router.by_endpoints {
            Effectiveness::Verified
        } else {
            Effectiveness::Assumed {
                after: config.settle,
            }
        };
        capabilities
    }

    /// What it was told.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    async fn view(&self, bound: &Bound) -> Result<View, TargetError> {
        self.config.check_names()?;
        let router = self.router.as_ref();
        let by_endpoints = router.capabilities().by_endpoints;
        let service = bound.service().filter(|_| by_endpoints);
        self.views.view(bound, service, router).await
    }

    /// What is known of a part, with what its router is shown beside it.
    async fn wide_view(&self, bound: &Bound) -> Result<View, TargetError> {
        let mut view = self.view(bound).await?;
        let kinds = self.router.kinds();
        self.views.add_all(&kinds, &mut view.objects).await?;
        Ok(view)
    }

    async fn look(&self, bound: &Bound) -> Result<Observation, TargetError> {
        let view = self.wide_view(bound).await?;
        observe::observation(&self.config, bound, self.router.as_ref(), &view)
    }

    /// The objects of a part as they are now, not as the watches know them.
    async fn fresh(&self, wanted: &[ObjectRef]) -> Result<Objects, TargetError> {
        let mut objects = Objects::new();
        for object in wanted {
            if let Some(content) = self.views.watches().api().get(object).await? {
                self.views.watches().wrote(object, &content);
                objects.insert(object.clone(), content);
            }
        }
        Ok(objects)
    }

    /// One after the other; `written` tells whether any was taken.
    async fn carry_out(&self, changes: &[Change], written: &mut bool) -> Result<(), TargetError> {
        let watches = self.views.watches();
        for change in changes {
            match change {
                Change::Replace(object, content) => {
                    let stored = watches.api().replace(object, content).await?;
                    watches.wrote(object, &stored);
                }
                Change::Create(object, content) => {
                    let stored = watches.api().create(object, content).await?;
                    watches.wrote(object, &stored);
                }
                Change::Delete {
                    object,
                    uid,
                    resource_version,
                } => {
                    watches.api().delete(object, uid, resource_version).await?;
                    watches.deleted(object, uid);
                }
            }
            *written = true;
        }
        Ok(())
    }
}

#[async_trait]
impl Target for KubernetesTarget {
    async fn discover(&self) -> Result<Discovery, TargetError> {
        let bound = discover::start(&self.config, self.router.as_ref(), &self.views).await?;
        let objects = bound.objects();
        let view = self.wide_view(&bound).await?;
        let mut found = Discovery::new(
            bound.wrap()?,
            Self::capabilities(&self.config),
            observe::observation(&self.config, &bound, self.router.as_ref(), &view)?,
            discover::names(&bound),
        );
        found.claim = claim::in_force(&objects, &view.objects)?;
        found.last_epoch = claim::last_epoch(&objects, &view.objects);
        Ok(found)
    }

    async fn observe(&self, binding: &Binding) -> Result<Observation, TargetError> {
        self.look(&Bound::read(binding)?).await
    }

    async fn apply(&self, request: &Apply) -> Result<Applied, TargetError> {
        let bound = Bound::read(&request.binding)?;
        let mut view = self.view(&bound).await?;
        let mut written = false;
        for attempt in 1..=ATTEMPTS {
            let situation = Situation {
                bound: &bound,
                objects: &view.objects,
                router: self.router.as_ref(),
                follow: self.config.follow,
                replica_sets: &view.replica_sets,
            };
            let (error, by_server) = match situation.changes(request) {
                Ok(changes) => match self.carry_out(&changes, &mut written).await {
                    Ok(()) => return Ok(Applied::default()),
                    Err(error) => (error, true),
                },
                Err(error) => (error, false),
            };
            // The watches may lag, and an object's status changes its version: what counts is
            // whether what is there now is still lawful to change.
            let is_fresh = attempt > 1;
            let is_final = attempt == ATTEMPTS || (is_fresh && !by_server);
            if error.kind != TargetErrorKind::Conflict || is_final {
                return Err(if written { error.maybe_taken() } else { error });
            }
            view.objects = self.fresh(&bound.read_objects()).await?;
        }
        Ok(Applied::default())
    }

    async fn admit(
        &self,
        part: &Part,
        found: &Discovery,
        plan: &Plan,
    ) -> Result<Admission, TargetError> {
        let bound = Bound::read(&found.binding)?;
        let router = self.router.as_ref();
        let mut view = self.wide_view(&bound).await?;
        let referred = router.referred(&view.objects);
        view.objects.extend(self.views.objects(&referred).await?);
        let mut findings = admit::findings(&bound, &view, router, self.config.follow, part, plan);
        let api = self.views.watches().api();
        let needed = admit::needed(router, part, plan);
        findings.extend(definitions::lacking(api, &bound.router, needed).await?);
        findings.extend(classes::missing(api, router.classes(&view.objects)).await?);
        Ok(Admission::new(found.binding.clone(), findings))
    }

    async fn claim(
        &self,
        binding: &Binding,
        from: Option<&Claim>,
        to: Option<&Claim>,
    ) -> Result<(), TargetError> {
        self.config.check_names()?;
        let bound = Bound::read(binding)?;
        let order = bound.objects();
        let known = self.fresh(&order).await?;
        let watches = self.views.watches();
        let change = claim::Change { from, to };
        change
            .carry_out(watches.api(), watches, &order, &known)
            .await
    }

    async fn changed(&self, binding: &Binding, after: &Version) {
        let mut news = self.views.watches().news();
        let Ok(bound) = Bound::read(binding) else {
            // `observe` says what is wrong with it.
            return;
        };
        loop {
            news.mark_unchanged();
            match self.look(&bound).await {
                Ok(observation) if observation.version == *after => {}
                Ok(_) => return,
                // Unreadable is no news; the next event may be that it can be read again.
                Err(_) => {}
            }
            if news.changed().await.is_err() {
                return;
            }
        }
    }
}
