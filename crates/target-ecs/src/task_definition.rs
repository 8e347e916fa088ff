//! Task definitions: what a release is registered as, and how it is found again.
//!
//! A registration makes a new revision each time it is asked, even of the same content. So each of ours
//! is tagged with a key of what it was made from and for, and one that is there is used.

use aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionInputBuilder;
use aws_sdk_ecs::types::{ContainerDefinition, Tag, TaskDefinition, TaskDefinitionStatus};
use strategy_core::target::{TargetError, TargetErrorKind};
use strategy_core::{Image, Images, SeenRevision};

use crate::config::resource;
use crate::digest::digest;
use crate::error::found;
use crate::mark::{self, BASE, RELEASE};

/// A task definition with its tags, as described. It never changes, so it is read once.
#[derive(Clone, PartialEq)]
pub(crate) struct Described {
    pub(crate) definition: TaskDefinition,
    pub(crate) tags: Vec<Tag>,
}

/// The content may hold environment variables, so only its name is shown.
impl std::fmt::Debug for Described {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Described({})", self.short())
    }
}

/// `family:revision`.
pub(crate) fn short(arn: &str) -> &str {
    let resource = resource(arn);
    resource
        .strip_prefix("task-definition/")
        .unwrap_or(resource)
}

impl Described {
    pub(crate) fn arn(&self) -> &str {
        self.definition.task_definition_arn().unwrap_or_default()
    }

    /// `family:revision`.
    pub(crate) fn short(&self) -> &str {
        short(self.arn())
    }

    pub(crate) fn family(&self) -> &str {
        self.definition.family().unwrap_or_default()
    }

    /// Whether a service can be told to run it.
    pub(crate) fn is_active(&self) -> bool {
        self.definition.status() == Some(&TaskDefinitionStatus::Active)
    }

    /// Whether ECS asks its containers themselves how they are.
    pub(crate) fn has_health_check(&self) -> bool {
        let mut containers = self.containers().iter();
        containers.any(|container| container.health_check().is_some())
    }

    fn containers(&self) -> &[ContainerDefinition] {
        self.definition.container_definitions()
    }

    /// Container and image, as written.
    pub(crate) fn image_texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.containers().iter().map(|container| {
            let name = container.name().unwrap_or_default();
            (name, container.image().unwrap_or_default())
        })
    }

    /// By container. One without tag or digest is no image that a release could name, and left out.
    pub(crate) fn images(&self) -> Images {
        let parsed = self
            .image_texts()
            .filter_map(|(name, image)| Some((name.to_owned(), image.parse::<Image>().ok()?)));
        parsed.collect()
    }

    /// As what it is seen, where `recorded` is the ARN that was found at the start.
    pub(crate) fn seen(&self, recorded: Option<&str>) -> SeenRevision {
        let mut seen = SeenRevision::new(self.short(), self.images());
        seen.recorded = recorded == Some(self.arn());
        seen.name = Some(self.short().to_owned());
        seen
    }

    /// Which release it was registered for.
    pub(crate) fn key(&self) -> Option<&str> {
        mark::value(&self.tags, RELEASE)
    }

    /// Whether it says the same as another but for images and its family.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let bare = |of: &Self| {
            let mut containers = of.containers().to_vec();
            for container in &mut containers {
                container.image = None;
            }
            let input = of.input().set_family(None);
            in_order(input.set_container_definitions(Some(containers)))
        };
        bare(self) == bare(other)
    }

    /// What would register the same again.
    #[expect(
        deprecated,
        reason = "what was registered while it was there is not dropped"
    )]
    fn input(&self) -> RegisterTaskDefinitionInputBuilder {
        let of = self.definition.clone();
        RegisterTaskDefinitionInputBuilder::default()
            .set_family(of.family)
            .set_task_role_arn(of.task_role_arn)
            .set_execution_role_arn(of.execution_role_arn)
            .set_network_mode(of.network_mode)
            .set_container_definitions(of.container_definitions)
            .set_volumes(of.volumes)
            .set_placement_constraints(of.placement_constraints)
            .set_requires_compatibilities(of.requires_compatibilities)
            .set_cpu(of.cpu)
            .set_memory(of.memory)
            .set_tags(None)
            .set_pid_mode(of.pid_mode)
            .set_ipc_mode(of.ipc_mode)
            .set_proxy_configuration(of.proxy_configuration)
            .set_inference_accelerators(of.inference_accelerators)
            .set_ephemeral_storage(of.ephemeral_storage)
            .set_runtime_platform(of.runtime_platform)
            .set_enable_fault_injection(of.enable_fault_injection)
    }
}

/// A release that no task definition is known for yet.
#[derive(Clone, PartialEq)]
pub(crate) struct Unregistered {
    /// What tells it from other releases of the same base.
    pub(crate) key: String,
    input: RegisterTaskDefinitionInputBuilder,
    tags: Vec<Tag>,
}

/// The content may hold environment variables.
impl std::fmt::Debug for Unregistered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Unregistered({})", self.key)
    }
}

/// What a release means on a track.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Made {
    /// The base itself has these images.
    Base,
    Other(Box<Unregistered>),
}

impl Made {
    /// Whether this one, whoever registered it, is what would be registered; nothing is for a base.
    pub(crate) fn would_be(&self, described: &Described) -> bool {
        match self {
            Self::Base => false,
            Self::Other(made) => made.would_be(described),
        }
    }
}

/// A container that is not in the template, and which are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoContainer {
    pub(crate) missing: String,
    pub(crate) there: Vec<String>,
}

impl NoContainer {
    pub(crate) fn error(&self, base: &Described) -> TargetError {
        let Self { missing, there } = self;
        let there = there.join(", ");
        let message = format!("it has no container `{missing}`; name one of {there}");
        let about = format!("task-definition/{}", base.short());
        let kind = TargetErrorKind::InvalidConfig;
        found(kind, "ecs:RegisterTaskDefinition", &about, message)
    }
}

/// A base with the images of a release, or the base itself if it has them.
///
/// # Errors
/// When the release names a container that the base does not have.
pub(crate) fn release(
    base: &Described,
    stable: &Described,
    images: &Images,
) -> Result<Made, NoContainer> {
    let made = release_anew(base, stable, images)?;
    Ok(if made.input == base.input() {
        Made::Base
    } else {
        Made::Other(made)
    })
}

/// A base with the images of a release, also if these are its own: what the release does not name has the
/// images that stable had at the start, wherever both have the container.
///
/// # Errors
/// When the release names a container that the base does not have.
pub(crate) fn release_anew(
    base: &Described,
    stable: &Described,
    images: &Images,
) -> Result<Box<Unregistered>, NoContainer> {
    let there: Vec<String> = base
        .image_texts()
        .map(|(name, _)| name.to_owned())
        .collect();
    if let Some((missing, _)) = images
        .iter()
        .find(|(name, _)| !there.iter().any(|there| there == name))
    {
        let missing = missing.to_owned();
        return Err(NoContainer { missing, there });
    }
    let image_of = |container: &ContainerDefinition| {
        let name = container.name().unwrap_or_default();
        let stables = stable.image_texts().find(|(other, _)| *other == name);
        match (images.get(name), stables) {
            (Some(image), _) => Some(image.to_string()),
            (None, Some((_, image))) => Some(image.to_owned()),
            (None, None) => container.image.clone(),
        }
    };
    let mut containers = base.containers().to_vec();
    let mut identity = base.arn().to_owned();
    for container in &mut containers {
        container.image = image_of(container);
        identity.push_str(&format!(
            "\n{}={}",
            container.name().unwrap_or_default(),
            container.image().unwrap_or_default()
        ));
    }
    let input = base.input().set_container_definitions(Some(containers));
    let key = digest(&identity, 20);
    let mut tags: Vec<Tag> = mark::of_others(&base.tags).cloned().collect();
    tags.push(mark::tag(RELEASE, &key));
    tags.push(mark::tag(BASE, base.short()));
    Ok(Box::new(Unregistered { key, input, tags }))
}

/// Lists whose order means nothing, in one order, and those with nothing in them left out: ECS tells them as it
/// likes.
fn in_order(input: RegisterTaskDefinitionInputBuilder) -> RegisterTaskDefinitionInputBuilder {
    let containers = sorted(input.get_container_definitions().clone(), |of| {
        of.name.clone()
    });
    let containers = containers.map(|all| all.into_iter().map(container_in_order).collect());
    let volumes = sorted(input.get_volumes().clone(), |of| of.name.clone());
    let constraints = input.get_placement_constraints().clone();
    let constraints = sorted(constraints, |of| of.expression.clone());
    let requires = input.get_requires_compatibilities().clone();
    let requires = sorted(requires, |of| of.as_str().to_owned());
    input
        .set_container_definitions(containers)
        .set_volumes(volumes)
        .set_placement_constraints(constraints)
        .set_requires_compatibilities(requires)
}

fn container_in_order(mut of: ContainerDefinition) -> ContainerDefinition {
    let path = |path: &Option<String>| path.clone();
    of.environment = sorted(of.environment, |of| of.name.clone());
    of.environment_files = sorted(of.environment_files, |of| of.value.clone());
    of.secrets = sorted(of.secrets, |of| of.name.clone());
    of.port_mappings = sorted(of.port_mappings, |of| (of.container_port, of.host_port));
    of.mount_points = sorted(of.mount_points, |of| path(&of.container_path));
    of.volumes_from = sorted(of.volumes_from, |of| path(&of.source_container));
    of.depends_on = sorted(of.depends_on, |of| of.container_name.clone());
    of.ulimits = sorted(of.ulimits, |of| of.name.as_str().to_owned());
    of.system_controls = sorted(of.system_controls, |of| of.namespace.clone());
    of.extra_hosts = sorted(of.extra_hosts, |of| of.hostname.clone());
    of.links = sorted(of.links, Clone::clone);
    of
}

fn sorted<T, K: Ord>(list: Option<Vec<T>>, key: impl Fn(&T) -> K) -> Option<Vec<T>> {
    let mut list = list.filter(|list| !list.is_empty())?;
    list.sort_by_key(key);
    Some(list)
}

impl Unregistered {
    pub(crate) fn family(&self) -> &str {
        self.input.get_family().as_deref().unwrap_or_default()
    }

    /// Whether this one was registered for it, and is still what would be registered.
    pub(crate) fn is(&self, described: &Described) -> bool {
        described.key() == Some(&self.key) && self.would_be(described)
    }

    /// Whether this one is what would be registered, by whomever it was.
    fn would_be(&self, described: &Described) -> bool {
        in_order(described.input()) == in_order(self.input.clone())
    }

    /// What registers it.
    pub(crate) fn request(&self) -> RegisterTaskDefinitionInputBuilder {
        self.input.clone().set_tags(Some(self.tags.clone()))
    }
}

#[cfg(test)]
mod tests;
