//! Which pod has which address.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Pod, PodStatus};
use kube::ResourceExt;
use tokio::time::Instant;

use super::behaviour::Behaviour;
use super::process::{Process, Taken};
use super::{Problem, SERVES};
use crate::lab::dice::Dice;

/// Every pod that has an address, by its uid.
#[derive(Debug)]
pub(crate) struct Directory {
    seed: u64,
    processes: BTreeMap<String, Known>,
    problems: Vec<Problem>,
    /// Processes that were begun.
    begun: u64,
}

#[derive(Debug)]
struct Known {
    /// `None`: it cannot be understood, or is not started any more.
    process: Option<Arc<Process>>,
    /// What there was to do because of its deletion has been told.
    is_ending: bool,
}

impl Known {
    const fn nothing(is_ending: bool) -> Self {
        Self {
            process: None,
            is_ending,
        }
    }
}

/// What has to be done because of a pod.
#[derive(Debug)]
pub(crate) enum News {
    /// A process begins, and goes its way from now on; its status is ours to write.
    Began(Arc<Process>),
    /// A process ends so long from now.
    Ends(Arc<Process>, Duration),
    /// A pod cannot be started, for this reason.
    Misconfigured(Box<Pod>, String),
    /// A pod was deleted that has no process.
    Leaves(Box<Pod>),
}

/// Who should have taken a connection that nobody took.
#[derive(Debug)]
pub(crate) struct Nobody {
    pub(crate) name: String,
    pub(crate) version: String,
}

impl Directory {
    pub(crate) const fn new(seed: u64) -> Self {
        Self {
            seed,
            processes: BTreeMap::new(),
            problems: Vec::new(),
            begun: 0,
        }
    }

    /// The process at an address that takes a connection now.
    pub(crate) fn find(
        &self,
        address: IpAddr,
        now: Instant,
        moment: Duration,
    ) -> Result<(Arc<Process>, Taken), Nobody> {
        let mut living = self.living(address);
        match (living.next(), living.next()) {
            (Some(process), None) => {
                let taken = process.take(now, moment).ok_or_else(|| Nobody {
                    name: process.pod.clone(),
                    version: process.behaviour.version.clone(),
                })?;
                Ok((Arc::clone(process), taken))
            }
            // Of two, none: which one answers would be chance.
            (None, _) | (Some(_), Some(_)) => Err(Nobody {
                name: address.to_string(),
                version: String::new(),
            }),
        }
    }

    /// A pod as it is now.
    pub(crate) fn put(&mut self, pod: &Pod, now: Instant) -> Option<News> {
        let uid = pod.uid()?;
        let status = pod.status.clone().unwrap_or_default();
        let Some(known) = self.processes.get_mut(&uid) else {
            return self.begin(pod, uid, &status, now);
        };
        let is_ending = is_deleted(pod) && is_served(pod);
        let ends_now = is_ending && !std::mem::replace(&mut known.is_ending, is_ending);
        let Some(process) = known.process.clone() else {
            return ends_now.then(|| News::Leaves(Box::new(pod.clone())));
        };
        process.see(pod);
        if has_ended(&status) {
            process.end();
        } else if !is_served(pod) {
            process.set_listens(runs(&status));
        }
        ends_now.then(|| News::Ends(process, grace(pod)))
    }

    /// A pod is no more.
    pub(crate) fn remove(&mut self, uid: &str) {
        if let Some(process) = self.processes.remove(uid).and_then(|known| known.process) {
            process.end();
        }
    }

    /// The pods that are known and not among these.
    pub(crate) fn others(&self, pods: &[Pod]) -> Vec<String> {
        let is_there = |uid: &str| {
            pods.iter()
                .any(|pod| pod.metadata.uid.as_deref() == Some(uid))
        };
        let all = self.processes.keys();
        all.filter(|uid| !is_there(uid)).cloned().collect()
    }

    pub(crate) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn begin(&mut self, pod: &Pod, uid: String, status: &PodStatus, now: Instant) -> Option<News> {
        if is_deleted(pod) && is_served(pod) {
            // Before it was started, or before this server was: it is started no more.
            self.processes.insert(uid, Known::nothing(true));
            return Some(News::Leaves(Box::new(pod.clone())));
        }
        let on_the_node = pod.spec.as_ref().and_then(|spec| spec.host_network);
        if on_the_node == Some(true) || has_ended(status) {
            return None;
        }
        // Without an address it has not been started.
        let address: IpAddr = status.pod_ip.as_deref()?.parse().ok()?;
        let name = format!("{}/{}", pod.namespace().unwrap_or_default(), pod.name_any());
        let containers = pod.spec.as_ref().map(|spec| spec.containers.as_slice());
        let image = containers.and_then(|all| all.first()?.image.as_deref());
        let annotation = pod.annotations().get(SERVES).map(String::as_str);
        let behaviour = match Behaviour::parse(image.unwrap_or_default(), annotation) {
            Ok(behaviour) => behaviour,
            Err(error) => {
                self.processes.insert(uid, Known::nothing(false));
                let told = error.to_string();
                self.problems.push(Problem::Behaviour { pod: name, error });
                return is_served(pod).then(|| News::Misconfigured(Box::new(pod.clone()), told));
            }
        };
        let other = self.living(address).next().map(|other| other.pod.clone());
        if let Some(other) = other {
            let pods = [other, name.clone()];
            self.problems.push(Problem::SameAddress { address, pods });
        }
        let dice = Dice::split(self.seed, self.begun);
        self.begun += 1;
        let process = Process::new((name, address), behaviour, pod.clone(), dice, now);
        let process = Arc::new(process);
        let known = Known {
            process: Some(Arc::clone(&process)),
            is_ending: false,
        };
        self.processes.insert(uid, known);
        if !is_served(pod) {
            process.set_listens(runs(status));
            return None;
        }
        Some(News::Began(process))
    }

    fn living(&self, address: IpAddr) -> impl Iterator<Item = &Arc<Process>> {
        let all = self.processes.values();
        all.filter_map(|known| known.process.as_ref())
            .filter(move |process| process.address == address && !process.is_over())
    }
}

/// Whether this server is its kubelet.
fn is_served(pod: &Pod) -> bool {
    pod.annotations().contains_key(SERVES)
}

fn is_deleted(pod: &Pod) -> bool {
    pod.metadata.deletion_timestamp.is_some()
}

fn has_ended(status: &PodStatus) -> bool {
    matches!(status.phase.as_deref(), Some("Succeeded" | "Failed"))
}

/// Whether all containers run, and there is one.
fn runs(status: &PodStatus) -> bool {
    let mut containers = status.container_statuses.iter().flatten().peekable();
    containers.peek().is_some()
        && containers.all(|container| {
            let state = container.state.as_ref();
            state.is_some_and(|state| state.running.is_some())
        })
}

/// Counted from when the deletion was seen: its moment in the object is cut to whole seconds.
fn grace(pod: &Pod) -> Duration {
    let seconds = pod.metadata.deletion_grace_period_seconds.unwrap_or(0);
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

#[cfg(test)]
mod tests;
