//! What happens at each stage, and how weights are written.

use super::super::World;
use super::super::deployment::{Breaker, Deployment, Progress};
use super::super::service::Service;
use super::{Stage, Work};
use crate::ecs::rules::Rule;
use crate::ecs::wire::Fields as _;

/// What ECS says of a rule that does not forward to both target groups.
const NOT_WIRED: &str = "Both targetGroup and alternateTargetGroup must be associated with the \
                         productionListenerRule or testListenerRule";

/// What it says of one that does more than forward.
const MIXED: &str = "The productionListenerRule has actions other than forward";

/// The fields of a load balancer that name the rules which ECS writes.
pub(super) const PRODUCTION: &str = "productionListenerRule";
pub(super) const TEST: &str = "testListenerRule";

/// Why a rule is not written.
pub(super) type BadWiring = (Rule, &'static str);

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
                let checks = [PRODUCTION, TEST].map(|field| self.check_wiring(service, field));
                if let Some(why) = checks.into_iter().find_map(Result::err) {
                    return self.cannot_shift(service, work, why);
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
                match self.write_weights(service, work, TEST, 100.0) {
                    Ok(true) => work.native.test.set(100.0, now),
                    Ok(false) => {}
                    Err(why) => return self.cannot_shift(service, work, why),
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
            if !self.is_up(service, work) {
                return false;
            }
            for field in [PRODUCTION, TEST] {
                let percent = work.native.all_on_blue();
                if let Err(why) = self.write_weights(service, work, field, percent) {
                    return self.cannot_shift(service, work, why);
                }
            }
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
        self.note(Rule::BlueIsWhatWasCompleted);
        work.native.go_to(Stage::PreScaleUp, now);
        true
    }

    /// Whether blue can take all traffic, or does not come up, or nobody else has tasks that could.
    fn is_up(&self, service: &Service, work: &Work) -> bool {
        let id = &work.native.blue.deployment;
        let mut deployments = service.deployments.iter();
        let fails = deployments.any(|one| one.id == *id && one.starts_again_at.is_some());
        let mut left = service
            .deployments
            .iter()
            .filter(|one| one.wants == Some(0));
        self.healthy_tasks(id) >= service.desired
            || fails
            || left.all(|one| self.healthy_tasks(&one.id) == 0)
    }

    /// One step of production traffic; then its bake, or the end of shifting.
    fn shift_production(&mut self, service: &mut Service, work: &mut Work) -> bool {
        let now = self.now;
        let is_last = work.native.step + 1 >= work.native.steps.len();
        if work.native.wait_until.is_none() {
            let percent = work.native.steps.get(work.native.step).copied();
            let percent = percent.unwrap_or(100.0);
            match self.write_weights(service, work, PRODUCTION, percent) {
                Ok(true) => work.native.production.set(percent, now),
                Ok(false) => {}
                Err(why) => return self.cannot_shift(service, work, why),
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
        for monitor in [&mut work.current.breaker, &mut work.current.alarms] {
            if *monitor == Breaker::Monitoring {
                *monitor = Breaker::Complete;
            }
        }
        work.current.status = Progress::Successful;
        work.current.finished_at = Some(self.now);
        work.current.updated_at = self.now;
        true
    }

    /// Traffic cannot be shifted: it goes back, which may fail for the same reason.
    fn cannot_shift(&mut self, service: &mut Service, work: &mut Work, why: BadWiring) -> bool {
        let (rule, reason) = why;
        self.note(rule);
        self.turn_back(service, work, reason);
        true
    }

    /// Whether ECS can write the rules that a field names. It looks at them anew before each write.
    pub(super) fn check_wiring(&self, service: &Service, field: &str) -> Result<(), BadWiring> {
        for balancer in &service.load_balancers {
            let advanced = &balancer["advancedConfiguration"];
            let Some(rule) = advanced.text(field) else {
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
                return Err((Rule::RuleIsWired, NOT_WIRED));
            }
            if rule.is_some_and(|rule| rule.actions.len() > 1) {
                return Err((Rule::NoMixedActions, MIXED));
            }
        }
        Ok(())
    }

    /// Gives the new side so many percent in the rules that a field names; false if none is named.
    pub(super) fn write_weights(
        &mut self,
        service: &Service,
        work: &Work,
        field: &str,
        percent: f64,
    ) -> Result<bool, BadWiring> {
        let Some(side) = green(service, work).map(|one| one.side) else {
            return Ok(false);
        };
        self.check_wiring(service, field)?;
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
            if !self.set_weights(rule, &weights) {
                return Err((Rule::RuleIsWired, NOT_WIRED));
            }
            self.note(Rule::WeightsOfEcs);
            written = true;
        }
        Ok(written)
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
