//! Reads. What cannot be read is an error, never a default.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_applicationautoscaling::types::ScalableTarget;
use aws_sdk_ecs::types::{
    DesiredStatus, Service, SortOrder, Task, TaskDefinitionField, TaskDefinitionStatus,
};
use aws_sdk_elasticloadbalancingv2::types::{
    Action, Rule, TargetGroup, TargetGroupAttribute, TargetHealthDescription,
};
use futures::try_join;
use strategy_core::target::{TargetError, TargetErrorKind};

use super::Api;
use super::batches::{LISTENERS, RULES, SERVICES, TASKS, Told};
use crate::account::{Answers, Ask, Batch};
use crate::alarms::Alarms;
use crate::autoscaling::resource_id;
use crate::binding::service as service_name;
use crate::config::{RuleConfig, resource};
use crate::error::found;
use crate::task_definition::{Described, short};

/// How many of a family's newest task definitions are looked through for one of ours.
const NEWEST: i32 = 20;

/// Neither that it is there nor that it is not.
pub(super) const LEFT_OUT: &str = "it is in no answer";

pub(super) fn nothing_answered(action: &str, resource: &str, what: &str) -> TargetError {
    found(TargetErrorKind::Unexpected, action, resource, what)
}

impl Api {
    /// Services by their names, with their tags; `None`: there is none, or it was deleted.
    pub(crate) async fn services<const N: usize>(
        &self,
        cluster: &str,
        names: [&str; N],
    ) -> Result<[Option<Service>; N], TargetError> {
        let told = self.account.batches().services.ask(
            &self.account,
            self.ask(cluster, names.map(str::to_owned).to_vec()),
        );
        let mut told = told.await?;
        let mut services = names.map(|_| None);
        for (name, place) in names.into_iter().zip(&mut services) {
            let about = service_name(cluster, name);
            let service = match told.remove(name) {
                Some(Told::There(service)) if service.status() != Some("INACTIVE") => {
                    Some(*service)
                }
                Some(Told::There(_) | Told::Missing) => None,
                Some(Told::Failed(why)) => return Err(nothing_answered(SERVICES, &about, &why)),
                None => return Err(nothing_answered(SERVICES, &about, LEFT_OUT)),
            };
            *place = self.shown().services.read(&about, service);
        }
        Ok(services)
    }

    fn ask(&self, scope: &str, keys: Vec<String>) -> Ask {
        Ask {
            scope: scope.to_owned(),
            keys,
            turn: self.turn(),
        }
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
        let batches = self.account.batches();
        let of = async |batch: &Arc<Batch<Vec<Action>>>, arns: Vec<String>| {
            if arns.is_empty() {
                return Ok(Answers::new());
            }
            batch.ask(&self.account, self.ask("", arns)).await
        };
        let (actions, defaults) = try_join!(
            of(&batches.rules, by_rule),
            of(&batches.listeners, by_listener)
        )?;
        let found_rules = rules.iter().map(|rule| {
            let (told, action) = match rule {
                RuleConfig::Rule(_) => (&actions, RULES),
                RuleConfig::ListenerDefault(_) => (&defaults, LISTENERS),
            };
            let actions = told.get(rule.arn()).cloned().ok_or_else(|| {
                let message = "there is no such rule; name the one that carries the traffic";
                found(TargetErrorKind::NotFound, action, &rule.resource(), message)
            })?;
            let actions = self.shown().rules.read(&rule.resource(), Some(actions));
            Ok((rule.clone(), actions.unwrap_or_default()))
        });
        found_rules.collect()
    }

    /// All rules of a listener.
    pub(crate) async fn listener_rules(&self, listener: &str) -> Result<Vec<Rule>, TargetError> {
        let about = resource(listener);
        let (mut rules, mut marker) = (Vec::new(), None);
        loop {
            let call = self.account.balancers().describe_rules();
            let call = call.listener_arn(listener).set_marker(marker).send();
            let answer = self.read(RULES, about, call).await?;
            rules.extend(answer.rules.unwrap_or_default());
            match answer.next_marker {
                Some(more) if !more.is_empty() => marker = Some(more),
                Some(_) | None => return Ok(rules),
            }
        }
    }

    /// The scalable targets of services; `None`: it has none.
    pub(crate) async fn scalers<const N: usize>(
        &self,
        cluster: &str,
        names: [&str; N],
    ) -> Result<[Option<ScalableTarget>; N], TargetError> {
        let ids = names.map(|name| resource_id(cluster, name));
        let ask = self.ask("", ids.to_vec());
        let told = self.account.batches().scalers.ask(&self.account, ask);
        let mut told = told.await?;
        Ok(ids.map(|id| {
            let scaler = told.remove(&id);
            self.shown().scalers.read(&id, scaler)
        }))
    }

    /// What is known of alarms by their names.
    pub(crate) async fn alarms(&self, names: BTreeSet<String>) -> Result<Alarms, TargetError> {
        if self.account.alarms_client().is_none() {
            return Ok(Alarms::NotLookedAt);
        }
        if names.is_empty() {
            return Ok(Alarms::Told(Answers::new()));
        }
        let ask = self.ask("", names.into_iter().collect());
        let told = self.account.batches().alarms.ask(&self.account, ask);
        Ok(Alarms::Told(told.await?))
    }

    pub(crate) async fn target_groups(
        &self,
        arns: &[&str],
    ) -> Result<Vec<TargetGroup>, TargetError> {
        const ACTION: &str = "elasticloadbalancing:DescribeTargetGroups";
        let call = self.account.balancers().describe_target_groups();
        let about = arns.first().map_or("", |arn| resource(arn));
        let names = arns.iter().map(|arn| (*arn).to_owned()).collect();
        let call = call.set_target_group_arns(Some(names));
        let answer = self.read(ACTION, about, call.send()).await?;
        let groups = answer.target_groups.unwrap_or_default();
        let is_there = |arn: &&&str| {
            let mut groups = groups.iter();
            groups.any(|group| group.target_group_arn() == Some(**arn))
        };
        match arns.iter().find(|arn| !is_there(arn)) {
            Some(arn) => Err(nothing_answered(ACTION, resource(arn), LEFT_OUT)),
            None => Ok(groups),
        }
    }

    pub(crate) async fn attributes(
        &self,
        group: &str,
    ) -> Result<Vec<TargetGroupAttribute>, TargetError> {
        const ACTION: &str = "elasticloadbalancing:DescribeTargetGroupAttributes";
        let call = self.account.balancers().describe_target_group_attributes();
        let call = call.target_group_arn(group).send();
        let answer = self.read(ACTION, resource(group), call).await?;
        Ok(answer.attributes.unwrap_or_default())
    }

    pub(crate) async fn health(
        &self,
        group: &str,
    ) -> Result<Vec<TargetHealthDescription>, TargetError> {
        const ACTION: &str = "elasticloadbalancing:DescribeTargetHealth";
        let call = self.account.balancers().describe_target_health();
        let call = call.target_group_arn(group).send();
        let answer = self.read(ACTION, resource(group), call).await?;
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
            let call = self.account.ecs().list_tasks().cluster(cluster);
            let call = call.service_name(service).desired_status(status.clone());
            let call = call.set_next_token(token).send();
            let answer = self.read("ecs:ListTasks", &about, call).await?;
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
        if arns.is_empty() {
            return Ok(Vec::new());
        }
        let ask = self.ask(cluster, arns.to_vec());
        let told = self.account.batches().tasks.ask(&self.account, ask);
        let told = told.await?;
        let about = |arn: &String| format!("task/{cluster}/{}", resource(arn));
        // One that stopped meanwhile was listed twice.
        let arns: BTreeSet<&String> = arns.iter().collect();
        let tasks = arns.into_iter().filter_map(|arn| match told.get(arn) {
            Some(Told::There(task)) => Some(Ok((**task).clone())),
            Some(Told::Missing) => None,
            Some(Told::Failed(why)) => Some(Err(nothing_answered(TASKS, &about(arn), why))),
            None => Some(Err(nothing_answered(TASKS, &about(arn), LEFT_OUT))),
        });
        tasks.collect()
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
        let call = self.account.ecs().describe_task_definition();
        let call = call
            .task_definition(name)
            .include(TaskDefinitionField::Tags);
        let answer = self.read(ACTION, &about, call.send()).await?;
        let Some(definition) = answer.task_definition else {
            return Err(nothing_answered(ACTION, &about, LEFT_OUT));
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
        let call = self.account.ecs().list_task_definitions();
        let call = call
            .family_prefix(family)
            .status(TaskDefinitionStatus::Active);
        let call = call.sort(SortOrder::Desc).max_results(NEWEST).send();
        let answer = self.read("ecs:ListTaskDefinitions", &about, call).await?;
        Ok(answer.task_definition_arns.unwrap_or_default())
    }
}
