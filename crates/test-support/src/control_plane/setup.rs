//! What a fresh API server is given before the first test sees it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::api::networking::v1::{IngressClass, IngressClassSpec};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt};
use serde_json::json;

use super::wait::{Attempt, poll};
use super::{ControlPlane, ControlPlaneError, GatewayApi, Options, tags};
use crate::kubelet::NODES;
use crate::programs::Programs;

const USER_AGENT: &str = "rollway-test-support";

const INGRESS_CLASS: &str = "nginx";

/// Waits until the API server says that it is ready.
pub(crate) async fn answering(
    plane: &ControlPlane,
    limit: Duration,
) -> Result<(), ControlPlaneError> {
    let waited = poll(limit, async || {
        plane.launched().check_alive()?;
        // The certificate is among the first things that it writes.
        let Ok(client) = plane.client(USER_AGENT) else {
            return Ok(Attempt::NotYet("no certificate yet".to_owned()));
        };
        Ok(match readiness(&client).await {
            Ok(()) => Attempt::Done(()),
            Err(error) => Attempt::NotYet(error.to_string()),
        })
    });
    done(
        plane,
        waited.await?,
        "the API server did not answer",
        "kube-apiserver",
        limit,
    )
}

async fn readiness(client: &Client) -> Result<(), kube::Error> {
    let request = http::Request::get("/readyz").body(Vec::new());
    client
        .request_text(request.map_err(kube::Error::HttpError)?)
        .await
        .map(drop)
}

/// Creates the nodes, the Ingress class and the definitions, and waits until they are in force.
pub(crate) async fn populate(
    plane: &ControlPlane,
    options: &Options,
    programs: &Programs,
) -> Result<(), ControlPlaneError> {
    let client = plane.client(USER_AGENT)?;
    create_nodes(&client).await?;
    create_ingress_class(&client).await?;
    tags::install(&client).await?;
    let gateway = match options.gateway {
        GatewayApi::Absent => None,
        GatewayApi::Oldest => Some(&programs.oldest_gateway_crds),
        GatewayApi::Newest => Some(&programs.gateway_crds),
    };
    let istio = options.istio.then_some(&programs.istio_crds);
    let mut names = Vec::new();
    for definitions in istio.into_iter().chain(gateway) {
        names.extend(apply_definitions(&client, definitions).await?);
    }
    established(plane, &client, &names, options.start_limit).await?;
    nodes_ready(plane, &client, options.start_limit).await?;
    first_address(plane, &client, options.start_limit).await
}

/// Has a pod be given an address, and removes it.
///
/// kwok makes its list of addresses when it needs the first one. It makes it twice when two pods need it at once, and
/// then gives both the same.
async fn first_address(
    plane: &ControlPlane,
    client: &Client,
    limit: Duration,
) -> Result<(), ControlPlaneError> {
    let api: Api<Pod> = Api::namespaced(client.clone(), "default");
    let pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "first-address"},
        "spec": {"nodeName": NODES[0], "containers": [{"name": "none", "image": "none"}]},
    });
    let pod: Pod = serde_json::from_value(pod).map_err(|error| ControlPlaneError::Syntax {
        what: "our own pod",
        reason: error.to_string(),
    })?;
    let waited = poll(limit, async || {
        plane.launched().check_alive()?;
        let created = match api.get_opt(&pod.name_any()).await {
            Ok(Some(pod)) => Ok(pod),
            // Refused as long as the server has not made its first namespaces.
            Ok(None) => api.create(&PostParams::default(), &pod).await,
            Err(error) => Err(error),
        };
        Ok(match created {
            Ok(pod) if address(&pod).is_some() => Attempt::Done(()),
            Ok(_) => Attempt::NotYet("it has none".to_owned()),
            Err(error) => Attempt::NotYet(error.to_string()),
        })
    });
    let waited = waited.await?;
    done(plane, waited, "no pod was given an address", "kwok", limit)?;
    let deleted = api.delete(&pod.name_any(), &DeleteParams::default()).await;
    deleted.map_err(ControlPlaneError::api("delete a pod"))?;
    Ok(())
}

async fn create_nodes(client: &Client) -> Result<(), ControlPlaneError> {
    let api: Api<Node> = Api::all(client.clone());
    for name in NODES {
        // Room for any test, so that free room never decides which node a pod gets.
        let room = json!({"cpu": "10k", "memory": "100Ti", "pods": "10k"});
        let node = json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
            "status": {"allocatable": room, "capacity": room},
        });
        let node = serde_json::from_value(node).map_err(|error| ControlPlaneError::Syntax {
            what: "our own node",
            reason: error.to_string(),
        })?;
        let created = api.create(&PostParams::default(), &node).await;
        created.map_err(ControlPlaneError::api("create a node"))?;
    }
    Ok(())
}

/// The class that the Ingresses of tests and examples name. No controller of it runs.
async fn create_ingress_class(client: &Client) -> Result<(), ControlPlaneError> {
    let api: Api<IngressClass> = Api::all(client.clone());
    let mut class = IngressClass {
        spec: Some(IngressClassSpec {
            controller: Some("example.org/ingress".to_owned()),
            ..IngressClassSpec::default()
        }),
        ..IngressClass::default()
    };
    class.metadata.name = Some(INGRESS_CLASS.to_owned());
    let created = api.create(&PostParams::default(), &class).await;
    created.map_err(ControlPlaneError::api("create an Ingress class"))?;
    Ok(())
}

/// Applies every definition in the YAML stream `path`; returns their names.
async fn apply_definitions(client: &Client, path: &Path) -> Result<Vec<String>, ControlPlaneError> {
    let text =
        fs::read_to_string(path).map_err(ControlPlaneError::file("read the definitions", path))?;
    let definitions: Vec<CustomResourceDefinition> =
        serde_saphyr::from_multiple(&text).map_err(|error| ControlPlaneError::Syntax {
            what: "the definitions",
            reason: error.to_string(),
        })?;
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let parameters = PatchParams::apply(USER_AGENT).force();
    let mut names = Vec::new();
    for definition in definitions {
        let name = definition.name_any();
        let applied = api
            .patch(&name, &parameters, &Patch::Apply(&definition))
            .await;
        applied.map_err(ControlPlaneError::api("apply a definition"))?;
        names.push(name);
    }
    Ok(names)
}

async fn established(
    plane: &ControlPlane,
    client: &Client,
    names: &[String],
    limit: Duration,
) -> Result<(), ControlPlaneError> {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let waited = poll(limit, async || {
        let list = api.list(&ListParams::default()).await;
        let list = list.map_err(ControlPlaneError::api("list the definitions"))?;
        let waiting = list
            .items
            .iter()
            .find(|item| names.contains(&item.name_any()) && !is_established(item));
        Ok(waiting.map_or(Attempt::Done(()), |item| Attempt::NotYet(item.name_any())))
    });
    done(
        plane,
        waited.await?,
        "a definition was not established",
        "kube-apiserver",
        limit,
    )
}

fn is_established(definition: &CustomResourceDefinition) -> bool {
    let conditions = definition
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    conditions
        .into_iter()
        .any(|condition| condition.type_ == "Established" && condition.status == "True")
}

async fn nodes_ready(
    plane: &ControlPlane,
    client: &Client,
    limit: Duration,
) -> Result<(), ControlPlaneError> {
    let api: Api<Node> = Api::all(client.clone());
    let waited = poll(limit, async || {
        plane.launched().check_alive()?;
        let list = api.list(&ListParams::default()).await;
        let list = list.map_err(ControlPlaneError::api("list the nodes"))?;
        let waiting = list.items.iter().find(|node| !is_ready(node));
        Ok(waiting.map_or(Attempt::Done(()), |node| Attempt::NotYet(node.name_any())))
    });
    done(
        plane,
        waited.await?,
        "a node did not become Ready",
        "kwok",
        limit,
    )
}

fn address(pod: &Pod) -> Option<&String> {
    pod.status.as_ref()?.pod_ip.as_ref()
}

fn is_ready(node: &Node) -> bool {
    let conditions = node
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten());
    conditions
        .into_iter()
        .any(|condition| condition.type_ == "Ready" && condition.status == "True")
}

/// Turns a wait that gave up into the error that shows the log of the program in charge.
fn done<T>(
    plane: &ControlPlane,
    waited: Result<T, super::wait::GaveUp>,
    what: &'static str,
    program: &'static str,
    limit: Duration,
) -> Result<T, ControlPlaneError> {
    waited.map_err(|gave_up| ControlPlaneError::TooSlow {
        what,
        limit,
        last: gave_up.last,
        program,
        log: plane.launched().log_tail(program),
    })
}
