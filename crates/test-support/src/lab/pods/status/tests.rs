//! What is said of a pod at each stretch of its life.

use serde_json::{Value, json};

use super::*;

/// A pod as the stand-in kubelet leaves it, with a container beside the first.
fn pod() -> Pod {
    let container = |name: &str| {
        json!({
            "name": name, "image": "shop/web:v1", "imageID": "shop/web@sha256:00", "ready": false,
            "restartCount": 0, "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
        })
    };
    let condition = |kind: &str, status: &str| json!({"type": kind, "status": status, "lastTransitionTime": "2026-01-01T00:00:00Z"});
    serde_json::from_value(json!({
        "metadata": {"name": "web", "namespace": "shop", "uid": "uid"},
        "status": {
            "containerStatuses": [container("app"), container("proxy")],
            "conditions": [condition("Initialized", "True"), condition("Ready", "False")],
        },
    }))
    .unwrap()
}

fn later() -> Timestamp {
    "2026-01-01T00:01:00Z".parse().unwrap()
}

/// What is said, and the pod after it.
fn said(pod: &Pod, phase: Phase, restarts: u32) -> (Written, Pod) {
    let stretch = Stretch {
        phase,
        restarts,
        until: None,
    };
    let (containers, written) = containers(pod, &Condition::Lives(stretch), later());
    let conditions = conditions(pod, &containers, later());
    let mut after = pod.clone();
    let status = after.status.as_mut().unwrap();
    status.container_statuses = Some(containers);
    status.conditions = Some(conditions);
    (written, after)
}

fn status(pod: &Pod) -> Value {
    serde_json::to_value(pod).unwrap()["status"].clone()
}

#[test]
fn a_pod_that_is_up_is_ready_from_then_on() {
    let (written, after) = said(&pod(), Phase::Up, 0);
    assert!(written.is_ready && written.waits_for.is_none());
    assert_eq!(written.pod, "shop/web");
    let status = status(&after);
    for container in [0, 1] {
        let container = &status["containerStatuses"][container];
        assert_eq!(container["ready"], true);
        // It was running before.
        let since = &container["state"]["running"]["startedAt"];
        assert_eq!(since, "2026-01-01T00:00:00Z");
        assert_eq!(container["imageID"], "shop/web@sha256:00");
    }
    let conditions = &status["conditions"];
    assert_eq!(
        conditions[0],
        json!({"type": "Initialized", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"})
    );
    assert_eq!(
        conditions[1],
        json!({"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:01:00Z"})
    );
    assert_eq!(conditions[2]["type"], "ContainersReady");
}

#[test]
fn a_pod_that_starts_runs_and_is_not_ready() {
    let (written, after) = said(&pod(), Phase::Starting, 2);
    assert!(!written.is_ready && written.waits_for.is_none());
    let status = status(&after);
    assert_eq!(status["containerStatuses"][0]["ready"], false);
    assert_eq!(status["containerStatuses"][0]["restartCount"], 2);
    let ready = &status["conditions"][1];
    assert_eq!(ready["status"], "False");
    assert_eq!(ready["lastTransitionTime"], "2026-01-01T00:00:00Z");
    assert_eq!(ready["message"], "containers with unready status: [app]");
}

#[test]
fn a_process_that_ended_tells_how_and_is_started_again() {
    let (_, up) = said(&pod(), Phase::Up, 0);
    let (written, down) = said(&up, Phase::Down, 1);
    assert_eq!(
        (written.restarts, written.waits_for),
        (1, Some("CrashLoopBackOff"))
    );
    let app = &status(&down)["containerStatuses"][0];
    assert_eq!(app["restartCount"], 1);
    assert_eq!(app["state"]["waiting"]["reason"], "CrashLoopBackOff");
    assert!(app["state"]["running"].is_null());
    let ended = &app["lastState"]["terminated"];
    assert_eq!(
        (&ended["exitCode"], &ended["startedAt"]),
        (&json!(1), &json!("2026-01-01T00:00:00Z"))
    );
    assert_eq!(status(&down)["containerStatuses"][1]["ready"], true);
    assert_eq!(status(&down)["conditions"][1]["status"], "False");
    let (written, again) = said(&down, Phase::Up, 1);
    assert!(written.is_ready);
    let app = &status(&again)["containerStatuses"][0];
    assert_eq!(app["state"]["running"]["startedAt"], "2026-01-01T00:01:00Z");
    assert_eq!(app["lastState"]["terminated"]["exitCode"], 1);
}

#[test]
fn a_pod_that_nobody_understands_tells_why() {
    let condition = Condition::Misconfigured("no such clause".to_owned());
    let (containers, written) = containers(&pod(), &condition, later());
    assert_eq!(written.waits_for, Some("CreateContainerConfigError"));
    let waiting = containers[0].state.clone().unwrap().waiting.unwrap();
    assert_eq!(waiting.message.as_deref(), Some("no such clause"));
}
