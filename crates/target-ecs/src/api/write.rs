//! Writes. Each says whether it may have been taken.

use std::sync::Arc;

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};
use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ecs::operation::create_service::builders::CreateServiceInputBuilder;
use aws_sdk_ecs::types::Service;
use strategy_core::target::{Certainty, TargetError, TargetErrorKind};

use super::Api;
use super::shown::retagged;
use crate::autoscaling::{resource_id, suspended_state};
use crate::binding::service as service_name;
use crate::config::{RuleConfig, resource};
use crate::error::{self, found};
use crate::forward::Forward;
use crate::mark::{self, Retag};
use crate::owned::Suspended;
use crate::routes::refused;
use crate::task_definition::{Described, Unregistered};

/// A count as AWS takes it.
pub(super) fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

impl Api {
    /// Registers a release and returns its ARN.
    pub(crate) async fn register(&self, release: &Unregistered) -> Result<String, TargetError> {
        const ACTION: &str = "ecs:RegisterTaskDefinition";
        let about = format!("task-definition/{}", release.family());
        let answer = release.request().send_with(&self.ecs).await;
        let answer = answer.map_err(|error| error::write(&error, ACTION, &about))?;
        let Some(definition) = answer.task_definition else {
            let message = "it is in no answer";
            let error = found(TargetErrorKind::Unexpected, ACTION, &about, message);
            return Err(error.maybe_taken());
        };
        let tags = answer.tags.unwrap_or_default();
        let described = Arc::new(Described { definition, tags });
        // One that does not show the release's tag would not be found again, and be registered once more.
        if release.is(&described) {
            self.knows(&described);
        }
        Ok(described.arn().to_owned())
    }

    /// The first of these task definitions that was registered for the release, and is still the same.
    pub(crate) async fn registered(
        &self,
        release: &Unregistered,
        arns: &[String],
    ) -> Result<Option<String>, TargetError> {
        for arn in arns {
            let described = self.definition(arn).await?;
            if release.is(&described) {
                return Ok(Some(arn.clone()));
            }
        }
        Ok(None)
    }

    pub(crate) async fn create(
        &self,
        cluster: &str,
        creation: CreateServiceInputBuilder,
    ) -> Result<(), TargetError> {
        let name = creation.get_service_name().clone().unwrap_or_default();
        let tags = creation.get_tags().clone();
        let answer = creation.send_with(&self.ecs).await;
        let about = service_name(cluster, &name);
        let made = answer
            .as_ref()
            .ok()
            .and_then(|answer| answer.service.clone());
        self.told(answer, "ecs:CreateService", &about, |there| {
            if let Some(mut made) = made {
                made.tags = tags;
                *there = Some(made);
            }
        })
    }

    /// A failed write to a service whose outcome is not told field by field.
    pub(super) fn failed<E>(&self, error: &SdkError<E>, action: &str, about: &str) -> TargetError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let error = error::write(error, action, about);
        if error.certainty == Certainty::MayBeTaken {
            self.shown().unknown(about);
        }
        error
    }

    /// How a write to a service ended, and what it shows from now on: what was taken, and beside it what may have
    /// been. A refusal changes nothing of what earlier writes made known.
    fn told<T, E>(
        &self,
        answer: Result<T, SdkError<E>>,
        action: &str,
        about: &str,
        change: impl FnOnce(&mut Option<Service>),
    ) -> Result<(), TargetError>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let Err(error) = answer else {
            self.shown().wrote(about, change);
            return Ok(());
        };
        let error = error::write(&error, action, about);
        if error.certainty == Certainty::MayBeTaken {
            self.shown().may_have_written(about, change);
        }
        Err(error)
    }

    pub(crate) async fn update(
        &self,
        cluster: &str,
        service: &str,
        definition: Option<String>,
        desired: Option<u32>,
    ) -> Result<(), TargetError> {
        let answer = self
            .ecs
            .update_service()
            .cluster(cluster)
            .service(service)
            .set_task_definition(definition.clone())
            .set_desired_count(desired.map(count))
            .send()
            .await;
        let about = service_name(cluster, service);
        self.told(answer, "ecs:UpdateService", &about, |there| {
            if let Some(there) = there {
                there.task_definition = definition.or_else(|| there.task_definition.take());
                there.desired_count = desired.map_or(there.desired_count, count);
            }
        })
    }

    /// Never by force. Gone already is success.
    pub(crate) async fn delete(&self, cluster: &str, service: &str) -> Result<(), TargetError> {
        let call = self.ecs.delete_service().cluster(cluster).service(service);
        let (answer, about) = (call.send().await, service_name(cluster, service));
        match self.told(answer, "ecs:DeleteService", &about, |there| *there = None) {
            Err(error) if error.kind == TargetErrorKind::NotFound => Ok(()),
            told => told,
        }
    }

    pub(crate) async fn scale(
        &self,
        cluster: &str,
        service: &str,
        minimum: u32,
        suspended: Suspended,
    ) -> Result<(), TargetError> {
        const ACTION: &str = "application-autoscaling:RegisterScalableTarget";
        let id = resource_id(cluster, service);
        let answer = self
            .scaling
            .register_scalable_target()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id(&id)
            .min_capacity(count(minimum))
            .suspended_state(suspended_state(suspended))
            .send()
            .await;
        answer.map_err(|error| error::write(&error, ACTION, &id))?;
        Ok(())
    }

    /// What is set comes before what is removed: an end between the two leaves a claim that is known to
    /// be over, never one that is forgotten.
    pub(crate) async fn retag(&self, arn: &str, retag: &Retag) -> Result<(), TargetError> {
        let about = resource(arn);
        if !retag.set.is_empty() {
            let tags = retag.set.iter().map(|(key, value)| mark::tag(key, value));
            let tags: Vec<_> = tags.collect();
            let call = self.ecs.tag_resource().resource_arn(arn);
            let answer = call.set_tags(Some(tags.clone())).send().await;
            self.told(answer, "ecs:TagResource", about, |there| {
                retagged(there, tags, &[]);
            })?;
        }
        if !retag.remove.is_empty() {
            let keys = retag.remove.iter().map(|key| (*key).to_owned());
            let call = self.ecs.untag_resource().resource_arn(arn);
            let answer = call.set_tag_keys(Some(keys.collect())).send().await;
            let told = self.told(answer, "ecs:UntagResource", about, |there| {
                retagged(there, [], &retag.remove);
            });
            told.map_err(|error| {
                if retag.set.is_empty() {
                    error
                } else {
                    error.maybe_taken()
                }
            })?;
        }
        Ok(())
    }

    /// Changes what a rule forwards to, if it is still as it was read, and looks whether it is so then.
    ///
    /// A load balancer has no compare-and-set: what somebody writes between the look and the write is
    /// lost, and what they write after it is told as a conflict.
    pub(crate) async fn route(
        &self,
        rule: &RuleConfig,
        from: &Forward,
        to: &Forward,
    ) -> Result<(), TargetError> {
        let conflict = |message: &str| {
            let kind = TargetErrorKind::Conflict;
            found(kind, action(rule), &rule.resource(), message)
        };
        let (now, actions) = self.forward(rule).await?;
        if now == *to {
            return Ok(());
        }
        if now != *from {
            return Err(conflict("it was changed while this was being written"));
        }
        let edited = to.write(&actions).map_err(|refusal| {
            refused(TargetErrorKind::Unsupported, action(rule), rule, &refusal)
        })?;
        let about = rule.resource();
        match rule {
            RuleConfig::Rule(arn) => {
                let call = self.balancers.modify_rule().rule_arn(arn);
                let answer = call.set_actions(Some(edited)).send().await;
                answer.map_err(|error| error::write(&error, action(rule), &about))?;
            }
            RuleConfig::ListenerDefault(arn) => {
                let call = self.balancers.modify_listener().listener_arn(arn);
                let answer = call.set_default_actions(Some(edited)).send().await;
                answer.map_err(|error| error::write(&error, action(rule), &about))?;
            }
        }
        let (after, _) = self.forward(rule).await.map_err(TargetError::maybe_taken)?;
        if after == *to {
            return Ok(());
        }
        let groups = after.groups.iter();
        let there: Vec<String> = groups
            .map(|group| format!("{} at {}", resource(&group.arn), group.weight))
            .collect();
        let message = format!(
            "it was written, and somebody else's write came after it: now {}",
            there.join(", ")
        );
        Err(conflict(&message).maybe_taken())
    }

    async fn forward(
        &self,
        rule: &RuleConfig,
    ) -> Result<(Forward, Vec<aws_sdk_elasticloadbalancingv2::types::Action>), TargetError> {
        let read = self.rules(std::slice::from_ref(rule)).await?;
        let actions = read.into_iter().next().map(|(_, actions)| actions);
        let actions = actions.unwrap_or_default();
        let forward = Forward::read(&actions)
            .map_err(|refusal| refused(TargetErrorKind::Conflict, action(rule), rule, &refusal))?;
        Ok((forward, actions))
    }
}

const fn action(rule: &RuleConfig) -> &'static str {
    match rule {
        RuleConfig::Rule(_) => "elasticloadbalancing:ModifyRule",
        RuleConfig::ListenerDefault(_) => "elasticloadbalancing:ModifyListener",
    }
}
