//! What became of our deployment, told by its own identity and not by whether the service is steady.

use std::time::Duration;

use serde_json::json;
use strategy_core::rollout::{Outcome, Reason};
use strategy_core::target::FatalReason;
use target_ecs::config::Rolling as RollingMode;
use test_support::ecs::{Image, Settings};

use crate::scene::{Scene, breaker, patient, platform, reason, roll};

/// The failure that `aws ecs wait services-stable` takes for success.
#[test]
fn a_circuit_breaker_that_rolled_back_is_no_success() {
    let scene = Scene::rolling();
    scene.fake.set_image("web:bad", Image::exits_at_start(3));
    let message = platform(&scene.roll_out(&patient(), "web:bad"));
    assert!(message.starts_with("it rolled back: "), "{message}");
    assert!(message.contains("Circuit breaker triggered"), "{message}");
    assert!(
        message.contains("circuit breaker: 4 failed tasks, and 3 trip it"),
        "{message}"
    );
    assert!(message.contains("web exited with 3"), "{message}");
    scene.is_home();
    assert_eq!(scene.called("UpdateService"), 1, "ECS itself took it back");
    assert_eq!(scene.deployments()[0], "ROLLBACK_SUCCESSFUL");
    scene.nobody_was_let_down();
}

/// The machine needs no circuit breaker.
#[test]
fn a_task_that_fails_takes_the_rollout_back_at_once() {
    let scene = Scene::with(Settings::default(), &json!({}));
    scene.fake.set_image("web:bad", Image::exits_at_start(3));
    let Reason::Fatal {
        reason, message, ..
    } = reason(&scene.roll_out(&roll(), "web:bad"))
    else {
        panic!("no fatal task");
    };
    assert_eq!(reason, FatalReason::TaskFailed);
    assert!(message.contains("web exited with 3"), "{message}");
    scene.is_home();
    assert_eq!(scene.called("StopServiceDeployment"), 1);
    assert_eq!(scene.called("UpdateService"), 1);
    scene.nobody_was_let_down();
}

#[test]
fn an_image_that_cannot_be_pulled_is_fatal() {
    let scene = Scene::with(Settings::default(), &json!({}));
    scene.fake.set_image("web:gone", Image::missing());
    let Reason::Fatal { reason, .. } = reason(&scene.roll_out(&roll(), "web:gone")) else {
        panic!("no fatal task");
    };
    assert_eq!(reason, FatalReason::ImagePull);
    scene.is_home();
    scene.nobody_was_let_down();
}

/// Without a circuit breaker ECS would go on for ever.
#[test]
fn a_deployment_without_progress_is_stalled_with_what_its_tasks_failed_of() {
    let scene = Scene::with(Settings::default(), &json!({}));
    scene.fake.set_image("web:ill", Image::never_healthy());
    let message = platform(&scene.roll_out(&patient(), "web:ill"));
    assert!(message.starts_with("it makes no progress: "), "{message}");
    assert!(message.contains("0 of 4 tasks are ready"), "{message}");
    assert!(message.contains("health checks"), "{message}");
    scene.is_home();
    scene.nobody_was_let_down();
}

#[test]
fn how_long_without_progress_can_be_set() {
    let mut scene = Scene::with(Settings::default(), &json!({}));
    scene.mode = RollingMode::new("web")
        .stall(Duration::from_secs(120))
        .into();
    scene.fake.set_image("web:ill", Image::never_healthy());
    let start = scene.clock.now();
    let message = platform(&scene.roll_out(&patient(), "web:ill"));
    assert!(message.contains("for 2 minutes"), "{message}");
    assert!(scene.clock.now().since(start) < Duration::from_secs(300));
    scene.is_home();
}

/// Tasks come slowly, and come: that is progress.
#[test]
fn a_slow_deployment_is_not_stalled() {
    let mut scene = Scene::with(
        Settings::default(),
        &json!({"maximumPercent": 125, "minimumHealthyPercent": 100}),
    );
    scene.mode = RollingMode::new("web")
        .stall(Duration::from_secs(360))
        .into();
    let slow = Image::good().starting_in(Duration::from_secs(240));
    scene.fake.set_image("web:slow", slow);
    let start = scene.clock.now();
    assert_eq!(scene.roll_out(&patient(), "web:slow"), Outcome::Promoted);
    assert!(scene.clock.now().since(start) > Duration::from_secs(960));
    scene.nobody_was_let_down();
}

/// The circuit breaker gives up, and nobody told it to roll back.
#[test]
fn a_circuit_breaker_that_takes_nothing_back_is_a_stall() {
    let breaker = json!({"deploymentCircuitBreaker": {"enable": true, "rollback": false}});
    let scene = Scene::with(Settings::default(), &breaker);
    scene.fake.set_image("web:bad", Image::exits_at_start(3));
    let message = platform(&scene.roll_out(&patient(), "web:bad"));
    assert!(
        message.contains("it failed, and nothing takes it back"),
        "{message}"
    );
    assert!(message.contains("web exited with 3"), "{message}");
    scene.is_home();
    assert_eq!(
        scene.called("StopServiceDeployment"),
        0,
        "there is nothing to stop"
    );
    assert_eq!(scene.called("UpdateService"), 2);
}

/// Somebody stops it in the console.
#[test]
fn a_deployment_that_somebody_stops_is_rolled_back() {
    let scene = Scene::rolling();
    let person = async {
        scene.until_called("UpdateService", 1).await;
        scene.after(10).await;
        let arn = scene.service()["currentServiceDeployment"].clone();
        let input = json!({"serviceDeploymentArn": arn, "stopType": "ROLLBACK"});
        let service = test_support::ecs::Service::Ecs;
        scene.ask(service, "StopServiceDeployment", input);
    };
    let outcome = scene.roll_out_while(&patient(), "web:2", person);
    let message = platform(&outcome);
    assert!(message.contains("requested by the user"), "{message}");
    scene.is_home();
    assert_eq!(scene.called("UpdateService"), 1);
}

/// Steady, one deployment, running as many as desired: and none of it is ours.
#[test]
fn another_deployment_takes_its_place() {
    let scene = Scene::rolling();
    let person = async {
        scene.until_called("UpdateService", 1).await;
        scene.after(20).await;
        let arn = scene.shop.register("web:theirs");
        scene.fake.somebody_deploys("shop", "web", &arn).unwrap();
    };
    let outcome = scene.roll_out_while(&patient(), "web:2", person);
    let message = platform(&outcome);
    assert!(
        message.starts_with("another took its place: deployment ecs-svc/"),
        "{message}"
    );
    assert!(message.ends_with(" of web:3"), "{message}");
    scene.is_home();
    scene.nobody_was_let_down();
}

/// The same task definition once more, forced by somebody: another deployment all the same.
#[test]
fn a_forced_deployment_takes_its_place() {
    let scene = Scene::rolling();
    let person = async {
        scene.until_called("UpdateService", 1).await;
        scene.after(20).await;
        scene.update(json!({"forceNewDeployment": true}));
    };
    let outcome = scene.roll_out_while(&patient(), "web:2", person);
    let message = platform(&outcome);
    assert!(
        message.starts_with("another took its place: deployment ecs-svc/"),
        "{message}"
    );
    scene.is_home();
}

/// A service without tasks is steady at once.
#[test]
fn scaled_to_nothing_is_no_success() {
    let scene = Scene::rolling();
    let person = async {
        scene.until_called("UpdateService", 1).await;
        scene.after(5).await;
        scene.fake.somebody_scales("shop", "web", 0).unwrap();
    };
    let outcome = scene.roll_out_while(&roll(), "web:2", person);
    println!("{outcome}");
    assert_ne!(scene.service()["desiredCount"], 0, "{outcome}");
    if outcome == Outcome::Promoted {
        assert_eq!(scene.service()["runningCount"], 4);
    }
    scene.nothing_is_left();
}

#[test]
fn a_service_that_fails_after_it_won_goes_back() {
    let scene = Scene::with(Settings::default(), &breaker());
    let crashes = Image::crashes_after(Duration::from_secs(100));
    scene.fake.set_image("web:weak", crashes);
    let roll = roll().bake_after_last(Duration::from_secs(900));
    let outcome = scene.roll_out(&roll, "web:weak");
    println!("{outcome}");
    assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
    scene.is_home();
}
