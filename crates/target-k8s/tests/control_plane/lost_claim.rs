//! Objects that lose the claim while a rollout works: told, and no reason to leave users in an outage.

use serde_json::{Value, json};
use strategy_core::Target;
use strategy_core::target::{ForeignField, TargetErrorKind};

use crate::hand::{Hand, release, weight};
use crate::shop::{Shop, content};

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_deployment_that_was_made_again_does_not_bar_the_way_home() {
    let shop = Shop::open();
    let mut hand = Hand::on(shop.with_slots(2, 1).await).await;
    hand.step(|desired| desired.candidate = release("2", 2))
        .await;
    hand.step(|desired| desired.traffic = weight(100)).await;

    let mut again = content(&shop.get("Deployment", "api-blue").await);
    again["metadata"]["annotations"] = Value::Null;
    shop.delete("Deployment", "api-blue").await;
    shop.create(again).await;
    shop.settle(&["api-blue"]).await;
    let seen = hand.until(|seen| !seen.foreign.is_empty()).await;
    assert_eq!(seen.foreign[0].field, ForeignField::Revision);
    assert!(seen.foreign[0].message.contains("made again"), "{seen:?}");

    let error = hand
        .try_step(|desired| desired.stable.replicas = release("1", 3).replicas)
        .await
        .unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
    for words in ["deployment/api-blue", "it was deleted and made again"] {
        assert!(error.to_string().contains(words), "{error}");
    }
    hand.try_step(|desired| {
        desired.stable.replicas = release("1", 2).replicas;
        desired.traffic = weight(0);
    })
    .await
    .unwrap();
    let service = shop.get("Service", "api").await;
    assert_eq!(service["spec"]["selector"]["version"], "blue");
    // What is left of the way home is written too.
    hand.try_step(|desired| desired.candidate.replicas = release("2", 1).replicas)
        .await
        .unwrap();
    // Whoever takes over claims it too, and everything can be written again.
    let next = hand.claim.next();
    let from = Some(&hand.claim);
    let claimed = hand.target.claim(hand.binding(), from, Some(&next)).await;
    claimed.unwrap();
    let late = hand.prepare(|desired| desired.traffic = weight(0)).await;
    let late = hand.target.apply(&late).await.unwrap_err();
    assert_eq!(late.kind, TargetErrorKind::Conflict, "{late}");
    hand.claim = next;
    hand.try_step(|desired| desired.stable.replicas = release("1", 3).replicas)
        .await
        .unwrap();
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_claim_that_somebody_takes_away_is_told() {
    let shop = Shop::open();
    let hand = Hand::on(shop.with_slots(1, 1).await).await;
    let none = json!({"metadata": {"annotations": {"rollway.dev/claim": null}}});
    for (kind, name, field) in [
        ("Deployment", "api-green", ForeignField::Revision),
        ("Service", "api", ForeignField::Traffic),
    ] {
        shop.patch("person", kind, name, none.clone()).await;
        let is_told = |change: &strategy_core::target::ForeignChange| {
            change.field == field && change.message.contains(&format!("/{name} was taken away"))
        };
        hand.until(|seen| seen.foreign.iter().any(is_told)).await;
    }
}
