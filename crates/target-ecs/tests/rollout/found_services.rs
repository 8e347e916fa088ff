//! What of the services, their groups and their autoscalers stands in the way is found before anything is written, and
//! names the resource and the mend.

use serde_json::{Value, json};
use strategy_core::driver::Driver;
use strategy_core::target::TargetErrorKind;
use strategy_core::world::block_on;
use strategy_core::{Part, Plan, Release, Strategy, Target};
use target_ecs::EcsTarget;
use target_ecs::config::{Canary, RuleConfig, Slot};
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

/// Somebody opens a service `web` in a shop of one's own, with more in its call than usual.
fn opened_with(more: &Value) -> Scene {
    let scene = Scene::without_service();
    let balancer = json!({"targetGroupArn": scene.shop.stable_group, "containerName": "web", "containerPort": 8080});
    let mut input = json!({
        "cluster": "shop", "serviceName": "web", "desiredCount": 4, "launchType": "FARGATE",
        "taskDefinition": scene.shop.task_definition, "loadBalancers": [balancer],
        "healthCheckGracePeriodSeconds": 60,
    });
    let fields = more.as_object().unwrap().clone();
    input.as_object_mut().unwrap().extend(fields);
    scene.ask(Service::Ecs, "CreateService", input);
    scene.wait(300);
    scene
}

#[test]
fn a_candidate_that_others_would_find_past_the_load_balancer_blocks() {
    let plan = planned(&Scene::canary(), &five_steps());
    let registry = "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-web";
    let scene = opened_with(&json!({"serviceRegistries": [{"registryArn": registry}]}));
    let said = [
        "blocked",
        "service/shop/web:",
        "service discovery",
        "make the candidate's service yourself",
        "leave `create` out",
    ];
    is_found(&scene, &plan, "candidate-cannot-be-made", &said);
    // Nothing is made from it where there is one already.
    scene
        .shop
        .create_service("web-other", &scene.shop.canary_group, 0);
    scene.wait(60);
    let findings = findings(&scene, &plan);
    let mut codes = findings.iter().map(|(code, _)| code.as_str());
    assert!(
        codes.all(|code| code != "candidate-cannot-be-made"),
        "{findings:?}"
    );
}

#[test]
fn a_service_whose_count_cannot_be_told_blocks() {
    let plan = planned(&Scene::canary(), &five_steps());
    let scene = opened_with(&json!({"schedulingStrategy": "DAEMON"}));
    let said = [
        "blocked",
        "service/shop/web:",
        "every instance",
        "use a service with the scheduling strategy REPLICA",
    ];
    is_found(&scene, &plan, "daemon-service", &said);
}

#[test]
fn targets_that_are_instances_block() {
    let mut scene = Scene::canary();
    let plan = planned(&scene, &five_steps());
    let made = scene.ask(
        Service::LoadBalancing,
        "CreateTargetGroup",
        json!({"Name": "web-instances", "TargetType": "instance", "Protocol": "HTTP", "Port": 8080}),
    );
    let group = made["TargetGroups"][0]["TargetGroupArn"].as_str().unwrap();
    scene.workload = Canary::new(
        Slot::new("web", &scene.shop.stable_group),
        Slot::new("web-other", group),
    )
    .into();
    let said = [
        "blocked",
        "targetgroup/web-instances/",
        "type instance",
        "use the network mode `awsvpc` and a target group of type `ip`",
    ];
    is_found(&scene, &plan, "targets-without-addresses", &said);
}

/// Its health cannot be told either, so that is said first, as early as at the discovery.
#[test]
fn a_target_group_that_is_gone_is_named_by_the_discovery() {
    let mut scene = Scene::canary();
    let gone = scene.shop.canary_group.replace("web-canary", "web-gone");
    scene.workload = Canary::new(
        Slot::new("web", &scene.shop.stable_group),
        Slot::new("web-other", &gone),
    )
    .into();
    let found = block_on(&scene.clock, scene.target().discover()).unwrap();
    let error = found.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::NotFound);
    assert!(
        error.to_string().contains("targetgroup/web-gone/"),
        "{error}"
    );
}
