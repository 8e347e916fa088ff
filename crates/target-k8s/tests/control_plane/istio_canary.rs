//! A canary made from stable, and an Istio VirtualService that shares the requests.

use serde_json::{Value, json};
use strategy_core::target::{DesiredTrack, Effective, Effectiveness, Observation};
use strategy_core::{Part, Replicas, Revision, Target};

use crate::admit::{check, plan};
use crate::hand::{Hand, release, start, weight};
use crate::shop::{Shop, content};

async fn objects(shop: &Shop) -> Vec<Value> {
    let mut objects = Vec::new();
    for kind in ["Deployment", "Service", "VirtualService", "DestinationRule"] {
        objects.push(content(&shop.get(kind, "api").await));
    }
    objects
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_canary_is_made_and_removed_again_without_a_trace() {
    let shop = Shop::open();
    let target = shop.with_mesh(3).await;
    let before = objects(&shop).await;
    let mut hand = Hand::on(target).await;
    assert!(hand.found.observation.candidate.is_absent());
    assert!(matches!(
        hand.found.capabilities.effectiveness,
        Effectiveness::Assumed { .. }
    ));

    hand.step(|desired| desired.candidate = release("2", 1))
        .await;
    hand.until(|seen| seen.candidate.ready_at(&release("2", 1).revision) == 1)
        .await;
    let canary = shop.get("Deployment", "api-canary").await;
    assert_eq!(canary["spec"]["selector"]["matchLabels"]["track"], "canary");
    assert_eq!(
        canary["spec"]["template"]["metadata"]["labels"]["track"],
        "canary"
    );
    assert_eq!(canary["spec"]["revisionHistoryLimit"], 7);
    assert_eq!(
        canary["metadata"]["annotations"]["example.org/owner"],
        "shop"
    );

    let seen = hand.step(|desired| desired.traffic = weight(25)).await;
    assert_eq!(seen.traffic.effective, Effective::Unverified);
    let routes = shop.get("VirtualService", "api").await;
    assert_eq!(routes["spec"]["http"][1]["route"][0]["weight"], 75);
    assert_eq!(routes["spec"]["http"][1]["route"][1]["weight"], 25);
    assert_eq!(seen.candidate.labels["track"], "canary");
    assert_eq!(seen.stable.labels["track"], "stable");

    let recorded = start(&hand.found);
    hand.step(|desired| desired.traffic = recorded.traffic.clone())
        .await;
    hand.step(|desired| *desired = recorded).await;
    hand.until(|seen| seen.candidate.is_absent()).await;
    hand.give_up().await;
    assert_eq!(objects(&shop).await, before);
    assert!(shop.try_get("Deployment", "api-canary").await.is_none());
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn promoted_stable_differs_in_images_only() {
    let shop = Shop::open();
    let target = shop.with_mesh(2).await;
    let before = objects(&shop).await;
    let mut hand = Hand::on(target).await;
    hand.step(|desired| desired.candidate = release("2", 2))
        .await;
    hand.until(|seen| seen.candidate.ready_at(&release("2", 2).revision) == 2)
        .await;
    hand.step(|desired| desired.traffic = weight(100)).await;
    hand.step(|desired| desired.stable.revision = release("2", 2).revision)
        .await;
    hand.until(|seen| {
        let revision = release("2", 2).revision;
        seen.stable.ready_at(&revision) == 2 && seen.stable.is_whole(&revision)
    })
    .await;
    hand.step(|desired| desired.traffic = weight(0)).await;
    hand.step(|desired| desired.candidate = DesiredTrack::absent())
        .await;
    hand.until(|seen| seen.candidate.is_absent()).await;
    hand.give_up().await;
    let mut after = objects(&shop).await;
    for container in ["containers", "initContainers"] {
        let image = &mut after[0]["spec"]["template"]["spec"][container][0]["image"];
        assert_eq!(*image, "shop/api:2");
        *image = "shop/api:1".into();
    }
    assert_eq!(after, before);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_canary_that_was_found_is_kept_and_put_back() {
    let shop = Shop::open();
    let labels = serde_json::json!({"app": "api", "track": "canary"});
    shop.deploy("api-canary", labels, "shop/api:0", 1).await;
    let target = shop.with_mesh(2).await;
    shop.settle(&["api-canary"]).await;
    let before = content(&shop.get("Deployment", "api-canary").await);
    let mut hand = Hand::on(target).await;
    let error = hand
        .try_step(|desired| desired.candidate = DesiredTrack::absent())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("never removed"), "{error}");
    hand.step(|desired| desired.candidate = release("2", 2))
        .await;
    hand.until(|seen| seen.candidate.ready_at(&release("2", 2).revision) == 2)
        .await;
    hand.step(|desired| {
        desired.candidate = DesiredTrack {
            revision: Revision::Recorded,
            replicas: Replicas::Count(1),
        };
    })
    .await;
    let back = hand
        .until(|seen| {
            seen.candidate.ready_at(&Revision::Recorded) == 1
                && seen.candidate.is_whole(&Revision::Recorded)
        })
        .await;
    assert!(back.candidate.written.unwrap().revision.recorded);
    hand.give_up().await;
    assert_eq!(content(&shop.get("Deployment", "api-canary").await), before);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn another_process_finds_everything_in_the_binding() {
    let shop = Shop::open();
    let target = shop.with_mesh(2).await;
    let mut hand = Hand::on(target).await;
    hand.step(|desired| desired.candidate = release("2", 1))
        .await;
    hand.step(|desired| desired.traffic = weight(10)).await;
    let text = serde_json::to_string(hand.binding()).unwrap();
    assert!(text.len() < 16 * 1024, "{}", text.len());

    let other = shop.target(shop.mesh());
    let binding = serde_json::from_str(&text).unwrap();
    let seen = other.observe(&binding).await.unwrap();
    assert_eq!(seen.owned, hand.look().await.owned);
    assert_eq!(seen.traffic.written, weight(10));
    assert!(!seen.candidate.is_absent());
}

/// Proxies know pods by the EndpointSlices of the host's Service alone, which both subsets share here.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_pod_that_the_service_of_the_host_does_not_have_is_not_ready() {
    let shop = Shop::open();
    let mut hand = Hand::on(shop.with_mesh(2).await).await;
    hand.step(|desired| desired.candidate = release("2", 1))
        .await;
    let ready = |seen: &Observation| (seen.stable.ready(), seen.candidate.ready());
    hand.until(|seen| ready(seen) == (2, 1)).await;
    let select = async |selector: Value| {
        shop.edit("Service", "api", |service| {
            service["spec"]["selector"] = selector.clone();
        })
        .await;
    };
    select(json!({"app": "api", "track": "stable"})).await;
    hand.until(|seen| ready(seen) == (2, 0)).await;
    let (part, plan) = (Part::main(), plan(&[("api", "shop/api:2")]));
    let admission = hand.target.admit(&part, &hand.found, &plan).await.unwrap();
    let words = ["service/api", "1 pods of deployment/api-canary"];
    check(&admission.findings, "backend-without-pods", &words);
    select(json!({"app": "api"})).await;
    hand.until(|seen| ready(seen) == (2, 1)).await;
}
