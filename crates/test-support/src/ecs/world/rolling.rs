//! Rolling: old tasks are replaced within the bounds of minimumHealthyPercent and maximumPercent.

use super::World;
use super::breaker::Cause;
use super::deployment::{Deployment, Progress, Rollout};
use super::native::{Stage, minutes};
use super::service::Service;
use crate::ecs::rules::Rule;
use crate::ecs::wire::Fields as _;

/// Whether hooks let a deployment go on.
enum Gate {
    Open,
    Waits,
    TurnsBack,
}

impl World {
    /// One round of the scheduler.
    pub(crate) fn roll(&mut self, service: &mut Service) -> bool {
        let Some(primary) = service.deployments.first().cloned() else {
            return false;
        };
        if service.controller() == "EXTERNAL" {
            return false;
        }
        match self.current(service).map(|one| one.status) {
            Some(Progress::RollbackRequested) => return false,
            Some(Progress::Pending) => {
                let before = service.deployments.get(1);
                return before.is_some_and(|one| self.start_missing(service, one));
            }
            Some(_) | None => {}
        }
        match self.pass_gate(service, Stage::PreScaleUp) {
            Gate::Open => {}
            Gate::Waits => {
                // Nothing new begins; what was there is kept up.
                let before = service.deployments.get(1);
                return before.is_some_and(|one| self.start_missing(service, one));
            }
            Gate::TurnsBack => return true,
        }
        let mut changed = self.start_missing(service, &primary);
        changed |= self.stop_surplus(service);
        if primary.rollout == Rollout::Failed {
            return changed;
        }
        changed |= self.stop_old(service);
        if Self::is_in_progress(service) && self.is_done(service) {
            match self.pass_gate(service, Stage::PostScaleUp) {
                Gate::Open => self.complete(service),
                Gate::Waits => return changed,
                Gate::TurnsBack => {}
            }
            changed = true;
        }
        changed
    }

    /// Whether the hooks of a stage of a rolling deployment let it go on.
    fn pass_gate(&mut self, service: &mut Service, stage: Stage) -> Gate {
        let Some(current) = self.current(service).cloned() else {
            return Gate::Open;
        };
        if current.status.is_over() || current.rollback.is_some() || current.native.is_some() {
            return Gate::Open;
        }
        let mut hooks = current.hooks;
        let known = current.gates.iter().find(|(one, _)| *one == stage);
        let from = match known {
            Some((_, from)) => *from,
            None => {
                let from = hooks.len();
                hooks.extend(self.hooks_at(&current.configuration, stage));
                from
            }
        };
        let is_new = known.is_none() && hooks.len() > from;
        // Hooks of the stage before are resolved, so that all that is open is of this one.
        self.settle_hooks(&mut hooks[from..]);
        let verdicts: Vec<Option<bool>> = hooks[from..].iter().map(|hook| hook.verdict()).collect();
        if let Some(kept) = self.current(service) {
            kept.hooks = hooks;
            if is_new {
                kept.gates.push((stage, from));
            }
        }
        if is_new {
            self.note(Rule::HooksWhileRolling);
        }
        if verdicts.contains(&Some(false)) {
            self.note(Rule::AnyRollbackWins);
            let reason = format!("A lifecycle hook failed at {}.", stage.name());
            if !self.roll_back(service, Cause::Other(&reason)) {
                self.fail(service, Cause::Other(&reason));
            }
            return Gate::TurnsBack;
        }
        if verdicts.contains(&None) {
            return Gate::Waits;
        }
        Gate::Open
    }

    /// Starts the tasks that a deployment lacks, as far as there is room.
    fn start_missing(&mut self, service: &Service, primary: &Deployment) -> bool {
        let want = service.desired;
        if primary.rollout == Rollout::Failed || primary.starts_again_at.is_some() {
            return false;
        }
        let have = self.live_tasks(&primary.id).len();
        let all: usize = service
            .deployments
            .iter()
            .map(|one| self.live_tasks(&one.id).len())
            .sum();
        let room = service.most_tasks().saturating_sub(all);
        let missing = want.saturating_sub(have);
        if missing > room {
            self.note(Rule::MaximumPercent);
        }
        let starting = missing.min(room);
        for _ in 0..starting {
            let targets = service.targets(primary.side);
            self.start_task(&service.key, &primary.id, &primary.task_definition, targets);
        }
        starting > 0
    }

    /// Stops what the primary deployment has beyond the desired count: the newest first.
    fn stop_surplus(&mut self, service: &Service) -> bool {
        let Some(primary) = service.deployments.first() else {
            return false;
        };
        let live = self.live_tasks(&primary.id);
        let surplus: Vec<String> = live
            .iter()
            .skip(service.desired)
            .map(|task| task.arn.clone())
            .collect();
        let reason = format!("Scaling activity initiated by (deployment {})", primary.id);
        for arn in &surplus {
            self.stop_task(arn, "ServiceSchedulerInitiated", reason.as_str());
        }
        !surplus.is_empty()
    }

    /// Stops old tasks: what new ones have replaced, and what must go to make room.
    fn stop_old(&mut self, service: &Service) -> bool {
        let Some((primary, others)) = service.deployments.split_first() else {
            return false;
        };
        let mut old: Vec<(bool, String)> = Vec::new();
        for deployment in others {
            let live = self.live_tasks(&deployment.id);
            old.extend(
                live.iter()
                    .map(|task| (self.is_healthy(task), task.arn.clone())),
            );
        }
        if old.is_empty() {
            return false;
        }
        // Unhealthy ones first.
        old.sort();
        let new_healthy = self.healthy_tasks(&primary.id);
        let new_live = self.live_tasks(&primary.id).len();
        let room = service.most_tasks().saturating_sub(new_live + old.len());
        let replaced = (new_healthy + old.len()).saturating_sub(service.desired);
        let lacking = service
            .desired
            .saturating_sub(new_live)
            .saturating_sub(room);
        let mut healthy = new_healthy + old.iter().filter(|(is_healthy, _)| *is_healthy).count();
        let least = service.least_healthy();
        let reason = format!("Scaling activity initiated by (deployment {})", primary.id);
        let mut stopped = 0;
        for (is_healthy, arn) in old.iter().take(replaced.max(lacking)) {
            if *is_healthy && healthy <= least {
                self.note(Rule::MinimumHealthyPercent);
                break;
            }
            healthy -= usize::from(*is_healthy);
            self.stop_task(arn, "ServiceSchedulerInitiated", reason.as_str());
            stopped += 1;
        }
        stopped > 0
    }

    /// Whether the deployment counts as done.
    fn is_done(&mut self, service: &mut Service) -> bool {
        let bake = minutes(&service.deployment_configuration, "bakeTimeInMinutes", 0);
        if self.is_steady(service) {
            return true;
        }
        let early = &service.deployment_configuration["earlySuccessCriteria"];
        let Some(primary) = service.deployments.first() else {
            return false;
        };
        if early.flag("enable") != Some(true) || primary.rollout != Rollout::InProgress {
            return false;
        }
        let percent = early.whole("healthyPercent").unwrap_or(100);
        let percent = usize::try_from(percent).unwrap_or(100);
        let healthy = self.healthy_tasks(&primary.id);
        let is_deferred = early.text("sourceServiceRevisionCleanup") != Some("BLOCKING");
        let others = service.deployments.iter().skip(1);
        let is_alone = others.into_iter().all(|one| !self.has_tasks(&one.id));
        let is_enough = healthy * 100 >= service.desired * percent;
        let now = self.now;
        let Some(primary) = service.deployments.first_mut() else {
            return false;
        };
        if !is_enough {
            primary.enough_since = None;
            return false;
        }
        let since = *primary.enough_since.get_or_insert(now);
        primary.bakes_until = Some(since + bake).filter(|until| *until > now);
        if primary.bakes_until.is_some() {
            self.note(Rule::EarlyBakes);
            return false;
        }
        if !is_deferred && !is_alone {
            return false;
        }
        self.note(Rule::EarlySuccess);
        true
    }
}
