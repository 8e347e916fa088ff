//! How the templates of two tracks differ beyond images and what makes them two tracks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::object::{list, map_mut, text, texts};
use crate::workload::template::{LISTS, plain};

/// Template annotations that say when pods were last replaced, not what they are.
const PASSING: [&str; 1] = ["kubectl.kubernetes.io/restartedAt"];

/// Values that a track's own labels give it: what says `blue` here says `green` there.
type OwnValues = BTreeSet<(String, String)>;

fn own_values(one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> OwnValues {
    one.iter()
        .filter_map(|(key, value)| Some((value.clone(), other.get(key)?.clone())))
        .filter(|(value, other)| value != other)
        .collect()
}

/// Containers, init containers too, that only one of the two templates has.
pub(crate) fn containers_missing(one: &Value, other: &Value) -> BTreeSet<String> {
    let names = |template: &Value| -> BTreeSet<String> {
        LISTS
            .iter()
            .flat_map(|name| list(template, &format!("/spec/{name}")))
            .map(|container| text(container, "/name").to_owned())
            .collect()
    };
    names(one)
        .symmetric_difference(&names(other))
        .cloned()
        .collect()
}

/// Where two templates differ, such as `spec.containers[api].env[MODE].value`; images, containers
/// that one of them lacks, labels and whatever has the value of a label are left out, because the two
/// tracks are told apart by them.
pub(crate) fn paths(one: &Value, other: &Value) -> Vec<String> {
    let comparable = |template: &Value| {
        let mut template = plain(template);
        if let Some(metadata) = map_mut(&mut template, "metadata") {
            metadata.remove("labels");
            let annotations = metadata.get_mut("annotations");
            if let Some(annotations) = annotations.and_then(Value::as_object_mut) {
                annotations.retain(|key, _| !PASSING.contains(&key.as_str()));
            }
        }
        template
    };
    let labels = |template| texts(template, "/metadata/labels");
    let own = own_values(&labels(one), &labels(other));
    let mut found = Vec::new();
    let compare = Compare { own: &own };
    compare.values("", &comparable(one), &comparable(other), &mut found);
    found
}

struct Compare<'a> {
    own: &'a OwnValues,
}

impl Compare<'_> {
    fn values(&self, path: &str, one: &Value, other: &Value, found: &mut Vec<String>) {
        if one == other || self.is_own(one, other) || is_image(path) {
            return;
        }
        match (one, other) {
            (Value::Object(one), Value::Object(other)) => self.maps(path, one, other, found),
            (Value::Array(ones), Value::Array(others)) => match (by_name(ones), by_name(others)) {
                (Some(ones), Some(others)) => self.lists(path, &ones, &others, found),
                (None, _) | (_, None) if ones.len() == others.len() => {
                    for (place, (one, other)) in ones.iter().zip(others).enumerate() {
                        self.values(&format!("{path}[{place}]"), one, other, found);
                    }
                }
                (None, _) | (_, None) => found.push(path.to_owned()),
            },
            _ => found.push(path.to_owned()),
        }
    }

    fn maps(
        &self,
        path: &str,
        one: &Map<String, Value>,
        other: &Map<String, Value>,
        found: &mut Vec<String>,
    ) {
        let keys: BTreeSet<_> = one.keys().chain(other.keys()).collect();
        for key in keys {
            let path = if path.is_empty() {
                key.clone()
            } else {
                format!("{path}.{key}")
            };
            match (one.get(key), other.get(key)) {
                (Some(one), Some(other)) => self.values(&path, one, other, found),
                (Some(only), None) | (None, Some(only)) if !is_empty(only) => found.push(path),
                (Some(_), None) | (None, Some(_)) | (None, None) => {}
            }
        }
    }

    fn lists(
        &self,
        path: &str,
        ones: &BTreeMap<&str, &Value>,
        others: &BTreeMap<&str, &Value>,
        found: &mut Vec<String>,
    ) {
        let names: BTreeSet<_> = ones.keys().chain(others.keys()).collect();
        for name in names {
            let item = format!("{path}[{name}]");
            match (ones.get(name), others.get(name)) {
                (Some(one), Some(other)) => self.values(&item, one, other, found),
                // Told apart, as a container that is missing.
                _ if LISTS.iter().any(|list| path == format!("spec.{list}")) => {}
                _ => found.push(item),
            }
        }
    }

    fn is_own(&self, one: &Value, other: &Value) -> bool {
        match (one, other) {
            (Value::String(one), Value::String(other)) => {
                self.own.contains(&(one.clone(), other.clone()))
            }
            _ => false,
        }
    }
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

fn is_image(path: &str) -> bool {
    LISTS.iter().any(|list| {
        path.strip_prefix(&format!("spec.{list}["))
            .is_some_and(|rest| rest.ends_with("].image"))
    })
}

/// The items of a list by their names, if all have one of their own.
fn by_name(items: &[Value]) -> Option<BTreeMap<&str, &Value>> {
    let named: Option<BTreeMap<_, _>> = items
        .iter()
        .map(|item| Some((item.get("name")?.as_str()?, item)))
        .collect();
    named.filter(|named| named.len() == items.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template(slot: &str, mode: &str, image: &str) -> Value {
        json!({
            "metadata": {
                "labels": {"app": "api", "version": slot},
                "annotations": {"kubectl.kubernetes.io/restartedAt": mode},
            },
            "spec": {
                "containers": [
                    {
                        "name": "api", "image": image,
                        "env": [
                            {"name": "DEPLOYMENT_SLOT", "value": slot},
                            {"name": "MODE", "value": mode},
                        ],
                        "args": ["serve", mode],
                    },
                    {"name": "worker", "image": image},
                ],
                "volumes": [],
            },
        })
    }

    #[test]
    fn slots_that_differ_in_image_and_in_being_two_do_not_differ() {
        let mut green = template("green", "shop", "api:0");
        green["spec"].as_object_mut().unwrap().remove("volumes");
        let blue = template("blue", "shop", "api:1");
        assert_eq!(paths(&blue, &green), Vec::<String>::new());
        assert!(containers_missing(&blue, &green).is_empty());
    }

    #[test]
    fn whatever_else_differs_is_named() {
        let blue = template("blue", "shop", "api:1");
        let mut green = template("green", "test", "api:1");
        green["spec"]["nodeSelector"] = json!({"pool": "idle"});
        assert_eq!(
            paths(&blue, &green),
            [
                "spec.containers[api].args[1]",
                "spec.containers[api].env[MODE].value",
                "spec.nodeSelector",
            ]
        );
        let containers = green["spec"]["containers"].as_array_mut().unwrap();
        containers[1]["name"] = json!("jobs");
        let missing: Vec<_> = containers_missing(&blue, &green).into_iter().collect();
        assert_eq!(missing, ["jobs", "worker"]);
    }
}
