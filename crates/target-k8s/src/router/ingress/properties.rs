//! Whatever Ingresses carry: reading gives what was written, the rest is untouched, and the way back ends
//! where it began.

use proptest::prelude::*;
use serde_json::{Value, json};
use strategy_core::{Traffic, Weight};

use crate::config::IngressRouter;
use crate::object::{ObjectRef, Objects};
use crate::router::fixture::{after, tracks};
use crate::router::properties::any_json;
use crate::router::{Router, TrackLabels};

const NAMES: [&str; 2] = ["api-blue", "api-green"];

fn router() -> IngressRouter {
    let mut router = IngressRouter::new("api", NAMES);
    router.ingresses.push("other".to_owned());
    router
}

fn labels() -> TrackLabels {
    tracks(&[("version", "blue")], &[("version", "green")])
}

fn whole(is_green: bool) -> Traffic {
    Traffic::weight(if is_green { Weight::FULL } else { Weight::ZERO })
}

/// `ours`: it names the live one.
fn any_backend(live: &'static str, ours: bool) -> impl Strategy<Value = Value> {
    let port = prop_oneof![Just(json!({"number": 80})), Just(json!({"name": "http"}))];
    let foreign = prop_oneof![Just("files"), Just("api"), Just("api-blue-2")];
    (port, foreign, any_json(), any::<bool>()).prop_map(move |(port, foreign, unknown, resource)| {
        if ours {
            json!({"service": {"name": live, "port": port, "unknown": unknown}, "unknown": unknown})
        } else if resource {
            json!({"resource": {"kind": "Bucket", "name": live}})
        } else {
            json!({"service": {"name": foreign, "port": port}, "unknown": unknown})
        }
    })
}

fn any_path(live: &'static str, ours: bool) -> impl Strategy<Value = Value> {
    let path = proptest::option::of(prop_oneof![Just("/"), Just("/v2"), Just("/v2/")]);
    let kind = prop_oneof![
        Just("Exact"),
        Just("Prefix"),
        Just("ImplementationSpecific")
    ];
    (path, kind, any_backend(live, ours), any_json()).prop_map(|(path, kind, backend, unknown)| {
        let mut entry = json!({"pathType": kind, "backend": backend, "unknown": unknown});
        if let Some(path) = path {
            entry["path"] = json!(path);
        }
        entry
    })
}

fn any_rule(live: &'static str) -> impl Strategy<Value = Value> {
    let host = proptest::option::of(prop_oneof![Just("a.example"), Just("*.example")]);
    let path = any::<bool>().prop_flat_map(move |ours| any_path(live, ours));
    (host, proptest::collection::vec(path, 0..4), any_json()).prop_map(|(host, paths, unknown)| {
        let mut rule = json!({"http": {"paths": paths}, "unknown": unknown});
        if let Some(host) = host {
            rule["host"] = json!(host);
        }
        rule
    })
}

fn any_ingress(name: &'static str, live: &'static str) -> impl Strategy<Value = Value> {
    let sure = any_path(live, true);
    let default =
        proptest::option::of(any::<bool>().prop_flat_map(move |ours| any_backend(live, ours)));
    let rules = proptest::collection::vec(any_rule(live), 0..4);
    (sure, default, rules, any_json()).prop_map(move |(sure, default, mut rules, unknown)| {
        let place = rules.len() / 2;
        rules.insert(
            place,
            json!({"host": "sure.example", "http": {"paths": [sure]}}),
        );
        let mut ingress = json!({
            "metadata": {"name": name, "unknown": unknown},
            "spec": {"rules": rules, "tls": unknown},
            "status": unknown,
        });
        if let Some(default) = default {
            ingress["spec"]["defaultBackend"] = default;
        }
        ingress
    })
}

fn any_objects() -> impl Strategy<Value = (bool, Objects)> {
    any::<bool>().prop_flat_map(|is_green| {
        let live = NAMES[usize::from(is_green)];
        (any_ingress("api", live), any_ingress("other", live)).prop_map(move |(api, other)| {
            let service = |colour: &str| json!({"spec": {"selector": {"version": colour}}});
            let objects = [
                (ObjectRef::ingress("api"), api),
                (ObjectRef::ingress("other"), other),
                (ObjectRef::service("api-blue"), service("blue")),
                (ObjectRef::service("api-green"), service("green")),
            ];
            (is_green, objects.into())
        })
    })
}

/// Everything but the names of Services in backends.
fn masked(objects: &Objects) -> Objects {
    let mut masked = objects.clone();
    for object in masked.values_mut() {
        let spec = &mut object["spec"];
        let mask = |backend: &mut Value| {
            if let Some(name) = backend.pointer_mut("/service/name")
                && NAMES.iter().any(|ours| *name == **ours)
            {
                *name = json!("either");
            }
        };
        if let Some(backend) = spec.get_mut("defaultBackend") {
            mask(backend);
        }
        for rule in spec
            .get_mut("rules")
            .and_then(Value::as_array_mut)
            .into_iter()
            .flatten()
        {
            for path in rule["http"]["paths"].as_array_mut().unwrap() {
                mask(&mut path["backend"]);
            }
        }
    }
    masked
}

proptest! {
    #[test]
    fn what_is_written_is_read_and_nothing_else_changes(
        (is_green, before) in any_objects(),
        steps in proptest::collection::vec(any::<bool>(), 1..4),
    ) {
        let start = router().read(&before, &labels()).unwrap();
        prop_assert_eq!(&start.traffic, &whole(is_green));
        let mut now = before.clone();
        for step in steps {
            let traffic = whole(step);
            now = after(&now, router().write(&now, &labels(), &traffic).unwrap());
            let read = router().read(&now, &labels()).unwrap();
            prop_assert_eq!(&read.traffic, &traffic);
            prop_assert_eq!(router().read_bound(&now, &labels()).unwrap(), read);
            prop_assert_eq!(masked(&now), masked(&before));
            prop_assert!(router().write(&now, &labels(), &traffic).unwrap().is_empty());
        }
        let back = after(&now, router().restore(&now, &start.owned).unwrap());
        prop_assert_eq!(back, before);
    }

    #[test]
    fn a_mixture_is_never_whole((is_green, before) in any_objects(), first in any::<bool>()) {
        let written = router().write(&before, &labels(), &whole(!is_green)).unwrap();
        let keep = ObjectRef::ingress(if first { "api" } else { "other" });
        let half = written.into_iter().filter(|(object, _)| *object == keep).collect();
        let now = after(&before, half);
        prop_assert!(router().read(&now, &labels()).is_err());
        prop_assert!(router().read_bound(&now, &labels()).unwrap().is_partial);
    }
}
