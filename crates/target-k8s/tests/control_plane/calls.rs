//! What a rollout costs the API server.

use std::collections::BTreeMap;

use test_support::ControlPlane;

use crate::hand::{Hand, release, start, weight};
use crate::shop::Shop;

fn calls(namespace: &str) -> BTreeMap<String, u32> {
    let mut calls = BTreeMap::new();
    for event in ControlPlane::shared().unwrap().audit_log().unwrap() {
        if event.user_agent == "rollway-test"
            && event.stage == "ResponseComplete"
            && event.namespace == namespace
        {
            *calls.entry(event.verb.clone()).or_insert(0) += 1;
        }
    }
    calls
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_step_costs_a_write_and_a_look_costs_nothing() {
    let shop = Shop::open();
    let mut hand = Hand::on(shop.with_mesh(2).await).await;
    let claimed = calls(&shop.namespace);
    hand.step(|desired| desired.candidate = release("2", 1))
        .await;
    hand.until(|seen| seen.candidate.ready() == 1).await;
    for percent in [10, 25, 50] {
        hand.step(|desired| desired.traffic = weight(percent)).await;
    }
    let recorded = start(&hand.found);
    hand.step(|desired| *desired = recorded).await;
    for _ in 0..20 {
        hand.look().await;
    }
    let after = calls(&shop.namespace);
    let more = |verb: &str| after.get(verb).unwrap_or(&0) - claimed.get(verb).unwrap_or(&0);
    println!("claimed: {claimed:?}; after: {after:?}");
    assert_eq!(more("create"), 1);
    assert_eq!(more("update"), 4);
    assert_eq!(more("list"), 0);
    // A conflict with the controller's own writes may cost some reads, and the delete a second try.
    assert!(more("get") <= 12, "{after:?}");
    assert!((1..=3).contains(&more("delete")), "{after:?}");
}
