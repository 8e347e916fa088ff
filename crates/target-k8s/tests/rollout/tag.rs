//! A tag that comes to mean another image between canary and promotion is caught.

use strategy_core::rollout::Reason;

use crate::scene::{REPOSITORY, Scene};
use crate::terms::{Mode, Terms, seconds};

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn re_pointed_between_canary_and_promotion() {
    let scene = Scene::open(Mode::Canary).await;
    let before = scene.objects().await;
    let terms = Terms {
        stages: vec![100],
        bake: seconds(3),
        ..Terms::default()
    };
    let rollout = scene.release("v2", &terms).await;
    rollout.until_baking("100%").await;
    let image = format!("{REPOSITORY}:v2");
    let namespace = &scene.shop.namespace;
    let repointed = scene.plane.repoint_tag(namespace, &image, "pushed again");
    repointed.unwrap();
    let reason = rollout.rolled_back().await;
    println!("{reason}\n{}", rollout.story.told());
    assert!(matches!(reason, Reason::ImageChanged { .. }), "{reason}");
    assert!(!rollout.story.passed().contains(&"promote".to_owned()));
    assert_eq!(scene.objects().await, before);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn re_pointed_and_a_pod_replaced_during_the_bake_of_blue_green() {
    let scene = Scene::open(Mode::BlueGreen).await;
    let before = scene.objects().await;
    let rollout = scene.release("v2", &Terms::long_bake()).await;
    rollout.until_baking("switch").await;
    let image = format!("{REPOSITORY}:v2");
    let namespace = &scene.shop.namespace;
    let repointed = scene.plane.repoint_tag(namespace, &image, "pushed again");
    repointed.unwrap();
    let pods = scene.pods("environment=green").await;
    let name = pods[0].metadata.name.as_ref().unwrap();
    scene.shop.delete("Pod", name).await;
    let reason = rollout.rolled_back().await;
    println!("{reason}\n{}", rollout.story.told());
    assert!(matches!(reason, Reason::ImageChanged { .. }), "{reason}");
    assert_eq!(scene.objects().await, before);
}
