//! What a kubelet says of a pod, and says it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::{
    ContainerState, ContainerStateRunning, ContainerStateTerminated, ContainerStateWaiting,
    ContainerStatus, Pod, PodCondition,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::api::{DeleteParams, Patch, PatchParams, Preconditions};
use kube::{Api, Client, ResourceExt};
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::life::{Phase, Stretch};

/// Between two attempts to reach the API server.
const PAUSE: Duration = Duration::from_millis(200);

/// A status of a pod that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// `NAMESPACE/NAME`.
    pub pod: String,
    /// When the API server had it, by the age of the server of pods.
    pub at: Duration,
    /// Whether it says that the pod is ready.
    pub is_ready: bool,
    /// Restarts of its first container.
    pub restarts: u32,
    /// What its first container waits for, such as `CrashLoopBackOff`; `None`: it runs.
    pub waits_for: Option<&'static str>,
}

/// What there is to say of a pod.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    Lives(Stretch),
    /// It cannot be started, for this reason.
    Misconfigured(String),
}

/// Where statuses go.
#[derive(Clone, Copy)]
pub(crate) struct Recorder<'a> {
    /// `None`: nowhere else.
    pub(crate) client: Option<&'a Client>,
    pub(crate) began: Instant,
    pub(crate) written: &'a Mutex<Vec<Written>>,
}

/// Writes a status, as often as it takes; nothing once the pod is gone.
pub(crate) async fn write(recorder: &Recorder<'_>, pod: &Pod, condition: &Condition) {
    let (containers, written) = containers(pod, condition, now());
    let conditions = conditions(pod, &containers, now());
    if let Some(client) = recorder.client {
        let namespace = pod.namespace().unwrap_or_default();
        let api: Api<Pod> = Api::namespaced(client.clone(), &namespace);
        let patch = Patch::Merge(json!({
            // Another pod of that name is none of ours.
            "metadata": {"uid": pod.uid()},
            "status": {"containerStatuses": containers, "conditions": conditions},
        }));
        let name = pod.name_any();
        let parameters = PatchParams::default();
        while let Err(error) = api.patch_status(&name, &parameters, &patch).await {
            if is_gone(&error) {
                return;
            }
            sleep_until(Instant::now() + PAUSE).await;
        }
    }
    let at = recorder.began.elapsed();
    let mut all = recorder
        .written
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    all.push(Written { at, ..written });
}

/// Removes a pod whose process has ended, as often as it takes.
pub(crate) async fn delete(client: Option<&Client>, pod: &Pod) {
    let Some(client) = client else { return };
    let namespace = pod.namespace().unwrap_or_default();
    let api: Api<Pod> = Api::namespaced(client.clone(), &namespace);
    let parameters = DeleteParams {
        grace_period_seconds: Some(0),
        preconditions: Some(Preconditions {
            uid: pod.uid(),
            resource_version: None,
        }),
        ..DeleteParams::default()
    };
    while let Err(error) = api.delete(&pod.name_any(), &parameters).await {
        if is_gone(&error) {
            return;
        }
        sleep_until(Instant::now() + PAUSE).await;
    }
}

/// The pod is no more, or another has its name.
fn is_gone(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404 || status.code == 409)
}

/// What is said of the containers, from what was said before; the first has what befalls the pod.
fn containers(pod: &Pod, condition: &Condition, now: Timestamp) -> (Vec<ContainerStatus>, Written) {
    let before = pod.status.as_ref();
    let before = before.and_then(|status| status.container_statuses.clone());
    let mut containers = before.unwrap_or_default();
    let mut written = Written {
        pod: format!("{}/{}", pod.namespace().unwrap_or_default(), pod.name_any()),
        at: Duration::ZERO,
        is_ready: false,
        restarts: 0,
        waits_for: None,
    };
    let running = |container: &mut ContainerStatus, is_ready: bool| {
        container.ready = is_ready;
        container.started = Some(is_ready);
        let is_running = container
            .state
            .as_ref()
            .is_some_and(|state| state.running.is_some());
        if !is_running {
            container.state = Some(ContainerState {
                running: Some(ContainerStateRunning {
                    started_at: Some(Time(now)),
                }),
                ..ContainerState::default()
            });
        }
    };
    let (first, others) = match containers.split_first_mut() {
        Some((first, others)) => (Some(first), others),
        None => (None, &mut [][..]),
    };
    for other in others {
        running(other, true);
    }
    let Some(first) = first else {
        return (containers, written);
    };
    match condition {
        Condition::Lives(stretch) => {
            written.restarts = stretch.restarts;
            first.restart_count = i32::try_from(stretch.restarts).unwrap_or(i32::MAX);
            match stretch.phase {
                Phase::Starting => running(first, false),
                Phase::Up => {
                    running(first, true);
                    written.is_ready = true;
                }
                Phase::Down => {
                    let message = format!("back-off restarting failed container {}", first.name);
                    first.last_state = Some(ended(first, now));
                    written.waits_for = Some("CrashLoopBackOff");
                    wait(first, "CrashLoopBackOff", message);
                }
            }
        }
        Condition::Misconfigured(reason) => {
            written.waits_for = Some("CreateContainerConfigError");
            wait(first, "CreateContainerConfigError", reason.clone());
        }
    }
    (containers, written)
}

fn wait(container: &mut ContainerStatus, reason: &'static str, message: String) {
    container.ready = false;
    container.started = Some(false);
    container.state = Some(ContainerState {
        waiting: Some(ContainerStateWaiting {
            reason: Some(reason.to_owned()),
            message: Some(message),
        }),
        ..ContainerState::default()
    });
}

/// How the run of a container ended that has failed.
fn ended(container: &ContainerStatus, now: Timestamp) -> ContainerState {
    let running = container.state.as_ref();
    let running = running.and_then(|state| state.running.as_ref());
    let started = running.and_then(|running| running.started_at.clone());
    ContainerState {
        terminated: Some(ContainerStateTerminated {
            exit_code: 1,
            reason: Some("Error".to_owned()),
            started_at: Some(started.unwrap_or(Time(now))),
            finished_at: Some(Time(now)),
            ..ContainerStateTerminated::default()
        }),
        ..ContainerState::default()
    }
}

/// The conditions of the pod, with those that follow from its containers.
fn conditions(pod: &Pod, containers: &[ContainerStatus], now: Timestamp) -> Vec<PodCondition> {
    let unready: Vec<&str> = containers
        .iter()
        .filter(|container| !container.ready)
        .map(|container| container.name.as_str())
        .collect();
    let is_ready = unready.is_empty();
    let before = pod.status.as_ref();
    let before = before.and_then(|status| status.conditions.clone());
    let mut conditions = before.unwrap_or_default();
    for kind in ["ContainersReady", "Ready"] {
        let status = if is_ready { "True" } else { "False" };
        let known = conditions
            .iter()
            .position(|condition| condition.type_ == kind);
        let index = known.unwrap_or_else(|| {
            conditions.push(PodCondition {
                type_: kind.to_owned(),
                ..PodCondition::default()
            });
            conditions.len() - 1
        });
        let condition = &mut conditions[index];
        if condition.status != status {
            status.clone_into(&mut condition.status);
            condition.last_transition_time = Some(Time(now));
        }
        condition.reason = (!is_ready).then(|| "ContainersNotReady".to_owned());
        condition.message =
            (!is_ready).then(|| format!("containers with unready status: [{}]", unready.join(" ")));
    }
    conditions
}

#[expect(
    clippy::disallowed_methods,
    reason = "a kubelet writes the time of its machine"
)]
fn now() -> Timestamp {
    Timestamp::now()
}

#[cfg(test)]
mod tests;
