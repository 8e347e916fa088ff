//! An API server in memory for tests: whole objects, versions, and refusals on demand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::{Method, Request, Response};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
use tower::service_fn;

/// The namespace of everything.
pub(crate) const NAMESPACE: &str = "shop";

/// Clones are the same server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fake(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// By path.
    objects: BTreeMap<String, Value>,
    version: u64,
    /// Everything but reads: method and name, with the body.
    writes: Vec<(String, Value)>,
    /// Refuses writes after so many.
    refuses_after: Option<usize>,
}

impl Fake {
    /// With these objects, by the plural and the API of their kind.
    pub(crate) fn with(
        objects: impl IntoIterator<Item = (crate::object::ObjectRef, Value)>,
    ) -> Self {
        let fake = Self::default();
        let mut state = fake.0.lock().unwrap();
        for (object, mut content) in objects {
            state.version += 1;
            let version = state.version.to_string();
            content["metadata"]["resourceVersion"] = json!(version);
            let root = if object.api.contains('/') {
                "apis"
            } else {
                "api"
            };
            let path = format!(
                "/{root}/{}/namespaces/{NAMESPACE}/{}/{}",
                object.api, object.plural, object.name
            );
            state.objects.insert(path, content);
        }
        drop(state);
        fake
    }

    /// Lets so many more writes through and refuses those after them.
    pub(crate) fn refuse_after(&self, writes: usize) {
        let mut state = self.0.lock().unwrap();
        state.refuses_after = Some(state.writes.len() + writes);
    }

    /// What was written or tried, such as `PUT api`, with its body.
    pub(crate) fn writes(&self) -> Vec<(String, Value)> {
        self.0.lock().unwrap().writes.clone()
    }

    /// What it answers to a read.
    pub(crate) fn read(&self, path: &str, query: &str) -> (u16, String) {
        self.0.lock().unwrap().read(path, query)
    }

    pub(crate) fn client(&self) -> Client {
        let fake = self.clone();
        let answer = move |request: Request<Body>| {
            let fake = fake.clone();
            async move {
                let (parts, body) = request.into_parts();
                let body = body.collect_bytes().await.unwrap();
                let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
                let query = parts.uri.query().unwrap_or_default();
                let (status, answer) = fake.answer(&parts.method, parts.uri.path(), query, body);
                Response::builder()
                    .status(status)
                    .body(Body::from(answer.into_bytes()))
            }
        };
        Client::new(service_fn(answer), NAMESPACE)
    }

    fn answer(&self, method: &Method, path: &str, query: &str, body: Value) -> (u16, String) {
        let mut state = self.0.lock().unwrap();
        if method == Method::GET {
            return state.read(path, query);
        }
        let name = path.rsplit('/').next().unwrap_or_default();
        state
            .writes
            .push((format!("{method} {name}"), body.clone()));
        let count = state.writes.len();
        if state.refuses_after.is_some_and(|after| count > after) {
            return (403, failure(403, "Forbidden"));
        }
        state.version += 1;
        let version = state.version.to_string();
        let mut stored = body;
        if method == Method::PUT {
            stored["metadata"]["resourceVersion"] = json!(version);
            state.objects.insert(path.to_owned(), stored.clone());
        } else if method == Method::DELETE {
            state.objects.remove(path);
        }
        (200, stored.to_string())
    }
}

impl State {
    fn read(&self, path: &str, query: &str) -> (u16, String) {
        if query.contains("watch=") {
            return (200, String::new());
        }
        if let Some(object) = self.objects.get(path) {
            return (200, object.to_string());
        }
        let is_list = path.matches('/').count()
            == path
                .find("/namespaces/")
                .map_or(0, |at| path[..at].matches('/').count() + 3);
        if !is_list {
            return (404, failure(404, "NotFound"));
        }
        let under = format!("{path}/");
        let items = self.objects.iter().filter(|(of, _)| of.starts_with(&under));
        let items: Vec<_> = items.map(|(_, object)| object.clone()).collect();
        let version = self.version.to_string();
        let list = json!({"metadata": {"resourceVersion": version}, "items": items});
        (200, list.to_string())
    }
}

fn failure(code: u16, reason: &str) -> String {
    json!({
        "kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": reason,
    })
    .to_string()
}
