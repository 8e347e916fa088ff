//! What Rollway depends on is away in the middle of a good release.

use std::time::Duration;

use crate::rollout::Plan;
use crate::scene::Scene;
use crate::shop::{Shop, pause};

/// Two stages: what is away is away in the first.
const PLAN: Plan = Plan {
    stages: "[25%, 100%]",
    ..Plan::CANARY
};

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn a_release_that_nobody_can_judge_any_more_goes_back_without_a_failed_request() {
    let scene = Scene::canary(Shop::empty_alone().await, "").await;
    let prometheus = scene.shop.lab.prometheus();
    let mut rollout = scene.begin(&PLAN, 50.0);
    rollout.until("looked", None).await;
    prometheus.stop().unwrap();
    let seen = rollout.ended().await;
    prometheus.start_again().unwrap();
    seen.check_unnoticed(2);
    seen.check_left();
    assert_eq!(seen.stages(), ["25%"], "no data is not a pass: {seen}");
    let reason = &seen.first("failed").unwrap()["reason"];
    assert_eq!(reason["kind"], "check", "{seen}");
    assert!(seen.first("look-failed").is_some(), "{seen}");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn nobody_notices_that_the_api_server_was_away() {
    let scene = Scene::canary(Shop::empty_alone().await, "").await;
    let plane = scene.shop.lab.plane();
    let mut rollout = scene.begin(&PLAN, 50.0);
    rollout.until("looked", None).await;
    plane.stop_api_server().unwrap();
    pause(Duration::from_secs(12)).await;
    plane.start_api_server().unwrap();
    let seen = rollout.ended().await;
    seen.check_unnoticed(0);
    seen.check_shares(&["25%", "100%"]);
    seen.check_arrived();
}
