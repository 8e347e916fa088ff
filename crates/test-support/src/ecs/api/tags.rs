//! Tags of everything that has an ARN.

use serde_json::{Value, json};

use super::missing;
use crate::ecs::rules::Rule;
use crate::ecs::wire::{Answer, Fields as _, Refusal};
use crate::ecs::world::World;

const MOST_TAGS: usize = 50;
const MOST_DESCRIBED: usize = 20;

impl World {
    /// Tags that come with the creation of something, in either service's spelling.
    pub(crate) fn add_new_tags(&mut self, arn: &str, tags: &[Value]) {
        let kept = self.tags.entry(arn.to_owned()).or_default();
        for tag in tags {
            let key = tag.text("Key").or_else(|| tag.text("key"));
            let value = tag.text("Value").or_else(|| tag.text("value"));
            if let Some(key) = key {
                kept.insert(key.to_owned(), value.unwrap_or_default().to_owned());
            }
        }
    }

    /// What Elastic Load Balancing calls the kind of thing an ARN names; refused if it is not there.
    fn check_balancing_arn(&self, arn: &str) -> Result<(), Refusal> {
        let (kind, exists) = if arn.contains(":listener-rule/") {
            ("Rule", self.rules.contains_key(arn))
        } else if arn.contains(":listener/") {
            ("Listener", self.listeners.contains_key(arn))
        } else if arn.contains(":targetgroup/") {
            ("TargetGroup", self.target_groups.contains_key(arn))
        } else {
            ("LoadBalancer", self.load_balancers.contains_key(arn))
        };
        if exists {
            Ok(())
        } else {
            Err(missing(kind, arn))
        }
    }

    pub(crate) fn add_tags(&mut self, input: &Value) -> Answer {
        for arn in input.texts("ResourceArns") {
            self.check_balancing_arn(arn)?;
            let kept = self.tags.get(arn).map_or(0, |tags| tags.len());
            if kept + input.items("Tags").len() > MOST_TAGS {
                return Err(Refusal::by(
                    Rule::MostTags,
                    "TooManyTags",
                    format!("A resource can have at most {MOST_TAGS} tags"),
                ));
            }
        }
        for arn in input.texts("ResourceArns") {
            self.add_new_tags(arn, input.items("Tags"));
        }
        Ok(json!({}))
    }

    pub(crate) fn remove_tags(&mut self, input: &Value) -> Answer {
        for arn in input.texts("ResourceArns") {
            self.check_balancing_arn(arn)?;
            if let Some(kept) = self.tags.get_mut(arn) {
                kept.retain(|key, _| !input.texts("TagKeys").contains(&key.as_str()));
            }
        }
        Ok(json!({}))
    }

    pub(crate) fn describe_tags(&mut self, input: &Value) -> Answer {
        let arns = input.texts("ResourceArns");
        if arns.len() > MOST_DESCRIBED {
            return Err(Refusal::by(
                Rule::BatchOfTags,
                "ValidationError",
                format!("At most {MOST_DESCRIBED} resources can be described in one call"),
            ));
        }
        let mut described = Vec::new();
        for arn in arns {
            self.check_balancing_arn(arn)?;
            let tags = self.tags.get(arn).into_iter().flatten();
            let tags = tags.map(|(key, value)| json!({ "Key": key, "Value": value }));
            described.push(json!({ "ResourceArn": arn, "Tags": tags.collect::<Vec<_>>() }));
        }
        Ok(json!({ "TagDescriptions": described }))
    }

    /// Tags as Amazon ECS spells them.
    pub(crate) fn ecs_tags(&self, arn: &str) -> Vec<Value> {
        let tags = self.tags.get(arn).into_iter().flatten();
        tags.map(|(key, value)| json!({ "key": key, "value": value }))
            .collect()
    }

    fn check_ecs_arn(&self, arn: &str) -> Result<(), Refusal> {
        let exists = self.services.values().any(|service| service.arn == arn)
            || self.clusters.values().any(|cluster| cluster.arn == arn)
            || self.all_tasks().any(|task| task.arn == arn)
            || self.task_definition(arn).is_some();
        if exists {
            return Ok(());
        }
        Err(Refusal::by(
            Rule::TaggedThingExists,
            "InvalidParameterException",
            "The specified resource cannot be found.",
        ))
    }

    pub(crate) fn tag_resource(&mut self, input: &Value) -> Answer {
        let arn = input.need("resourceArn", "InvalidParameterException")?;
        self.check_ecs_arn(arn)?;
        let kept = self.tags.get(arn).map_or(0, |tags| tags.len());
        if kept + input.items("tags").len() > MOST_TAGS {
            return Err(Refusal::by(
                Rule::MostTags,
                "LimitExceededException",
                format!("A resource can have at most {MOST_TAGS} tags"),
            ));
        }
        self.add_new_tags(arn, input.items("tags"));
        Ok(json!({}))
    }

    pub(crate) fn untag_resource(&mut self, input: &Value) -> Answer {
        let arn = input.need("resourceArn", "InvalidParameterException")?;
        self.check_ecs_arn(arn)?;
        if let Some(kept) = self.tags.get_mut(arn) {
            kept.retain(|key, _| !input.texts("tagKeys").contains(&key.as_str()));
        }
        Ok(json!({}))
    }

    pub(crate) fn list_tags_for_resource(&mut self, input: &Value) -> Answer {
        let arn = input.need("resourceArn", "InvalidParameterException")?;
        self.check_ecs_arn(arn)?;
        Ok(json!({ "tags": self.ecs_tags(arn) }))
    }
}
