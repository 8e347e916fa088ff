//! Tags that come to mean another image, as when somebody pushes to a registry.

use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};

use super::wait::{Attempt, blocking, poll};
use super::{ControlPlane, ControlPlaneError};
use crate::kubelet::REPOINTED;

const FIELD_MANAGER: &str = "rollway-test-support";

/// The ConfigMap of a namespace that holds its re-pointed tags, and the name of the policy that
/// copies them onto pods.
const NAME: &str = "rollway-test-tags";

/// How long the API server may take to see a re-pointed tag; it takes some milliseconds.
const LIMIT: Duration = Duration::from_secs(20);

impl ControlPlane {
    /// Makes `image` (given by tag) another image for all pods created in `namespace` from now on:
    /// their `imageID` carries another digest. `content` stands for what is in the new image: the
    /// same text gives the same digest.
    ///
    /// Pods that exist keep what they run. In force when this returns.
    ///
    /// # Errors
    /// When the API server refuses it (it must be of version 1.36 or later) or does not act on it
    /// in time.
    pub fn repoint_tag(
        &self,
        namespace: &str,
        image: &str,
        content: &str,
    ) -> Result<(), ControlPlaneError> {
        let line = format!("{image}={content}");
        blocking(async || {
            let client = self.client(FIELD_MANAGER)?;
            let tags: Api<ConfigMap> = Api::namespaced(client.clone(), namespace);
            let before = tags.get_opt(NAME).await;
            let before = before.map_err(ControlPlaneError::api("read the re-pointed tags"))?;
            let before = before
                .and_then(|map| map.data?.remove("tags"))
                .unwrap_or_default();
            let text = with_line(&before, image, &line);
            let map = json!({
                "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME}, "data": {"tags": text},
            });
            let parameters = PatchParams::apply(FIELD_MANAGER).force();
            let written = tags.patch(NAME, &parameters, &Patch::Apply(&map)).await;
            written.map_err(ControlPlaneError::api("write the re-pointed tags"))?;
            in_force(&Api::namespaced(client, namespace), &text).await
        })
    }
}

/// `before` with the line for `image` replaced or added.
fn with_line(before: &str, image: &str, line: &str) -> String {
    let prefix = format!("{image}=");
    let others = before.lines().filter(|other| !other.starts_with(&prefix));
    others.chain([line]).collect::<Vec<_>>().join("\n")
}

/// Waits until a pod created now would carry `text`.
async fn in_force(pods: &Api<Pod>, text: &str) -> Result<(), ControlPlaneError> {
    let trial: Pod = parse(json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "rollway-test-trial"},
        "spec": {"containers": [{"name": "trial", "image": "trial"}]},
    }))?;
    let waited = poll(LIMIT, async || {
        let dry_run = PostParams {
            dry_run: true,
            field_manager: None,
        };
        let pod = pods.create(&dry_run, &trial).await;
        let pod = pod.map_err(ControlPlaneError::api("try out a re-pointed tag"))?;
        let seen = pod.annotations().get(REPOINTED).map(String::as_str);
        Ok(if seen == Some(text) {
            Attempt::Done(())
        } else {
            Attempt::NotYet(format!("{seen:?}"))
        })
    });
    waited.await?.map_err(|gave_up| ControlPlaneError::TooSlow {
        what: "a re-pointed tag was not in force",
        limit: LIMIT,
        last: gave_up.last,
        program: "kube-apiserver",
        log: String::new(),
    })
}

/// Installs the policy that copies a namespace's re-pointed tags onto each pod created there.
///
/// A server that has no such policies is left as it is: only [`ControlPlane::repoint_tag`] needs
/// them.
pub(crate) async fn install(client: &Client) -> Result<(), ControlPlaneError> {
    for (kind, spec) in [
        ("MutatingAdmissionPolicy", policy()),
        ("MutatingAdmissionPolicyBinding", binding()),
    ] {
        let gvk = GroupVersionKind::gvk("admissionregistration.k8s.io", "v1", kind);
        let api: Api<DynamicObject> = Api::all_with(client.clone(), &ApiResource::from_gvk(&gvk));
        let object: DynamicObject = parse(json!({
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": {"name": NAME},
            "spec": spec,
        }))?;
        match api.create(&PostParams::default(), &object).await {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.code == 404 => return Ok(()),
            Err(error) => return Err(ControlPlaneError::api("install the policy for tags")(error)),
        }
    }
    Ok(())
}

fn policy() -> Value {
    let annotation = format!(
        "Object{{metadata: Object.metadata{{annotations: {{'{REPOINTED}': params.data['tags']}}}}}}"
    );
    json!({
        "failurePolicy": "Fail",
        "reinvocationPolicy": "Never",
        "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
        "matchConstraints": {"resourceRules": [{
            "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"],
        }]},
        "mutations": [{
            "patchType": "ApplyConfiguration",
            "applyConfiguration": {"expression": annotation},
        }],
    })
}

fn binding() -> Value {
    // Without a namespace in `paramRef`, the ConfigMap of the pod's own namespace is meant.
    json!({"policyName": NAME, "paramRef": {"name": NAME, "parameterNotFoundAction": "Allow"}})
}

fn parse<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, ControlPlaneError> {
    serde_json::from_value(value).map_err(|error| ControlPlaneError::Syntax {
        what: "an object of our own",
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::with_line;

    #[test]
    fn the_latest_content_of_an_image_replaces_the_one_before() {
        let text = with_line("", "shop/web:v1", "shop/web:v1=a");
        let text = with_line(&text, "shop/api:v1", "shop/api:v1=a");
        let text = with_line(&text, "shop/web:v1", "shop/web:v1=b");
        assert_eq!(text, "shop/api:v1=a\nshop/web:v1=b");
    }
}
