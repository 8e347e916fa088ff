//! The way back of a deployment by ECS's own strategies.

use super::super::World;
use super::super::deployment::{Progress, Rollback, Rollout};
use super::super::service::Service;
use super::shift::{PRODUCTION, TEST};
use super::{Stage, Work};
use crate::ecs::rules::Rule;

impl World {
    /// Traffic goes back at once, unless what it goes back to is already being removed.
    pub(super) fn turn_back(&mut self, service: &mut Service, work: &mut Work, reason: &str) {
        let now = self.now;
        for hook in &mut work.current.hooks {
            hook.give_up();
        }
        work.native.rolls_back = true;
        work.native.wait_until = None;
        work.current.status = Progress::RollingBack;
        work.current.reason = Some(reason.to_owned());
        work.current.updated_at = now;
        let fails = self.rollback_fails(service);
        let blue = service
            .deployments
            .iter_mut()
            .find(|one| one.id == work.native.blue.deployment);
        work.current.rollback = Some(Rollback {
            reason: reason.to_owned(),
            started_at: now,
            revision: work.native.blue_revision().to_owned(),
        });
        if fails {
            Self::end_rollback(service, &mut work.current, "The rollback failed.", now);
        } else if work.native.stage == Stage::CleanUp {
            if let Some(blue) = blue {
                blue.wants = None;
            }
            self.note(Rule::StopInCleanUp);
        } else {
            self.shift_back(service, work);
        }
    }

    fn shift_back(&mut self, service: &mut Service, work: &mut Work) {
        let now = self.now;
        // What was never shifted is not written: somebody may have other plans with it.
        for field in [PRODUCTION, TEST] {
            let weight = if field == PRODUCTION {
                &work.native.production
            } else {
                &work.native.test
            };
            if weight.is_none() && !work.native.reconciles {
                continue;
            }
            match self.write_weights(service, work, field, work.native.all_on_blue()) {
                Ok(true) if field == PRODUCTION => work.native.production.set(0.0, now),
                Ok(true) => work.native.test.set(0.0, now),
                Ok(false) => {}
                Err((rule, reason)) => {
                    self.note(rule);
                    self.note(Rule::RollbackNeedsTheRule);
                    Self::end_rollback(service, &mut work.current, reason, now);
                    return;
                }
            }
        }
        work.native.is_back = true;
        work.native.wait_until = Some(now + self.settings.propagation);
    }

    /// Then the new tasks go, and the service is what it was.
    pub(super) fn unwind(&mut self, service: &mut Service, work: &mut Work) -> bool {
        let now = self.now;
        if !work.native.is_back {
            let healthy = self.healthy_tasks(&work.native.blue.deployment);
            if healthy < service.desired {
                return false;
            }
            self.shift_back(service, work);
            return true;
        }
        if work.native.wait_until.is_some_and(|until| until > now) {
            return false;
        }
        let target = work.current.target.clone();
        let mut changed = false;
        for deployment in &mut service.deployments {
            if deployment.revision == target {
                changed |= deployment.wants != Some(0);
                deployment.wants = Some(0);
                deployment.rollout = Rollout::Failed;
            }
        }
        let mut leaving = service.deployments.iter();
        if changed || leaving.any(|one| one.wants == Some(0) && self.has_tasks(&one.id)) {
            return changed;
        }
        service.deployments.retain(|one| one.wants != Some(0));
        for one in &mut service.deployments {
            one.is_kept = false;
        }
        if let Some(blue) = service.deployments.first() {
            service.task_definition = blue.task_definition.clone();
        }
        work.current.status = Progress::RollbackSuccessful;
        work.current.finished_at = Some(now);
        work.current.updated_at = now;
        self.note(Rule::BlueKeepsItsDeployment);
        self.note(Rule::DefinitionGoesBackLast);
        self.note(Rule::TrafficGoesBackFirst);
        true
    }
}
