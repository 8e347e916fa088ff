//! Blue-green by Ingresses that name the Service of the live slot.

use std::time::Duration;

use serde_json::{Value, json};
use strategy_core::Replicas;
use strategy_core::target::{
    Effective, ForeignField, Promotion, Severity, TargetErrorKind, Writer,
};
use strategy_core::{Target, Weight};
use target_k8s::Config;
use target_k8s::config::{Canary, IngressRouter, IstioRouter, RouterConfig};

use crate::admit::{check, findings, plan};
use crate::hand::{Hand, release, weight};
use crate::shop::{Shop, content, pause, service};

async fn objects(shop: &Shop) -> Vec<Value> {
    let mut objects = Vec::new();
    for (kind, name) in [
        ("Deployment", "api-blue"),
        ("Deployment", "api-green"),
        ("Service", "api-blue"),
        ("Service", "api-green"),
        ("Ingress", "api"),
        ("Ingress", "intern"),
    ] {
        objects.push(content(&shop.get(kind, name).await));
    }
    objects
}

/// The Services that an Ingress names, the default backend first.
async fn named(shop: &Shop, name: &str) -> Vec<String> {
    let spec = shop.get("Ingress", name).await["spec"].clone();
    let rules = spec["rules"].as_array().into_iter().flatten();
    let paths = rules.flat_map(|rule| rule["http"]["paths"].as_array().unwrap());
    let backends = paths.map(|path| &path["backend"]);
    let backends = spec.get("defaultBackend").into_iter().chain(backends);
    let name = |backend: &Value| backend["service"]["name"].as_str().unwrap().to_owned();
    backends.map(name).collect()
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_switch_and_the_way_back_leave_everything_else_as_it_was() {
    let shop = Shop::open();
    let target = shop.with_ingresses(2, 0).await;
    assert_eq!(findings(&target, &plan(&[("api", "shop/api:2")])).await, []);
    let before = objects(&shop).await;
    let mut hand = Hand::on(target).await;
    assert_eq!(hand.found.names.stable, "deployment/api-blue");
    assert_eq!(hand.found.names.candidate, "deployment/api-green");
    assert_eq!(hand.found.capabilities.granularity, Weight::FULL);
    assert_eq!(hand.found.capabilities.promotions[0], Promotion::Swap);

    hand.step(|desired| desired.candidate = release("2", 2))
        .await;
    hand.until(|seen| seen.candidate.ready_at(&release("2", 2).revision) == 2)
        .await;
    let switched = hand.step(|desired| desired.traffic = weight(100)).await;
    assert_eq!(switched.traffic.writer, Writer::Us);
    assert_eq!(switched.traffic.effective, Effective::Unverified);
    let of_api = ["api-green", "files", "api-green", "api-green", "api-green"];
    assert_eq!(named(&shop, "api").await, of_api);
    assert_eq!(named(&shop, "intern").await, ["api-green"]);
    let part = hand.try_step(|desired| desired.traffic = weight(50)).await;
    assert_eq!(part.unwrap_err().kind, TargetErrorKind::Unsupported);

    // Another process finds everything in the binding and on the objects.
    let text = serde_json::to_string(hand.binding()).unwrap();
    let other = shop.target(shop.behind_ingresses());
    let seen = other.observe(&serde_json::from_str(&text).unwrap()).await;
    assert_eq!(seen.unwrap().traffic.written, weight(100));

    let start = crate::hand::start(&hand.found);
    hand.step(|desired| desired.traffic = start.traffic.clone())
        .await;
    hand.step(|desired| *desired = start).await;
    hand.give_up().await;
    assert_eq!(objects(&shop).await, before);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn the_next_rollout_finds_the_other_slot_live() {
    let shop = Shop::open();
    let target = shop.with_ingresses(2, 1).await;
    let mut hand = Hand::on(target).await;
    hand.step(|desired| desired.candidate = release("2", 2))
        .await;
    hand.until(|seen| seen.candidate.ready_at(&release("2", 2).revision) == 2)
        .await;
    hand.step(|desired| desired.traffic = weight(100)).await;
    hand.step(|desired| desired.stable.replicas = Replicas::Count(0))
        .await;
    hand.give_up().await;
    let mut config = shop.behind_ingresses();
    // In whatever order the Services are named.
    if let RouterConfig::Ingress(router) = &mut config.router {
        router.services.reverse();
    }
    let found = shop.target(config).discover().await.unwrap();
    assert_eq!(found.names.stable, "deployment/api-green");
    assert_eq!(found.observation.traffic.written, weight(0));
}

/// Its Service selects nothing before the candidate is made; by what it will select it is known.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_candidate_made_from_stable_is_switched_to_and_back() {
    let shop = Shop::open();
    let track = |track: &str| json!({"app": "api", "track": track});
    shop.deploy("api", track("stable"), "shop/api:1", 2).await;
    shop.create(service("api", track("stable"))).await;
    shop.create(service("api-canary", track("canary"))).await;
    shop.create(json!({
        "kind": "Ingress", "metadata": {"name": "api"},
        "spec": {
            "ingressClassName": "nginx",
            "defaultBackend": {"service": {"name": "api", "port": {"name": "http"}}},
        },
    }))
    .await;
    shop.settle(&["api"]).await;
    let router = IngressRouter::new("api", ["api", "api-canary"]);
    let target = shop.target(Config::new(&shop.namespace, Canary::of("api"), router));
    assert_eq!(findings(&target, &plan(&[("api", "shop/api:2")])).await, []);
    let before = content(&shop.get("Ingress", "api").await);
    let mut hand = Hand::on(target).await;
    hand.step(|desired| desired.candidate = release("2", 2))
        .await;
    hand.until(|seen| seen.candidate.ready() == 2).await;
    let seen = hand.step(|desired| desired.traffic = weight(100)).await;
    assert_eq!(seen.traffic.writer, Writer::Us);
    assert_eq!(named(&shop, "api").await, ["api-canary"]);
    let start = crate::hand::start(&hand.found);
    hand.step(|desired| desired.traffic = start.traffic.clone())
        .await;
    hand.step(|desired| *desired = start).await;
    hand.until(|seen| seen.candidate.is_absent()).await;
    hand.give_up().await;
    assert_eq!(content(&shop.get("Ingress", "api").await), before);
}

/// Rules and default backend are written down apart in `managedFields`.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_hand_on_one_backend_is_named() {
    let shop = Shop::open();
    let target = shop.with_ingresses(1, 1).await;
    let mut hand = Hand::on(target).await;
    hand.step(|desired| desired.traffic = weight(100)).await;
    // Who made it holds the port still, and times are in whole seconds.
    pause(Duration::from_millis(1100)).await;
    let patch = json!({"spec": {"defaultBackend": {"service": {"name": "api-blue"}}}});
    shop.patch("person", "Ingress", "api", patch).await;
    let seen = hand.until(|seen| !seen.foreign.is_empty()).await;
    assert_eq!(seen.foreign[0].field, ForeignField::Traffic);
    assert_eq!(seen.foreign[0].by, "person");
    assert!(seen.foreign[0].message.contains("ingress/api"), "{seen:#?}");
    assert_eq!(seen.traffic.effective, Effective::Partial);
    assert_eq!(seen.traffic.written, weight(0), "it is heeded");
    assert!(
        matches!(&seen.traffic.writer, Writer::Other { name, .. } if name == "person"),
        "{:?}",
        seen.traffic.writer
    );
}

/// What we have not come to looks as it did before, and what was taken back with our note as well: one of them is
/// written last.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn half_a_write_is_ours_and_one_ingress_taken_back_with_its_note_is_not() {
    for (name, told) in [("intern", 0), ("api", 1)] {
        let shop = Shop::open();
        let mut hand = Hand::on(shop.with_ingresses(1, 1).await).await;
        let before = shop.get("Ingress", name).await;
        let request = hand.prepare(|desired| desired.traffic = weight(100)).await;
        hand.target.apply(&request).await.unwrap();
        shop.edit("Ingress", name, |now| {
            now["spec"] = before["spec"].clone();
            now["metadata"]["annotations"] = before["metadata"]["annotations"].clone();
        })
        .await;
        let seen = hand
            .until(|seen| seen.traffic.effective == Effective::Partial)
            .await;
        assert_eq!(seen.traffic.written, weight(0));
        assert_eq!(seen.foreign.len(), told, "{:?}", seen.foreign);
        let again = hand.target.apply(&request).await;
        assert_eq!(again.is_err(), told == 1, "{again:?}");
    }
}

/// In an Ingress that the rollout does not even name.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_canary_that_somebody_puts_beside_it_is_told_and_one_that_was_there_is_not() {
    let shop = Shop::open();
    let target = shop.with_ingresses(1, 1).await;
    let mut preview = content(&shop.get("Ingress", "intern").await);
    preview["metadata"] = json!({"name": "preview"});
    preview["spec"]["rules"][0]["host"] = json!("green.intern");
    shop.create(preview).await;
    let mut hand = Hand::on(target).await;
    hand.step(|desired| desired.traffic = weight(100)).await;
    let mut canary = content(&shop.get("Ingress", "api").await);
    canary["metadata"] = json!({"name": "trial", "annotations": {
        "nginx.ingress.kubernetes.io/canary": "true",
        "nginx.ingress.kubernetes.io/canary-weight": "20",
    }});
    shop.create(canary).await;
    let seen = hand.until(|seen| !seen.foreign.is_empty()).await;
    let [change] = seen.foreign.as_slice() else {
        panic!("{:?}", seen.foreign);
    };
    assert_eq!(change.field, ForeignField::Traffic);
    assert_eq!(change.by, "kubectl-create");
    assert!(
        change.message.starts_with("ingress/trial was changed"),
        "{change:?}"
    );
    shop.delete("Ingress", "trial").await;
    hand.until(|seen| seen.foreign.is_empty()).await;
    hand.step(|desired| desired.traffic = weight(0)).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn what_stands_in_the_way_is_found_before_anything_is_written() {
    let shop = Shop::open();
    drop(shop.with_ingresses(1, 0).await);
    let plan = plan(&[("api", "shop/api:2")]);
    let mut canary = content(&shop.get("Ingress", "api").await);
    canary["metadata"] = json!({"name": "trial", "annotations": {
        "nginx.ingress.kubernetes.io/canary": "true",
        "nginx.ingress.kubernetes.io/canary-weight": "20",
    }});
    shop.create(canary).await;
    let class = json!({"spec": {"ingressClassName": "nginx-old"}});
    shop.patch("person", "Ingress", "intern", class).await;
    shop.edit("Service", "api-green", |green| {
        green["spec"]["ports"] = json!([{"name": "web", "port": 80}]);
    })
    .await;
    let before = objects(&shop).await;
    let found = findings(&shop.target(shop.behind_ingresses()), &plan).await;
    let words = ["ingress/trial", "a weight of 20"];
    check(&found, "canary-annotation", &words);
    let words = ["ingress/intern", "ingressclass/nginx-old is not there"];
    check(&found, "ingress-class-not-found", &words);
    let words = ["ingress/api", "\"http\"", "service/api-green"];
    check(&found, "service-port-not-found", &words);
    assert!(
        found
            .iter()
            .all(|finding| finding.severity == Severity::Blocks),
        "{found:#?}"
    );
    assert_eq!(objects(&shop).await, before);

    let patch = json!({"spec": {"defaultBackend": {"service": {"name": "api-green"}}}});
    shop.patch("person", "Ingress", "api", patch).await;
    let error = shop
        .target(shop.behind_ingresses())
        .discover()
        .await
        .unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Ambiguous, "{error}");
    let text = format!("{error:?}");
    assert!(
        text.contains("default backend names service/api-green"),
        "{text}"
    );
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn slots_behind_a_mesh_are_refused_with_what_takes_them() {
    let shop = Shop::open();
    drop(shop.with_ingresses(1, 0).await);
    shop.create(crate::shop::virtual_service()).await;
    shop.create(crate::shop::destination_rule()).await;
    let mut config = shop.behind_ingresses();
    config.router = IstioRouter::new("api", "api").into();
    let error = shop.target(config).discover().await.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::InvalidConfig, "{error}");
    assert!(
        format!("{error:?}").contains("a Service selector or an Ingress"),
        "{error:?}"
    );
}
