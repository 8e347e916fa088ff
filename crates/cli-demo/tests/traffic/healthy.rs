//! A good release: promoted, and nobody notices.

use std::time::Duration;

use crate::rollout::Plan;
use crate::scene::Scene;
use crate::shop::{Shop, pause};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_canary_is_promoted_without_a_failed_request_though_pods_are_replaced() {
    let scene = Scene::canary(Shop::empty().await, "").await;
    let mut rollout = scene.begin(&Plan::CANARY, 200.0);
    let mut replaced = Vec::new();
    for stage in ["5%", "25%", "50%", "100%"] {
        rollout.until("bake-began", Some(stage)).await;
        for labels in ["track=stable", "track=canary"] {
            replaced.push(rollout.replace_a_pod(labels).await);
        }
    }
    let seen = rollout.ended().await;
    scene.until_gone(&replaced).await;
    seen.check_unnoticed(0);
    seen.check_shares(&["5%", "25%", "50%", "100%"]);
    seen.check_arrived();
}

/// From one slot to the other, while a pod of each is replaced.
async fn switched(scene: Scene, plan: &Plan) {
    let mut rollout = scene.begin(plan, 200.0);
    rollout.until("stage-entered", Some("switch")).await;
    let blue = rollout.replace_a_pod("slot=blue").await;
    rollout.until("bake-began", Some("switch")).await;
    let green = rollout.replace_a_pod("slot=green").await;
    let seen = rollout.ended().await;
    scene.until_gone(&[blue, green]).await;
    seen.check_unnoticed(0);
    seen.check_arrived();
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn the_other_slot_is_promoted_without_a_failed_request_though_pods_are_replaced() {
    let scene = Scene::blue_green(Shop::empty().await).await;
    switched(scene, &Plan::BLUE_GREEN).await;
}

#[tokio::test]
#[ignore = "needs the lab and minutes: cargo xtask lab test"]
async fn the_other_slot_is_promoted_by_an_ingress_without_a_failed_request() {
    let scene = Scene::blue_green_by_ingress(Shop::empty().await).await;
    switched(scene, &Plan::BY_INGRESS).await;
}

#[tokio::test]
#[ignore = "needs the lab and minutes: cargo xtask lab test"]
async fn nobody_is_sent_to_pods_of_which_the_gateway_has_not_heard() {
    let scene = Scene::canary(Shop::empty_alone().await, "").await;
    let plane = scene.shop.lab.plane();
    let plan = Plan {
        // Long enough for the controllers to be stopped before, however busy the machine is.
        behaviour: "_start-4s",
        stages: "[25%, 100%]",
        ..Plan::CANARY
    };
    let mut rollout = scene.begin(&plan, 50.0);
    // Pods become ready, and what tells the gateway of them comes late.
    scene.until_there_are(2, "track=canary").await;
    plane.pause_controllers().unwrap();
    scene.until_ready(2, "track=canary").await;
    pause(Duration::from_secs(5)).await;
    scene.until_ready(2, "track=canary").await;
    let told_of = scene.ready_endpoints("api-canary").await;
    plane.resume_controllers().unwrap();
    assert_eq!(told_of, 0, "the gateway has been told of them");
    rollout.check_under_way();
    rollout.until("bake-began", None).await;
    let seen = rollout.ended().await;
    seen.check_unnoticed(0);
    seen.check_arrived();
}
