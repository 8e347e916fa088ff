//! Clusters.

use serde_json::{Value, json};

use crate::ecs::rules::Rule;
use crate::ecs::wire::{Answer, Fields as _, Refusal};
use crate::ecs::world::service::Status;
use crate::ecs::world::{Cluster, World};

/// The last part of an ARN, or the name as it is.
pub(crate) fn short(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, short)| short)
}

impl World {
    /// The name of the cluster that an input is about: `default` if it says none.
    pub(crate) fn cluster_of(&self, input: &Value) -> Result<String, Refusal> {
        let name = short(input.text("cluster").unwrap_or("default"));
        if self.clusters.contains_key(name) {
            return Ok(name.to_owned());
        }
        Err(Refusal::by(
            Rule::ClusterExists,
            "ClusterNotFoundException",
            "Cluster not found.",
        ))
    }

    pub(crate) fn create_cluster(&mut self, input: &Value) -> Answer {
        let name = input.text("clusterName").unwrap_or("default").to_owned();
        let arn = self.ecs_arn(&format!("cluster/{name}"));
        let cluster = Cluster {
            arn: arn.clone(),
            name: name.clone(),
        };
        self.clusters.entry(name.clone()).or_insert(cluster);
        self.add_new_tags(&arn, input.items("tags"));
        Ok(json!({ "cluster": self.describe_cluster(&name) }))
    }

    fn describe_cluster(&self, name: &str) -> Value {
        let Some(cluster) = self.clusters.get(name) else {
            return Value::Null;
        };
        let services = self.services.values();
        let active = services.filter(|one| one.key.0 == name && one.status == Status::Active);
        json!({
            "clusterArn": cluster.arn, "clusterName": cluster.name, "status": "ACTIVE",
            "activeServicesCount": active.count(), "tags": self.ecs_tags(&cluster.arn),
        })
    }

    pub(crate) fn describe_clusters(&mut self, input: &Value) -> Answer {
        let mut asked = input.texts("clusters");
        if asked.is_empty() {
            asked.push("default");
        }
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for name in asked {
            let described = self.describe_cluster(short(name));
            if described.is_null() {
                let arn = self.ecs_arn(&format!("cluster/{}", short(name)));
                failures.push(json!({ "arn": arn, "reason": "MISSING" }));
            } else {
                found.push(described);
            }
        }
        Ok(json!({ "clusters": found, "failures": failures }))
    }

    pub(crate) fn list_clusters(&mut self, input: &Value) -> Answer {
        let arns = self.clusters.values().map(|one| json!(one.arn)).collect();
        self.ecs_page(input, "clusterArns", arns)
    }
}
