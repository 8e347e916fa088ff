//! Several rules move as one, also where only some of the writes were taken.

use std::time::Duration;

use serde_json::json;
use strategy_core::rollout::Outcome;
use strategy_core::strategy::Canary;
use strategy_core::world::block_on;
use strategy_core::{Target, Track};
use target_ecs::config::RuleConfig;
use test_support::ecs::{Fault, Service};

use crate::scene::{Scene, five_steps};

/// The rule, and the default rule of its listener.
fn two_rules() -> Scene {
    let mut scene = Scene::canary();
    let listener = scene.shop.listener.clone();
    let forward = json!([{ "Type": "forward", "ForwardConfig": { "TargetGroups": [
        { "TargetGroupArn": scene.shop.stable_group, "Weight": 7 },
    ] } }]);
    let input = json!({"ListenerArn": listener, "DefaultActions": forward});
    scene.ask(Service::LoadBalancing, "ModifyListener", input);
    scene.rules.push(RuleConfig::ListenerDefault(listener));
    scene
}

/// What the default rule gives the candidate.
fn default_weight(scene: &Scene) -> i64 {
    let input = json!({"ListenerArns": [scene.shop.listener]});
    let answer = scene.ask(Service::LoadBalancing, "DescribeListeners", input);
    let groups = &answer["Listeners"][0]["DefaultActions"][0]["ForwardConfig"]["TargetGroups"];
    let mut groups = groups.as_array().unwrap().iter();
    let ours = groups.find(|group| group["TargetGroupArn"] == scene.shop.canary_group);
    ours.and_then(|group| group["Weight"].as_i64()).unwrap_or(0)
}

/// What a metric of a target group is found by: its own name alone is not enough.
#[test]
fn tracks_are_told_apart_by_dimensions_of_cloudwatch() {
    let scene = two_rules();
    let found = block_on(&scene.clock, scene.target().discover());
    let observation = found.unwrap().unwrap().observation;
    for (track, service, group) in [
        (Track::Stable, "web", &scene.shop.stable_group),
        (Track::Candidate, "web-other", &scene.shop.canary_group),
    ] {
        let labels = &observation.track(track).labels;
        let names: Vec<&str> = labels.keys().map(String::as_str).collect();
        let all = ["ClusterName", "LoadBalancer", "ServiceName", "TargetGroup"];
        assert_eq!(names, all);
        let balancer = format!("loadbalancer/{}", labels["LoadBalancer"]);
        assert!(scene.shop.load_balancer.ends_with(&balancer), "{labels:?}");
        assert!(group.ends_with(&labels["TargetGroup"]), "{labels:?}");
        assert_eq!(labels["ServiceName"], service);
        assert_eq!(labels["ClusterName"], "shop");
    }
}

#[test]
fn a_write_that_only_the_first_rule_took_is_completed() {
    for operation in ["ModifyListener", "ModifyRule"] {
        let scene = two_rules();
        let look = async {
            scene.until_weight(100).await;
            scene.after(20).await;
            scene.fake.fault_next(operation, 1, Fault::Throttled);
            scene.until_weight(250).await;
            scene.after(50).await;
            assert_eq!(default_weight(&scene), 250);
        };
        let outcome = scene.roll_out_while(&five_steps(), "web:2", look);
        assert_eq!(outcome, Outcome::Promoted, "{operation}");
        assert_eq!((scene.weights(), default_weight(&scene)), ((1, 0), 0));
        scene.nobody_was_let_down();
    }
}

/// The first step reached one rule, and the other refuses it for good: home is where the other still is.
#[test]
fn what_half_of_a_first_step_exposed_goes_home_though_the_other_rule_refuses() {
    let scene = two_rules();
    let look = async {
        // The first write of the default rule puts the candidate's target group into it.
        while scene.service("web-other").is_null() {
            scene.after(1).await;
        }
        scene
            .fake
            .fault_always("ModifyListener", Some(Fault::Throttled));
        scene.until_weight(50).await;
        assert_eq!(scene.weights(), (950, 50));
        scene.after(900).await;
        assert_eq!(scene.weights(), (1, 0));
        assert_eq!(default_weight(&scene), 0);
    };
    scene.while_it_rolls(&five_steps(), "web:2", look);
}

/// Whichever write is refused, of the first step and of the way home too.
#[test]
fn any_write_of_either_rule_may_be_refused_once() {
    let strategy = Canary::new()
        .stages([25, 100])
        .bake(Duration::from_secs(5))
        .bake_after_return(Duration::from_secs(5));
    let before = two_rules();
    let start = before.rule();
    assert_eq!(before.roll_out(&strategy, "web:2"), Outcome::Promoted);
    let calls = before.calls();
    let is_rule = |operation: &str| ["ModifyListener", "ModifyRule"].contains(&operation);
    let writes = calls.iter().filter(|call| is_rule(&call.operation));
    let writes: Vec<usize> = writes.map(|call| call.index).collect();
    println!("{} writes of rules", writes.len());
    for index in writes {
        let scene = two_rules();
        scene.fake.fault_at(index, Fault::Throttled);
        let outcome = scene.roll_out(&strategy, "web:2");
        assert_eq!(outcome, Outcome::Promoted, "call {index}");
        assert_eq!(scene.rule(), start, "call {index}");
        assert_eq!(default_weight(&scene), 0, "call {index}");
        scene.nobody_was_let_down();
    }
}
