//! Two services that take turns and rest in between, as the task sets of CodeDeploy did.

use std::time::Duration;

use serde_json::{Value, json};
use strategy_core::Strategy;
use strategy_core::rollout::Outcome;
use strategy_core::strategy::{Canary, Retire};
use test_support::ecs::Service;

use crate::scene::{Scene, blue_green};

/// Makes a service scalable, which waits if it is suspended.
fn scale(scene: &Scene, service: &str, is_suspended: bool) {
    let target = json!({
        "ServiceNamespace": "ecs", "ResourceId": format!("service/shop/{service}"),
        "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 2, "MaxCapacity": 10,
        "SuspendedState": {
            "DynamicScalingInSuspended": is_suspended, "DynamicScalingOutSuspended": is_suspended,
            "ScheduledScalingSuspended": is_suspended,
        },
    });
    scene.ask(Service::Autoscaling, "RegisterScalableTarget", target);
}

/// Whether all activities of a service's autoscaler are suspended.
fn is_suspended(scene: &Scene, service: &str) -> bool {
    let ids = json!([format!("service/shop/{service}")]);
    let input = json!({"ServiceNamespace": "ecs", "ResourceIds": ids});
    let answer = scene.ask(Service::Autoscaling, "DescribeScalableTargets", input);
    let state = answer["ScalableTargets"][0]["SuspendedState"].clone();
    let flags: Vec<bool> = state
        .as_object()
        .unwrap()
        .values()
        .filter_map(Value::as_bool)
        .collect();
    assert!(flags.iter().all(|flag| *flag == flags[0]), "{state}");
    flags[0]
}

fn desired(scene: &Scene, service: &str) -> i64 {
    scene.service(service)["desiredCount"].as_i64().unwrap()
}

/// One release after the other, each on the other side, and what it leaves has no tasks.
fn take_turns(scene: &Scene, strategy: &dyn Strategy, after: impl Fn(&Scene, &str, &str)) {
    let turns = [("web:2", "web-other", "web"), ("web:3", "web", "web-other")];
    for (image, live, idle) in turns {
        assert_eq!(
            scene.roll_out(strategy, image),
            Outcome::Promoted,
            "{image}"
        );
        assert_eq!(scene.image(live), image);
        assert_eq!((desired(scene, live), desired(scene, idle)), (4, 0));
        after(scene, live, idle);
        scene.nothing_is_left();
        scene.wait(600);
    }
    scene.nobody_was_let_down();
}

fn canary() -> Canary {
    Canary::new()
        .stages([10, 100])
        .bake(Duration::from_secs(60))
        .retire(Retire::ScaleTo(0))
}

#[test]
fn the_side_that_was_left_stops_its_tasks() {
    let blue_green = blue_green().retire(Retire::ScaleTo(0));
    take_turns(&Scene::pair(), &blue_green, |_, _, _| ());
    take_turns(&Scene::pair(), &canary(), |_, _, _| ());
}

#[test]
fn the_autoscaler_of_the_side_that_was_left_is_switched_off() {
    let scene = Scene::pair();
    scale(&scene, "web", false);
    scale(&scene, "web-other", true);
    take_turns(&scene, &canary(), |scene, live, idle| {
        assert!(!is_suspended(scene, live) && is_suspended(scene, idle));
    });
}
