//! What no rule speaks of: every other operation is answered in a form that the SDK reads.

use aws_sdk_ecs::types::{ClusterField, TaskDefinitionField};
use test_support::ecs::Shop;

use crate::scene::{Scene, forward};

#[test]
fn clusters_are_described_and_listed() {
    let scene = Scene::new();
    scene.ok(scene.ecs.create_cluster().cluster_name("other").send());
    let listed = scene.ok(scene.ecs.list_clusters().send());
    assert_eq!(listed.cluster_arns().len(), 2);
    let call = scene
        .ecs
        .describe_clusters()
        .clusters(Shop::CLUSTER)
        .clusters("none");
    let described = scene.ok(call.include(ClusterField::Tags).send());
    assert_eq!(described.clusters()[0].status(), Some("ACTIVE"));
    assert_eq!(described.failures()[0].reason(), Some("MISSING"));
}

#[test]
fn task_definitions_are_told_with_their_tags_and_families_listed() {
    let scene = Scene::new();
    let tag = aws_sdk_ecs::types::Tag::builder()
        .key("rollout")
        .value("one")
        .build();
    let container = aws_sdk_ecs::types::ContainerDefinition::builder()
        .name("api")
        .image("api:1");
    let call = scene
        .ecs
        .register_task_definition()
        .family("api")
        .tags(tag.clone());
    scene.ok(call.container_definitions(container.build()).send());
    let call = scene.ecs.describe_task_definition().task_definition("api");
    let described = scene.ok(call.include(TaskDefinitionField::Tags).send());
    assert_eq!(described.tags(), [tag]);
    assert_eq!(
        described.task_definition().unwrap().container_definitions()[0].image(),
        Some("api:1")
    );
    let families = scene.ok(scene.ecs.list_task_definition_families().send());
    assert_eq!(families.families(), ["api", "web"]);
}

#[test]
fn a_service_revision_has_the_digests_that_run() {
    let scene = Scene::new();
    scene.open(1);
    let call = scene
        .ecs
        .list_service_deployments()
        .cluster(Shop::CLUSTER)
        .service("api");
    let listed = scene.ok(call.send());
    let arn = listed.service_deployments()[0]
        .target_service_revision_arn()
        .unwrap();
    let described = scene.ok(scene
        .ecs
        .describe_service_revisions()
        .service_revision_arns(arn)
        .send());
    let revision = &described.service_revisions()[0];
    assert_eq!(
        revision.task_definition(),
        Some(scene.shop.task_definition.as_str())
    );
    assert!(
        revision.container_images()[0]
            .image_digest()
            .unwrap()
            .starts_with("sha256:")
    );
    let current = scene.service("api");
    assert_eq!(current.current_service_revisions()[0].arn(), Some(arn));
}

#[test]
fn a_task_that_somebody_stops_is_replaced() {
    let scene = Scene::new();
    scene.open(1);
    let call = scene
        .ecs
        .list_tasks()
        .cluster(Shop::CLUSTER)
        .service_name("api");
    let arn = scene.ok(call.send()).task_arns.unwrap().remove(0);
    let stop = scene
        .ecs
        .stop_task()
        .cluster(Shop::CLUSTER)
        .task(&arn)
        .reason("enough");
    scene.ok(stop.send());
    scene.wait(60);
    let told = scene.ok(scene
        .ecs
        .describe_tasks()
        .cluster(Shop::CLUSTER)
        .tasks(&arn)
        .send());
    let task = &told.tasks()[0];
    assert_eq!(
        (task.last_status(), task.stopped_reason()),
        (Some("STOPPED"), Some("enough"))
    );
    assert_eq!(task.stop_code().unwrap().as_str(), "UserInitiated");
    assert_eq!(scene.running("api"), [1]);
}

#[test]
fn load_balancers_come_and_go_with_their_listeners() {
    let scene = Scene::new();
    let elb = &scene.elb;
    let described = scene.ok(elb.describe_load_balancers().names("shop").send());
    let balancer = &described.load_balancers()[0];
    assert_eq!(balancer.state().unwrap().code().unwrap().as_str(), "active");
    assert!(balancer.created_time().is_some() && balancer.dns_name().is_some());
    let arn = &scene.shop.load_balancer;
    let listeners = scene.ok(elb.describe_listeners().load_balancer_arn(arn).send());
    assert_eq!(listeners.listeners()[0].port(), Some(80));
    let made = elb.create_listener().load_balancer_arn(arn).port(8080);
    let made = scene.ok(made
        .default_actions(forward(&[(&scene.shop.stable_group, 1)]))
        .send());
    let second = made.listeners()[0].listener_arn().unwrap();
    scene.ok(elb.delete_listener().listener_arn(second).send());
    let groups = scene.ok(elb.describe_target_groups().load_balancer_arn(arn).send());
    assert_eq!(groups.target_groups().len(), 2);
    scene.ok(elb.delete_load_balancer().load_balancer_arn(arn).send());
    let groups = scene.ok(elb.describe_target_groups().names("web-stable").send());
    assert_eq!(groups.target_groups()[0].load_balancer_arns().len(), 0);
}

#[test]
fn a_target_group_is_changed_in_part() {
    let scene = Scene::new();
    let call = scene
        .elb
        .modify_target_group()
        .target_group_arn(&scene.shop.stable_group);
    let changed = scene.ok(call.health_check_path("/ready").send());
    let group = &changed.target_groups()[0];
    assert_eq!(group.health_check_path(), Some("/ready"));
    assert_eq!(group.health_check_interval_seconds(), Some(10));
    assert_eq!(group.load_balancer_arns().len(), 1);
}
