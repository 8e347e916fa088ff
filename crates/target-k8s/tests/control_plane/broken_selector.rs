//! A selector that somebody breaks while a rollout works is another hand, and can be put back.

use serde_json::json;
use strategy_core::target::{Effective, ForeignField, Writer};

use crate::hand::{Hand, release, weight};
use crate::shop::Shop;

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn it_is_seen_with_its_author_and_put_back_whole() {
    let shop = Shop::open();
    let mut hand = Hand::on(shop.with_slots(2, 1).await).await;
    hand.step(|desired| desired.candidate = release("2", 2))
        .await;
    for (at, broken) in [
        (weight(0), json!({"version": null})),
        (weight(100), json!({"version": "blau"})),
        (weight(100), json!({"tier": "front"})),
    ] {
        hand.step(|desired| desired.traffic = at.clone()).await;
        let patch = json!({"spec": {"selector": broken}});
        shop.patch("person", "Service", "api", patch).await;
        let seen = hand.until(|seen| !seen.foreign.is_empty()).await;
        assert_eq!(seen.foreign[0].field, ForeignField::Traffic);
        assert!(seen.foreign[0].by.contains("person"), "{seen:?}");
        assert!(seen.foreign[0].message.contains("selector"), "{seen:?}");
        assert!(matches!(&seen.traffic.writer, Writer::Other { name, .. } if name == "person"));
        // Neither as it was nor as it was asked, and never effective.
        assert_ne!(seen.traffic.written, at);
        assert_ne!(seen.traffic.written, hand.found.observation.traffic.written);
        assert_eq!(seen.traffic.effective, Effective::Converging);
        hand.step(|desired| desired.traffic = weight(0)).await;
        let service = shop.get("Service", "api").await;
        assert_eq!(
            service["spec"]["selector"],
            json!({"app": "api", "version": "blue"})
        );
    }
}
