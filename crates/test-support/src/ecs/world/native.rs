//! The strategies of ECS itself: blue/green, canary and linear, stage by stage.

mod shift;
mod unwind;

use std::time::Duration;

use serde_json::Value;
use strategy_core::Timestamp;

use super::World;
use super::breaker::{ALARM, threshold};
use super::deployment::{Breaker, Progress, ServiceDeployment};
use super::service::Service;
use crate::ecs::rules::Rule;
use crate::ecs::wire::Fields as _;

/// How long a stage may take.
const STAGE_LIMIT: Duration = Duration::from_secs(24 * 3600);

/// A stage of a service deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    ReconcileService,
    PreScaleUp,
    ScaleUp,
    PostScaleUp,
    TestTrafficShift,
    PostTestTrafficShift,
    PreProductionTrafficShift,
    ProductionTrafficShift,
    PostProductionTrafficShift,
    BakeTime,
    CleanUp,
}

impl Stage {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ReconcileService => "RECONCILE_SERVICE",
            Self::PreScaleUp => "PRE_SCALE_UP",
            Self::ScaleUp => "SCALE_UP",
            Self::PostScaleUp => "POST_SCALE_UP",
            Self::TestTrafficShift => "TEST_TRAFFIC_SHIFT",
            Self::PostTestTrafficShift => "POST_TEST_TRAFFIC_SHIFT",
            Self::PreProductionTrafficShift => "PRE_PRODUCTION_TRAFFIC_SHIFT",
            Self::ProductionTrafficShift => "PRODUCTION_TRAFFIC_SHIFT",
            Self::PostProductionTrafficShift => "POST_PRODUCTION_TRAFFIC_SHIFT",
            Self::BakeTime => "BAKE_TIME",
            Self::CleanUp => "CLEAN_UP",
        }
    }
}

/// What runs and serves when a deployment of one of these strategies begins.
#[derive(Clone, Debug)]
pub(crate) struct Blue {
    /// The id of its deployment.
    pub(crate) deployment: String,
    pub(crate) revision: String,
}

/// Where a deployment of one of these strategies is.
#[derive(Clone, Debug)]
pub(crate) struct Native {
    pub(crate) stage: Stage,
    /// Its hooks are made.
    entered: bool,
    /// The first hook of the stage.
    pub(crate) hooks_from: usize,
    /// It has done its work, and waits until then.
    wait_until: Option<Timestamp>,
    /// When the stage has taken too long.
    deadline: Timestamp,
    /// The weights in percent that production traffic is shifted to, one after the other.
    steps: Vec<f64>,
    step: usize,
    step_bake: Duration,
    bake: Duration,
    /// The weight of the new service revision in percent.
    production: Lagging,
    test: Lagging,
    /// What was there before.
    blue: Blue,
    /// It takes over from one that was unfinished, and whose weights may still be there.
    reconciles: bool,
    /// It only reconciles, and then it rolls.
    then_rolls: bool,
    /// It goes back.
    pub(crate) rolls_back: bool,
    /// All traffic is back.
    is_back: bool,
}

/// A weight that is described some time after it was changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lagging {
    now: f64,
    before: f64,
    changed_at: Timestamp,
}

impl Lagging {
    const fn set(&mut self, value: f64, at: Timestamp) {
        (self.before, self.now, self.changed_at) = (self.now, value, at);
    }

    /// Whether nothing has the weight.
    const fn is_none(&self) -> bool {
        self.now <= 0.0
    }

    /// As described at `at`, and whether that is old.
    fn described(self, at: Timestamp, lag: Duration) -> (f64, bool) {
        if self.changed_at + lag > at {
            (self.before, true)
        } else {
            (self.now, false)
        }
    }
}

pub(crate) fn minutes(value: &Value, name: &str, default: u64) -> Duration {
    let given = value.whole(name).and_then(|one| u64::try_from(one).ok());
    Duration::from_secs(60 * given.unwrap_or(default))
}

impl Native {
    pub(crate) fn new(
        configuration: &Value,
        blue: Blue,
        reconciles: bool,
        then_rolls: bool,
        now: Timestamp,
    ) -> Self {
        let (canary, linear) = (
            &configuration["canaryConfiguration"],
            &configuration["linearConfiguration"],
        );
        let (steps, step_bake) = match configuration.text("strategy") {
            Some("CANARY") => (
                vec![canary.real("canaryPercent").unwrap_or(5.0), 100.0],
                minutes(canary, "canaryBakeTimeInMinutes", 10),
            ),
            Some("LINEAR") => (
                equal_steps(linear.real("stepPercent").unwrap_or(10.0)),
                minutes(linear, "stepBakeTimeInMinutes", 6),
            ),
            _ => (vec![100.0], Duration::ZERO),
        };
        let unchanged = Lagging {
            now: 0.0,
            before: 0.0,
            changed_at: Timestamp::from_millis(0),
        };
        Self {
            stage: if reconciles {
                Stage::ReconcileService
            } else {
                Stage::PreScaleUp
            },
            entered: false,
            hooks_from: 0,
            wait_until: None,
            deadline: now + STAGE_LIMIT,
            steps,
            step: 0,
            step_bake,
            bake: minutes(configuration, "bakeTimeInMinutes", 0),
            production: unchanged,
            test: unchanged,
            blue,
            reconciles,
            then_rolls,
            rolls_back: false,
            is_back: false,
        }
    }

    pub(crate) fn due(&self) -> Vec<Timestamp> {
        self.wait_until.into_iter().chain([self.deadline]).collect()
    }

    pub(crate) fn blue_revision(&self) -> &str {
        &self.blue.revision
    }

    /// The weight of the side of the new service revision, in percent, with which all traffic is blue's.
    const fn all_on_blue(&self) -> f64 {
        // What rolls registers where blue does.
        if self.then_rolls { 100.0 } else { 0.0 }
    }

    /// Whether tasks of the new service revision are wanted.
    pub(crate) const fn has_begun(&self) -> bool {
        !matches!(self.stage, Stage::ReconcileService | Stage::PreScaleUp)
    }

    fn go_to(&mut self, stage: Stage, now: Timestamp) {
        self.stage = stage;
        self.entered = false;
        self.wait_until = None;
        self.deadline = now + STAGE_LIMIT;
    }

    /// Weights of production and test traffic in percent, as described, and whether they are old.
    pub(crate) fn described(&self, at: Timestamp, lag: Duration) -> (f64, f64, bool) {
        let (production, is_old) = self.production.described(at, lag);
        let (test, is_old_too) = self.test.described(at, lag);
        (production, test, is_old || is_old_too)
    }
}

/// `step`, twice `step`, and so on to 100.
fn equal_steps(step: f64) -> Vec<f64> {
    // In tenths of a percent, which are whole.
    let step = (step * 10.0).round().clamp(1.0, 1000.0);
    let mut steps = Vec::new();
    let mut at = step;
    while at < 1000.0 {
        steps.push(at / 10.0);
        at += step;
    }
    steps.push(100.0);
    steps
}

impl World {
    /// Whether a deployment of one of these strategies is under way.
    pub(crate) fn is_native(&mut self, service: &Service) -> bool {
        let current = self.current(service);
        current.is_some_and(|one| one.native.is_some() && !one.status.is_over())
    }

    /// Moves a deployment on by at most one thing.
    pub(crate) fn drive(&mut self, service: &mut Service) -> bool {
        let Some(current) = self.current(service).cloned() else {
            return false;
        };
        let Some(native) = current.native.clone() else {
            return false;
        };
        let mut work = Work { current, native };
        let changed = self.step_native(service, &mut work);
        let has_reconciled = work.native.then_rolls && work.native.stage != Stage::ReconcileService;
        work.current.native = Some(work.native).filter(|_| !has_reconciled);
        if let Some(kept) = self.current(service) {
            *kept = work.current;
        }
        changed
    }

    fn step_native(&mut self, service: &mut Service, work: &mut Work) -> bool {
        let healed = self.heal(service, work);
        if work.native.rolls_back {
            return self.unwind(service, work) || healed;
        }
        if work.current.status.is_passing() && work.current.moves_at > self.now {
            return healed;
        }
        if work.current.status == Progress::RollbackRequested {
            self.note(Rule::StopRollsBack);
            let reason = "Service deployment rollback requested by the user.";
            self.turn_back(service, work, reason);
            return true;
        }
        if let Some(reason) = self.failure(service, work) {
            let reason = reason.to_owned();
            self.turn_back(service, work, &reason);
            return true;
        }
        if !work.native.entered {
            self.enter_stage(work);
            return true;
        }
        let from = work.native.hooks_from;
        let mut changed = self.settle_hooks(&mut work.current.hooks[from..]);
        let hooks = &work.current.hooks[from..];
        if hooks.iter().any(|hook| hook.verdict() == Some(false)) {
            let stage = work.native.stage.name();
            self.note(Rule::AnyRollbackWins);
            self.turn_back(
                service,
                work,
                &format!("A lifecycle hook failed at {stage}."),
            );
            return true;
        }
        if hooks.iter().any(|hook| hook.verdict().is_none()) {
            return changed | healed;
        }
        let (stage, step) = (work.native.stage, work.native.step);
        changed = self.work_at_stage(service, work);
        let has_moved = (work.native.stage, work.native.step) != (stage, step);
        if has_moved || work.native.rolls_back {
            work.current.updated_at = self.now;
        }
        changed | healed
    }

    /// Whether alarms or the circuit breaker take it back.
    fn failure(&mut self, service: &Service, work: &mut Work) -> Option<&'static str> {
        let configuration = &work.current.configuration;
        if work.current.alarms == Breaker::Triggered
            && configuration["alarms"].flag("rollback") == Some(true)
        {
            self.note(Rule::AlarmsEndDeployments);
            return Some(ALARM);
        }
        let breaker = &configuration["deploymentCircuitBreaker"];
        let threshold = threshold(breaker, service.desired);
        let mut deployments = service.deployments.iter();
        let green = deployments.find(|one| one.revision == work.current.target)?;
        (work.current.failures, work.current.threshold) = (green.counted_failures, threshold);
        let is_watching = work.current.breaker == Breaker::Monitoring
            && work.native.stage == Stage::ScaleUp
            && breaker.flag("rollback") == Some(true);
        if !is_watching || green.counted_failures < threshold {
            return None;
        }
        work.current.breaker = Breaker::Triggered;
        self.note(Rule::DetectionBeyondRolling);
        Some("The circuit breaker was triggered.")
    }

    fn enter_stage(&mut self, work: &mut Work) {
        let hooks = self.hooks_at(&work.current.configuration, work.native.stage);
        if !hooks.is_empty() {
            self.note(Rule::HooksHoldTheStage);
            if matches!(
                work.native.stage,
                Stage::TestTrafficShift | Stage::ProductionTrafficShift
            ) {
                self.note(Rule::HooksBeforeTheShift);
            }
            if work.native.step > 0 && work.native.stage == Stage::PreProductionTrafficShift {
                self.note(Rule::FreshHooksAtEachStep);
            }
        }
        work.native.hooks_from = work.current.hooks.len();
        work.current.hooks.extend(hooks);
        work.native.entered = true;
        work.current.updated_at = self.now;
    }

    /// Keeps both sides at their number of tasks.
    fn heal(&mut self, service: &Service, work: &Work) -> bool {
        let mut changed = false;
        for deployment in &service.deployments {
            let is_green = deployment.revision == work.current.target;
            // What an unfinished deployment left serves until traffic has gone from it.
            let is_left = work.native.stage == Stage::ReconcileService
                && work.native.wait_until.is_none_or(|until| until > self.now);
            let want = match deployment.wants {
                Some(_) if is_left => continue,
                Some(wants) => wants,
                None if is_green && !work.native.has_begun() => 0,
                None => service.desired,
            };
            let live = self.live_tasks(&deployment.id);
            let surplus: Vec<String> = live
                .iter()
                .skip(want)
                .map(|task| task.arn.clone())
                .collect();
            let missing = want.saturating_sub(live.len());
            for arn in surplus {
                let reason = format!(
                    "Scaling activity initiated by (deployment {})",
                    deployment.id
                );
                self.stop_task(&arn, "ServiceSchedulerInitiated", reason);
                changed = true;
            }
            if deployment.starts_again_at.is_none() {
                for _ in 0..missing {
                    let targets = service.targets(deployment.side);
                    let definition = &deployment.task_definition;
                    self.start_task(&service.key, &deployment.id, definition, targets);
                    changed = true;
                }
            }
        }
        changed
    }
}

/// A service deployment that is worked on.
struct Work {
    current: ServiceDeployment,
    native: Native,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_steps_end_at_a_hundred() {
        assert_eq!(equal_steps(40.0), [40.0, 80.0, 100.0]);
        assert_eq!(equal_steps(33.4), [33.4, 66.8, 100.0]);
        assert_eq!(equal_steps(100.0), [100.0]);
    }
}
