//! Pods are ready when the slices of the Service of their track have them.

use super::*;

/// Of a Service with this name and these pods, as the controller writes it.
fn of_service(service: &str, pods: &[(&str, bool)]) -> Arc<Value> {
    let mut slice = (*slice(pods)).clone();
    slice["metadata"] = json!({"labels": {"kubernetes.io/service-name": service}});
    slice["ports"] = json!([{"name": "http", "port": 8080}]);
    Arc::new(slice)
}

fn ready(seen: &Observation) -> (u32, u32) {
    let of = |track: &ObservedTrack| track.pods.iter().map(|pods| pods.ready).sum();
    (of(&seen.stable), of(&seen.candidate))
}

/// With a Service for each track, what counts for a track is the Service of that track.
#[test]
fn a_pod_behind_the_service_of_the_other_track_alone_is_not_ready_for_its_own() {
    let mut view = view("blue", Vec::new());
    // Somebody took a label out of the selector of stable's Service, and the canary's reaches nobody.
    view.backend_slices = Tracks {
        stable: Some(vec![of_service(
            "api-blue",
            &[("blue", true), ("green", true)],
        )]),
        candidate: Some(vec![of_service("api-green", &[])]),
    };
    assert_eq!(ready(&look(&view).unwrap()), (1, 0));
    view.backend_slices.candidate = None;
    assert_eq!(ready(&look(&view).unwrap()), (1, 1), "it cannot be seen");
}

/// A `targetPort` by a name that the pods do not know: their slice has no port, and nobody can be sent to them.
#[test]
fn a_pod_whose_endpoint_has_no_port_is_sent_nothing() {
    let ported = |ports: Value| {
        let mut slice = (*of_service("api-green", &[("green", true)])).clone();
        slice["ports"] = ports;
        let mut view = view("blue", Vec::new());
        view.backend_slices.candidate = Some(vec![Arc::new(slice)]);
        ready(&look(&view).unwrap()).1
    };
    for ports in [Value::Null, json!([]), json!([{"name": "http"}])] {
        assert_eq!(ported(ports.clone()), 0, "{ports}");
    }
    assert_eq!(ported(json!([{"name": "http", "port": 8080}])), 1);
}

/// Written by hand for a Service without a selector: addresses of which nobody can tell whose they are.
#[test]
fn slices_that_name_no_pods_keep_none_from_being_ready() {
    let of = |slices: &[Value]| {
        let mut view = view("blue", Vec::new());
        view.backend_slices.candidate = Some(slices.iter().cloned().map(Arc::new).collect());
        ready(&look(&view).unwrap()).1
    };
    let mut by_hand = (*of_service("api-green", &[])).clone();
    assert_eq!(of(&[by_hand.clone()]), 0, "there is nobody to send to yet");
    by_hand["endpoints"] = json!([{"addresses": ["10.0.0.9"]}]);
    assert_eq!(of(&[by_hand.clone()]), 1);
    // An address beside the pods of a selector is none of them, and the selector's slices tell of these.
    let mut by_selector = (*of_service("api-green", &[])).clone();
    by_selector["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"] =
        json!("endpointslice-controller.k8s.io");
    assert_eq!(of(&[by_hand, by_selector]), 0);
}
