//! What this version does not know is told in AWS's words, and is never success.

use super::super::sample::{followed, noted, primary, rolling, seen, service};
use super::*;

const STALL: Duration = Duration::from_secs(600);

fn tasks(ready: u32) -> Tasks {
    Tasks {
        ready,
        last: None,
        failures: String::new(),
        at: DateTime::from_secs(3600),
        stall: STALL,
    }
}

fn state(status: &str, rollout: &str, ready: u32) -> PlatformState {
    told(&service(primary("two", "web:2", rollout)), status, ready)
}

fn told(
    service: &aws_sdk_ecs::types::builders::ServiceBuilder,
    status: &str,
    ready: u32,
) -> PlatformState {
    let (bound, seen) = (rolling(), seen(service.clone(), followed(status)));
    let situation = Situation::of(&bound, &seen).unwrap();
    deployment(&situation, &tasks(ready)).unwrap().state
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
    for rollout in ["FAILED", "IN_PROGRESS"] {
        let told = state("STOPPED", rollout, 2);
        assert!(matches!(told, PlatformState::Stalled(_)), "{told:?}");
    }
}

#[test]
fn a_release_that_does_not_run_as_often_as_is_wanted_has_not_won() {
    let of = || service(primary("two", "web:2", "COMPLETED"));
    let short = of().running_count(1);
    assert_eq!(told(&short, "SUCCESSFUL", 2), PlatformState::InProgress);
    let none = of().desired_count(0).running_count(0);
    assert_eq!(told(&none, "SUCCESSFUL", 0), PlatformState::InProgress);
}

/// Its service deployment is not known any more, and another deployment of the start says why it is there.
#[test]
fn a_way_back_that_only_the_deployment_of_the_start_tells_is_one() {
    let back = |reason: &str| {
        let primary = primary("three", "web:1", "COMPLETED").rollout_state_reason(reason);
        told(&service(primary), "", 2)
    };
    let rolled = back("ECS deployment circuit breaker: rolling back to deploymentId one.");
    assert!(matches!(rolled, PlatformState::RolledBack(_)), "{rolled:?}");
    let other = back("ECS deployment three completed.");
    assert!(matches!(other, PlatformState::Superseded(_)), "{other:?}");
}

#[test]
fn a_rollback_that_fails_on_the_way_home_is_a_stall() {
    let home = noted(
        service(primary("two", "web:2", "IN_PROGRESS")),
        "web:2",
        "web:1",
    );
    let told = told(&home, "ROLLBACK_FAILED", 2);
    assert!(matches!(told, PlatformState::Stalled(_)), "{told:?}");
}
