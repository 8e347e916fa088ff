//! Manifests into the API server of a lab that is up, for a person who has no `kubectl`.

use std::time::Duration;

use kube::api::{DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::discovery::{Scope, pinned_kind};
use kube::{Api, Client};
use serde_json::{Value, json};

use super::GATEWAY_PORT;
use super::pods::VERSION_HEADER;
use crate::control_plane::ControlPlaneError;
use crate::control_plane::wait::{Attempt, poll};

const MANAGER: &str = "rollway-lab";

/// How long the pods of Deployments, and the gateway, are waited for.
const LIMIT: Duration = Duration::from_secs(60);

/// Why objects were not applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// The text is no YAML.
    #[error("the manifest cannot be read: write YAML, with `---` between objects")]
    Unreadable(#[source] Box<serde_saphyr::Error>),
    /// An object that does not say what it is.
    #[error(
        "object {number} of the manifest cannot be read: it needs `apiVersion`, `kind` and `metadata.name`"
    )]
    Incomplete {
        /// Counted from 1.
        number: usize,
    },
    /// The API server knows no such objects, or was not to be asked.
    #[error("cannot look up what {kind} is in the API server")]
    Kind {
        /// `KIND of API-VERSION`.
        kind: String,
        /// Why not.
        #[source]
        source: Box<kube::Error>,
    },
    /// The API server did not take an object.
    #[error("cannot apply {object}")]
    Refused {
        /// `KIND/NAME`.
        object: String,
        /// Why not.
        #[source]
        source: Box<kube::Error>,
    },
    /// A Deployment could not be looked at.
    #[error(transparent)]
    Watch(#[from] ControlPlaneError),
    /// The pods of a Deployment are not there.
    #[error("the pods of {object} were not available within {LIMIT:?}: {last}")]
    TooSlow {
        /// `KIND/NAME`.
        object: String,
        /// What the Deployment said at last.
        last: String,
    },
    /// No client for requests could be made.
    #[error("cannot make a client to ask the gateway with")]
    Client(#[source] Box<reqwest::Error>),
    /// The gateway has no pod answer for a hostname.
    #[error("no pod answered a request to {host} through the gateway within {LIMIT:?}: {last}")]
    NoAnswer {
        /// The hostname of an HTTPRoute.
        host: String,
        /// What the last request got.
        last: String,
    },
}

/// Applies every object of a manifest by server-side apply, then waits until the pods of its Deployments are available.
///
/// The namespace is made where it is not there; an object that names one itself goes there. Fields that somebody else
/// wrote are taken over, so that applying a manifest again puts everything that it says back. `told` gets each object
/// as `KIND/NAME` when it is applied.
///
/// # Errors
/// When the manifest cannot be read, the API server refuses something, or pods are not available within 60 s. What
/// was applied until then stays.
pub async fn apply(
    client: &Client,
    namespace: &str,
    manifest: &str,
    mut told: impl FnMut(&str),
) -> Result<(), ApplyError> {
    // Before anything is written.
    let objects = objects(manifest)?;
    let the_namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
    write(client, namespace, &the_namespace).await?;
    let mut deployments = Vec::new();
    for object in &objects {
        let api = write(client, namespace, object).await?;
        told(&called(object));
        if object["kind"] == "Deployment" {
            deployments.push((api, object));
        }
    }
    for (api, object) in deployments {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let waited = poll(LIMIT, async || available(&api, name).await).await?;
        waited.map_err(|gave_up| ApplyError::TooSlow {
            object: called(object),
            last: gave_up.last,
        })?;
    }
    Ok(())
}

/// Waits until a pod answers, through the gateway of the lab in whose network this process is, for every hostname of
/// the HTTPRoutes of a manifest. A gateway takes what was applied some seconds later. `told` gets each hostname then.
///
/// # Errors
/// When the manifest cannot be read, or no pod answers within 60 s.
pub async fn answered(manifest: &str, mut told: impl FnMut(&str)) -> Result<(), ApplyError> {
    let client = reqwest::Client::builder().no_proxy().timeout(LIMIT / 10);
    let client = client
        .build()
        .map_err(|source| ApplyError::Client(Box::new(source)))?;
    for host in hosts(&objects(manifest)?) {
        let waited = poll(LIMIT, async || Ok(asked(&client, &host).await)).await?;
        waited.map_err(|gave_up| ApplyError::NoAnswer {
            host: host.clone(),
            last: gave_up.last,
        })?;
        told(&host);
    }
    Ok(())
}

/// One request: whether a pod answered, well or badly.
async fn asked(client: &reqwest::Client, host: &str) -> Attempt<()> {
    let request = client.get(format!("http://127.0.0.1:{GATEWAY_PORT}/"));
    match request.header("host", host).send().await {
        Ok(answer) if answer.headers().contains_key(VERSION_HEADER) => Attempt::Done(()),
        Ok(answer) => Attempt::NotYet(format!("the gateway answers {}", answer.status())),
        Err(error) => Attempt::NotYet(error.to_string()),
    }
}

/// The hostnames of HTTPRoutes.
fn hosts(objects: &[Value]) -> Vec<String> {
    let routes = objects
        .iter()
        .filter(|object| object["kind"] == "HTTPRoute");
    let hosts = routes.filter_map(|route| route["spec"]["hostnames"].as_array());
    let hosts = hosts.flatten().filter_map(Value::as_str);
    hosts.map(str::to_owned).collect()
}

fn objects(manifest: &str) -> Result<Vec<Value>, ApplyError> {
    let objects: Vec<Value> = serde_saphyr::from_multiple(manifest)
        .map_err(|source| ApplyError::Unreadable(Box::new(source)))?;
    for (number, object) in (1..).zip(&objects) {
        let says = |value: &Value| value.is_string();
        if !says(&object["apiVersion"])
            || !says(&object["kind"])
            || !says(&object["metadata"]["name"])
        {
            return Err(ApplyError::Incomplete { number });
        }
    }
    Ok(objects)
}

fn called(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_lowercase();
    format!(
        "{}/{}",
        text(&object["kind"]),
        text(&object["metadata"]["name"])
    )
}

async fn write(
    client: &Client,
    namespace: &str,
    object: &Value,
) -> Result<Api<DynamicObject>, ApplyError> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
    let (group, number) = version.split_once('/').unwrap_or(("", &version));
    let found = pinned_kind(client, &GroupVersionKind::gvk(group, number, &kind)).await;
    let (resource, capabilities) = found.map_err(|source| ApplyError::Kind {
        kind: format!("{kind} of {version}"),
        source: Box::new(source),
    })?;
    let api: Api<DynamicObject> = match capabilities.scope {
        Scope::Cluster => Api::all_with(client.clone(), &resource),
        Scope::Namespaced => {
            let its_own = object["metadata"]["namespace"].as_str();
            Api::namespaced_with(client.clone(), its_own.unwrap_or(namespace), &resource)
        }
    };
    let parameters = PatchParams::apply(MANAGER).force();
    let name = text(&object["metadata"]["name"]);
    let applied = api.patch(&name, &parameters, &Patch::Apply(object)).await;
    applied.map_err(|source| ApplyError::Refused {
        object: called(object),
        source: Box::new(source),
    })?;
    Ok(api)
}

async fn available(api: &Api<DynamicObject>, name: &str) -> Result<Attempt<()>, ControlPlaneError> {
    let deployment = api.get(name).await;
    let deployment = deployment.map_err(ControlPlaneError::api("look at a Deployment"))?;
    let (wanted, status) = (
        &deployment.data["spec"]["replicas"],
        &deployment.data["status"],
    );
    let wanted = wanted.as_u64().unwrap_or(1);
    let count = |what: &str| status[what].as_u64().unwrap_or(0);
    let is_seen = status["observedGeneration"].as_i64() == deployment.metadata.generation;
    let all = ["updatedReplicas", "availableReplicas", "replicas"];
    Ok(if is_seen && all.iter().all(|what| count(what) == wanted) {
        Attempt::Done(())
    } else {
        Attempt::NotYet(format!(
            "{} of {wanted} are",
            count("availableReplicas").min(count("updatedReplicas"))
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_read_in_their_order() {
        let manifest = "# A shop.\napiVersion: v1\nkind: Service\nmetadata: {name: api}\n---\n\
                        apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\n";
        let names: Vec<String> = objects(manifest).unwrap().iter().map(called).collect();
        assert_eq!(names, ["service/api", "deployment/api"]);
    }

    #[test]
    fn hostnames_are_those_of_routes() {
        let manifest = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: a}\n\
                        spec: {hostnames: [a.example, b.example]}\n---\n\
                        apiVersion: v1\nkind: Service\nmetadata: {name: api}\n";
        let hosts = hosts(&objects(manifest).unwrap());
        assert_eq!(hosts, ["a.example", "b.example"]);
    }

    #[test]
    fn what_does_not_say_what_it_is_is_named() {
        let whole = "apiVersion: v1\nkind: Service\nmetadata: {name: api}\n";
        for part in [
            "apiVersion: v1\n",
            "kind: Service\n",
            "metadata: {name: api}\n",
        ] {
            let manifest = format!("{whole}---\n{}", whole.replace(part, ""));
            let error = objects(&manifest).unwrap_err();
            assert!(error.to_string().contains("object 2 "), "{error}");
        }
        let error = objects("a: [").unwrap_err();
        assert!(matches!(error, ApplyError::Unreadable(_)), "{error}");
    }
}
