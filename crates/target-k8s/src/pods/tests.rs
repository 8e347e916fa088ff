//! Pods as a cluster shows them, and what is made of them.

use serde_json::json;

use super::*;

fn set(hash: &str, image: &str, replicas: u32, conditions: &Value) -> Arc<Value> {
    Arc::new(json!({
        "metadata": {
            "name": format!("api-{hash}"),
            "annotations": {"deployment.kubernetes.io/revision": "4"},
            "ownerReferences": [{"kind": "Deployment", "name": "api"}],
        },
        "spec": {"replicas": replicas, "template": template(hash, image)},
        "status": {"replicas": replicas, "availableReplicas": replicas, "conditions": conditions},
    }))
}

fn template(hash: &str, image: &str) -> Value {
    json!({
        "metadata": {"labels": {"app": "api", "pod-template-hash": hash}},
        "spec": {"containers": [{"name": "api", "image": image}]},
    })
}

fn pod(hash: &str, ready: &str, statuses: &Value) -> Value {
    json!({
        "metadata": {
            "name": format!("api-{hash}-{ready}"),
            "labels": {"pod-template-hash": hash},
            "ownerReferences": [{"kind": "ReplicaSet", "name": format!("api-{hash}")}],
        },
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": statuses,
        },
    })
}

fn status(state: &Value) -> Value {
    json!([{"name": "api", "restartCount": 2, "imageID": "shop/api@sha256:1", "state": state}])
}

fn look(sets: &[Arc<Value>], pods: Vec<Value>) -> Vec<Pods> {
    let pods: Vec<_> = pods.into_iter().map(Arc::new).collect();
    let told = Told {
        unschedulable_is_fatal: true,
        ..Told::default()
    };
    of_deployment("api", sets, &pods, &Naming::default(), &told)
}

#[test]
fn pods_are_counted_by_what_they_run() {
    let sets = [
        set("aa", "api:1", 2, &json!([])),
        set("bb", "api:2", 1, &json!([])),
    ];
    let mut going = pod("aa", "True", &status(&json!({})));
    going["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    let mut evicted = pod("aa", "False", &status(&json!({})));
    evicted["status"]["phase"] = json!("Failed");
    let mut stranger = pod("cc", "True", &status(&json!({})));
    stranger["metadata"]["ownerReferences"][0]["name"] = json!("api-v2-cc");
    let pods = look(
        &sets,
        vec![
            pod("aa", "True", &status(&json!({"running": {}}))),
            pod("aa", "False", &status(&json!({"running": {}}))),
            pod("bb", "True", &status(&json!({"running": {}}))),
            going,
            evicted,
            stranger,
        ],
    );
    let mut seen: Vec<_> = pods
        .iter()
        .map(|pods| {
            (
                pods.revision.images.to_string(),
                pods.total,
                pods.ready,
                pods.restarts,
            )
        })
        .collect();
    seen.sort();
    assert_eq!(
        seen,
        [
            ("api=api:1".to_owned(), 2, 1, 4),
            ("api=api:2".to_owned(), 1, 1, 2)
        ]
    );
    assert!(pods.iter().all(|pods| pods.available <= pods.ready));
    assert_eq!(pods[0].image_ids["api"].len(), 1);
    assert_eq!(pods[0].revision.name.as_deref(), Some("4"));
}

#[test]
fn pods_whose_replica_set_is_not_known_yet_are_another_revision() {
    let pods = look(&[], vec![pod("aa", "True", &status(&json!({})))]);
    assert_eq!((pods.len(), pods[0].total), (1, 1));
    assert_eq!(pods[0].revision.id, "hash-aa");
    assert!(!pods[0].revision.recorded);
}

#[test]
fn what_will_not_mend_itself_is_fatal() {
    let waiting = |reason: &str| json!({"waiting": {"reason": reason, "message": "why"}});
    for (state, reason) in [
        (waiting("CrashLoopBackOff"), Some(FatalReason::CrashLoop)),
        (waiting("ImagePullBackOff"), Some(FatalReason::ImagePull)),
        (waiting("InvalidImageName"), Some(FatalReason::ImagePull)),
        (
            waiting("CreateContainerConfigError"),
            Some(FatalReason::ContainerConfig),
        ),
        (
            json!({"terminated": {"reason": "OOMKilled"}}),
            Some(FatalReason::OutOfMemory),
        ),
        (json!({"terminated": {"reason": "Error"}}), None),
        (json!({"terminated": {"reason": "Completed"}}), None),
        (waiting("ErrImagePull"), None),
        (waiting("ContainerCreating"), None),
        (waiting("PodInitializing"), None),
    ] {
        let sets = [set("aa", "api:1", 2, &json!([]))];
        let broken = pod("aa", "False", &status(&state));
        let pods = look(&sets, vec![broken.clone(), broken]);
        let fatal: Vec<_> = pods[0]
            .fatal
            .iter()
            .map(|fatal| (fatal.reason, fatal.pods))
            .collect();
        let wanted: Vec<_> = reason.map(|reason| (reason, 2)).into_iter().collect();
        assert_eq!(fatal, wanted, "{state}");
    }
}

#[test]
fn an_init_container_that_loops_is_fatal_and_its_restarts_count() {
    let mut broken = pod(
        "aa",
        "False",
        &status(&json!({"waiting": {"reason": "PodInitializing"}})),
    );
    broken["status"]["initContainerStatuses"] = json!([{
        "name": "migrate", "restartCount": 5, "imageID": "shop/api@sha256:2",
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"reason": "OOMKilled"}},
    }]);
    let pods = look(&[set("aa", "api:1", 1, &json!([]))], vec![broken]);
    assert_eq!(pods[0].fatal[0].reason, FatalReason::OutOfMemory);
    assert!(
        pods[0].fatal[0].message.contains("migrate"),
        "{:?}",
        pods[0].fatal
    );
    assert_eq!(pods[0].restarts, 7);
    assert!(pods[0].image_ids["migrate"].contains("shop/api@sha256:2"));
}

#[test]
fn a_quota_refuses_pods_that_do_not_exist() {
    let conditions = json!([{
        "type": "ReplicaFailure", "status": "True", "reason": "FailedCreate",
        "message": "exceeded quota: pods=2",
    }]);
    let mut refused = (*set("aa", "api:1", 3, &conditions)).clone();
    refused["status"]["replicas"] = json!(0);
    let pods = look(&[Arc::new(refused)], Vec::new());
    assert_eq!((pods[0].total, pods[0].fatal[0].pods), (0, 3));
    assert_eq!(pods[0].fatal[0].reason, FatalReason::Refused);
}

#[test]
fn a_pod_that_no_node_takes_is_fatal_by_choice() {
    let mut pending = pod("aa", "False", &json!([]));
    pending["status"]["conditions"] = json!([{
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
        "message": "0/2 nodes are available",
    }]);
    let sets = [set("aa", "api:1", 1, &json!([]))];
    let pods = look(&sets, vec![pending.clone()]);
    assert_eq!(pods[0].fatal[0].reason, FatalReason::Unschedulable);
    let naming = Naming::default();
    let pods = of_deployment(
        "api",
        &sets,
        &[Arc::new(pending)],
        &naming,
        &Told::default(),
    );
    assert!(pods[0].fatal.is_empty());
}

#[test]
fn a_pod_of_which_nobody_who_sends_has_heard_is_not_ready() {
    let sets = [set("aa", "api:1", 2, &json!([]))];
    let ready = Arc::new(pod("aa", "True", &status(&json!({"running": {}}))));
    let unready = Arc::new(pod("aa", "False", &status(&json!({"running": {}}))));
    let pods = [ready, unready];
    let seen = |endpoints: Option<&[&str]>| {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let told = Told {
            endpoints: endpoints.map(names),
            ..Told::default()
        };
        let pods = of_deployment("api", &sets, &pods, &Naming::default(), &told);
        (pods[0].total, pods[0].ready, pods[0].available)
    };
    assert_eq!(seen(None), (2, 1, 1));
    assert_eq!(seen(Some(&["api-aa-True"])), (2, 1, 1));
    assert_eq!(seen(Some(&[])), (2, 0, 0));
    // Endpoints may be behind what the pod says of itself.
    assert_eq!(seen(Some(&["api-aa-False"])), (2, 0, 0));
}
