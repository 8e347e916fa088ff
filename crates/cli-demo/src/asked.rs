//! What is asked for: a rollout file with the images of the command line, and its plan here.

use std::collections::BTreeMap;
use std::path::Path;

use strategy_core::analysis::MeasureError;
use strategy_core::driver::{Driver, DriverError, Planned};
use strategy_core::target::Severity;
use strategy_core::world::{Shape, WorkloadSetup, World};
use strategy_core::{PlanError, Track};

use crate::args::{Cluster, ImageOverride};
use crate::console::{data, warn};
use crate::ecs;
use crate::error::{CliError, DemoError};
use crate::file::{Intent, Mistake, RolloutFile, Source, Target};
use crate::kubernetes;
use crate::metrics;
use crate::program::there;
use crate::wiring::{Connection, Wiring, asking, for_ecs, for_kubernetes};
use crate::words::in_our_words;

/// A rollout file that was read, with the images of the command line in it.
#[derive(Debug)]
pub struct Asked {
    /// The file.
    pub file: RolloutFile,
    /// What it means.
    pub intent: Intent,
    source: Source,
    images: Vec<ImageOverride>,
}

impl Asked {
    /// Reads it.
    ///
    /// # Errors
    /// [`CliError::File`].
    pub fn read(path: &Path, images: &[ImageOverride]) -> Result<Self, CliError> {
        let (file, source) = RolloutFile::read(path)?;
        let intent = file
            .intent(images)
            .map_err(|mistake| source.locate(mistake))?;
        Ok(Self {
            file,
            intent,
            source,
            images: images.to_vec(),
        })
    }

    /// What it is wired to, and the platform that it works on.
    ///
    /// # Errors
    /// As [`wiring`](Self::wiring), and when no way to the platform is found.
    pub async fn connect(&self, cluster: &Cluster) -> Result<(Wiring, Connection), CliError> {
        match &self.file.target {
            Target::Kubernetes(_) => {
                for_kubernetes(cluster)?;
                let connection = kubernetes::connection(cluster).await?;
                let wiring = self.wiring(cluster, Some(&connection))?;
                Ok((wiring, Connection::Kubernetes(Box::new(connection))))
            }
            Target::Ecs(_) => {
                let wiring = self.wiring(cluster, None)?;
                let connection = wiring.connect(cluster).await?;
                Ok((wiring, connection))
            }
        }
    }

    /// What it is wired to. Without a connection to Kubernetes the namespace that nobody names is `default`.
    ///
    /// # Errors
    /// [`CliError::File`] when it names objects that cannot be; [`CliError::Usage`] when an option is for
    /// another platform.
    pub fn wiring(
        &self,
        cluster: &Cluster,
        connection: Option<&kube::Config>,
    ) -> Result<Wiring, CliError> {
        let (mut parts, mut ecs_parts) = (BTreeMap::new(), BTreeMap::new());
        match &self.file.target {
            Target::Kubernetes(target) => {
                for_kubernetes(cluster)?;
                let namespace = kubernetes::namespace(cluster, target, connection);
                let namespace = namespace.as_deref().unwrap_or("default");
                parts = kubernetes::configs(target, namespace).map_err(|mistake| {
                    // Then it does not stand in the file.
                    if mistake.field().ends_with(".namespace") && cluster.namespace.is_some() {
                        return self.source.locate(mistake.of_option("--namespace"));
                    }
                    self.source.locate(mistake)
                })?;
            }
            Target::Ecs(target) => {
                for_ecs(cluster)?;
                ecs_parts = ecs::configs(target).map_err(|wrong| self.source.locate(wrong))?;
            }
        }
        Ok(Wiring {
            kubeconfig: cluster.kubeconfig.as_deref().map(absolute),
            context: cluster.context.clone(),
            profile: cluster.profile.clone(),
            parts,
            ecs_parts,
            counters: self.intent.counters.clone(),
            metrics: self.file.metrics.clone(),
            roles: self.file.roles.clone(),
        })
    }

    /// Its plan here, programs that are not there among the findings.
    ///
    /// # Errors
    /// [`CliError`] when it is no plan, or something cannot be read.
    pub async fn plan(&self, driver: &Driver) -> Result<Planned, CliError> {
        let (strategy, release) = (&*self.intent.strategy, self.intent.release.clone());
        let planned = driver.plan(strategy, release).await;
        let mut planned = planned.map_err(|error| self.located(error))?;
        let missing = there::missing(&planned.plan, &self.intent.counters);
        planned.findings.extend(missing);
        Ok(planned)
    }

    /// Its plan on an assumed world: one replica of each workload, and no canary.
    ///
    /// # Errors
    /// [`CliError`] when it is no plan.
    pub fn plan_offline(&self) -> Result<Planned, CliError> {
        let release = &self.intent.release;
        let usage = |wrong: Mistake| CliError::Usage(wrong.problem().to_owned());
        let pairs = self.file.target.pairs().map_err(usage)?;
        let can = match &self.file.target {
            Target::Kubernetes(given) => {
                let configs = kubernetes::configs(given, "default").map_err(usage)?;
                kubernetes::capabilities(&configs)
            }
            Target::Ecs(ecs) => ecs::capabilities(&ecs::configs(ecs).map_err(usage)?),
        };
        let mut scenario = World::seeded(0);
        for (part, images) in release.iter() {
            let workload = |count| {
                let mut workload = WorkloadSetup::default();
                let images = images.iter();
                workload.images = images
                    .map(|(container, image)| (container.to_owned(), image.as_str().to_owned()))
                    .collect();
                workload.count = count;
                workload
            };
            let shape = if pairs.contains(part) {
                Shape::Slots {
                    live: workload(1),
                    idle: workload(0),
                }
            } else {
                Shape::Tracks {
                    stable: workload(1),
                    candidate: None,
                }
            };
            scenario = scenario.part(part.as_str()).setup(|setup| {
                setup.shape = shape;
                setup.capabilities = can.get(part).cloned();
            });
        }
        let world = scenario.build().map_err(DemoError::from)?;
        let found = release.iter().map(|(part, _)| part.clone());
        let found = found.map(|part| (part.to_string(), world.target_for(part)));
        let mut sources = BTreeMap::new();
        for (name, given) in &self.file.metrics {
            let source = metrics::unasked(given).map_err(CliError::Usage)?;
            sources.insert(name.clone(), source);
        }
        let driver = asking(Driver::parts(found).clock(world.clock().clone()), sources);
        world
            .block_on(self.plan(&driver))
            .map_err(DemoError::from)?
    }

    /// The error with its place in the file, if that is where it has to be mended.
    pub fn located(&self, error: DriverError) -> CliError {
        let DriverError::Plan(plan) = &error else {
            return match of_metric(&error) {
                Some(mistake) => self.source.locate(mistake).into(),
                None => error.into(),
            };
        };
        if matches!(plan, PlanError::Unready { .. }) {
            // Nothing is wrong with the file, but with what stands there now.
            return error.into();
        }
        let mistake = self.file.mistake(plan, &self.source, &self.images);
        self.source.locate(mistake).into()
    }
}

/// What a source does not understand of a check now that it knows the tracks; what a server refuses is no mistake of
/// the file alone.
fn of_metric(error: &DriverError) -> Option<Mistake> {
    let DriverError::Analysis { source, .. } = error else {
        return None;
    };
    let MeasureError::Invalid {
        check,
        problem,
        mend,
    } = &**source
    else {
        return None;
    };
    let (at, problem) = problem.split_once(": ")?;
    let is_field = at == "judge" || at.split('.').next() == Some("metric");
    let problem = in_our_words(&format!("{problem}; {mend}"));
    is_field.then(|| Mistake::new(format!("checks.{check}.{at}"), problem))
}

fn absolute(path: &Path) -> std::path::PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// The plan, if nothing stands in its way.
///
/// # Errors
/// [`DriverError::Blocked`].
pub fn startable(planned: Planned) -> Result<Planned, CliError> {
    if !planned.is_blocked() {
        return Ok(planned);
    }
    let mut findings = planned.findings;
    findings.retain(|finding| finding.severity == Severity::Blocks);
    Err(DriverError::Blocked { findings }.into())
}

/// Says what is worth knowing of a plan that can start.
pub fn show_warnings(planned: &Planned) {
    for finding in &planned.findings {
        warn(&in_our_words(&finding.to_string()));
    }
}

/// Prints which workload of each part is live and what runs there.
pub fn show_found(planned: &Planned) {
    for (part, found) in planned.found.iter() {
        let runs = |track| {
            let images = found.images(track).map(ToString::to_string);
            images.unwrap_or_else(|| "nothing: it is not there yet".to_owned())
        };
        let names = &found.names;
        data(&format!(
            "{part}: live is {}, which runs {}; the release goes to {}, which runs {}",
            names.stable,
            runs(Track::Stable),
            names.candidate,
            runs(Track::Candidate)
        ));
    }
}
