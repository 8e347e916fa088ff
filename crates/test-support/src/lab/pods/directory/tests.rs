//! Pods that come, change and go: what there is to do because of it.

use serde_json::{Value, json};

use super::*;

fn pod(number: u8, changes: &Value) -> Pod {
    let mut pod = json!({
        "metadata": {
            "name": format!("web-{number}"), "namespace": "shop", "uid": format!("uid-{number}"),
            "annotations": {SERVES: ""},
        },
        "spec": {"containers": [{"name": "app", "image": "shop/web:v1"}]},
        "status": {"phase": "Running", "podIP": format!("127.1.0.{number}")},
    });
    for (path, value) in changes.as_object().unwrap() {
        let mut place = &mut pod;
        for name in path.split('.') {
            place = &mut place[name];
        }
        *place = value.clone();
    }
    serde_json::from_value(pod).unwrap()
}

fn deleted(number: u8, more: &Value) -> Pod {
    let mut changes = more.clone();
    changes["metadata.deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
    changes["metadata.deletionGracePeriodSeconds"] = json!(30);
    pod(number, &changes)
}

/// The news in words.
fn put(directory: &mut Directory, pod: &Pod) -> String {
    match directory.put(pod, Instant::now()) {
        None => "nothing".to_owned(),
        Some(News::Began(process)) => {
            process.set_listens(true);
            format!("{} began", process.pod)
        }
        Some(News::Ends(process, grace)) => format!("{} ends in {grace:?}", process.pod),
        Some(News::Misconfigured(_, reason)) => reason,
        Some(News::Leaves(pod)) => format!("{} leaves", pod.name_any()),
    }
}

fn answers(directory: &Directory, address: &str) -> Option<String> {
    let address = address.parse().unwrap();
    let found = directory.find(address, Instant::now(), Duration::ZERO);
    found.ok().map(|(process, _)| process.pod.clone())
}

#[test]
fn a_pod_begins_with_its_address_and_its_end_is_told_once() {
    let mut directory = Directory::new(1);
    let waiting = pod(1, &json!({"status": {"phase": "Pending"}}));
    assert_eq!(put(&mut directory, &waiting), "nothing");
    assert_eq!(put(&mut directory, &pod(1, &json!({}))), "shop/web-1 began");
    assert_eq!(put(&mut directory, &pod(1, &json!({}))), "nothing");
    assert_eq!(
        answers(&directory, "127.1.0.1").as_deref(),
        Some("shop/web-1")
    );
    let leaving = deleted(1, &json!({}));
    assert_eq!(put(&mut directory, &leaving), "shop/web-1 ends in 30s");
    assert_eq!(put(&mut directory, &leaving), "nothing");
    // It answers until then.
    assert!(answers(&directory, "127.1.0.1").is_some());
    directory.remove("uid-1");
    assert_eq!(answers(&directory, "127.1.0.1"), None);
}

#[test]
fn what_is_deleted_before_it_was_started_leaves() {
    let mut directory = Directory::new(1);
    let leaving = deleted(1, &json!({}));
    assert_eq!(put(&mut directory, &leaving), "web-1 leaves");
    assert_eq!(put(&mut directory, &leaving), "nothing");
    let image = json!([{"name": "app", "image": "shop/web:v1_eror"}]);
    let unknown = pod(2, &json!({"spec.containers": image}));
    assert!(put(&mut directory, &unknown).contains("no such clause"));
    assert_eq!(put(&mut directory, &unknown), "nothing");
    assert_eq!(put(&mut directory, &deleted(2, &json!({}))), "web-2 leaves");
    assert_eq!(directory.problems().len(), 1);
}

#[test]
fn a_pod_of_the_stand_in_kubelet_is_left_to_it() {
    let mut directory = Directory::new(1);
    let running = json!([{
        "name": "app", "image": "", "imageID": "", "ready": true, "restartCount": 0, "state": {"running": {}},
    }]);
    let changes = json!({"metadata.annotations": null, "status.containerStatuses": running});
    assert_eq!(put(&mut directory, &pod(1, &changes)), "nothing");
    assert!(answers(&directory, "127.1.0.1").is_some());
    assert_eq!(put(&mut directory, &deleted(1, &changes)), "nothing");
    let stopped = json!({"metadata.annotations": null});
    assert_eq!(put(&mut directory, &pod(1, &stopped)), "nothing");
    assert_eq!(answers(&directory, "127.1.0.1"), None);
}

#[test]
fn a_pod_that_has_ended_or_has_the_address_of_its_node_is_nobody() {
    let mut directory = Directory::new(1);
    let failed = pod(1, &json!({"status.phase": "Failed"}));
    assert_eq!(put(&mut directory, &failed), "nothing");
    let on_the_node = pod(2, &json!({"spec.hostNetwork": true}));
    assert_eq!(put(&mut directory, &on_the_node), "nothing");
    assert_eq!(answers(&directory, "127.1.0.1"), None);
    assert_eq!(answers(&directory, "127.1.0.2"), None);
    // One that ends later is over for good.
    assert_eq!(put(&mut directory, &pod(3, &json!({}))), "shop/web-3 began");
    put(&mut directory, &pod(3, &json!({"status.phase": "Failed"})));
    put(&mut directory, &pod(3, &json!({})));
    assert_eq!(answers(&directory, "127.1.0.3"), None);
}

#[test]
fn equal_addresses_are_a_problem_and_a_list_tells_who_is_gone() {
    let mut directory = Directory::new(1);
    put(&mut directory, &pod(1, &json!({})));
    put(
        &mut directory,
        &pod(2, &json!({"status.podIP": "127.1.0.1"})),
    );
    assert_eq!(directory.problems().len(), 1);
    assert_eq!(answers(&directory, "127.1.0.1"), None);
    let gone = directory.others(&[pod(2, &json!({}))]);
    assert_eq!(gone, ["uid-1"]);
    directory.remove("uid-1");
    assert_eq!(
        answers(&directory, "127.1.0.1").as_deref(),
        Some("shop/web-2")
    );
}
