//! Services, and what the scheduler does for each at every moment.

use std::time::Duration;

use serde_json::Value;
use strategy_core::Timestamp;

use super::World;
use super::deployment::{Deployment, Rollout};
use super::target_group::Health;
use super::task::{Phase, Task};
use crate::ecs::rules::Rule;
use crate::ecs::wire::Fields as _;

/// Cluster and name.
pub(crate) type ServiceKey = (String, String);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Active,
    Draining,
    Inactive,
}

impl Status {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Draining => "DRAINING",
            Self::Inactive => "INACTIVE",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) key: ServiceKey,
    pub(crate) arn: String,
    pub(crate) status: Status,
    pub(crate) desired: usize,
    pub(crate) task_definition: String,
    pub(crate) deployment_configuration: Value,
    pub(crate) load_balancers: Vec<Value>,
    /// What was said besides.
    pub(crate) fields: Value,
    pub(crate) client_token: Option<String>,
    pub(crate) created_at: Timestamp,
    /// The primary first.
    pub(crate) deployments: Vec<Deployment>,
    /// The service revision that was completed last.
    pub(crate) completed: Option<String>,
    /// A rollback to it is under way, or was superseded: until a deployment is completed there is no other.
    pub(crate) completed_is_taken: bool,
    /// The newest service deployment.
    pub(crate) current: Option<String>,
    pub(crate) events: Vec<(Timestamp, String)>,
    /// Its next rollback fails.
    pub(crate) rollback_fails: bool,
}

impl Service {
    pub(crate) fn percent(&self, name: &str, default: usize) -> usize {
        let value = self.deployment_configuration.whole(name);
        value
            .and_then(|value| usize::try_from(value).ok())
            .unwrap_or(default)
    }

    /// How many tasks may be there at most: rounded down.
    pub(crate) fn most_tasks(&self) -> usize {
        self.desired * self.percent("maximumPercent", 200) / 100
    }

    /// How many have to be healthy at least: rounded up.
    pub(crate) fn least_healthy(&self) -> usize {
        (self.desired * self.percent("minimumHealthyPercent", 100)).div_ceil(100)
    }

    pub(crate) fn strategy(&self) -> &str {
        self.deployment_configuration
            .text("strategy")
            .unwrap_or("ROLLING")
    }

    pub(crate) fn controller(&self) -> &str {
        self.fields["deploymentController"]
            .text("type")
            .unwrap_or("ECS")
    }

    pub(crate) fn grace(&self) -> Duration {
        let seconds = self.fields.whole("healthCheckGracePeriodSeconds");
        Duration::from_secs(seconds.and_then(|one| u64::try_from(one).ok()).unwrap_or(0))
    }

    pub(crate) fn say(&mut self, now: Timestamp, message: String) {
        self.events.insert(0, (now, message));
        self.events.truncate(100);
    }

    pub(crate) fn due(&self) -> Vec<Timestamp> {
        let deployments = self.deployments.iter();
        deployments
            .flat_map(|one| [one.starts_again_at, one.bakes_until])
            .flatten()
            .collect()
    }

    /// Where the tasks of one side register: target group and port of each load balancer.
    pub(crate) fn targets(&self, side: usize) -> Vec<(String, u16)> {
        let balancers = self.load_balancers.iter();
        balancers
            .filter_map(|one| {
                let other = one["advancedConfiguration"].text("alternateTargetGroupArn");
                let group = if side == 1 { other } else { None };
                let group = group.or_else(|| one.text("targetGroupArn"))?;
                let port = one.whole("containerPort").unwrap_or(80);
                Some((group.to_owned(), u16::try_from(port).unwrap_or(80)))
            })
            .collect()
    }
}

impl World {
    /// The tasks of a deployment that are meant to run, oldest first.
    pub(crate) fn live_tasks(&self, deployment: &str) -> Vec<&Task> {
        let mut tasks: Vec<&Task> = self
            .tasks
            .values()
            .filter(|task| task.deployment == deployment && task.is_live())
            .collect();
        tasks.sort_by(|one, other| (one.created_at, &one.arn).cmp(&(other.created_at, &other.arn)));
        tasks
    }

    /// Whether a task of a deployment is there that has not stopped: one that drains is.
    pub(crate) fn has_tasks(&self, deployment: &str) -> bool {
        let mut tasks = self.tasks.values();
        tasks.any(|task| task.deployment == deployment && task.phase != Phase::Stopped)
    }

    pub(crate) fn healthy_tasks(&self, deployment: &str) -> usize {
        let tasks = self.live_tasks(deployment);
        tasks
            .into_iter()
            .filter(|task| self.is_healthy(task))
            .count()
    }

    /// How many tasks of a deployment are running, and how many on their way.
    pub(crate) fn task_counts(&self, deployment: &str) -> (usize, usize) {
        let tasks = self.live_tasks(deployment);
        let running = tasks
            .iter()
            .filter(|task| task.phase == Phase::Running)
            .count();
        (running, tasks.len() - running)
    }

    pub(crate) fn settle_services(&mut self) -> bool {
        let keys: Vec<ServiceKey> = self.services.keys().cloned().collect();
        let mut changed = self.pass();
        for key in keys {
            // Taken out while it is worked on: what is done to tasks needs the rest of the world.
            let Some(mut service) = self.services.remove(&key) else {
                continue;
            };
            changed |= self.settle_service(&mut service);
            self.services.insert(key, service);
        }
        changed
    }

    fn settle_service(&mut self, service: &mut Service) -> bool {
        match service.status {
            Status::Inactive => return false,
            Status::Draining => return self.drain_service(service),
            Status::Active => {}
        }
        let mut changed = self.stop_unhealthy(service) | self.fail_rollback(service);
        changed |= self.take_failures(service);
        changed |= if self.is_native(service) {
            self.drive(service)
        } else {
            self.break_circuit(service) || self.roll(service)
        };
        let before = service.deployments.len();
        let mut index = 0;
        service.deployments.retain(|one| {
            let is_primary = index == 0;
            index += 1;
            is_primary || one.is_kept || self.has_tasks(&one.id)
        });
        changed | (service.deployments.len() != before)
    }

    fn drain_service(&mut self, service: &mut Service) -> bool {
        let has_stopped = |task: &Task| matches!(task.phase, Phase::Stopping(_) | Phase::Stopped);
        let own = |task: &&Task| task.service == service.key && !has_stopped(task);
        let tasks: Vec<(String, bool)> = self
            .tasks
            .values()
            .filter(own)
            .map(|task| (task.arn.clone(), task.is_live()))
            .collect();
        if tasks.is_empty() {
            service.status = Status::Inactive;
            service.deployments.clear();
            return true;
        }
        let mut changed = false;
        for (arn, _) in tasks.iter().filter(|(_, is_live)| *is_live) {
            self.stop_task(arn, "ServiceSchedulerInitiated", "Service deleted");
            changed = true;
        }
        changed
    }

    /// Stops tasks that fail health checks, once the grace period is over.
    fn stop_unhealthy(&mut self, service: &Service) -> bool {
        let (now, grace) = (self.now, service.grace());
        let mut stopped = Vec::new();
        let mut spared = false;
        for deployment in &service.deployments {
            for task in self.live_tasks(&deployment.id) {
                let Some(started) = task.started_at else {
                    continue;
                };
                let failed = task
                    .targets
                    .iter()
                    .find(|target| self.target_health(task, target) == Some(Health::Unhealthy));
                let reason = match failed {
                    Some((group, _)) => {
                        format!("Task failed ELB health checks in (target-group {group})")
                    }
                    None if task.container_health(now) == Some("UNHEALTHY") => {
                        "Task failed container health checks".to_owned()
                    }
                    None => continue,
                };
                if started + grace <= now {
                    stopped.push((task.arn.clone(), reason));
                } else {
                    spared = true;
                }
            }
        }
        if spared {
            self.note(Rule::GracePeriod);
        }
        for (arn, reason) in &stopped {
            self.stop_task(arn, "ServiceSchedulerInitiated", reason.as_str());
            self.count_failure(arn);
            self.delay_restart(arn);
        }
        !stopped.is_empty()
    }

    /// Whether the tasks of the primary deployment are all there and healthy, and nobody else's are.
    pub(crate) fn is_steady(&self, service: &Service) -> bool {
        let Some(primary) = service.deployments.first() else {
            return false;
        };
        let live = self.live_tasks(&primary.id);
        let others = service.deployments.iter().skip(1);
        live.len() == service.desired
            && live.iter().all(|task| self.is_healthy(task))
            && others.into_iter().all(|one| !self.has_tasks(&one.id))
    }

    pub(crate) fn is_in_progress(service: &Service) -> bool {
        let primary = service.deployments.first();
        primary.is_some_and(|one| one.rollout == Rollout::InProgress)
    }
}
