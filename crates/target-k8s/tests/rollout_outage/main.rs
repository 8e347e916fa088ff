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

mod lag;
#[path = "../rollout/scene.rs"]
mod scene;
#[path = "../control_plane/shop.rs"]
mod shop;
#[path = "../rollout/story.rs"]
mod story;
#[path = "../rollout/terms.rs"]
mod terms;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use strategy_core::driver::{Clock as _, SystemClock};
use strategy_core::plan::{Policies, Then, Unreachable};
use strategy_core::rollout::{Command, News, Outcome, Reason, Wish};
use test_support::{ControlPlane, Options};

use crate::scene::Scene;
use crate::shop::pause;
use crate::terms::{Mode, Terms, seconds};

/// How long the API server is away.
const OUTAGE: Duration = seconds(20);

pub(crate) async fn own_plane() -> Arc<ControlPlane> {
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

/// When an outage begins: what it interrupts, and how that is told.
type During = (&'static str, fn(&News) -> bool);

/// Stops the API server whenever one of these is so, in this order; everything ends as if it had
/// been there all the time.
async fn nothing_but_the_time(mode: Mode, tag: &str, outages: &[During]) {
    let plane = own_plane().await;
    let scene = Scene::on(Arc::clone(&plane), mode).await;
    let before = scene.objects().await;
    let terms = Terms {
        stages: vec![100],
        bake: seconds(5),
        // Controllers need their time to come back, too.
        deadline: seconds(300),
        ..Terms::default()
    };
    let rollout = scene.release(tag, &terms).await;
    for (during, is_so) in outages {
        rollout.until(during, |story| story.has(is_so)).await;
        away(&plane, during, OUTAGE).await;
    }
    rollout.promoted().await;
    println!("{}", rollout.story.told());
    let (stages, percents): (&[&str], &[&str]) = match mode {
        Mode::BlueGreen | Mode::Ingress => (&["preview", "switch"], &["0%", "100%"]),
        Mode::Canary | Mode::Gateway => (
            &["100%", "promote", "return", "retire"],
            &["0%", "100%", "0%"],
        ),
    };
    assert_eq!(rollout.story.passed(), stages);
    let weights = rollout.story.weights();
    let weights: Vec<String> = weights.iter().map(ToString::to_string).collect();
    assert_eq!(weights, percents);
    assert_eq!(scene.objects().await, scene.promoted(&before, tag));
}

fn waits_for(news: &News, what: &str) -> bool {
    matches!(news, News::Waiting { what: now, .. } if now.contains(what))
}

fn enters(news: &News, name: &str) -> bool {
    matches!(news, News::StageEntered { stage, .. } if stage.as_str() == name)
}

fn bakes(news: &News, name: &str) -> bool {
    matches!(news, News::BakeBegan { stage } if stage.as_str() == name)
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn for_20_seconds_before_and_during_the_bake_of_a_canary_changes_nothing_but_the_time() {
    // Pods of this image take three seconds to become ready.
    let outages: [During; 2] = [
        ("waiting for pods", |news| {
            waits_for(news, "ready replicas of candidate")
        }),
        ("baking", |news| bakes(news, "100%")),
    ];
    nothing_but_the_time(Mode::Canary, "v2-slow", &outages).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn for_20_seconds_in_promote_return_and_retire_changes_nothing_but_the_time() {
    let outages: [During; 3] = [
        ("updating stable", |news| {
            waits_for(news, "ready replicas of stable")
        }),
        ("returning", |news| enters(news, "return")),
        ("retiring", |news| enters(news, "retire")),
    ];
    nothing_but_the_time(Mode::Canary, "v2", &outages).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn for_20_seconds_in_preview_and_switch_changes_nothing_but_the_time() {
    let outages: [During; 2] = [
        ("preparing the slot", |news| {
            waits_for(news, "ready replicas of candidate")
        }),
        ("switching", |news| enters(news, "switch")),
    ];
    nothing_but_the_time(Mode::BlueGreen, "v2-slow", &outages).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn for_20_seconds_on_the_way_back_changes_nothing_but_the_time() {
    let plane = own_plane().await;
    let begin = async |mode: Mode| {
        let scene = Scene::on(Arc::clone(&plane), mode).await;
        let before = scene.objects().await;
        let rollout = scene.release("v2", &Terms::long_bake()).await;
        rollout.until_baking(mode.first_exposed()).await;
        (scene, before, rollout)
    };
    let both = tokio::join!(begin(Mode::BlueGreen), begin(Mode::Canary));
    for (_, _, rollout) in [&both.0, &both.1] {
        let abort = Command::new("enough", "ann", Wish::Abort { force: false });
        rollout.handle.command(abort).await.unwrap();
    }
    away(&plane, "rolling back", OUTAGE).await;
    for (scene, before, rollout) in [both.0, both.1] {
        let reason = rollout.rolled_back().await;
        println!("{:?}: {reason}\n{}", scene.mode, rollout.story.told());
        // The outage changes neither the outcome nor what it is called.
        assert!(matches!(reason, Reason::Aborted { .. }), "{reason}");
        let began = |news: &News| matches!(news, News::RollbackBegan { .. });
        assert!(rollout.story.has(began));
        assert_eq!(scene.objects().await, before);
    }
}

/// A policy that bears six seconds without an answer.
fn impatient(then: Then) -> Terms {
    let mut policies = Policies::default();
    policies.unreachable = Unreachable::after(seconds(6), then);
    policies.resync = seconds(2);
    Terms {
        policies,
        ..Terms::long_bake()
    }
}

/// Without claims, which are given up with the rollout.
fn unclaimed(objects: &mut BTreeMap<String, Value>) {
    for object in objects.values_mut() {
        if let Some(annotations) = object["metadata"].get_mut("annotations") {
            let annotations = annotations.as_object_mut().unwrap();
            annotations.retain(|key, _| !key.starts_with("rollway.dev/"));
        }
        let metadata = object["metadata"].as_object_mut().unwrap();
        metadata.retain(|key, value| key != "annotations" || *value != json!({}));
    }
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn beyond_the_limit_is_answered_as_the_policy_says_when_it_is_there_again() {
    let plane = own_plane().await;
    let begin = async |mode: Mode, then: Then| {
        let scene = Scene::on(Arc::clone(&plane), mode).await;
        let before = scene.objects().await;
        let rollout = scene.release("v2", &impatient(then)).await;
        rollout.until_baking(mode.first_exposed()).await;
        (scene, before, rollout, then)
    };
    let all = tokio::join!(
        begin(Mode::BlueGreen, Then::RollBack),
        begin(Mode::Canary, Then::RollBack),
        begin(Mode::BlueGreen, Then::Abandon),
        begin(Mode::Canary, Then::Abandon),
    );
    let all = [all.0, all.1, all.2, all.3];
    let mut during = Vec::new();
    for (scene, ..) in &all {
        during.push(scene.objects().await);
    }
    away(&plane, "beyond the limit", OUTAGE).await;
    for ((scene, before, rollout, then), mut during) in all.into_iter().zip(during) {
        let outcome = rollout.settled().await;
        println!(
            "{:?}, {then:?}: {outcome}\n{}",
            scene.mode,
            rollout.story.told()
        );
        let after = scene.objects().await;
        assert!(
            rollout
                .story
                .has(|news| matches!(news, News::Unreachable { .. }))
        );
        match (then, outcome) {
            (Then::RollBack, Outcome::RolledBack { reason }) => {
                assert!(matches!(reason, Reason::Unreachable { .. }), "{reason}");
                assert_eq!(after, before);
            }
            (Then::Abandon, Outcome::Abandoned { left }) => {
                assert!(!left.is_empty());
                // Everything stays where it is; only the claim is gone.
                unclaimed(&mut during);
                assert_eq!(after, during);
            }
            (_, outcome) => panic!("{then:?}: {outcome}"),
        }
    }
}
