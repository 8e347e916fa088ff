//! Objects of a cluster and the binding of a rollout, both as anybody may have written them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{Method, Request, Response};
use kube::Client;
use kube::client::Body;
use serde::Deserialize;
use serde_json::{Value, json};
use strategy_core::Target as _;
use strategy_core::target::{Binding, Claim, TargetError};
use target_k8s::KubernetesTarget;
use target_k8s::config::{Config, ServiceSelectorRouter, Slot};
use tokio::runtime;
use tower::service_fn;

const CLAIM: &str = "rollway.dev/claim";
/// What a claim that is over leaves behind, so that it does not come back.
const LAST_EPOCH: &str = "rollway.dev/last-epoch";
const OURS: [&str; 2] = [CLAIM, "rollway.dev/written"];

#[derive(Deserialize)]
struct Input {
    /// What a journal hands back to the target.
    binding: Value,
    /// By path.
    #[serde(default)]
    objects: BTreeMap<String, Value>,
}

/// A rollout takes the objects that its binding names, and gives them up again, as JSON says both.
///
/// It is refused, or every object that was written is marked as taken; given up, its epoch alone is
/// left of it, and nothing but marks was ever changed.
pub fn claims(bytes: &[u8]) {
    let Ok(input) = serde_json::from_slice::<Input>(bytes) else {
        return;
    };
    if !input.objects.values().all(can_be) {
        return;
    }
    let runtime = runtime::Builder::new_current_thread().enable_time().build();
    runtime.unwrap().block_on(async {
        let binding = Binding::new(&input.binding).unwrap();
        let cluster = Cluster(Arc::new(Mutex::new(input.objects.clone())));
        let router = ServiceSelectorRouter::new("api");
        let config = Config::new("shop", [Slot::new("a"), Slot::new("b")], router);
        let target = KubernetesTarget::new(cluster.client(), config);
        let ours = Claim {
            holder: "fuzz".parse().unwrap(),
            epoch: 1,
        };
        let taken = target.claim(&binding, None, Some(&ours)).await;
        let changed = cluster.changed_since(&input.objects);
        if is_told(taken) {
            for object in changed {
                let claim = object["metadata"]["annotations"][CLAIM].as_str();
                let claim: Claim = serde_json::from_str(claim.unwrap()).unwrap();
                assert_eq!(claim, ours, "{object}");
            }
        } else {
            assert!(
                changed.is_empty(),
                "it was refused and written: {changed:?}"
            );
        }
        if is_told(target.claim(&binding, Some(&ours), None).await) {
            for object in cluster.changed_since(&input.objects) {
                let annotations = &object["metadata"]["annotations"];
                let left = OURS.iter().any(|mark| annotations.get(mark).is_some());
                assert!(!left, "marks are left: {object}");
                let epoch = annotations[LAST_EPOCH].as_str();
                let epoch = epoch.and_then(|epoch| epoch.parse::<u64>().ok());
                assert!(epoch >= Some(ours.epoch), "it may come back: {object}");
            }
        }
    });
}

/// What every API server sees to, whoever writes: metadata, and annotations that are texts.
fn can_be(object: &Value) -> bool {
    let annotations = &object["metadata"]["annotations"];
    let texts = |all: &serde_json::Map<String, Value>| all.values().all(Value::is_string);
    object["metadata"].is_object()
        && (annotations.is_null() || annotations.as_object().is_some_and(texts))
}

/// Whether it was done; if not, what is said about it is not empty.
fn is_told(outcome: Result<(), TargetError>) -> bool {
    outcome
        .inspect_err(|error| assert!(!error.to_string().is_empty()))
        .is_ok()
}

/// An API server that gives what is there, and takes what is put.
#[derive(Clone)]
struct Cluster(Arc<Mutex<BTreeMap<String, Value>>>);

impl Cluster {
    fn objects(&self) -> MutexGuard<'_, BTreeMap<String, Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self) -> Client {
        let cluster = self.clone();
        let answer = move |request: Request<Body>| {
            let cluster = cluster.clone();
            async move {
                let (parts, body) = request.into_parts();
                let path = parts.uri.path().to_owned();
                if parts.method == Method::PUT {
                    let body = body.collect_bytes().await?;
                    let object = serde_json::from_slice(&body).unwrap();
                    cluster.objects().insert(path.clone(), object);
                }
                let object = cluster.objects().get(&path).cloned();
                let status = if object.is_some() { 200 } else { 404 };
                let missing = json!({"kind": "Status", "code": 404, "reason": "NotFound"});
                let answer = object.unwrap_or(missing).to_string();
                let answer = Response::builder()
                    .status(status)
                    .body(Body::from(answer.into_bytes()));
                Ok::<_, kube::Error>(answer.unwrap())
            }
        };
        Client::new(service_fn(answer), "shop")
    }

    /// The objects that are no longer as they were; nothing but our marks may differ.
    fn changed_since(&self, before: &BTreeMap<String, Value>) -> Vec<Value> {
        let mut changed = Vec::new();
        for (path, object) in self.objects().iter() {
            let was = before.get(path).expect("only what is there is written");
            assert_eq!(
                unmarked(object),
                unmarked(was),
                "something else was changed"
            );
            if object != was {
                changed.push(object.clone());
            }
        }
        changed
    }
}

/// Without the marks of any rollout, and without a place for them that is empty.
fn unmarked(object: &Value) -> Value {
    let mut object = object.clone();
    let metadata = object.get_mut("metadata").and_then(Value::as_object_mut);
    if let Some(metadata) = metadata {
        let annotations = metadata
            .get_mut("annotations")
            .and_then(Value::as_object_mut);
        if let Some(annotations) = annotations {
            let marks = OURS.iter().chain([&LAST_EPOCH]);
            marks.for_each(|mark| drop(annotations.remove(*mark)));
            if annotations.is_empty() {
                metadata.remove("annotations");
            }
        }
    }
    object
}
