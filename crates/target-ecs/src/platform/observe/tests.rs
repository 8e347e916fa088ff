//! When traffic is said to be as it was told.

use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::Task;

use super::super::sample::{followed, gated, primary, rolling, seen, service};
use super::*;
use crate::view::Definitions;

/// The release has been deployed, the status of that is so, and tasks of these run.
fn effective(bound: &Bound, status: &str, tasks: &[&str]) -> Effective {
    let service = service(primary("two", "web:2", "COMPLETED"));
    let tasks = tasks.iter().map(|definition| {
        let task = Task::builder().last_status("RUNNING");
        task.task_definition_arn(*definition).build()
    });
    let view = View {
        seen: seen(service, followed(status)),
        tasks: tasks.collect(),
        stopped: Vec::new(),
        health: Vec::new(),
        definitions: Definitions::new(),
        at: DateTime::from_secs(3600),
    };
    let seen = observation(bound, &view, Duration::from_secs(600)).unwrap();
    seen.traffic.effective
}

#[test]
fn a_rolling_deployment_has_all_traffic_when_no_other_task_is_left() {
    let told = effective(&rolling(), "SUCCESSFUL", &["web:2", "web:2"]);
    assert_eq!(
        told,
        Effective::Verified(Traffic::weight(strategy_core::Weight::FULL))
    );
    let told = effective(&rolling(), "SUCCESSFUL", &["web:2", "web:1"]);
    assert_eq!(told, Effective::Converging);
}

/// The service still shows the release, and its old deployment as over.
#[test]
fn what_is_turning_back_is_under_way() {
    for status in ["ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"] {
        assert_eq!(effective(&rolling(), status, &[]), Effective::Converging);
        assert_eq!(effective(&gated(), status, &[]), Effective::Converging);
    }
    let over = effective(&gated(), "SUCCESSFUL", &[]);
    assert_eq!(over, Effective::Unverified);
}
