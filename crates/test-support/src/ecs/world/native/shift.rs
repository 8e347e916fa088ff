//! What happens at each stage, and how weights are written.

use super::super::World;
use super::super::deployment::{Deployment, Progress};
use super::super::service::Service;
use super::{Stage, Work};
use crate::ecs::rules::Rule;
use crate::ecs::wire::Fields as _;

/// What ECS says of a rule that does not forward to both target groups.
const NOT_WIRED: &str = "Both targetGroup and alternateTargetGroup must be associated with the \
                         productionListenerRule or testListenerRule";

impl World {
    /// Does what the stage is for, or waits.
    pub(super) fn work_at_stage(&mut self, service: &mut Service, work: &mut Work) -> bool {
        let now = self.now;
        let is_waiting = work.native.wait_until.is_some_and(|until| until > now);
        if is_waiting {
            return false;
        }
        let next = match work.native.stage {
            Stage::ReconcileService => return self.reconcile(service, work),
            Stage::PreScaleUp => {
                if let Some((rule, reason)) = self.bad_wiring(service) {
                    self.note(rule);
                    self.turn_back(service, work, reason);
                    return true;
                }
                Stage::ScaleUp
            }
            Stage::ScaleUp => {
                let green = green(service, work).map(|one| one.id.clone());
                let healthy = green.map_or(0, |id| self.healthy_tasks(&id));
                if healthy < service.desired {
                    if work.native.deadline <= now {
                        self.note(Rule::StageLimit);
                        let reason = "The lifecycle stage SCALE_UP took longer than 24 hours.";
                        self.turn_back(service, work, reason);
                        return true;
                    }
                    return false;
                }
                Stage::PostScaleUp
            }
            Stage::PostScaleUp => Stage::TestTrafficShift,
            Stage::TestTrafficShift => {
                if self.write_weights(service, work, "testListenerRule", 100.0) {
                    work.native.test.set(100.0, now);
                }
                Stage::PostTestTrafficShift
            }
            Stage::PostTestTrafficShift => Stage::PreProductionTrafficShift,
            Stage::PreProductionTrafficShift => Stage::ProductionTrafficShift,
            Stage::ProductionTrafficShift => return self.shift_production(service, work),
            Stage::PostProductionTrafficShift => Stage::BakeTime,
            Stage::BakeTime if work.native.wait_until.is_none() => {
                let wait = work.native.bake.max(self.settings.propagation);
                work.native.wait_until = Some(now + wait);
                return true;
            }
            Stage::BakeTime => {
                self.note(Rule::BothRunInTheBake);
                Stage::CleanUp
            }
            Stage::CleanUp => return self.clean_up(service, work),
        };
        work.native.go_to(next, now);
        true
    }

    /// What an unfinished deployment left behind goes first: traffic, then its tasks.
    fn reconcile(&mut self, service: &mut Service, work: &mut Work) -> bool {
        let now = self.now;
        if work.native.wait_until.is_none() {
            self.write_weights(service, work, "productionListenerRule", 0.0);
            self.write_weights(service, work, "testListenerRule", 0.0);
            work.native.wait_until = Some(now + self.settings.propagation);
            return true;
        }
        let left = service
            .deployments
            .iter()
            .filter(|one| one.wants == Some(0));
        if left.into_iter().any(|one| self.has_tasks(&one.id)) {
            return false;
        }
        work.native.go_to(Stage::PreScaleUp, now);
        true
    }

    /// One step of production traffic; then its bake, or the end of shifting.
    fn shift_production(&mut self, service: &mut Service, work: &mut Work) -> bool {
        let now = self.now;
        let is_last = work.native.step + 1 >= work.native.steps.len();
        if work.native.wait_until.is_none() {
            let percent = work.native.steps.get(work.native.step).copied();
            let percent = percent.unwrap_or(100.0);
            if self.write_weights(service, work, "productionListenerRule", percent) {
                work.native.production.set(percent, now);
            }
            let bake = if is_last {
                std::time::Duration::ZERO
            } else {
                work.native.step_bake
            };
            work.native.wait_until = Some(now + bake);
            self.note(match service.strategy() {
                "CANARY" => Rule::CanarySteps,
                "LINEAR" => Rule::LinearSteps,
                _ => Rule::AllAtOnce,
            });
            return true;
        }
        if is_last {
            work.native.go_to(Stage::PostProductionTrafficShift, now);
        } else {
            work.native.step += 1;
            work.native.go_to(Stage::PreProductionTrafficShift, now);
        }
        true
    }

    fn clean_up(&mut self, service: &mut Service, work: &mut Work) -> bool {
        let target = work.current.target.clone();
        let (mut changed, mut left) = (false, false);
        for deployment in &mut service.deployments {
            if deployment.revision != target {
                // The next round of `heal` stops them.
                changed |= deployment.wants != Some(0);
                deployment.wants = Some(0);
                left |= self.has_tasks(&deployment.id);
            }
        }
        if left {
            return changed;
        }
        self.note(Rule::CleanUpEnds);
        service.deployments.retain(|one| one.revision == target);
        for one in &mut service.deployments {
            one.is_kept = false;
        }
        self.complete(service);
        // `complete` marks what is kept in the world; this is the copy that is worked on.
        work.current.status = Progress::Successful;
        work.current.finished_at = Some(self.now);
        work.current.updated_at = self.now;
        true
    }

    /// Why ECS will not shift the traffic of this service.
    fn bad_wiring(&self, service: &Service) -> Option<(Rule, &'static str)> {
        for balancer in &service.load_balancers {
            let advanced = &balancer["advancedConfiguration"];
            let Some(rule) = advanced.text("productionListenerRule") else {
                continue;
            };
            let sides = [
                balancer.text("targetGroupArn"),
                advanced.text("alternateTargetGroupArn"),
            ];
            let rule = self.rules.get(rule);
            let forward = rule.and_then(|rule| rule.forward());
            let is_wired = forward.is_some_and(|forward| {
                let has = |side: &str| forward.weights.iter().any(|(arn, _)| arn == side);
                sides.into_iter().all(|side| side.is_some_and(has))
            });
            if !is_wired {
                return Some((Rule::RuleIsWired, NOT_WIRED));
            }
            if rule.is_some_and(|rule| rule.actions.len() > 1) {
                return Some((
                    Rule::NoMixedActions,
                    "The productionListenerRule has actions other than forward",
                ));
            }
        }
        None
    }

    /// Gives the new side so many percent in the rules that a field names; false if none is named.
    pub(super) fn write_weights(
        &mut self,
        service: &Service,
        work: &Work,
        field: &str,
        percent: f64,
    ) -> bool {
        let Some(side) = green(service, work).map(|one| one.side) else {
            return false;
        };
        let mut written = false;
        for balancer in &service.load_balancers {
            let advanced = &balancer["advancedConfiguration"];
            let (Some(rule), Some(first), Some(second)) = (
                advanced.text(field),
                balancer.text("targetGroupArn"),
                advanced.text("alternateTargetGroupArn"),
            ) else {
                continue;
            };
            let (old, new) = weights(percent);
            let pair = if side == 1 { (old, new) } else { (new, old) };
            let weights = [(first.to_owned(), pair.0), (second.to_owned(), pair.1)];
            self.set_weights(rule, &weights);
            self.note(Rule::WeightsOfEcs);
            written = true;
        }
        written
    }
}

/// Whole percents as they are; with a fraction, the nearest that weights up to 999 can say.
fn weights(percent: f64) -> (i64, i64) {
    let sum = if percent.fract().abs() < 1e-9 {
        100
    } else {
        999
    };
    let new = (percent * f64::from(sum) / 100.0).round() as i64;
    (i64::from(sum) - new, new)
}

pub(super) fn green<'a>(service: &'a Service, work: &Work) -> Option<&'a Deployment> {
    let mut deployments = service.deployments.iter();
    deployments.find(|one| one.revision == work.current.target)
}
