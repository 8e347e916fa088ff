//! Whatever routes carry: reading gives what was written, the rest is untouched, and the way back ends
//! where it began.

use proptest::prelude::*;
use serde_json::{Value, json};
use strategy_core::{Route, RouteBy, Traffic, Weight};

use super::preview;
use crate::config::GatewayRouter;
use crate::object::{ObjectRef, Objects};
use crate::router::fixture::{after, tracks};
use crate::router::properties::any_json;
use crate::router::rules::list;
use crate::router::{Router, TrackLabels};

fn router() -> GatewayRouter {
    let mut router = GatewayRouter::new("api", "api", "api-canary");
    router.http_routes.push("other".to_owned());
    router.grpc_routes.push("api".to_owned());
    router.add_canary = true;
    router
}

fn nobody() -> TrackLabels {
    tracks(&[], &[])
}

fn any_matches() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        Just(None),
        Just(Some(json!([]))),
        "[a-z]{1,3}".prop_map(|path| Some(json!([
            {"path": {"type": "PathPrefix", "value": format!("/{path}")}, "unknown": {"a": 1}},
            {"headers": [{"type": "Exact", "name": "x-tenant", "value": path}]},
        ]))),
    ]
}

fn any_filters() -> impl Strategy<Value = Option<Value>> {
    let recorder = json!({
        "type": "RequestMirror",
        "requestMirror": {"backendRef": {"name": "recorder", "port": 80}, "percent": 5},
    });
    prop_oneof![
        3 => Just(None),
        1 => Just(Some(json!([]))),
        1 => Just(Some(json!([recorder, {"type": "ExtensionRef", "unknown": 1}]))),
    ]
}

#[derive(Clone, Debug)]
struct Weights {
    stable: u32,
    candidate: u32,
    stable_first: bool,
    with_candidate: bool,
    times: u32,
}

fn any_weights() -> impl Strategy<Value = Weights> {
    (
        (1..=100_u32, 0..=100_u32, any::<bool>()),
        (any::<bool>(), prop_oneof![Just(1_u32), Just(9_999)]),
    )
        .prop_map(
            |((stable, candidate, stable_first), (with_candidate, times))| Weights {
                stable,
                candidate,
                stable_first,
                with_candidate,
                times,
            },
        )
}

fn entries(weights: &Weights, unknown: &Value) -> Vec<Value> {
    let entry = |name: &str, weight: u32| {
        let mut entry = json!({"name": name, "port": 80, "unknown": unknown});
        // One is what a weight is that is left out.
        if weight * weights.times != 1 {
            entry["weight"] = json!(weight * weights.times);
        }
        entry
    };
    let mut entries = vec![entry("api", weights.stable)];
    if weights.with_candidate {
        entries.push(entry("api-canary", weights.candidate));
    }
    if !weights.stable_first {
        entries.reverse();
    }
    entries.push(json!({"name": "trial", "port": 80, "weight": 0, "unknown": unknown}));
    entries
}

prop_compose! {
    fn any_split(weights: Weights)(
        weights in Just(weights),
        conditions in any_matches(),
        filters in any_filters(),
        name in proptest::option::of("[a-z]{1,3}"),
        unknown in any_json(),
    ) -> Value {
        let mut rule = json!({"backendRefs": entries(&weights, &unknown), "unknown": unknown});
        for (field, value) in [
            ("matches", conditions),
            ("filters", filters),
            ("name", name.map(Value::from)),
            ("timeouts", Some(json!({"request": "3s"}))),
        ] {
            if let Some(value) = value {
                rule[field] = value;
            }
        }
        rule
    }
}

fn any_other() -> impl Strategy<Value = Value> {
    prop_oneof![
        any_json()
            .prop_map(|unknown| json!({"filters": [{"type": "RequestRedirect"}], "u": unknown})),
        any_json().prop_map(|unknown| json!({
            "matches": [{"headers": [{"name": "x-canary", "value": "1"}]}],
            "backendRefs": [{"name": "api-canary", "port": 80}],
            "unknown": unknown,
        })),
        any_json().prop_map(|unknown| json!({
            "backendRefs": [
                {"name": "api", "namespace": "elsewhere", "weight": 1},
                {"name": "api-canary", "kind": "Function", "group": "x", "weight": 2, "u": unknown},
            ],
        })),
    ]
}

/// At most 2 rules are split, and 2 others beside them: with 3 previews of each it is within bounds.
fn any_route(weights: Weights) -> impl Strategy<Value = Value> {
    (
        proptest::collection::vec(any_split(weights), 1..3),
        proptest::collection::vec((any_other(), 0..4_usize), 0..3),
        any_json(),
    )
        .prop_map(|(splits, others, unknown)| {
            let mut rules = splits;
            for (other, at) in others {
                let at = at.min(rules.len());
                rules.insert(at, other);
            }
            json!({
                "metadata": {"name": "api", "namespace": "shop", "unknown": unknown},
                "spec": {"rules": rules, "unknown": unknown},
                "unknown": unknown,
            })
        })
}

fn any_objects() -> impl Strategy<Value = Objects> {
    any_weights().prop_flat_map(|weights| {
        let route = || any_route(weights.clone());
        (route(), route(), route()).prop_map(|(one, other, grpc)| {
            [
                (ObjectRef::http_route("api"), one),
                (ObjectRef::http_route("other"), other),
                (ObjectRef::grpc_route("api"), grpc),
            ]
            .into()
        })
    })
}

fn any_traffic() -> impl Strategy<Value = Traffic> {
    let route = ("[A-Za-z][A-Za-z0-9.-]{0,5}", "[ -~]{1,6}");
    (
        0..=1000_u16,
        prop_oneof![3 => Just(0_u16), 1 => 0..=10_000_u16],
        proptest::collection::vec(route, 0..4),
    )
        .prop_map(|(weight, mirror, routes)| {
            let mut traffic = Traffic::weight(Weight::from_basis_points(weight * 10).unwrap());
            traffic.mirror = Weight::from_basis_points(mirror).unwrap();
            let routes = routes.into_iter().map(|(name, value)| Route {
                by: RouteBy::Header,
                name: format!("p{name}"),
                value,
            });
            traffic.routes = routes.collect();
            traffic
        })
}

/// The objects without what the router owns.
fn others(objects: &Objects) -> Objects {
    let mut objects = objects.clone();
    for route in objects.values_mut() {
        let rules = route["spec"]["rules"].as_array_mut().unwrap();
        rules.retain(|rule| !preview::is_ours(rule));
        for rule in rules {
            let ours = |entry: &Value| {
                entry["kind"].as_str().unwrap_or("Service") == "Service"
                    && entry["namespace"].is_null()
                    && (entry["name"] == "api" || entry["name"] == "api-canary")
            };
            if !list(&rule["backendRefs"])
                .iter()
                .any(|entry| ours(entry) && entry["name"] == "api")
            {
                continue;
            }
            let entries = rule["backendRefs"].as_array_mut().unwrap();
            entries.retain(|entry| entry["name"] != "api-canary");
            for entry in entries.iter_mut().filter(|entry| ours(entry)) {
                entry.as_object_mut().unwrap().remove("weight");
            }
            if let Some(filters) = rule.get_mut("filters").and_then(Value::as_array_mut) {
                filters
                    .retain(|filter| filter["requestMirror"]["backendRef"]["name"] != "api-canary");
                if filters.is_empty() {
                    rule.as_object_mut().unwrap().remove("filters");
                }
            }
        }
    }
    objects
}

proptest! {
    #[test]
    fn what_is_written_is_read_and_the_rest_is_untouched(
        before in any_objects(),
        first in any_traffic(),
        second in any_traffic(),
    ) {
        let router = router();
        let start = router.read(&before, &nobody()).unwrap();
        let mut now = before.clone();
        for traffic in [first, second] {
            now = after(&now, router.write(&now, &nobody(), &traffic).unwrap());
            prop_assert_eq!(&router.read(&now, &nobody()).unwrap().traffic, &traffic);
            prop_assert_eq!(others(&now), others(&before));
            prop_assert_eq!(router.write(&now, &nobody(), &traffic).unwrap(), Objects::new());
        }
        let restored = after(&now, router.restore(&now, &start.owned).unwrap());
        prop_assert_eq!(&restored, &before);
        prop_assert_eq!(&router.read(&restored, &nobody()).unwrap(), &start);
        prop_assert_eq!(router.restore(&restored, &start.owned).unwrap(), Objects::new());
    }

    /// Equal `owned` means that nothing of ours was changed; another one that something was. The same
    /// of each object alone.
    #[test]
    fn owned_differs_exactly_when_traffic_was_changed(
        before in any_objects(),
        traffic in any_traffic(),
    ) {
        let router = router();
        let start = router.read(&before, &nobody()).unwrap();
        let written = router.write(&before, &nobody(), &traffic).unwrap();
        let now = router.read(&after(&before, written.clone()), &nobody()).unwrap();
        prop_assert_eq!(now.owned != start.owned, !written.is_empty());
        for object in router.objects() {
            let differs = router.part_of(&now.owned, &object) != router.part_of(&start.owned, &object);
            prop_assert_eq!(differs, written.contains_key(&object));
        }
    }

    /// A write that ends after any of its objects goes on from there, and home from there too.
    #[test]
    fn a_write_may_end_anywhere(
        before in any_objects(),
        traffic in any_traffic(),
        taken in 0..4_usize,
    ) {
        let router = router();
        let start = router.read(&before, &nobody()).unwrap();
        let written = router.write(&before, &nobody(), &traffic).unwrap();
        let whole = after(&before, written.clone());
        let some = written.into_iter().take(taken).collect();
        let now = after(&before, some);
        router.read_bound(&now, &nobody()).unwrap();
        prop_assert_eq!(after(&now, router.write(&now, &nobody(), &traffic).unwrap()), whole);
        prop_assert_eq!(after(&now, router.restore(&now, &start.owned).unwrap()), before);
    }
}
