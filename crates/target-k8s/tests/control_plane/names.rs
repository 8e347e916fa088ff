//! Names that would lead to another address are refused before the API server is asked.

use strategy_core::Target;
use strategy_core::target::TargetErrorKind;
use target_k8s::Config;
use target_k8s::config::{ServiceSelectorRouter, Slot};

use crate::hand::{Hand, weight};
use crate::shop::Shop;

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn every_call_refuses_them() {
    let shop = Shop::open();
    let mut hand = Hand::on(shop.with_slots(1, 1).await).await;
    let request = hand.prepare(|desired| desired.traffic = weight(100)).await;
    let slots = [Slot::new("api-blue"), Slot::new("api-green")];
    let wrong = format!("{}?x=1#", shop.namespace);
    let config = Config::new(wrong, slots, ServiceSelectorRouter::new("api"));
    let target = shop.target(config);
    let (binding, claim) = (hand.binding(), Some(&hand.claim));
    for error in [
        target.discover().await.unwrap_err(),
        target.observe(binding).await.unwrap_err(),
        target.apply(&request).await.unwrap_err(),
        target.claim(binding, claim, None).await.unwrap_err(),
    ] {
        assert_eq!(error.kind, TargetErrorKind::InvalidConfig, "{error}");
        assert!(
            error.to_string().contains("cannot name a namespace"),
            "{error}"
        );
    }
    assert_eq!(hand.look().await.owned, hand.found.observation.owned);
}
