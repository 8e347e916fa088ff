//! Whole rollouts behind an Ingress.

use serde_json::json;
use strategy_core::driver::DriverError;
use strategy_core::rollout::Reason;
use strategy_core::{Strategy, strategy};

use crate::scene::{Scene, release};
use crate::terms::{Mode, Terms};

/// Twice, so that the slots have changed their roles once and back.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn good_releases_are_promoted_by_turns_and_leave_no_trace() {
    let scene = Scene::open(Mode::Ingress).await;
    for tag in ["v2", "v3"] {
        let before = scene.objects().await;
        let rollout = scene.release(tag, &Terms::default()).await;
        rollout.promoted().await;
        println!("{}", rollout.story.told());
        assert_eq!(rollout.story.passed(), ["preview", "switch"]);
        assert_eq!(scene.objects().await, scene.promoted(&before, tag));
    }
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_bad_release_goes_back_and_leaves_no_trace() {
    let scene = Scene::open(Mode::Ingress).await;
    let before = scene.objects().await;
    let rollout = scene.release("v2-flap", &Terms::long_bake()).await;
    let reason = rollout.rolled_back().await;
    println!("{reason}\n{}", rollout.story.told());
    assert_eq!(scene.objects().await, before);
}

/// A person who takes one path back to the old slot is heeded: all of it goes there.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn one_path_that_a_person_takes_back_in_the_bake_takes_all_of_it_back() {
    let scene = Scene::open(Mode::Ingress).await;
    let before = scene.objects().await;
    let rollout = scene.release("v2", &Terms::long_bake()).await;
    rollout.until_baking("switch").await;
    let mut rules = scene.shop.get("Ingress", "api").await["spec"]["rules"].clone();
    rules[0]["http"]["paths"][2]["backend"]["service"]["name"] = json!("api-blue");
    let patch = json!({"spec": {"rules": rules}});
    scene.shop.patch("person", "Ingress", "api", patch).await;
    let reason = rollout.rolled_back().await;
    println!("{reason}\n{}", rollout.story.told());
    assert!(matches!(reason, Reason::Foreign { .. }), "{reason}");
    assert!(reason.to_string().contains("person"), "{reason}");
    assert_eq!(scene.objects().await, before);
}

/// A share of the requests cannot be had, and that is said before anything is written.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_canary_of_weights_is_refused() {
    let scene = Scene::open(Mode::Ingress).await;
    let before = scene.objects().await;
    let canary: Box<dyn Strategy> = Box::new(strategy::Canary::new().stages([20, 100]));
    let (driver, _) = scene.driver();
    let error = driver.start(&*canary, release("v2")).await.unwrap_err();
    println!("{error}");
    let DriverError::Plan(plan) = error else {
        panic!("{error:?}");
    };
    let text = plan.to_string();
    assert!(text.contains("20%"), "{text}");
    assert_eq!(scene.objects().await, before);
}
