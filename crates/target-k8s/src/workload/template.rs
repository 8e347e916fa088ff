//! Pod templates as whole JSON: the images in them, and whether two are the same.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};
use strategy_core::{Image, Images};

use crate::config::Follow;
use crate::object::{list, text};

/// Where a pod template lists containers.
pub(crate) const LISTS: [&str; 2] = ["containers", "initContainers"];

/// The label that the Deployment controller adds to the template of each ReplicaSet.
const HASH: &str = "pod-template-hash";

/// By container, the images as they stand, readable or not.
pub(crate) fn image_texts(template: &Value) -> BTreeMap<String, String> {
    LISTS
        .iter()
        .flat_map(|list_name| list(template, &format!("/spec/{list_name}")))
        .map(|container| {
            (
                text(container, "/name").to_owned(),
                text(container, "/image").to_owned(),
            )
        })
        .collect()
}

/// By container, init containers too, the images that are proper references.
pub(crate) fn images(template: &Value) -> Images {
    let images = image_texts(template).into_iter();
    images
        .filter_map(|(container, image)| Some((container, image.parse::<Image>().ok()?)))
        .collect()
}

/// The same template with these images; everything else stays.
///
/// # Errors
/// The first container that the template does not have.
pub(crate) fn with_images(
    template: &Value,
    images: &Images,
    follow: Follow,
) -> Result<Value, String> {
    let before = image_texts(template);
    if let Some((missing, _)) = images.iter().find(|(name, _)| !before.contains_key(*name)) {
        return Err(missing.to_owned());
    }
    let by_repository: BTreeMap<String, &Image> = images
        .iter()
        .filter_map(|(container, image)| {
            let before: Image = before.get(container)?.parse().ok()?;
            Some((before.repository().to_owned(), image))
        })
        .collect();
    let followed = |image: &str| {
        let image: Image = image.parse().ok()?;
        by_repository.get(image.repository()).copied()
    };
    let mut changed = template.clone();
    for list_name in LISTS {
        let follows = match follow {
            Follow::Nobody => false,
            Follow::InitContainers => list_name == "initContainers",
            Follow::AllContainers => true,
        };
        let containers = changed.pointer_mut(&format!("/spec/{list_name}"));
        for container in containers
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            let named = images.get(text(container, "/name"));
            let image = named.or_else(|| {
                let image = text(container, "/image");
                if follows { followed(image) } else { None }
            });
            if let (Some(image), Some(slot)) = (image, container.get_mut("image")) {
                *slot = Value::String(image.to_string());
            }
        }
    }
    Ok(changed)
}

/// The same template with the images that `other` has for the containers of the same name.
pub(crate) fn with_images_of(template: &Value, other: &Value) -> Value {
    let images = image_texts(other);
    let mut changed = template.clone();
    for list_name in LISTS {
        let containers = changed.pointer_mut(&format!("/spec/{list_name}"));
        for container in containers
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            let image = images.get(text(container, "/name")).cloned();
            if let (Some(image), Some(slot)) = (image, container.get_mut("image")) {
                *slot = Value::String(image);
            }
        }
    }
    changed
}

/// The template without what controllers and serialisers add: equal content, equal value.
pub(crate) fn plain(template: &Value) -> Value {
    let mut plain = template.clone();
    if let Some(metadata) = plain.get_mut("metadata").and_then(Value::as_object_mut) {
        if metadata
            .get("creationTimestamp")
            .is_some_and(Value::is_null)
        {
            metadata.remove("creationTimestamp");
        }
        if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
            labels.remove(HASH);
        }
    }
    plain
}

/// The identity of a template: equal for equal content.
pub(crate) fn id(template: &Value) -> String {
    digest(&plain(template))
}

/// Equal for equal content, whatever the order of keys; 20 hexadecimal digits.
pub(crate) fn digest(content: &Value) -> String {
    let mut hasher = Sha256::new();
    feed(&mut hasher, content);
    let hash = hasher.finalize();
    hash.iter()
        .take(10)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn feed(hasher: &mut Sha256, content: &Value) {
    match content {
        Value::Object(map) => {
            let sorted: BTreeMap<_, _> = map.iter().collect();
            hasher.update(b"{");
            for (key, value) in sorted {
                hasher.update(Value::from(key.as_str()).to_string());
                hasher.update(b":");
                feed(hasher, value);
                hasher.update(b",");
            }
            hasher.update(b"}");
        }
        Value::Array(items) => {
            hasher.update(b"[");
            for item in items {
                feed(hasher, item);
                hasher.update(b",");
            }
            hasher.update(b"]");
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            hasher.update(content.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template() -> Value {
        json!({
            "metadata": {"labels": {"app": "api"}},
            "spec": {
                "initContainers": [
                    {"name": "wait", "image": "busybox:1.36"},
                    {"name": "migrate", "image": "registry:5000/shop/api:1", "notYetInvented": [1]},
                ],
                "containers": [
                    {"name": "api", "image": "registry:5000/shop/api:1"},
                    {"name": "proxy", "image": "envoy:9"},
                    {"name": "worker", "image": "registry:5000/shop/api:1"},
                ],
            },
        })
    }

    fn released(follow: Follow) -> BTreeMap<String, String> {
        let images = Images::parse([("api", "registry:5000/shop/api:2")]).unwrap();
        image_texts(&with_images(&template(), &images, follow).unwrap())
    }

    #[test]
    fn containers_of_the_same_repository_follow_by_policy() {
        let changed = |follow| {
            let mut changed: Vec<_> = released(follow).into_iter().collect();
            changed.retain(|(_, image)| image.ends_with("api:2"));
            changed
                .into_iter()
                .map(|(name, _)| name)
                .collect::<Vec<_>>()
        };
        assert_eq!(changed(Follow::Nobody), ["api"]);
        assert_eq!(changed(Follow::InitContainers), ["api", "migrate"]);
        assert_eq!(changed(Follow::AllContainers), ["api", "migrate", "worker"]);
    }

    #[test]
    fn everything_but_the_image_stays() {
        let images = Images::parse([("proxy", "envoy:10")]).unwrap();
        let mut changed = with_images(&template(), &images, Follow::InitContainers).unwrap();
        *changed.pointer_mut("/spec/containers/1/image").unwrap() = json!("envoy:9");
        assert_eq!(changed, template());
    }

    #[test]
    fn a_container_that_is_not_there_is_named() {
        let images = Images::parse([("apy", "shop/api:2")]).unwrap();
        let error = with_images(&template(), &images, Follow::Nobody).unwrap_err();
        assert_eq!(error, "apy");
    }

    #[test]
    fn the_template_of_a_replica_set_is_that_of_its_deployment() {
        let mut other = template();
        other["metadata"]["labels"][HASH] = json!("5d4f");
        other["metadata"]["creationTimestamp"] = Value::Null;
        assert_eq!(id(&other), id(&template()));
        other["spec"]["priority"] = json!(1);
        assert_ne!(id(&other), id(&template()));
    }
}
