//! Pods behind the Service that belong to neither track.

use std::collections::BTreeSet;

use crate::binding::Bound;
use crate::object::{ObjectRef, name, text, texts};
use crate::pods;
use crate::view::View;

/// By name: those that the Service sends to now, and those that it would send to with the other
/// track's labels.
pub(crate) fn strangers_behind(
    bound: &Bound,
    view: &View,
    service: &ObjectRef,
) -> BTreeSet<String> {
    let Some(slices) = &view.slices else {
        return BTreeSet::new();
    };
    // An endpoint may outlive its pod for a moment; pods are named after their Deployment.
    let is_ours = |name: &str| {
        bound.tracks.iter().any(|(track, of)| {
            let after = name.strip_prefix(of.deployment.as_str());
            after.is_some_and(|rest| rest.starts_with('-'))
                || pods::names_ever(&of.deployment, view.pods.of(track)).contains(name)
        })
    };
    let mut strangers: BTreeSet<String> = slices
        .iter()
        .flat_map(|slice| super::effective::ready(slice))
        .filter(|endpoint| !is_ours(text(endpoint, "/targetRef/name")))
        .map(|endpoint| match text(endpoint, "/targetRef/name") {
            "" => format!("address/{}", text(endpoint, "/addresses/0")),
            pod => format!("pod/{pod}"),
        })
        .collect();
    let selector = view.objects.get(service);
    let selector = selector.map(|service| texts(service, "/spec/selector"));
    let selector = selector.unwrap_or_default();
    for (track, of) in bound.tracks.iter() {
        let labels = texts(&bound.base_template(track), "/metadata/labels");
        let asked = |key: &String| labels.get(key).or_else(|| selector.get(key));
        let ours = pods::names(&of.deployment, view.pods.of(track));
        for pod in view.pods.of(track).iter().filter(|pod| pods::is_alive(pod)) {
            let pod_name = name(pod);
            let carries = texts(pod, "/metadata/labels");
            let mut keys = selector.keys();
            if !ours.contains(pod_name) && keys.all(|key| carries.get(key) == asked(key)) {
                strangers.insert(format!("pod/{pod_name}"));
            }
        }
    }
    strangers
}
