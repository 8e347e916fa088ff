//! Other people's hands are seen, by the name of their field manager.

use serde_json::json;
use strategy_core::Replicas;
use strategy_core::target::{ForeignChange, ForeignField, Writer};

use crate::hand::{Hand, release, weight};
use crate::shop::Shop;

/// Names of whoever wrote within the same second are told together: the shop is younger than that.
fn is_by(change: &ForeignChange, name: &str) -> bool {
    change.by.split(" or ").any(|one| one == name)
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn each_kind_of_change_is_told_with_its_author() {
    let shop = Shop::open();
    let mut hand = Hand::on(shop.with_slots(2, 1).await).await;
    hand.step(|desired| desired.candidate = release("2", 2))
        .await;
    hand.step(|desired| desired.traffic = weight(100)).await;

    let back = json!({"spec": {"selector": {"version": "blue"}}});
    shop.patch("kubectl-patch", "Service", "api", back).await;
    let seen = hand.until(|seen| !seen.foreign.is_empty()).await;
    assert_eq!(seen.foreign[0].field, ForeignField::Traffic);
    assert!(is_by(&seen.foreign[0], "kubectl-patch"), "{seen:?}");
    assert!(matches!(&seen.traffic.writer, Writer::Other { name, .. } if name == "kubectl-patch"));
    // Put back by us, it is ours again.
    hand.step(|desired| desired.traffic = weight(100)).await;
    assert_eq!(hand.look().await.traffic.writer, Writer::Us);

    shop.patch(
        "scaler",
        "Deployment",
        "api-green",
        json!({"spec": {"replicas": 4}}),
    )
    .await;
    let seen = hand.until(|seen| !seen.foreign.is_empty()).await;
    assert_eq!(seen.foreign[0].field, ForeignField::Capacity);
    assert!(is_by(&seen.foreign[0], "scaler"), "{seen:?}");
    hand.step(|desired| desired.candidate.replicas = Replicas::Count(2))
        .await;

    let other = json!({"spec": {"template": {"metadata": {"annotations": {"restarted": "now"}}}}});
    shop.patch("kubectl-rollout", "Deployment", "api-blue", other)
        .await;
    let seen = hand.until(|seen| !seen.foreign.is_empty()).await;
    assert_eq!(seen.foreign[0].field, ForeignField::Revision);
    assert!(is_by(&seen.foreign[0], "kubectl-rollout"), "{seen:?}");
    assert!(!seen.stable.written.unwrap().revision.recorded);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_tool_that_applies_its_file_again_is_seen_although_all_is_as_recorded() {
    let shop = Shop::open();
    let mut hand = Hand::on(shop.with_slots(2, 1).await).await;
    hand.step(|desired| desired.candidate = release("2", 1))
        .await;
    let file = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "api", "image": "shop/api:1"}, {"name": "proxy", "image": "shop/proxy:9"},
    ]}}}});
    shop.patch("kubectl-create", "Deployment", "api-green", file)
        .await;
    let seen = hand.until(|seen| !seen.foreign.is_empty()).await;
    assert_eq!(seen.foreign[0].field, ForeignField::Revision);
    assert!(is_by(&seen.foreign[0], "kubectl-create"), "{seen:?}");
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn changes_to_what_is_not_ours_are_no_news() {
    let shop = Shop::open();
    let mut hand = Hand::on(shop.with_slots(2, 1).await).await;
    let before = hand.look().await;
    let note = json!({"metadata": {"labels": {"team": "other"}}});
    for (kind, name) in [("Deployment", "api-blue"), ("Service", "api")] {
        shop.patch("person", kind, name, note.clone()).await;
    }
    shop.patch(
        "person",
        "Service",
        "api",
        json!({"spec": {"publishNotReadyAddresses": true}}),
    )
    .await;
    // Their changes stay when we write the same objects.
    hand.step(|desired| desired.candidate = release("2", 1))
        .await;
    hand.until(|seen| seen.candidate.ready_at(&release("2", 1).revision) == 1)
        .await;
    hand.step(|desired| desired.traffic = weight(100)).await;
    let service = shop.get("Service", "api").await;
    assert_eq!(service["metadata"]["labels"]["team"], "other");
    assert_eq!(service["spec"]["publishNotReadyAddresses"], true);
    assert_eq!(before.foreign, []);
    assert_eq!(hand.look().await.foreign, []);
}
