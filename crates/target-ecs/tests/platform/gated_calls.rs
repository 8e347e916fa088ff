//! The figures of the documentation, and the labels of the two sides.

use strategy_core::rollout::Outcome;
use strategy_core::world::block_on;
use strategy_core::{Target, Track};

use crate::gated_promoted::canary;
use crate::scene::Scene;

#[test]
fn a_gated_rollout_needs_so_many_calls() {
    let scene = Scene::gated();
    let target = scene.target();
    let found = block_on(&scene.clock, target.discover()).unwrap().unwrap();
    let discovery = scene.calls().len();
    let seen = target.observe(&found.binding);
    block_on(&scene.clock, seen).unwrap().unwrap();
    let look = scene.calls().len() - discovery;
    let before = scene.calls().len();
    let outcome = scene.roll_out(&canary([10, 100]), "web:2");
    assert_eq!(outcome, Outcome::Promoted);
    let calls = &scene.calls()[before..];
    let writes: Vec<&str> = calls
        .iter()
        .filter(|call| call.is_write())
        .map(|call| call.operation.as_str())
        .collect();
    println!(
        "discovery {discovery}, look {look}, {} calls, {writes:?}",
        calls.len()
    );
    assert_eq!((discovery, look), (11, 6));
    let step = ["TagResource", "ContinueServiceDeployment"];
    let mut expected = vec![
        "TagResource",
        "RegisterTaskDefinition",
        "TagResource",
        "UpdateService",
    ];
    expected.extend(step);
    expected.extend(step);
    expected.extend(["TagResource", "UpdateService", "ContinueServiceDeployment"]);
    expected.extend(["TagResource", "UntagResource"]);
    assert_eq!(writes, expected);
}

/// The target groups change roles with every release, and their labels with them.
#[test]
fn the_labels_of_the_sides_are_their_target_groups() {
    let scene = Scene::gated();
    let groups = || {
        let found = block_on(&scene.clock, scene.target().discover());
        let observation = found.unwrap().unwrap().observation;
        Track::ALL.map(|track| {
            let labels = &observation.track(track).labels;
            let balancer = format!("loadbalancer/{}", labels["LoadBalancer"]);
            assert!(scene.shop.load_balancer.ends_with(&balancer), "{balancer}");
            labels["TargetGroup"].clone()
        })
    };
    let [stable, candidate] = groups();
    assert!(scene.shop.stable_group.ends_with(&stable), "{stable}");
    assert!(scene.shop.canary_group.ends_with(&candidate), "{candidate}");
    let outcome = scene.roll_out(&canary([10, 100]), "web:2");
    assert_eq!(outcome, Outcome::Promoted);
    scene.wait(600);
    assert_eq!(groups(), [candidate, stable]);
}
