//! What a person who installs a gateway writes: its classes, and one Gateway.

use std::time::Duration;

use kube::api::{DynamicObject, GroupVersionKind, Patch, PatchParams};
use kube::core::ApiResource;
use kube::{Api, Client};
use serde_json::{Value, json};

use super::{GATEWAY_PORT, Gateway, LabError};
use crate::control_plane::wait::{Attempt, blocking, poll};
use crate::control_plane::{ControlPlane, ControlPlaneError};

/// The one Gateway of the lab, to whose listener the routes of all namespaces may attach.
pub const GATEWAY_NAME: &str = "gateway";

/// The namespace of [`GATEWAY_NAME`].
pub const GATEWAY_NAMESPACE: &str = "default";

/// The class of the Gateway, and that for Ingresses.
const CLASS: &str = "traefik";

/// As its documentation says.
const CONTROLLER: &str = "traefik.io/gateway-controller";

const USER_AGENT: &str = "rollway-test-support";

const LIMIT: Duration = Duration::from_secs(60);

const GATEWAYS: &str = "gateway.networking.k8s.io/v1";

/// Writes them, and waits until the Gateway is programmed.
pub(super) fn create(plane: &ControlPlane, gateway: &Gateway) -> Result<(), LabError> {
    let waited = blocking(async || {
        let client = plane.client(USER_AGENT)?;
        apply(
            &client,
            "networking.k8s.io/v1",
            "IngressClass",
            &ingress_class(),
        )
        .await?;
        apply(&client, GATEWAYS, "GatewayClass", &gateway_class()).await?;
        apply(&client, GATEWAYS, "Gateway", &the_gateway()).await?;
        poll(LIMIT, async || programmed(&client).await).await
    })?;
    gateway.check_alive()?;
    waited.map_err(|gave_up| LabError::TooSlow {
        what: "the Gateway was not programmed",
        limit: LIMIT,
        last: gave_up.last,
        log: gateway.log_tail(),
    })
}

fn ingress_class() -> Value {
    json!({
        "metadata": {"name": CLASS},
        "spec": {"controller": "traefik.io/ingress-controller"},
    })
}

fn gateway_class() -> Value {
    json!({"metadata": {"name": CLASS}, "spec": {"controllerName": CONTROLLER}})
}

fn the_gateway() -> Value {
    json!({
        "metadata": {"name": GATEWAY_NAME, "namespace": GATEWAY_NAMESPACE},
        "spec": {
            "gatewayClassName": CLASS,
            "listeners": [{
                "name": "web",
                "protocol": "HTTP",
                "port": GATEWAY_PORT,
                "allowedRoutes": {"namespaces": {"from": "All"}},
            }],
        },
    })
}

fn api(client: &Client, version: &str, kind: &str, object: &Value) -> Api<DynamicObject> {
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
    match object["metadata"]["namespace"].as_str() {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    }
}

async fn apply(
    client: &Client,
    version: &str,
    kind: &str,
    object: &Value,
) -> Result<(), ControlPlaneError> {
    let api = api(client, version, kind, object);
    let mut object = object.clone();
    object["apiVersion"] = version.into();
    object["kind"] = kind.into();
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let parameters = PatchParams::apply(USER_AGENT).force();
    let applied = api.patch(name, &parameters, &Patch::Apply(&object)).await;
    applied
        .map(drop)
        .map_err(ControlPlaneError::api("write what the gateway needs"))
}

async fn programmed(client: &Client) -> Result<Attempt<()>, ControlPlaneError> {
    let api = api(client, GATEWAYS, "Gateway", &the_gateway());
    let gateway = api.get(GATEWAY_NAME).await;
    let gateway = gateway.map_err(ControlPlaneError::api("look at the Gateway"))?;
    let conditions = &gateway.data["status"]["conditions"];
    let is_programmed =
        |condition: &Value| condition["type"] == "Programmed" && condition["status"] == "True";
    let conditions_told = conditions.as_array().into_iter().flatten();
    Ok(if conditions_told.into_iter().any(is_programmed) {
        Attempt::Done(())
    } else {
        Attempt::NotYet(conditions.to_string())
    })
}
