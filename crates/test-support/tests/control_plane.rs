//! The control plane as a whole: access, audit log, outages, and its end.
#![allow(clippy::unwrap_used, reason = "test")]

mod support;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Node, Pod, Service};
use kube::api::{DeleteParams, DynamicObject, GroupVersionKind, ListParams, PostParams};
use kube::core::ApiResource;
use kube::{Api, Client, ResourceExt};
use serde_json::json;
use support::{LONGEST, Shop, is_ready, now, pause};
use test_support::control_plane::TEST_USERS;
use test_support::{ControlPlane, GatewayApi, Options};

/// Five programs and the watchdog over them.
const PROCESSES: usize = 6;

async fn node_names(client: &Client) -> Result<Vec<String>, kube::Error> {
    let nodes: Api<Node> = Api::all(client.clone());
    let list = nodes.list(&ListParams::default()).await?;
    Ok(list.items.iter().map(ResourceExt::name_any).collect())
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn it_has_the_nodes_and_a_kubeconfig_that_reaches_them() {
    let plane = ControlPlane::shared().unwrap();
    let kubeconfig = kube::config::Kubeconfig::read_from(plane.kubeconfig()).unwrap();
    let config = kube::Config::from_custom_kubeconfig(kubeconfig, &Default::default())
        .await
        .unwrap();
    let client = Client::try_from(config).unwrap();
    assert_eq!(
        node_names(&client).await.unwrap(),
        test_support::kubelet::NODES
    );
    assert!(plane.url().starts_with("https://127.0.0.1:"));
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn no_two_pods_have_the_same_address_not_even_one_after_the_other() {
    // One of its own, so that these are the first pods that it has.
    let plane = tokio::task::spawn_blocking(|| ControlPlane::start(Options::default()));
    let plane = plane.await.unwrap().unwrap();
    let shop = Shop {
        namespace: plane.namespace().unwrap(),
        client: plane.client("shop-test").unwrap(),
    };
    let mut seen = BTreeSet::new();
    for round in 0..3 {
        shop.deploy(&format!("shop-{round}"), "shop/app:1", 40)
            .await;
        let app = format!("shop-{round}");
        let all_ready = |pods: &[Pod]| pods.len() == 40 && pods.iter().all(is_ready);
        let (pods, _) = shop.until(&app, LONGEST, all_ready).await;
        for pod in pods {
            let address = pod.status.unwrap().pod_ip.unwrap();
            assert!(address.starts_with("10.244."), "{address}");
            assert!(seen.insert(address.clone()), "{address} twice");
        }
        let all = ListParams::default();
        let now = DeleteParams::default();
        let deployments: Api<Deployment> = Api::namespaced(shop.client.clone(), &shop.namespace);
        deployments.delete_collection(&now, &all).await.unwrap();
        shop.until(&app, LONGEST, <[Pod]>::is_empty).await;
    }
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn it_checks_objects_of_istio() {
    let shop = Shop::open();
    let gvk = GroupVersionKind::gvk("networking.istio.io", "v1", "VirtualService");
    let api: Api<DynamicObject> = Api::namespaced_with(
        shop.client.clone(),
        &shop.namespace,
        &ApiResource::from_gvk(&gvk),
    );
    let route = |weight: serde_json::Value| -> DynamicObject {
        serde_json::from_value(json!({
            "apiVersion": "networking.istio.io/v1",
            "kind": "VirtualService",
            "metadata": {"name": "web"},
            "spec": {"hosts": ["web"], "http": [{"route": [
                {"destination": {"host": "web"}, "weight": weight},
            ]}]},
        }))
        .unwrap()
    };
    let refused = api
        .create(&PostParams::default(), &route(json!("much")))
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("weight"), "{refused}");
    api.create(&PostParams::default(), &route(json!(100)))
        .await
        .unwrap();
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn it_checks_objects_of_gateway_api_in_its_newest_and_its_oldest_form() {
    let oldest = Options {
        istio: false,
        gateway: GatewayApi::Oldest,
        ..Options::default()
    };
    let oldest = tokio::task::spawn_blocking(|| ControlPlane::start(oldest).unwrap());
    let oldest = oldest.await.unwrap();
    for (plane, version) in [
        (ControlPlane::shared().unwrap(), "v1"),
        (&oldest, "v1beta1"),
    ] {
        let gvk = GroupVersionKind::gvk("gateway.networking.k8s.io", version, "HTTPRoute");
        let api: Api<DynamicObject> = Api::namespaced_with(
            plane.client("gateway-test").unwrap(),
            &plane.namespace().unwrap(),
            &ApiResource::from_gvk(&gvk),
        );
        let route = |weight: serde_json::Value| -> DynamicObject {
            serde_json::from_value(json!({
                "apiVersion": gvk.api_version(),
                "kind": "HTTPRoute",
                "metadata": {"name": "web"},
                "spec": {"rules": [{"backendRefs": [
                    {"name": "web", "port": 80, "weight": weight},
                ]}]},
            }))
            .unwrap()
        };
        let wrong = route(json!(1_000_001));
        let refused = api.create(&PostParams::default(), &wrong).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("weight"), "{refused}");
        let right = route(json!(1_000_000));
        api.create(&PostParams::default(), &right).await.unwrap();
    }
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn test_users_have_no_rights_of_their_own() {
    let shop = Shop::open();
    let plane = ControlPlane::shared().unwrap();
    let client = plane.client_for(TEST_USERS[0], "shop-test").unwrap();
    let maps: Api<ConfigMap> = Api::namespaced(client, &shop.namespace);
    let refused = maps
        .list(&ListParams::default())
        .await
        .unwrap_err()
        .to_string();
    assert!(refused.contains("rollway-test-1"), "{refused}");
    let unknown = plane.kubeconfig_for("somebody").unwrap_err().to_string();
    assert!(unknown.contains("somebody"), "{unknown}");
}

/// A test asks for it while a program of another reads it.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_kubeconfig_is_written_once_for_all() {
    let plane = ControlPlane::shared().unwrap();
    let written = || {
        let path = plane.kubeconfig_for(TEST_USERS[0]).unwrap();
        std::fs::metadata(path).unwrap().modified().unwrap()
    };
    assert_eq!(written(), written());
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn it_has_room_for_thousands_of_services() {
    let shop = Shop::open();
    let client = ControlPlane::shared().unwrap().client("shop-test").unwrap();
    let services: Api<Service> = Api::namespaced(client, &shop.namespace);
    let service = json!({
        "metadata": {"name": "last"},
        "spec": {"clusterIP": "10.0.40.1", "ports": [{"port": 80}]},
    });
    let service = serde_json::from_value(service).unwrap();
    services
        .create(&PostParams::default(), &service)
        .await
        .unwrap();
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn the_audit_log_has_a_call_as_soon_as_it_is_answered() {
    let shop = Shop::open();
    let plane = ControlPlane::shared().unwrap();
    let client = plane.client("an-agent-of-its-own/1").unwrap();
    let maps: Api<ConfigMap> = Api::namespaced(client, &shop.namespace);
    maps.get_opt("absent").await.unwrap();
    let log = plane.audit_log().unwrap();
    let calls: Vec<_> = log
        .iter()
        .filter(|event| event.user_agent == "an-agent-of-its-own/1")
        .collect();
    let [call] = calls.as_slice() else {
        panic!("{calls:#?}")
    };
    assert_eq!((call.verb.as_str(), call.code), ("get", 404));
    assert_eq!(
        (call.resource.as_str(), call.name.as_str()),
        ("configmaps", "absent")
    );
    assert_eq!(call.namespace, shop.namespace);
    assert_eq!(call.user, "admin");
    assert!(call.at.0 >= call.received.0);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn namespaces_are_fresh() {
    let plane = ControlPlane::shared().unwrap();
    assert_ne!(plane.namespace().unwrap(), plane.namespace().unwrap());
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_stopped_api_server_refuses_and_comes_back_with_its_data() {
    let plane = ControlPlane::start(Options::default()).unwrap();
    let client = plane.client("outage").unwrap();
    let (namespace, url) = (plane.namespace().unwrap(), plane.url());
    plane.stop_api_server().unwrap();
    node_names(&client).await.unwrap_err();
    pause(Duration::from_secs(3)).await;

    plane.start_api_server().unwrap();
    assert_eq!(plane.url(), url);
    assert_eq!(node_names(&client).await.unwrap().len(), 2);

    // The controllers have found it again too.
    let shop = Shop { namespace, client };
    shop.deploy("web", "shop/web:1", 2).await;
    let all_ready = |pods: &[_]| pods.len() == 2 && pods.iter().all(is_ready);
    shop.until("web", LONGEST, all_ready).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_paused_api_server_keeps_its_callers_waiting() {
    let plane = ControlPlane::start(Options::default()).unwrap();
    let client = plane.client("pause").unwrap();
    node_names(&client).await.unwrap();
    plane.pause_api_server().unwrap();
    let waiting = tokio::time::timeout(Duration::from_secs(1), node_names(&client)).await;
    assert!(waiting.is_err(), "{waiting:?}");
    plane.resume_api_server().unwrap();
    assert_eq!(node_names(&client).await.unwrap().len(), 2);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn dropping_ends_its_processes_and_removes_its_folder() {
    let plane = ControlPlane::start(Options::default()).unwrap();
    let folder = plane.folder();
    assert_eq!(processes_with(&folder.display().to_string()), PROCESSES);
    drop(plane);
    assert_eq!(processes_with(&folder.display().to_string()), 0);
    assert!(!folder.exists());
}

#[test]
#[ignore = "needs a control plane: cargo xtask test"]
fn one_that_does_not_answer_in_time_is_given_up_with_its_log() {
    let hurry = Options {
        start_limit: Duration::from_millis(1),
        ..Options::default()
    };
    let error = ControlPlane::start(hurry).unwrap_err().to_string();
    assert!(
        error.contains("the API server did not answer within 1ms"),
        "{error}"
    );
    assert!(error.contains("kube-apiserver"), "{error}");
}

#[test]
#[ignore = "needs a control plane: cargo xtask test"]
fn its_processes_end_with_a_test_that_is_killed() {
    let mut test = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "run_until_killed", "--nocapture"])
        .env("ROLLWAY_RUN_UNTIL_KILLED", "1")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mark = format!("testbed/run/{}-", test.id());
    wait_for("the control plane of another process", || {
        processes_with(&mark) == PROCESSES
    });
    test.kill().unwrap();
    test.wait().unwrap();
    wait_for("the end of its processes", || processes_with(&mark) == 0);
}

/// Not a test of its own: the process that [`its_processes_end_with_a_test_that_is_killed`] kills.
#[test]
#[ignore = "needs a control plane: cargo xtask test"]
fn run_until_killed() {
    let plane = ControlPlane::start(Options::default()).unwrap();
    assert_eq!(
        processes_with(&plane.folder().display().to_string()),
        PROCESSES
    );
    if std::env::var_os("ROLLWAY_RUN_UNTIL_KILLED").is_some() {
        loop {
            std::thread::park();
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is waited for is another process"
)]
fn wait_for(what: &str, reached: impl Fn() -> bool) {
    let began = now();
    while !reached() {
        assert!(began.elapsed() < 2 * LONGEST, "{what} did not come");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// How many processes have `mark` in their arguments.
fn processes_with(mark: &str) -> usize {
    let listing = Command::new("ps")
        .args(["-ww", "-eo", "stat=,args="])
        .output()
        .unwrap();
    let text = String::from_utf8(listing.stdout).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('Z') && line.contains(mark))
        .count()
}
