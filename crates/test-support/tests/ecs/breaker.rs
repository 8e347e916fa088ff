//! Failed tasks and the circuit breaker.

use std::time::Duration;

use aws_sdk_ecs::types::{
    Deployment, DeploymentCircuitBreaker, DeploymentConfiguration, DesiredStatus,
    ServiceDeployment, ThresholdConfiguration, ThresholdType,
};
use test_support::ecs::{BesideAHealthyTask, Image, Rule, Settings, Shop};

use crate::scene::Scene;

fn threshold(kind: ThresholdType, value: i32) -> ThresholdConfiguration {
    ThresholdConfiguration::builder()
        .r#type(kind)
        .value(value)
        .build()
        .unwrap()
}

/// What a test says of the circuit breaker.
struct Breaker {
    rollback: bool,
    resets: bool,
    threshold: Option<ThresholdConfiguration>,
}

const ROLLBACK: Breaker = Breaker {
    rollback: true,
    resets: true,
    threshold: None,
};

impl Scene {
    fn guard(&self, name: &str, breaker: Breaker) {
        let built = DeploymentCircuitBreaker::builder()
            .enable(true)
            .rollback(breaker.rollback)
            .reset_on_healthy_task(breaker.resets)
            .set_threshold_configuration(breaker.threshold);
        let configuration =
            DeploymentConfiguration::builder().deployment_circuit_breaker(built.build());
        let call = self
            .ecs
            .update_service()
            .cluster(Shop::CLUSTER)
            .service(name);
        self.ok(call.deployment_configuration(configuration.build()).send());
    }

    pub(crate) fn service_deployment(&self, arn: &str) -> ServiceDeployment {
        let call = self
            .ecs
            .describe_service_deployments()
            .service_deployment_arns(arn);
        self.ok(call.send()).service_deployments()[0].clone()
    }

    fn guarded(&self, desired: usize, breaker: Breaker) {
        self.open(desired);
        self.guard("api", breaker);
    }

    /// Deploys an image; gives the ARN of the service deployment.
    fn release(&self, image: &str, behaviour: Image) -> String {
        self.fake.set_image(image, behaviour);
        let service = self.deploy("api", &self.shop.register(image));
        service.current_service_deployment().unwrap().to_owned()
    }

    fn primary(&self) -> Deployment {
        self.service("api").deployments()[0].clone()
    }

    /// Waits until a service deployment has another status than `IN_PROGRESS`; gives it with the failures it took.
    fn outcome(&self, arn: &str) -> (String, i32) {
        for _ in 0..2000 {
            let one = self.service_deployment(arn);
            let failures = one.deployment_circuit_breaker().unwrap().failure_count();
            let status = one.status().unwrap().as_str().to_owned();
            if status != "IN_PROGRESS" {
                return (status, failures);
            }
            self.wait(5);
        }
        panic!("still in progress");
    }
}

#[test]
fn tasks_that_never_run_are_failed_and_trip_it_and_it_rolls_back() {
    let scene = Scene::new();
    scene.guarded(2, ROLLBACK);
    let before = scene.primary().id().unwrap().to_owned();
    let arn = scene.release("web:2", Image::missing());
    let release = scene.primary().id().unwrap().to_owned();
    scene.wait(31);
    assert_eq!(scene.primary().failed_tasks(), 2);
    let stopped = &scene.tasks("api", DesiredStatus::Stopped)[0];
    assert_eq!(stopped.stop_code().unwrap().as_str(), "TaskFailedToStart");
    scene.notices(Rule::FailedTasks);
    let (status, failures) = scene.outcome(&arn);
    assert_eq!(status, "ROLLBACK_IN_PROGRESS");
    // Half of two would be one: it is at least three. Tasks fail in pairs here.
    assert_eq!(failures, 4);
    scene.notices(Rule::BreakerThreshold);
    scene.wait(120);
    let service = scene.service("api");
    // It is steady, as a waiter would have it; and it is not what was deployed.
    assert_eq!(
        (service.deployments().len(), service.running_count()),
        (1, 2)
    );
    let id = scene.primary().id().unwrap().to_owned();
    assert!(id != before && id != release, "{id}");
    assert!(service.task_definition().unwrap().ends_with("web:1"));
    let ended = scene.service_deployment(&arn);
    assert_eq!(ended.status().unwrap().as_str(), "ROLLBACK_SUCCESSFUL");
    let rollback = ended.rollback().unwrap();
    assert_eq!(
        rollback.service_revision_arn(),
        ended.source_service_revisions()[0].arn()
    );
    scene.notices(Rule::BreakerRollsBack);
    scene.notices(Rule::RollbackIsADeployment);
    assert_eq!(scene.fake.shortages(), []);
}

#[test]
fn the_circuit_breaker_is_named_where_it_was_that() {
    for is_stopped in [false, true] {
        let scene = Scene::new();
        scene.guarded(2, ROLLBACK);
        let arn = scene.release("web:2", Image::missing());
        if is_stopped {
            scene.wait(10);
            scene.stop(&arn);
        } else {
            assert_eq!(scene.outcome(&arn).0, "ROLLBACK_IN_PROGRESS");
        }
        let service = scene.service("api");
        let reasons = service.deployments().iter();
        let mut reasons = reasons.map(|one| one.rollout_state_reason().unwrap());
        assert_eq!(
            reasons.next().unwrap().contains("circuit breaker"),
            !is_stopped
        );
        scene.notices(Rule::BreakerIsNamed);
    }
}

#[test]
fn without_rollback_a_failed_deployment_starts_nothing_more() {
    let scene = Scene::new();
    scene.guarded(
        2,
        Breaker {
            rollback: false,
            ..ROLLBACK
        },
    );
    let arn = scene.release("web:2", Image::exits_at_start(3));
    assert_eq!(scene.outcome(&arn).0, "STOPPED");
    let stopped = &scene.tasks("api", DesiredStatus::Stopped)[0];
    assert_eq!(stopped.containers()[0].exit_code(), Some(3));
    let primary = scene.primary();
    assert_eq!(primary.rollout_state().unwrap().as_str(), "FAILED");
    scene.wait(600);
    let service = scene.service("api");
    assert_eq!((service.running_count(), service.pending_count()), (2, 0));
    scene.notices(Rule::FailedStartsNothing);
}

#[test]
fn a_first_deployment_has_nothing_to_roll_back_to() {
    let scene = Scene::new();
    scene.fake.set_image("web:1", Image::missing());
    scene
        .shop
        .create_service("api", &scene.shop.stable_group, 2);
    scene.guard("api", ROLLBACK);
    // What was configured later counts from the next deployment on.
    let arn = scene.release("web:2", Image::missing());
    assert_eq!(scene.outcome(&arn).0, "STOPPED");
    scene.wait(600);
    assert_eq!(scene.service("api").running_count(), 0);
    scene.notices(Rule::FirstDeploymentStalls);
}

#[test]
fn a_revision_is_rolled_back_to_once_until_a_deployment_is_completed() {
    let scene = Scene::new();
    scene.guarded(2, ROLLBACK);
    let second = scene.release("web:2", Image::missing());
    assert_eq!(scene.outcome(&second).0, "ROLLBACK_IN_PROGRESS");
    // While the rollback is under way, the next bad release: there is nothing to go back to.
    let third = scene.release("web:3", Image::missing());
    let stop = scene.ecs.stop_service_deployment();
    scene.refuses(
        Rule::OnlyWhatRunsIsStopped,
        "ConflictException",
        stop.service_deployment_arn(&third).send(),
    );
    assert_eq!(scene.outcome(&third).0, "STOPPED");
    scene.notices(Rule::RolledBackToOnce);
    assert_eq!(scene.primary().rollout_state().unwrap().as_str(), "FAILED");
    // A completed one changes that.
    let fourth = scene.release("web:4", Image::good());
    assert_eq!(scene.outcome(&fourth).0, "SUCCESSFUL");
    let fifth = scene.release("web:5", Image::missing());
    assert_eq!(scene.outcome(&fifth).0, "ROLLBACK_IN_PROGRESS");
    scene.wait(200);
    assert!(
        scene
            .service("api")
            .task_definition()
            .unwrap()
            .ends_with(":4")
    );
}

#[test]
fn a_crash_after_running_is_no_failure_and_never_trips_it() {
    let scene = Scene::new();
    scene.guarded(2, ROLLBACK);
    let arn = scene.release("web:2", Image::crashes_after(Duration::from_secs(3)));
    scene.wait(3600);
    assert_eq!(
        scene.service_deployment(&arn).status().unwrap().as_str(),
        "IN_PROGRESS"
    );
    assert_eq!(scene.primary().failed_tasks(), 0);
    scene.notices(Rule::CrashIsNoFailure);
}

/// Two tasks fail, one becomes healthy, and all others fail. Gives the failures that were counted since, until it was
/// over or half an hour has passed.
fn limp(resets: bool, beside_a_healthy_task: BesideAHealthyTask) -> (Scene, String, Vec<i32>) {
    let scene = Scene::with(Settings {
        beside_a_healthy_task,
        ..Settings::default()
    });
    scene.guarded(4, Breaker { resets, ..ROLLBACK });
    scene.configure("api", 100, 125);
    let arn = scene.release("web:2", Image::missing());
    let failures = |count: i32| {
        scene.wait_until(|| scene.primary().failed_tasks() == count);
    };
    failures(2);
    scene.fake.set_image("web:2", Image::good());
    failures(0);
    scene.fake.set_image("web:2", Image::missing());
    let mut counted = Vec::new();
    for _ in 0..360 {
        let one = scene.service_deployment(&arn);
        let count = one.deployment_circuit_breaker().unwrap().failure_count();
        if counted.last() != Some(&count) {
            counted.push(count);
        }
        if scene.status(&arn) != "IN_PROGRESS" {
            break;
        }
        // A task is healthy, which is what failed_tasks looks at.
        assert_eq!(scene.primary().failed_tasks(), 0);
        scene.wait(5);
    }
    (scene, arn, counted)
}

#[test]
fn a_task_that_becomes_healthy_sets_failures_back() {
    let (scene, arn, counted) = limp(true, BesideAHealthyTask::FailuresCount);
    assert_eq!(counted, [0, 1, 2, 3]);
    assert_eq!(scene.status(&arn), "ROLLBACK_IN_PROGRESS");
    scene.notices(Rule::FailuresInARow);
}

#[test]
fn failures_beside_a_healthy_task_may_be_ignored() {
    let (scene, arn, counted) = limp(true, BesideAHealthyTask::FailuresAreIgnored);
    assert_eq!(counted, [0]);
    assert_eq!(scene.status(&arn), "IN_PROGRESS");
    scene.notices(Rule::FailuresInARow);
}

#[test]
fn failures_are_counted_on_if_asked() {
    let (scene, arn, counted) = limp(false, BesideAHealthyTask::FailuresCount);
    assert_eq!(counted, [2, 3]);
    assert_eq!(scene.status(&arn), "ROLLBACK_IN_PROGRESS");
    scene.notices(Rule::FailuresAreKeptIfAsked);
}

#[test]
fn thresholds_are_as_configured() {
    for (kind, value, expected) in [
        (ThresholdType::Count, 6, 6),
        (ThresholdType::UnboundedPercent, 25, 1),
        (ThresholdType::BoundedPercent, 25, 4),
    ] {
        let scene = Scene::new();
        let threshold = Some(threshold(kind.clone(), value));
        scene.guarded(
            4,
            Breaker {
                threshold,
                ..ROLLBACK
            },
        );
        let arn = scene.release("web:2", Image::missing());
        let (_, failures) = scene.outcome(&arn);
        let one = scene.service_deployment(&arn);
        // Tasks fail by four.
        assert_eq!(failures, (expected + 3) / 4 * 4, "{kind:?}");
        assert_eq!(
            one.deployment_circuit_breaker().unwrap().threshold(),
            if kind == ThresholdType::BoundedPercent {
                3
            } else {
                expected
            }
        );
    }
}

#[test]
fn the_threshold_is_half_of_the_desired_count_within_bounds() {
    for (desired, expected) in [(2, 3), (25, 13), (410, 200)] {
        let scene = Scene::new();
        scene
            .shop
            .create_service("api", &scene.shop.stable_group, desired);
        scene.guard("api", ROLLBACK);
        let arn = scene.release("web:2", Image::missing());
        let one = scene.service_deployment(&arn);
        let breaker = one.deployment_circuit_breaker().unwrap();
        assert_eq!(breaker.threshold(), expected, "of {desired}");
    }
    let scene = Scene::new();
    scene.guarded(2, ROLLBACK);
    let arn = scene.release("web:2", Image::missing());
    scene.wait_until(|| scene.primary().failed_tasks() == 2);
    assert_eq!(scene.status(&arn), "IN_PROGRESS");
    scene.wait_until(|| scene.primary().failed_tasks() != 2);
    assert_eq!(scene.status(&arn), "ROLLBACK_IN_PROGRESS");
    scene.notices(Rule::BreakerThreshold);
}

#[test]
fn stopping_a_rolling_deployment_rolls_back_though_nothing_is_configured() {
    let scene = Scene::new();
    scene.open(2);
    let arn = scene.release("web:2", Image::never_healthy());
    scene.wait(60);
    let stop = |arn: &str| {
        scene
            .ecs
            .stop_service_deployment()
            .service_deployment_arn(arn)
    };
    scene.refuses(
        Rule::ServiceDeploymentExists,
        "ServiceDeploymentNotFoundException",
        stop("arn:aws:ecs:eu-west-1:123456789012:service-deployment/shop/api/none").send(),
    );
    let abort = stop(&arn).stop_type(aws_sdk_ecs::types::StopServiceDeploymentStopType::Abort);
    scene.refuses(
        Rule::StopMeansRollback,
        "InvalidParameterException",
        abort.send(),
    );
    scene.ok(stop(&arn).send());
    scene.wait(120);
    assert_eq!(scene.outcome(&arn).0, "ROLLBACK_SUCCESSFUL");
    assert!(
        scene
            .service("api")
            .task_definition()
            .unwrap()
            .ends_with("web:1")
    );
    assert_eq!(scene.running("api"), [2]);
    scene.notices(Rule::StopRollsBack);
    scene.refuses(
        Rule::OnlyWhatRunsIsStopped,
        "ConflictException",
        stop(&arn).send(),
    );
}
