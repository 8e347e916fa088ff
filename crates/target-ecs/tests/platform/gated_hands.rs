//! Somebody else answers the hooks of a gated deployment, or writes the weights that Amazon ECS shifts.

use std::time::Duration;

use serde_json::{Value, json};
use strategy_core::rollout::{Outcome, Reason};
use test_support::ecs::{Service, Settings};

use crate::gated_promoted::canary;
use crate::scene::{Scene, reason};

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

fn foreign(scene: &Scene, stage: i64, weights: (i64, i64), after: u64) -> String {
    let groups = [&scene.shop.stable_group, &scene.shop.canary_group];
    let person = async {
        scene.until_weight(stage).await;
        scene.after(after).await;
        let weights = [
            (groups[0].as_str(), weights.0),
            (groups[1].as_str(), weights.1),
        ];
        scene.fake.somebody_sets_weights(&scene.shop.rule, &weights);
        if weights[1].1 > stage {
            scene.after(600).await;
            assert_eq!(
                scene.weights(),
                (weights[0].1, weights[1].1),
                "it was overwritten"
            );
        }
    };
    let outcome = scene.roll_out_while(&canary([25, 50, 75, 100]), "web:2", person);
    let Reason::Foreign { message, .. } = reason(&outcome) else {
        panic!("{outcome}");
    };
    message
}

/// Towards what was: the rollout goes back at once, as it does where we write the weights.
#[test]
fn weights_that_somebody_lowers_while_amazon_ecs_waits_take_the_rollout_back() {
    for (lowered, stage) in [((95, 5), 25), ((100, 0), 25), ((50, 50), 75), ((1, 0), 50)] {
        let scene = Scene::gated();
        let before = scene.service();
        let message = foreign(&scene, stage, lowered, 50);
        assert!(message.contains("by somebody"), "{message}");
        scene.wait(120);
        scene.is_home();
        scene.is_configured_as(&before);
        scene.nobody_was_let_down();
    }
}

/// Away from it: it waits for a person, answers no hook, and leaves what they wrote until it goes home.
#[test]
fn weights_that_somebody_raises_while_amazon_ecs_waits_are_told_and_left() {
    let scene = Scene::gated();
    let before = scene.service();
    let message = foreign(&scene, 25, (20, 80), 50);
    assert!(message.contains("by somebody"), "{message}");
    assert_eq!(scene.called("ContinueServiceDeployment"), 1);
    scene.wait(120);
    scene.is_home();
    scene.is_configured_as(&before);
}

/// A step that somebody lets go is seen at the next hook, by the weights.
#[test]
fn a_step_in_the_middle_that_somebody_lets_go_is_seen() {
    let scene = Scene::gated();
    let person = async {
        scene.until_weight(25).await;
        scene.after(50).await;
        somebody_answers(&scene);
    };
    let strategy = canary([25, 50, 75, 100]);
    let outcome = scene.roll_out_while(&strategy, "web:2", person);
    let Reason::Foreign { .. } = reason(&outcome) else {
        panic!("{outcome}");
    };
    assert_eq!(scene.called("ContinueServiceDeployment"), 1, "ours");
    scene.wait(120);
    scene.is_home();
}

/// What ECS wrote may be told late.
#[test]
fn weights_of_amazon_ecs_that_are_told_late_are_no_hand() {
    for seconds in [10, 45] {
        let scene = Scene::gated_with(Settings {
            balancing_read_lag: Duration::from_secs(seconds),
            ..Settings::default()
        });
        let outcome = scene.roll_out(&canary([25, 50, 75, 100]), "web:2");
        assert_eq!(outcome, Outcome::Promoted, "{seconds}");
    }
}

/// A rule that is gone keeps nobody from looking.
#[test]
fn a_rule_that_is_gone_is_told() {
    let scene = Scene::gated();
    let person = async {
        scene.until_weight(25).await;
        scene.after(50).await;
        let input = json!({"RuleArn": scene.shop.rule});
        scene.ask(Service::LoadBalancing, "DeleteRule", input);
    };
    let outcome = scene.roll_out_while(&canary([25, 50, 75, 100]), "web:2", person);
    let Reason::Foreign { message, .. } = reason(&outcome) else {
        panic!("{outcome}");
    };
    assert!(message.contains("or is gone"), "{message}");
}
