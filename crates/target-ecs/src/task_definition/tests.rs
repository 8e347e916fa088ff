//! What is registered for a release is the base with other images, and nothing is dropped.

#![expect(deprecated, reason = "every field that there is")]

use std::collections::BTreeSet;

use aws_sdk_ecs::types::{
    Compatibility, EphemeralStorage, InferenceAccelerator, IpcMode, KeyValuePair, NetworkMode,
    PidMode, ProxyConfiguration, RuntimePlatform, TaskDefinitionPlacementConstraint, Volume,
};

use super::*;

fn container(name: &str, image: &str) -> ContainerDefinition {
    ContainerDefinition::builder()
        .name(name)
        .image(image)
        .environment(
            KeyValuePair::builder()
                .name("PASSWORD")
                .value("hunter2")
                .build(),
        )
        .build()
}

fn described(revision: i32, images: &[(&str, &str)], tags: &[(&str, &str)]) -> Described {
    let containers = images.iter().map(|(name, image)| container(name, image));
    let definition = TaskDefinition::builder()
        .task_definition_arn(format!(
            "arn:aws:ecs:eu-central-1:123456789012:task-definition/web:{revision}"
        ))
        .family("web")
        .revision(revision)
        .task_role_arn("role")
        .set_container_definitions(Some(containers.collect()))
        .build();
    let tags = tags.iter().map(|(key, value)| mark::tag(key, *value));
    Described {
        definition,
        tags: tags.collect(),
    }
}

fn images(pairs: &[(&str, &str)]) -> Images {
    Images::parse(pairs.iter().copied()).unwrap()
}

fn made(base: &Described, stable: &Described, pairs: &[(&str, &str)]) -> Unregistered {
    match release(base, stable, &images(pairs)).unwrap() {
        Made::Other(made) => *made,
        Made::Base => panic!("it is the base"),
    }
}

/// Names of the fields in a `Debug` of one struct.
fn fields(debug: &str) -> BTreeSet<String> {
    let lines = debug.lines().filter(|line| line.starts_with("    "));
    let names = lines.filter_map(|line| line[4..].split_once(": "));
    let names = names.filter(|(name, _)| !name.starts_with(' '));
    names.map(|(name, _)| name.to_owned()).collect()
}

/// A field that a newer SDK can register and we do not set would be dropped without a word.
#[test]
fn every_field_that_can_be_registered_is_set() {
    let full = TaskDefinition::builder()
        .family("web")
        .task_role_arn("role")
        .execution_role_arn("role")
        .network_mode(NetworkMode::Awsvpc)
        .container_definitions(container("app", "app:v1"))
        .volumes(Volume::builder().name("data").build())
        .placement_constraints(TaskDefinitionPlacementConstraint::builder().build())
        .requires_compatibilities(Compatibility::Fargate)
        .cpu("256")
        .memory("512")
        .pid_mode(PidMode::Task)
        .ipc_mode(IpcMode::None)
        .proxy_configuration(
            ProxyConfiguration::builder()
                .container_name("app")
                .build()
                .unwrap(),
        )
        .inference_accelerators(
            InferenceAccelerator::builder()
                .device_name("a")
                .device_type("b")
                .build()
                .unwrap(),
        )
        .ephemeral_storage(EphemeralStorage::builder().size_in_gib(30).build())
        .runtime_platform(RuntimePlatform::builder().build())
        .enable_fault_injection(true)
        .build();
    let base = Described {
        definition: full,
        tags: vec![mark::tag("team", "shop")],
    };
    let request = made(&base, &base, &[("app", "app:v2")]).request();
    let shown = format!("{:#?}", request.build().unwrap());
    let names = fields(&shown);
    assert_eq!(names.len(), 18, "a newer SDK has other fields: {names:?}");
    let unset: Vec<_> = shown
        .lines()
        .filter(|line| line.ends_with(": None,"))
        .collect();
    let unset: Vec<_> = unset
        .iter()
        .filter(|line| !line.starts_with("     "))
        .collect();
    assert!(unset.is_empty(), "left out: {unset:?}");
}

#[test]
fn a_release_is_found_again_and_only_where_it_is_the_same() {
    let base = described(
        41,
        &[("app", "app:v1"), ("log", "log:v1")],
        &[("team", "shop")],
    );
    let release = made(&base, &base, &[("app", "app:v2")]);
    let again = made(&base, &base, &[("app", "app:v2")]);
    assert_eq!(release, again);
    assert_eq!(release.key.len(), 20);
    let tags = release.request().build().unwrap().tags.unwrap();
    assert_eq!(mark::value(&tags, RELEASE), Some(release.key.as_str()));
    assert_eq!(mark::value(&tags, BASE), Some("web:41"));
    assert_eq!(mark::value(&tags, "team"), Some("shop"));
    let of_release = [("app", "app:v2"), ("log", "log:v1")];
    let tag = [(RELEASE, release.key.as_str())];
    assert!(release.is(&described(42, &of_release, &tag)));
    assert!(!release.is(&described(42, &of_release, &[])), "not ours");
    let changed = described(42, &[("app", "app:v2"), ("log", "log:v9")], &tag);
    assert!(!release.is(&changed), "tagged so by somebody else");
    let other = made(&base, &base, &[("app", "app:v3")]);
    assert_ne!(release.key, other.key);
}

/// ECS tells environment, secrets and containers in an order of its own.
#[test]
fn a_release_is_the_same_in_whatever_order_it_is_told() {
    let pairs = [("web", "web:1"), ("side", "side:1")];
    let with_environment = |mut of: Described, names: [&str; 2]| {
        for container in of.definition.container_definitions.iter_mut().flatten() {
            let pair = |name: &str| KeyValuePair::builder().name(name).value("1").build();
            container.environment = Some(names.map(pair).to_vec());
            container.secrets = Some(Vec::new());
        }
        of
    };
    let base = with_environment(described(41, &pairs, &[]), ["A", "B"]);
    let release = made(&base, &base, &[("web", "web:2")]);
    let tag = [(RELEASE, release.key.as_str())];
    let told = [("side", "side:1"), ("web", "web:2")];
    let mut told = with_environment(described(42, &told, &tag), ["B", "A"]);
    assert!(release.is(&told));
    told.tags = Vec::new();
    assert!(!release.is(&told) && release.would_be(&told));
    let other = with_environment(told, ["B", "C"]);
    assert!(!release.would_be(&other), "another environment");
}

#[test]
fn what_differs_in_more_than_images_is_not_alike() {
    let one = described(41, &[("web", "web:1")], &[]);
    let mut other = described(7, &[("web", "web:2")], &[("team", "shop")]);
    other.definition.family = Some("web-green".to_owned());
    assert!(one.is_like(&other));
    for container in other.definition.container_definitions.iter_mut().flatten() {
        container.environment = None;
    }
    assert!(!one.is_like(&other));
}

#[test]
fn tags_of_an_earlier_release_and_of_the_platform_are_not_handed_on() {
    let tags = [
        (RELEASE, "old"),
        (BASE, "web:1"),
        ("aws:x", "y"),
        ("team", "shop"),
    ];
    let base = described(41, &[("app", "app:v1")], &tags);
    let request = made(&base, &base, &[("app", "app:v2")]).request();
    let tags = request.build().unwrap().tags.unwrap();
    let keys: Vec<_> = tags.iter().filter_map(Tag::key).collect();
    assert_eq!(keys, ["team", RELEASE, BASE]);
    assert_ne!(mark::value(&tags, RELEASE), Some("old"));
}

#[test]
fn what_a_release_does_not_name_is_as_stable_runs_it() {
    let idle = described(
        7,
        &[("app", "app:v0"), ("log", "log:v0"), ("own", "own:v0")],
        &[],
    );
    let stable = described(41, &[("app", "app:v1"), ("log", "log:v1")], &[]);
    let request = made(&idle, &stable, &[("app", "app:v2")])
        .request()
        .build()
        .unwrap();
    let images: Vec<_> = request
        .container_definitions()
        .iter()
        .map(|container| container.image().unwrap())
        .collect();
    assert_eq!(images, ["app:v2", "log:v1", "own:v0"]);
}

#[test]
fn a_base_that_has_the_images_is_not_registered_again() {
    let base = described(41, &[("app", "app:v1")], &[]);
    let same = release(&base, &base, &images(&[("app", "app:v1")]));
    assert_eq!(same, Ok(Made::Base));
}

#[test]
fn a_container_that_is_not_there_is_named_with_those_that_are() {
    let base = described(41, &[("app", "app:v1"), ("log", "log:v1")], &[]);
    let error = release(&base, &base, &images(&[("api", "app:v2")])).unwrap_err();
    assert_eq!(
        (error.missing.as_str(), error.there.join(" ")),
        ("api", "app log".to_owned())
    );
}

#[test]
fn a_task_definition_is_seen_by_its_short_name_and_shows_no_environment() {
    let base = described(41, &[("app", "app:v1"), ("odd", "untagged")], &[]);
    let seen = base.seen(Some(base.arn()));
    assert_eq!(
        (seen.id.as_str(), seen.name.as_deref()),
        ("web:41", Some("web:41"))
    );
    assert!(seen.recorded && !base.seen(None).recorded);
    assert_eq!(seen.images, images(&[("app", "app:v1")]));
    let release = made(&base, &base, &[("app", "app:v2")]);
    for shown in [format!("{base:?}"), format!("{release:?}")] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
