//! What we told a service.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ecs::types::{DeploymentConfiguration, Service, Tag};

use super::Masked;
use crate::mark::{CLAIM, LAST_EPOCH, WRITTEN};
use crate::view::{DRAINING, primary};

/// What can be told a service, as it shows in a read; `None`: there is none that can be written to.
pub(crate) type Told = Option<Telling>;

#[derive(Clone, Debug)]
pub(crate) struct Telling {
    definition: Option<String>,
    configuration: Option<DeploymentConfiguration>,
    /// The primary deployment, if it is the one of that task definition: somebody else's, or ECS's own, of
    /// the task definition that was before is another.
    primary: Option<String>,
    count: i32,
    tags: BTreeMap<String, String>,
}

impl Telling {
    fn is(&self, other: &Self) -> bool {
        let is_known = self.primary.is_some() && other.primary.is_some();
        let is_same = !is_known || self.primary == other.primary;
        is_same
            && self.definition == other.definition
            && self.configuration == other.configuration
            && self.count == other.count
            && self.tags == other.tags
    }
}

fn is_same(one: &Told, other: &Told) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.is(other),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn told(service: Option<&Service>) -> Told {
    let service = service.filter(|service| service.status() == Some("ACTIVE"))?;
    let ours = [CLAIM, LAST_EPOCH, WRITTEN];
    let tags = service.tags().iter().filter_map(|tag| {
        let key = tag.key().filter(|key| ours.contains(key))?;
        Some((key.to_owned(), tag.value().unwrap_or_default().to_owned()))
    });
    let primary = primary(service);
    let primary = primary.filter(|of| of.task_definition == service.task_definition);
    Some(Telling {
        primary: primary.and_then(|of| of.id.clone()),
        definition: service.task_definition.clone(),
        configuration: service.deployment_configuration.clone(),
        count: service.desired_count,
        tags: tags.collect(),
    })
}

impl Masked for Service {
    type Told = Told;

    const LONGEST: Option<Duration> = None;

    fn told(there: Option<&Self>) -> Told {
        told(there)
    }

    fn is_same(one: &Told, other: &Told) -> bool {
        is_same(one, other)
    }

    fn patched(read: Option<Self>, after: Option<&Self>) -> Option<Self> {
        patched(read, after)
    }
}

/// What was read, with what we told it.
fn patched(read: Option<Service>, after: Option<&Service>) -> Option<Service> {
    match (read, after) {
        (Some(mut read), Some(after)) => {
            read.status.clone_from(&after.status);
            read.task_definition.clone_from(&after.task_definition);
            read.desired_count = after.desired_count;
            read.deployment_configuration
                .clone_from(&after.deployment_configuration);
            read.tags.clone_from(&after.tags);
            // The deployment that a write of ours began.
            let id = |service: &Service| primary(service).and_then(|of| of.id.clone());
            if id(&read) != id(after) {
                read.deployments.clone_from(&after.deployments);
                read.current_service_deployment
                    .clone_from(&after.current_service_deployment);
            }
            Some(read)
        }
        (None, Some(after)) => Some(after.clone()),
        // Deleted, and still told as there.
        (Some(mut read), None) => {
            read.status = Some(DRAINING.to_owned());
            Some(read)
        }
        (None, None) => None,
    }
}

/// Sets and removes tags, as they will be read.
pub(crate) fn retagged(
    service: &mut Option<Service>,
    set: impl IntoIterator<Item = Tag>,
    removed: &[&str],
) {
    let Some(service) = service else {
        return;
    };
    let mut tags = service.tags.take().unwrap_or_default();
    for tag in set {
        tags.retain(|known| known.key != tag.key);
        tags.push(tag);
    }
    tags.retain(|tag| !tag.key().is_some_and(|key| removed.contains(&key)));
    service.tags = Some(tags);
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::Deployment;

    use super::super::{MOST_LOOKS, Shown};
    use super::*;

    fn service(count: i32) -> Option<Service> {
        let service = Service::builder().status("ACTIVE").desired_count(count);
        Some(service.build())
    }

    fn counts(count: i32) -> impl FnOnce(&mut Option<Service>) {
        move |service| {
            if let Some(service) = service {
                service.desired_count = count;
            }
        }
    }

    fn after_two_writes() -> Shown<Service> {
        let mut shown = Shown::<Service>::default();
        shown.read("api", service(1));
        shown.wrote("api", counts(2));
        shown.wrote("api", counts(3));
        shown
    }

    fn count(shown: &mut Shown<Service>, read: i32) -> i32 {
        let shown = shown.read("api", service(read));
        shown.map_or(-1, |service| service.desired_count)
    }

    #[test]
    fn what_was_before_a_write_is_not_shown_after_it() {
        let mut shown = after_two_writes();
        for old in [1, 2, 1] {
            assert_eq!(count(&mut shown, old), 3);
        }
        assert_eq!(count(&mut shown, 3), 3);
        assert_eq!(count(&mut shown, 1), 1, "it was shown, so this is new");
    }

    /// ECS may take a deployment back before anybody has seen it: then all is as before, but for its id.
    #[test]
    fn what_was_taken_back_is_another_deployment() {
        let with = |definition: &str, id: &str| {
            let deployment = Deployment::builder().id(id).status("PRIMARY");
            let deployment = deployment.task_definition(definition).build();
            let service = Service::builder().status("ACTIVE").desired_count(1);
            Some(
                service
                    .task_definition(definition)
                    .deployments(deployment)
                    .build(),
            )
        };
        let mut shown = Shown::<Service>::default();
        shown.read("api", with("one", "a"));
        shown.wrote("api", |there| *there = with("two", "b"));
        let id = |shown: &mut Shown<Service>, read| {
            let shown = shown.read("api", read)?;
            primary(&shown)?.id.clone()
        };
        assert_eq!(id(&mut shown, with("one", "a")).as_deref(), Some("b"));
        assert_eq!(id(&mut shown, with("one", "c")).as_deref(), Some("c"));
    }

    #[test]
    fn what_somebody_else_wrote_is_shown_at_once() {
        let mut shown = after_two_writes();
        assert_eq!(count(&mut shown, 7), 7);
        assert_eq!(count(&mut shown, 1), 1);
    }

    #[test]
    fn what_is_told_again_and_again_is_what_there_is() {
        let mut shown = after_two_writes();
        for _ in 0..MOST_LOOKS {
            assert_eq!(count(&mut shown, 1), 3);
            shown.look();
        }
        assert_eq!(count(&mut shown, 1), 1);
    }

    #[test]
    fn where_the_end_of_a_write_is_not_known_what_it_leads_to_is_shown_and_nothing_older() {
        let mut shown = after_two_writes();
        shown.may_have_written("api", counts(1));
        assert_eq!(count(&mut shown, 2), 3, "older than what is known");
        assert_eq!(count(&mut shown, 1), 1);
        let mut shown = after_two_writes();
        shown.may_have_written("api", counts(5));
        assert_eq!(count(&mut shown, 1), 3);
        assert_eq!(count(&mut shown, 5), 5);
    }

    #[test]
    fn services_that_come_and_go_do_so_at_once() {
        let mut shown = Shown::<Service>::default();
        shown.read("api", None);
        shown.wrote("api", |there| *there = service(2));
        let made = shown.read("api", None);
        assert_eq!(made.map(|service| service.desired_count), Some(2));
        shown.read("api", service(2));
        shown.wrote("api", |there| *there = None);
        let gone = shown.read("api", service(2)).unwrap();
        assert_eq!(gone.status(), Some(DRAINING));
    }
}
