//! A bad release: rolled back, and how many requests that cost.

use crate::rollout::Plan;
use crate::scene::Scene;
use crate::seen::Seen;
use crate::shop::Shop;

/// Begins with 5 % of 200 requests a second.
async fn rolled_back(behaviour: &'static str) -> Seen {
    let scene = Scene::canary(Shop::empty().await, "").await;
    let plan = Plan {
        behaviour,
        ..Plan::CANARY
    };
    let seen = scene.begin(&plan, 200.0).ended().await;
    assert_eq!(seen.ended.status, Some(2), "{seen}");
    seen.check_left();
    seen.check_sent();
    // Nobody but who was sent to the release has had a failure, and only in the first stage.
    assert_eq!(seen.stages(), ["5%"], "{seen}");
    seen
}

fn reason(seen: &Seen) -> &str {
    let reason = &seen.first("failed").unwrap()["reason"];
    reason["kind"].as_str().unwrap()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn half_of_its_requests_fail() {
    let seen = rolled_back("_errors-50").await;
    assert_eq!(reason(&seen), "check", "{seen}");
    let failed = seen.report.counts().failed();
    assert!(failed > 0, "{seen}");
    assert!(failed <= seen.report.counts().of("v2"), "{seen}");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn it_crashes_at_once() {
    let seen = rolled_back("_crash").await;
    assert_eq!(reason(&seen), "fatal", "{seen}");
    // What is not ready is never asked.
    let counts = seen.report.counts();
    assert_eq!((counts.failed(), counts.of("v2")), (0, 0), "{seen}");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn it_is_ready_for_five_seconds_and_down_for_ten_again_and_again() {
    let seen = rolled_back("_flap-5s-10s").await;
    assert!(
        ["fatal", "restarts", "unready"].contains(&reason(&seen)),
        "{seen}"
    );
}
