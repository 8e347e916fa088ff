//! Whatever a Service carries: reading gives what was written, the rest is untouched, and the way
//! back ends where it began.

use proptest::prelude::*;
use serde_json::{Value, json};
use strategy_core::{Stickiness, Traffic, Weight};

use crate::config::ServiceSelectorRouter;
use crate::object::{ObjectRef, Objects};
use crate::router::Router;
use crate::router::fixture::{after, tracks};
use crate::router::properties::any_json;

fn any_traffic() -> impl Strategy<Value = Traffic> {
    (any::<bool>(), any::<bool>()).prop_map(|(switched, suspended)| {
        let mut traffic = Traffic::weight(if switched { Weight::FULL } else { Weight::ZERO });
        if suspended {
            traffic.stickiness = Stickiness::Suspended;
        }
        traffic
    })
}

fn any_affinity() -> impl Strategy<Value = Option<Value>> {
    prop_oneof![
        Just(None),
        Just(Some(json!({"sessionAffinity": "None"}))),
        Just(Some(json!({"sessionAffinity": "ClientIP"}))),
        (1..=86_400_u32).prop_map(|seconds| Some(json!({
            "sessionAffinity": "ClientIP",
            "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": seconds}},
        }))),
    ]
}

prop_compose! {
    fn any_service()(
        slot in prop_oneof![Just("blue"), Just("green")],
        extra_key in any::<bool>(),
        affinity in any_affinity(),
        annotated in any::<bool>(),
        unknown in any_json(),
        in_spec in any_json(),
    ) -> Objects {
        let mut service = json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "api", "unknown": unknown},
            "spec": {"selector": {"app": "api", "slot": slot}, "unknown": in_spec},
        });
        if extra_key {
            service["spec"]["selector"]["tier"] = json!("backend");
        }
        if annotated {
            service["metadata"]["annotations"] = json!({"example.com/owner": "team"});
        }
        if let Some(affinity) = affinity {
            for (field, value) in affinity.as_object().unwrap() {
                service["spec"][field] = value.clone();
            }
        }
        [(ObjectRef::service("api"), service)].into()
    }
}

/// The Service without what the router owns.
fn others(objects: &Objects) -> Value {
    let mut service = objects[&ObjectRef::service("api")].clone();
    service["spec"]["selector"]["slot"] = Value::Null;
    for field in ["sessionAffinity", "sessionAffinityConfig"] {
        service["spec"].as_object_mut().unwrap().remove(field);
    }
    if let Some(annotations) = service["metadata"].get_mut("annotations") {
        let annotations = annotations.as_object_mut().unwrap();
        annotations.remove(super::affinity::ANNOTATION);
        if annotations.is_empty() {
            service["metadata"]
                .as_object_mut()
                .unwrap()
                .remove("annotations");
        }
    }
    service
}

proptest! {
    #[test]
    fn what_is_written_is_read_and_the_rest_is_untouched(
        before in any_service(),
        first in any_traffic(),
        second in any_traffic(),
    ) {
        let router = ServiceSelectorRouter::new("api").key("slot");
        let labels = |slot| [("app", "api"), ("tier", "backend"), ("slot", slot)];
        let tracks = tracks(&labels("blue"), &labels("green"));
        let start = router.read(&before, &tracks).unwrap();

        let mut now = before.clone();
        for traffic in [first, second] {
            now = after(&now, router.write(&now, &tracks, &traffic).unwrap());
            prop_assert_eq!(&router.read(&now, &tracks).unwrap().traffic, &traffic);
            prop_assert_eq!(others(&now), others(&before));
            prop_assert_eq!(router.write(&now, &tracks, &traffic).unwrap(), Objects::new());
        }
        let restored = after(&now, router.restore(&now, &start.owned).unwrap());
        prop_assert_eq!(&restored, &before);
        prop_assert_eq!(router.restore(&restored, &start.owned).unwrap(), Objects::new());
    }
}
