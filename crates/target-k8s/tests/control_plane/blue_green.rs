//! Blue-green by the selector of a Service.

use strategy_core::Replicas;
use strategy_core::target::{Effective, Promotion, Writer};

use crate::hand::{Hand, release, weight};
use crate::shop::{Shop, content};

async fn objects(shop: &Shop) -> Vec<serde_json::Value> {
    vec![
        content(&shop.get("Deployment", "api-blue").await),
        content(&shop.get("Deployment", "api-green").await),
        content(&shop.get("Service", "api").await),
    ]
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_switch_and_the_way_back_leave_everything_else_as_it_was() {
    let shop = Shop::open();
    let target = shop.with_slots(3, 0).await;
    let before = objects(&shop).await;
    let mut hand = Hand::on(target).await;
    let found = &hand.found;
    assert_eq!(found.names.stable, "deployment/api-blue");
    assert_eq!(found.names.candidate, "deployment/api-green");
    assert_eq!(found.baseline(), 3);
    assert_eq!(found.capabilities.promotions[0], Promotion::Swap);
    // The control plane may still be at work on the first endpoints.
    hand.until(|seen| seen.traffic.effective == Effective::Verified(weight(0)))
        .await;

    hand.step(|desired| desired.candidate = release("2", 3))
        .await;
    let ready = hand
        .until(|seen| seen.candidate.ready_at(&release("2", 3).revision) == 3)
        .await;
    let pods = &ready.candidate.pods[0];
    assert_eq!(pods.image_ids["api"].len(), 1);
    assert_eq!(pods.image_ids["migrate"].len(), 1);
    assert_eq!(
        pods.revision.images.get("migrate").unwrap().as_str(),
        "shop/api:2"
    );
    assert_eq!(
        pods.revision.images.get("proxy").unwrap().as_str(),
        "shop/proxy:9"
    );
    assert!(!pods.revision.recorded);

    hand.step(|desired| desired.traffic = weight(100)).await;
    let switched = hand
        .until(|seen| seen.traffic.effective == Effective::Verified(weight(100)))
        .await;
    assert_eq!(switched.traffic.writer, Writer::Us);
    hand.step(|desired| desired.stable.replicas = Replicas::Count(0))
        .await;
    hand.until(|seen| seen.stable.pods.is_empty()).await;

    hand.step(|desired| desired.stable.replicas = Replicas::Count(3))
        .await;
    hand.until(|seen| seen.stable.ready_at(&strategy_core::Revision::Recorded) == 3)
        .await;
    let start = crate::hand::start(&hand.found);
    hand.step(|desired| desired.traffic = start.traffic.clone())
        .await;
    hand.until(|seen| seen.traffic.effective == Effective::Verified(weight(0)))
        .await;
    hand.step(|desired| *desired = start).await;
    hand.give_up().await;
    assert_eq!(objects(&shop).await, before);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn promoted_it_differs_in_images_counts_and_slot_only() {
    let shop = Shop::open();
    let target = shop.with_slots(2, 1).await;
    let before = objects(&shop).await;
    let mut hand = Hand::on(target).await;
    hand.step(|desired| desired.candidate = release("2", 2))
        .await;
    hand.until(|seen| seen.candidate.ready_at(&release("2", 2).revision) == 2)
        .await;
    hand.step(|desired| desired.traffic = weight(100)).await;
    hand.until(|seen| seen.traffic.effective == Effective::Verified(weight(100)))
        .await;
    hand.give_up().await;

    let mut after = objects(&shop).await;
    assert_eq!(after[0], before[0]);
    assert_eq!(after[2]["spec"]["selector"]["version"], "green");
    after[2]["spec"]["selector"]["version"] = "blue".into();
    assert_eq!(after[2], before[2]);
    let green = &mut after[1]["spec"];
    assert_eq!(
        green["template"]["spec"]["containers"][0]["image"],
        "shop/api:2"
    );
    assert_eq!(
        green["template"]["spec"]["initContainers"][0]["image"],
        "shop/api:2"
    );
    green["template"]["spec"]["containers"][0]["image"] = "shop/api:1".into();
    green["template"]["spec"]["initContainers"][0]["image"] = "shop/api:1".into();
    green["replicas"] = 1.into();
    assert_eq!(after[1], before[1]);

    // The next rollout finds green live, whoever asks.
    let found = shop.target(shop.slots());
    let found = strategy_core::Target::discover(&found).await.unwrap();
    assert_eq!(found.names.stable, "deployment/api-green");
}
