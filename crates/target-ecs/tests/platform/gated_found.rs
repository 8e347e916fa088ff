//! What is in the way of traffic that Amazon ECS is to shift is found before anything is written.

use std::time::Duration;

use serde_json::{Value, json};
use strategy_core::Release;
use strategy_core::driver::Driver;
use strategy_core::world::block_on;
use target_ecs::config::NativeGated;
use test_support::ecs::{Service, Settings};

use crate::gated_promoted::canary;
use crate::scene::Scene;

fn findings(scene: &Scene) -> Vec<String> {
    let driver = Driver::on(scene.target()).clock(scene.clock.clone());
    let release = Release::of([("web", "web:2")]).unwrap();
    let strategy = canary([10, 100]);
    let planned = block_on(&scene.clock, driver.plan(&strategy, release));
    let findings = planned.unwrap().unwrap().findings;
    assert!(
        scene.calls().iter().all(|call| !call.is_write()),
        "it wrote"
    );
    // Of the plan's own limits, which are not what this is about.
    let about_traffic = findings.iter().filter(|of| of.code != "hook-waits-long");
    about_traffic.map(ToString::to_string).collect()
}

/// That is the only finding, and it says so much.
fn is_found(scene: &Scene, said: &[&str]) {
    let findings = findings(scene);
    let [words] = &findings[..] else {
        panic!("{findings:?}");
    };
    for said in said {
        assert!(words.contains(said), "{said:?} is not in {words}");
    }
}

#[test]
fn slow_start_of_either_target_group_warns() {
    let groups: [fn(&Scene) -> &String; 2] = [
        |scene| &scene.shop.stable_group,
        |scene| &scene.shop.canary_group,
    ];
    for group in groups {
        let scene = Scene::gated();
        assert_eq!(findings(&scene), [""; 0]);
        let attributes = json!({
            "TargetGroupArn": group(&scene),
            "Attributes": [{"Key": "slow_start.duration_seconds", "Value": "60"}],
        });
        scene.ask(
            Service::LoadBalancing,
            "ModifyTargetGroupAttributes",
            attributes,
        );
        let name = group(&scene).rsplit(':').next().unwrap();
        let said = ["warning [slow-start]", name, "60 s", "turn slow start off"];
        is_found(&scene, &said);
    }
}

#[test]
fn a_rule_that_keeps_clients_warns() {
    let scene = Scene::gated();
    let forward = |stickiness: Value| {
        let groups = json!([
            {"TargetGroupArn": scene.shop.stable_group, "Weight": 100},
            {"TargetGroupArn": scene.shop.canary_group, "Weight": 0},
        ]);
        let config = json!({"TargetGroups": groups, "TargetGroupStickinessConfig": stickiness});
        let actions = json!([{"Type": "forward", "ForwardConfig": config}]);
        let input = json!({"RuleArn": scene.shop.rule, "Actions": actions});
        scene.ask(Service::LoadBalancing, "ModifyRule", input);
    };
    forward(json!({"Enabled": true, "DurationSeconds": 900}));
    let rule = scene.shop.rule.splitn(6, ':').nth(5).unwrap();
    let said = [
        "warning [rule-sticky]",
        rule,
        "900 s",
        "switch its stickiness off",
    ];
    is_found(&scene, &said);
    forward(json!({"Enabled": false, "DurationSeconds": 900}));
    assert_eq!(findings(&scene), [""; 0]);
}

/// A service whose traffic comes by the listener of a Network Load Balancer.
fn behind_network(settle: Duration) -> Scene {
    let mut scene = Scene::empty(Settings::default());
    let listener = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/net/shop/a1/b2";
    let balancer = json!({
        "targetGroupArn": scene.shop.stable_group, "containerName": "web", "containerPort": 8080,
        "advancedConfiguration": {
            "alternateTargetGroupArn": scene.shop.canary_group, "productionListenerRule": listener,
            "roleArn": "arn:aws:iam::123456789012:role/ecs-infrastructure",
        },
    });
    let input = json!({
        "cluster": "shop", "serviceName": "web", "desiredCount": 4, "launchType": "FARGATE",
        "taskDefinition": scene.shop.task_definition, "loadBalancers": [balancer],
        "healthCheckGracePeriodSeconds": 60,
        "deploymentConfiguration": {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1},
    });
    scene.ask(Service::Ecs, "CreateService", input);
    scene.mode = NativeGated::new("web").settle(settle).into();
    scene.wait(300);
    scene
}

#[test]
fn the_listener_of_a_network_load_balancer_blocks_until_its_lag_is_waited_for() {
    let (name, lag) = ("listener/net/shop/a1/b2", Duration::from_secs(600));
    let said = [
        "blocked [network-load-balancer]",
        name,
        "after 599 s",
        "let `settle` be 10 minutes or more",
    ];
    is_found(&behind_network(lag - Duration::from_secs(1)), &said);
    let said = [
        "warning [network-load-balancer]",
        name,
        "leave room for 10 minutes more",
    ];
    is_found(&behind_network(lag), &said);
}
