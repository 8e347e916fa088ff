//! Clusters, task definitions and services.

use aws_sdk_ecs::types::{
    ContainerDefinition, DeploymentConfiguration, DeploymentController, DeploymentControllerType,
    LoadBalancer, ServiceField, SortOrder, Tag, TaskDefinitionField,
};
use test_support::ecs::{Rule, Settings, Shop};

use crate::scene::Scene;

const INVALID: &str = "InvalidParameterException";

impl Scene {
    fn create(
        &self,
        name: &str,
    ) -> aws_sdk_ecs::operation::create_service::builders::CreateServiceFluentBuilder {
        let call = self
            .ecs
            .create_service()
            .cluster(Shop::CLUSTER)
            .service_name(name);
        call.task_definition(&self.shop.task_definition)
            .desired_count(1)
    }

    fn update(
        &self,
        name: &str,
    ) -> aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder {
        self.ecs
            .update_service()
            .cluster(Shop::CLUSTER)
            .service(name)
    }

    fn describe(
        &self,
        names: Vec<String>,
    ) -> aws_sdk_ecs::operation::describe_services::builders::DescribeServicesFluentBuilder {
        self.ecs
            .describe_services()
            .cluster(Shop::CLUSTER)
            .set_services(Some(names))
    }
}

#[test]
fn every_registration_is_a_revision_and_a_family_means_the_newest() {
    let scene = Scene::new();
    let register = |container: Option<ContainerDefinition>| {
        let call = scene.ecs.register_task_definition().family("web");
        call.set_container_definitions(container.map(|one| vec![one]))
            .send()
    };
    scene.refuses(Rule::ContainersOfATask, "ClientException", register(None));
    let container = ContainerDefinition::builder()
        .name("web")
        .image("web:1")
        .build();
    scene.ok(register(Some(container.clone())));
    scene.ok(register(Some(container)));
    scene.notices(Rule::EveryRegistrationIsARevision);
    let describe = |name: &str| scene.ecs.describe_task_definition().task_definition(name);
    let newest = scene.ok(describe("web").include(TaskDefinitionField::Tags).send());
    assert_eq!(newest.task_definition().unwrap().revision(), 3);
    scene.refuses(
        Rule::TaskDefinitionExists,
        "ClientException",
        describe("web:9").send(),
    );
    scene.ok(scene
        .ecs
        .deregister_task_definition()
        .task_definition("web:3")
        .send());
    let newest = scene.ok(describe("web").send());
    assert_eq!(newest.task_definition().unwrap().revision(), 2);
    let call = scene
        .ecs
        .list_task_definitions()
        .family_prefix("web")
        .sort(SortOrder::Desc);
    let listed = scene.ok(call.send());
    assert!(listed.task_definition_arns()[0].ends_with("web:2"));
    scene.ok(scene.create("api").send());
    let inactive = scene.update("api").task_definition("web:3");
    scene.refuses(
        Rule::TaskDefinitionIsActive,
        "ClientException",
        inactive.send(),
    );
}

#[test]
fn what_is_named_exists() {
    let scene = Scene::new();
    let call = scene.ecs.list_services().cluster("none");
    scene.refuses(Rule::ClusterExists, "ClusterNotFoundException", call.send());
    let call = scene.update("none").desired_count(1);
    scene.refuses(Rule::ServiceExists, "ServiceNotFoundException", call.send());
    let call = scene.create("api").task_definition("none");
    scene.refuses(Rule::TaskDefinitionExists, "ClientException", call.send());
    let tag = Tag::builder().key("a").value("b").build();
    let call = scene
        .ecs
        .tag_resource()
        .resource_arn("arn:aws:ecs:eu-west-1:123456789012:service/shop/none");
    scene.refuses(Rule::TaggedThingExists, INVALID, call.tags(tag).send());
}

#[test]
fn a_service_is_created_once_unless_by_the_same_token() {
    let scene = Scene::new();
    scene.ok(scene.create("api").client_token("one").send());
    scene.refuses(
        Rule::CreationIsNotIdempotent,
        INVALID,
        scene.create("api").send(),
    );
    let other = scene.create("api").client_token("two");
    scene.refuses(Rule::CreationIsNotIdempotent, INVALID, other.send());
    scene.ok(scene.create("api").client_token("one").send());
    scene.notices(Rule::ClientToken);
    let long = scene.create("other").client_token("x".repeat(37));
    scene.refuses(Rule::ClientToken, INVALID, long.send());
    let listed = scene.ok(scene.ecs.list_services().cluster(Shop::CLUSTER).send());
    assert_eq!(listed.service_arns().len(), 1);
}

#[test]
fn load_balancers_fit_the_task_definition_and_a_listener() {
    let scene = Scene::new();
    let balancer = |group: &str, container: &str, port: i32| {
        let one = LoadBalancer::builder()
            .target_group_arn(group)
            .container_name(container);
        scene
            .create("api")
            .load_balancers(one.container_port(port).build())
            .send()
    };
    let group = &scene.shop.stable_group;
    scene.refuses(
        Rule::ContainerAndPort,
        INVALID,
        balancer(group, "none", 8080),
    );
    scene.refuses(Rule::ContainerAndPort, INVALID, balancer(group, "web", 80));
    let made = scene.ok(scene.elb.create_target_group().name("unwired").send());
    let unwired = made.target_groups()[0].target_group_arn().unwrap();
    scene.refuses(
        Rule::GroupOfAService,
        INVALID,
        balancer(unwired, "web", 8080),
    );
    scene.ok(balancer(group, "web", 8080));
}

#[test]
fn a_deleted_service_drains_and_then_is_inactive() {
    let scene = Scene::new();
    scene
        .shop
        .create_service("api", &scene.shop.stable_group, 2);
    scene.wait(120);
    let delete = || {
        scene
            .ecs
            .delete_service()
            .cluster(Shop::CLUSTER)
            .service("api")
    };
    scene.refuses(Rule::DeletedAtZero, INVALID, delete().send());
    scene.ok(delete().force(true).send());
    assert_eq!(scene.service("api").status(), Some("DRAINING"));
    let listed = scene.ok(scene.ecs.list_services().cluster(Shop::CLUSTER).send());
    assert_eq!(listed.service_arns().len(), 0);
    scene.refuses(
        Rule::NameOfADrainingService,
        INVALID,
        scene.create("api").send(),
    );
    let update = scene.update("api").desired_count(1);
    scene.refuses(
        Rule::ServiceIsActive,
        "ServiceNotActiveException",
        update.send(),
    );
    scene.wait(120);
    assert_eq!(scene.service("api").status(), Some("INACTIVE"));
    assert_eq!(scene.health(&scene.shop.stable_group), [""; 0]);
    scene.notices(Rule::DeletedServicesDrain);
    scene.ok(scene.create("api").send());
    assert_eq!(scene.service("api").status(), Some("ACTIVE"));
}

#[test]
fn at_most_so_much_is_described_at_once() {
    let scene = Scene::new();
    let names = |count: usize| {
        (0..count)
            .map(|number| format!("s{number}"))
            .collect::<Vec<_>>()
    };
    scene.refuses(
        Rule::BatchOfServices,
        INVALID,
        scene.describe(names(11)).send(),
    );
    let tasks = scene
        .ecs
        .describe_tasks()
        .cluster(Shop::CLUSTER)
        .set_tasks(Some(names(101)));
    scene.refuses(Rule::BatchOfTasks, INVALID, tasks.send());
    let deployments = scene.ecs.describe_service_deployments();
    let deployments = deployments.set_service_deployment_arns(Some(names(21)));
    scene.refuses(Rule::BatchOfDeployments, INVALID, deployments.send());
    let answer = scene.ok(scene.describe(names(10)).send());
    let failures = answer.failures();
    assert_eq!(
        (failures.len(), failures[0].reason()),
        (10, Some("MISSING"))
    );
    scene.notices(Rule::MissingIsAFailure);
}

#[test]
fn tags_are_told_if_asked_for() {
    let scene = Scene::new();
    scene.ok(scene
        .create("api")
        .tags(Tag::builder().key("a").value("b").build())
        .send());
    assert_eq!(scene.service("api").tags().len(), 0);
    scene.notices(Rule::TagsIfAsked);
    let answer = scene.ok(scene
        .describe(vec!["api".to_owned()])
        .include(ServiceField::Tags)
        .send());
    let service = &answer.services()[0];
    assert_eq!(service.tags()[0].value(), Some("b"));
    let arn = service.service_arn().unwrap();
    scene.ok(scene
        .ecs
        .untag_resource()
        .resource_arn(arn)
        .tag_keys("a")
        .send());
    let tags = scene.ok(scene.ecs.list_tags_for_resource().resource_arn(arn).send());
    assert_eq!(tags.tags().len(), 0);
    let many = (0..51).map(|number| Tag::builder().key(format!("k{number}")).build());
    let call = scene
        .ecs
        .tag_resource()
        .resource_arn(arn)
        .set_tags(Some(many.collect()));
    scene.refuses(Rule::MostTags, "LimitExceededException", call.send());
}

#[test]
fn only_some_changes_begin_a_deployment() {
    let scene = Scene::new();
    scene
        .shop
        .create_service("api", &scene.shop.stable_group, 1);
    scene.wait(120);
    let id =
        |service: &aws_sdk_ecs::types::Service| service.deployments()[0].id().unwrap().to_owned();
    let first = id(&scene.service("api"));
    let call = scene
        .update("api")
        .desired_count(2)
        .health_check_grace_period_seconds(5);
    let same = scene.ok(call.task_definition("web:1").send());
    assert_eq!(id(same.service().unwrap()), first);
    scene.notices(Rule::OnlySomeChangesDeploy);
    let forced = scene.ok(scene.update("api").force_new_deployment(true).send());
    let service = forced.service().unwrap();
    assert_ne!(id(service), first);
    scene.notices(Rule::ForcedDeployment);
    assert_eq!(service.deployments().len(), 2);
    assert!(service.current_service_deployment().is_some());
    scene.notices(Rule::IdentityOfDeployments);
}

#[test]
fn what_is_left_out_of_a_configuration_stays_or_goes() {
    for replaces in [false, true] {
        let scene = Scene::with(Settings {
            replaces_configuration: replaces,
            ..Settings::default()
        });
        scene
            .shop
            .create_service("api", &scene.shop.stable_group, 1);
        let one = DeploymentConfiguration::builder().maximum_percent(150);
        let other = DeploymentConfiguration::builder().minimum_healthy_percent(50);
        for block in [one, other] {
            let call = scene.update("api").deployment_configuration(block.build());
            scene.ok(call.send());
        }
        let service = scene.service("api");
        let told = service.deployment_configuration().unwrap();
        assert_eq!(told.minimum_healthy_percent(), Some(50));
        let expected = if replaces { 200 } else { 150 };
        assert_eq!(told.maximum_percent(), Some(expected));
        scene.notices(Rule::PartOfAConfiguration);
    }
}

#[test]
fn another_controller_owns_the_task_definition() {
    let scene = Scene::new();
    let controller = DeploymentController::builder().r#type(DeploymentControllerType::CodeDeploy);
    scene.ok(scene
        .create("api")
        .deployment_controller(controller.build().unwrap())
        .send());
    let call = scene.update("api").task_definition("web:1");
    scene.refuses(Rule::ControllerOwnsTheDefinition, INVALID, call.send());
}
