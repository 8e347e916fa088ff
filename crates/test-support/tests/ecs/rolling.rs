//! Rolling deployments and tasks.

use aws_sdk_ecs::types::{
    DeploymentConfiguration, DeploymentEarlySuccessCriteria, DeploymentRolloutState, DesiredStatus,
    ServiceRevisionCleanup, Task,
};
use std::time::Duration;
use test_support::ecs::{Image, Rule, Shop};

use crate::scene::Scene;

const INVALID: &str = "InvalidParameterException";

impl Scene {
    pub(crate) fn configure(&self, name: &str, least: i32, most: i32) {
        let configuration = DeploymentConfiguration::builder()
            .minimum_healthy_percent(least)
            .maximum_percent(most);
        let call = self
            .ecs
            .update_service()
            .cluster(Shop::CLUSTER)
            .service(name);
        self.ok(call.deployment_configuration(configuration.build()).send());
    }

    pub(crate) fn tasks(&self, name: &str, status: DesiredStatus) -> Vec<Task> {
        let call = self
            .ecs
            .list_tasks()
            .cluster(Shop::CLUSTER)
            .service_name(name);
        let arns = self
            .ok(call.desired_status(status).send())
            .task_arns
            .unwrap_or_default();
        if arns.is_empty() {
            return Vec::new();
        }
        let call = self
            .ecs
            .describe_tasks()
            .cluster(Shop::CLUSTER)
            .set_tasks(Some(arns));
        self.ok(call.send()).tasks.unwrap_or_default()
    }

    /// How many tasks of an image have not stopped; those that drain are among them.
    pub(crate) fn not_stopped(&self, name: &str, image: &str) -> usize {
        let mut tasks = self.tasks(name, DesiredStatus::Running);
        tasks.extend(self.tasks(name, DesiredStatus::Stopped));
        let own = tasks
            .iter()
            .filter(|task| task.containers()[0].image() == Some(image));
        own.filter(|task| task.last_status() != Some("STOPPED"))
            .count()
    }

    pub(crate) fn open(&self, desired: usize) {
        self.shop
            .create_service("api", &self.shop.stable_group, desired);
        self.wait(180);
        let service = self.service("api");
        assert_eq!(service.running_count(), i32::try_from(desired).unwrap());
        self.fake.forget_requests();
    }
}

#[test]
fn tasks_come_up_register_and_the_deployment_is_completed() {
    let scene = Scene::new();
    scene
        .shop
        .create_service("api", &scene.shop.stable_group, 2);
    let service = scene.service("api");
    assert_eq!((service.running_count(), service.pending_count()), (0, 2));
    let primary = &service.deployments()[0];
    assert_eq!(
        primary.rollout_state(),
        Some(&DeploymentRolloutState::InProgress)
    );
    let statuses = || -> Vec<String> {
        let tasks = scene.tasks("api", DesiredStatus::Running);
        tasks
            .iter()
            .map(|task| task.last_status().unwrap().to_owned())
            .collect()
    };
    assert_eq!(statuses(), ["PROVISIONING", "PROVISIONING"]);
    scene.wait(15);
    assert_eq!(statuses(), ["PENDING", "PENDING"]);
    scene.wait(15);
    assert_eq!(statuses(), ["RUNNING", "RUNNING"]);
    assert_eq!(
        scene.health(&scene.shop.stable_group),
        ["initial", "initial"]
    );
    scene.wait(6);
    let service = scene.service("api");
    let primary = &service.deployments()[0];
    assert_eq!(
        primary.rollout_state(),
        Some(&DeploymentRolloutState::Completed)
    );
    scene.notices(Rule::CompletedWhenSteady);
    let task = &scene.tasks("api", DesiredStatus::Running)[0];
    assert!(
        task.containers()[0]
            .image_digest()
            .unwrap()
            .starts_with("sha256:")
    );
    let call = scene
        .ecs
        .list_service_deployments()
        .cluster(Shop::CLUSTER)
        .service("api");
    let deployments = scene.ok(call.send());
    let brief = &deployments.service_deployments()[0];
    assert_eq!(brief.status().unwrap().as_str(), "SUCCESSFUL");
}

#[test]
fn a_deployment_is_completed_when_old_tasks_have_stopped() {
    let scene = Scene::new();
    scene.open(2);
    scene.deploy("api", &scene.shop.register("web:2"));
    let state = || {
        let service = scene.service("api");
        let primary = &service.deployments()[0];
        primary.rollout_state().unwrap().as_str().to_owned()
    };
    let mut drained = 0;
    while state() == "IN_PROGRESS" {
        drained += usize::from(scene.running("api")[1] == 0);
        assert!(scene.not_stopped("api", "web:1") > 0);
        scene.wait(1);
    }
    // Half a minute of draining, and two seconds until they have stopped.
    assert!((32..=33).contains(&drained), "{drained}");
    assert_eq!(scene.not_stopped("api", "web:1"), 0);
    assert_eq!(scene.running("api"), [2]);
    scene.notices(Rule::CompletedWhenSteady);
}

#[test]
fn a_deployment_keeps_within_both_bounds() {
    let scene = Scene::new();
    scene.open(4);
    let bad = DeploymentConfiguration::builder()
        .minimum_healthy_percent(100)
        .maximum_percent(100);
    let call = scene
        .ecs
        .update_service()
        .cluster(Shop::CLUSTER)
        .service("api");
    let call = call.deployment_configuration(bad.build());
    scene.refuses(Rule::RoomToRoll, INVALID, call.send());
    scene.configure("api", 50, 125);
    scene.deploy("api", &scene.shop.register("web:2"));
    let (mut most, mut least) = (0, i32::MAX);
    for _ in 0..60 {
        let service = scene.service("api");
        most = most.max(service.running_count() + service.pending_count());
        let healthy = scene.health(&scene.shop.stable_group);
        let healthy = healthy.iter().filter(|state| *state == "healthy").count();
        least = least.min(i32::try_from(healthy).unwrap());
        scene.wait(5);
    }
    // 125 % of four, and half of four.
    assert_eq!((most, least), (5, 2));
    assert_eq!(scene.running("api"), [4]);
    scene.notices(Rule::MaximumPercent);
    scene.notices(Rule::MinimumHealthyPercent);
    assert_eq!(scene.fake.shortages(), []);
}

#[test]
fn without_any_health_check_a_task_counts_after_forty_seconds() {
    let scene = Scene::new();
    let call = scene
        .ecs
        .create_service()
        .cluster(Shop::CLUSTER)
        .service_name("api");
    scene.ok(call.task_definition("web:1").desired_count(1).send());
    let state = || {
        scene.service("api").deployments()[0]
            .rollout_state()
            .unwrap()
            .as_str()
            .to_owned()
    };
    scene.wait(69);
    assert_eq!(state(), "IN_PROGRESS");
    scene.wait(1);
    assert_eq!(state(), "COMPLETED");
    scene.notices(Rule::FortySeconds);
}

/// Early success, in words of the SDK.
fn early(
    percent: i32,
    cleanup: Option<ServiceRevisionCleanup>,
    bake: i32,
) -> DeploymentConfiguration {
    let early = DeploymentEarlySuccessCriteria::builder()
        .enable(true)
        .healthy_percent(percent)
        .set_source_service_revision_cleanup(cleanup);
    DeploymentConfiguration::builder()
        .minimum_healthy_percent(50)
        .maximum_percent(125)
        .bake_time_in_minutes(bake)
        .early_success_criteria(early.build())
        .build()
}

impl Scene {
    fn rollout_states(&self) -> Vec<String> {
        let service = self.service("api");
        let deployments = service.deployments().iter();
        deployments
            .map(|one| one.rollout_state().unwrap().as_str().to_owned())
            .collect()
    }
}

#[test]
fn early_success_does_not_wait_for_old_tasks() {
    let scene = Scene::new();
    scene.open(4);
    let update = |configuration: DeploymentConfiguration| {
        let call = scene.ecs.update_service().cluster(Shop::CLUSTER);
        let call = call.service("api");
        call.deployment_configuration(configuration).send()
    };
    let deferred = || Some(ServiceRevisionCleanup::Deferred);
    scene.refuses(
        Rule::EarlyIsNotBelowMinimum,
        INVALID,
        update(early(49, deferred(), 0)),
    );
    scene.refuses(Rule::EarlyRange, INVALID, update(early(101, deferred(), 0)));
    scene.refuses(Rule::EarlyIsGivenWhole, INVALID, update(early(50, None, 0)));
    let native = aws_sdk_ecs::types::DeploymentStrategy::Canary;
    let mut other = early(50, deferred(), 0);
    other.strategy = Some(native);
    scene.refuses(Rule::EarlyIsForRolling, INVALID, update(other));
    scene.ok(update(early(50, deferred(), 0)));
    scene.deploy("api", &scene.shop.register("web:2"));
    scene.wait(40);
    assert_eq!(scene.rollout_states(), ["COMPLETED", "COMPLETED"]);
    assert!(scene.not_stopped("api", "web:1") > 0);
    scene.notices(Rule::EarlySuccess);
    scene.wait(120);
    assert_eq!(scene.running("api"), [4]);
}

#[test]
fn early_success_bakes_and_may_wait_until_old_tasks_are_gone() {
    // When half of the tasks are healthy after some 35 s, and when old ones have stopped.
    for (cleanup, bake, least, old) in [
        (ServiceRevisionCleanup::Deferred, 3, 215, None),
        (ServiceRevisionCleanup::Blocking, 0, 70, Some(0)),
    ] {
        let scene = Scene::new();
        scene.open(4);
        let call = scene.ecs.update_service().cluster(Shop::CLUSTER);
        let call = call
            .service("api")
            .task_definition(scene.shop.register("web:2"));
        scene.ok(call
            .deployment_configuration(early(50, Some(cleanup), bake))
            .send());
        let begun = scene.clock.now();
        scene.wait(10);
        if bake > 0 {
            // When all is steady it is completed without a bake: later tasks are never healthy.
            scene.fake.set_image("web:2", Image::never_healthy());
        }
        scene.wait_until(|| scene.rollout_states()[0] == "COMPLETED");
        let took = scene.clock.now().since(begun).as_secs();
        assert!((least..least + 60).contains(&took), "{took}");
        if let Some(old) = old {
            assert_eq!(scene.not_stopped("api", "web:1"), old);
        }
        if bake > 0 {
            scene.notices(Rule::EarlyBakes);
        }
    }
}

#[test]
fn failed_checks_stop_no_task_within_the_grace_period() {
    let scene = Scene::new();
    scene.fake.set_image("web:1", Image::never_healthy());
    scene
        .shop
        .create_service("api", &scene.shop.stable_group, 1);
    // Running after 30 s, unhealthy after two checks, spared for 60 s.
    scene.wait(85);
    assert_eq!(scene.health(&scene.shop.stable_group), ["unhealthy"]);
    assert_eq!(scene.tasks("api", DesiredStatus::Stopped).len(), 0);
    scene.notices(Rule::GracePeriod);
    scene.wait(15);
    let stopped = scene.tasks("api", DesiredStatus::Stopped);
    assert!(
        stopped[0]
            .stopped_reason()
            .unwrap()
            .starts_with("Task failed ELB health checks")
    );
}

#[test]
fn tasks_that_stopped_are_listed_if_asked_for_and_kept_for_an_hour() {
    let scene = Scene::new();
    scene
        .fake
        .set_image("web:1", Image::crashes_after(Duration::from_secs(60)));
    scene
        .shop
        .create_service("api", &scene.shop.stable_group, 1);
    scene.wait(95);
    assert_eq!(scene.tasks("api", DesiredStatus::Running).len(), 0);
    scene.notices(Rule::RunningTasksByDefault);
    scene.fake.set_image("web:1", Image::good());
    let stopped = scene.tasks("api", DesiredStatus::Stopped);
    assert_eq!(
        stopped[0].stop_code().unwrap().as_str(),
        "EssentialContainerExited"
    );
    assert_eq!(stopped[0].containers()[0].exit_code(), Some(1));
    scene.wait(3500);
    assert_eq!(scene.tasks("api", DesiredStatus::Stopped).len(), 1);
    scene.wait(100);
    assert_eq!(scene.tasks("api", DesiredStatus::Stopped).len(), 0);
    scene.notices(Rule::StoppedTasksAreKept);
}

#[test]
fn tasks_are_listed_that_are_meant_to_run_unless_asked_otherwise() {
    let scene = Scene::new();
    scene.open(2);
    scene.fake.tasks_crash(Shop::CLUSTER, "api", 1, 1);
    scene.fake.somebody_scales(Shop::CLUSTER, "api", 1).unwrap();
    scene.wait(1);
    let call = scene.ecs.list_tasks().cluster(Shop::CLUSTER);
    let listed = scene.ok(call.service_name("api").send());
    let running = scene.tasks("api", DesiredStatus::Running);
    assert_eq!((listed.task_arns().len(), running.len()), (1, 1));
    assert_eq!(listed.task_arns()[0], running[0].task_arn().unwrap());
    assert_eq!(scene.tasks("api", DesiredStatus::Stopped).len(), 1);
    scene.notices(Rule::RunningTasksByDefault);
}

#[test]
fn a_newer_deployment_takes_the_place_of_one_under_way() {
    let scene = Scene::new();
    scene.open(2);
    scene.fake.set_image("web:2", Image::never_healthy());
    let second = scene.deploy("api", &scene.shop.register("web:2"));
    scene.wait(60);
    scene.deploy("api", &scene.shop.register("web:3"));
    scene.notices(Rule::NewerSupersedes);
    let call = scene.ecs.describe_service_deployments();
    let call = call.service_deployment_arns(second.current_service_deployment().unwrap());
    let old = scene.ok(call.send());
    assert_eq!(
        old.service_deployments()[0].status().unwrap().as_str(),
        "STOPPED"
    );
    scene.wait(300);
    assert_eq!(scene.running("api"), [2]);
    assert!(
        scene
            .service("api")
            .task_definition()
            .unwrap()
            .ends_with("web:3")
    );
}

#[test]
fn an_image_that_is_pointed_elsewhere_has_another_digest_in_later_tasks() {
    let scene = Scene::new();
    scene.open(1);
    let digest = || {
        let tasks = scene.tasks("api", DesiredStatus::Running);
        tasks[0].containers()[0].image_digest().unwrap().to_owned()
    };
    let before = digest();
    scene
        .fake
        .set_image("web:1", Image::good().with_digest("sha256:other"));
    assert_eq!(digest(), before);
    scene.ok(scene
        .ecs
        .update_service()
        .cluster(Shop::CLUSTER)
        .service("api")
        .force_new_deployment(true)
        .send());
    scene.wait(180);
    assert_eq!(digest(), "sha256:other");
}
