//! A canary made from stable, and routes of Gateway API that share the requests.

use serde_json::{Value, json};
use strategy_core::target::{Effective, TargetErrorKind, Writer};
use strategy_core::{Part, Route, RouteBy, Target, Traffic, Weight};
use target_k8s::Config;
use target_k8s::config::{Canary, GatewayRouter};
use test_support::{ControlPlane, GatewayApi, GatewayController, Options};

use crate::admit::{check, findings, moving, plan};
use crate::hand::{Hand, release, start, weight};
use crate::shop::{Shop, content, gateway, http_route, service};

fn controller(shop: &Shop) -> GatewayController {
    GatewayController::start(shop.client.clone(), &shop.namespace, "v1")
}

const ROUTES: [&str; 2] = ["HTTPRoute", "GRPCRoute"];

async fn carried(shop: &Shop) {
    for kind in ROUTES {
        shop.until_object(kind, "api", |route| {
            let said = &route["status"]["parents"][0]["conditions"][0]["observedGeneration"];
            *said == route["metadata"]["generation"]
        })
        .await;
    }
}

async fn objects(shop: &Shop) -> Vec<Value> {
    let mut objects = Vec::new();
    for kind in ["Deployment", "Service", "HTTPRoute", "GRPCRoute"] {
        objects.push(content(&shop.get(kind, "api").await));
    }
    objects.push(content(&shop.get("Gateway", "shop").await));
    objects
}

fn header(name: &str) -> Route {
    Route {
        by: RouteBy::Header,
        name: name.to_owned(),
        value: "yes".to_owned(),
    }
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn weights_previews_and_a_mirror_leave_no_trace() {
    let shop = Shop::open();
    let target = shop.with_gateway(2).await;
    let _controller = controller(&shop);
    carried(&shop).await;
    assert_eq!(findings(&target, &plan(&[("api", "shop/api:2")])).await, []);
    let before = objects(&shop).await;
    let mut hand = Hand::on(target).await;
    hand.step(|desired| desired.candidate = release("2", 1))
        .await;
    hand.until(|seen| seen.candidate.ready() == 1).await;

    let mut traffic = Traffic::weight("2.5%".parse().unwrap());
    traffic.mirror = "12.5%".parse().unwrap();
    traffic.routes = vec![header("X-Preview"), header("x-tester")];
    hand.step(|desired| desired.traffic = traffic.clone()).await;
    let rules = shop.get("HTTPRoute", "api").await["spec"]["rules"].clone();
    assert_eq!(rules[2]["backendRefs"][0]["weight"], 975);
    assert_eq!(rules[2]["backendRefs"][1]["weight"], 25);
    assert_eq!(
        rules[2]["filters"][1]["requestMirror"]["fraction"]["numerator"],
        1250
    );
    assert_eq!(rules[3]["name"], "rollway-1-0-header");
    assert_eq!(rules[6]["matches"][0]["headers"][0]["name"], "x-tester");
    assert_eq!(rules.as_array().unwrap().len(), 7);

    // Another process finds everything in the binding and on the objects.
    let text = serde_json::to_string(hand.binding()).unwrap();
    assert!(text.len() < 16 * 1024, "{}", text.len());
    let other = shop.target(shop.routed());
    let seen = other.observe(&serde_json::from_str(&text).unwrap()).await;
    assert_eq!(seen.unwrap().traffic.written, traffic);

    traffic.routes.remove(0);
    traffic.mirror = "30%".parse().unwrap();
    hand.step(|desired| desired.traffic = traffic).await;
    let recorded = start(&hand.found);
    hand.step(|desired| desired.traffic = recorded.traffic.clone())
        .await;
    hand.step(|desired| *desired = recorded).await;
    hand.until(|seen| seen.candidate.is_absent()).await;
    hand.give_up().await;
    assert_eq!(objects(&shop).await, before);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_write_is_effective_when_the_controllers_have_seen_its_generation() {
    let shop = Shop::open();
    let target = shop.with_gateway(2).await;
    // Nobody carries the routes out.
    let told = findings(&target, &plan(&[("api", "shop/api:2")])).await;
    check(
        &told,
        "route-not-accepted",
        &["grpcroute/api", "no controller has said anything"],
    );
    check(&told, "gateway-not-programmed", &["gateway/shop"]);
    let mut hand = Hand::on(target).await;
    assert_eq!(
        hand.found.observation.traffic.effective,
        Effective::Converging
    );

    let says = controller(&shop);
    hand.until(|seen| seen.traffic.effective == Effective::Unverified)
        .await;
    hand.step(|desired| desired.candidate = release("2", 2))
        .await;
    hand.until(|seen| seen.candidate.ready() == 2).await;
    // It falls silent: what is written next is not effective before it speaks again.
    drop(says);
    crate::shop::pause(std::time::Duration::from_millis(500)).await;
    let seen = hand.step(|desired| desired.traffic = weight(50)).await;
    assert_eq!(seen.traffic.effective, Effective::Converging);
    let says = controller(&shop);
    hand.until(|seen| seen.traffic.effective == Effective::Unverified)
        .await;
    // A listener more: the Gateway is to be programmed anew.
    drop(says);
    crate::shop::pause(std::time::Duration::from_millis(500)).await;
    let listeners = json!([
        {"name": "web", "port": 80, "protocol": "HTTP"},
        {"name": "more", "port": 81, "protocol": "HTTP"},
    ]);
    let patch = json!({"spec": {"listeners": listeners}});
    shop.patch("somebody", "Gateway", "shop", patch).await;
    hand.until(|seen| seen.traffic.effective == Effective::Converging)
        .await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_write_that_ended_between_two_routes_goes_on() {
    let shop = Shop::open();
    let target = shop.with_gateway(2).await;
    let _controller = controller(&shop);
    let mut hand = Hand::on(target).await;
    hand.step(|desired| desired.candidate = release("2", 2))
        .await;
    carried(&shop).await;
    let before = shop.get("HTTPRoute", "api").await;
    let seen = hand.look().await;
    let mut request = hand.prepare(|desired| desired.traffic = weight(50)).await;
    hand.target.apply(&request).await.unwrap();
    // As if the second of the two writes had never arrived.
    shop.edit("HTTPRoute", "api", |now| {
        now["spec"] = before["spec"].clone();
        now["metadata"]["annotations"] = before["metadata"]["annotations"].clone();
    })
    .await;
    let half = hand
        .until(|seen| seen.traffic.effective == Effective::Partial)
        .await;
    assert_eq!(half.traffic.written, seen.traffic.written);
    assert_eq!(half.foreign, [], "nobody else had a hand in it");
    // The same write goes on, be it decided on what was seen before or in the middle.
    hand.target.apply(&request).await.unwrap();
    let whole = hand
        .until(|seen| seen.traffic.effective == Effective::Unverified)
        .await;
    assert_eq!(whole.traffic.written, weight(50));
    request.seen = half.owned;
    hand.target.apply(&request).await.unwrap();
    assert_eq!(hand.look().await.owned, whole.owned);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_hand_on_one_of_two_routes_is_told() {
    let shop = Shop::open();
    let target = shop.with_gateway(2).await;
    let _controller = controller(&shop);
    let mut hand = Hand::on(target).await;
    hand.step(|desired| desired.candidate = release("2", 2))
        .await;
    let before = shop.get("GRPCRoute", "api").await;
    hand.step(|desired| desired.traffic = weight(10)).await;
    let request = hand.prepare(|desired| desired.traffic = weight(50)).await;
    hand.target.apply(&request).await.unwrap();
    let mut rules = shop.get("GRPCRoute", "api").await["spec"]["rules"].clone();
    rules[0]["backendRefs"][1]["weight"] = json!(0);
    let patch = json!({"spec": {"rules": rules}});
    shop.patch("kubectl-edit", "GRPCRoute", "api", patch).await;
    let seen = hand.until(|seen| !seen.foreign.is_empty()).await;
    let told = format!("{:?}", seen.foreign[0]);
    assert!(
        told.contains("kubectl-edit") && told.contains("grpcroute/api"),
        "{told}"
    );
    // It is the one that is written first, and heeded all the same.
    assert_eq!(seen.traffic.written, weight(0));
    assert_eq!(seen.traffic.effective, Effective::Partial);
    let writer = &seen.traffic.writer;
    assert!(
        matches!(writer, Writer::Other { name, .. } if name == "kubectl-edit"),
        "{writer:?}"
    );
    let error = hand.target.apply(&request).await.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
    hand.step(|desired| desired.traffic = weight(50)).await;

    // With the note of our write.
    shop.edit("GRPCRoute", "api", |now| {
        now["spec"] = before["spec"].clone();
        now["metadata"]["annotations"] = before["metadata"]["annotations"].clone();
    })
    .await;
    let seen = hand.until(|seen| !seen.foreign.is_empty()).await;
    assert!(seen.foreign[0].message.contains("grpcroute/api"));
    assert_eq!(seen.traffic.written, weight(0));
    assert_eq!(seen.traffic.effective, Effective::Partial);
}

/// The oldest definitions, on a control plane of their own: no `v1`, no GRPCRoute, no names of rules and
/// no share of a mirror.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn the_oldest_definitions_do_what_they_can() {
    let options = Options {
        istio: false,
        gateway: GatewayApi::Oldest,
        ..Options::default()
    };
    let plane = tokio::task::spawn_blocking(|| ControlPlane::start(options).unwrap());
    let plane = plane.await.unwrap();
    let shop = Shop {
        namespace: plane.namespace().unwrap(),
        client: plane.client("shop-test").unwrap(),
    };
    let labels = |track: &str| json!({"app": "api", "track": track});
    shop.deploy("api", labels("stable"), "shop/api:1", 2).await;
    shop.create(service("api", labels("stable"))).await;
    shop.create(service("api-canary", labels("canary"))).await;
    for object in [gateway(), http_route()] {
        shop.create_at("gateway.networking.k8s.io/v1beta1", object)
            .await;
    }
    shop.settle(&["api"]).await;
    let version = "v1beta1";
    let _controller = GatewayController::start(shop.client.clone(), &shop.namespace, version);
    let target = |router: GatewayRouter| {
        let config = Config::new(&shop.namespace, Canary::of("api"), router);
        target_k8s::KubernetesTarget::new(plane.client("rollway-test").unwrap(), config)
    };
    let router = GatewayRouter::new("api", "api", "api-canary");

    let mut grpc = router.clone();
    grpc.grpc_routes.push("api".to_owned());
    let error = target(grpc).discover().await.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Unsupported, "{error}");
    for word in ["grpcroute/api", "v1beta1", "install definitions that serve"] {
        assert!(error.to_string().contains(word), "{error}");
    }

    let mut traffic = weight(10);
    traffic.routes = vec![header("x-tester")];
    traffic.mirror = Weight::HALF;
    let told = findings(&target(router.clone()), &moving(traffic)).await;
    let lacking = told.iter().filter(|told| told.code == "field-not-known");
    let lacking: String = lacking.map(ToString::to_string).collect();
    for word in [
        "httproute/api",
        "`spec.rules[].name`",
        "v1.4",
        "`spec.rules[].filters[].requestMirror.percent`",
        "v1.3",
    ] {
        assert!(lacking.contains(word), "{word} is not in {told:?}");
    }
    let mut everything = weight(10);
    everything.mirror = Weight::FULL;
    let target = target(router);
    let seen = target.discover().await.unwrap();
    while !target
        .admit(&Part::main(), &seen, &moving(everything.clone()))
        .await
        .unwrap()
        .findings
        .is_empty()
    {
        crate::shop::pause(std::time::Duration::from_millis(50)).await;
    }

    let mut hand = Hand::on(target).await;
    hand.step(|desired| desired.candidate = release("2", 1))
        .await;
    hand.until(|seen| seen.candidate.ready() == 1).await;
    hand.step(|desired| desired.traffic = everything).await;
    hand.until(|seen| seen.traffic.effective == Effective::Unverified)
        .await;
    let recorded = start(&hand.found);
    hand.step(|desired| *desired = recorded).await;
    hand.until(|seen| seen.candidate.is_absent()).await;
    hand.give_up().await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_gateway_that_a_route_comes_to_name_is_read() {
    let shop = Shop::open();
    let target = shop.with_gateway(2).await;
    let _controller = controller(&shop);
    carried(&shop).await;
    let mut hand = Hand::on(target).await;
    hand.step(|desired| desired.candidate = release("2", 2))
        .await;
    hand.until(|seen| seen.candidate.ready() == 2).await;
    let mut second = gateway();
    second["metadata"]["name"] = json!("second");
    shop.create(second).await;
    let mut parents = shop.get("HTTPRoute", "api").await["spec"]["parentRefs"].clone();
    let all = parents.as_array_mut().unwrap();
    all.push(json!({"name": "second"}));
    let patch = json!({"spec": {"parentRefs": parents}});
    shop.patch("somebody", "HTTPRoute", "api", patch).await;
    hand.step(|desired| desired.traffic = weight(50)).await;
    let seen = hand
        .until(|seen| seen.traffic.effective == Effective::Unverified)
        .await;
    assert_eq!(seen.traffic.written, weight(50));
}
