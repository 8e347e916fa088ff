//! What a Service does, as its EndpointSlices tell.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use strategy_core::target::Effective;
use strategy_core::{Track, Traffic};

use crate::binding::Bound;
use crate::object::{list, text};
use crate::pods;
use crate::view::View;

/// Who writes a slice, and the one that does for Services with a selector.
const MANAGED_BY: &str = "/metadata/labels/endpointslice.kubernetes.io~1managed-by";
const CONTROLLER: &str = "endpointslice-controller.k8s.io";

/// A Service sends where its EndpointSlices point: what is written is effective when no ready
/// endpoint is left of the track that gets nothing, and every ready pod of the other has arrived, with
/// all the ports of the Service and in one family of addresses at least.
///
/// Slices come some moments after the pods they tell of, so it converges for as long.
pub(super) fn effective(
    bound: &Bound,
    view: &View,
    slices: &[Arc<Value>],
    written: &Traffic,
) -> Effective {
    let live = if written.reaches_candidate() {
        Track::Candidate
    } else {
        Track::Stable
    };
    let (deployment, pods) = (&bound.tracks.of(live).deployment, view.pods.of(live));
    let names = pods::names(deployment, pods);
    let asked = ports(bound, view);
    // By family of addresses: a Service with two has a slice of each for every pod.
    let mut arrived: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for slice in slices {
        let there = open(slice);
        let is_whole = asked.is_subset(&there);
        let carries = is_whole || asked.intersection(&there).next().is_some();
        for endpoint in ready(slice).filter(|_| carries) {
            let name = text(endpoint, "/targetRef/name");
            if !names.contains(name) {
                return Effective::Converging;
            }
            if is_whole {
                let family = arrived.entry(text(slice, "/addressType"));
                family.or_default().insert(name);
            }
        }
    }
    let due = pods::ready_names(deployment, pods);
    let all_there = |family: &BTreeSet<&str>| due.iter().all(|name| family.contains(name.as_str()));
    if due.is_empty() || arrived.values().any(all_there) {
        Effective::Verified(written.clone())
    } else {
        Effective::Converging
    }
}

/// The names of the pods that are sent to, at one port at least; `None`: these slices do not tell of pods.
///
/// Those of a Service without a selector are written by hand or by another's controller, and mostly have
/// addresses alone. No pod would ever be ready by them, so that a good release would go back at its limit
/// and a sound stable would be taken for dead.
pub(crate) fn names(slices: &[Arc<Value>]) -> Option<BTreeSet<String>> {
    let usable = slices.iter().filter(|slice| !open(slice).is_empty());
    let endpoints = usable.flat_map(|slice| ready(slice));
    let names: BTreeSet<_> = endpoints
        .map(|endpoint| text(endpoint, "/targetRef/name").to_owned())
        .collect();
    let is_of_selector = |slice: &Arc<Value>| text(slice, MANAGED_BY) == CONTROLLER;
    (!names.contains("") || slices.iter().any(is_of_selector)).then_some(names)
}

/// The endpoints of a slice that are sent to.
pub(super) fn ready(slice: &Value) -> impl Iterator<Item = &Value> {
    list(slice, "/endpoints").iter().filter(|endpoint| {
        let ready = endpoint.pointer("/conditions/ready");
        ready.is_none_or(|ready| ready != false)
    })
}

/// The names of the Service's ports; the one of a Service that names none is empty.
fn ports<'a>(bound: &Bound, view: &'a View) -> BTreeSet<&'a str> {
    let service = bound.service();
    let service = service.and_then(|service| view.objects.get(service));
    let ports = service.map(|service| list(service, "/spec/ports"));
    let ports = ports.into_iter().flatten();
    ports.map(|port| text(port, "/name")).collect()
}

/// The ports that a slice's pods have: a `targetPort` by a name that they do not know is left out.
fn open(slice: &Value) -> BTreeSet<&str> {
    let ports = list(slice, "/ports").iter();
    ports
        .filter(|port| port.get("port").is_some_and(Value::is_number))
        .map(|port| text(port, "/name"))
        .collect()
}
