//! An answer of Elastic Load Balancing that leaves something out is an error, and not taken for nothing.

use strategy_core::target::{Found, TargetError, TargetErrorKind};
use strategy_core::world::block_on;
use strategy_core::{Part, Release, Strategy, Target};
use target_ecs::EcsTarget;

use crate::preview_writes::Held;
use crate::scene::{Scene, five_steps};

/// A target for which a list of an answer is empty.
fn target(scene: &Scene, list: &'static str) -> EcsTarget {
    let fake = &scene.fake;
    let (ecs, scaling) = (fake.ecs_client(), fake.autoscaling_client());
    let edited = fake.edited(move |_, _, answer| {
        let (begin, end) = (format!("<{list}>"), format!("</{list}>"));
        // Rules and listeners name target groups as well.
        let is_it = !answer.contains("<Rules>") && !answer.contains("<Listeners>");
        let whole = answer.find(&begin).zip(answer.rfind(&end));
        let (from, to) = whole.filter(|_| is_it)?;
        Some(format!(
            "{}{}",
            &answer[..from + begin.len()],
            &answer[to..]
        ))
    });
    let config = fake.elb_client().config().to_builder();
    let config = config.http_client(edited).build();
    let balancers = aws_sdk_elasticloadbalancingv2::Client::from_conf(config);
    EcsTarget::new(&ecs, &balancers, &scaling, scene.config())
}

fn is_unexpected<T: std::fmt::Debug>(told: Result<T, TargetError>, operation: &str) {
    let error = told.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Unexpected, "{error}");
    assert_eq!(error.operation, format!("elasticloadbalancing:{operation}"));
}

/// Of a rule whose tags are in no answer nobody knows whether it is ours.
#[test]
fn a_rule_whose_tags_are_in_no_answer_is_not_taken_for_somebody_elses() {
    let mut held = Held::new();
    held.write(&["yes"]).unwrap();
    let removal = held.request(&[]);
    let target = target(&held.scene, "TagDescriptions");
    let seen = block_on(&held.scene.clock, target.observe(&held.binding)).unwrap();
    is_unexpected(seen, "DescribeTags");
    let sent = block_on(&held.scene.clock, target.apply(&removal)).unwrap();
    is_unexpected(sent, "DescribeTags");
}

/// Else what is found of it would be found of nothing.
#[test]
fn a_target_group_that_is_in_no_answer_is_not_left_out() {
    let scene = Scene::canary();
    let target = target(&scene, "TargetGroups");
    let found = block_on(&scene.clock, target.discover()).unwrap().unwrap();
    let release = Release::of([("web", "web:2")]).unwrap();
    let plan = five_steps().plan(&release, &Found::main(found.clone()));
    let part = Part::main();
    let plan = plan.unwrap();
    let admitted = block_on(&scene.clock, target.admit(&part, &found, &plan)).unwrap();
    is_unexpected(admitted, "DescribeTargetGroups");
}
