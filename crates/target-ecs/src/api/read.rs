//! Reads. What cannot be read is an error, never a default.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_applicationautoscaling::types::{ScalableTarget, ServiceNamespace};
use aws_sdk_ecs::types::{
    DesiredStatus, Service, ServiceField, SortOrder, Task, TaskDefinitionField,
    TaskDefinitionStatus,
};
use aws_sdk_elasticloadbalancingv2::types::{
    Action, Rule, TargetGroup, TargetGroupAttribute, TargetHealthDescription,
};
use strategy_core::target::{TargetError, TargetErrorKind};

use super::Api;
use crate::autoscaling::resource_id;
use crate::binding::service as service_name;
use crate::config::{RuleConfig, resource};
use crate::error::{self, found};
use crate::task_definition::{Described, short};

/// How many tasks one call describes at most.
const TASKS_A_CALL: usize = 100;

/// How many of a family's newest task definitions are looked through for one of ours.
const NEWEST: i32 = 20;

fn nothing_answered(action: &str, resource: &str, what: &str) -> TargetError {
    found(TargetErrorKind::Unexpected, action, resource, what)
}

impl Api {
    /// Services by their names, with their tags; `None`: there is none, or it was deleted.
    pub(crate) async fn services<const N: usize>(
        &self,
        cluster: &str,
        names: [&str; N],
    ) -> Result<[Option<Service>; N], TargetError> {
        const ACTION: &str = "ecs:DescribeServices";
        let about = service_name(cluster, &names.join(","));
        let answer = self
            .ecs
            .describe_services()
            .cluster(cluster)
            .set_services(Some(names.map(str::to_owned).to_vec()))
            .include(ServiceField::Tags)
            .send()
            .await
            .map_err(|error| error::read(&error, ACTION, &about))?;
        for failure in answer.failures() {
            if failure.reason() != Some("MISSING") {
                let why = failure.reason().unwrap_or("no reason given");
                let about = failure.arn().map_or(about.as_str(), resource);
                return Err(nothing_answered(ACTION, about, why));
            }
        }
        let find = |name: &str| {
            let mut services = answer.services().iter();
            let service = services.find(|service| service.service_name() == Some(name));
            service
                .filter(|service| service.status() != Some("INACTIVE"))
                .cloned()
        };
        let is_told = |name: &&str| {
            let services = answer.services().iter();
            let failures = answer.failures().iter();
            services
                .filter_map(Service::service_name)
                .any(|told| told == *name)
                || failures
                    .filter_map(|failure| failure.arn())
                    .any(|arn| arn.rsplit('/').next() == Some(*name))
        };
        if let Some(name) = names.iter().find(|name| !is_told(name)) {
            let about = service_name(cluster, name);
            return Err(nothing_answered(ACTION, &about, "it is in no answer"));
        }
        Ok(names.map(|name| {
            let about = service_name(cluster, name);
            self.shown().read(&about, find(name))
        }))
    }

    /// The actions of rules, in their order.
    pub(crate) async fn rules(
        &self,
        rules: &[RuleConfig],
    ) -> Result<Vec<(RuleConfig, Vec<Action>)>, TargetError> {
        let (mut by_rule, mut by_listener) = (Vec::new(), Vec::new());
        for rule in rules {
            match rule {
                RuleConfig::Rule(arn) => by_rule.push(arn.clone()),
                RuleConfig::ListenerDefault(arn) => by_listener.push(arn.clone()),
            }
        }
        let mut actions: BTreeMap<String, Vec<Action>> = BTreeMap::new();
        if !by_rule.is_empty() {
            let about = by_rule.first().map_or("", |arn| resource(arn));
            for rule in self.rules_of(Some(by_rule.clone()), None, about).await? {
                let arn = rule.rule_arn.unwrap_or_default();
                actions.insert(arn, rule.actions.unwrap_or_default());
            }
        }
        if !by_listener.is_empty() {
            const ACTION: &str = "elasticloadbalancing:DescribeListeners";
            let about = by_listener.first().map_or("", |arn| resource(arn));
            let answer = self
                .balancers
                .describe_listeners()
                .set_listener_arns(Some(by_listener.clone()))
                .send()
                .await
                .map_err(|error| error::read(&error, ACTION, about))?;
            for listener in answer.listeners.unwrap_or_default() {
                let arn = listener.listener_arn.unwrap_or_default();
                actions.insert(arn, listener.default_actions.unwrap_or_default());
            }
        }
        let found_rules = rules.iter().map(|rule| {
            let actions = actions.get(rule.arn()).cloned().ok_or_else(|| {
                let message = "there is no such rule; name the one that carries the traffic";
                let action = match rule {
                    RuleConfig::Rule(_) => "elasticloadbalancing:DescribeRules",
                    RuleConfig::ListenerDefault(_) => "elasticloadbalancing:DescribeListeners",
                };
                found(TargetErrorKind::NotFound, action, &rule.resource(), message)
            })?;
            Ok((rule.clone(), actions))
        });
        found_rules.collect()
    }

    /// Rules by their ARNs, or all of a listener.
    pub(super) async fn rules_of(
        &self,
        arns: Option<Vec<String>>,
        listener: Option<String>,
        about: &str,
    ) -> Result<Vec<Rule>, TargetError> {
        const ACTION: &str = "elasticloadbalancing:DescribeRules";
        let (mut rules, mut marker) = (Vec::new(), None);
        loop {
            let answer = self
                .balancers
                .describe_rules()
                .set_rule_arns(arns.clone())
                .set_listener_arn(listener.clone())
                .set_marker(marker)
                .send()
                .await
                .map_err(|error| error::read(&error, ACTION, about))?;
            rules.extend(answer.rules.unwrap_or_default());
            match answer.next_marker {
                Some(more) if !more.is_empty() => marker = Some(more),
                Some(_) | None => return Ok(rules),
            }
        }
    }

    /// All rules of a listener.
    pub(crate) async fn listener_rules(&self, listener: &str) -> Result<Vec<Rule>, TargetError> {
        let about = resource(listener);
        self.rules_of(None, Some(listener.to_owned()), about).await
    }

    /// The scalable targets of services; `None`: it has none.
    pub(crate) async fn scalers<const N: usize>(
        &self,
        cluster: &str,
        names: [&str; N],
    ) -> Result<[Option<ScalableTarget>; N], TargetError> {
        const ACTION: &str = "application-autoscaling:DescribeScalableTargets";
        let ids = names.map(|name| resource_id(cluster, name));
        let (mut targets, mut token) = (Vec::new(), None);
        loop {
            let answer = self
                .scaling
                .describe_scalable_targets()
                .service_namespace(ServiceNamespace::Ecs)
                .set_resource_ids(Some(ids.to_vec()))
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| error::read(&error, ACTION, &ids.join(",")))?;
            targets.extend(answer.scalable_targets.unwrap_or_default());
            match answer.next_token {
                Some(more) if !more.is_empty() => token = Some(more),
                Some(_) | None => break,
            }
        }
        Ok(ids.map(|id| {
            let mut targets = targets.iter();
            targets.find(|target| target.resource_id == id).cloned()
        }))
    }

    pub(crate) async fn target_groups(
        &self,
        arns: &[&str],
    ) -> Result<Vec<TargetGroup>, TargetError> {
        const ACTION: &str = "elasticloadbalancing:DescribeTargetGroups";
        let answer = self
            .balancers
            .describe_target_groups()
            .set_target_group_arns(Some(arns.iter().map(|arn| (*arn).to_owned()).collect()))
            .send()
            .await
            .map_err(|error| {
                error::read(&error, ACTION, arns.first().map_or("", |arn| resource(arn)))
            })?;
        Ok(answer.target_groups.unwrap_or_default())
    }

    pub(crate) async fn attributes(
        &self,
        group: &str,
    ) -> Result<Vec<TargetGroupAttribute>, TargetError> {
        const ACTION: &str = "elasticloadbalancing:DescribeTargetGroupAttributes";
        let answer = self
            .balancers
            .describe_target_group_attributes()
            .target_group_arn(group)
            .send()
            .await
            .map_err(|error| error::read(&error, ACTION, resource(group)))?;
        Ok(answer.attributes.unwrap_or_default())
    }

    pub(crate) async fn health(
        &self,
        group: &str,
    ) -> Result<Vec<TargetHealthDescription>, TargetError> {
        const ACTION: &str = "elasticloadbalancing:DescribeTargetHealth";
        let answer = self
            .balancers
            .describe_target_health()
            .target_group_arn(group)
            .send()
            .await
            .map_err(|error| error::read(&error, ACTION, resource(group)))?;
        Ok(answer.target_health_descriptions.unwrap_or_default())
    }

    /// The tasks of a service that are to be in this state.
    pub(super) async fn task_arns(
        &self,
        cluster: &str,
        service: &str,
        status: DesiredStatus,
    ) -> Result<Vec<String>, TargetError> {
        let about = service_name(cluster, service);
        let (mut arns, mut token) = (Vec::new(), None);
        loop {
            let answer = self
                .ecs
                .list_tasks()
                .cluster(cluster)
                .service_name(service)
                .desired_status(status.clone())
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| error::read(&error, "ecs:ListTasks", &about))?;
            arns.extend(answer.task_arns.unwrap_or_default());
            match answer.next_token {
                Some(more) if !more.is_empty() => token = Some(more),
                Some(_) | None => return Ok(arns),
            }
        }
    }

    /// One that ended between its listing and now is simply not there any more.
    pub(super) async fn tasks(
        &self,
        cluster: &str,
        arns: &[String],
    ) -> Result<Vec<Task>, TargetError> {
        const ACTION: &str = "ecs:DescribeTasks";
        let about = format!("task/{cluster}");
        let mut tasks = Vec::new();
        for some in arns.chunks(TASKS_A_CALL) {
            let answer = self
                .ecs
                .describe_tasks()
                .cluster(cluster)
                .set_tasks(Some(some.to_vec()))
                .send()
                .await
                .map_err(|error| error::read(&error, ACTION, &about))?;
            for failure in answer.failures() {
                if failure.reason() != Some("MISSING") {
                    let why = failure.reason().unwrap_or("no reason given");
                    return Err(nothing_answered(ACTION, &about, why));
                }
            }
            tasks.extend(answer.tasks.unwrap_or_default());
        }
        Ok(tasks)
    }

    /// A task definition by its ARN or its short name, with its tags.
    pub(crate) async fn definition(&self, name: &str) -> Result<Arc<Described>, TargetError> {
        if let Some(known) = self.known().get(name) {
            return Ok(known.clone());
        }
        self.definition_now(name).await
    }

    /// The same, read anew: somebody may have deregistered it.
    pub(crate) async fn definition_now(&self, name: &str) -> Result<Arc<Described>, TargetError> {
        const ACTION: &str = "ecs:DescribeTaskDefinition";
        let about = format!("task-definition/{}", short(name));
        let answer = self
            .ecs
            .describe_task_definition()
            .task_definition(name)
            .include(TaskDefinitionField::Tags)
            .send()
            .await
            .map_err(|error| error::read(&error, ACTION, &about))?;
        let Some(definition) = answer.task_definition else {
            return Err(nothing_answered(ACTION, &about, "it is in no answer"));
        };
        let tags = answer.tags.unwrap_or_default();
        let described = Arc::new(Described { definition, tags });
        self.knows(&described);
        Ok(described)
    }

    pub(super) fn knows(&self, described: &Arc<Described>) {
        let arn = described.arn().to_owned();
        self.known().insert(arn, described.clone());
    }

    /// The newest task definitions of a family that can be used, by ARN.
    pub(crate) async fn newest(&self, family: &str) -> Result<Vec<String>, TargetError> {
        let about = format!("task-definition/{family}");
        let answer = self
            .ecs
            .list_task_definitions()
            .family_prefix(family)
            .status(TaskDefinitionStatus::Active)
            .sort(SortOrder::Desc)
            .max_results(NEWEST)
            .send()
            .await
            .map_err(|error| error::read(&error, "ecs:ListTaskDefinitions", &about))?;
        Ok(answer.task_definition_arns.unwrap_or_default())
    }
}
