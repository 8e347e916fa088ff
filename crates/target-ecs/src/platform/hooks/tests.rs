//! Which hook is taken for ours.

use aws_sdk_ecs::types::DeploymentLifecycleHookDetail;

use super::super::sample::{followed, gated, primary, seen, service};
use super::*;

fn waiting(id: &str) -> DeploymentLifecycleHookDetail {
    DeploymentLifecycleHookDetail::builder()
        .hook_id(id)
        .target_type(DeploymentLifecycleHookTargetType::Pause)
        .status(DeploymentLifecycleHookStatus::AwaitingAction)
        .build()
}

fn pending_of(arn: &str, hooks: &[&str]) -> Option<String> {
    let mut deployment = followed("IN_PROGRESS").service_deployment_arn(arn);
    for hook in hooks {
        deployment = deployment.lifecycle_hook_details(waiting(hook));
    }
    let service = service(primary("two", "web:2", "IN_PROGRESS"));
    let (bound, seen) = (gated(), seen(service, deployment));
    let situation = Situation::of(&bound, &seen).unwrap();
    pending(&situation).map(str::to_owned)
}

#[test]
fn the_one_that_waits_is_ours() {
    assert_eq!(pending_of("arn", &["a"]).as_deref(), Some("a"));
}

#[test]
fn of_two_that_wait_neither_is_answered() {
    assert_eq!(pending_of("arn", &["a", "b"]), None);
}

#[test]
fn one_of_a_deployment_that_is_not_ours_is_not_answered() {
    assert_eq!(pending_of("another", &["a"]), None);
}
