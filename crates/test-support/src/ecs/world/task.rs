//! Tasks: from their start to their end.

use std::time::Duration;

use serde_json::{Value, json};
use strategy_core::Timestamp;

use super::World;
use super::ids::digest;
use super::service::ServiceKey;
use super::target_group::Health;
use crate::ecs::api::seconds;
use crate::ecs::image::Image;
use crate::ecs::rules::Rule;
use crate::ecs::wire::Fields as _;

/// Without any health check a task counts as healthy so long after it was `RUNNING`.
const WITHOUT_CHECKS: Duration = Duration::from_secs(40);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Provisioning,
    Pending,
    Running,
    /// Its targets drain.
    Deactivating,
    /// Stops at this time.
    Stopping(Timestamp),
    Stopped,
}

#[derive(Clone, Debug)]
pub(crate) struct TaskContainer {
    pub(crate) name: String,
    pub(crate) image: String,
    pub(crate) digest: String,
    /// From `RUNNING` until a container that does not answer is `UNHEALTHY`; `None` without a health check.
    pub(crate) patience: Option<Duration>,
}

#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) arn: String,
    pub(crate) service: ServiceKey,
    pub(crate) deployment: String,
    pub(crate) task_definition: String,
    pub(crate) containers: Vec<TaskContainer>,
    pub(crate) behaviour: Image,
    pub(crate) phase: Phase,
    pub(crate) created_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) stopping_at: Option<Timestamp>,
    pub(crate) stopped_at: Option<Timestamp>,
    pub(crate) stop_code: Option<&'static str>,
    pub(crate) stopped_reason: Option<String>,
    pub(crate) exit_code: Option<i32>,
    /// It has been healthy at some time.
    pub(crate) was_healthy: bool,
    pub(crate) address: String,
    /// Target groups and ports it registers with when it runs.
    pub(crate) targets: Vec<(String, u16)>,
}

impl Task {
    /// Whether it is meant to run.
    pub(crate) const fn is_live(&self) -> bool {
        matches!(
            self.phase,
            Phase::Provisioning | Phase::Pending | Phase::Running
        )
    }

    /// Whether it answers health checks.
    pub(crate) fn answers(&self, now: Timestamp) -> bool {
        let Some(started) = self.started_at.filter(|_| self.phase == Phase::Running) else {
            return false;
        };
        let image = &self.behaviour;
        let has_begun = image
            .healthy_after
            .is_some_and(|after| started + after <= now);
        let has_ended = image
            .unhealthy_after
            .is_some_and(|after| started + after <= now);
        has_begun && !has_ended
    }

    /// What the health checks of its containers say; `None` if there are none.
    pub(crate) fn container_health(&self, now: Timestamp) -> Option<&'static str> {
        let patience = self
            .containers
            .iter()
            .filter_map(|one| one.patience)
            .max()?;
        if self.answers(now) {
            return Some("HEALTHY");
        }
        let is_late = self.started_at.is_some_and(|at| at + patience <= now);
        Some(if is_late { "UNHEALTHY" } else { "UNKNOWN" })
    }

    const fn status(&self) -> &'static str {
        match self.phase {
            Phase::Provisioning => "PROVISIONING",
            Phase::Pending => "PENDING",
            Phase::Running => "RUNNING",
            Phase::Deactivating => "DEACTIVATING",
            Phase::Stopping(_) => "STOPPING",
            Phase::Stopped => "STOPPED",
        }
    }

    pub(crate) const fn desired_status(&self) -> &'static str {
        if self.is_live() { "RUNNING" } else { "STOPPED" }
    }

    pub(crate) fn describe(&self, now: Timestamp, cluster: &str) -> Value {
        let at = |time: Option<Timestamp>| time.map_or(Value::Null, seconds);
        let health = self.container_health(now).unwrap_or("UNKNOWN");
        let containers = self.containers.iter().map(|container| {
            json!({
                "containerArn": format!("{}/{}", self.arn.replace(":task/", ":container/"), container.name),
                "taskArn": self.arn, "name": container.name, "image": container.image,
                "imageDigest": self.started_at.map(|_| container.digest.as_str()),
                "lastStatus": self.status(), "healthStatus": health, "exitCode": self.exit_code,
                "reason": self.behaviour.is_missing.then_some("CannotPullContainerError: not found")
                    .filter(|_| self.phase == Phase::Stopped),
            })
        });
        json!({
            "taskArn": self.arn, "clusterArn": cluster, "taskDefinitionArn": self.task_definition,
            "containers": containers.collect::<Vec<_>>(),
            "lastStatus": self.status(), "desiredStatus": self.desired_status(),
            "healthStatus": health, "launchType": "FARGATE",
            "group": format!("service:{}", self.service.1), "startedBy": self.deployment,
            "createdAt": at(Some(self.created_at)), "startedAt": at(self.started_at),
            "stoppingAt": at(self.stopping_at), "stoppedAt": at(self.stopped_at),
            "stopCode": self.stop_code, "stoppedReason": self.stopped_reason, "version": 1,
            "attachments": [{ "id": "eni", "type": "ElasticNetworkInterface", "status": "ATTACHED",
                "details": [{ "name": "privateIPv4Address", "value": self.address }] }],
        })
    }
}

impl World {
    /// Starts a task of a deployment.
    pub(crate) fn start_task(
        &mut self,
        service: &ServiceKey,
        deployment: &str,
        task_definition: &str,
        targets: Vec<(String, u16)>,
    ) {
        let definition = self.task_definition(task_definition);
        let definitions = definition.map_or(&[][..], |one| one.containers()).to_vec();
        let containers: Vec<TaskContainer> = definitions
            .iter()
            .map(|definition| {
                let image = definition.text("image").unwrap_or_default().to_owned();
                let check = definition
                    .get("healthCheck")
                    .filter(|check| !check.is_null());
                let patience = check.map(|check| {
                    let of = |name, default| check.whole(name).unwrap_or(default);
                    let whole = of("startPeriod", 0) + of("interval", 30) * of("retries", 3);
                    Duration::from_secs(u64::try_from(whole).unwrap_or(0))
                });
                let pulled = self.images.get(&image).and_then(|told| told.digest.clone());
                TaskContainer {
                    name: definition.text("name").unwrap_or_default().to_owned(),
                    digest: pulled.unwrap_or_else(|| digest(&image)),
                    image,
                    patience,
                }
            })
            .collect();
        let told = containers
            .first()
            .and_then(|one| self.images.get(&one.image));
        let behaviour = told.cloned().unwrap_or_default();
        let id = self.ids.hex(32);
        let arn = self.ecs_arn(&format!("task/{}/{id}", service.0));
        let task = Task {
            arn: arn.clone(),
            service: service.clone(),
            deployment: deployment.to_owned(),
            task_definition: task_definition.to_owned(),
            containers,
            behaviour,
            phase: Phase::Provisioning,
            created_at: self.now,
            started_at: None,
            stopping_at: None,
            stopped_at: None,
            stop_code: None,
            stopped_reason: None,
            exit_code: None,
            was_healthy: false,
            address: self.address(),
            targets,
        };
        self.tasks.insert(arn, task);
    }

    /// The scheduler stops a task: its targets drain first.
    pub(crate) fn stop_task(&mut self, arn: &str, code: &'static str, reason: impl Into<String>) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(arn).filter(|task| task.is_live()) else {
            return;
        };
        task.phase = Phase::Deactivating;
        task.stopping_at = Some(now);
        task.stop_code = Some(code);
        task.stopped_reason = Some(reason.into());
        task.exit_code = task.started_at.map(|_| 143);
        self.leave_targets(arn);
    }

    fn leave_targets(&mut self, arn: &str) {
        let Some(task) = self.tasks.get(arn) else {
            return;
        };
        let (address, targets) = (task.address.clone(), task.targets.clone());
        for (group, port) in targets {
            self.deregister_target(&group, &(address.clone(), port));
        }
    }

    /// A task ends by itself.
    fn end_task(&mut self, arn: &str, code: &'static str, reason: &str, exit_code: Option<i32>) {
        let now = self.now;
        if let Some(task) = self.tasks.get_mut(arn) {
            task.phase = Phase::Stopped;
            task.stopping_at = Some(now);
            task.stopped_at = Some(now);
            task.stop_code = Some(code);
            task.stopped_reason = Some(reason.to_owned());
            task.exit_code = exit_code;
        }
        self.leave_targets(arn);
        self.delay_restart(arn);
    }

    /// Whether a task counts as healthy for the scheduler.
    pub(crate) fn is_healthy(&self, task: &Task) -> bool {
        let Some(started) = task.started_at.filter(|_| task.phase == Phase::Running) else {
            return false;
        };
        let checked = task.container_health(self.now);
        if checked.is_some_and(|health| health != "HEALTHY") {
            return false;
        }
        if checked.is_none() && task.targets.is_empty() {
            return started + WITHOUT_CHECKS <= self.now;
        }
        task.targets
            .iter()
            .all(|target| self.target_health(task, target) == Some(Health::Healthy))
    }

    pub(crate) fn target_health(&self, task: &Task, target: &(String, u16)) -> Option<Health> {
        let group = self.target_groups.get(&target.0)?;
        let found = group.targets.get(&(task.address.clone(), target.1))?;
        Some(found.health)
    }

    pub(crate) fn settle_tasks(&mut self) -> bool {
        while self.first_forgotten().is_some_and(|at| at <= self.now) {
            self.stopped_tasks.pop_front();
            self.note(Rule::StoppedTasksAreKept);
        }
        let arns: Vec<String> = self.tasks.keys().cloned().collect();
        arns.iter().fold(false, |changed, arn| {
            let has_moved = self.settle_task(arn);
            changed | has_moved
        })
    }

    fn settle_task(&mut self, arn: &str) -> bool {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(arn) else {
            return false;
        };
        let image = task.behaviour.clone();
        let runs_at = task.created_at + image.starts_in;
        match task.phase {
            Phase::Provisioning if task.created_at + image.starts_in / 3 <= now => {
                task.phase = Phase::Pending;
            }
            Phase::Pending if runs_at <= now && image.is_missing => {
                let reason = "CannotPullContainerError: image not found";
                self.end_task(arn, "TaskFailedToStart", reason, None);
                self.count_failure(arn);
            }
            Phase::Pending if runs_at <= now => match image.exits_at_start {
                Some(code) => {
                    let reason = "Essential container in task exited";
                    self.end_task(arn, "EssentialContainerExited", reason, Some(code));
                    self.count_failure(arn);
                }
                None => {
                    task.phase = Phase::Running;
                    task.started_at = Some(now);
                    let (address, targets) = (task.address.clone(), task.targets.clone());
                    for (group, port) in targets {
                        self.register_target(&group, (address.clone(), port), Some(arn.to_owned()));
                    }
                }
            },
            Phase::Running => {
                let started = task.started_at.unwrap_or(now);
                let crash = image
                    .crashes_after
                    .filter(|(after, _)| started + *after <= now);
                let Some((_, code)) = crash else {
                    return false;
                };
                let reason = "Essential container in task exited";
                self.end_task(arn, "EssentialContainerExited", reason, Some(code));
                self.note(Rule::CrashIsNoFailure);
            }
            Phase::Deactivating => {
                let (targets, address) = (task.targets.clone(), task.address.clone());
                let drains = targets.iter().any(|(group, port)| {
                    let group = self.target_groups.get(group);
                    group.is_some_and(|one| one.targets.contains_key(&(address.clone(), *port)))
                });
                let until = now + self.settings.stop_time;
                let Some(task) = self.tasks.get_mut(arn).filter(|_| !drains) else {
                    return false;
                };
                task.phase = Phase::Stopping(until);
            }
            Phase::Stopping(until) if until <= now => {
                task.phase = Phase::Stopped;
                task.stopped_at = Some(now);
            }
            Phase::Stopped => {
                // Out of the way of everybody who looks through the others.
                self.stopped_tasks.extend(self.tasks.remove(arn));
            }
            Phase::Provisioning | Phase::Pending | Phase::Stopping(_) => return false,
        }
        true
    }

    /// When the task that stopped first can no longer be described.
    pub(crate) fn first_forgotten(&self) -> Option<Timestamp> {
        let first = self.stopped_tasks.front()?.stopped_at?;
        Some(first + self.settings.stopped_task_kept)
    }

    /// Every task that can be described, those that stopped last.
    pub(crate) fn all_tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.values().chain(&self.stopped_tasks)
    }

    pub(crate) fn task_due(&self, task: &Task) -> Vec<Timestamp> {
        let image = &task.behaviour;
        match task.phase {
            Phase::Provisioning => vec![task.created_at + image.starts_in / 3],
            Phase::Pending => vec![task.created_at + image.starts_in],
            Phase::Running => {
                let Some(started) = task.started_at else {
                    return Vec::new();
                };
                let patience = task.containers.iter().filter_map(|one| one.patience).max();
                let spans = [
                    image.crashes_after.map(|(after, _)| after),
                    image.healthy_after,
                    image.unhealthy_after,
                    patience,
                    Some(WITHOUT_CHECKS),
                ];
                spans
                    .into_iter()
                    .flatten()
                    .map(|after| started + after)
                    .collect()
            }
            Phase::Deactivating => Vec::new(),
            Phase::Stopping(until) => vec![until],
            Phase::Stopped => Vec::new(),
        }
    }
}
