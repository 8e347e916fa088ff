//! Pods with a process: their server as the kubelet of a real API server.
#![allow(clippy::panic, clippy::unwrap_used, reason = "test")]

mod support;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use serde_json::json;
use support::{LONGEST, Shop, Story, app, in_words, is_ready, pause};
use test_support::ControlPlane;
use test_support::lab::apply::{ApplyError, apply};
use test_support::lab::load::{Load, Options, Report};
use test_support::lab::pods::{self, PodServer, SERVES, Served};

/// The server of all pods of the shop.
fn serve(shop: &Shop) -> PodServer {
    let plane = ControlPlane::shared().unwrap();
    let mut options = pods::Options::default();
    options.notice = Duration::from_millis(100);
    let config = plane.config("lab-pods").unwrap();
    PodServer::watching(&options, config, Some(&shop.namespace)).unwrap()
}

/// The first changes of a pod, and those of the quiet seconds after them. The first is the stand-in kubelet's.
async fn story(
    server: &PodServer,
    shop: &Shop,
    image: &str,
    (changes, quiet): (usize, u64),
) -> Story {
    let annotations = json!({SERVES: "latency-10ms"});
    let quiet = Duration::from_secs(quiet);
    let story = shop.story(image, annotations, changes, quiet).await;
    server.check().unwrap();
    assert_eq!(story.words()[0], "running 0");
    story
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_served_pod_becomes_ready_whatever_the_words_of_its_tag() {
    let shop = Shop::open();
    let server = serve(&shop);
    let story = story(&server, &shop, "shop/web:v2-bad", (2, 3)).await;
    assert_eq!(story.words(), ["running 0", "Ready 0"]);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn flaps_are_written_with_their_restarts() {
    let shop = Shop::open();
    let server = serve(&shop);
    let before = server.age();
    let story = story(&server, &shop, "shop/web:v2_flap-2s-1s", (5, 0)).await;
    let written = server.written();
    // Nothing is early; how late it is, a busy machine says.
    for (number, (words, after)) in [
        ("Ready 0", 0),
        ("CrashLoopBackOff 0", 2),
        ("Ready 1", 3),
        ("CrashLoopBackOff 1", 5),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(story.words()[number + 1], words, "{story:?}");
        let earliest = before + Duration::from_secs(after);
        assert!(written[number].at >= earliest, "{words}: {written:?}");
    }
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_crash_loop_is_written_and_other_containers_stay_ready() {
    let shop = Shop::open();
    let _server = serve(&shop);
    let annotations = json!({SERVES: ""});
    let image = "shop/web:v2_crash-1s";
    shop.deploy_annotated("web", image, 1, annotations).await;
    let looping =
        |pods: &[Pod]| pods.len() == 1 && in_words(&pods[0]).starts_with("CrashLoopBackOff");
    let (pods, _) = shop.until("web", LONGEST, looping).await;
    let ended = app(&pods[0]).unwrap().last_state.clone().unwrap();
    assert_eq!(ended.terminated.unwrap().exit_code, 1);
    let status = pods[0].status.clone().unwrap();
    let containers = status.container_statuses.unwrap();
    assert!(containers[1].ready && containers[1].restart_count == 0);
    assert!(containers[0].image_id.starts_with("shop/web@sha256:"));
    // The conditions that are not ours are as they were.
    let conditions = status.conditions.unwrap();
    let state = conditions
        .iter()
        .find(|condition| condition.type_ == "rollway.test/state");
    assert_eq!(state.unwrap().reason.as_deref(), Some("Unready"));
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn what_is_not_understood_waits_with_its_reason() {
    let shop = Shop::open();
    let server = serve(&shop);
    let annotations = json!({SERVES: ""});
    shop.deploy_annotated("web", "shop/web:v2_eror-5", 1, annotations)
        .await;
    let waits =
        |pods: &[Pod]| pods.len() == 1 && in_words(&pods[0]) == "CreateContainerConfigError 0";
    let (pods, _) = shop.until("web", LONGEST, waits).await;
    let waiting = app(&pods[0]).unwrap().state.clone().unwrap().waiting;
    assert!(waiting.unwrap().message.unwrap().contains("eror-5"));
    server.check().unwrap_err();
    // It goes when it is deleted, though it has no process that could end.
    let name = pods[0].metadata.name.clone().unwrap();
    let deletion = DeleteParams::default();
    shop.pods_api().delete(&name, &deletion).await.unwrap();
    let replaced =
        |pods: &[Pod]| pods.len() == 1 && pods[0].metadata.name.as_deref() != Some(name.as_str());
    shop.until("web", LONGEST, replaced).await;
}

/// A Ready pod at this address of the loopback interface, which the stand-in kubelet leaves as it is.
async fn pod_at(shop: &Shop, address: IpAddr, tag: &str) {
    let api = shop.pods_api();
    let gate = "rollway.test/address";
    let pod: Pod = serde_json::from_value(json!({
        "metadata": {"name": "web", "labels": {"app": "web"}, "annotations": {SERVES: ""}},
        "spec": {
            "schedulingGates": [{"name": gate}],
            "containers": [{"name": "app", "image": format!("shop/web:{tag}")}],
        },
    }))
    .unwrap();
    api.create(&PostParams::default(), &pod).await.unwrap();
    let text = address.to_string();
    let addressed = json!({"status": {"podIP": text, "podIPs": [{"ip": text}]}});
    let parameters = PatchParams::default();
    api.patch_status("web", &parameters, &Patch::Merge(addressed))
        .await
        .unwrap();
    let open = json!({"spec": {"schedulingGates": null}});
    api.patch("web", &parameters, &Patch::Merge(open))
        .await
        .unwrap();
    let ready = |pods: &[Pod]| pods.len() == 1 && is_ready(&pods[0]);
    shop.until("web", LONGEST, ready).await;
}

/// 100 requests a second to a pod that is deleted, until it is gone and some have failed; and how long it lived
/// on.
async fn deleted(grace: u32) -> (Report, Duration, PodServer) {
    let shop = Shop::open();
    let server = serve(&shop);
    let address = IpAddr::from(Ipv4Addr::new(127, 1, 1, 1));
    pod_at(&shop, address, "v1_latency-20ms").await;
    let mut options = Options::new(SocketAddr::new(address, server.port()), 100.0);
    options.tolerance = LONGEST;
    let load = Load::start(&options).unwrap();
    while load.report().counts().total() < 20 {
        pause(Duration::from_millis(20)).await;
    }
    assert_eq!(load.report().counts().failed(), 0, "{}", load.report());
    let parameters = DeleteParams::default().grace_period(grace);
    let at = load.age();
    shop.pods_api().delete("web", &parameters).await.unwrap();
    shop.until("web", LONGEST, <[Pod]>::is_empty).await;
    while load.report().counts().failed() == 0 {
        assert!(load.age() < 4 * LONGEST, "{}", load.report());
        pause(Duration::from_millis(20)).await;
    }
    let report = load.stop();
    let lived = report.failing().unwrap().start - at;
    server.check().unwrap();
    (report, lived, server)
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn deleting_a_serving_pod_without_grace_fails_requests_at_once() {
    let (report, lived, server) = deleted(0).await;
    // Its grace would be 30 s.
    assert!(lived < Duration::from_secs(30), "{lived:?}");
    assert!(report.counts().failed() > 0, "{report}");
    let tally = server.tally();
    assert!(
        tally.with(Served::Refused) + tally.with(Served::Reset) > 0,
        "{tally}"
    );
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_deleted_pod_answers_until_its_grace_has_passed_and_is_removed_then() {
    let (report, lived, _server) = deleted(2).await;
    assert!(lived >= Duration::from_secs(2), "{lived:?}, {report}");
}

/// The manifest of the guide, with every kind that the lab is for.
const MANIFEST: &str = include_str!("../../../examples/manifests/canary-gateway-prometheus.yaml");

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_manifest_is_applied_and_its_pods_are_waited_for() {
    let shop = Shop::open();
    let server = serve(&shop);
    for image in ["shop/api:v1", "shop/api:v2"] {
        let manifest = MANIFEST.replace("shop/api:v1", image);
        assert!(manifest.contains(image));
        let mut told = Vec::new();
        let tell = |object: &str| told.push(object.to_owned());
        let applied = apply(&shop.client, &shop.namespace, &manifest, tell).await;
        applied.unwrap();
        assert_eq!(
            told,
            [
                "deployment/api",
                "service/api",
                "service/api-canary",
                "httproute/api"
            ]
        );
        let pods = shop.pods("shop").await;
        let of_image = |pod: &&Pod| {
            let containers = &pod.spec.as_ref().unwrap().containers;
            containers[0].image.as_deref() == Some(image) && is_ready(pod)
        };
        assert_eq!(pods.iter().filter(of_image).count(), 4, "{pods:#?}");
    }
    server.check().unwrap();
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_namespace_is_made_and_what_is_refused_is_named() {
    let shop = Shop::open();
    let namespace = format!("{}-new", shop.namespace);
    let manifest =
        "apiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec: {ports: [{port: 0}]}\n";
    let refused = apply(&shop.client, &namespace, manifest, |_| {}).await;
    let refused = refused.unwrap_err();
    assert!(
        matches!(&refused, ApplyError::Refused { object, .. } if object == "service/api"),
        "{refused}"
    );
    let namespaces: Api<Namespace> = Api::all(shop.client.clone());
    namespaces.get(&namespace).await.unwrap();

    let manifest = manifest.replace("Service", "Servise");
    let unknown = apply(&shop.client, &namespace, &manifest, |_| {}).await;
    let unknown = unknown.unwrap_err();
    assert!(unknown.to_string().contains("Servise of v1"), "{unknown}");
}
