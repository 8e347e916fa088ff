//! How many calls a rollout makes, and that it may make each of them and needs each of its permissions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use strategy_core::rollout::Outcome;
use strategy_core::world::block_on;
use strategy_core::{Strategy, Target};
use target_ecs::EcsTarget;
use target_ecs::config::RuleConfig;
use test_support::ecs::{CallRecord, Service};

use crate::found_alarms::watched;
use crate::previews::header_first;
use crate::scene::{Scene, blue_green, five_steps};

fn by_kind<'a>(calls: impl IntoIterator<Item = &'a CallRecord>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for call in calls {
        *counts.entry(call.operation.clone()).or_default() += 1;
    }
    counts
}

/// The figures of the documentation.
#[test]
fn an_observation_and_a_discovery_need_so_many_calls() {
    let scene = Scene::canary();
    let target = scene.target();
    let found = block_on(&scene.clock, target.discover()).unwrap().unwrap();
    let discovery = by_kind(&scene.calls());
    println!("discover: {discovery:?}");
    assert_eq!(discovery.values().sum::<usize>(), 9, "{discovery:?}");
    let before = scene.fake.next_index();
    let seen = target.observe(&found.binding);
    block_on(&scene.clock, seen).unwrap().unwrap();
    let observation = by_kind(&scene.calls()[before..]);
    println!("observe without a candidate: {observation:?}");
    assert_eq!(observation.values().sum::<usize>(), 5, "{observation:?}");
}

#[test]
fn a_step_of_a_canary_needs_so_many_calls() {
    let scene = Scene::canary();
    let marks = std::cell::RefCell::new(Vec::new());
    let watch = async {
        for thousandths in [50, 100, 250, 500, 1] {
            scene.until_weight(thousandths).await;
            marks.borrow_mut().push(scene.fake.next_index());
        }
    };
    let start = scene.clock.now();
    let outcome = scene.roll_out_while(&five_steps(), "web:2", watch);
    assert_eq!(outcome, Outcome::Promoted);
    let marks = marks.into_inner();
    let calls = scene.calls();
    for pair in marks.windows(2) {
        let step = &calls[pair[0]..pair[1]];
        let seconds = step[step.len() - 1].at.since(step[0].at).as_secs();
        let writes = by_kind(step.iter().filter(|call| call.is_write()));
        let reads = by_kind(step.iter().filter(|call| !call.is_write()));
        println!(
            "step of {seconds} s: {} calls; writes {writes:?}; reads {reads:?}",
            step.len()
        );
        assert!(writes.values().sum::<usize>() <= 4, "{writes:?}");
    }
    let whole = by_kind(&calls);
    let seconds = scene.clock.now().since(start).as_secs();
    println!(
        "whole rollout of {seconds} s: {} calls: {whole:?}",
        calls.len()
    );
    let (most, at) = calls.iter().fold((0, start), |(most, at), call| {
        let within = |other: &&CallRecord| other.at == call.at;
        let count = calls.iter().filter(within).count();
        if count > most {
            (count, call.at)
        } else {
            (most, at)
        }
    });
    println!("most at one moment: {most} at {at}");
}

/// The policy of a configuration allows what its rollouts call, and nothing that they never call.
#[test]
fn the_policy_is_the_least() {
    let (mut used, mut granted) = (BTreeSet::new(), BTreeSet::new());
    let mut run = |scene: &Scene, strategy: &dyn Strategy| {
        let policy = EcsTarget::permissions(&scene.config()).unwrap();
        let statements = policy.statement.iter();
        let allowed: BTreeSet<String> = statements
            .flat_map(|statement| statement.action.iter().map(|action| (*action).to_owned()))
            .collect();
        assert_eq!(scene.roll_out(strategy, "web:2"), Outcome::Promoted);
        for call in scene.calls() {
            for action in call.actions {
                assert!(allowed.contains(&action), "{action} is not allowed");
                used.insert(action);
            }
        }
        granted.extend(allowed);
    };
    let mut scaled = Scene::canary();
    let target = json!({
        "ServiceNamespace": "ecs", "ResourceId": "service/shop/web",
        "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 2, "MaxCapacity": 10,
    });
    scaled.ask(Service::Autoscaling, "RegisterScalableTarget", target);
    watched(&scaled, 1);
    let listener = scaled.shop.listener.clone();
    let actions = scaled.rule()["Actions"].clone();
    let default = json!({"ListenerArn": listener, "DefaultActions": actions});
    scaled.ask(Service::LoadBalancing, "ModifyListener", default);
    scaled.rules.push(RuleConfig::ListenerDefault(listener));
    run(&scaled, &five_steps());
    run(&Scene::canary(), &header_first());
    run(&Scene::pair(), &blue_green());
    // No call of ours: ECS asks for it when a task definition names a role.
    used.insert("iam:PassRole".to_owned());
    assert_eq!(used, granted);
}

#[test]
fn what_is_denied_is_named_with_its_action_and_resource() {
    let scene = Scene::canary();
    let target = scene.target();
    for (action, resource) in [
        ("ecs:DescribeServices", "service/shop/web"),
        (
            "elasticloadbalancing:DescribeRules",
            "listener-rule/app/shop/",
        ),
        ("ecs:DescribeTaskDefinition", "task-definition/web:1"),
    ] {
        scene.fake.deny(action);
        let error = block_on(&scene.clock, target.discover())
            .unwrap()
            .unwrap_err();
        scene.fake.allow(action);
        let kind = strategy_core::target::TargetErrorKind::PermissionDenied;
        assert_eq!(error.kind, kind, "{error}");
        let text = error.to_string();
        assert!(text.starts_with(&format!("{action} {resource}")), "{text}");
    }
}
