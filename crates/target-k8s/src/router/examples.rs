//! The manifests in `examples/manifests` are sound, and every router finds its way through them.

use std::path::Path;

use serde_json::Value;
use strategy_core::target::Severity;
use strategy_core::{Traffic, Weight};

use super::fixture::{after, objects};
use super::{PodLabels, Router, TrackLabels};
use crate::config::{
    GatewayRouter, IngressRouter, IstioDestination, IstioRouter, ServiceSelectorRouter,
};
use crate::object::{ObjectRef, Objects};

fn example(name: &str) -> Objects {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/manifests")
        .join(name);
    let mut objects = objects(&std::fs::read_to_string(path).unwrap());
    for object in objects.values_mut() {
        // As an API server gives it back after `kubectl apply --namespace shop`.
        object["metadata"]["namespace"] = Value::from("shop");
    }
    objects
}

fn pods(objects: &Objects, deployment: &str) -> PodLabels {
    let spec = &objects[&ObjectRef::deployment(deployment)]["spec"];
    let labels = spec["template"]["metadata"]["labels"].clone();
    PodLabels {
        labels: serde_json::from_value(labels).unwrap(),
        selector: spec["selector"].clone(),
    }
}

/// Out to the last weight, and back to what was there.
fn there_and_back(
    router: &dyn Router,
    before: &Objects,
    tracks: &TrackLabels,
    weights: &[u16],
    warnings: &[&str],
) {
    let findings = router.check(before, tracks);
    let codes: Vec<&str> = findings
        .iter()
        .map(|finding| finding.code.as_str())
        .collect();
    assert_eq!(codes, warnings);
    assert!(
        findings
            .iter()
            .all(|finding| finding.severity == Severity::Warns),
        "{findings:?}"
    );
    for object in router.objects().iter().chain(&router.referred(before)) {
        assert!(before.contains_key(object), "{object}");
    }
    let start = router.read(before, tracks).unwrap();
    assert_eq!(start.traffic.weight, Weight::ZERO);
    let mut now = before.clone();
    for percent in weights {
        let traffic = Traffic::weight(Weight::from_percent(*percent).unwrap());
        now = after(&now, router.write(&now, tracks, &traffic).unwrap());
        assert_eq!(router.read(&now, tracks).unwrap().traffic, traffic);
    }
    assert_ne!(now, *before);
    assert_eq!(
        after(&now, router.restore(&now, &start.owned).unwrap()),
        *before
    );
}

#[test]
fn blue_green_by_selector() {
    let before = example("blue-green-selector.yaml");
    let tracks = TrackLabels {
        stable: pods(&before, "api-blue"),
        candidate: pods(&before, "api-green"),
    };
    let router = ServiceSelectorRouter::new("api").key("environment");
    there_and_back(&router, &before, &tracks, &[100], &[]);
}

#[test]
fn blue_green_by_ingress() {
    let before = example("blue-green-ingress.yaml");
    let tracks = TrackLabels {
        stable: pods(&before, "api-blue"),
        candidate: pods(&before, "api-green"),
    };
    let router = IngressRouter::new("api", ["api-blue", "api-green"]);
    there_and_back(&router, &before, &tracks, &[100], &[]);
}

#[test]
fn a_canary_made_from_stable_by_subsets() {
    let before = example("canary-istio.yaml");
    let stable = pods(&before, "api");
    let mut candidate = stable.clone();
    candidate
        .labels
        .insert("track".to_owned(), "canary".to_owned());
    let tracks = TrackLabels { stable, candidate };
    let router = IstioRouter::new("api", "api");
    there_and_back(
        &router,
        &before,
        &tracks,
        &[5, 25, 50, 100],
        &["route-to-canary"],
    );
}

#[test]
fn a_canary_by_gateway_api() {
    let before = example("canary-gateway.yaml");
    let stable = pods(&before, "api");
    let mut candidate = stable.clone();
    candidate
        .labels
        .insert("track".to_owned(), "canary".to_owned());
    let tracks = TrackLabels { stable, candidate };
    let router = GatewayRouter::new("api", "api", "api-canary");
    // Nobody carries a manifest out.
    let mut findings = router.check(&before, &tracks);
    findings.retain(|finding| {
        !["route-not-accepted", "gateway-not-programmed"].contains(&finding.code.as_str())
    });
    assert_eq!(findings, []);
    let start = router.read(&before, &tracks).unwrap();
    let mut now = before.clone();
    for weight in ["0.5%", "10%", "100%"] {
        let traffic = Traffic::weight(weight.parse().unwrap());
        now = after(&now, router.write(&now, &tracks, &traffic).unwrap());
        assert_eq!(router.read(&now, &tracks).unwrap().traffic, traffic);
    }
    assert_eq!(
        after(&now, router.restore(&now, &start.owned).unwrap()),
        before
    );
}

#[test]
fn a_canary_by_hosts() {
    let before = example("canary-istio-hosts.yaml");
    let tracks = TrackLabels {
        stable: pods(&before, "api"),
        candidate: pods(&before, "api-canary"),
    };
    let mut router = IstioRouter::new("api", "none");
    router.destination_rule = None;
    router.routes = vec!["split".to_owned()];
    router.stable = IstioDestination::host("api");
    router.canary = IstioDestination::host("api-canary");
    there_and_back(&router, &before, &tracks, &[10, 50, 100], &[]);
}
