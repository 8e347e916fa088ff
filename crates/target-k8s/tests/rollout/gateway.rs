//! Whole rollouts behind an HTTPRoute of Gateway API, with a stand-in for its controller.

use std::time::Duration;

use strategy_core::driver::DriverError;
use strategy_core::rollout::{Command, Outcome, Wish};
use strategy_core::{Strategy, strategy};
use test_support::GatewayController;

use crate::scene::{Running, Scene, release};
use crate::shop::pause;
use crate::terms::{Mode, Terms, seconds};

pub(crate) fn controller(scene: &Scene) -> GatewayController {
    GatewayController::start(scene.shop.client.clone(), &scene.shop.namespace, "v1")
}

/// Waits until the controller has said something of everything.
pub(crate) async fn carried(scene: &Scene) {
    for (kind, name, field) in [
        ("HTTPRoute", "api", "/status/parents/0"),
        ("Gateway", "shop", "/status/conditions/1/observedGeneration"),
    ] {
        let is_said = |object: &serde_json::Value| object.pointer(field).is_some();
        scene.shop.until_object(kind, name, is_said).await;
    }
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_good_release_is_promoted_by_weights_and_leaves_no_trace() {
    let scene = Scene::open(Mode::Gateway).await;
    let _controller = controller(&scene);
    carried(&scene).await;
    let before = scene.objects().await;
    let rollout = scene.release("v2", &Terms::default()).await;
    rollout.promoted().await;
    println!("{}", rollout.story.told());
    let weights = rollout.story.weights();
    let percents: Vec<String> = weights.iter().map(ToString::to_string).collect();
    assert_eq!(percents, ["0%", "20%", "50%", "100%", "0%"]);
    assert_eq!(scene.objects().await, scene.promoted(&before, "v2"));
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_bad_release_goes_back_and_leaves_no_trace() {
    let scene = Scene::open(Mode::Gateway).await;
    let _controller = controller(&scene);
    carried(&scene).await;
    let before = scene.objects().await;
    let rollout = scene.release("v2-flap", &Terms::long_bake()).await;
    let reason = rollout.rolled_back().await;
    println!("{reason}\n{}", rollout.story.told());
    assert_eq!(scene.objects().await, before);
}

/// Testers by header, through every stage, and gone with the rollout.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn previews_come_with_the_first_stage_and_go_with_the_last() {
    let scene = Scene::open(Mode::Gateway).await;
    let _controller = controller(&scene);
    carried(&scene).await;
    let before = scene.objects().await;
    let bake = || strategy_core::plan::Bake::of(seconds(2));
    let canary: Box<dyn Strategy> = Box::new(
        strategy::Canary::new()
            .stages([20, 100])
            .header_route("x-tester", "yes")
            .bake(bake())
            .bake_after_return(bake()),
    );
    let (driver, story) = scene.driver();
    let started = driver.start(&*canary, release("v2")).await;
    let (handle, run) = started.unwrap_or_else(|error| panic!("{error}"));
    let rollout = Running::of(handle, run, story);
    rollout.until_baking("20%").await;
    let rules = scene.shop.get("HTTPRoute", "api").await["spec"]["rules"].clone();
    assert_eq!(rules.as_array().unwrap().len(), 3, "{rules:#}");
    assert_eq!(rules[2]["name"], "rollway-1-0-header");
    rollout.promoted().await;
    assert_eq!(scene.objects().await, scene.promoted(&before, "v2"));
}

/// Written is not effective: while the controller is silent no bake begins, and when it speaks, one does.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn no_bake_begins_before_the_controller_has_seen_the_write() {
    let scene = Scene::open(Mode::Gateway).await;
    let says = controller(&scene);
    carried(&scene).await;
    let before = scene.objects().await;
    let rollout = scene.release("v2", &Terms::long_bake()).await;
    drop(says);
    let written = |story: &crate::story::Story| story.weights().len() > 1;
    rollout.until("the first weight", written).await;
    pause(Duration::from_secs(4)).await;
    assert!(!rollout.story.is_baking("20%"), "{}", rollout.story.told());
    let _says = controller(&scene);
    rollout.until_baking("20%").await;
    let abort = Command::new("stop", "ann", Wish::Abort { force: false });
    rollout.handle.command(abort).await.unwrap();
    assert!(matches!(
        rollout.settled().await,
        Outcome::RolledBack { .. }
    ));
    assert_eq!(scene.objects().await, before);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn without_a_controller_nothing_begins() {
    let scene = Scene::open(Mode::Gateway).await;
    let (driver, _) = scene.driver();
    let strategy = Terms::default().strategy(scene.mode);
    let error = driver.start(&*strategy, release("v2")).await.unwrap_err();
    let DriverError::Blocked { findings } = error else {
        panic!("{error}");
    };
    let codes: Vec<&str> = findings.iter().map(|found| found.code.as_str()).collect();
    assert_eq!(codes, ["route-not-accepted", "gateway-not-programmed"]);
}
