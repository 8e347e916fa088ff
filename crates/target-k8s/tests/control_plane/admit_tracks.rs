//! Starts that could not be gone back to, or would never be effective, are found before anything is
//! written.

use serde_json::{Value, json};

use crate::admit::{check, findings, plan};
use crate::shop::{Shop, service};

const RELEASE: &[(&str, &str)] = &[("api", "shop/api:2")];

/// The route `main` with these weights, and what else is given.
fn main_route(stable: u32, canary: u32, more: &Value) -> Value {
    let mut routes = crate::shop::virtual_service()["spec"]["http"].clone();
    routes[1]["route"][0]["weight"] = json!(stable);
    routes[1]["route"][1]["weight"] = json!(canary);
    for (field, value) in more.as_object().unwrap() {
        routes[1][field] = value.clone();
    }
    json!({"spec": {"http": routes}})
}

fn mirrored() -> Value {
    json!({
        "mirror": {"host": "api", "subset": "canary"},
        "mirrorPercentage": {"value": 50},
    })
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_named_port_that_a_slot_does_not_have() {
    let shop = Shop::open();
    let target = shop.with_slots(2, 0).await;
    let containers = json!([
        {"name": "api", "image": "shop/api:1", "ports": [{"name": "web", "containerPort": 8080}]},
        {"name": "proxy", "image": "shop/proxy:9"},
    ]);
    let other = json!({"spec": {"template": {"spec": {"containers": containers}}}});
    shop.patch("person", "Deployment", "api-green", other).await;
    let found = findings(&target, &plan(RELEASE)).await;
    check(
        &found,
        "port-not-found",
        &["deployment/api-green", "`http`", "service/api"],
    );
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_named_port_that_the_pods_behind_a_mesh_do_not_have() {
    let shop = Shop::open();
    let target = shop.with_mesh(1).await;
    let ports = json!({"spec": {"ports": [{"name": "http", "port": 80, "targetPort": "web"}]}});
    shop.patch("person", "Service", "api", ports).await;
    let found = findings(&target, &plan(RELEASE)).await;
    check(&found, "port-not-found", &["deployment/api:", "`web`"]);
    check(&found, "port-not-found", &["service/api"]);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn recorded_traffic_that_reaches_what_is_not_there() {
    let shop = Shop::open();
    let target = shop.with_mesh(1).await;
    let route = main_route(50, 10, &json!({}));
    shop.patch("person", "VirtualService", "api", route).await;
    let found = findings(&target, &plan(RELEASE)).await;
    check(
        &found,
        "traffic-to-nothing",
        &["deployment/api-canary", "is not there", "16.67%"],
    );
    let labels = json!({"app": "api", "track": "canary"});
    shop.deploy("api-canary", labels, "shop/api:1", 0).await;
    let found = findings(&shop.target(shop.mesh()), &plan(RELEASE)).await;
    check(
        &found,
        "traffic-to-nothing",
        &["deployment/api-canary", "0 replicas"],
    );
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_mirror_that_the_plan_does_not_keep() {
    let shop = Shop::open();
    let target = shop.with_mesh(1).await;
    let route = main_route(100, 0, &mirrored());
    shop.patch("person", "VirtualService", "api", route).await;
    let found = findings(&target, &plan(RELEASE)).await;
    check(&found, "mirror-not-kept", &["virtualservice/api", "50%"]);
    check(&found, "traffic-to-nothing", &["deployment/api-canary"]);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_pod_behind_the_service_that_is_of_neither_slot() {
    for slot in ["blue", "green"] {
        let shop = Shop::open();
        let target = shop.with_slots(1, 0).await;
        shop.create(json!({
            "kind": "Pod",
            "metadata": {"name": "debug", "labels": {"app": "api", "version": slot}},
            "spec": {"containers": [{
                "name": "api", "image": "shop/api:1",
                "ports": [{"name": "http", "containerPort": 8080}],
            }]},
        }))
        .await;
        // A Deployment's own pods are never taken for strangers.
        shop.create(service("other", json!({"app": "api"}))).await;
        shop.until_object("Pod", "debug", |pod| pod["status"]["phase"] == "Running")
            .await;
        let found = findings(&target, &plan(RELEASE)).await;
        check(&found, "endpoint-not-ours", &["pod/debug", "service/api"]);
        assert_eq!(found.len(), 1, "{found:#?}");
    }
}
