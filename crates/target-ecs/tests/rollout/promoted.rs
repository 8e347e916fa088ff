//! A healthy release becomes what runs, and everything that is not our part is as it was.

use serde_json::json;
use strategy_core::rollout::Outcome;
use test_support::ecs::Service;

use crate::scene::{Scene, blue_green, five_steps};

#[test]
fn a_canary_in_five_steps() {
    let scene = Scene::canary();
    let before = scene.rule();
    let weights = std::cell::RefCell::new(Vec::new());
    let watch = async {
        for _ in 0..7200 {
            let now = scene.weights();
            if weights.borrow().last() != Some(&now) {
                weights.borrow_mut().push(now);
            }
            if weights.borrow().len() > 1 && now == (1, 0) {
                return;
            }
            scene.after(1).await;
        }
    };
    let outcome = scene.roll_out_while(&five_steps(), "web:2", watch);
    assert_eq!(outcome, Outcome::Promoted);
    let steps = [
        (1, 0),
        (950, 50),
        (900, 100),
        (750, 250),
        (500, 500),
        (0, 1),
        (1, 0),
    ];
    assert_eq!(weights.into_inner(), steps);
    assert_eq!(scene.image("web"), "web:2");
    assert_eq!(scene.service("web")["desiredCount"], 4);
    assert!(
        scene.service("web-other").is_null(),
        "it was made and is removed"
    );
    assert_eq!(scene.rule(), before);
    scene.nothing_is_left();
    scene.nobody_was_let_down();
}

/// The target group of a candidate that is made is in no rule at first: no service could be made in it.
#[test]
fn a_candidate_is_wired_first_and_unwired_at_the_end() {
    let scene = Scene::canary();
    let stable = &scene.shop.stable_group;
    scene
        .fake
        .somebody_sets_weights(&scene.shop.rule, &[(stable, 1)]);
    let before = scene.rule();
    assert_eq!(scene.roll_out(&five_steps(), "web:2"), Outcome::Promoted);
    assert_eq!(scene.rule(), before);
    scene.nobody_was_let_down();
}

#[test]
fn services_that_take_turns() {
    let scene = Scene::pair();
    assert_eq!(scene.roll_out(&blue_green(), "web:2"), Outcome::Promoted);
    assert_eq!(scene.weights(), (0, 1));
    assert_eq!(scene.image("web-other"), "web:2");
    assert_eq!(scene.image("web"), "web:1", "the old side is kept");
    scene.nothing_is_left();
    // The next one goes the other way.
    scene.wait(600);
    assert_eq!(scene.roll_out(&blue_green(), "web:3"), Outcome::Promoted);
    assert_eq!(scene.weights(), (1, 0));
    assert_eq!(scene.image("web"), "web:3");
    scene.nobody_was_let_down();
}

#[test]
fn a_release_is_registered_once_and_found_again() {
    let scene = Scene::canary();
    let registered = |scene: &Scene| {
        let calls = scene.calls().into_iter();
        calls
            .filter(|call| call.operation == "RegisterTaskDefinition")
            .count()
    };
    assert_eq!(scene.roll_out(&five_steps(), "web:2"), Outcome::Promoted);
    assert_eq!(registered(&scene), 1, "candidate and stable run the same");
    // Back to what is there already, and forth again.
    scene.wait(600);
    let old = scene.shop.task_definition.clone();
    scene.fake.somebody_deploys("shop", "web", &old).unwrap();
    scene.wait(600);
    assert_eq!(scene.roll_out(&five_steps(), "web:2"), Outcome::Promoted);
    assert_eq!(registered(&scene), 1);
}

#[test]
fn several_rules_move_as_one() {
    let mut scene = Scene::canary();
    let listener = scene.shop.listener.clone();
    let forward = json!([{ "Type": "forward", "ForwardConfig": { "TargetGroups": [
        { "TargetGroupArn": scene.shop.stable_group, "Weight": 7 },
    ] } }]);
    let input = json!({"ListenerArn": listener, "DefaultActions": forward});
    scene.ask(Service::LoadBalancing, "ModifyListener", input);
    scene
        .rules
        .push(target_ecs::config::RuleConfig::ListenerDefault(
            listener.clone(),
        ));
    let actions = |scene: &Scene| {
        let input = json!({"ListenerArns": [listener]});
        let answer = scene.ask(Service::LoadBalancing, "DescribeListeners", input);
        answer["Listeners"][0]["DefaultActions"].clone()
    };
    let before = actions(&scene);
    let seen = std::cell::RefCell::new(serde_json::Value::Null);
    let look = async {
        scene.until_weight(250).await;
        scene.after(20).await;
        *seen.borrow_mut() = actions(&scene);
    };
    let outcome = scene.roll_out_while(&five_steps(), "web:2", look);
    assert_eq!(outcome, Outcome::Promoted);
    let groups = &seen.borrow()[0]["ForwardConfig"]["TargetGroups"];
    assert_eq!(
        (&groups[0]["Weight"], &groups[1]["Weight"]),
        (&json!(750), &json!(250))
    );
    assert_eq!(actions(&scene), before);
    scene.nobody_was_let_down();
}

#[test]
fn a_service_that_is_scaled_keeps_its_autoscaler() {
    let scene = Scene::canary();
    let target = json!({
        "ServiceNamespace": "ecs", "ResourceId": "service/shop/web",
        "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 2, "MaxCapacity": 10,
    });
    scene.ask(Service::Autoscaling, "RegisterScalableTarget", target);
    let scalers = |scene: &Scene| {
        let input = json!({"ServiceNamespace": "ecs"});
        let answer = scene.ask(Service::Autoscaling, "DescribeScalableTargets", input);
        answer["ScalableTargets"].clone()
    };
    let before = scalers(&scene);
    assert_eq!(scene.roll_out(&five_steps(), "web:2"), Outcome::Promoted);
    assert_eq!(scalers(&scene), before);
    scene.nobody_was_let_down();
}
