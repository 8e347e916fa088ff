//! What people do to the objects of a rollout while it bakes, and where it ends.

use serde_json::{Value, json};
use strategy_core::rollout::{Command, Reason, Wish};

use crate::scene::Scene;
use crate::shop::content;
use crate::terms::{Mode, Terms};

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_selector_that_is_broken_in_the_bake_goes_back_whole() {
    let scene = Scene::open(Mode::BlueGreen).await;
    let before = scene.objects().await;
    let rollout = scene.release("v2", &Terms::long_bake()).await;
    rollout.until_baking("switch").await;
    let broken = json!({"spec": {"selector": {"environment": null}}});
    scene.shop.patch("person", "Service", "api", broken).await;
    let reason = rollout.rolled_back().await;
    println!("{reason}\n{}", rollout.story.told());
    assert!(matches!(reason, Reason::Foreign { .. }), "{reason}");
    assert!(reason.to_string().contains("person"), "{reason}");
    assert_eq!(scene.objects().await, before);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_stable_that_was_made_again_in_the_bake_takes_the_traffic_back() {
    let scene = Scene::open(Mode::BlueGreen).await;
    let before = scene.objects().await;
    let live = before["Service/api"]["spec"]["selector"]["environment"].clone();
    let name = format!("api-{}", live.as_str().unwrap());
    let rollout = scene.release("v2", &Terms::long_bake()).await;
    rollout.until_baking("switch").await;
    let mut again = content(&scene.shop.get("Deployment", &name).await);
    let annotations = again["metadata"]["annotations"].as_object_mut();
    annotations
        .unwrap()
        .retain(|key, _| !key.starts_with("rollway.dev/"));
    scene.shop.delete("Deployment", &name).await;
    scene.shop.create(again).await;
    scene.shop.settle(&[name.as_str()]).await;
    let abort = Command::new("enough", "ann", Wish::Abort { force: false });
    rollout.handle.command(abort).await.unwrap();
    let reason = rollout.rolled_back().await;
    println!("{reason}\n{}", rollout.story.told());
    let one =
        |objects: &std::collections::BTreeMap<String, Value>, key: &str| content(&objects[key]);
    let after = scene.objects().await;
    for key in before.keys() {
        assert_eq!(one(&after, key), one(&before, key), "{key}");
    }
}
