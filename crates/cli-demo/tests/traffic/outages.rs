//! What Rollway depends on is away in the middle of a good release.

use std::time::Duration;

use crate::rollout::{ERRORS, Plan};
use crate::scene::Scene;
use crate::seen::Seen;
use crate::shop::{Shop, check_refused, check_silent, pause};

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
    check_refused(&prometheus.url());
    prometheus.start_again().unwrap();
    seen.check_unnoticed(2);
    seen.check_left();
    seen.check_back_at_once();
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
    check_refused(&plane.url());
    pause(Duration::from_secs(12)).await;
    check_refused(&plane.url());
    plane.start_api_server().unwrap();
    rollout.check_under_way();
    let seen = rollout.ended().await;
    seen.check_unnoticed(0);
    seen.check_shares(&["25%", "100%"]);
    seen.check_arrived();
}

#[tokio::test]
#[ignore = "needs the lab and minutes: cargo xtask lab test"]
async fn nobody_notices_that_prometheus_was_away_and_forgot_everything() {
    let scene = Scene::canary(Shop::empty_alone().await, "").await;
    let prometheus = scene.shop.lab.prometheus();
    let mut rollout = scene.begin(&PLAN, 50.0);
    rollout.until("looked", None).await;
    // When the oldest sample is of that it has.
    let oldest = "min(min_over_time(timestamp(up)[1h:1s]))";
    let known = scene.shop.told_by_prometheus(oldest).await;
    prometheus.forget().unwrap();
    check_refused(&prometheus.url());
    pause(Duration::from_secs(4)).await;
    rollout.until("look-failed", None).await;
    check_refused(&prometheus.url());
    prometheus.start_again().unwrap();
    scene.shop.until_prometheus_answers().await;
    let again = scene.shop.told_by_prometheus(oldest).await;
    // Nothing may be scraped yet.
    let has_forgotten = again < 1.0 || again > known;
    assert!(has_forgotten, "it has {again}, and had {known} before");
    rollout.check_under_way();
    let seen = rollout.ended().await;
    seen.check_unnoticed(0);
    seen.check_shares(&["25%", "100%"]);
}

#[tokio::test]
#[ignore = "needs the lab and minutes: cargo xtask lab test"]
async fn nobody_notices_that_prometheus_answers_slowly() {
    let scene = Scene::canary(Shop::empty_alone().await, "").await;
    let prometheus = scene.shop.lab.prometheus();
    let mut rollout = scene.begin(&PLAN, 50.0);
    rollout.until("looked", None).await;
    for _ in 0..3 {
        prometheus.pause().unwrap();
        // What was answered before is told by then, however busy the machine is.
        pause(Duration::from_secs(1)).await;
        let looks = rollout.count("looked");
        pause(Duration::from_secs(2)).await;
        check_silent(&prometheus.url()).await;
        assert_eq!(rollout.count("looked"), looks, "judged by what?");
        rollout.check_under_way();
        prometheus.resume().unwrap();
        pause(Duration::from_secs(2)).await;
    }
    let seen = rollout.ended().await;
    seen.check_unnoticed(0);
    seen.check_shares(&["25%", "100%"]);
}

#[tokio::test]
#[ignore = "needs the lab and minutes: cargo xtask lab test"]
async fn a_gateway_that_was_started_again_fails_no_release() {
    let scene = Scene::canary(Shop::empty_alone().await, "").await;
    let gateway = scene.shop.lab.gateway();
    let mut rollout = scene.begin(&PLAN, 50.0);
    rollout.until("bake-began", Some("25%")).await;
    gateway.stop().unwrap();
    gateway.start_again().unwrap();
    scene.shop.until("v1").await;
    let back = rollout.age();
    let seen = rollout.ended().await;
    assert_eq!(seen.ended.status, Some(0), "{seen}");
    let failures = seen.report.failures();
    assert!(!failures.is_empty(), "was it away? {seen}");
    // What was sent once it answered was answered.
    let late = failures.iter().find(|failure| failure.due >= back);
    assert!(late.is_none(), "{late:?} after {back:?}: {seen}");
    seen.check_sent();
    seen.check_shares(&["100%"]);
    seen.check_arrived();
}

/// A fifth of all requests fails for a minute, whichever version they are sent to.
#[tokio::test]
#[ignore = "needs the lab and minutes: cargo xtask lab test"]
async fn an_incident_of_both_versions_fails_no_release() {
    let shop = Shop::empty().await;
    let pods = shop.lab.pods();
    let from = pods.age().as_secs() + 40;
    let to = from + 60;
    let scene = Scene::canary(shop, &format!("errors-20_between-{from}s-{to}s")).await;
    // However long that took: it strikes a quarter of a minute after the rollout began.
    let begin = Duration::from_secs(from - 15);
    pause(begin.saturating_sub(pods.age())).await;
    let plan = Plan {
        checks: ERRORS,
        ..Plan::PATIENT
    };
    let seen = scene.begin(&plan, 200.0).ended().await;
    assert_eq!(seen.ended.status, Some(0), "{seen}");
    let of = |version| {
        let failures = seen.report.failures().iter();
        failures
            .filter(|failure| failure.version.as_deref() == Some(version))
            .count()
    };
    assert!(
        of("v1") > 500 && of("v2") > 50,
        "{} and {}: {seen}",
        of("v1"),
        of("v2")
    );
    seen.check_sent();
    seen.check_arrived();
}

/// A request every five seconds: nothing can be known of the release in a minute.
async fn hardly_asked(bake: &'static str) -> Seen {
    let scene = Scene::canary(Shop::empty().await, "").await;
    let plan = Plan {
        stages: "[25%, 100%]",
        bake,
        checks: ERRORS,
        ..Plan::CANARY
    };
    scene.begin(&plan, 0.2).ended().await
}

#[tokio::test]
#[ignore = "needs the lab and minutes: cargo xtask lab test"]
async fn a_release_that_is_hardly_asked_goes_back_where_the_policy_says_so() {
    let seen = hardly_asked("{at-least: 8s, at-most: 60s}").await;
    seen.check_unnoticed(2);
    let reason = &seen.first("failed").unwrap()["reason"];
    assert_eq!(reason["kind"], "undecided", "{seen}");
}

#[tokio::test]
#[ignore = "needs the lab and minutes: cargo xtask lab test"]
async fn a_release_that_is_hardly_asked_is_left_as_it_is_where_the_policy_says_so() {
    let seen = hardly_asked("{at-least: 8s, at-most: 30s, undecided: abandon}").await;
    seen.check_unnoticed(6);
    assert_eq!(seen.stages(), ["25%"], "{seen}");
}
