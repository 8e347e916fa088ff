//! Writes. Each says whether it may have been taken.

use std::future::Future;
use std::sync::Arc;

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace};
use aws_sdk_ecs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ecs::operation::create_service::builders::CreateServiceInputBuilder;
use strategy_core::target::{Certainty, TargetError, TargetErrorKind};

use super::Api;
use super::shown::{Actions, Masked, Masks, Shown, retagged};
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
        let call = release.request().send_with(self.account.ecs());
        let answer = self.write(ACTION, &about, call).await?;
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
        let about = service_name(cluster, &name);
        let call = creation.send_with(self.account.ecs());
        self.tell(
            |of| &mut of.services,
            "ecs:CreateService",
            &about,
            call,
            |answer, there| {
                if let Some(mut made) = answer.and_then(|answer| answer.service.clone()) {
                    made.tags = tags;
                    *there = Some(made);
                }
            },
        )
        .await?;
        Ok(())
    }

    /// A write, and what is shown of it from now on, by the answer where there is one: what was taken, and beside
    /// it what may have been. A refusal changes nothing of what earlier writes made known.
    pub(super) async fn tell<M, T, E>(
        &self,
        of: fn(&mut Masks) -> &mut Shown<M>,
        action: &str,
        about: &str,
        call: impl Future<Output = Result<T, SdkError<E>>>,
        change: impl FnOnce(Option<&T>, &mut Option<M>),
    ) -> Result<T, TargetError>
    where
        M: Masked,
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        match self.attempt(action, about, call).await? {
            Ok(answer) => {
                let change = |there: &mut Option<M>| change(Some(&answer), there);
                of(&mut self.shown()).wrote(about, change);
                Ok(answer)
            }
            Err(error) => {
                let error = error::write(&error, action, about);
                if error.certainty == Certainty::MayBeTaken {
                    let change = |there: &mut Option<M>| change(None, there);
                    of(&mut self.shown()).may_have_written(about, change);
                }
                Err(error)
            }
        }
    }

    pub(crate) async fn update(
        &self,
        cluster: &str,
        service: &str,
        definition: Option<String>,
        desired: Option<u32>,
    ) -> Result<(), TargetError> {
        let about = service_name(cluster, service);
        let call = self.account.ecs().update_service();
        let call = call.cluster(cluster).service(service);
        let call = call.set_task_definition(definition.clone());
        let call = call.set_desired_count(desired.map(count)).send();
        self.tell(
            |of| &mut of.services,
            "ecs:UpdateService",
            &about,
            call,
            |_, there| {
                if let Some(there) = there {
                    there.task_definition = definition.or_else(|| there.task_definition.take());
                    there.desired_count = desired.map_or(there.desired_count, count);
                }
            },
        )
        .await?;
        Ok(())
    }

    /// Never by force. Gone already is success.
    pub(crate) async fn delete(&self, cluster: &str, service: &str) -> Result<(), TargetError> {
        let about = service_name(cluster, service);
        let call = self.account.ecs().delete_service();
        let call = call.cluster(cluster).service(service).send();
        let told = self.tell(
            |of| &mut of.services,
            "ecs:DeleteService",
            &about,
            call,
            |_, there| *there = None,
        );
        match told.await {
            Ok(_) => Ok(()),
            Err(error) if error.kind == TargetErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
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
        let call = self.account.scaling().register_scalable_target();
        let call = call
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id(&id)
            .min_capacity(count(minimum))
            .suspended_state(suspended_state(suspended));
        self.tell(
            |of| &mut of.scalers,
            ACTION,
            &id,
            call.send(),
            |_, there| {
                if let Some(there) = there {
                    there.min_capacity = count(minimum);
                    there.suspended_state = Some(suspended_state(suspended));
                }
            },
        )
        .await?;
        Ok(())
    }

    /// What is set comes before what is removed: an end between the two leaves a claim that is known to
    /// be over, never one that is forgotten.
    pub(crate) async fn retag(&self, arn: &str, retag: &Retag) -> Result<(), TargetError> {
        let about = resource(arn);
        if !retag.set.is_empty() {
            let tags = retag.set.iter().map(|(key, value)| mark::tag(key, value));
            let tags: Vec<_> = tags.collect();
            let call = self.account.ecs().tag_resource().resource_arn(arn);
            let call = call.set_tags(Some(tags.clone())).send();
            self.tell(
                |of| &mut of.services,
                "ecs:TagResource",
                about,
                call,
                |_, there| {
                    retagged(there, tags, &[]);
                },
            )
            .await?;
        }
        if !retag.remove.is_empty() {
            let keys = retag.remove.iter().map(|key| (*key).to_owned());
            let call = self.account.ecs().untag_resource().resource_arn(arn);
            let call = call.set_tag_keys(Some(keys.collect())).send();
            let answer = self.tell(
                |of| &mut of.services,
                "ecs:UntagResource",
                about,
                call,
                |_, there| {
                    retagged(there, [], &retag.remove);
                },
            );
            answer.await.map_err(|error| {
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
        match rule {
            RuleConfig::Rule(arn) => {
                let call = self.account.balancers().modify_rule().rule_arn(arn);
                let call = call.set_actions(Some(edited.clone())).send();
                self.routed(rule, edited, call).await?;
            }
            RuleConfig::ListenerDefault(arn) => {
                let call = self.account.balancers().modify_listener();
                let call = call
                    .listener_arn(arn)
                    .set_default_actions(Some(edited.clone()));
                self.routed(rule, edited, call.send()).await?;
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

    /// A write to a rule, which is shown until a read shows it.
    async fn routed<T, E>(
        &self,
        rule: &RuleConfig,
        edited: Actions,
        call: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<(), TargetError>
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        let change = |_: Option<&T>, there: &mut Option<Actions>| *there = Some(edited);
        self.tell(
            |of| &mut of.rules,
            action(rule),
            &rule.resource(),
            call,
            change,
        )
        .await?;
        Ok(())
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
