//! Other hands: changes that somebody else makes, which are in no log of ours.

use std::time::Duration;

use serde_json::{Value, json};

use super::api;
use super::log::Service;
use super::wire::{Answer, Call};
use super::world::alarm::{Alarm, AlarmState, Kind};
use super::world::deployment::Breaker;
use super::world::task::Phase;
use super::{Fake, Image};

impl Fake {
    /// Somebody else makes a call, in whichever form the service has for it, such as
    /// `("ModifyRule", {"RuleArn": …})`. It meets no faults and is in no log.
    ///
    /// # Errors
    /// What the service says if it refuses.
    pub fn as_somebody_else(
        &self,
        service: Service,
        operation: &str,
        input: Value,
    ) -> Result<Value, String> {
        let call = Call {
            service,
            operation: operation.to_owned(),
            input,
        };
        let answer: Answer = api::perform(&mut self.now().world, &call);
        answer.map_err(|refusal| format!("{}: {}", refusal.code, refusal.message))
    }

    /// Somebody else gives a rule other weights. Everything else about it stays.
    pub fn somebody_sets_weights(&self, rule: &str, weights: &[(&str, i64)]) {
        let weights: Vec<(String, i64)> = weights
            .iter()
            .map(|(arn, weight)| ((*arn).to_owned(), *weight))
            .collect();
        let mut state = self.now();
        state.world.set_weights(rule, &weights);
        state.world.settle();
    }

    /// Somebody else gives a service another desired count.
    ///
    /// # Errors
    /// What ECS says if it refuses.
    pub fn somebody_scales(
        &self,
        cluster: &str,
        service: &str,
        desired: usize,
    ) -> Result<(), String> {
        let input = json!({ "cluster": cluster, "service": service, "desiredCount": desired });
        self.as_somebody_else(Service::Ecs, "UpdateService", input)
            .map(|_| ())
    }

    /// Somebody else gives a service another task definition.
    ///
    /// # Errors
    /// What ECS says if it refuses.
    pub fn somebody_deploys(
        &self,
        cluster: &str,
        service: &str,
        task_definition: &str,
    ) -> Result<(), String> {
        let input =
            json!({ "cluster": cluster, "service": service, "taskDefinition": task_definition });
        self.as_somebody_else(Service::Ecs, "UpdateService", input)
            .map(|_| ())
    }

    /// Somebody else sets or, with `None`, removes a tag of anything that has an ARN.
    pub fn somebody_tags(&self, arn: &str, key: &str, value: Option<&str>) {
        let mut state = self.now();
        let tags = state.world.tags.entry(arn.to_owned()).or_default();
        match value {
            Some(value) => tags.insert(key.to_owned(), value.to_owned()),
            None => tags.remove(key),
        };
    }

    /// An alarm of CloudWatch that goes by a metric is there from now on, if it was not, and in this state. Deployments
    /// under way that are watched by it heed it.
    pub fn set_alarm(&self, name: &str, state: AlarmState) {
        self.set_alarm_of(name, Kind::Metric, state);
    }

    /// The same of an alarm that goes by other alarms.
    pub fn set_composite_alarm(&self, name: &str, state: AlarmState) {
        self.set_alarm_of(name, Kind::Composite, state);
    }

    fn set_alarm_of(&self, name: &str, kind: Kind, state: AlarmState) {
        let mut world = self.now();
        world.world.set_alarm(name, Alarm { kind, state });
        world.world.settle();
    }

    /// An alarm of CloudWatch is deleted.
    pub fn remove_alarm(&self, name: &str) {
        self.now().world.alarms.remove(name);
    }

    /// The alarms that the deployment under way is watched by fire and are over at once. Tells whether any do: an alarm
    /// that nobody looks at changes nothing.
    pub fn alarm_fires(&self, cluster: &str, service: &str) -> bool {
        let mut state = self.now();
        let key = (cluster.to_owned(), service.to_owned());
        let current = state.world.services.get(&key);
        let current = current.and_then(|service| service.current.clone());
        let mut all = state.world.service_deployments.iter_mut();
        let watched = all.find(|one| {
            Some(&one.arn) == current.as_ref()
                && one.alarms == Breaker::Monitoring
                && !one.status.is_over()
        });
        let fires = watched.is_some();
        if let Some(watched) = watched {
            watched.alarms = Breaker::Triggered;
        }
        state.world.settle();
        fires
    }

    /// The rollback of a service that is under way, or else its next one, fails.
    pub fn rollback_fails(&self, cluster: &str, service: &str) {
        let mut state = self.now();
        let key = (cluster.to_owned(), service.to_owned());
        if let Some(service) = state.world.services.get_mut(&key) {
            service.rollback_fails = true;
        }
        state.world.settle();
    }

    /// The containers of so many running tasks of a service, the oldest first, exit now with this code. Gives how
    /// many there were.
    pub fn tasks_crash(&self, cluster: &str, service: &str, count: usize, code: i32) -> usize {
        self.tasks_change(cluster, service, count, |image, since| {
            image.crashes_after = Some((since, code));
        })
    }

    /// So many running tasks of a service, the oldest first, answer no health check from now on. Gives how many
    /// there were.
    pub fn tasks_turn_unhealthy(&self, cluster: &str, service: &str, count: usize) -> usize {
        self.tasks_change(cluster, service, count, |image, since| {
            image.unhealthy_after = Some(since);
        })
    }

    /// `change` is told how long the task has run.
    fn tasks_change(
        &self,
        cluster: &str,
        service: &str,
        count: usize,
        change: impl Fn(&mut Image, Duration),
    ) -> usize {
        let mut state = self.now();
        let now = state.world.now;
        let key = (cluster.to_owned(), service.to_owned());
        let tasks = state.world.tasks.values_mut();
        let mut running: Vec<_> = tasks
            .filter(|task| task.service == key && task.phase == Phase::Running)
            .filter_map(|task| Some((task.started_at?, task)))
            .collect();
        running.sort_by_key(|(started, task)| (*started, task.arn.clone()));
        running.truncate(count);
        let changed = running.len();
        for (started, task) in running {
            change(&mut task.behaviour, now.since(started));
        }
        state.world.settle();
        changed
    }

    /// Application Auto Scaling wants a service to have so many tasks. Gives the count it set; `None` where it does
    /// nothing: there is no scalable target, it is suspended, or it waits for a deployment.
    pub fn autoscaling_wants(&self, cluster: &str, service: &str, wanted: usize) -> Option<usize> {
        let mut state = self.now();
        let resource = format!("service/{cluster}/{service}");
        let set = state.world.autoscale(&resource, wanted);
        state.world.settle();
        set
    }
}
