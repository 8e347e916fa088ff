//! Workloads whose count an autoscaler decides.

use serde_json::json;
use strategy_core::Replicas;
use strategy_core::target::TargetErrorKind;

use crate::hand::{Hand, start};
use crate::shop::{Shop, content};

fn autoscaler(deployment: &str) -> serde_json::Value {
    json!({
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": format!("{deployment}-scaler"), "labels": {"team": "shop"}},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment},
            "minReplicas": 2, "maxReplicas": 6,
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": 60}},
            "metrics": [{
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
            }],
        },
    })
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn its_minimum_is_held_and_restored_and_the_count_is_never_written() {
    let shop = Shop::open();
    shop.create(autoscaler("api-blue")).await;
    let target = shop.with_slots(3, 1).await;
    let before = content(&shop.get("HorizontalPodAutoscaler", "api-blue-scaler").await);
    let mut hand = Hand::on(target).await;
    let found = &hand.found.observation.stable;
    let scaler = found.autoscaler.unwrap();
    assert_eq!((scaler.min, scaler.max, scaler.wanted), (2, 6, 3));
    assert_eq!(found.written.as_ref().unwrap().replicas, Replicas::Floor(2));

    let seen = hand
        .step(|desired| desired.stable.replicas = Replicas::Floor(4))
        .await;
    assert_eq!(seen.stable.wanted(), 4);
    let deployment = shop.get("Deployment", "api-blue").await;
    let by_us = deployment["metadata"]["managedFields"]
        .as_array()
        .unwrap()
        .iter();
    for entry in by_us.filter(|entry| entry["manager"] == "rollway") {
        assert!(entry["fieldsV1"]["f:spec"].is_null(), "{entry}");
    }

    // As if we had died here: another process restores from the binding alone.
    let other = shop.target(shop.slots());
    let request = hand
        .prepare(|desired| desired.stable.replicas = Replicas::Floor(2))
        .await;
    strategy_core::Target::apply(&other, &request)
        .await
        .unwrap();
    let restored = hand
        .until(|seen| seen.owned == hand.found.observation.owned)
        .await;
    assert_eq!(
        restored.stable.written.unwrap().replicas,
        Replicas::Floor(2)
    );
    assert_eq!(hand.desired, start(&hand.found));
    hand.give_up().await;
    assert_eq!(
        content(&shop.get("HorizontalPodAutoscaler", "api-blue-scaler").await),
        before
    );
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_floor_above_the_maximum_or_a_count_is_refused() {
    let shop = Shop::open();
    shop.create(autoscaler("api-blue")).await;
    let mut hand = Hand::on(shop.with_slots(3, 1).await).await;
    for (replicas, words) in [
        (Replicas::Floor(7), "maxReplicas"),
        (Replicas::Count(3), "decides the count"),
    ] {
        let error = hand
            .try_step(|desired| desired.stable.replicas = replicas)
            .await
            .unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_floor_of_nothing_switches_it_off_and_a_floor_on_again() {
    let shop = Shop::open();
    shop.create(autoscaler("api-green")).await;
    let mut hand = Hand::on(shop.with_slots(2, 2).await).await;
    hand.step(|desired| desired.candidate.replicas = Replicas::Floor(0))
        .await;
    hand.until(|seen| seen.candidate.pods.is_empty()).await;
    let scaler = shop
        .get("HorizontalPodAutoscaler", "api-green-scaler")
        .await;
    assert_eq!(scaler["spec"]["minReplicas"], 2);
    hand.step(|desired| desired.candidate.replicas = Replicas::Floor(2))
        .await;
    hand.until(|seen| seen.candidate.ready() == 2).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn the_minimum_of_one_that_was_switched_off_is_restored_too() {
    let shop = Shop::open();
    let mut scaler = autoscaler("api-green");
    scaler["spec"]["minReplicas"] = json!(1);
    shop.create(scaler).await;
    let mut hand = Hand::on(shop.with_slots(2, 0).await).await;
    hand.step(|desired| desired.candidate.replicas = Replicas::Floor(2))
        .await;
    hand.until(|seen| seen.candidate.ready() == 2).await;
    hand.step(|desired| desired.candidate.replicas = Replicas::Floor(0))
        .await;
    let minimum = async || {
        let scaler = shop.get("HorizontalPodAutoscaler", "api-green-scaler");
        scaler.await["spec"]["minReplicas"].clone()
    };
    assert_eq!(minimum().await, 1);
    // One that somebody set since is theirs.
    hand.step(|desired| desired.candidate.replicas = Replicas::Floor(2))
        .await;
    let theirs = json!({"spec": {"minReplicas": 3}});
    shop.patch(
        "person",
        "HorizontalPodAutoscaler",
        "api-green-scaler",
        theirs,
    )
    .await;
    let seen = hand.until(|seen| !seen.foreign.is_empty()).await;
    assert!(
        seen.foreign[0].message.contains("the count (3 now)"),
        "{seen:?}"
    );
    hand.try_step(|desired| desired.candidate.replicas = Replicas::Floor(0))
        .await
        .unwrap();
    assert_eq!(minimum().await, 3);
}
