//! Whatever a VirtualService carries: reading gives what was written, the rest is untouched, and the
//! way back ends where it began.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use strategy_core::{Route, RouteBy, Traffic, Weight};

use super::preview;
use crate::config::{IstioDestination, IstioRouter};
use crate::object::{ObjectRef, Objects};
use crate::router::fixture::{after, tracks};
use crate::router::properties::any_json;
use crate::router::rules::list;
use crate::router::{Router, TrackLabels};

fn router() -> IstioRouter {
    let mut router = IstioRouter::new("api", "api");
    router.stable.host = Some("api".to_owned());
    router.canary.host = Some("api.shop.svc.cluster.local".to_owned());
    router.add_canary = true;
    router
}

fn nobody() -> TrackLabels {
    tracks(&[], &[])
}

fn any_host() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("api"),
        Just("api.shop"),
        Just("api.shop.svc.cluster.local"),
    ]
}

fn any_match() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        Just(None),
        Just(Some(json!([]))),
        "[a-z]{1,3}".prop_map(|path| Some(json!([
            {"uri": {"prefix": format!("/{path}")}, "unknown": {"a": 1}},
            {"headers": {"x-tenant": {"exact": path}}},
        ]))),
    ]
}

fn any_mirror() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => Just(json!({})),
        1 => Just(json!({"mirrors": [{"destination": {"host": "recorder"}}]})),
    ]
}

#[derive(Clone, Debug)]
struct Weights {
    stable: u32,
    candidate: u32,
    stable_first: bool,
    with_candidate: bool,
    zero_left_out: bool,
}

fn any_weights() -> impl Strategy<Value = Weights> {
    (
        (1..=100_u32, 0..=100_u32, any::<bool>()),
        (
            any::<bool>(),
            any::<bool>(),
            prop_oneof![Just(1_u32), Just(10)],
        ),
    )
        .prop_map(
            |((stable, candidate, stable_first), (with_candidate, zero_left_out, times))| Weights {
                stable: stable * times,
                candidate: candidate * times,
                stable_first,
                with_candidate,
                zero_left_out,
            },
        )
}

fn entries(weights: &Weights, host: &str, unknown: &Value) -> Vec<Value> {
    let entry = |subset: &str, weight: u32| {
        let mut entry = json!({
            "destination": {"host": host, "subset": subset, "port": {"number": 80}},
            "unknown": unknown,
        });
        if weight > 0 || !weights.zero_left_out {
            entry["weight"] = json!(weight);
        }
        entry
    };
    let mut entries = vec![entry("stable", weights.stable)];
    if weights.with_candidate {
        entries.push(entry("canary", weights.candidate));
    }
    if !weights.stable_first {
        entries.reverse();
    }
    entries
}

prop_compose! {
    fn any_split(weights: Weights)(
        weights in Just(weights),
        host in any_host(),
        conditions in any_match(),
        mirror in any_mirror(),
        name in proptest::option::of("[a-z]{1,3}"),
        unknown in any_json(),
        timeout in any::<bool>(),
    ) -> Value {
        let mut route = json!({"route": entries(&weights, host, &unknown), "unknown": unknown});
        let fields = route.as_object_mut().unwrap();
        fields.extend(mirror.as_object().unwrap().clone());
        if let Some(conditions) = conditions {
            fields.insert("match".to_owned(), conditions);
        }
        if let Some(name) = name {
            fields.insert("name".to_owned(), json!(name));
        }
        if timeout {
            fields.insert("timeout".to_owned(), json!("3s"));
            fields.insert("retries".to_owned(), json!({"attempts": 2}));
        }
        route
    }
}

fn any_other() -> impl Strategy<Value = Value> {
    prop_oneof![
        any_json().prop_map(|unknown| json!({"redirect": {"uri": "/"}, "unknown": unknown})),
        any_json().prop_map(|unknown| json!({
            "match": [{"headers": {"x-canary": {"exact": "1"}}}],
            "route": [{"destination": {"host": "api", "subset": "canary"}, "weight": 100}],
            "unknown": unknown,
        })),
        any_json().prop_map(|unknown| json!({
            "name": "other",
            "route": [
                {"destination": {"host": "web", "subset": "stable"}, "weight": 1},
                {"destination": {"host": "web", "subset": "canary"}, "weight": 2, "u": unknown},
            ],
        })),
    ]
}

fn any_objects() -> impl Strategy<Value = Objects> {
    any_weights()
        .prop_flat_map(|weights| {
            (
                proptest::collection::vec(any_split(weights), 1..4),
                proptest::collection::vec((any_other(), 0..4_usize), 0..3),
                any_json(),
            )
        })
        .prop_map(|(splits, others, unknown)| {
            let mut http = splits;
            for (other, at) in others {
                let at = at.min(http.len());
                http.insert(at, other);
            }
            let virtual_service = json!({
                "metadata": {"name": "api", "namespace": "shop", "unknown": unknown},
                "spec": {"hosts": ["api"], "http": http, "unknown": unknown},
                "unknown": unknown,
            });
            [(ObjectRef::virtual_service("api"), virtual_service)].into()
        })
}

fn any_route() -> impl Strategy<Value = Route> {
    (any::<bool>(), "[A-Za-z][A-Za-z0-9.-]{0,5}", "[ -~]{0,6}").prop_map(|(header, name, value)| {
        let by = if header {
            RouteBy::Header
        } else {
            RouteBy::Cookie
        };
        Route {
            by,
            name: format!("p{name}"),
            value,
        }
    })
}

fn any_traffic() -> impl Strategy<Value = Traffic> {
    (
        0..=100_u16,
        prop_oneof![3 => Just(0_u16), 1 => 0..=10_000_u16],
        proptest::collection::vec(any_route(), 0..3),
    )
        .prop_map(|(percent, mirror, routes)| {
            let mut traffic = Traffic::weight(Weight::from_percent(percent).unwrap());
            traffic.mirror = Weight::from_basis_points(mirror).unwrap();
            traffic.routes = routes;
            traffic
        })
}

/// The VirtualService without what the router owns.
fn others(objects: &Objects) -> Value {
    let mut virtual_service = objects[&ObjectRef::virtual_service("api")].clone();
    let http = virtual_service["spec"]["http"].as_array_mut().unwrap();
    http.retain(|route| !preview::is_ours(route));
    for route in http {
        let entries = list(&route["route"]);
        let is = |subset: &str, entry: &Value| {
            entry["destination"]["subset"] == subset
                && entry["destination"]["host"]
                    .as_str()
                    .unwrap()
                    .starts_with("api")
        };
        if !entries.iter().any(|entry| is("stable", entry)) {
            continue;
        }
        let mut stable = entries.iter().find(|entry| is("stable", entry)).cloned();
        if let Some(stable) = stable.as_mut().and_then(Value::as_object_mut) {
            stable.remove("weight");
        }
        route["route"] = json!(stable);
        let fields: &mut Map<String, Value> = route.as_object_mut().unwrap();
        fields.remove("mirror");
        fields.remove("mirrorPercentage");
        if let Some(mirrors) = fields.get_mut("mirrors").and_then(Value::as_array_mut) {
            mirrors.retain(|mirror| mirror["destination"]["host"] == "recorder");
        }
    }
    virtual_service
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

    /// Equal `owned` means that nothing of ours was changed; another one that something was.
    #[test]
    fn owned_differs_exactly_when_traffic_was_changed(
        before in any_objects(),
        traffic in any_traffic(),
    ) {
        let router = router();
        let start = router.read(&before, &nobody()).unwrap();
        let written = router.write(&before, &nobody(), &traffic).unwrap();
        let changed = !written.is_empty();
        let now = router.read(&after(&before, written), &nobody()).unwrap();
        prop_assert_eq!(now.owned != start.owned, changed);
    }

    /// Two destinations told apart by host, whatever else the route holds.
    #[test]
    fn hosts_work_as_subsets_do(weight in 0..=100_u16, unknown in any_json()) {
        let mut router = router();
        router.destination_rule = None;
        router.stable = IstioDestination::host("api");
        router.canary = IstioDestination::host("api-canary");
        let before: Objects = [(
            ObjectRef::virtual_service("api"),
            json!({
                "metadata": {"namespace": "shop"},
                "spec": {"http": [{"route": [{"destination": {"host": "api"}, "u": unknown}]}]},
            }),
        )]
        .into();
        let start = router.read(&before, &nobody()).unwrap();
        let traffic = Traffic::weight(Weight::from_percent(weight).unwrap());
        let now = after(&before, router.write(&before, &nobody(), &traffic).unwrap());
        prop_assert_eq!(router.read(&now, &nobody()).unwrap().traffic, traffic);
        prop_assert_eq!(after(&now, router.restore(&now, &start.owned).unwrap()), before);
    }
}
