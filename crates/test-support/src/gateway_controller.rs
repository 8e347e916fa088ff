//! A stand-in for a controller of Gateway API: no packet moves, and it says of Gateways and routes what
//! one says that carries them out.

use std::time::Duration;

use kube::Client;
use kube::core::Request;
use kube::core::params::{ListParams, Patch, PatchParams};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// As its statuses are signed.
const CONTROLLER: &str = "example.org/gateway";

const KINDS: [&str; 3] = ["gateways", "httproutes", "grpcroutes"];

/// Says within moments that all Gateways and routes of one namespace are carried out as they are; until
/// it is dropped, after which the last that it said stands.
#[derive(Debug)]
pub struct GatewayController {
    task: JoinHandle<()>,
}

impl Drop for GatewayController {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl GatewayController {
    /// Works in this namespace, with objects of this version of the API (`v1`). Must be called within a
    /// tokio runtime.
    #[must_use]
    pub fn start(client: Client, namespace: &str, version: &str) -> Self {
        let root = format!("/apis/gateway.networking.k8s.io/{version}/namespaces/{namespace}");
        Self {
            task: tokio::spawn(async move {
                loop {
                    for kind in KINDS {
                        look(&client, &format!("{root}/{kind}"), kind).await;
                    }
                    pause(Duration::from_millis(100)).await;
                }
            }),
        }
    }
}

/// Says of everything of one kind what has not been said of it as it is. What cannot be said now is said
/// at the next look.
async fn look(client: &Client, path: &str, kind: &str) {
    let request = Request::new(path);
    let Ok(list) = request.list(&ListParams::default()) else {
        return;
    };
    let Ok(list) = client.request::<Value>(list).await else {
        return;
    };
    for object in list["items"].as_array().into_iter().flatten() {
        let status = status(object, kind);
        if is_said(&object["status"], &status) {
            continue;
        }
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let patch = Patch::Merge(json!({ "status": status }));
        let params = PatchParams {
            field_manager: Some(CONTROLLER.to_owned()),
            ..PatchParams::default()
        };
        if let Ok(patch) = request.patch_subresource("status", name, &params, &patch) {
            let _answer: Result<Value, _> = client.request(patch).await;
        }
    }
}

fn status(object: &Value, kind: &str) -> Value {
    let generation = &object["metadata"]["generation"];
    let condition = |kind: &str| {
        json!({
            "type": kind, "status": "True", "reason": kind, "message": "",
            "observedGeneration": generation, "lastTransitionTime": "2026-01-01T00:00:00Z",
        })
    };
    if kind == "gateways" {
        return json!({"conditions": [condition("Accepted"), condition("Programmed")]});
    }
    let parents = object["spec"]["parentRefs"].as_array();
    let parents: Vec<Value> = parents
        .into_iter()
        .flatten()
        .map(|parent| {
            json!({
                "parentRef": parent,
                "controllerName": CONTROLLER,
                "conditions": [condition("Accepted"), condition("ResolvedRefs")],
            })
        })
        .collect();
    json!({ "parents": parents })
}

/// Whether everything that is to be said stands there; the server may have completed it.
fn is_said(said: &Value, status: &Value) -> bool {
    status
        .as_object()
        .into_iter()
        .flatten()
        .all(|(field, value)| said[field] == *value)
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is waited for is another process"
)]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}
