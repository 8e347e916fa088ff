//! Pods that the Services in front of them do not know are told before anything is written.

use std::sync::Arc;

use serde_json::{Value, json};
use strategy_core::Tracks;
use strategy_core::target::Severity;

use super::*;
use crate::config::GatewayRouter;
use crate::observe::tests::{bound, view};

fn slice(managed_by: &str, endpoints: &Value) -> Vec<Arc<Value>> {
    vec![Arc::new(json!({
        "metadata": {"labels": {"endpointslice.kubernetes.io/managed-by": managed_by}},
        "ports": [{"name": "http", "port": 8080}],
        "endpoints": endpoints,
    }))]
}

fn told(candidate: Option<Vec<Arc<Value>>>) -> Vec<Finding> {
    let mut view = view("blue", Vec::new());
    let named = json!([{"targetRef": {"kind": "Pod", "name": "api-blue-h-1"}}]);
    view.backend_slices = Tracks {
        stable: Some(slice("endpointslice-controller.k8s.io", &named)),
        candidate,
    };
    unknown_to_backends(
        &bound(),
        &view,
        &GatewayRouter::new("api", "api-blue", "api-green"),
    )
}

#[test]
fn pods_that_are_ready_and_that_their_service_does_not_have_block() {
    let findings = told(Some(slice("endpointslice-controller.k8s.io", &json!([]))));
    let [finding] = &findings[..] else {
        panic!("{findings:?}");
    };
    assert_eq!(finding.code, "backend-without-pods");
    assert_eq!(finding.severity, Severity::Blocks);
    assert_eq!(finding.resource, "service/api-green");
    assert!(
        finding.message.contains("1 pods of deployment/api-green"),
        "{finding:?}"
    );
    // By hand, of a pod that is gone.
    let gone = json!([{"targetRef": {"kind": "Pod", "name": "api-green-old"}}]);
    assert_eq!(told(Some(slice("us", &gone))).len(), 1);
}

#[test]
fn a_service_that_has_one_or_tells_of_no_pods_is_no_reason() {
    let one = json!([{"targetRef": {"kind": "Pod", "name": "api-green-h-1"}}]);
    assert_eq!(
        told(Some(slice("endpointslice-controller.k8s.io", &one))),
        []
    );
    let by_address = json!([{"addresses": ["10.0.0.9"]}]);
    assert_eq!(told(Some(slice("us", &by_address))), []);
    assert_eq!(told(None), []);
}
