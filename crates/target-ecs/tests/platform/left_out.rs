//! An answer that leaves something out is an error, and not taken for nothing.

use serde_json::{Value, json};
use strategy_core::Target;
use strategy_core::target::TargetErrorKind;
use strategy_core::world::block_on;
use target_ecs::EcsTarget;

use crate::hand::Hand;
use crate::scene::Scene;

/// A target that is answered nothing under this name.
pub(crate) fn without(
    hand: &Hand,
    operation: &'static str,
    name: &'static str,
    about: &'static str,
) -> EcsTarget {
    failing(hand, operation, name, (about, None))
}

/// An answer without this list; `failure` is why each of what was in it could not be told.
fn without_list(answer: &str, name: &str, failure: Option<&str>) -> String {
    let mut body: Value = serde_json::from_str(answer).unwrap();
    assert_ne!(body[name], json!([]), "there is something to leave out");
    let left_out = body.as_object_mut().unwrap().remove(name);
    if let Some(reason) = failure {
        let arn = |one: &Value| json!({"arn": one["taskArn"], "reason": reason});
        let left_out = left_out.unwrap();
        body["failures"] = left_out.as_array().unwrap().iter().map(arn).collect();
    }
    body.to_string()
}

fn failing(
    hand: &Hand,
    operation: &'static str,
    name: &'static str,
    (about, failure): (&'static str, Option<&'static str>),
) -> EcsTarget {
    let fake = &hand.scene.fake;
    let (balancers, scaling) = (fake.elb_client(), fake.autoscaling_client());
    let config = fake.ecs_client().config().to_builder();
    let edited = fake.edited(move |asked, request, answer| {
        let is_it = asked.ends_with(&format!(".{operation}")) && request.contains(about);
        is_it.then(|| without_list(answer, name, failure))
    });
    let ecs = aws_sdk_ecs::Client::from_conf(config.http_client(edited).build());
    EcsTarget::new(&ecs, &balancers, &scaling, hand.scene.config())
}

fn is_an_error_without(operation: &'static str, name: &'static str) {
    is_an_error(operation, name, None);
}

fn is_an_error(operation: &'static str, name: &'static str, failure: Option<&'static str>) {
    let mut hand = Hand::new(Scene::rolling());
    let release = hand.release(4);
    hand.apply(release, 1).unwrap();
    hand.scene.wait(600);
    let target = failing(&hand, operation, name, ("", failure));
    let seen = block_on(&hand.scene.clock, target.observe(&hand.found.binding)).unwrap();
    let error = seen.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::Unexpected, "{error}");
    assert_eq!(error.operation, format!("ecs:{operation}"));
}

#[test]
fn a_task_that_is_in_no_answer_is_not_taken_for_gone() {
    is_an_error_without("DescribeTasks", "tasks");
}

/// That it could not be told is not that it has gone.
#[test]
fn a_task_that_could_not_be_told_is_not_taken_for_gone() {
    is_an_error("DescribeTasks", "tasks", Some("UNAVAILABLE"));
}

#[test]
fn a_service_that_is_in_no_answer_is_not_taken_for_gone() {
    is_an_error_without("DescribeServices", "services");
}

#[test]
fn a_deployment_that_is_in_no_answer_is_not_taken_for_forgotten() {
    is_an_error_without("DescribeServiceDeployments", "serviceDeployments");
}
