//! Failed tasks, the circuit breaker, and what it rolls back to.

use serde_json::Value;

use super::World;
use super::deployment::{Breaker, Progress, Revision, Rollback, Rollout};
use super::service::Service;
use crate::ecs::rules::Rule;
use crate::ecs::settings::BesideAHealthyTask;
use crate::ecs::wire::Fields as _;

/// What ECS says when an alarm fires.
pub(super) const ALARM: &str = "A CloudWatch alarm of the deployment is in ALARM.";

/// Why a rolling deployment ends.
#[derive(Clone, Copy)]
pub(super) enum Cause<'a> {
    /// Its tasks failed.
    Breaker(&'a str),
    /// A person, a hook or an alarm.
    Other(&'a str),
}

impl Cause<'_> {
    const fn reason(&self) -> &str {
        match self {
            Self::Breaker(reason) | Self::Other(reason) => reason,
        }
    }

    /// What the deployment that failed says of itself.
    fn of_failed(&self) -> String {
        match self {
            Self::Breaker(_) => "ECS deployment circuit breaker: tasks failed to start.".to_owned(),
            Self::Other(reason) => format!("ECS deployment failed: {reason}"),
        }
    }

    /// What the one that takes its place says.
    fn of_rollback(&self, id: &str) -> String {
        match self {
            Self::Breaker(_) => {
                format!("ECS deployment circuit breaker: rolling back to deploymentId {id}.")
            }
            Self::Other(_) => format!("ECS deployment: rolling back to deploymentId {id}."),
        }
    }
}

/// How many failures trip the circuit breaker.
pub(crate) fn threshold(breaker: &Value, desired: usize) -> usize {
    let configured = &breaker["thresholdConfiguration"];
    let value = configured
        .whole("value")
        .and_then(|value| usize::try_from(value).ok())
        .unwrap_or(50);
    let percent = (desired * value).div_ceil(100);
    match configured.text("type") {
        Some("COUNT") => value,
        Some("UNBOUNDED_PERCENT") => percent.max(1),
        _ => percent.clamp(3, 200),
    }
}

impl World {
    /// A task failed: it never ran, or was stopped for its health checks.
    pub(crate) fn count_failure(&mut self, task: &str) {
        if let Some(task) = self.tasks.get(task) {
            self.failures.push(task.deployment.clone());
        }
    }

    /// After a task ended, its deployment waits before it starts another.
    pub(crate) fn delay_restart(&mut self, task: &str) {
        let until = self.now + self.settings.restart_delay;
        if let Some(task) = self.tasks.get(task) {
            self.delays.push((task.deployment.clone(), until));
        }
    }

    /// Counts what has failed, and forgets it where a task has become healthy.
    pub(crate) fn take_failures(&mut self, service: &mut Service) -> bool {
        let now = self.now;
        let breaker = &service.deployment_configuration["deploymentCircuitBreaker"];
        let resets = breaker.flag("resetOnHealthyTask") != Some(false);
        let mut changed = false;
        let (mut counted, mut forgotten, mut kept) = (false, false, false);
        for deployment in &mut service.deployments {
            let before = self.failures.len();
            self.failures.retain(|id| *id != deployment.id);
            let failed = before - self.failures.len();
            if failed > 0 && deployment.rollout == Rollout::InProgress {
                deployment.failed_tasks += failed;
                deployment.counted_failures += failed;
                deployment.updated_at = now;
                counted = true;
            }
            if self.delays.iter().any(|(id, _)| *id == deployment.id) {
                let of_it = self.delays.iter().filter(|(id, _)| *id == deployment.id);
                deployment.starts_again_at = of_it.map(|(_, until)| *until).max();
                self.delays.retain(|(id, _)| *id != deployment.id);
                changed = true;
            }
            if deployment.starts_again_at.is_some_and(|at| at <= now) {
                deployment.starts_again_at = None;
                changed = true;
            }
        }
        for index in 0..service.deployments.len() {
            let id = service.deployments[index].id.clone();
            let is_healthy = self.healthy_tasks(&id) > 0;
            let resets_count = self.became_healthy(&id)
                || (is_healthy
                    && self.settings.beside_a_healthy_task
                        == BesideAHealthyTask::FailuresAreIgnored);
            let deployment = &mut service.deployments[index];
            deployment.was_healthy |= is_healthy;
            if is_healthy && deployment.failed_tasks > 0 {
                deployment.failed_tasks = 0;
                forgotten = true;
                changed = true;
            }
            if resets_count && deployment.counted_failures > 0 {
                if resets {
                    deployment.counted_failures = 0;
                    changed = true;
                } else {
                    kept = true;
                }
            }
        }
        if counted {
            self.note(Rule::FailedTasks);
        }
        if forgotten {
            self.note(Rule::FailuresInARow);
        }
        if kept {
            self.note(Rule::FailuresAreKeptIfAsked);
        }
        changed | counted
    }

    /// Whether a task of a deployment is healthy for the first time.
    fn became_healthy(&mut self, deployment: &str) -> bool {
        let live = self.live_tasks(deployment).into_iter();
        let new = live.filter(|task| !task.was_healthy && self.is_healthy(task));
        let new: Vec<String> = new.map(|task| task.arn.clone()).collect();
        for arn in &new {
            if let Some(task) = self.tasks.get_mut(arn) {
                task.was_healthy = true;
            }
        }
        !new.is_empty()
    }

    /// Trips the circuit breaker if it is time.
    pub(crate) fn break_circuit(&mut self, service: &mut Service) -> bool {
        let breaker = service.deployment_configuration["deploymentCircuitBreaker"].clone();
        let threshold = threshold(&breaker, service.desired);
        let Some(primary) = service.deployments.first() else {
            return false;
        };
        let (failures, id) = (primary.counted_failures, primary.id.clone());
        let is_in_progress = primary.rollout == Rollout::InProgress;
        let now = self.now;
        let Some(current) = self.current(service) else {
            return false;
        };
        if current.status == Progress::RollbackRequested {
            if current.moves_at > now {
                return false;
            }
            self.note(Rule::StopRollsBack);
            let reason = "Service deployment rollback requested by the user.";
            if !self.roll_back(service, Cause::Other(reason)) {
                // What there was to go back to is gone since the call was accepted.
                self.give_up_rollback(service, "There is no service revision to roll back to.");
            }
            return true;
        }
        if current.alarms == Breaker::Triggered
            && current.status == Progress::Running
            && current.rollback.is_none()
        {
            return self.act_on_alarm(service);
        }
        let is_watching = current.breaker == Breaker::Monitoring;
        if !is_watching || !is_in_progress || current.rollback.is_some() {
            return false;
        }
        (current.failures, current.threshold) = (failures, threshold);
        if failures < threshold {
            return false;
        }
        current.breaker = Breaker::Triggered;
        current.updated_at = now;
        self.note(Rule::BreakerThreshold);
        let reason = format!("Circuit breaker triggered for {id}.");
        if breaker.flag("rollback") == Some(true)
            && self.roll_back(service, Cause::Breaker(&reason))
        {
            self.note(Rule::BreakerRollsBack);
            return true;
        }
        self.fail(service, Cause::Breaker(&reason));
        true
    }

    /// An alarm ends a rolling deployment.
    fn act_on_alarm(&mut self, service: &mut Service) -> bool {
        self.note(Rule::AlarmsEndDeployments);
        let alarms = &service.deployment_configuration["alarms"];
        if alarms.flag("rollback") != Some(true) || !self.roll_back(service, Cause::Other(ALARM)) {
            self.fail(service, Cause::Other(ALARM));
        }
        true
    }

    /// The primary deployment has failed, and nothing takes its place.
    pub(super) fn fail(&mut self, service: &mut Service, cause: Cause<'_>) {
        let now = self.now;
        if service.completed.is_none() {
            self.note(Rule::FirstDeploymentStalls);
        } else if service.completed_is_taken {
            self.note(Rule::RolledBackToOnce);
        }
        if let Some(primary) = service.deployments.first_mut() {
            primary.rollout = Rollout::Failed;
            primary.reason = cause.of_failed();
            primary.updated_at = now;
        }
        if let Some(current) = self.current(service) {
            current.status = Progress::Stopped;
            current.reason = Some(cause.reason().to_owned());
            current.stopped_at = Some(now);
            current.updated_at = now;
        }
        self.note(Rule::FailedStartsNothing);
    }

    /// A rollback that is under way fails if it is to.
    pub(super) fn fail_rollback(&mut self, service: &mut Service) -> bool {
        let status = self.current(service).map(|one| one.status);
        if status != Some(Progress::RollingBack) || !self.rollback_fails(service) {
            return false;
        }
        self.give_up_rollback(service, "The rollback failed.");
        true
    }

    fn give_up_rollback(&mut self, service: &mut Service, reason: &str) {
        let now = self.now;
        if let Some(mut current) = self.current(service).cloned() {
            Self::end_rollback(service, &mut current, reason, now);
            if let Some(kept) = self.current(service) {
                *kept = current;
            }
        }
    }

    /// The service revision that a deployment under way can go back to: its blue one or, when it rolls, the one that was
    /// completed last.
    pub(crate) fn way_back(&self, service: &Service) -> Option<Revision> {
        let mut all = self.service_deployments.iter();
        let current = all.find(|one| Some(&one.arn) == service.current.as_ref());
        let native = current.and_then(|one| one.native.as_ref());
        let arn = match native {
            Some(native) => Some(native.blue_revision().to_owned()),
            None => service
                .completed
                .clone()
                .filter(|_| !service.completed_is_taken),
        };
        self.revisions.get(&arn?).cloned()
    }

    /// Deploys the service revision that was completed last; false if there is none.
    pub(super) fn roll_back(&mut self, service: &mut Service, cause: Cause<'_>) -> bool {
        let now = self.now;
        let Some(revision) = self.way_back(service) else {
            return false;
        };
        if self.rollback_fails(service) {
            self.give_up_rollback(service, "The rollback failed.");
            return true;
        }
        service.completed_is_taken = true;
        service.task_definition = revision.task_definition.clone();
        service.load_balancers = revision.load_balancers.clone();
        let side = service.deployments.first().map_or(0, |one| one.side);
        if let Some(failed) = service.deployments.first_mut() {
            failed.rollout = Rollout::Failed;
            failed.reason = cause.of_failed();
            failed.updated_at = now;
        }
        self.note(Rule::BreakerIsNamed);
        let id = self.add_deployment(service, revision.arn.clone(), side);
        if let Some(primary) = service.deployments.first_mut() {
            primary.reason = cause.of_rollback(&id);
        }
        if let Some(current) = self.current(service) {
            for hook in &mut current.hooks {
                hook.give_up();
            }
            current.status = Progress::RollingBack;
            current.reason = Some(cause.reason().to_owned());
            current.updated_at = now;
            current.rollback = Some(Rollback {
                reason: cause.reason().to_owned(),
                started_at: now,
                revision: revision.arn,
            });
        }
        true
    }
}
