//! Whole rollouts while the API server is away; each test has a control plane of its own.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    reason = "test"
)]
#![allow(
    dead_code,
    reason = "the shop and the scene are shared with other tests"
)]

#[path = "../rollout/scene.rs"]
mod scene;
#[path = "../control_plane/shop.rs"]
mod shop;
#[path = "../rollout/story.rs"]
mod story;
#[path = "../rollout/terms.rs"]
mod terms;

use std::sync::Arc;
use std::time::Duration;

use strategy_core::driver::{Clock as _, SystemClock};
use strategy_core::plan::{Policies, Then, Unreachable};
use strategy_core::rollout::{News, Reason};
use test_support::{ControlPlane, Options};

use crate::scene::Scene;
use crate::shop::pause;
use crate::terms::{Mode, Terms, seconds};

async fn own_plane() -> Arc<ControlPlane> {
    let start = || ControlPlane::start(Options::default());
    Arc::new(tokio::task::spawn_blocking(start).await.unwrap().unwrap())
}

/// No API server for so long; the driver goes on meanwhile.
async fn away(plane: &Arc<ControlPlane>, during: &str, time: Duration) {
    plane.stop_api_server().unwrap();
    let stopped = SystemClock.now();
    pause(time).await;
    let plane = Arc::clone(plane);
    let start = move || plane.start_api_server();
    tokio::task::spawn_blocking(start).await.unwrap().unwrap();
    let away = SystemClock.now().since(stopped);
    println!(
        "{during}: the API server was away for {:.1} s",
        away.as_secs_f64()
    );
}

/// Stops the API server as soon as it is so; everything ends as if it had been there all the time.
async fn nothing_but_the_time(tag: &str, during: &str, is_so: impl Fn(&News) -> bool) {
    let plane = own_plane().await;
    let scene = Scene::on(Arc::clone(&plane), Mode::Canary).await;
    let before = scene.objects().await;
    let terms = Terms {
        stages: vec![100],
        bake: seconds(5),
        // Controllers need their time to come back, too.
        deadline: seconds(300),
        ..Terms::default()
    };
    let rollout = scene.release(tag, &terms).await;
    rollout.until(during, |story| story.has(&is_so)).await;
    away(&plane, during, seconds(20)).await;
    rollout.promoted().await;
    println!("{}", rollout.story.told());
    let stages = ["100%", "promote", "return", "retire"];
    assert_eq!(rollout.story.passed(), stages);
    let weights = rollout.story.weights();
    let percents: Vec<String> = weights.iter().map(ToString::to_string).collect();
    assert_eq!(percents, ["0%", "100%", "0%"]);
    assert_eq!(scene.objects().await, scene.promoted(&before, tag));
}

fn waits_for(news: &News, what: &str) -> bool {
    matches!(news, News::Waiting { what: now, .. } if now.contains(what))
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn for_20_seconds_while_pods_become_ready_changes_nothing_but_the_time() {
    let is_so = |news: &News| waits_for(news, "ready pods of candidate");
    // Pods of this image take three seconds to become ready.
    nothing_but_the_time("v2-slow", "waiting for pods", is_so).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn for_20_seconds_during_the_bake_changes_nothing_but_the_time() {
    let is_so = |news: &News| matches!(news, News::BakeBegan { .. });
    nothing_but_the_time("v2", "baking", is_so).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn for_20_seconds_while_stable_is_updated_changes_nothing_but_the_time() {
    let is_so = |news: &News| waits_for(news, "ready pods of stable");
    nothing_but_the_time("v2", "updating stable", is_so).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn beyond_the_limit_rolls_back_when_it_is_there_again() {
    let plane = own_plane().await;
    let scene = Scene::on(Arc::clone(&plane), Mode::BlueGreen).await;
    let before = scene.objects().await;
    let mut policies = Policies::default();
    policies.unreachable = Unreachable::after(seconds(6), Then::RollBack);
    policies.resync = seconds(2);
    let terms = Terms {
        policies,
        ..Terms::long_bake()
    };
    let rollout = scene.release("v2", &terms).await;
    rollout.until_baking("switch").await;
    away(&plane, "beyond the limit", seconds(20)).await;
    let reason = rollout.rolled_back().await;
    println!("{reason}\n{}", rollout.story.told());
    assert!(matches!(reason, Reason::Unreachable { .. }), "{reason}");
    assert_eq!(scene.objects().await, before);
}
