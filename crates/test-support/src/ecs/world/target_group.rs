//! Target groups, their targets, and health checks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use strategy_core::Timestamp;

use super::World;
use crate::ecs::rules::Rule;
use crate::ecs::wire::Fields as _;

/// What names a target inside its group: an address and a port.
pub(crate) type TargetKey = (String, u16);

#[derive(Clone, Debug)]
pub(crate) struct TargetGroup {
    pub(crate) arn: String,
    pub(crate) name: String,
    /// Everything that was said at its creation, defaults filled in.
    pub(crate) fields: Value,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) targets: BTreeMap<TargetKey, Target>,
    /// Deregistered targets that still get new requests: until when, and the task behind each.
    pub(crate) departed: BTreeMap<TargetKey, (Timestamp, Option<String>)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) health: Health,
    /// When the next health check comes; `None` while it could not change anything.
    pub(crate) check_at: Option<Timestamp>,
    /// Checks in a row that speak against `health`.
    streak: u32,
    /// The task behind it; `None` for what was registered by hand.
    pub(crate) task: Option<String>,
    /// What a target without a task answers to a health check.
    pub(crate) answers: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    Initial,
    Healthy,
    Unhealthy,
    /// Deregistered; gone at this time.
    Draining(Timestamp),
}

impl Target {
    pub(crate) const fn registered(task: Option<String>) -> Self {
        Self {
            health: Health::Initial,
            check_at: None,
            streak: 0,
            task,
            answers: true,
        }
    }

    pub(crate) const fn is_draining(&self) -> bool {
        matches!(self.health, Health::Draining(_))
    }

    /// One health check. Tells whether it is the first that a new target passes.
    fn check(&mut self, answers: bool, healthy_after: u32, unhealthy_after: u32) -> bool {
        match (self.health, answers) {
            (Health::Initial, true) => {
                (self.health, self.streak) = (Health::Healthy, 0);
                return true;
            }
            (Health::Healthy, true) | (Health::Unhealthy, false) => self.streak = 0,
            (Health::Initial | Health::Healthy, false) => {
                self.streak += 1;
                if self.streak >= unhealthy_after {
                    (self.health, self.streak) = (Health::Unhealthy, 0);
                }
            }
            (Health::Unhealthy, true) => {
                self.streak += 1;
                if self.streak >= healthy_after {
                    (self.health, self.streak) = (Health::Healthy, 0);
                }
            }
            (Health::Draining(_), _) => {}
        }
        false
    }

    /// Whether a check that is answered so could change the health.
    const fn may_change(&self, answers: bool) -> bool {
        match self.health {
            Health::Initial => true,
            Health::Healthy => !answers || self.streak > 0,
            Health::Unhealthy => answers || self.streak > 0,
            Health::Draining(_) => false,
        }
    }
}

impl TargetGroup {
    fn whole(&self, name: &str, default: u32) -> u32 {
        let value = self.fields.whole(name);
        value
            .and_then(|value| u32::try_from(value).ok())
            .unwrap_or(default)
    }

    pub(crate) fn seconds(&self, attribute: &str) -> Duration {
        let seconds = self.attributes.get(attribute);
        Duration::from_secs(seconds.and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    pub(crate) fn deregistration_delay(&self) -> Duration {
        self.seconds("deregistration_delay.timeout_seconds")
    }

    pub(crate) fn port(&self) -> u16 {
        self.fields
            .whole("Port")
            .and_then(|port| u16::try_from(port).ok())
            .unwrap_or(80)
    }

    /// Targets that are registered, and how many of them are healthy.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let registered = self.targets.values().filter(|target| !target.is_draining());
        let (mut all, mut healthy) = (0, 0);
        for target in registered {
            all += 1;
            healthy += usize::from(target.health == Health::Healthy);
        }
        (all, healthy)
    }
}

impl World {
    /// The target groups that some rule forwards to.
    pub(crate) fn groups_in_use(&self) -> BTreeSet<String> {
        let forwards = self.rules.values().filter_map(|rule| rule.forward());
        forwards
            .flat_map(|forward| forward.weights.into_iter().map(|(arn, _)| arn))
            .collect()
    }

    pub(crate) fn register_target(&mut self, arn: &str, key: TargetKey, task: Option<String>) {
        if let Some(group) = self.target_groups.get_mut(arn) {
            group.targets.insert(key, Target::registered(task));
        }
    }

    pub(crate) fn deregister_target(&mut self, arn: &str, key: &TargetKey) {
        let (now, lag) = (self.now, self.settings.deregistration_lag);
        let is_used = self.groups_in_use().contains(arn);
        if let Some(group) = self.target_groups.get_mut(arn) {
            let until = now + group.deregistration_delay();
            let Some(target) = group.targets.get_mut(key) else {
                return;
            };
            if target.health == Health::Healthy {
                let departed = (now + lag, target.task.clone());
                group.departed.insert(key.clone(), departed);
            }
            if !is_used || until == now {
                group.targets.remove(key);
            } else if !target.is_draining() {
                target.health = Health::Draining(until);
                target.check_at = None;
            }
        }
    }

    /// Health checks and ends of draining that are due.
    pub(crate) fn settle_targets(&mut self) -> bool {
        let (now, used) = (self.now, self.groups_in_use());
        let mut changed = false;
        let mut first_passed = false;
        for group in self.target_groups.values_mut() {
            let interval =
                Duration::from_secs(group.whole("HealthCheckIntervalSeconds", 30).into());
            let healthy_after = group.whole("HealthyThresholdCount", 5);
            let unhealthy_after = group.whole("UnhealthyThresholdCount", 2);
            let is_used = used.contains(&group.arn);
            let before = group.targets.len() + group.departed.len();
            group.departed.retain(|_, (until, _)| *until > now);
            group.targets.retain(
                |_, target| !matches!(target.health, Health::Draining(until) if until <= now),
            );
            changed |= group.targets.len() + group.departed.len() != before;
            for target in group.targets.values_mut() {
                if target.is_draining() {
                    continue;
                }
                if !is_used {
                    // No checks; whoever wires it up later begins anew.
                    (target.health, target.check_at, target.streak) = (Health::Initial, None, 0);
                    continue;
                }
                let answers = match &target.task {
                    Some(task) => self.tasks.get(task).is_some_and(|task| task.answers(now)),
                    None => target.answers,
                };
                if target.check_at.is_some_and(|at| at <= now) {
                    first_passed |= target.check(answers, healthy_after, unhealthy_after);
                    target.check_at = None;
                    changed = true;
                }
                if target.check_at.is_none() && target.may_change(answers) {
                    let first = self.settings.first_check.min(interval);
                    let is_new = target.health == Health::Initial && target.streak == 0;
                    target.check_at = Some(now + if is_new { first } else { interval });
                }
            }
        }
        if first_passed {
            self.note(Rule::FirstPassingCheck);
        }
        changed
    }

    pub(crate) fn targets_due(&self) -> impl Iterator<Item = Timestamp> + '_ {
        let groups = self.target_groups.values();
        let departed = groups
            .clone()
            .flat_map(|group| group.departed.values().map(|(until, _)| *until));
        let targets = groups.flat_map(|group| group.targets.values());
        let targets = targets.filter_map(|target| match target.health {
            Health::Draining(until) => Some(until),
            Health::Initial | Health::Healthy | Health::Unhealthy => target.check_at,
        });
        departed.chain(targets)
    }
}
