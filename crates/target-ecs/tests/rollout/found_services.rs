//! What of the services, their groups and their autoscalers stands in the way is found before anything is written, and
//! names the resource and the mend.

use serde_json::{Value, json};
use strategy_core::driver::Driver;
use strategy_core::world::block_on;
use strategy_core::{Part, Plan, Release, Strategy, Target};
use target_ecs::EcsTarget;
use target_ecs::config::RuleConfig;
use test_support::ecs::Service;

use crate::scene::{Scene, blue_green, five_steps};

/// A plan that was made while all was in order.
pub(crate) fn planned(scene: &Scene, strategy: &dyn Strategy) -> Plan {
    let driver = Driver::on(scene.target()).clock(scene.clock.clone());
    let release = Release::of([("web", "web:2")]).unwrap();
    let planned = block_on(&scene.clock, driver.plan(strategy, release));
    planned.unwrap().unwrap().plan
}

/// All that is found of it now.
fn findings(scene: &Scene, plan: &Plan) -> Vec<(String, String)> {
    findings_of(scene, &scene.target(), plan)
}

/// The same by a target that knows it in another way.
pub(crate) fn findings_of(scene: &Scene, target: &EcsTarget, plan: &Plan) -> Vec<(String, String)> {
    let found = block_on(&scene.clock, target.discover()).unwrap().unwrap();
    let part = Part::main();
    let admitted = block_on(&scene.clock, target.admit(&part, &found, plan));
    let findings = admitted.unwrap().unwrap().findings;
    assert!(
        scene.calls().iter().all(|call| !call.is_write()),
        "it wrote"
    );
    let findings = findings.iter();
    findings
        .map(|finding| (finding.code.clone(), finding.to_string()))
        .collect()
}

fn is_found(scene: &Scene, plan: &Plan, code: &str, said: &[&str]) {
    let findings = findings(scene, plan);
    println!("{findings:?}");
    let found = findings.iter().find(|(found, _)| found == code);
    let (_, words) = found.unwrap_or_else(|| panic!("no {code}: {findings:?}"));
    for said in said {
        assert!(words.contains(said), "{said:?} is not in {words}");
    }
}

pub(crate) fn update(scene: &Scene, what: &Value) {
    let mut input = json!({"cluster": "shop", "service": "web"});
    input
        .as_object_mut()
        .unwrap()
        .extend(what.as_object().unwrap().clone());
    scene.ask(Service::Ecs, "UpdateService", input);
    scene.wait(600);
}

#[test]
fn a_stable_without_tasks_blocks() {
    let scene = Scene::canary();
    let plan = planned(&scene, &five_steps());
    update(&scene, &json!({"desiredCount": 0}));
    is_found(
        &scene,
        &plan,
        "stable-has-no-replicas",
        &["service/shop/web", "scale it"],
    );
}

#[test]
fn a_service_of_another_controller_blocks() {
    let scene = Scene::canary();
    let plan = planned(&scene, &five_steps());
    update(
        &scene,
        &json!({"deploymentController": {"type": "CODE_DEPLOY"}}),
    );
    let said = [
        "service/shop/web",
        "CODE_DEPLOY",
        "change its deployment controller to ECS",
    ];
    is_found(&scene, &plan, "deployment-controller", &said);
}

#[test]
fn rules_with_different_shares_block() {
    let mut scene = Scene::canary();
    let second = scene.second_rule();
    scene.rules.push(RuleConfig::Rule(second.clone()));
    let plan = planned(&scene, &five_steps());
    let weights = [
        (scene.shop.stable_group.as_str(), 9),
        (scene.shop.canary_group.as_str(), 1),
    ];
    scene.fake.somebody_sets_weights(&second, &weights);
    is_found(
        &scene,
        &plan,
        "rules-disagree",
        &["listener-rule/app/shop/", "the same shares"],
    );
}

#[test]
fn a_candidate_that_is_exposed_already_warns() {
    let scene = Scene::canary();
    let plan = planned(&scene, &five_steps());
    scene
        .shop
        .create_service("web-other", &scene.shop.canary_group, 1);
    scene.wait(120);
    let weights = [
        (scene.shop.stable_group.as_str(), 9),
        (scene.shop.canary_group.as_str(), 1),
    ];
    scene.fake.somebody_sets_weights(&scene.shop.rule, &weights);
    is_found(
        &scene,
        &plan,
        "candidate-exposed",
        &["service/shop/web-other", "10%"],
    );
}

#[test]
fn an_autoscaler_that_cannot_be_held_where_it_is_needed_blocks() {
    let scene = Scene::pair();
    let plan = planned(&scene, &blue_green());
    for (name, maximum) in [("web", 10), ("web-other", 3)] {
        let input = json!({
            "ServiceNamespace": "ecs", "ResourceId": format!("service/shop/{name}"),
            "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 0, "MaxCapacity": maximum,
        });
        scene.ask(Service::Autoscaling, "RegisterScalableTarget", input);
    }
    let said = [
        "service/shop/web-other",
        "have 3 tasks",
        "raise its maximum capacity",
    ];
    let floor = json!({
        "ServiceNamespace": "ecs", "ResourceId": "service/shop/web",
        "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 4,
    });
    scene.ask(Service::Autoscaling, "RegisterScalableTarget", floor);
    is_found(&scene, &plan, "autoscaler-maximum", &said);
}
