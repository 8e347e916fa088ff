//! Task definitions.

use serde_json::{Value, json};

use super::balancers::without;
use crate::ecs::rules::Rule;
use crate::ecs::wire::{Answer, Fields as _, Refusal};
use crate::ecs::world::World;
use crate::ecs::world::task_definition::TaskDefinition;

impl World {
    pub(crate) fn register_task_definition(&mut self, input: &Value) -> Answer {
        let family = input.need("family", "ClientException")?.to_owned();
        let containers = input.items("containerDefinitions");
        if containers.is_empty() {
            return Err(Refusal::by(
                Rule::ContainersOfATask,
                "ClientException",
                "Container list cannot be empty.",
            ));
        }
        for container in containers {
            container.need("name", "ClientException")?;
            container.need("image", "ClientException")?;
        }
        let revision = self.families.get(&family).map_or(0, Vec::len) + 1;
        let arn = self.ecs_arn(&format!("task-definition/{family}:{revision}"));
        let definition = TaskDefinition {
            arn: arn.clone(),
            family: family.clone(),
            revision,
            fields: without(input, &["tags", "family"]),
            registered_at: self.now,
            deregistered_at: None,
        };
        let described = definition.describe();
        self.families.entry(family).or_default().push(definition);
        self.add_new_tags(&arn, input.items("tags"));
        if revision > 1 {
            self.note(Rule::EveryRegistrationIsARevision);
        }
        Ok(json!({ "taskDefinition": described, "tags": self.ecs_tags(&arn) }))
    }

    /// A task definition that a service can be given.
    pub(crate) fn usable_definition(&self, name: &str) -> Result<String, Refusal> {
        let found = self.task_definition(name).ok_or_else(|| {
            Refusal::by(
                Rule::TaskDefinitionExists,
                "ClientException",
                "TaskDefinition not found.",
            )
        })?;
        if !found.is_active() {
            return Err(Refusal::by(
                Rule::TaskDefinitionIsActive,
                "ClientException",
                "TaskDefinition is inactive",
            ));
        }
        Ok(found.arn.clone())
    }

    pub(crate) fn describe_task_definition(&mut self, input: &Value) -> Answer {
        let name = input.need("taskDefinition", "ClientException")?;
        let found = self.task_definition(name).ok_or_else(|| {
            Refusal::by(
                Rule::TaskDefinitionExists,
                "ClientException",
                "Unable to describe task definition.",
            )
        })?;
        let (arn, described) = (found.arn.clone(), found.describe());
        let mut answer = json!({ "taskDefinition": described });
        if input.texts("include").contains(&"TAGS") {
            answer["tags"] = json!(self.ecs_tags(&arn));
        }
        Ok(answer)
    }

    pub(crate) fn deregister_task_definition(&mut self, input: &Value) -> Answer {
        let name = input.need("taskDefinition", "ClientException")?;
        let arn = self.usable_definition(name)?;
        let now = self.now;
        let all = self.families.values_mut().flatten();
        for one in all.filter(|one| one.arn == arn) {
            one.deregistered_at = Some(now);
        }
        let described = self.task_definition(&arn).map(TaskDefinition::describe);
        Ok(json!({ "taskDefinition": described }))
    }

    pub(crate) fn list_task_definitions(&mut self, input: &Value) -> Answer {
        let is_active = input.text("status") != Some("INACTIVE");
        let family = input.text("familyPrefix");
        let mut arns: Vec<Value> = self
            .families
            .iter()
            .filter(|(name, _)| family.is_none_or(|family| *name == family))
            .flat_map(|(_, revisions)| revisions)
            .filter(|one| one.is_active() == is_active)
            .map(|one| json!(one.arn))
            .collect();
        if input.text("sort") == Some("DESC") {
            arns.reverse();
        }
        self.ecs_page(input, "taskDefinitionArns", arns)
    }

    pub(crate) fn list_families(&mut self, input: &Value) -> Answer {
        let prefix = input.text("familyPrefix").unwrap_or_default();
        let families = self.families.keys();
        let names = families.filter(|name| name.starts_with(prefix));
        let names = names.map(|name| json!(name)).collect();
        self.ecs_page(input, "families", names)
    }
}
