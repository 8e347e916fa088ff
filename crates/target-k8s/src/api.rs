//! Calls to the API server: the only file that sends a request.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use futures::Stream;
use kube::Client;
use kube::api::{
    DeleteParams, ListParams, PostParams, Preconditions, PropagationPolicy, WatchEvent, WatchParams,
};
use kube::core::Request;
use kube::core::params::GetParams;
use serde_json::Value;
use strategy_core::target::{TargetError, TargetErrorKind};

use crate::error;
use crate::object::{ObjectRef, WatchKey};

/// The name under which everything is written, as `managedFields` shows it.
pub(crate) const FIELD_MANAGER: &str = "rollway";

/// Typeless calls within one namespace: objects are carried whole, as JSON.
#[derive(Clone)]
pub(crate) struct Api {
    client: Client,
    namespace: String,
    timeout: Duration,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Api({})", self.namespace)
    }
}

impl Api {
    pub(crate) fn new(client: Client, namespace: &str, timeout: Duration) -> Self {
        Self {
            client,
            namespace: namespace.to_owned(),
            timeout,
        }
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The object as it is now; `None` if there is none.
    pub(crate) async fn get(&self, object: &ObjectRef) -> Result<Option<Value>, TargetError> {
        let request = self.url(&object.api, &object.plural);
        let request = request.get(&object.name, &GetParams::default());
        let request = request.map_err(kube::Error::BuildRequest);
        match self.send(request).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error::kind(&error) == TargetErrorKind::NotFound => Ok(None),
            Err(error) => Err(error::read(&error, "get", object)),
        }
    }

    /// Puts the whole object in place of the one with the same resourceVersion.
    pub(crate) async fn replace(
        &self,
        object: &ObjectRef,
        content: &Value,
    ) -> Result<Value, TargetError> {
        let request = self.url(&object.api, &object.plural).replace(
            &object.name,
            &written_by_us(),
            bytes(content, object)?,
        );
        let answer = self.send(request.map_err(kube::Error::BuildRequest)).await;
        answer.map_err(|error| error::write(&error, "update", object))
    }

    pub(crate) async fn create(
        &self,
        object: &ObjectRef,
        content: &Value,
    ) -> Result<Value, TargetError> {
        let request = self
            .url(&object.api, &object.plural)
            .create(&written_by_us(), bytes(content, object)?);
        let answer = self.send(request.map_err(kube::Error::BuildRequest)).await;
        answer.map_err(|error| error::write(&error, "create", object))
    }

    /// Deletes exactly this state of the object; what it owns goes with it. Gone already is success.
    pub(crate) async fn delete(
        &self,
        object: &ObjectRef,
        uid: &str,
        resource_version: &str,
    ) -> Result<(), TargetError> {
        let params = DeleteParams {
            propagation_policy: Some(PropagationPolicy::Background),
            preconditions: Some(Preconditions {
                uid: Some(uid.to_owned()),
                resource_version: Some(resource_version.to_owned()),
            }),
            ..DeleteParams::default()
        };
        let request = self
            .url(&object.api, &object.plural)
            .delete(&object.name, &params);
        let answer: Result<Value, _> = self.send(request.map_err(kube::Error::BuildRequest)).await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) if error::kind(&error) == TargetErrorKind::NotFound => Ok(()),
            Err(error) => Err(error::write(&error, "delete", object)),
        }
    }

    /// What the server says of itself under a path, such as which versions of an API it has; `None`
    /// if it has nothing there.
    pub(crate) async fn document(
        &self,
        path: &str,
        of: &impl ToString,
    ) -> Result<Option<Value>, TargetError> {
        let request = http::Request::get(path).body(Vec::new());
        let request = request.map_err(kube::Error::HttpError);
        match self.send(request).await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error::kind(&error) == TargetErrorKind::NotFound => Ok(None),
            Err(error) => Err(error::read(&error, "find out how the server knows", of)),
        }
    }

    /// Everything a watch looks at, and the version it was read at.
    pub(crate) async fn list(&self, key: &WatchKey) -> Result<(Vec<Value>, String), kube::Error> {
        let mut items = Vec::new();
        let mut params = ListParams::default().limit(500);
        params.label_selector.clone_from(&key.selector);
        loop {
            let request = self.url(&key.api, &key.plural).list(&params);
            let mut page: Value = self
                .send(request.map_err(kube::Error::BuildRequest))
                .await?;
            if let Some(Value::Array(page)) = page.get_mut("items").map(Value::take) {
                items.extend(page);
            }
            match page.pointer("/metadata/continue").and_then(Value::as_str) {
                Some(more) if !more.is_empty() => params.continue_token = Some(more.to_owned()),
                Some(_) | None => {
                    let version = page.pointer("/metadata/resourceVersion");
                    let version = version.and_then(Value::as_str).unwrap_or_default();
                    return Ok((items, version.to_owned()));
                }
            }
        }
    }

    /// What happens after `version`. Bookmarks tell that nothing did.
    pub(crate) async fn watch(
        &self,
        key: &WatchKey,
        version: &str,
    ) -> Result<
        impl Stream<Item = Result<WatchEvent<Value>, kube::Error>> + Send + use<>,
        kube::Error,
    > {
        let mut params = WatchParams::default().timeout(290);
        params.label_selector.clone_from(&key.selector);
        let request = self.url(&key.api, &key.plural).watch(&params, version);
        let request = request.map_err(kube::Error::BuildRequest)?;
        let client = self.client.clone();
        self.in_time(async move { client.request_events(request).await })
            .await
    }

    async fn send(
        &self,
        request: Result<http::Request<Vec<u8>>, kube::Error>,
    ) -> Result<Value, kube::Error> {
        let request = request?;
        self.in_time(self.client.request(request)).await
    }

    async fn in_time<T>(
        &self,
        call: impl Future<Output = Result<T, kube::Error>>,
    ) -> Result<T, kube::Error> {
        match tokio::time::timeout(self.timeout, call).await {
            Ok(answer) => answer,
            Err(_) => Err(kube::Error::Service(
                format!("no answer within {:?}", self.timeout).into(),
            )),
        }
    }

    fn url(&self, api: &str, plural: &str) -> Request {
        let root = if api.contains('/') { "apis" } else { "api" };
        Request::new(format!(
            "/{root}/{api}/namespaces/{}/{plural}",
            self.namespace
        ))
    }
}

fn written_by_us() -> PostParams {
    PostParams {
        dry_run: false,
        field_manager: Some(FIELD_MANAGER.to_owned()),
    }
}

fn bytes(content: &Value, object: &ObjectRef) -> Result<Vec<u8>, TargetError> {
    serde_json::to_vec(content).map_err(|error| {
        TargetError::new(TargetErrorKind::Unexpected, "encode", object.to_string())
            .certainly_not_taken()
            .because(error)
    })
}
