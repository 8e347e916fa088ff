//! A part as the watches may know it, and what is made of it.

mod backends;

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use strategy_core::target::ForeignChange;
use strategy_core::{Replicas, Tracks, Traffic, Weight};

use super::*;
use crate::binding::{BoundTrack, TrackStart};
use crate::config::{ServiceSelectorRouter, Slot};
use crate::object::{ObjectRef, Objects};

fn deployment(slot: &str) -> Value {
    json!({
        "metadata": {"name": format!("api-{slot}"), "uid": slot},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "api", "version": slot}},
            "template": {
                "metadata": {"labels": {"app": "api", "version": slot}},
                "spec": {"containers": [{"name": "api", "image": "shop/api:1"}]},
            },
        },
    })
}

fn service(slot: &str) -> Value {
    json!({
        "metadata": {"name": "api"},
        "spec": {"selector": {"app": "api", "version": slot}},
    })
}

fn pod(slot: &str) -> Arc<Value> {
    Arc::new(json!({
        "metadata": {
            "name": format!("api-{slot}-h-1"),
            "labels": {"pod-template-hash": "h"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": format!("api-{slot}-h")}],
        },
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }))
}

fn slice(pods: &[(&str, bool)]) -> Arc<Value> {
    let endpoints = pods.iter().map(|(slot, ready)| {
        json!({
            "conditions": {"ready": ready},
            "targetRef": {"kind": "Pod", "name": format!("api-{slot}-h-1")},
        })
    });
    Arc::new(json!({"endpoints": endpoints.collect::<Vec<_>>()}))
}

pub(crate) fn bound() -> Bound {
    let track = |slot: &str| BoundTrack {
        deployment: format!("api-{slot}"),
        autoscaler: None,
        minimum: None,
        preview: None,
        start: TrackStart::Found {
            template: deployment(slot)["spec"]["template"].clone(),
            selector: deployment(slot)["spec"]["selector"].clone(),
            replicas: Replicas::Count(1),
        },
    };
    let mut bound = Bound::new(
        "shop".to_owned(),
        Tracks {
            stable: track("blue"),
            candidate: track("green"),
        },
        Traffic::default(),
        json!({}),
        (vec![ObjectRef::service("api")], Vec::new()),
    );
    let router = ServiceSelectorRouter::new("api");
    let objects = view("blue", Vec::new()).objects;
    bound.routes = router.read(&objects, &bound.labels()).unwrap().owned;
    bound
}

pub(crate) fn view(live: &str, slices: Vec<Arc<Value>>) -> View {
    let objects: Objects = [
        (ObjectRef::deployment("api-blue"), deployment("blue")),
        (ObjectRef::deployment("api-green"), deployment("green")),
        (ObjectRef::service("api"), service(live)),
    ]
    .into();
    View {
        objects,
        replica_sets: Tracks::default(),
        pods: Tracks {
            stable: vec![pod("blue")],
            candidate: vec![pod("green")],
        },
        slices: Some(slices),
        backend_slices: Tracks::default(),
        age: Duration::from_secs(3),
    }
}

fn look(view: &View) -> Result<Observation, TargetError> {
    let slots = [Slot::new("api-blue"), Slot::new("api-green")];
    let router = ServiceSelectorRouter::new("api");
    let config = Config::new("shop", slots, router.clone());
    observation(&config, &bound(), &router, view)
}

#[test]
fn traffic_is_effective_when_no_endpoint_of_the_other_slot_is_left() {
    let full = || Effective::Verified(Traffic::weight(Weight::FULL));
    for (endpoints, expected) in [
        (vec![("green", true)], full()),
        (vec![("green", true), ("blue", false)], full()),
        (vec![("green", true), ("blue", true)], Effective::Converging),
        (vec![("blue", true)], Effective::Converging),
        (vec![], Effective::Converging),
    ] {
        let seen = look(&view("green", vec![slice(&endpoints)])).unwrap();
        assert_eq!(seen.traffic.effective, expected, "{endpoints:?}");
        assert_eq!(seen.traffic.written, Traffic::weight(Weight::FULL));
    }
}

#[test]
fn endpoints_without_every_port_have_not_arrived() {
    let ported = |ports: Value| {
        let mut slice = (*slice(&[("green", true)])).clone();
        slice["ports"] = ports;
        let mut view = view("green", vec![Arc::new(slice)]);
        let service = view.objects.get_mut(&ObjectRef::service("api")).unwrap();
        service["spec"]["ports"] = json!([
            {"name": "http", "port": 80, "targetPort": "http"},
            {"name": "grpc", "port": 90, "targetPort": "grpc"},
        ]);
        look(&view).unwrap().traffic.effective
    };
    let http = json!({"name": "http", "port": 8080});
    let grpc = json!({"name": "grpc", "port": 9090});
    for ports in [
        Value::Null,
        json!([]),
        json!([http]),
        json!([http, {"name": "grpc"}]),
    ] {
        assert_eq!(ported(ports.clone()), Effective::Converging, "{ports}");
    }
    let full = Effective::Verified(Traffic::weight(Weight::FULL));
    assert_eq!(ported(json!([grpc, http])), full);
}

#[test]
fn every_ready_pod_must_have_arrived_in_one_family_of_addresses() {
    let named = |names: &[&str], family: &str| {
        let endpoints: Vec<_> = names
            .iter()
            .map(
                |name| json!({"targetRef": {"kind": "Pod", "name": format!("api-green-h-{name}")}}),
            )
            .collect();
        Arc::new(json!({"addressType": family, "endpoints": endpoints}))
    };
    let effective = |slices: Vec<Arc<Value>>| {
        let mut view = view("green", slices);
        for number in ["2", "3"] {
            let mut pod = (*pod("green")).clone();
            pod["metadata"]["name"] = json!(format!("api-green-h-{number}"));
            view.pods.candidate.push(Arc::new(pod));
        }
        look(&view).unwrap().traffic.effective
    };
    let full = || Effective::Verified(Traffic::weight(Weight::FULL));
    let all = ["1", "2", "3"];
    assert_eq!(
        effective(vec![named(&all[..1], "IPv4")]),
        Effective::Converging
    );
    assert_eq!(
        effective(vec![named(&all[..2], "IPv4"), named(&all[2..], "IPv6")]),
        Effective::Converging
    );
    assert_eq!(
        effective(vec![named(&all[..2], "IPv4"), named(&all[2..], "IPv4")]),
        full()
    );
    assert_eq!(
        effective(vec![named(&all, "IPv4"), named(&[], "IPv6")]),
        full()
    );
}

#[test]
fn a_pod_of_neither_slot_is_told_while_it_keeps_traffic_from_settling() {
    let mut debug = (*pod("green")).clone();
    debug["metadata"] = json!({"name": "debug", "labels": {"app": "api", "version": "green"}});
    let mut of_both = (*slice(&[("green", true)])).clone();
    let stranger = json!({"targetRef": {"kind": "Pod", "name": "debug"}});
    of_both["endpoints"].as_array_mut().unwrap().push(stranger);
    let mut view = view("green", vec![Arc::new(of_both)]);
    view.pods.candidate.push(Arc::new(debug));
    let seen = look(&view).unwrap();
    assert_eq!(seen.traffic.effective, Effective::Converging);
    let of_strangers = |seen: &Observation| {
        let strangers = |change: &&ForeignChange| change.message.contains("neither track");
        seen.foreign.iter().filter(strangers).count()
    };
    assert_eq!(of_strangers(&seen), 1, "{seen:?}");
    // Names of pods are cut where they get too long; their owner's is not.
    let cut = view.pods.candidate.last_mut().unwrap();
    let mut owned = (**cut).clone();
    owned["metadata"]["labels"]["pod-template-hash"] = json!("h");
    owned["metadata"]["ownerReferences"] = json!([{"kind": "ReplicaSet", "name": "api-green-h"}]);
    *cut = Arc::new(owned);
    assert_eq!(of_strangers(&look(&view).unwrap()), 0);
}

#[test]
fn a_minimum_that_somebody_sets_is_told_also_of_an_autoscaler_that_is_off() {
    let mut bound = bound();
    bound.tracks.stable.autoscaler = Some("scaler".to_owned());
    bound.tracks.stable.minimum = Some(1);
    let TrackStart::Found { replicas, .. } = &mut bound.tracks.stable.start else {
        panic!("{bound:?}");
    };
    *replicas = Replicas::Floor(1);
    let slots = [Slot::new("api-blue"), Slot::new("api-green")];
    let router = ServiceSelectorRouter::new("api");
    let config = Config::new("shop", slots, router.clone());
    for count in [1, 0] {
        for (minimum, told) in [(1, 0), (4, 1)] {
            let mut view = view("blue", Vec::new());
            let scaler = json!({"metadata": {"name": "scaler"}, "spec": {"minReplicas": minimum}});
            view.objects.insert(ObjectRef::autoscaler("scaler"), scaler);
            let blue = ObjectRef::deployment("api-blue");
            view.objects.get_mut(&blue).unwrap()["spec"]["replicas"] = json!(count);
            let seen = observation(&config, &bound, &router, &view).unwrap();
            assert_eq!(seen.foreign.len(), told, "{count} {minimum}: {seen:?}");
        }
    }
}

#[test]
fn a_switch_ends_the_affinity_of_a_service() {
    let mut affine = view("blue", Vec::new());
    let service = affine.objects.get_mut(&ObjectRef::service("api")).unwrap();
    service["spec"]["sessionAffinity"] = json!("ClientIP");
    assert_eq!(look(&affine).unwrap().traffic.sticky, Duration::ZERO);
}

#[test]
fn nothing_ready_on_either_side_is_no_reason_to_wait() {
    let mut nothing = view("green", vec![slice(&[])]);
    nothing.pods = Tracks::default();
    let effective = look(&nothing).unwrap().traffic.effective;
    assert_eq!(
        effective,
        Effective::Verified(Traffic::weight(Weight::FULL))
    );
}

#[test]
fn what_was_found_and_is_gone_is_an_error() {
    for object in [ObjectRef::deployment("api-blue"), ObjectRef::service("api")] {
        let mut less = view("blue", Vec::new());
        less.objects.remove(&object);
        let error = look(&less).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::NotFound);
        assert!(error.to_string().contains(&object.to_string()), "{error}");
    }
}

#[test]
fn the_version_tells_content_and_not_age() {
    let one = look(&view("blue", Vec::new())).unwrap();
    let mut later = view("blue", Vec::new());
    later.age = Duration::from_secs(9);
    let same = look(&later).unwrap();
    assert_eq!(
        (one.version.clone(), same.age),
        (same.version, Duration::from_secs(9))
    );
    let other = look(&view("green", Vec::new())).unwrap();
    assert_ne!(one.version, other.version);
}

#[test]
fn pods_that_the_controller_has_not_replaced_yet_are_another_revision() {
    let mut changed = view("blue", Vec::new());
    let green = changed
        .objects
        .get_mut(&ObjectRef::deployment("api-green"))
        .unwrap();
    green["spec"]["template"]["spec"]["containers"][0]["image"] = json!("shop/api:2");
    let seen = look(&changed).unwrap();
    let written = seen.candidate.written.unwrap().revision;
    assert_eq!(written.images.to_string(), "api=shop/api:2");
    assert!(!written.recorded);
    assert_ne!(seen.candidate.pods[0].revision.id, written.id);
    assert_eq!(seen.foreign.len(), 1, "{:?}", seen.foreign);
}
