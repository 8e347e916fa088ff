//! How a canary is made from stable, so that neither selects the other's pods.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::object::{map_mut, texts};

/// Everything of a canary that does not exist but its template, which is stable's as recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Blueprint {
    /// The Deployment without `spec.template` and `spec.replicas`.
    manifest: Value,
    /// What its pods carry instead of, or beside, stable's labels.
    labels: BTreeMap<String, String>,
}

/// Annotations that say something about the very object they are on.
const OWN_ANNOTATIONS: [&str; 4] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/",
    "argocd.argoproj.io/",
    "rollway.dev/",
];

impl Blueprint {
    /// A canary of this name beside `stable`, a whole Deployment.
    pub(crate) fn of(stable: &Value, name: &str, labels: &BTreeMap<String, String>) -> Self {
        let mut annotations = texts(stable, "/metadata/annotations");
        annotations.retain(|key, _| !OWN_ANNOTATIONS.iter().any(|own| key.starts_with(own)));
        let mut object_labels = texts(stable, "/metadata/labels");
        object_labels.extend(labels.clone());
        let mut spec = stable.get("spec").cloned().unwrap_or_else(|| json!({}));
        if let Some(spec) = spec.as_object_mut() {
            spec.remove("template");
            spec.remove("replicas");
        }
        if let Some(selector) = map_mut(&mut spec, "selector") {
            tell_apart(selector, labels);
        }
        Self {
            manifest: json!({
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {"name": name, "labels": object_labels, "annotations": annotations},
                "spec": spec,
            }),
            labels: labels.clone(),
        }
    }

    /// Stable's template with the canary's labels.
    pub(crate) fn template(&self, stable: &Value) -> Value {
        let mut template = stable.clone();
        if let Some(metadata) = map_mut(&mut template, "metadata") {
            let labels = metadata.entry("labels").or_insert_with(|| json!({}));
            if let Some(labels) = labels.as_object_mut() {
                for (key, value) in &self.labels {
                    labels.insert(key.clone(), Value::from(value.as_str()));
                }
            }
        }
        template
    }

    /// `spec.selector` as it will be.
    pub(crate) fn selector(&self) -> Value {
        self.manifest
            .pointer("/spec/selector")
            .cloned()
            .unwrap_or_default()
    }

    /// The whole Deployment.
    pub(crate) fn deployment(&self, template: Value, replicas: u32) -> Value {
        let mut deployment = self.manifest.clone();
        if let Some(spec) = map_mut(&mut deployment, "spec") {
            spec.insert("template".to_owned(), template);
            spec.insert("replicas".to_owned(), Value::from(replicas));
        }
        deployment
    }
}

fn tell_apart(selector: &mut Map<String, Value>, labels: &BTreeMap<String, String>) {
    if let Some(expressions) = selector
        .get_mut("matchExpressions")
        .and_then(Value::as_array_mut)
    {
        // What stable says about these keys (`track notin (canary)`) is not true of the canary.
        expressions.retain(|expression| {
            let key = expression.get("key").and_then(Value::as_str);
            key.is_none_or(|key| !labels.contains_key(key))
        });
    }
    let equal = selector.entry("matchLabels").or_insert_with(|| json!({}));
    if let Some(equal) = equal.as_object_mut() {
        for (key, value) in labels {
            equal.insert(key.clone(), Value::from(value.as_str()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::selector::selects;

    #[test]
    fn a_canary_keeps_what_nobody_here_knows_and_is_told_apart() {
        let stable = json!({
            "metadata": {
                "name": "api", "uid": "1", "resourceVersion": "7", "ownerReferences": [{}],
                "labels": {"app": "api", "track": "stable"},
                "annotations": {
                    "team": "shop",
                    "deployment.kubernetes.io/revision": "4",
                    "kubectl.kubernetes.io/last-applied-configuration": "{\"kind\":\"Deployment\"}",
                    "rollway.dev/claim": "{}",
                    "argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/api",
                },
            },
            "spec": {
                "replicas": 4,
                "notYetInvented": {"a": 1},
                "selector": {
                    "matchLabels": {"app": "api"},
                    "matchExpressions": [{"key": "track", "operator": "NotIn", "values": ["canary"]}],
                },
                "template": {"metadata": {"labels": {"app": "api"}}, "spec": {"later": true}},
            },
            "status": {"replicas": 4},
        });
        let labels = [("track".to_owned(), "canary".to_owned())].into();
        let blueprint = Blueprint::of(&stable, "api-canary", &labels);
        let template = blueprint.template(&stable["spec"]["template"]);
        let canary = blueprint.deployment(template, 2);
        assert_eq!(
            canary,
            json!({
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "metadata": {
                    "name": "api-canary",
                    "labels": {"app": "api", "track": "canary"},
                    "annotations": {"team": "shop"},
                },
                "spec": {
                    "replicas": 2,
                    "notYetInvented": {"a": 1},
                    "selector": {
                        "matchLabels": {"app": "api", "track": "canary"},
                        "matchExpressions": [],
                    },
                    "template": {
                        "metadata": {"labels": {"app": "api", "track": "canary"}},
                        "spec": {"later": true},
                    },
                },
            })
        );
        let pods = |deployment: &Value| texts(deployment, "/spec/template/metadata/labels");
        assert!(selects(&blueprint.selector(), &pods(&canary)));
        assert!(!selects(&blueprint.selector(), &pods(&stable)));
        assert!(!selects(&stable["spec"]["selector"], &pods(&canary)));
    }
}
