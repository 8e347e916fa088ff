//! `kill -9` of Rollway while users are on the release.

use std::time::Duration;

use crate::rollout::Plan;
use crate::scene::Scene;
use crate::shop::Shop;

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn nobody_notices_that_rollway_was_killed_and_took_it_up_again() {
    let scene = Scene::canary(Shop::empty().await, "").await;
    let plan = Plan {
        stages: "[25%, 100%]",
        ..Plan::CANARY
    };
    let mut rollout = scene.begin(&plan, 50.0);
    rollout.until("looked", None).await;
    let rollout = rollout.kill_and_resume(Duration::from_secs(5)).await;
    let seen = rollout.ended().await;
    assert!(seen.first("resumed").is_some(), "{seen}");
    seen.check_unnoticed(0);
    seen.check_shares(&["25%", "100%"]);
    seen.check_arrived();
}
