//! A healthy release becomes what runs, and everything that is not our part is as it was.

use strategy_core::driver::DriverError;

use crate::scene::{Scene, release};
use crate::terms::{Mode, Terms, seconds};

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn blue_green_by_selector() {
    let scene = Scene::open(Mode::BlueGreen).await;
    let before = scene.objects().await;
    let rollout = scene.release("v2", &Terms::default()).await;
    rollout.promoted().await;
    println!("{}", rollout.story.told());
    assert_eq!(rollout.story.passed(), ["preview", "switch"]);
    assert_eq!(scene.objects().await, scene.promoted(&before, "v2"));
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn canary_by_istio_weights() {
    let scene = Scene::open(Mode::Canary).await;
    let before = scene.objects().await;
    let rollout = scene.release("v2", &Terms::default()).await;
    rollout.until_baking("50%").await;
    let canary = scene.shop.get("Deployment", "api-canary").await;
    assert_eq!(canary["spec"]["replicas"], 3);
    rollout.promoted().await;
    println!("{}", rollout.story.told());
    let stages = ["20%", "50%", "100%", "promote", "return", "retire"];
    assert_eq!(rollout.story.passed(), stages);
    let weights = rollout.story.weights();
    let percents: Vec<String> = weights.iter().map(ToString::to_string).collect();
    assert_eq!(percents, ["0%", "20%", "50%", "100%", "0%"]);
    assert_eq!(scene.objects().await, scene.promoted(&before, "v2"));
}

/// What a watch brings may be a minute old: a plan that calls that unknown would stand for ever.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_plan_that_has_no_patience_with_watches_is_blocked() {
    let scene = Scene::open(Mode::BlueGreen).await;
    let mut terms = Terms::default();
    terms.policies.resync = seconds(2);
    terms.policies.stale_after = seconds(5);
    let strategy = terms.strategy(scene.mode);
    let (driver, _) = scene.driver();
    let error = driver.start(&*strategy, release("v2")).await.unwrap_err();
    println!("{error}");
    let DriverError::Blocked { findings } = error else {
        panic!("{error}");
    };
    assert_eq!(findings[0].code, "stale-after-too-short");
}
