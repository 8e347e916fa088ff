//! Tasks as pods: what really runs, what of it gets traffic, and what will not mend itself.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::{
    Container, Deployment, DeploymentRolloutState, HealthStatus, Service, Task, TaskStopCode,
};
use aws_sdk_elasticloadbalancingv2::types::{TargetHealthDescription, TargetHealthStateEnum};
use strategy_core::target::{Fatal, FatalReason, ImageIds, Pods};

use crate::autoscaling::number;
use crate::view::{Definitions, definition};

/// What there is of one track.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running<'a> {
    /// The task definition that was found at the start; `None`: there was none.
    pub(crate) recorded: Option<&'a str>,
    pub(crate) service: Option<&'a Service>,
    /// The deployment in force. Its failures count while [it has too few tasks](Self::has_too_few).
    pub(crate) deployment: Option<&'a Deployment>,
    pub(crate) has_too_few: bool,
    pub(crate) tasks: &'a [Task],
    pub(crate) stopped: &'a [Task],
    /// Where tasks are registered: a task is ready when it is healthy in each. Without any it is ready when
    /// it runs, and is healthy by its own check if it has one.
    pub(crate) registered: &'a [Registered<'a>],
    pub(crate) definitions: &'a Definitions,
}

/// Targets of one load balancer, at the port that answers there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Registered<'a> {
    pub(crate) port: i32,
    pub(crate) health: &'a [TargetHealthDescription],
}

/// Which tasks get traffic if there is any.
struct Healthy<'a> {
    /// Addresses, for each load balancer.
    at: Vec<BTreeSet<&'a str>>,
    definitions: &'a Definitions,
}

impl Healthy<'_> {
    fn is_ready(&self, task: &Task) -> bool {
        if !counts(task) || !is_running(task) {
            return false;
        }
        if self.at.is_empty() {
            return self.is_well_by_itself(task);
        }
        address(task).is_some_and(|address| self.at.iter().all(|at| at.contains(address)))
    }

    /// By the check of its own, where it has one.
    fn is_well_by_itself(&self, task: &Task) -> bool {
        match task.health_status() {
            Some(HealthStatus::Healthy) => true,
            Some(HealthStatus::Unhealthy) => false,
            Some(_) | None => {
                let arn = task.task_definition_arn().unwrap_or_default();
                let described = self.definitions.get(arn);
                described.is_some_and(|described| !described.has_health_check())
            }
        }
    }
}

/// The private IPv4 address of a task, by which a target group knows it.
fn address(task: &Task) -> Option<&str> {
    let interfaces = task
        .attachments()
        .iter()
        .filter(|attachment| attachment.r#type() == Some("ElasticNetworkInterface"));
    let mut details = interfaces.flat_map(|interface| interface.details());
    let attached = details.find(|detail| detail.name() == Some("privateIPv4Address"));
    let attached = attached.and_then(|detail| detail.value());
    attached.or_else(|| {
        let mut interfaces = task
            .containers()
            .iter()
            .flat_map(Container::network_interfaces);
        interfaces.find_map(|interface| interface.private_ipv4_address())
    })
}

fn is_running(task: &Task) -> bool {
    task.last_status() == Some("RUNNING")
}

/// It exists and is not on its way out.
fn counts(task: &Task) -> bool {
    task.desired_status() == Some("RUNNING") && task.last_status() != Some("STOPPED")
}

impl Running<'_> {
    /// One entry for each task definition of which there are tasks, or something that is fatal.
    pub(crate) fn pods(&self) -> Vec<Pods> {
        let healthy = self.healthy();
        let mut by_definition: BTreeMap<&str, Vec<&Task>> = BTreeMap::new();
        for task in self.tasks.iter().filter(|task| counts(task)) {
            let arn = task.task_definition_arn().unwrap_or_default();
            by_definition.entry(arn).or_default().push(task);
        }
        let mut fatal = self.fatal(&healthy);
        if let (false, Some(service)) = (fatal.is_empty(), self.service) {
            let current = self.deployment.and_then(|of| of.task_definition());
            let current = current.unwrap_or_else(|| definition(service));
            by_definition.entry(current).or_default();
        }
        let mut pods: Vec<Pods> = by_definition
            .into_iter()
            .map(|(arn, tasks)| self.of(arn, &tasks, &healthy))
            .collect();
        let current = self.deployment.and_then(|of| of.task_definition());
        let current = current.map(|arn| crate::task_definition::short(arn).to_owned());
        if let Some(pods) = pods
            .iter_mut()
            .find(|pods| Some(&pods.revision.id) == current.as_ref())
        {
            pods.fatal.append(&mut fatal);
        }
        pods.sort_by(|one, other| one.revision.id.cmp(&other.revision.id));
        pods
    }

    fn of(&self, arn: &str, tasks: &[&Task], healthy: &Healthy<'_>) -> Pods {
        let described = self.definitions.get(arn);
        let mut pods = Pods::of(match described {
            Some(described) => described.seen(self.recorded),
            None => strategy_core::SeenRevision::new(
                crate::task_definition::short(arn),
                strategy_core::Images::default(),
            ),
        });
        let size = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        pods.total = size(tasks.len());
        let ready = tasks.iter().filter(|task| healthy.is_ready(task));
        pods.ready = size(ready.count());
        pods.available = pods.ready;
        let deployments = self.service.map_or(&[][..], |of| of.deployments());
        pods.restarts = deployments
            .iter()
            .filter(|deployment| deployment.task_definition() == Some(arn))
            .map(|deployment| u64::from(number(deployment.failed_tasks)))
            .sum();
        let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for container in tasks
            .iter()
            .filter(|task| is_running(task))
            .flat_map(|task| task.containers())
        {
            if let (Some(name), Some(id)) = (container.name(), container.image_digest()) {
                ids.entry(name.to_owned())
                    .or_default()
                    .insert(id.to_owned());
            }
        }
        pods.image_ids = ids.into_iter().collect::<ImageIds>();
        pods
    }

    fn healthy(&self) -> Healthy<'_> {
        let at = self.registered.iter().map(|registered| {
            let healthy = registered.health.iter().filter(|target| {
                let state = target.target_health().and_then(|health| health.state());
                let port = target.target().and_then(|target| target.port());
                state == Some(&TargetHealthStateEnum::Healthy) && port == Some(registered.port)
            });
            healthy.filter_map(|target| target.target()?.id()).collect()
        });
        Healthy {
            at: at.collect(),
            definitions: self.definitions,
        }
    }

    /// How many tasks of a deployment are ready, and when the last of them was started.
    pub(crate) fn ready_of(&self, deployment: &str) -> (u32, Option<&DateTime>) {
        let healthy = self.healthy();
        let ready = self
            .tasks
            .iter()
            .filter(|task| task.started_by() == Some(deployment) && healthy.is_ready(task));
        let (mut count, mut last): (u32, Option<&DateTime>) = (0, None);
        for task in ready {
            count += 1;
            last = match (last, task.started_at()) {
                (Some(one), Some(other)) if one > other => Some(one),
                (one, other) => other.or(one),
            };
        }
        (count, last)
    }

    /// What will not mend itself by waiting, only of the deployment in force: tasks that failed, while there
    /// are too few, and that it failed as a whole.
    fn fatal(&self, healthy: &Healthy<'_>) -> Vec<Fatal> {
        let Some(deployment) = self.deployment else {
            return Vec::new();
        };
        let is_of =
            |task: &&Task| task.started_by().is_some() && task.started_by() == deployment.id();
        // A failure before a task that came after it and is healthy is history.
        let ready = self.tasks.iter().filter(|task| healthy.is_ready(task));
        let since = ready
            .filter(is_of)
            .filter_map(Task::started_at)
            .max_by(|one, other| one.partial_cmp(other).unwrap_or(std::cmp::Ordering::Equal));
        let is_history = |task: &Task| {
            let pair = task.stopped_at().zip(since);
            pair.is_some_and(|(stopped, since)| stopped <= since)
        };
        let stopped = self.stopped.iter().filter(is_of);
        let stopped = stopped.filter(|task| self.has_too_few && !is_history(task));
        let mut failures = by_reason(stopped);
        if deployment.rollout_state() == Some(&DeploymentRolloutState::Failed) {
            let why = deployment.rollout_state_reason();
            let failed = gave_up(why.unwrap_or("no reason given"));
            failures.entry(failed.reason).or_insert(failed);
        }
        failures.into_values().collect()
    }
}

/// What tasks failed of, and how many of each.
fn by_reason<'a>(stopped: impl Iterator<Item = &'a Task>) -> BTreeMap<FatalReason, Fatal> {
    let mut failures: BTreeMap<FatalReason, Fatal> = BTreeMap::new();
    for failure in stopped.filter_map(failure) {
        failures
            .entry(failure.reason)
            .and_modify(|known| known.pods += 1)
            .or_insert(failure);
    }
    failures
}

/// What the stopped tasks of a deployment failed of, for people; empty if none failed.
pub(crate) fn failures_of(stopped: &[Task], deployment: &str) -> String {
    let of = stopped.iter();
    let of = of.filter(|task| task.started_by() == Some(deployment));
    let failures = by_reason(of).into_values();
    let told: Vec<String> = failures
        .map(|of| format!("{} ({} tasks): {}", of.reason, of.pods, of.message))
        .collect();
    told.join("; ")
}

/// Why a deployment failed, as Amazon ECS tells it: its circuit breaker is one way among others, such as alarms, a
/// hook, and a person who stopped it.
fn gave_up(why: &str) -> Fatal {
    let reason = if why.contains("circuit breaker") {
        FatalReason::CircuitBreaker
    } else {
        FatalReason::TaskFailed
    };
    Fatal::new(reason, 0, why)
}

/// Why a task stopped, unless it was stopped on purpose or by what is not the release's doing.
fn failure(task: &Task) -> Option<Fatal> {
    let why = task.stopped_reason().unwrap_or("no reason given");
    match task.stop_code() {
        // Scaling and deployments stop healthy tasks, and health checks of the load balancer sick ones.
        Some(TaskStopCode::ServiceSchedulerInitiated) if !why.contains("health check") => {
            return None;
        }
        Some(
            TaskStopCode::UserInitiated
            | TaskStopCode::SpotInterruption
            | TaskStopCode::TerminationNotice,
        ) => return None,
        Some(_) | None => {}
    }
    let mut told = why.to_owned();
    for container in task.containers() {
        let exited = container.exit_code().filter(|code| *code != 0);
        if exited.is_none() && container.reason().is_none() {
            continue;
        }
        let name = container.name().unwrap_or("a container");
        told.push_str(&format!("; {name}"));
        if let Some(code) = exited {
            told.push_str(&format!(" exited with {code}"));
        }
        if let Some(reason) = container.reason() {
            told.push_str(&format!(": {reason}"));
        }
    }
    let reason = if told.contains("CannotPullContainer") || told.contains("CannotPullImage") {
        FatalReason::ImagePull
    } else if told.contains("OutOfMemory") {
        FatalReason::OutOfMemory
    } else if told.contains("ResourceInitializationError")
        || told.contains("CannotCreateContainer")
        || told.contains("CannotStartContainer")
    {
        FatalReason::ContainerConfig
    } else {
        FatalReason::TaskFailed
    };
    Some(Fatal::new(reason, 1, told))
}

#[cfg(test)]
mod tests;
