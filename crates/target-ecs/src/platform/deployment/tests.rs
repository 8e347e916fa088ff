//! What this version does not know is told in AWS's words, and is never success.

use aws_sdk_ecs::types::{Service, ServiceDeploymentStatus};

use super::super::binding::{Followed, Start, Tag};
use super::super::{Bound, Seen};
use super::*;
use crate::owned::Fields;

const STALL: Duration = Duration::from_secs(600);

fn state(status: &str, rollout: &str, ready: u32) -> PlatformState {
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
    let fields = Fields::default();
    let mut bound = Bound::new(Tag::Rolling, cluster, service, start, STALL, fields);
    bound.followed = Some(Followed {
        task_definition: "web:2".to_owned(),
        deployment: "two".to_owned(),
        service_deployment: Some("arn".to_owned()),
    });
    let primary = Deployment::builder()
        .id("two")
        .status("PRIMARY")
        .task_definition("web:2")
        .rollout_state(rollout.into())
        .created_at(DateTime::from_secs(0))
        .build();
    let service = Service::builder()
        .status("ACTIVE")
        .task_definition("web:2")
        .desired_count(2)
        .running_count(2)
        .deployments(primary)
        .build();
    let deployment = ServiceDeployment::builder()
        .service_deployment_arn("arn")
        .status(ServiceDeploymentStatus::from(status))
        .build();
    let seen = Seen {
        service: Some(service),
        scaler: None,
        deployment: Some(deployment),
        rules: Vec::new(),
        at: DateTime::from_secs(3600),
    };
    let situation = Situation::of(&bound, &seen).unwrap();
    let tasks = Tasks {
        ready,
        last: None,
        failures: String::new(),
        at: DateTime::from_secs(3600),
        stall: STALL,
    };
    super::deployment(&situation, &tasks).unwrap().state
}

#[test]
fn what_is_not_known_is_never_success_and_stands_in_the_message() {
    assert_eq!(state("SUCCESSFUL", "COMPLETED", 2), PlatformState::Won);
    assert_eq!(state("BLESSED", "COMPLETED", 2), PlatformState::InProgress);
    assert_eq!(
        state("IN_PROGRESS", "SHINING", 2),
        PlatformState::InProgress
    );
    let PlatformState::Stalled(why) = state("BLESSED", "SHINING", 1) else {
        panic!("it goes on");
    };
    assert!(why.contains("1 of 2 tasks are ready"), "{why}");
    assert!(why.contains("its status is BLESSED"), "{why}");
}

#[test]
fn a_release_that_is_not_healthy_has_not_won() {
    assert_eq!(
        state("SUCCESSFUL", "COMPLETED", 1),
        PlatformState::InProgress
    );
}

#[test]
fn every_way_back_is_told() {
    for status in [
        "ROLLBACK_REQUESTED",
        "ROLLBACK_IN_PROGRESS",
        "ROLLBACK_SUCCESSFUL",
        "ROLLBACK_FAILED",
        "STOP_REQUESTED",
    ] {
        let told = state(status, "IN_PROGRESS", 2);
        assert!(
            matches!(told, PlatformState::RolledBack(_)),
            "{status}: {told:?}"
        );
    }
    let told = state("STOPPED", "FAILED", 0);
    assert!(matches!(told, PlatformState::Stalled(_)), "{told:?}");
}
