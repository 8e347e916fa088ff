//! What stands in the way of a switch by Ingresses, or is worth knowing, before anything is written.

use strategy_core::target::{Finding, TargetErrorKind};

use super::agreed;
use super::backend::Reader;
use super::others::{self, Other};
use super::services::Services;
use crate::config::IngressRouter;
use crate::object::{ObjectRef, Objects};
use crate::router::TrackLabels;
use crate::router::destination::{has_port, not_ready};
use crate::router::problem::Problem;

pub(super) fn findings(
    config: &IngressRouter,
    readers: &[Reader<'_>],
    objects: &Objects,
    tracks: &TrackLabels,
) -> Vec<Finding> {
    let problems = [
        Services::of(config, objects, tracks).map(drop),
        hosts_are_there(readers),
        agreed(readers),
    ];
    let problems = problems.into_iter().filter_map(Result::err);
    let mut findings: Vec<Finding> = problems.map(Finding::from).collect();
    for service in config.services.iter().map(|name| ObjectRef::service(name)) {
        let content = objects.get(&service);
        findings.extend(content.and_then(|content| not_ready(&service, content)));
    }
    for reader in readers {
        findings.extend(ports(reader, objects));
        findings.extend(class(reader));
    }
    findings.extend(others::all(readers, objects).iter().map(Other::finding));
    findings
}

/// Every host that the configuration names is that of a rule in one of the Ingresses.
pub(super) fn hosts_are_there(readers: &[Reader<'_>]) -> Result<(), Problem> {
    let Some(first) = readers.first() else {
        return Ok(());
    };
    for host in &first.config.hosts {
        let is_there = |reader: &Reader<'_>| {
            let mut moved = reader.moved().into_iter();
            moved.any(|backend| backend.host_in_config() == host)
        };
        if !readers.iter().any(is_there) {
            return Err(first.problem(
                TargetErrorKind::NotFound,
                "route-not-found",
                format!("no rule of the host `{host}` names one of the two Services"),
                "mend `hosts` in the configuration, or let the rule name the Service that is live",
            ));
        }
    }
    Ok(())
}

/// The port stays as it is written, so both Services must have it.
fn ports(reader: &Reader<'_>, objects: &Objects) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in &reader.config.services {
        let object = ObjectRef::service(service);
        let Some(content) = objects.get(&object) else {
            continue;
        };
        for backend in reader.moved() {
            let (field, port) = backend.port();
            if has_port(content, field, port) {
                continue;
            }
            let known = if field == "name" { "named " } else { "" };
            let finding = Finding::blocks(
                "service-port-not-found",
                reader.object.to_string(),
                format!(
                    "its {} sends to the port {known}{port}, which {object} does not have",
                    backend.place()
                ),
                "give both Services a port of that name and number, or write the port as both have it",
            );
            findings.push(finding);
        }
    }
    findings
}

/// Whether it says who is to carry it out.
fn class(reader: &Reader<'_>) -> Option<Finding> {
    let by_field = reader.ingress["spec"]["ingressClassName"].as_str();
    let annotations = &reader.ingress["metadata"]["annotations"];
    let by_annotation = annotations["kubernetes.io/ingress.class"].as_str();
    (by_field.or(by_annotation).is_none()).then(|| {
        Finding::warns(
            "ingress-class-missing",
            reader.object.to_string(),
            "it names no class, so which controller carries it out, if any does, is not known",
            "name the class in `ingressClassName`",
        )
    })
}
