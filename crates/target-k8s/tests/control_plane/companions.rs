//! What a release does not name runs as stable runs it, whatever the idle slot was left with.

use serde_json::{Value, json};

use crate::admit::{check, findings, plan};
use crate::hand::{Hand, release};
use crate::shop::Shop;

fn images(deployment: &Value) -> Vec<&str> {
    let containers = deployment["spec"]["template"]["spec"]["containers"].as_array();
    let images = containers.unwrap().iter();
    images
        .map(|container| container["image"].as_str().unwrap())
        .collect()
}

fn template(spec: Value) -> Value {
    json!({"spec": {"template": {"spec": spec}}})
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn an_idle_slot_takes_the_images_that_are_not_named_from_stable() {
    let shop = Shop::open();
    let target = shop.with_slots(2, 0).await;
    let behind = template(json!({"containers": [
        {"name": "api", "image": "shop/api:0"}, {"name": "proxy", "image": "shop/proxy:0"},
    ]}));
    shop.patch("person", "Deployment", "api-green", behind)
        .await;
    let mut hand = Hand::on(target).await;
    hand.step(|desired| desired.candidate = release("2", 2))
        .await;
    let green = shop.get("Deployment", "api-green").await;
    assert_eq!(images(&green), ["shop/api:2", "shop/proxy:9"]);
    // The way back ends where it began, companions too.
    let found = crate::hand::start(&hand.found).candidate;
    hand.step(|desired| desired.candidate = found).await;
    let green = shop.get("Deployment", "api-green").await;
    assert_eq!(images(&green), ["shop/api:0", "shop/proxy:0"]);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn other_differences_of_the_templates_are_told() {
    let shop = Shop::open();
    let target = shop.with_slots(2, 0).await;
    let more = json!([
        {"name": "api", "image": "shop/api:1", "env": [{"name": "MODE", "value": "test"}]},
        {"name": "proxy", "image": "shop/proxy:9"}, {"name": "jobs", "image": "shop/jobs:1"},
    ]);
    let other = template(json!({"containers": more}));
    shop.patch("person", "Deployment", "api-green", other).await;
    let found = findings(&target, &plan(&[("api", "shop/api:2")])).await;
    check(
        &found,
        "container-missing",
        &["deployment/api-green", "container jobs"],
    );
    check(
        &found,
        "templates-differ",
        &["deployment/api-green", "containers[api].env[MODE].value"],
    );
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_slot_that_has_the_named_image_and_another_companion_is_no_release() {
    let shop = Shop::open();
    let target = shop.with_slots(2, 0).await;
    let other = template(json!({"containers": [
        {"name": "api", "image": "shop/api:2"}, {"name": "proxy", "image": "shop/proxy:0"},
    ]}));
    shop.patch("person", "Deployment", "api-green", other).await;
    let found = findings(&target, &plan(&[("api", "shop/api:2")])).await;
    check(
        &found,
        "release-incomplete",
        &["proxy has shop/proxy:0", "name these containers"],
    );
}
