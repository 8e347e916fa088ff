//! An answer of Elastic Load Balancing that leaves something out is an error, and not taken for nothing.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use strategy_core::target::{Found, TargetError, TargetErrorKind};
use strategy_core::world::block_on;
use strategy_core::{Part, Release, Strategy, Target};
use target_ecs::EcsTarget;
use test_support::ecs::Fake;

use crate::preview_writes::Held;
use crate::scene::{Scene, five_steps};

/// The fake, which leaves a list of its answers empty.
#[derive(Clone, Debug)]
struct Partial {
    fake: Fake,
    list: &'static str,
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
        let (begin, end) = (format!("<{}>", self.list), format!("</{}>", self.list));
        let answer = HttpConnector::call(&self.fake, request);
        HttpConnectorFuture::new(async move {
            let mut answer = answer.await?;
            let body = answer.body().bytes().unwrap();
            let text = String::from_utf8(body.to_vec()).unwrap();
            // Rules and listeners name target groups as well.
            let is_it = !text.contains("<Rules>") && !text.contains("<Listeners>");
            let whole = text.find(&begin).zip(text.rfind(&end));
            if let Some((from, to)) = whole.filter(|_| is_it) {
                let text = format!("{}{}", &text[..from + begin.len()], &text[to..]);
                *answer.body_mut() = text.into();
                answer.headers_mut().remove("content-length");
            }
            Ok(answer)
        })
    }
}

fn target(scene: &Scene, list: &'static str) -> EcsTarget {
    let fake = scene.fake.clone();
    let (ecs, scaling) = (fake.ecs_client(), fake.autoscaling_client());
    let config = fake.elb_client().config().to_builder();
    let config = config.http_client(Partial { fake, list }).build();
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
