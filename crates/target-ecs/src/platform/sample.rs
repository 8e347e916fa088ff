//! One service for unit tests: `web:1` was found, and `web:2` is deployed as deployment `two`.

use std::time::Duration;

use aws_sdk_ecs::types::builders::{DeploymentBuilder, ServiceBuilder, ServiceDeploymentBuilder};
use aws_sdk_ecs::types::{Deployment, Service, ServiceDeployment};
use strategy_core::Weight;

use super::binding::{Followed, Start, Tag};
use super::schedule::{Schedule, Shift};
use super::situation::key;
use super::{Bound, Configuration, Seen};
use crate::mark::{self, WRITTEN};
use crate::owned::Fields;

/// ECS rolls, and the answer that began the deployment is known.
pub(super) fn rolling() -> Bound {
    let start = Start {
        task_definition: "web:1".to_owned(),
        count: 2,
        is_scaled: false,
        deployment: "one".to_owned(),
        balancers: Vec::new(),
        configuration: None,
        grace_seconds: None,
    };
    let (cluster, service) = ("shop".to_owned(), "web".to_owned());
    let drain = Duration::from_secs(600);
    let fields = Fields::default();
    let mut bound = Bound::new(Tag::Rolling, cluster, service, start, drain, fields);
    bound.followed = Some(Followed {
        task_definition: "web:2".to_owned(),
        deployment: "two".to_owned(),
        service_deployment: Some("arn".to_owned()),
    });
    bound
}

/// ECS shifts in two steps.
pub(super) fn gated() -> Bound {
    let mut bound = rolling();
    bound.start.configuration = Some(Configuration::default());
    bound.schedule = Some(Schedule {
        shift: Shift::Canary(100),
        steps: vec![Weight::from_basis_points(1000).unwrap(), Weight::FULL],
        hook_minutes: 10,
    });
    bound
}

pub(super) fn primary(id: &str, definition: &str, rollout: &str) -> DeploymentBuilder {
    Deployment::builder()
        .id(id)
        .status("PRIMARY")
        .task_definition(definition)
        .rollout_state(rollout.into())
        .created_at(aws_sdk_ecs::primitives::DateTime::from_secs(0))
}

/// Told to run what its primary deployment deploys: two tasks, which run.
pub(super) fn service(primary: DeploymentBuilder) -> ServiceBuilder {
    let primary = primary.build();
    Service::builder()
        .status("ACTIVE")
        .set_task_definition(primary.task_definition.clone())
        .desired_count(2)
        .running_count(2)
        .deployments(primary)
}

/// What was noted to lead from one task definition to another.
pub(super) fn noted(service: ServiceBuilder, from: &str, to: &str) -> ServiceBuilder {
    let text = format!("id=1.1 d={}:{}", key(from), key(to));
    service.tags(mark::tag(WRITTEN, &text))
}

/// The service deployment that is followed.
pub(super) fn followed(status: &str) -> ServiceDeploymentBuilder {
    ServiceDeployment::builder()
        .service_deployment_arn("arn")
        .status(status.into())
}

pub(super) fn seen(service: ServiceBuilder, deployment: ServiceDeploymentBuilder) -> Seen {
    Seen {
        service: Some(service.build()),
        scaler: None,
        deployment: Some(deployment.build()),
        rules: Vec::new(),
        at: aws_sdk_ecs::primitives::DateTime::from_secs(3600),
    }
}
