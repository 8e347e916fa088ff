//! Somebody else answers the hooks of a gated deployment.

use serde_json::{Value, json};
use strategy_core::rollout::Outcome;
use test_support::ecs::Service;

use crate::gated_promoted::canary;
use crate::scene::Scene;

/// Somebody lets the deployment go on past the hook that waits now.
pub(crate) fn somebody_answers(scene: &Scene) {
    let arn = scene.service()["currentServiceDeployment"].clone();
    let input = json!({"serviceDeploymentArns": [arn]});
    let answer = scene.ask(Service::Ecs, "DescribeServiceDeployments", input);
    let hooks = answer["serviceDeployments"][0]["lifecycleHookDetails"].clone();
    let hooks = hooks.as_array().unwrap().iter();
    let mut waiting = hooks.filter(|hook| hook["status"] == "AWAITING_ACTION");
    let hook: &Value = waiting.next().unwrap();
    let input =
        json!({"serviceDeploymentArn": arn, "hookId": hook["hookId"], "action": "CONTINUE"});
    scene.ask(Service::Ecs, "ContinueServiceDeployment", input);
}

/// The last hook keeps what was until the plan gives it up. Once somebody has given it up, the deployment is over
/// and asks nothing any more: what is left is to give the service its own configuration back.
#[test]
fn after_somebody_answered_the_last_hook_the_configuration_goes_back_all_the_same() {
    let scene = Scene::gated();
    let before = scene.service();
    let person = async {
        scene.until_weight(100).await;
        scene.after(30).await;
        somebody_answers(&scene);
    };
    let outcome = scene.roll_out_while(&canary([10, 100]), "web:2", person);
    println!("{outcome}");
    scene.wait(600);
    assert_eq!(outcome, Outcome::Promoted, "{outcome}");
    assert_eq!(scene.image(), "web:2");
    scene.is_configured_as(&before);
    scene.nothing_is_left();
    scene.nobody_was_let_down();
}

/// Past the last step everything is shifted, whoever let it go: that is told as somebody's hand, and held.
#[test]
fn a_step_that_somebody_lets_go_is_seen_and_taken_for_a_hand() {
    let scene = Scene::gated();
    let before = scene.service();
    let person = async {
        scene.until_weight(10).await;
        scene.after(30).await;
        somebody_answers(&scene);
    };
    let outcome = scene.roll_out_while(&canary([10, 100]), "web:2", person);
    println!("{outcome}");
    assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
    assert_eq!(scene.called("StopServiceDeployment"), 1);
    scene.wait(120);
    scene.is_home();
    scene.is_configured_as(&before);
    scene.nobody_was_let_down();
}
