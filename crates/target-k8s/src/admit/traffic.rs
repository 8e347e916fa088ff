//! Starts that could not be gone back to, and traffic that would never arrive.

use serde_json::Value;
use strategy_core::target::Finding;
use strategy_core::{Part, Plan, Track};

use crate::binding::{Bound, TrackStart};
use crate::object::{Objects, count, list, text, texts};
use crate::observe::effective;
use crate::observe::strangers::strangers_behind;
use crate::pods;
use crate::router::Router;
use crate::view::View;

/// What the recorded traffic reaches must be able to take it.
pub(super) fn recorded_traffic(bound: &Bound) -> Option<Finding> {
    if !bound.traffic.reaches_candidate() {
        return None;
    }
    let candidate = &bound.tracks.candidate;
    let is = match &candidate.start {
        TrackStart::Missing(_) => "is not there",
        TrackStart::Found { replicas, .. } if replicas.number() == 0 => "is told to run 0 replicas",
        TrackStart::Found { .. } => return None,
    };
    Some(Finding::blocks(
        "traffic-to-nothing",
        candidate.object().to_string(),
        format!(
            "it {is}, and the routes send to it ({}), so the start could never be gone back to",
            bound.traffic
        ),
        "send everything to stable, or let it run what its share needs",
    ))
}

/// A mirror of the user's own would be gone after the promotion.
pub(super) fn mirror(bound: &Bound, part: &Part, plan: &Plan) -> Option<Finding> {
    let recorded = bound.traffic.mirror;
    let mut stages = plan.stages().iter().rev();
    let last = stages.find_map(|stage| stage.goals.get(part))?;
    let object = bound.router.first()?;
    (!recorded.is_zero() && last.traffic.mirror != recorded).then(|| {
        Finding::blocks(
            "mirror-not-kept",
            object.to_string(),
            format!(
                "its route mirrors {recorded} to the candidate, and the plan ends with a mirror of {}",
                last.traffic.mirror
            ),
            "take the mirror out before the rollout, or let the plan keep it",
        )
    })
}

/// A `targetPort` by name has to be known to the pods of both tracks, else the Service has no port
/// there, and requests go nowhere.
pub(super) fn ports(bound: &Bound, objects: &Objects) -> Vec<Finding> {
    let mut findings = Vec::new();
    let services = objects
        .iter()
        .filter(|(object, _)| object.kind == "Service");
    for (object, service) in services {
        let selector = texts(service, "/spec/selector");
        for (track, of) in bound.tracks.iter() {
            let template = bound.base_template(track);
            let labels = texts(&template, "/metadata/labels");
            // The one whose selector picks the slot is for both of them.
            let selects = || {
                let mut selector = selector.iter();
                !labels.is_empty() && selector.all(|(key, value)| labels.get(key) == Some(value))
            };
            if !bound.router.contains(object) && !selects() {
                continue;
            }
            let missing: Vec<_> = list(service, "/spec/ports")
                .iter()
                .filter_map(|port| Some((port, port.get("targetPort")?.as_str()?)))
                .filter(|(port, name)| !has_port(&template, name, protocol(port)))
                .map(|(_, name)| format!("`{name}`"))
                .collect();
            if !missing.is_empty() {
                findings.push(Finding::blocks(
                    "port-not-found",
                    of.object().to_string(),
                    format!(
                        "no container of it has the port {}, which {object} sends to by name",
                        missing.join(" or ")
                    ),
                    "name the port in the template, or let the Service send to a number",
                ));
            }
        }
    }
    findings
}

fn protocol(port: &Value) -> &str {
    match text(port, "/protocol") {
        "" => "TCP",
        protocol => protocol,
    }
}

fn has_port(template: &Value, name: &str, of: &str) -> bool {
    let is_sidecar = |container: &&Value| text(container, "/restartPolicy") == "Always";
    let sidecars = list(template, "/spec/initContainers")
        .iter()
        .filter(is_sidecar);
    let mut containers = list(template, "/spec/containers").iter().chain(sidecars);
    containers.any(|container| {
        let mut ports = list(container, "/ports").iter();
        ports.any(|port| {
            text(port, "/name") == name
                && protocol(port) == of
                && count(port, "/containerPort").is_some()
        })
    })
}

/// Pods behind the Service that belong to neither track get requests that no weight moves.
pub(super) fn strangers(bound: &Bound, view: &View) -> Vec<Finding> {
    let Some(service) = bound.service() else {
        return Vec::new();
    };
    strangers_behind(bound, view, service)
        .into_iter()
        .map(|name| {
            Finding::blocks(
                "endpoint-not-ours",
                name,
                format!(
                    "{service} sends to it, or would after a switch, and it belongs to neither {} nor {}, so traffic could never be seen to flow as written",
                    bound.tracks.stable.object(),
                    bound.tracks.candidate.object()
                ),
                "take the label away that the Service selects it by, or remove it",
            )
        })
        .collect()
}

/// Where those who send requests know of none of the pods of a track, these would be waited for in vain.
pub(super) fn unknown_to_backends(bound: &Bound, view: &View, router: &dyn Router) -> Vec<Finding> {
    let services = router.backends_by_track(&view.objects, &bound.labels(), &bound.namespace);
    let of_track = |track: Track| {
        let service = services.of(track).first()?;
        let known = effective::names(view.backend_slices.of(track).as_deref()?)?;
        let of = bound.tracks.of(track);
        let ready = pods::ready_names(&of.deployment, view.pods.of(track));
        let is_unknown = !ready.is_empty() && ready.is_disjoint(&known);
        is_unknown.then(|| {
            Finding::blocks(
                "backend-without-pods",
                service.to_string(),
                format!(
                    "its EndpointSlices have, at a port that is a number, none of the {} pods of {} that are ready, so nobody would send requests to them",
                    ready.len(),
                    of.object()
                ),
                "let its selector and its ports reach them, or let slices that are written by hand name the pods in `targetRef`; if the pods have just begun, try again",
            )
        })
    };
    Track::ALL.into_iter().filter_map(of_track).collect()
}

#[cfg(test)]
mod tests;
