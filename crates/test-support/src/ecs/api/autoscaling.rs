//! Scalable targets.

use serde_json::{Value, json};

use super::balancers::merge;
use super::seconds;
use crate::ecs::rules::Rule;
use crate::ecs::wire::{Answer, Fields as _, Refusal};
use crate::ecs::world::scaling::ScalableTarget;
use crate::ecs::world::service::Status;
use crate::ecs::world::{ACCOUNT, REGION, World};

const DIMENSION: &str = "ecs:service:DesiredCount";

fn invalid(rule: Rule, message: impl Into<String>) -> Refusal {
    Refusal::by(rule, "ValidationException", message)
}

impl World {
    pub(crate) fn register_scalable_target(&mut self, input: &Value) -> Answer {
        let resource = input.need("ResourceId", "ValidationException")?.to_owned();
        let dimension = input.text("ScalableDimension").unwrap_or_default();
        let parts: Vec<&str> = resource.split('/').collect();
        let service = match parts.as_slice() {
            ["service", cluster, name] => {
                let key = ((*cluster).to_owned(), (*name).to_owned());
                self.services.get(&key)
            }
            _ => None,
        };
        let exists = service.is_some_and(|one| one.status == Status::Active);
        let lag = self.settings.autoscaling_lag;
        if service.is_some_and(|one| one.created_at + lag > self.now) {
            return Err(invalid(
                Rule::ScalingKnowsServicesLater,
                format!("ECS service doesn't exist: {resource}"),
            ));
        }
        if !exists || dimension != DIMENSION || input.text("ServiceNamespace") != Some("ecs") {
            return Err(invalid(
                Rule::ScalableServiceExists,
                format!("ECS service doesn't exist: {resource}"),
            ));
        }
        let known = self.scalable_targets.get(&resource).cloned();
        let least = input
            .whole("MinCapacity")
            .or_else(|| known.as_ref().map(|one| one.least));
        let most = input
            .whole("MaxCapacity")
            .or_else(|| known.as_ref().map(|one| one.most));
        let (Some(least), Some(most)) = (least, most) else {
            return Err(invalid(
                Rule::BoundsOfANewTarget,
                "MinCapacity and MaxCapacity are required for a new scalable target",
            ));
        };
        if least > most || least < 0 {
            return Err(invalid(
                Rule::BoundsInOrder,
                "Maximum capacity cannot be less than minimum capacity",
            ));
        }
        let mut suspended = known.as_ref().map_or_else(
            || {
                json!({
                    "DynamicScalingInSuspended": false, "DynamicScalingOutSuspended": false,
                    "ScheduledScalingSuspended": false,
                })
            },
            |one| one.suspended.clone(),
        );
        if let Some(update) = input.get("SuspendedState") {
            merge(&mut suspended, update);
        }
        if known.is_some() && !(input.has("MinCapacity") && input.has("SuspendedState")) {
            self.note(Rule::WhatIsNotRegisteredStays);
        }
        let id = self.ids.uuid();
        let arn = known.as_ref().map_or_else(
            || format!("arn:aws:application-autoscaling:{REGION}:{ACCOUNT}:scalable-target/{id}"),
            |one| one.arn.clone(),
        );
        let target = ScalableTarget {
            resource: resource.clone(),
            dimension: dimension.to_owned(),
            least,
            most,
            suspended,
            role: input.text("RoleARN").map(str::to_owned),
            created_at: known.map_or(self.now, |one| one.created_at),
            arn: arn.clone(),
        };
        self.scalable_targets.insert(resource, target);
        Ok(json!({ "ScalableTargetARN": arn }))
    }

    pub(crate) fn describe_scalable_targets(&mut self, input: &Value) -> Answer {
        input.need("ServiceNamespace", "ValidationException")?;
        let asked = input.texts("ResourceIds");
        let targets = self.scalable_targets.values();
        let found = targets
            .filter(|one| asked.is_empty() || asked.contains(&one.resource.as_str()))
            .map(|one| {
                json!({
                    "ServiceNamespace": "ecs", "ResourceId": one.resource,
                    "ScalableDimension": one.dimension, "MinCapacity": one.least,
                    "MaxCapacity": one.most, "SuspendedState": one.suspended,
                    "RoleARN": one.role.as_deref().unwrap_or("arn:aws:iam::123456789012:role/aws-service-role"),
                    "CreationTime": seconds(one.created_at), "ScalableTargetARN": one.arn,
                })
            })
            .collect();
        let (token, size) = (input.text("NextToken"), input.whole("MaxResults"));
        let (page, next) = self.page(found, token, size, 50, "InvalidNextTokenException")?;
        let mut answer = json!({ "ScalableTargets": page });
        if let Some(next) = next {
            answer["NextToken"] = json!(next);
        }
        Ok(answer)
    }

    pub(crate) fn deregister_scalable_target(&mut self, input: &Value) -> Answer {
        let resource = input.need("ResourceId", "ValidationException")?;
        if self.scalable_targets.remove(resource).is_none() {
            return Err(Refusal::by(
                Rule::ScalableTargetExists,
                "ObjectNotFoundException",
                format!("No scalable target found for {resource}"),
            ));
        }
        Ok(json!({}))
    }
}
