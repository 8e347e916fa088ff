//! Where Amazon ECS shifts: each step comes after our answer, and what was goes only in the end.

use std::time::Duration;

use serde_json::json;
use strategy_core::rollout::Outcome;
use strategy_core::strategy::{BlueGreen, Canary};
use test_support::ecs::{AlarmState, Settings};

use crate::scene::Scene;

pub(crate) fn canary(stages: impl IntoIterator<Item = u16>) -> Canary {
    Canary::new().stages(stages).bake(Duration::from_secs(120))
}

/// All is as before but for the image.
fn is_promoted(scene: &Scene, before: &serde_json::Value) {
    assert_eq!(scene.image(), "web:2");
    scene.is_configured_as(before);
    assert_eq!(scene.service()["runningCount"], 4);
    assert_eq!(scene.weights(), (0, 100));
    assert_eq!(scene.deployments()[0], "SUCCESSFUL");
    scene.nobody_was_let_down();
    scene.nothing_is_left();
}

#[test]
fn a_canary_of_two_steps_is_promoted() {
    let scene = Scene::gated();
    let before = scene.service();
    let watch = async {
        scene.until_weight(10).await;
        let seen = scene.clock.now();
        let told = scene.service()["deploymentConfiguration"].clone();
        assert_eq!(told["strategy"], "CANARY");
        assert_eq!(told["canaryConfiguration"]["canaryPercent"], 10.0);
        assert_eq!(told["canaryConfiguration"]["canaryBakeTimeInMinutes"], 0);
        scene.until_weight(100).await;
        assert!(scene.clock.now().since(seen) >= Duration::from_secs(120));
    };
    let outcome = scene.roll_out_while(&canary([10, 100]), "web:2", watch);
    assert_eq!(outcome, Outcome::Promoted);
    is_promoted(&scene, &before);
    assert_eq!(scene.called("ContinueServiceDeployment"), 3);
    assert_eq!(
        scene.called("UpdateService"),
        2,
        "to begin it, and to put its settings back"
    );
}

#[test]
fn a_canary_of_equal_steps_is_linear() {
    let scene = Scene::gated();
    let before = scene.service();
    let watch = async {
        for weight in [25, 50, 75, 100] {
            scene.until_weight(weight).await;
        }
    };
    let strategy = canary([25, 50, 75, 100]);
    let outcome = scene.roll_out_while(&strategy, "web:2", watch);
    assert_eq!(outcome, Outcome::Promoted);
    is_promoted(&scene, &before);
    assert_eq!(scene.called("ContinueServiceDeployment"), 5);
}

#[test]
fn blue_green_is_all_at_once() {
    let scene = Scene::gated();
    let before = scene.service();
    let strategy = BlueGreen::new().bake(Duration::from_secs(120));
    assert_eq!(scene.roll_out(&strategy, "web:2"), Outcome::Promoted);
    is_promoted(&scene, &before);
    assert_eq!(scene.called("ContinueServiceDeployment"), 2);
}

/// The next release goes the other way round.
#[test]
fn one_release_after_the_other() {
    let scene = Scene::gated();
    let strategy = canary([20, 100]);
    assert_eq!(scene.roll_out(&strategy, "web:2"), Outcome::Promoted);
    scene.wait(600);
    assert_eq!(scene.weights(), (0, 100));
    assert_eq!(scene.roll_out(&strategy, "web:3"), Outcome::Promoted);
    scene.wait(600);
    assert_eq!(scene.weights(), (100, 0));
    assert_eq!(scene.image(), "web:3");
    scene.nobody_was_let_down();
}

/// What was told of a function stays, beside our pause.
#[test]
fn functions_of_the_service_are_asked_too_and_stay() {
    let scene = Scene::gated();
    let function = json!([{"targetType": "AWS_LAMBDA", "lifecycleStages": ["POST_SCALE_UP"],
        "hookTargetArn": "arn:aws:lambda:eu-west-1:123456789012:function:ready",
        "roleArn": "arn:aws:iam::123456789012:role/hooks"}]);
    scene.update(json!({"deploymentConfiguration": {"lifecycleHooks": function}}));
    let before = scene.service();
    assert_eq!(
        scene.roll_out(&canary([10, 100]), "web:2"),
        Outcome::Promoted
    );
    is_promoted(&scene, &before);
}

/// Nobody says whether AWS forgets what is left out of a configuration, so all of it is told.
#[test]
fn what_is_not_ours_of_a_configuration_stays_though_aws_should_replace_it() {
    for replaces in [false, true] {
        let scene = Scene::gated_with(Settings {
            replaces_configuration: replaces,
            ..Settings::default()
        });
        let alarms = json!({"alarmNames": ["web-5xx"], "enable": true, "rollback": true});
        let block = json!({
            "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1,
            "maximumPercent": 150, "minimumHealthyPercent": 75, "alarms": alarms,
        });
        scene.update(json!({"deploymentConfiguration": block}));
        scene.fake.set_alarm("web-5xx", AlarmState::Ok);
        let before = scene.service();
        let watch = async {
            scene.until_weight(10).await;
            let told = scene.service()["deploymentConfiguration"].clone();
            assert_eq!(told["strategy"], "CANARY");
            assert_eq!(told["alarms"], alarms);
            assert_eq!(told["maximumPercent"], 150);
        };
        let outcome = scene.roll_out_while(&canary([10, 100]), "web:2", watch);
        assert_eq!(outcome, Outcome::Promoted);
        is_promoted(&scene, &before);
    }
}
