//! A release that works takes the place of what was, and the deployment that won is ours.

use std::time::Duration;

use strategy_core::Target;
use strategy_core::rollout::Outcome;
use strategy_core::world::block_on;
use target_ecs::EcsTarget;
use target_ecs::config::Rolling as RollingMode;
use test_support::ecs::Settings;

use crate::scene::{Scene, breaker, roll};

#[test]
fn a_good_release_is_promoted() {
    let scene = Scene::rolling();
    assert_eq!(scene.roll_out(&roll(), "web:2"), Outcome::Promoted);
    assert_eq!(scene.image(), "web:2");
    assert_eq!(scene.service()["runningCount"], 4);
    assert_eq!(scene.deployments()[0], "SUCCESSFUL");
    assert_eq!(scene.called("UpdateService"), 1);
    assert_eq!(scene.called("RegisterTaskDefinition"), 1);
    scene.nobody_was_let_down();
    scene.nothing_is_left();
}

#[test]
fn what_runs_already_is_promoted_without_a_write() {
    let scene = Scene::rolling();
    assert_eq!(scene.roll_out(&roll(), "web:1"), Outcome::Promoted);
    assert!(scene.calls().iter().all(|call| !call.is_write()));
}

/// The same release is registered once, and what was registered for it is used.
#[test]
fn a_release_that_was_registered_before_is_found_again() {
    let scene = Scene::rolling();
    assert_eq!(scene.roll_out(&roll(), "web:2"), Outcome::Promoted);
    let second = scene.service()["taskDefinition"].clone();
    let first = scene.shop.task_definition.clone();
    scene.fake.somebody_deploys("shop", "web", &first).unwrap();
    scene.wait(600);
    assert_eq!(scene.roll_out(&roll(), "web:2"), Outcome::Promoted);
    assert_eq!(scene.service()["taskDefinition"], second);
    assert_eq!(scene.called("RegisterTaskDefinition"), 1);
}

#[test]
fn reads_that_lag_behind_change_nothing() {
    for lag in [3, 8, 20] {
        let settings = Settings {
            read_lag: Duration::from_secs(lag),
            ..Settings::default()
        };
        let scene = Scene::with(settings, &breaker());
        let outcome = scene.roll_out(&roll(), "web:2");
        assert_eq!(outcome, Outcome::Promoted, "{lag} s");
        assert_eq!(scene.image(), "web:2");
        assert_eq!(scene.called("UpdateService"), 1);
        scene.wait(60);
        scene.nothing_is_left();
    }
}

/// The figures of the documentation.
#[test]
fn a_rollout_needs_so_many_calls() {
    let scene = Scene::rolling();
    let target = scene.target();
    let found = block_on(&scene.clock, target.discover()).unwrap().unwrap();
    let discovery = scene.calls().len();
    let seen = target.observe(&found.binding);
    block_on(&scene.clock, seen).unwrap().unwrap();
    let look = scene.calls().len() - discovery;
    println!("discovery {discovery}, look {look}");
    assert_eq!((discovery, look), (7, 4));
    let before = scene.calls().len();
    assert_eq!(scene.roll_out(&roll(), "web:2"), Outcome::Promoted);
    let calls = &scene.calls()[before..];
    let writes: Vec<&str> = calls
        .iter()
        .filter(|call| call.is_write())
        .map(|call| call.operation.as_str())
        .collect();
    println!("{} calls, which write: {writes:?}", calls.len());
    assert_eq!(
        writes,
        [
            "TagResource",
            "RegisterTaskDefinition",
            "TagResource",
            "UpdateService",
            "TagResource",
            "UntagResource"
        ]
    );
}

/// With its ARN the policy names region and account; by its name alone it cannot.
#[test]
fn a_service_is_named_by_its_name_or_its_arn() {
    let mut scene = Scene::rolling();
    let arn = scene.service()["serviceArn"].as_str().unwrap().to_owned();
    let by_name = EcsTarget::permissions(&scene.config()).unwrap().to_string();
    assert!(by_name.contains("arn:aws:ecs:*:*:service/shop/web\""));
    scene.mode = RollingMode::new(&arn).into();
    let by_arn = EcsTarget::permissions(&scene.config()).unwrap().to_string();
    assert!(
        by_arn.contains(&arn) && !by_arn.contains("ecs:*:*"),
        "{by_arn}"
    );
    assert_eq!(scene.roll_out(&roll(), "web:2"), Outcome::Promoted);
    for wrong in [
        "",
        "a/b",
        "arn:aws:ecs:eu-central-1:123456789012:cluster/shop",
        "arn:aws:ecs:eu-central-1:123456789012:service/other/web",
    ] {
        scene.mode = RollingMode::new(wrong).into();
        let error = EcsTarget::permissions(&scene.config()).unwrap_err();
        assert!(error.to_string().contains("`service`"), "{error}");
        assert!(scene.config().check_names().is_err(), "{wrong}");
    }
}
