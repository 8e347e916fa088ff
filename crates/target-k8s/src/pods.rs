//! Pods of one track, revision by revision: how many, what really runs, and what will not mend itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use strategy_core::SeenRevision;
use strategy_core::target::{Fatal, FatalReason, Pods};

use crate::object::{count, list, name, text};
use crate::workload::template;

const HASH: &str = "/metadata/labels/pod-template-hash";
const REVISION: &str = "/metadata/annotations/deployment.kubernetes.io~1revision";

/// What tells revisions apart and names them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Naming {
    /// The identity of the recorded template.
    pub(crate) recorded: Option<String>,
    /// A revision that was asked for by name, with the identity of its template: going back to it
    /// gives it a new number.
    pub(crate) asked: Option<(String, String)>,
}

/// How pods are seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// Names of the pods that those who send the requests know of: no other pod is ready, whatever it says of
    /// itself. `None`: what they know cannot be seen.
    pub(crate) endpoints: Option<BTreeSet<String>>,
    /// Whether a pod that no node takes will not mend itself.
    pub(crate) unschedulable_is_fatal: bool,
}

impl Naming {
    /// A template as a revision; `number`: the one the platform gives it.
    pub(crate) fn revision(&self, template: &Value, number: &str) -> SeenRevision {
        let id = template::id(template);
        let asked = self.asked.as_ref().filter(|(_, asked)| *asked == id);
        let number = asked.map_or(number, |(name, _)| name);
        let recorded = self.recorded.as_ref() == Some(&id);
        let mut revision = SeenRevision::new(id, template::images(template));
        revision.recorded = recorded;
        revision.name = (!number.is_empty()).then(|| number.to_owned());
        revision
    }
}

/// The number that the platform gives the revision with this template; empty until its ReplicaSet is
/// there. The Deployment's own annotation is behind while its controller has not seen the template,
/// and `observedGeneration` is behind after every change of an annotation.
pub(crate) fn number<'a>(
    deployment: &str,
    replica_sets: &'a [Arc<Value>],
    template: &Value,
) -> &'a str {
    let id = template::id(template);
    let mut sets = replica_sets.iter();
    let set = sets.find(|set| {
        let same = |other: &Value| template::id(other) == id;
        owner(set, "Deployment") == deployment && set.pointer("/spec/template").is_some_and(same)
    });
    set.map_or("", |set| text(set, REVISION))
}

/// The pods of a Deployment, one entry per revision, in the order of their ids.
pub(crate) fn of_deployment(
    deployment: &str,
    replica_sets: &[Arc<Value>],
    pods: &[Arc<Value>],
    naming: &Naming,
    told: &Told,
) -> Vec<Pods> {
    let mut revisions: BTreeMap<String, Pods> = BTreeMap::new();
    let mut by_set: BTreeMap<&str, String> = BTreeMap::new();
    for set in replica_sets
        .iter()
        .filter(|set| owner(set, "Deployment") == deployment)
    {
        let Some(template) = set.pointer("/spec/template") else {
            continue;
        };
        let revision = naming.revision(template, text(set, REVISION));
        by_set.insert(name(set), revision.id.clone());
        let asked = count(set, "/spec/replicas").unwrap_or(1);
        if asked == 0 && count(set, "/status/replicas").unwrap_or(0) == 0 {
            continue;
        }
        let entry = revisions.entry(revision.id.clone()).or_default();
        entry.revision = revision;
        entry.available += count(set, "/status/availableReplicas").unwrap_or(0);
        entry.fatal.extend(refusal(set, asked));
    }
    for pod in pods.iter().filter(|pod| is_alive(pod)) {
        let set = owner(pod, "ReplicaSet");
        let id = match by_set.get(set) {
            Some(id) => id.clone(),
            None if belongs(set, text(pod, HASH), deployment) => {
                format!("hash-{}", text(pod, HASH))
            }
            None => continue,
        };
        let entry = revisions
            .entry(id.clone())
            .or_insert_with(|| Pods::of(SeenRevision::new(id, template::images(pod))));
        add(entry, pod, told);
    }
    for entry in revisions.values_mut() {
        // Both come by watches of their own; what is available is ready.
        entry.available = entry.available.min(entry.ready);
    }
    revisions
        .into_values()
        .filter(|pods| pods.total > 0 || !pods.fatal.is_empty())
        .collect()
}

/// The names of the pods of a Deployment that exist and are not being deleted.
pub(crate) fn names(deployment: &str, pods: &[Arc<Value>]) -> BTreeSet<String> {
    let alive: Vec<_> = pods.iter().filter(|pod| is_alive(pod)).cloned().collect();
    names_ever(deployment, &alive)
}

/// The names of all of them that are known, also of those that are on their way out.
pub(crate) fn names_ever(deployment: &str, pods: &[Arc<Value>]) -> BTreeSet<String> {
    pods.iter()
        .filter(|pod| belongs(owner(pod, "ReplicaSet"), text(pod, HASH), deployment))
        .map(|pod| name(pod).to_owned())
        .collect()
}

/// The names of those of them that are ready.
pub(crate) fn ready_names(deployment: &str, pods: &[Arc<Value>]) -> BTreeSet<String> {
    let ready: Vec<_> = pods
        .iter()
        .filter(|pod| is_true(pod, "Ready"))
        .cloned()
        .collect();
    names(deployment, &ready)
}

fn add(entry: &mut Pods, pod: &Value, told: &Told) {
    entry.total += 1;
    let endpoints = told.endpoints.as_ref();
    let is_sent_to = endpoints.is_none_or(|endpoints| endpoints.contains(name(pod)));
    entry.ready += u32::from(is_sent_to && is_true(pod, "Ready"));
    let mut fatal: BTreeMap<FatalReason, String> = BTreeMap::new();
    for statuses in ["initContainerStatuses", "containerStatuses"] {
        for status in list(pod, &format!("/status/{statuses}")) {
            entry.restarts += u64::from(count(status, "/restartCount").unwrap_or(0));
            let image_id = text(status, "/imageID");
            if !image_id.is_empty() {
                let ids = entry.image_ids.entry(text(status, "/name").to_owned());
                ids.or_default().insert(image_id.to_owned());
            }
            if let Some((reason, message)) = trouble(status) {
                fatal.entry(reason).or_insert(message);
            }
        }
    }
    if told.unschedulable_is_fatal
        && let Some(message) = unschedulable(pod)
    {
        fatal.insert(FatalReason::Unschedulable, message);
    }
    for (reason, message) in fatal {
        match entry.fatal.iter_mut().find(|known| known.reason == reason) {
            Some(known) => known.pods += 1,
            None => entry.fatal.push(Fatal::new(reason, 1, message)),
        }
    }
    entry.fatal.sort();
}

/// What will not mend itself about a container.
fn trouble(status: &Value) -> Option<(FatalReason, String)> {
    let waiting = text(status, "/state/waiting/reason");
    let ended = text(status, "/state/terminated/reason");
    let before = text(status, "/lastState/terminated/reason");
    let reason = match waiting {
        "CrashLoopBackOff" if before == "OOMKilled" => FatalReason::OutOfMemory,
        "CrashLoopBackOff" => FatalReason::CrashLoop,
        // ErrImagePull comes first and may have been a dropped connection; the back-off follows it.
        "ImagePullBackOff" | "InvalidImageName" | "ErrImageNeverPull" | "ImageInspectError" => {
            FatalReason::ImagePull
        }
        "CreateContainerConfigError" | "CreateContainerError" | "RunContainerError" => {
            FatalReason::ContainerConfig
        }
        _ if ended == "OOMKilled" => FatalReason::OutOfMemory,
        _ => return None,
    };
    let container = text(status, "/name");
    let said = if waiting.is_empty() { ended } else { waiting };
    let more = text(status, "/state/waiting/message");
    let message = if more.is_empty() {
        format!("container {container}: {said}")
    } else {
        format!("container {container}: {said}: {more}")
    };
    Some((reason, message))
}

fn unschedulable(pod: &Value) -> Option<String> {
    let condition = condition(pod, "PodScheduled")?;
    let is = text(condition, "/status") == "False" && text(condition, "/reason") == "Unschedulable";
    is.then(|| text(condition, "/message").to_owned())
}

/// Pods that may not exist: a quota or a webhook refuses them.
fn refusal(set: &Value, told: u32) -> Option<Fatal> {
    let there = count(set, "/status/replicas").unwrap_or(0);
    let condition = condition(set, "ReplicaFailure")?;
    let failed =
        text(condition, "/status") == "True" && text(condition, "/reason") == "FailedCreate";
    let message = text(condition, "/message");
    (failed && there < told).then(|| Fatal::new(FatalReason::Refused, told - there, message))
}

fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = list(object, "/status/conditions");
    conditions
        .iter()
        .find(|condition| text(condition, "/type") == kind)
}

fn is_true(pod: &Value, kind: &str) -> bool {
    condition(pod, kind).is_some_and(|condition| text(condition, "/status") == "True")
}

pub(crate) fn is_alive(pod: &Value) -> bool {
    pod.pointer("/metadata/deletionTimestamp").is_none()
        && !matches!(text(pod, "/status/phase"), "Failed" | "Succeeded")
}

/// The name of the controller of this kind; empty if there is none.
fn owner<'a>(object: &'a Value, kind: &str) -> &'a str {
    let owners = list(object, "/metadata/ownerReferences");
    let owner = owners.iter().find(|owner| text(owner, "/kind") == kind);
    owner.map_or("", |owner| text(owner, "/name"))
}

/// ReplicaSets are named after their Deployment and the hash of their template.
fn belongs(set: &str, hash: &str, deployment: &str) -> bool {
    !hash.is_empty()
        && set
            .strip_suffix(hash)
            .and_then(|rest| rest.strip_suffix('-'))
            == Some(deployment)
}

#[cfg(test)]
mod tests;
