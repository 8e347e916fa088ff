//! The Role that is printed suffices, and one verb less is named.

use std::time::Duration;

use serde_json::{Value, json};
use strategy_core::Target;
use strategy_core::target::TargetErrorKind;
use target_k8s::{Config, KubernetesTarget};
use test_support::ControlPlane;

use crate::hand::{Hand, release, start, weight};
use crate::shop::{Shop, pause};

fn role(config: &Config) -> Value {
    serde_json::to_value(KubernetesTarget::permissions(config)).unwrap()
}

fn target(user: &str, config: Config) -> KubernetesTarget {
    let plane = ControlPlane::shared().unwrap();
    KubernetesTarget::new(plane.client_for(user, "least").unwrap(), config)
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_canary_and_its_way_back_need_no_more_than_the_role() {
    let shop = Shop::open();
    drop(shop.with_mesh(2).await);
    let whole = role(&shop.mesh());
    shop.grant("rollway-test-1", whole.clone()).await;
    let mut hand = Hand::on(target("rollway-test-1", shop.mesh())).await;
    hand.step(|desired| desired.candidate = release("2", 1))
        .await;
    hand.until(|seen| seen.candidate.ready() == 1).await;
    hand.step(|desired| desired.traffic = weight(10)).await;
    let recorded = start(&hand.found);
    hand.step(|desired| *desired = recorded).await;
    hand.until(|seen| seen.candidate.is_absent()).await;
    hand.give_up().await;

    let mut less = whole;
    let rules = less["rules"].as_array_mut().unwrap();
    rules.retain(|rule| rule["resources"] != json!(["endpointslices"]));
    less["metadata"]["name"] = json!("less");
    shop.grant("rollway-test-3", less.clone()).await;
    let error = target("rollway-test-3", shop.mesh()).discover().await;
    let error = error.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::PermissionDenied, "{error}");
    assert!(error.to_string().contains("`endpointslices`"), "{error}");
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_canary_by_gateway_api_needs_no_more_and_no_less_than_the_role() {
    let shop = Shop::open();
    drop(shop.with_gateway(2).await);
    let controller =
        test_support::GatewayController::start(shop.client.clone(), &shop.namespace, "v1");
    let whole = role(&shop.routed());
    shop.grant("rollway-test-1", whole.clone()).await;
    let mut hand = Hand::on(target("rollway-test-1", shop.routed())).await;
    let mut traffic = weight(10);
    traffic.routes = vec![strategy_core::Route {
        by: strategy_core::RouteBy::Header,
        name: "x-tester".to_owned(),
        value: "1".to_owned(),
    }];
    hand.until(|seen| seen.traffic.effective == strategy_core::target::Effective::Unverified)
        .await;
    // What the server's definitions have is asked too.
    let plan = crate::admit::moving(traffic.clone());
    let part = strategy_core::Part::main();
    let admission = hand.target.admit(&part, &hand.found, &plan).await.unwrap();
    assert_eq!(admission.findings, []);
    hand.step(|desired| desired.candidate = release("2", 1))
        .await;
    hand.until(|seen| seen.candidate.ready() == 1).await;
    hand.step(|desired| desired.traffic = traffic).await;
    let recorded = start(&hand.found);
    hand.step(|desired| *desired = recorded).await;
    hand.until(|seen| seen.candidate.is_absent()).await;
    hand.give_up().await;
    drop(controller);

    let mut less = whole;
    let rules = less["rules"].as_array_mut().unwrap();
    rules.retain(|rule| rule["resources"] != json!(["gateways"]));
    less["metadata"]["name"] = json!("less");
    shop.grant("rollway-test-3", less.clone()).await;
    let error = target("rollway-test-3", shop.routed()).discover().await;
    let error = error.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::PermissionDenied, "{error}");
    assert!(error.to_string().contains("`gateways`"), "{error}");
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_switch_needs_no_more_than_the_role() {
    let shop = Shop::open();
    drop(shop.with_slots(2, 0).await);
    shop.grant("rollway-test-2", role(&shop.slots())).await;
    let mut hand = Hand::on(target("rollway-test-2", shop.slots())).await;
    hand.step(|desired| desired.candidate = release("2", 2))
        .await;
    hand.until(|seen| seen.candidate.ready() == 2).await;
    hand.step(|desired| desired.traffic = weight(100)).await;
    hand.give_up().await;
}

/// A class is of the whole cluster, so that it is there can only be hoped for.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_switch_by_ingresses_needs_no_more_and_no_less_than_the_role() {
    let shop = Shop::open();
    drop(shop.with_ingresses(1, 0).await);
    let whole = role(&shop.behind_ingresses());
    shop.grant("rollway-test-1", whole.clone()).await;
    let mut hand = Hand::on(target("rollway-test-1", shop.behind_ingresses())).await;
    let plan = crate::admit::plan(&[("api", "shop/api:2")]);
    let part = strategy_core::Part::main();
    let admission = hand.target.admit(&part, &hand.found, &plan).await.unwrap();
    let told: Vec<_> = admission
        .findings
        .iter()
        .map(|finding| (finding.severity, finding.code.as_str()))
        .collect();
    let warns = strategy_core::target::Severity::Warns;
    assert_eq!(told, [(warns, "ingress-class-not-checked")]);
    hand.step(|desired| desired.candidate = release("2", 1))
        .await;
    hand.until(|seen| seen.candidate.ready() == 1).await;
    hand.step(|desired| desired.traffic = weight(100)).await;
    let recorded = start(&hand.found);
    hand.step(|desired| *desired = recorded).await;
    hand.give_up().await;

    for (user, resource) in [
        ("rollway-test-3", "ingresses"),
        ("rollway-test-4", "services"),
        ("rollway-test-5", "endpointslices"),
    ] {
        let mut less = whole.clone();
        let rules = less["rules"].as_array_mut().unwrap();
        rules.retain(|rule| rule["resources"] != json!([resource]));
        less["metadata"]["name"] = json!(format!("without-{resource}"));
        shop.grant(user, less.clone()).await;
        let error = target(user, shop.behind_ingresses()).discover().await;
        let error = error.unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::PermissionDenied, "{error}");
        assert!(
            error.to_string().contains(&format!("`{resource}`")),
            "{error}"
        );
    }
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_verb_that_is_missing_is_named_with_its_resource() {
    let shop = Shop::open();
    drop(shop.with_slots(1, 1).await);
    let mut less = role(&shop.slots());
    let rules = less["rules"].as_array_mut().unwrap();
    let services = rules
        .iter_mut()
        .find(|rule| rule["resources"][0] == "services")
        .unwrap();
    services["verbs"] = json!(["get", "list", "watch"]);
    shop.grant("rollway-test-3", less.clone()).await;
    let unable = target("rollway-test-3", shop.slots());
    let found = unable.discover().await.unwrap();
    let claim = crate::hand::claim("hand", found.last_epoch + 1);
    let error = unable
        .claim(&found.binding, None, Some(&claim))
        .await
        .unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::PermissionDenied);
    assert!(
        error.to_string().starts_with("update service/api"),
        "{error}"
    );

    let mut less = role(&shop.slots());
    let rules = less["rules"].as_array_mut().unwrap();
    rules.retain(|rule| rule["resources"][0] != "pods");
    less["metadata"]["name"] = json!("without-pods");
    shop.grant("rollway-test-4", less.clone()).await;
    let error = target("rollway-test-4", shop.slots())
        .discover()
        .await
        .unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::PermissionDenied);
    assert!(error.to_string().contains("list pods"), "{error}");
}

/// Where pods may be listed and not watched, nothing is known of them: not now and then either.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn without_a_watch_every_look_fails_and_lists_become_rare() {
    const USER: &str = "rollway-test-5";
    let shop = Shop::open();
    drop(shop.with_slots(1, 1).await);
    let mut less = role(&shop.slots());
    let mut rules = less["rules"].as_array_mut().unwrap().iter_mut();
    let pods = rules.find(|rule| rule["resources"][0] == "pods").unwrap();
    pods["verbs"] = json!(["list"]);
    shop.grant(USER, less.clone()).await;
    let unable = target(USER, shop.slots());
    for _ in 0..60 {
        let error = unable.discover().await.unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::PermissionDenied, "{error}");
        assert!(error.to_string().contains("watch pods"), "{error}");
        assert!(
            error.to_string().contains("grant `watch` on `pods`"),
            "{error}"
        );
        pause(Duration::from_millis(200)).await;
    }
    let events = ControlPlane::shared().unwrap().audit_log().unwrap();
    let lists = events.iter().filter(|event| {
        (event.user.as_str(), event.verb.as_str()) == (USER, "list")
            && (event.namespace.as_str(), event.resource.as_str())
                == (shop.namespace.as_str(), "pods")
            && event.stage == "ResponseComplete"
    });
    let lists = lists.count();
    println!("{lists} lists of the pods of two slots in 12 s");
    // Each after 0, 0.2, 0.6, 1.4, 3, 6.2 and 12.6 seconds.
    assert!((10..=14).contains(&lists), "{lists}");
}
