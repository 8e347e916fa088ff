//! What we told a service, for as long as reads do not show it: the descriptions of ECS may lag behind
//! its writes, and an observation after a write must never show the state before it.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{DeploymentConfiguration, Service, Tag};

use crate::mark::{CLAIM, LAST_EPOCH, WRITTEN};
use crate::view::{DRAINING, primary};

/// So many observations may be old; then what is read is what there is.
const MOST_LOOKS: u32 = 8;

/// What can be told a service, as it shows in a read; `None`: there is none that can be written to.
type Told = Option<Telling>;

#[derive(Clone, Debug)]
struct Telling {
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

/// A service as it is after our writes, while reads may still show what was before them.
#[derive(Clone, Debug)]
struct Unseen {
    before: Vec<Told>,
    after: Option<Service>,
    looks: u32,
}

/// Of all services, by cluster and name.
#[derive(Debug, Default)]
pub(super) struct Shown {
    last: BTreeMap<String, Option<Service>>,
    unseen: BTreeMap<String, Unseen>,
}

impl Shown {
    /// What is to be taken for there, given what was read.
    pub(super) fn read(&mut self, name: &str, read: Option<Service>) -> Option<Service> {
        let shown = match self.unseen.get(name) {
            Some(unseen) => {
                let seen = told(read.as_ref());
                let is_old = !is_same(&seen, &told(unseen.after.as_ref()))
                    && unseen.before.iter().any(|before| is_same(before, &seen));
                if is_old && unseen.looks > 0 {
                    patched(read, unseen.after.as_ref())
                } else {
                    self.unseen.remove(name);
                    read
                }
            }
            None => read,
        };
        self.last.insert(name.to_owned(), shown.clone());
        shown
    }

    /// An observation begins.
    pub(super) fn look(&mut self) {
        for unseen in self.unseen.values_mut() {
            unseen.looks = unseen.looks.saturating_sub(1);
        }
    }

    /// A write went through: from now on the service is so.
    pub(super) fn wrote(&mut self, name: &str, change: impl FnOnce(&mut Option<Service>)) {
        let Some(last) = self.last.get(name).cloned() else {
            return;
        };
        let mut after = last.clone();
        change(&mut after);
        let known = self.unseen.remove(name);
        let mut before = known.map(|known| known.before).unwrap_or_default();
        before.push(told(last.as_ref()));
        self.last.insert(name.to_owned(), after.clone());
        let unseen = Unseen {
            before,
            after,
            looks: MOST_LOOKS,
        };
        self.unseen.insert(name.to_owned(), unseen);
    }

    /// A write may have gone through: what it leads to is as good as what we know, and is shown where it is
    /// read. What it does not lead to and was before an earlier write is still old.
    pub(super) fn may_have_written(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut Option<Service>),
    ) {
        let Some(unseen) = self.unseen.get_mut(name) else {
            return;
        };
        let mut after = unseen.after.clone();
        change(&mut after);
        let after = told(after.as_ref());
        unseen.before.retain(|before| !is_same(before, &after));
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
pub(super) fn retagged(
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

    fn after_two_writes() -> Shown {
        let mut shown = Shown::default();
        shown.read("api", service(1));
        shown.wrote("api", counts(2));
        shown.wrote("api", counts(3));
        shown
    }

    fn count(shown: &mut Shown, read: i32) -> i32 {
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
        let mut shown = Shown::default();
        shown.read("api", with("one", "a"));
        shown.wrote("api", |there| *there = with("two", "b"));
        let id = |shown: &mut Shown, read| {
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
        let mut shown = Shown::default();
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
