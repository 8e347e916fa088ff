//! Deployments of a service, service revisions, and service deployments.

use serde_json::Value;
use strategy_core::Timestamp;

use super::World;
use super::hook::Hook;
use super::native::{Blue, Native, Stage};
use super::service::{Service, ServiceKey};
use super::task::Task;
use crate::ecs::rules::Rule;
use crate::ecs::wire::Fields as _;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rollout {
    InProgress,
    Completed,
    Failed,
}

impl Rollout {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
        }
    }
}

/// What `DescribeServices` calls a deployment: tasks of one service revision.
#[derive(Clone, Debug)]
pub(crate) struct Deployment {
    pub(crate) id: String,
    pub(crate) task_definition: String,
    pub(crate) revision: String,
    /// Which target group its tasks register with: 0, or 1 for the alternate one.
    pub(crate) side: usize,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) rollout: Rollout,
    pub(crate) reason: String,
    /// As described: failures in a row.
    pub(crate) failed_tasks: usize,
    /// As the circuit breaker counts them.
    pub(crate) counted_failures: usize,
    /// A task of it has been healthy.
    pub(crate) was_healthy: bool,
    /// Since when as many tasks are healthy as early success asks for, and until when it bakes.
    pub(crate) enough_since: Option<Timestamp>,
    pub(crate) bakes_until: Option<Timestamp>,
    /// No task is started before this, because one failed.
    pub(crate) starts_again_at: Option<Timestamp>,
    /// It stays listed without tasks.
    pub(crate) is_kept: bool,
    /// How many tasks it is to have; `None`: as rolling has it.
    pub(crate) wants: Option<usize>,
}

/// What a service was at some time.
#[derive(Clone, Debug)]
pub(crate) struct Revision {
    pub(crate) arn: String,
    pub(crate) service: ServiceKey,
    pub(crate) service_arn: String,
    pub(crate) task_definition: String,
    pub(crate) load_balancers: Vec<Value>,
    pub(crate) created_at: Timestamp,
    /// The deployment that runs or ran it.
    pub(crate) deployment: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Pending,
    Running,
    Successful,
    StopRequested,
    Stopped,
    RollbackRequested,
    RollingBack,
    RollbackSuccessful,
    RollbackFailed,
}

impl Progress {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "IN_PROGRESS",
            Self::Successful => "SUCCESSFUL",
            Self::StopRequested => "STOP_REQUESTED",
            Self::Stopped => "STOPPED",
            Self::RollbackRequested => "ROLLBACK_REQUESTED",
            Self::RollingBack => "ROLLBACK_IN_PROGRESS",
            Self::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            Self::RollbackFailed => "ROLLBACK_FAILED",
        }
    }

    pub(crate) const fn is_over(self) -> bool {
        match self {
            Self::Successful | Self::Stopped | Self::RollbackSuccessful | Self::RollbackFailed => {
                true
            }
            Self::Pending
            | Self::Running
            | Self::StopRequested
            | Self::RollbackRequested
            | Self::RollingBack => false,
        }
    }

    /// Whether it is left after a while, and nothing is done until then.
    pub(crate) const fn is_passing(self) -> bool {
        match self {
            Self::Pending | Self::StopRequested | Self::RollbackRequested => true,
            Self::Running
            | Self::RollingBack
            | Self::Successful
            | Self::Stopped
            | Self::RollbackSuccessful
            | Self::RollbackFailed => false,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Rollback {
    pub(crate) reason: String,
    pub(crate) started_at: Timestamp,
    pub(crate) revision: String,
}

#[derive(Clone, Debug)]
pub(crate) struct ServiceDeployment {
    pub(crate) arn: String,
    pub(crate) service: ServiceKey,
    pub(crate) service_arn: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// `None`: it is pending, or was never begun.
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) stopped_at: Option<Timestamp>,
    pub(crate) status: Progress,
    /// When it leaves a status that is passing.
    pub(crate) moves_at: Timestamp,
    pub(crate) reason: Option<String>,
    /// The service revision that is deployed.
    pub(crate) target: String,
    /// The service revisions that ran when it began.
    pub(crate) sources: Vec<String>,
    pub(crate) configuration: Value,
    pub(crate) hooks: Vec<Hook>,
    /// Of rolling: stages whose hooks are made, and the first hook of each.
    pub(crate) gates: Vec<(Stage, usize)>,
    pub(crate) rollback: Option<Rollback>,
    pub(crate) failures: usize,
    pub(crate) threshold: usize,
    pub(crate) breaker: Breaker,
    pub(crate) alarms: Breaker,
    /// Of a strategy other than rolling.
    pub(crate) native: Option<Native>,
}

/// Where the circuit breaker is with a deployment, or the watch over alarms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breaker {
    Disabled,
    Monitoring,
    Complete,
    Triggered,
}

impl Breaker {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Disabled => "DISABLED",
            Self::Monitoring => "MONITORING",
            Self::Complete => "MONITORING_COMPLETE",
            Self::Triggered => "TRIGGERED",
        }
    }
}

impl ServiceDeployment {
    pub(crate) fn due(&self) -> Vec<Timestamp> {
        let hooks = self.hooks.iter().filter(|hook| hook.is_open());
        let native = self.native.iter().filter(|_| !self.status.is_over());
        let passing = Some(self.moves_at).filter(|_| self.status.is_passing());
        hooks
            .map(|hook| hook.expires_at)
            .chain(native.flat_map(Native::due))
            .chain(passing)
            .collect()
    }

    /// The hooks of the stage that it is at, and of the step.
    pub(crate) fn active_hooks(&self) -> &[Hook] {
        if self.status != Progress::Running {
            return &[];
        }
        let from = match &self.native {
            Some(native) => native.hooks_from,
            None => self.gates.last().map_or(0, |(_, from)| *from),
        };
        self.hooks.get(from..).unwrap_or_default()
    }

    pub(crate) fn stage(&self) -> Option<Stage> {
        self.started_at?;
        let gate = self.gates.last().map(|(stage, _)| *stage);
        self.native.as_ref().map(|native| native.stage).or(gate)
    }
}

impl World {
    pub(crate) fn service_deployment(&mut self, arn: &str) -> Option<&mut ServiceDeployment> {
        self.service_deployments
            .iter_mut()
            .find(|one| one.arn == arn)
    }

    /// The newest service deployment of a service.
    pub(crate) fn current(&mut self, service: &Service) -> Option<&mut ServiceDeployment> {
        let arn = service.current.as_deref()?;
        self.service_deployment(arn)
    }

    /// Begins to deploy the service as it is now described.
    pub(crate) fn begin_deployment(&mut self, service: &mut Service) {
        let now = self.now;
        self.supersede(service);
        // What was completed last runs and serves until the new one does.
        let completed = service.completed.clone();
        let mut before = service.deployments.iter();
        let before = before.find(|one| Some(&one.revision) == completed.as_ref());
        let blue = before.map(|one| Blue {
            deployment: one.id.clone(),
            revision: one.revision.clone(),
        });
        let blue_side = before.map(|one| one.side);
        let is_native = service.strategy() != "ROLLING" && blue.is_some();
        if service.strategy() != "ROLLING" && !is_native {
            self.note(Rule::FirstDeploymentRolls);
        }
        // Rolling takes over from rolling as it is; all else begins with blue alone.
        let is_astray = |one: &Deployment| is_native || Some(one.side) != blue_side;
        let is_left =
            |one: &Deployment| blue.as_ref().is_some_and(|blue| blue.deployment != one.id);
        let reconciles = service
            .deployments
            .iter()
            .any(|one| is_left(one) && is_astray(one));
        if reconciles {
            for one in &mut service.deployments {
                one.is_kept = !is_left(one);
                one.wants = is_left(one).then_some(0);
            }
        }
        let first = service.deployments.first().map_or(0, |one| one.side);
        let side = match blue_side {
            Some(side) if is_native => 1 - side,
            Some(side) => side,
            None => first,
        };
        let sources = service.deployments.iter().map(|one| one.revision.clone());
        let sources: Vec<String> = sources.collect();
        let revision = self.add_revision(service);
        let deployment = self.add_deployment(service, revision.clone(), side);
        if let Some(known) = self.revisions.get_mut(&revision) {
            known.deployment = deployment;
        }
        if is_native {
            for one in &mut service.deployments {
                one.is_kept |= one.wants.is_none();
            }
        }
        let id = self.ids.hex(21);
        let arn = self.ecs_arn(&format!(
            "service-deployment/{}/{}/{id}",
            service.key.0, service.key.1
        ));
        let breaker = service.deployment_configuration["deploymentCircuitBreaker"].clone();
        let monitors = |is_on: bool| {
            if is_on {
                Breaker::Monitoring
            } else {
                Breaker::Disabled
            }
        };
        let alarms = &service.deployment_configuration["alarms"];
        let mut has_alarms =
            alarms.flag("enable") == Some(true) && (!is_native || self.settings.native_alarms);
        if has_alarms && self.any_is_on(&alarms.texts("alarmNames")) {
            self.note(Rule::AlarmsOnAtTheStart);
            has_alarms = false;
        }
        self.service_deployments.push(ServiceDeployment {
            arn: arn.clone(),
            service: service.key.clone(),
            service_arn: service.arn.clone(),
            created_at: now,
            updated_at: now,
            started_at: None,
            finished_at: None,
            stopped_at: None,
            status: Progress::Pending,
            moves_at: now + self.settings.transition_lag,
            reason: None,
            target: revision,
            sources,
            configuration: service.deployment_configuration.clone(),
            hooks: Vec::new(),
            gates: Vec::new(),
            rollback: None,
            failures: 0,
            threshold: super::breaker::threshold(&breaker, service.desired),
            breaker: monitors(breaker.flag("enable") == Some(true)),
            alarms: monitors(has_alarms),
            native: blue.filter(|_| is_native || reconciles).map(|blue| {
                let configuration = &service.deployment_configuration;
                Native::new(configuration, blue, reconciles, !is_native, now)
            }),
        });
        service.current = Some(arn);
        self.note(Rule::IdentityOfDeployments);
    }

    /// A new deployment takes the place of one that is under way.
    fn supersede(&mut self, service: &Service) {
        let (now, lag) = (self.now, self.settings.transition_lag);
        let Some(current) = self.current(service).filter(|one| !one.status.is_over()) else {
            return;
        };
        current.status = Progress::StopRequested;
        current.moves_at = now + lag;
        current.reason = Some("A new service deployment has begun.".to_owned());
        current.updated_at = now;
        let waits = current.hooks.iter().any(Hook::is_open);
        for hook in &mut current.hooks {
            hook.give_up();
        }
        if waits {
            self.note(Rule::SupersededHooks);
        }
    }

    /// Lets service deployments begin that were pending, and stop that were to stop.
    pub(crate) fn pass(&mut self) -> bool {
        let now = self.now;
        let mut passed = Vec::new();
        for one in &mut self.service_deployments {
            if one.moves_at > now {
                continue;
            }
            match one.status {
                Progress::Pending => {
                    one.status = Progress::Running;
                    one.started_at = Some(now);
                    passed.push(Rule::BeginsPending);
                }
                Progress::StopRequested => {
                    one.status = Progress::Stopped;
                    one.stopped_at = Some(now);
                    passed.push(Rule::NewerSupersedes);
                }
                Progress::RollbackRequested
                | Progress::RollingBack
                | Progress::Running
                | Progress::Successful
                | Progress::Stopped
                | Progress::RollbackSuccessful
                | Progress::RollbackFailed => continue,
            }
            one.updated_at = now;
        }
        for rule in &passed {
            self.note(*rule);
        }
        !passed.is_empty()
    }

    /// Whether the rollback of a service is to fail, which it does once.
    pub(super) fn rollback_fails(&mut self, service: &mut Service) -> bool {
        let fails = std::mem::take(&mut service.rollback_fails);
        if fails {
            self.note(Rule::RollbackCanFail);
        }
        fails
    }

    /// A rollback has failed: nothing more is done, and everything stays as it is.
    pub(super) fn end_rollback(
        service: &mut Service,
        current: &mut ServiceDeployment,
        reason: &str,
        now: Timestamp,
    ) {
        if let Some(primary) = service.deployments.first_mut() {
            primary.rollout = Rollout::Failed;
            primary.reason = format!("ECS deployment {} failed.", primary.id);
            primary.updated_at = now;
        }
        current.status = Progress::RollbackFailed;
        current.reason = Some(reason.to_owned());
        current.finished_at = Some(now);
        current.updated_at = now;
    }

    fn add_revision(&mut self, service: &Service) -> String {
        let id = self.ids.number();
        let arn = self.ecs_arn(&format!(
            "service-revision/{}/{}/{id}",
            service.key.0, service.key.1
        ));
        let revision = Revision {
            arn: arn.clone(),
            service: service.key.clone(),
            service_arn: service.arn.clone(),
            task_definition: service.task_definition.clone(),
            load_balancers: service.load_balancers.clone(),
            created_at: self.now,
            deployment: String::new(),
        };
        self.revisions.insert(arn.clone(), revision);
        arn
    }

    /// Puts a new primary deployment in front of the others; gives its id.
    pub(crate) fn add_deployment(
        &mut self,
        service: &mut Service,
        revision: String,
        side: usize,
    ) -> String {
        let id = format!("ecs-svc/{}", self.ids.number());
        let deployment = Deployment {
            id: id.clone(),
            task_definition: service.task_definition.clone(),
            revision,
            side,
            created_at: self.now,
            updated_at: self.now,
            rollout: Rollout::InProgress,
            reason: format!("ECS deployment {id} in progress."),
            failed_tasks: 0,
            counted_failures: 0,
            was_healthy: false,
            enough_since: None,
            bakes_until: None,
            starts_again_at: None,
            is_kept: false,
            wants: None,
        };
        service.deployments.insert(0, deployment);
        service.say(
            self.now,
            format!("(service {}) has started a deployment {id}.", service.key.1),
        );
        id
    }

    /// The primary deployment has reached its goal.
    pub(crate) fn complete(&mut self, service: &mut Service) {
        let now = self.now;
        for one in &mut service.deployments {
            one.is_kept = false;
        }
        let Some(primary) = service.deployments.first_mut() else {
            return;
        };
        primary.rollout = Rollout::Completed;
        primary.reason = format!("ECS deployment {} completed.", primary.id);
        primary.updated_at = now;
        primary.starts_again_at = None;
        let id = primary.id.clone();
        service.completed = Some(primary.revision.clone());
        service.completed_is_taken = false;
        let message = format!("(service {}) has reached a steady state.", service.key.1);
        service.say(now, message);
        let is_unchecked =
            |task: &&Task| task.targets.is_empty() && task.container_health(now).is_none();
        if self.live_tasks(&id).iter().any(is_unchecked) {
            self.note(Rule::FortySeconds);
        }
        let mut is_rollback = false;
        if let Some(current) = self.current(service).filter(|one| !one.status.is_over()) {
            is_rollback = current.rollback.is_some();
            current.status = if is_rollback {
                Progress::RollbackSuccessful
            } else {
                Progress::Successful
            };
            for monitor in [&mut current.breaker, &mut current.alarms] {
                if *monitor == Breaker::Monitoring {
                    *monitor = Breaker::Complete;
                }
            }
            current.finished_at = Some(now);
            current.updated_at = now;
        }
        self.note(if is_rollback {
            Rule::RollbackIsADeployment
        } else {
            Rule::CompletedWhenSteady
        });
    }
}
