//! A release is registered once, whoever asks for it, with all that its base has.

use aws_sdk_ecs::types::{
    Compatibility, ContainerDefinition, HealthCheck, KeyValuePair, LogConfiguration, LogDriver,
    MountPoint, NetworkMode, PortMapping, Secret, Tag, TaskDefinition, TaskDefinitionField,
    TransportProtocol, Ulimit, UlimitName, Volume,
};

use crate::hand::Hand;
use crate::shop::{PORT, Shop};

const REGISTER: &str = "ecs:RegisterTaskDefinition";

/// What a task definition of a real shop has; the service `web` is told to run it.
async fn furnish(shop: &Shop) {
    let pair = |name: &str, value: &str| KeyValuePair::builder().name(name).value(value).build();
    let secret = Secret::builder().name("TOKEN").value_from("arn:aws:ssm:a");
    let port = PortMapping::builder().container_port(PORT).host_port(PORT);
    let log = LogConfiguration::builder().log_driver(LogDriver::Awslogs);
    let health = HealthCheck::builder().command("CMD-SHELL").command("true");
    let files = Ulimit::builder().name(UlimitName::Nofile).soft_limit(1024);
    let mount = MountPoint::builder().source_volume("data");
    let web = ContainerDefinition::builder()
        .name("web")
        .image("web:1")
        .cpu(128)
        .memory(256)
        .essential(true)
        .port_mappings(port.protocol(TransportProtocol::Tcp).build())
        .environment(pair("MODE", "ä & \"b\""))
        .secrets(secret.build().unwrap())
        .log_configuration(log.options("awslogs-group", "shop").build().unwrap())
        .health_check(health.interval(15).retries(2).build().unwrap())
        .ulimits(files.hard_limit(4096).build().unwrap())
        .mount_points(mount.container_path("/data").read_only(true).build())
        .docker_labels("a", "b");
    let sidecar = ContainerDefinition::builder()
        .name("proxy")
        .image("proxy:7");
    let role = "arn:aws:iam::123456789012:role/shop";
    let team = Tag::builder().key("team").value("pets").build();
    let definition = shop.clients.ecs.register_task_definition();
    let made = definition
        .family(shop.name)
        .task_role_arn(role)
        .execution_role_arn(role)
        .network_mode(NetworkMode::Awsvpc)
        .requires_compatibilities(Compatibility::Fargate)
        .cpu("512")
        .memory("1024")
        .container_definitions(web.build())
        .container_definitions(sidecar.memory(128).essential(false).build())
        .volumes(Volume::builder().name("data").build())
        .tags(team)
        .send()
        .await;
    let made = made.unwrap().task_definition.unwrap();
    let service = shop.clients.ecs.update_service().cluster(shop.name);
    let service = service
        .service("web")
        .set_task_definition(made.task_definition_arn);
    service.send().await.unwrap();
}

/// What a service runs, with its tags.
async fn runs(shop: &Shop, service: &str) -> (TaskDefinition, Vec<Tag>) {
    let arn = shop.service(service).await.task_definition.unwrap();
    let told = shop.clients.ecs.describe_task_definition();
    let told = told.task_definition(arn).include(TaskDefinitionField::Tags);
    let told = told.send().await.unwrap();
    (told.task_definition.unwrap(), told.tags.unwrap_or_default())
}

/// Everything but what tells one revision from another, and the images.
fn without_images(mut of: TaskDefinition) -> TaskDefinition {
    of.task_definition_arn = None;
    of.revision = 0;
    of.registered_at = None;
    for container in of.container_definitions.iter_mut().flatten() {
        container.image = None;
    }
    of
}

#[tokio::test]
#[ignore = "needs moto: cargo xtask test"]
async fn a_release_is_its_base_with_other_images() {
    let shop = Shop::open("furnished").await;
    furnish(&shop).await;
    let mut hand = Hand::on(&shop, shop.canary()).await;
    hand.apply(hand.candidate("web:2", 0)).await;
    let (base, _) = runs(&shop, "web").await;
    let (made, tags) = runs(&shop, "web-canary").await;
    let images = |of: &TaskDefinition| -> Vec<String> {
        let containers = of.container_definitions().iter();
        let images = containers.filter_map(|container| container.image.clone());
        images.collect()
    };
    assert_eq!(images(&base), ["web:1", "proxy:7"]);
    assert_eq!(images(&made), ["web:2", "proxy:7"]);
    assert_eq!(made.container_definitions()[0].secrets().len(), 1);
    assert_eq!(without_images(made), without_images(base));
    let tags = tags
        .iter()
        .map(|tag| (tag.key().unwrap(), tag.value().unwrap()));
    let tags: Vec<_> = tags
        .filter(|(key, _)| *key != "rollway.dev/release")
        .collect();
    assert_eq!(
        tags,
        [("team", "pets"), ("rollway.dev/base", "furnished:2")]
    );
}

#[tokio::test]
#[ignore = "needs moto: cargo xtask test"]
async fn a_release_is_found_again_and_not_multiplied() {
    let shop = Shop::open("again").await;
    furnish(&shop).await;
    assert_eq!(shop.definitions().await, 2);
    let mut hand = Hand::on(&shop, shop.canary()).await;
    hand.apply(hand.candidate("web:2", 0)).await;
    assert!(
        shop.clients
            .recorder
            .take_writes()
            .contains(&REGISTER.to_owned())
    );
    let (first, _) = runs(&shop, "web-canary").await;

    // By whoever registered it, though the answer to that told no tags.
    hand.apply(hand.candidate("web:2", 50)).await;
    let writes = shop.clients.recorder.take_writes();
    assert!(!writes.contains(&REGISTER.to_owned()), "{writes:?}");

    // By somebody who remembers nothing, from what runs.
    hand.target = shop.clients.target(&shop.canary());
    let mut more = hand.candidate("web:2", 0);
    more.candidate.replicas = more.candidate.replicas.with(3);
    hand.apply(more).await;
    assert!(
        !shop
            .clients
            .recorder
            .take_writes()
            .contains(&REGISTER.to_owned())
    );
    assert_eq!(runs(&shop, "web-canary").await.0, first);

    // In a later rollout, from what is registered, since nothing runs it any more.
    hand.apply(hand.start()).await;
    hand.set_claim(Some(&hand.claim), None).await.unwrap();
    let mut later = Hand::on(&shop, shop.canary()).await;
    assert_eq!(later.claim.epoch, 2);
    later.apply(later.candidate("web:2", 0)).await;
    let writes = shop.clients.recorder.take_writes();
    assert!(
        writes.contains(&"ecs:CreateService".to_owned()),
        "{writes:?}"
    );
    assert!(!writes.contains(&REGISTER.to_owned()), "{writes:?}");
    assert_eq!(runs(&shop, "web-canary").await.0, first);
    assert_eq!(shop.definitions().await, 3);

    later.apply(later.candidate("web:3", 0)).await;
    assert_eq!(shop.definitions().await, 4);
    // Its base with the images that it has: nothing to register.
    later.apply(later.candidate("web:1", 0)).await;
    assert_eq!(shop.definitions().await, 4);
    let base = runs(&shop, "web").await.0;
    assert_eq!(runs(&shop, "web-canary").await.0, base);
}
