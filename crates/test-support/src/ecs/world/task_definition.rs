//! Task definitions: immutable revisions of a family.

use serde_json::{Value, json};
use strategy_core::Timestamp;

use super::World;
use crate::ecs::wire::Fields as _;

#[derive(Clone, Debug)]
pub(crate) struct TaskDefinition {
    pub(crate) arn: String,
    pub(crate) family: String,
    pub(crate) revision: usize,
    pub(crate) fields: Value,
    pub(crate) registered_at: Timestamp,
    pub(crate) deregistered_at: Option<Timestamp>,
}

impl TaskDefinition {
    pub(crate) const fn is_active(&self) -> bool {
        self.deregistered_at.is_none()
    }

    pub(crate) fn describe(&self) -> Value {
        let mut described = self.fields.clone();
        described["taskDefinitionArn"] = json!(self.arn);
        described["family"] = json!(self.family);
        described["revision"] = json!(self.revision);
        described["status"] = json!(if self.is_active() {
            "ACTIVE"
        } else {
            "INACTIVE"
        });
        described["registeredAt"] = super::super::api::seconds(self.registered_at);
        if let Some(at) = self.deregistered_at {
            described["deregisteredAt"] = super::super::api::seconds(at);
        }
        described
    }

    pub(crate) fn containers(&self) -> &[Value] {
        self.fields.items("containerDefinitions")
    }

    /// Whether a container has this name and this port.
    pub(crate) fn has_port(&self, container: &str, port: i64) -> Option<bool> {
        let mut containers = self.containers().iter();
        let found = containers.find(|one| one.text("name") == Some(container))?;
        let mut ports = found.items("portMappings").iter();
        Some(ports.any(|mapping| mapping.whole("containerPort") == Some(port)))
    }
}

impl World {
    /// By ARN, by `family:revision`, or the newest active one of a `family`.
    pub(crate) fn task_definition(&self, name: &str) -> Option<&TaskDefinition> {
        let short = name
            .rsplit_once("task-definition/")
            .map_or(name, |(_, short)| short);
        match short.rsplit_once(':') {
            Some((family, revision)) => {
                let revision: usize = revision.parse().ok()?;
                let revisions = self.families.get(family)?;
                revisions.iter().find(|one| one.revision == revision)
            }
            None => {
                let mut revisions = self.families.get(short)?.iter().rev();
                revisions.find(|one| one.is_active())
            }
        }
    }
}
