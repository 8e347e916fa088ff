//! Tasks.

use serde_json::{Value, json};

use super::clusters::short;
use crate::ecs::rules::Rule;
use crate::ecs::wire::{Answer, Fields as _, Refusal};
use crate::ecs::world::World;
use crate::ecs::world::task::Task;

const MOST_DESCRIBED: usize = 100;

impl World {
    pub(crate) fn list_tasks(&mut self, input: &Value) -> Answer {
        let cluster = self.cluster_of(input)?;
        let service = match input.text("serviceName") {
            Some(_) => Some(self.service_of(input, "serviceName")?),
            None => None,
        };
        let status = input.text("desiredStatus").unwrap_or("RUNNING");
        let (started_by, family) = (input.text("startedBy"), input.text("family"));
        let of_family = |task: &Task| {
            family.is_none_or(|family| {
                self.task_definition(&task.task_definition)
                    .is_some_and(|one| one.family == family)
            })
        };
        let mut found: Vec<&Task> = self
            .all_tasks()
            .filter(|task| task.service.0 == cluster && task.desired_status() == status)
            .filter(|task| service.as_ref().is_none_or(|key| task.service == *key))
            .filter(|task| started_by.is_none_or(|by| task.deployment == by))
            .filter(|task| of_family(task))
            .collect();
        found.sort_by_key(|task| task.created_at);
        let arns = found.into_iter().map(|task| json!(task.arn)).collect();
        if status == "RUNNING" {
            self.note(Rule::RunningTasksByDefault);
        }
        self.ecs_page(input, "taskArns", arns)
    }

    pub(crate) fn describe_tasks(&mut self, input: &Value) -> Answer {
        let cluster = self.cluster_of(input)?;
        let asked = input.texts("tasks");
        if !(1..=MOST_DESCRIBED).contains(&asked.len()) {
            return Err(Refusal::by(
                Rule::BatchOfTasks,
                "InvalidParameterException",
                format!("Between 1 and {MOST_DESCRIBED} tasks must be specified"),
            ));
        }
        let cluster_arn = self.ecs_arn(&format!("cluster/{cluster}"));
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for name in asked {
            let arn = self.ecs_arn(&format!("task/{cluster}/{}", short(name)));
            match self.all_tasks().find(|task| task.arn == arn) {
                Some(task) => found.push(task.describe(self.now, &cluster_arn)),
                None => failures.push(json!({ "arn": arn, "reason": "MISSING" })),
            }
        }
        Ok(json!({ "tasks": found, "failures": failures }))
    }

    pub(crate) fn stop_task_by_hand(&mut self, input: &Value) -> Answer {
        let cluster = self.cluster_of(input)?;
        let name = input.need("task", "InvalidParameterException")?;
        let arn = self.ecs_arn(&format!("task/{cluster}/{}", short(name)));
        let reason = input.text("reason").unwrap_or("Task stopped by user");
        self.stop_task(&arn, "UserInitiated", reason);
        let Some(task) = self.all_tasks().find(|task| task.arn == arn) else {
            return Err(Refusal::plain(
                "InvalidParameterException",
                "The referenced task was not found.",
            ));
        };
        let cluster_arn = self.ecs_arn(&format!("cluster/{cluster}"));
        Ok(json!({ "task": task.describe(self.now, &cluster_arn) }))
    }
}
