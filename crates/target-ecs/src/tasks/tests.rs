//! Tasks are pods: by task definition, ready when their target is healthy, fatal when they fail.

use std::sync::Arc;

use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::{
    Attachment, ContainerDefinition, Deployment, KeyValuePair, TaskDefinition,
};
use aws_sdk_elasticloadbalancingv2::types::{TargetDescription, TargetHealth};

use super::*;
use crate::task_definition::Described;
use crate::view::{has_too_few, primary};

fn arn(revision: u32) -> String {
    format!("arn:aws:ecs:r:1:task-definition/web:{revision}")
}

fn definitions() -> Definitions {
    let all = [1, 2].map(|revision| {
        let container = ContainerDefinition::builder()
            .name("app")
            .image(format!("app:v{revision}"));
        let definition = TaskDefinition::builder()
            .task_definition_arn(arn(revision))
            .container_definitions(container.build())
            .build();
        let described = Described {
            definition,
            tags: Vec::new(),
        };
        (arn(revision), Arc::new(described))
    });
    all.into_iter().collect()
}

fn task(revision: u32, address: &str) -> aws_sdk_ecs::types::builders::TaskBuilder {
    let detail = KeyValuePair::builder()
        .name("privateIPv4Address")
        .value(address)
        .build();
    let interface = Attachment::builder()
        .r#type("ElasticNetworkInterface")
        .details(detail)
        .build();
    let container = Container::builder()
        .name("app")
        .image_digest(format!("sha256:{revision}"))
        .build();
    Task::builder()
        .task_arn(format!("task/{address}"))
        .task_definition_arn(arn(revision))
        .desired_status("RUNNING")
        .last_status("RUNNING")
        .started_by("ecs-svc/2")
        .attachments(interface)
        .containers(container)
}

fn target(address: &str, port: i32, state: TargetHealthStateEnum) -> TargetHealthDescription {
    let target = TargetDescription::builder().id(address).port(port).build();
    let health = TargetHealth::builder().state(state).build();
    TargetHealthDescription::builder()
        .target(target)
        .target_health(health)
        .build()
}

const REASON: &str = "ECS deployment circuit breaker: tasks failed to start.";

/// Old tasks fill the count of the service: what is short of tasks is the deployment in force.
fn service(desired: i32, running: i32, state: DeploymentRolloutState) -> Service {
    let deployment = |id: &str, status: &str, revision: u32| {
        Deployment::builder()
            .id(id)
            .status(status)
            .task_definition(arn(revision))
    };
    let primary = deployment("ecs-svc/2", "PRIMARY", 2)
        .failed_tasks(3)
        .desired_count(desired)
        .running_count(running)
        .rollout_state(state)
        .rollout_state_reason(REASON);
    Service::builder()
        .task_definition(arn(2))
        .desired_count(desired)
        .running_count(desired)
        .deployments(deployment("ecs-svc/1", "ACTIVE", 1).build())
        .deployments(primary.build())
        .build()
}

fn stopped(code: TaskStopCode, why: &str) -> Task {
    task(2, "10.0.0.9")
        .desired_status("STOPPED")
        .last_status("STOPPED")
        .stop_code(code)
        .stopped_reason(why)
        .stopped_at(DateTime::from_secs(100))
        .build()
}

fn pods(
    service: &Service,
    tasks: &[Task],
    stopped: &[Task],
    health: &[TargetHealthDescription],
) -> Vec<Pods> {
    let (recorded, definitions) = (arn(1), definitions());
    let running = Running {
        recorded: Some(&recorded),
        service: Some(service),
        deployment: primary(service),
        has_too_few: has_too_few(service),
        tasks,
        stopped,
        registered: &[Registered { port: 80, health }],
        definitions: &definitions,
    };
    running.pods()
}

fn fatal(service: &Service, tasks: &[Task], stopped: &[Task]) -> Vec<Fatal> {
    let health = [target("10.0.0.1", 80, TargetHealthStateEnum::Healthy)];
    let pods = pods(service, tasks, stopped, &health);
    pods.into_iter().flat_map(|pods| pods.fatal).collect()
}

#[test]
fn only_a_running_task_with_a_healthy_target_is_ready() {
    use TargetHealthStateEnum::{Draining, Healthy, Initial, Unhealthy, Unused};
    let tasks = [
        task(1, "10.0.0.1").build(),
        task(2, "10.0.0.2").build(),
        task(2, "10.0.0.3").build(),
        task(2, "10.0.0.4").build(),
        task(2, "10.0.0.5").build(),
        task(2, "10.0.0.6").build(),
        task(2, "10.0.0.7").last_status("PENDING").build(),
        task(2, "10.0.0.8").desired_status("STOPPED").build(),
        task(2, "10.0.0.10").build(),
    ];
    let health = [
        target("10.0.0.1", 80, Healthy),
        target("10.0.0.2", 80, Healthy),
        target("10.0.0.3", 80, Initial),
        target("10.0.0.4", 80, Unhealthy),
        target("10.0.0.5", 80, Unused),
        target("10.0.0.6", 80, Draining),
        target("10.0.0.7", 80, Healthy),
        target("10.0.0.8", 80, Healthy),
        target("10.0.0.10", 8080, Healthy),
    ];
    let service = service(9, 9, DeploymentRolloutState::Completed);
    let pods = pods(&service, &tasks, &[], &health);
    let counted: Vec<_> = pods
        .iter()
        .map(|pods| {
            (
                pods.revision.id.as_str(),
                pods.total,
                pods.ready,
                pods.available,
            )
        })
        .collect();
    assert_eq!(counted, [("web:1", 1, 1, 1), ("web:2", 7, 1, 1)]);
    assert!(pods[0].revision.recorded && !pods[1].revision.recorded);
    assert_eq!(pods[1].restarts, 3);
    assert_eq!(pods[1].image_ids["app"], ["sha256:2".to_owned()].into());
}

#[test]
fn the_address_may_stand_in_the_container_as_well() {
    let interface = aws_sdk_ecs::types::NetworkInterface::builder()
        .private_ipv4_address("10.0.0.1")
        .build();
    let container = Container::builder().network_interfaces(interface).build();
    let task = Task::builder().containers(container).build();
    assert_eq!(address(&task), Some("10.0.0.1"));
}

#[test]
fn each_kind_of_failure_has_its_reason_and_says_where() {
    let service = service(2, 0, DeploymentRolloutState::InProgress);
    let exited = |why: &str, code: i32| {
        let container = Container::builder().name("app").exit_code(code).build();
        task(2, "10.0.0.9")
            .set_containers(Some(vec![container]))
            .stop_code(TaskStopCode::EssentialContainerExited)
            .stopped_reason(why)
            .build()
    };
    let start = |why: &str| stopped(TaskStopCode::TaskFailedToStart, why);
    for (task, reason, said) in [
        (
            start("CannotPullContainerError: no such tag"),
            FatalReason::ImagePull,
            "no such tag",
        ),
        (
            start("ResourceInitializationError: unable to pull secrets"),
            FatalReason::ContainerConfig,
            "unable to pull secrets",
        ),
        (
            exited(
                "OutOfMemoryError: Container killed due to memory usage",
                137,
            ),
            FatalReason::OutOfMemory,
            "app exited with 137",
        ),
        (
            exited("Essential container in task exited", 1),
            FatalReason::TaskFailed,
            "app exited with 1",
        ),
        (
            stopped(
                TaskStopCode::ServiceSchedulerInitiated,
                "Task failed ELB health checks in (target-group group)",
            ),
            FatalReason::TaskFailed,
            "health checks",
        ),
    ] {
        let fatal = fatal(&service, &[], &[task.clone(), task]);
        assert_eq!(
            (fatal.len(), fatal[0].reason, fatal[0].pods),
            (1, reason, 2)
        );
        assert!(fatal[0].message.contains(said), "{}", fatal[0].message);
    }
}

#[test]
fn what_was_stopped_on_purpose_is_no_failure() {
    let service = service(2, 0, DeploymentRolloutState::InProgress);
    for code in [
        TaskStopCode::ServiceSchedulerInitiated,
        TaskStopCode::UserInitiated,
        TaskStopCode::SpotInterruption,
    ] {
        let task = stopped(code, "Scaling activity initiated by (deployment ecs-svc/2)");
        assert_eq!(fatal(&service, &[], &[task]), []);
    }
}

#[test]
fn what_is_over_or_of_another_deployment_is_not_fatal() {
    let failed = || stopped(TaskStopCode::TaskFailedToStart, "no memory");
    let short = service(2, 1, DeploymentRolloutState::InProgress);
    let enough = service(2, 2, DeploymentRolloutState::InProgress);
    assert_eq!(fatal(&enough, &[], &[failed()]), [], "it is whole again");
    let mut other = failed();
    other.started_by = Some("ecs-svc/1".to_owned());
    assert_eq!(fatal(&short, &[], &[other]), []);
    let started = |at| {
        task(2, "10.0.0.1")
            .started_at(DateTime::from_secs(at))
            .build()
    };
    assert_eq!(fatal(&short, &[started(150)], &[failed()]), [], "history");
    assert_eq!(fatal(&short, &[started(50)], &[failed()]).len(), 1);
}

#[test]
fn a_deployment_that_gave_up_says_why_whatever_still_runs() {
    for running in [0, 2] {
        let failed = service(2, running, DeploymentRolloutState::Failed);
        let fatal = fatal(&failed, &[], &[]);
        assert_eq!(fatal[0].reason, FatalReason::CircuitBreaker);
        assert_eq!(fatal[0].message, REASON);
    }
    let stopped = gave_up("Service deployment was stopped by a user.");
    assert_eq!(stopped.reason, FatalReason::TaskFailed);
}
