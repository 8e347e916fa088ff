//! How services, deployments and service deployments are described.

use serde_json::{Value, json};

use super::balancers::merge;
use super::seconds;
use crate::ecs::settings::DescribedHooks;
use crate::ecs::wire::Fields as _;
use crate::ecs::world::World;
use crate::ecs::world::deployment::{Breaker, Deployment, ServiceDeployment};
use crate::ecs::world::hook::Hook;
use crate::ecs::world::service::{Service, ServiceKey};

impl World {
    pub(crate) fn describe_service(&self, key: &ServiceKey) -> Value {
        let Some(service) = self.services.get(key) else {
            return Value::Null;
        };
        let (mut running, mut pending) = (0, 0);
        let mut deployments = Vec::new();
        let mut revisions = Vec::new();
        for (index, deployment) in service.deployments.iter().enumerate() {
            let counts = self.task_counts(&deployment.id);
            running += counts.0;
            pending += counts.1;
            deployments.push(self.describe_deployment(service, deployment, index == 0));
            revisions.push(json!({
                "arn": deployment.revision, "requestedTaskCount": self.wanted(service, deployment),
                "runningTaskCount": counts.0, "pendingTaskCount": counts.1,
            }));
        }
        let events = service.events.iter().enumerate().map(|(index, (at, message))| {
            json!({ "id": format!("event-{index}"), "createdAt": seconds(*at), "message": message })
        });
        let mut configuration = json!({
            "maximumPercent": 200, "minimumHealthyPercent": 100, "strategy": "ROLLING",
            "bakeTimeInMinutes": 0,
        });
        merge(&mut configuration, &service.deployment_configuration);
        let mut described = service.fields.clone();
        let cluster = self.clusters.get(&key.0).map(|one| one.arn.as_str());
        merge(
            &mut described,
            &json!({
                "serviceArn": service.arn, "serviceName": key.1, "clusterArn": cluster,
                "status": service.status.name(), "desiredCount": service.desired,
                "runningCount": running, "pendingCount": pending,
                "taskDefinition": service.task_definition,
                "deploymentConfiguration": configuration,
                "loadBalancers": service.load_balancers,
                "deploymentController": { "type": service.controller() },
                "schedulingStrategy": service.fields.get("schedulingStrategy").and_then(Value::as_str).unwrap_or("REPLICA"), "createdAt": seconds(service.created_at),
                "deployments": deployments, "events": events.collect::<Vec<_>>(),
                "tags": self.ecs_tags(&service.arn),
            }),
        );
        let is_running = |one: &&ServiceDeployment| {
            Some(&one.arn) == service.current.as_ref() && !one.status.is_over()
        };
        if let Some(current) = self.service_deployments.iter().find(is_running) {
            described["currentServiceDeployment"] = json!(current.arn);
        }
        described["currentServiceRevisions"] = json!(revisions);
        described
    }

    fn describe_deployment(
        &self,
        service: &Service,
        deployment: &Deployment,
        is_primary: bool,
    ) -> Value {
        let (running, pending) = self.task_counts(&deployment.id);
        let mut described = json!({
            "id": deployment.id, "status": if is_primary { "PRIMARY" } else { "ACTIVE" },
            "taskDefinition": deployment.task_definition,
            "desiredCount": if is_primary { service.desired } else { self.wanted(service, deployment) },
            "runningCount": running, "pendingCount": pending,
            "failedTasks": deployment.failed_tasks,
            "createdAt": seconds(deployment.created_at), "updatedAt": seconds(deployment.updated_at),
            "rolloutState": deployment.rollout.name(), "rolloutStateReason": deployment.reason,
            "launchType": service.fields.text("launchType").unwrap_or("FARGATE"),
        });
        if service.strategy() != "ROLLING" && !self.settings.native_rollout_state {
            for name in ["rolloutState", "rolloutStateReason"] {
                described[name] = Value::Null;
            }
        }
        if let Some(network) = service.fields.get("networkConfiguration") {
            described["networkConfiguration"] = network.clone();
        }
        described
    }

    /// Also tells whether the weights in it are old.
    pub(crate) fn describe_service_deployment(&self, one: &ServiceDeployment) -> (Value, bool) {
        let at = |time: Option<_>| time.map_or(Value::Null, seconds);
        let lag = self.settings.description_lag;
        let (production, test, is_old) = match &one.native {
            Some(native) => native.described(self.now, lag),
            None => (100.0, 100.0, false),
        };
        let revision = |arn: &String, is_target: bool| {
            let (running, pending, wanted) = self.counts_of_revision(one, arn);
            let mut summary = json!({
                "arn": arn, "runningTaskCount": running, "pendingTaskCount": pending,
                "requestedTaskCount": wanted,
            });
            if let Some(native) = &one.native {
                let of = |weight: f64| match is_target {
                    true => weight,
                    false if native.blue_revision() == arn => 100.0 - weight,
                    false => 0.0,
                };
                summary["requestedProductionTrafficWeight"] = json!(of(production));
                summary["requestedTestTrafficWeight"] = json!(of(test));
            }
            summary
        };
        let sources = one.sources.iter().map(|arn| revision(arn, false));
        let cluster = self.clusters.get(&one.service.0);
        let alarms = one.configuration["alarms"].items("alarmNames");
        let hooks = match self.settings.described_hooks {
            DescribedHooks::OfTheStage => one.active_hooks(),
            DescribedHooks::All => &one.hooks,
        };
        let described = json!({
            "serviceDeploymentArn": one.arn, "serviceArn": one.service_arn,
            "clusterArn": cluster.map(|one| one.arn.as_str()),
            "createdAt": seconds(one.created_at), "startedAt": at(one.started_at),
            "finishedAt": at(one.finished_at), "stoppedAt": at(one.stopped_at),
            "updatedAt": seconds(one.updated_at),
            "sourceServiceRevisions": sources.collect::<Vec<_>>(),
            "targetServiceRevision": revision(&one.target, true),
            "status": one.status.name(), "statusReason": one.reason,
            "lifecycleStage": one.stage().map(|stage| stage.name()),
            "lifecycleHookDetails": hooks.iter().map(Hook::describe).collect::<Vec<_>>(),
            "deploymentConfiguration": one.configuration,
            "rollback": one.rollback.as_ref().map(|rollback| json!({
                "reason": rollback.reason, "startedAt": seconds(rollback.started_at),
                "serviceRevisionArn": rollback.revision,
            })),
            "deploymentCircuitBreaker": {
                "failureCount": one.failures, "threshold": one.threshold,
                "status": one.breaker.name(),
            },
            "alarms": {
                "status": one.alarms.name(), "alarmNames": alarms,
                "triggeredAlarmNames": if one.alarms == Breaker::Triggered { alarms } else { &[] },
            },
        });
        (described, is_old)
    }

    /// Running, pending and wanted tasks.
    fn counts_of_revision(&self, one: &ServiceDeployment, arn: &str) -> (usize, usize, usize) {
        let Some(service) = self.services.get(&one.service) else {
            return (0, 0, 0);
        };
        let mut deployments = service.deployments.iter();
        let own = deployments.find(|deployment| deployment.revision == arn);
        own.map_or((0, 0, 0), |deployment| {
            let (running, pending) = self.task_counts(&deployment.id);
            (running, pending, self.wanted(service, deployment))
        })
    }

    /// How many tasks a deployment is to have, which may be more than there are.
    fn wanted(&self, service: &Service, deployment: &Deployment) -> usize {
        if let Some(wants) = deployment.wants {
            return wants;
        }
        let mut all = self.service_deployments.iter();
        let current = all.find(|one| Some(&one.arn) == service.current.as_ref());
        let native = current
            .filter(|one| !one.status.is_over())
            .and_then(|one| Some((one.native.as_ref()?, &one.target)));
        match native {
            Some((native, target)) if *target == deployment.revision && !native.has_begun() => 0,
            Some(_) => service.desired,
            None => {
                let primary = service.deployments.first();
                if primary.is_some_and(|one| one.id == deployment.id) {
                    return service.desired;
                }
                // Rolling starts no old ones.
                self.live_tasks(&deployment.id).len()
            }
        }
    }
}
