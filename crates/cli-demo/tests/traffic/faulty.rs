//! A bad release: rolled back, and how many requests that cost.

use std::time::Duration;

use crate::rollout::Plan;
use crate::scene::Scene;
use crate::seen::Seen;
use crate::shop::Shop;

/// Begins with 5 % of 200 requests a second, and fails so many seconds after it began at the latest.
async fn rolled_back(behaviour: &'static str, within: u64) -> Seen {
    let plan = Plan {
        behaviour,
        ..Plan::CANARY
    };
    let seen = rolled_back_by(&plan, "").await;
    assert_eq!(seen.stages(), ["5%"], "{seen}");
    // Nobody but who was sent to the release has had a failure.
    let mut failures = seen.report.failures().iter();
    assert!(
        failures.all(|failure| failure.version.as_deref() != Some("v1")),
        "{seen}"
    );
    seen.check_failed_within(Duration::from_secs(within));
    seen
}

/// Begins with 10 %, and goes on to 50 % after half a minute.
async fn rolled_back_in_time(behaviour: &'static str, serves: &str) -> Seen {
    let plan = Plan {
        behaviour,
        ..Plan::PATIENT
    };
    let seen = rolled_back_by(&plan, serves).await;
    let stages = seen.stages();
    assert!(!stages.contains(&"100%"), "{stages:?}: {seen}");
    seen
}

async fn rolled_back_by(plan: &Plan, serves: &str) -> Seen {
    let scene = Scene::canary(Shop::empty().await, serves).await;
    let seen = scene.begin(plan, 200.0).ended().await;
    assert_eq!(seen.ended.status, Some(2), "{seen}");
    seen.check_left();
    seen.check_back_at_once();
    seen.check_sent();
    seen
}

fn reason(seen: &Seen) -> &str {
    let reason = &seen.first("failed").unwrap()["reason"];
    reason["kind"].as_str().unwrap()
}

/// The name of the check that failed it.
fn check(seen: &Seen) -> &str {
    let reason = &seen.first("failed").unwrap()["reason"];
    reason["check"].as_str().unwrap_or_default()
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn half_of_its_requests_fail() {
    let seen = rolled_back("_errors-50", 45).await;
    assert_eq!(reason(&seen), "check", "{seen}");
    let failed = seen.report.counts().failed();
    assert!(failed > 0, "{seen}");
    assert!(failed <= seen.report.counts().of("v2"), "{seen}");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn it_crashes_at_once() {
    let seen = rolled_back("_crash", 20).await;
    assert_eq!(reason(&seen), "fatal", "{seen}");
    // What is not ready is never asked.
    let counts = seen.report.counts();
    assert_eq!((counts.failed(), counts.of("v2")), (0, 0), "{seen}");
}

#[tokio::test]
#[ignore = "needs the lab: cargo xtask test"]
async fn it_is_ready_for_five_seconds_and_down_for_ten_again_and_again() {
    let seen = rolled_back("_flap-5s-10s", 30).await;
    assert!(
        ["fatal", "restarts", "unready"].contains(&reason(&seen)),
        "{seen}"
    );
}

#[tokio::test]
#[ignore = "needs the lab and minutes: cargo xtask lab test"]
async fn two_of_a_hundred_requests_fail() {
    let seen = rolled_back_in_time("_errors-2", "").await;
    assert_eq!(check(&seen), "errors", "{seen}");
}

#[tokio::test]
#[ignore = "needs the lab and minutes: cargo xtask lab test"]
async fn five_of_a_hundred_requests_fail_and_one_of_two_hundred_did_before() {
    let seen = rolled_back_in_time("_errors-5", "errors-0.5").await;
    assert_eq!(reason(&seen), "check", "{seen}");
}

#[tokio::test]
#[ignore = "needs the lab and minutes: cargo xtask lab test"]
async fn its_requests_fail_in_bursts() {
    let seen = rolled_back_in_time("_errors-5-burst-20", "").await;
    assert_eq!(reason(&seen), "check", "{seen}");
}

#[tokio::test]
#[ignore = "needs the lab and minutes: cargo xtask lab test"]
async fn it_is_half_as_slow_again() {
    let seen = rolled_back_in_time("_latency-90ms-150ms", "latency-60ms-100ms").await;
    assert_eq!(check(&seen), "slow", "{seen}");
    assert_eq!(seen.report.counts().failed(), 0, "{seen}");
}

#[tokio::test]
#[ignore = "needs the lab and minutes: cargo xtask lab test"]
async fn it_is_three_times_as_slow() {
    let seen = rolled_back_in_time("_latency-180ms-300ms", "latency-60ms-100ms").await;
    assert_eq!(check(&seen), "slow", "{seen}");
    assert_eq!(seen.report.counts().failed(), 0, "{seen}");
}

#[tokio::test]
#[ignore = "needs the lab and minutes: cargo xtask lab test"]
async fn it_crashes_after_it_was_ready() {
    let seen = rolled_back_in_time("_crash-20s", "").await;
    assert_eq!(reason(&seen), "fatal", "{seen}");
}

/// Their clients go away, which the gateway counts as 499.
#[tokio::test]
#[ignore = "needs the lab and minutes: cargo xtask lab test"]
async fn it_never_answers_every_fifth_request() {
    let seen = rolled_back_in_time("_hang-20", "").await;
    assert_eq!(reason(&seen), "check", "{seen}");
}

#[tokio::test]
#[ignore = "needs the lab and minutes: cargo xtask lab test"]
async fn it_begins_to_fail_when_it_has_been_good_for_a_while() {
    let seen = rolled_back_in_time("_errors-20_after-50s", "").await;
    assert_eq!(seen.stages().last(), Some(&"50%"), "{seen}");
    assert_eq!(reason(&seen), "check", "{seen}");
}
