//! Scalable targets, and what autoscaling does to a service when it is told to.

use serde_json::Value;
use strategy_core::Timestamp;

use super::World;
use crate::ecs::rules::Rule;

#[derive(Clone, Debug)]
pub(crate) struct ScalableTarget {
    pub(crate) resource: String,
    pub(crate) dimension: String,
    pub(crate) least: i64,
    pub(crate) most: i64,
    pub(crate) suspended: Value,
    pub(crate) role: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) arn: String,
}

impl ScalableTarget {
    pub(crate) fn is_suspended(&self, what: &str) -> bool {
        self.suspended[what] == Value::Bool(true)
    }
}

impl World {
    /// Application Auto Scaling wants so many tasks: `service/<cluster>/<name>`. Gives the count it set, or `None`
    /// where it does nothing.
    pub(crate) fn autoscale(&mut self, resource: &str, wanted: usize) -> Option<usize> {
        let target = self.scalable_targets.get(resource)?.clone();
        let (_, rest) = resource.split_once('/')?;
        let (cluster, name) = rest.split_once('/')?;
        let key = (cluster.to_owned(), name.to_owned());
        let service = self.services.get(&key)?.clone();
        let least = usize::try_from(target.least).unwrap_or(0);
        let most = usize::try_from(target.most).unwrap_or(usize::MAX);
        let wanted_within = wanted.clamp(least, most);
        if wanted_within != wanted {
            self.note(Rule::ScalesWithinBounds);
        }
        let is_in = wanted_within < service.desired;
        let is_out = wanted_within > service.desired;
        let current = self.current(&service);
        let is_deploying = current.is_some_and(|one| !one.status.is_over());
        let is_suspended = (is_in && target.is_suspended("DynamicScalingInSuspended"))
            || (is_out && target.is_suspended("DynamicScalingOutSuspended"));
        if is_suspended {
            self.note(Rule::SuspendedScaling);
            return None;
        }
        if is_in && is_deploying {
            self.note(Rule::NoScaleInWhileDeploying);
            return None;
        }
        if let Some(service) = self.services.get_mut(&key) {
            service.desired = wanted_within;
        }
        Some(wanted_within)
    }
}
