//! A revision that is asked for by the name that the platform gives it.

use serde_json::{Value, json};
use strategy_core::target::DesiredTrack;
use strategy_core::{Replicas, Revision};

use crate::hand::Hand;
use crate::shop::{Shop, content};

/// A person releases this tag, as with `kubectl set image`.
async fn set_image(shop: &Shop, slot: &str, tag: &str) {
    let image = format!("shop/api:{tag}");
    let patch = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "api", "image": image}, {"name": "proxy", "image": "shop/proxy:9"},
    ]}}}});
    shop.patch("person", "Deployment", slot, patch).await;
    shop.settle(&[slot]).await;
}

fn image(deployment: &Value) -> &Value {
    &deployment["spec"]["template"]["spec"]["containers"][0]["image"]
}

fn number(deployment: &Value) -> &Value {
    &deployment["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn an_earlier_revision_is_found_by_its_number_and_keeps_that_name() {
    let shop = Shop::open();
    let target = shop.with_slots(1, 1).await;
    for tag in ["2", "3"] {
        set_image(&shop, "api-green", tag).await;
    }
    let third = |green: &Value| number(green) == "3" && image(green) == "shop/api:3";
    shop.until_object("Deployment", "api-green", third).await;
    let mut hand = Hand::on(target).await;
    let second = Revision::Named("2".to_owned());
    let wanted = DesiredTrack {
        revision: second.clone(),
        replicas: Replicas::Count(2),
    };
    hand.step(|desired| desired.candidate = wanted).await;
    assert_eq!(
        image(&shop.get("Deployment", "api-green").await),
        "shop/api:2"
    );
    let is_there = |seen: &strategy_core::target::Observation| {
        let pods = &seen.candidate.pods;
        pods.len() == 1 && pods[0].ready == 2 && second.is(&pods[0].revision)
    };
    hand.until(is_there).await;
    // The platform counts on, and what was asked for is still called what it was asked for as.
    let fourth = |green: &Value| number(green) == "4";
    let green = shop.until_object("Deployment", "api-green", fourth).await;
    hand.step(|_| ()).await;
    let after = shop.get("Deployment", "api-green").await;
    // Its controller goes on writing the status, so the object's version says nothing.
    let generation = |deployment: &Value| deployment["metadata"]["generation"].clone();
    assert_eq!(generation(&after), generation(&green));
    assert_eq!(content(&after), content(&green));
    // The recorded start is not what has this number now.
    let recorded = crate::hand::start(&hand.found);
    hand.step(|desired| *desired = recorded).await;
    assert_eq!(
        image(&shop.get("Deployment", "api-green").await),
        "shop/api:3"
    );
}
