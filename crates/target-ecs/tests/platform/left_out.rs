//! An answer that leaves something out is an error, and not taken for nothing.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use serde_json::{Value, json};
use strategy_core::Target;
use strategy_core::target::TargetErrorKind;
use strategy_core::world::block_on;
use target_ecs::EcsTarget;
use test_support::ecs::Fake;

use crate::hand::Hand;
use crate::scene::Scene;

/// The fake, which leaves something out of one answer.
#[derive(Clone, Debug)]
struct Partial {
    fake: Fake,
    operation: &'static str,
    name: &'static str,
    /// Of requests alone that say this.
    about: &'static str,
    /// Why each of them could not be told, if anything is said of them.
    failure: Option<&'static str>,
}

impl HttpClient for Partial {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Partial {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let body = request.body().bytes().unwrap_or_default();
        let is_it = target.ends_with(&format!(".{}", self.operation))
            && String::from_utf8_lossy(body).contains(self.about);
        let (name, failure) = (self.name, self.failure);
        let answer = HttpConnector::call(&self.fake, request);
        HttpConnectorFuture::new(async move {
            let mut answer = answer.await?;
            if is_it {
                let mut body: Value =
                    serde_json::from_slice(answer.body().bytes().unwrap()).unwrap();
                assert_ne!(body[name], json!([]), "there is something to leave out");
                let left_out = body.as_object_mut().unwrap().remove(name);
                if let Some(reason) = failure {
                    let arn = |one: &Value| json!({"arn": one["taskArn"], "reason": reason});
                    let failures = left_out
                        .unwrap()
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(arn)
                        .collect();
                    body["failures"] = Value::Array(failures);
                }
                *answer.body_mut() = serde_json::to_vec(&body).unwrap().into();
                answer.headers_mut().remove("content-length");
            }
            Ok(answer)
        })
    }
}

/// A target that is answered nothing under this name.
pub(crate) fn without(
    hand: &Hand,
    operation: &'static str,
    name: &'static str,
    about: &'static str,
) -> EcsTarget {
    failing(hand, operation, name, (about, None))
}

fn failing(
    hand: &Hand,
    operation: &'static str,
    name: &'static str,
    (about, failure): (&'static str, Option<&'static str>),
) -> EcsTarget {
    let fake = hand.scene.fake.clone();
    let (balancers, scaling) = (fake.elb_client(), fake.autoscaling_client());
    let config = fake.ecs_client().config().to_builder();
    let ecs = aws_sdk_ecs::Client::from_conf(
        config
            .http_client(Partial {
                fake,
                operation,
                name,
                about,
                failure,
            })
            .build(),
    );
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
