//! Service deployments and service revisions.

use serde_json::{Value, json};

use super::seconds;
use crate::ecs::rules::Rule;
use crate::ecs::wire::{Answer, Fields as _, Refusal};
use crate::ecs::world::World;
use crate::ecs::world::deployment::Progress;
use crate::ecs::world::hook::HookStatus;

const MOST_DESCRIBED: usize = 20;

fn check_batch(arns: &[&str]) -> Result<(), Refusal> {
    if (1..=MOST_DESCRIBED).contains(&arns.len()) {
        return Ok(());
    }
    Err(Refusal::by(
        Rule::BatchOfDeployments,
        "InvalidParameterException",
        format!("Between 1 and {MOST_DESCRIBED} ARNs must be specified"),
    ))
}

fn unknown() -> Refusal {
    Refusal::by(
        Rule::ServiceDeploymentExists,
        "ServiceDeploymentNotFoundException",
        "Service deployment not found.",
    )
}

impl World {
    pub(crate) fn list_service_deployments(&mut self, input: &Value) -> Answer {
        let key = self.service_of(input, "service")?;
        let statuses = input.texts("status");
        let deployments = self.service_deployments.iter().rev();
        let found = deployments
            .filter(|one| one.service == key)
            .filter(|one| statuses.is_empty() || statuses.contains(&one.status.name()))
            .map(|one| {
                let mut brief = self.describe_service_deployment(one).0;
                brief["targetServiceRevisionArn"] = json!(one.target);
                brief
            })
            .collect();
        self.ecs_page(input, "serviceDeployments", found)
    }

    pub(crate) fn describe_service_deployments(&mut self, input: &Value) -> Answer {
        let arns = input.texts("serviceDeploymentArns");
        check_batch(&arns)?;
        let (mut found, mut failures, mut old) = (Vec::new(), Vec::new(), false);
        for arn in arns {
            match self.service_deployments.iter().find(|one| one.arn == arn) {
                Some(one) => {
                    let (described, is_old) = self.describe_service_deployment(one);
                    found.push(described);
                    old |= is_old;
                }
                None => failures.push(json!({ "arn": arn, "reason": "MISSING" })),
            }
        }
        if old {
            self.note(Rule::DescribedWeightsLag);
        }
        for one in &found {
            if one["lifecycleHookDetails"]
                .as_array()
                .is_some_and(|hooks| !hooks.is_empty())
            {
                self.note(Rule::ActiveHooks);
            }
            let sources = one.items("sourceServiceRevisions");
            let is_short = |one: &Value| {
                let of = |name: &str| one.whole(name).unwrap_or(0);
                of("requestedTaskCount") != of("runningTaskCount") + of("pendingTaskCount")
            };
            if sources
                .iter()
                .chain([&one["targetServiceRevision"]])
                .any(is_short)
            {
                self.note(Rule::RequestedIsWanted);
            }
            if sources.len() > 1 && sources[0].has("requestedProductionTrafficWeight") {
                self.note(Rule::WeightsSumToAHundred);
            }
        }
        Ok(json!({ "serviceDeployments": found, "failures": failures }))
    }

    pub(crate) fn describe_service_revisions(&mut self, input: &Value) -> Answer {
        let arns = input.texts("serviceRevisionArns");
        check_batch(&arns)?;
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for arn in arns {
            let Some(revision) = self.revisions.get(arn) else {
                failures.push(json!({ "arn": arn, "reason": "MISSING" }));
                continue;
            };
            let mut tasks = self.all_tasks();
            let task = tasks.find(|task| task.deployment == revision.deployment);
            let containers = task.into_iter().flat_map(|task| &task.containers);
            let images = containers.map(|one| {
                json!({ "containerName": one.name, "image": one.image, "imageDigest": one.digest })
            });
            let cluster = self.clusters.get(&revision.service.0);
            found.push(json!({
                "serviceRevisionArn": revision.arn, "serviceArn": revision.service_arn,
                "clusterArn": cluster.map(|one| one.arn.as_str()),
                "taskDefinition": revision.task_definition, "loadBalancers": revision.load_balancers,
                "containerImages": images.collect::<Vec<_>>(), "launchType": "FARGATE",
                "createdAt": seconds(revision.created_at),
            }));
        }
        Ok(json!({ "serviceRevisions": found, "failures": failures }))
    }

    pub(crate) fn continue_service_deployment(&mut self, input: &Value) -> Answer {
        let arn = input.need("serviceDeploymentArn", "InvalidParameterException")?;
        let id = input.text("hookId").unwrap_or_default();
        let rolls_back = match input.text("action") {
            None | Some("CONTINUE") => false,
            Some("ROLLBACK") => true,
            Some(other) => {
                let message = format!("The action '{other}' is not valid");
                return Err(Refusal::plain("InvalidParameterException", message));
            }
        };
        let deployment = self.service_deployment(arn).ok_or_else(unknown)?;
        let is_running = deployment.status == Progress::Running;
        let mut hooks = deployment.hooks.iter_mut().filter(|_| is_running);
        let hook = hooks.find(|hook| hook.id == id && hook.status == HookStatus::AwaitingAction);
        let Some(hook) = hook else {
            return Err(Refusal::by(
                Rule::OpenHook,
                "InvalidParameterException",
                "No paused lifecycle hook has this hookId.",
            ));
        };
        hook.status = HookStatus::Succeeded;
        hook.rolls_back = rolls_back;
        self.note(Rule::AnsweredHooks);
        Ok(json!({ "serviceDeploymentArn": arn }))
    }

    pub(crate) fn stop_service_deployment(&mut self, input: &Value) -> Answer {
        let arn = input.need("serviceDeploymentArn", "InvalidParameterException")?;
        if !matches!(input.text("stopType"), None | Some("ROLLBACK")) {
            return Err(Refusal::by(
                Rule::StopMeansRollback,
                "InvalidParameterException",
                "The valid stopType is ROLLBACK.",
            ));
        }
        let (now, lag) = (self.now, self.settings.transition_lag);
        let deployment = self.service_deployment(arn).ok_or_else(unknown)?;
        let conflict = |message: &str| {
            Err(Refusal::by(
                Rule::OnlyWhatRunsIsStopped,
                "ConflictException",
                message,
            ))
        };
        match deployment.status {
            Progress::Pending | Progress::Running => {}
            Progress::StopRequested | Progress::RollbackRequested | Progress::RollingBack => {
                self.note(Rule::StopGoesOn);
                return Ok(json!({ "serviceDeploymentArn": arn }));
            }
            Progress::Successful
            | Progress::Stopped
            | Progress::RollbackSuccessful
            | Progress::RollbackFailed => {
                return conflict("The service deployment is over.");
            }
        }
        let key = deployment.service.clone();
        let service = self.services.get(&key);
        if service.and_then(|one| self.way_back(one)).is_none() {
            return conflict("There is no service revision to roll back to.");
        }
        let deployment = self.service_deployment(arn).ok_or_else(unknown)?;
        deployment.status = Progress::RollbackRequested;
        deployment.moves_at = now + lag;
        deployment.updated_at = now;
        Ok(json!({ "serviceDeploymentArn": arn }))
    }
}
