//! Services that Amazon ECS deploys: what is read of them, and what begins or stops a deployment.

use std::collections::BTreeSet;

use aws_sdk_ecs::error::ProvideErrorMetadata;
use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::{
    DeploymentLifecycleHookAction, DesiredStatus, Service, ServiceDeployment,
    StopServiceDeploymentStopType,
};
use futures::try_join;
use strategy_core::target::{TargetError, TargetErrorKind};

use super::Api;
use crate::binding::service as service_name;
use crate::config::{RuleConfig, resource};
use crate::error::{self, found};
use crate::forward::Forward;
use crate::platform::{
    Balancer, Bound, Configuration, Deploy, Seen, Situation, View, is_under_way,
};
use crate::view::{Definitions, definition, primary};

impl Api {
    /// The time by the clock of the clients, which AWS has agreed to by answering them.
    pub(crate) fn time(&self) -> DateTime {
        DateTime::from(self.now())
    }

    /// What is written, and how our deployment stands.
    pub(crate) async fn seen(&self, bound: &Bound) -> Result<Seen, TargetError> {
        let (cluster, name) = (&bound.cluster, bound.service.as_str());
        let scalers = async {
            if bound.start.is_scaled {
                self.scalers(cluster, [name]).await
            } else {
                Ok([None])
            }
        };
        let (services, scalers, rules) =
            try_join!(self.services(cluster, [name]), scalers, self.shifted(bound))?;
        let ([service], [scaler]) = (services, scalers);
        let mut seen = Seen {
            service,
            scaler,
            deployment: None,
            rules,
            at: self.time(),
        };
        seen.deployment = self.followed(bound, &seen).await?;
        Ok(seen)
    }

    /// What the rules do that ECS shifts.
    pub(crate) async fn shifted(&self, bound: &Bound) -> Result<Vec<Option<Forward>>, TargetError> {
        let mut rules = Vec::new();
        for of in &bound.shifted {
            rules.push(self.forward_of(&of.rule).await?);
        }
        Ok(rules)
    }

    /// What a rule forwards to; `None`: it forwards to no target groups, or is gone.
    pub(crate) async fn forward_of(
        &self,
        rule: &RuleConfig,
    ) -> Result<Option<Forward>, TargetError> {
        match self.rules(std::slice::from_ref(rule)).await {
            Ok(read) => {
                let actions = read.into_iter().next().map(|(_, actions)| actions);
                Ok(actions.and_then(|actions| Forward::read(&actions).ok()))
            }
            Err(error) if error.kind == TargetErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The service deployment that is followed, if there is one.
    pub(crate) async fn followed(
        &self,
        bound: &Bound,
        seen: &Seen,
    ) -> Result<Option<ServiceDeployment>, TargetError> {
        const ACTION: &str = "ecs:DescribeServiceDeployments";
        let Ok(situation) = Situation::of(bound, seen) else {
            return Ok(None);
        };
        let Some(arn) = situation.ours().and_then(|ours| ours.arn) else {
            return Ok(None);
        };
        let about = resource(arn);
        let call = self.account.ecs().describe_service_deployments();
        let call = call.service_deployment_arns(arn).send();
        let answer = self.read(ACTION, about, call).await?;
        for failure in answer.failures() {
            if failure.reason() != Some("MISSING") {
                let why = failure.reason().unwrap_or("no reason given");
                return Err(found(TargetErrorKind::Unexpected, ACTION, about, why));
            }
        }
        let mut told = answer.service_deployments.unwrap_or_default().into_iter();
        Ok(told.find(|of| of.service_deployment_arn() == Some(arn)))
    }

    /// What is written, and what runs.
    pub(crate) async fn view_of_one(&self, bound: &Bound) -> Result<View, TargetError> {
        self.shown().look();
        let seen = self.seen(bound).await?;
        self.whole(bound, seen).await
    }

    /// What runs, beside what was read to be written.
    pub(crate) async fn whole(&self, bound: &Bound, seen: Seen) -> Result<View, TargetError> {
        let (cluster, name) = (&bound.cluster, bound.service.as_str());
        let running = async {
            match seen.service {
                Some(_) => self.task_arns(cluster, name, DesiredStatus::Running).await,
                None => Ok(Vec::new()),
            }
        };
        let stopped = async {
            if seen.service.as_ref().is_some_and(may_fail) {
                self.task_arns(cluster, name, DesiredStatus::Stopped).await
            } else {
                Ok(Vec::new())
            }
        };
        let (running, stopped, health) =
            try_join!(running, stopped, self.health_behind(&bound.start.balancers))?;
        let all: Vec<String> = running.iter().chain(&stopped).cloned().collect();
        let described = self.tasks(cluster, &all).await?;
        let running: BTreeSet<String> = running.into_iter().collect();
        let (tasks, stopped) = described
            .into_iter()
            .partition(|task| task.task_arn().is_some_and(|arn| running.contains(arn)));
        let at = self.time();
        let mut view = View {
            seen,
            tasks,
            stopped,
            health,
            definitions: Definitions::new(),
            at,
        };
        view.definitions = self.definitions_of_one(bound, &view).await?;
        Ok(view)
    }

    /// Of each load balancer its port, and the targets of all its groups.
    async fn health_behind(
        &self,
        balancers: &[Balancer],
    ) -> Result<
        Vec<(
            i32,
            Vec<aws_sdk_elasticloadbalancingv2::types::TargetHealthDescription>,
        )>,
        TargetError,
    > {
        let mut health = Vec::new();
        for of in balancers {
            let mut targets = Vec::new();
            for group in of.groups() {
                targets.extend(self.health(group).await?);
            }
            health.push((of.port.unwrap_or_default(), targets));
        }
        Ok(health)
    }

    /// The task definitions of everything in a view, and the recorded one.
    async fn definitions_of_one(
        &self,
        bound: &Bound,
        view: &View,
    ) -> Result<Definitions, TargetError> {
        let mut arns = BTreeSet::from([bound.start.task_definition.clone()]);
        arns.extend(
            view.seen
                .service
                .as_ref()
                .map(|of| definition(of).to_owned()),
        );
        let tasks = view.tasks.iter();
        arns.extend(tasks.filter_map(|task| task.task_definition_arn.clone()));
        let mut definitions = Definitions::new();
        for arn in arns {
            let described = self.definition(&arn).await?;
            definitions.insert(arn, described);
        }
        Ok(definitions)
    }

    /// Tells a service what to run, and answers it as it is then: with the deployment that this began.
    pub(crate) async fn deploy(
        &self,
        cluster: &str,
        service: &str,
        deploy: Deploy,
    ) -> Result<Service, TargetError> {
        const ACTION: &str = "ecs:UpdateService";
        let about = service_name(cluster, service);
        let balancers = deploy.balancers.as_ref();
        let balancers = balancers.map(|of| of.iter().map(Balancer::block).collect());
        let call = self.account.ecs().update_service();
        let call = call
            .cluster(cluster)
            .service(service)
            .set_task_definition(deploy.task_definition.clone())
            .set_force_new_deployment(deploy.is_forced.then_some(true))
            .set_desired_count(deploy.count.map(super::write::count))
            .set_load_balancers(balancers)
            .set_health_check_grace_period_seconds(deploy.grace_seconds)
            .set_deployment_configuration(deploy.configuration.as_ref().map(Configuration::block));
        // Without an answer it is told to run this, if it is told anything.
        let (definition, count) = (deploy.task_definition, deploy.count);
        let answer = self.tell(
            |of| &mut of.services,
            ACTION,
            &about,
            call.send(),
            |answer, there| {
                let Some(there) = there else {
                    return;
                };
                match answer.and_then(|answer| answer.service.as_ref()) {
                    Some(now) => {
                        let tags = there.tags.take();
                        there.clone_from(now);
                        there.tags = tags;
                    }
                    None => {
                        there.task_definition = definition.or_else(|| there.task_definition.take());
                        there.desired_count =
                            count.map_or(there.desired_count, super::write::count);
                    }
                }
            },
        );
        let answer = answer.await?;
        let now = answer.service.ok_or_else(|| {
            let what = "it is in no answer";
            found(TargetErrorKind::Unexpected, ACTION, &about, what).maybe_taken()
        })?;
        Ok(now)
    }

    /// Lets a service deployment go on past this hook, and past no other.
    pub(crate) async fn answer(&self, arn: &str, hook: &str) -> Result<(), TargetError> {
        const ACTION: &str = "ecs:ContinueServiceDeployment";
        let call = self.account.ecs().continue_service_deployment();
        let call = call.service_deployment_arn(arn).hook_id(hook);
        let call = call.action(DeploymentLifecycleHookAction::Continue).send();
        match self.attempt(ACTION, resource(arn), call).await? {
            Ok(_) => Ok(()),
            // It waits no more: somebody answered it, or its time is over.
            Err(error) if error.code() == Some("InvalidParameterException") => {
                let message = error
                    .message()
                    .unwrap_or("the hook does not wait")
                    .to_owned();
                Err(found(
                    TargetErrorKind::Conflict,
                    ACTION,
                    resource(arn),
                    message,
                ))
            }
            Err(error) => Err(error::write(&error, ACTION, resource(arn))),
        }
    }

    /// Asks ECS to take a service deployment back to the recorded task definition; false: it is over, or
    /// there is nothing to go back to.
    pub(crate) async fn stop(&self, arn: &str, bound: &Bound) -> Result<bool, TargetError> {
        const ACTION: &str = "ecs:StopServiceDeployment";
        let call = self.account.ecs().stop_service_deployment();
        let call = call.service_deployment_arn(arn);
        let call = call
            .stop_type(StopServiceDeploymentStopType::Rollback)
            .send();
        match self.attempt(ACTION, resource(arn), call).await? {
            Ok(_) => {
                let about = service_name(&bound.cluster, &bound.service);
                let back = bound.start.task_definition.clone();
                self.shown().services.wrote(&about, |there| {
                    if let Some(there) = there {
                        there.task_definition = Some(back);
                    }
                });
                Ok(true)
            }
            Err(error) if error.code() == Some("ConflictException") => Ok(false),
            Err(error) => Err(error::write(&error, ACTION, resource(arn))),
        }
    }
}

/// Whether tasks may have stopped that ought to run.
fn may_fail(service: &Service) -> bool {
    let primary = primary(service);
    let lacks = primary.is_some_and(|of| of.running_count < of.desired_count);
    let mut deployments = service.deployments().iter();
    let has_failed = deployments.any(|of| of.failed_tasks > 0);
    lacks || has_failed || service.deployments().len() > 1 && !is_under_way(primary)
}
