//! Which pods a destination really reaches: the selector of its host's Service and the labels of its
//! subset together.

use serde_json::Value;
use strategy_core::target::{Finding, TargetErrorKind};
use strategy_core::{Track, Tracks};

use super::virtual_service::{Reader, describe};
use super::weight;
use crate::object::{ObjectRef, Objects};
use crate::router::TrackLabels;
use crate::router::destination::{Destination, Labels, labels};
use crate::router::problem::Problem;
use crate::router::rules::list;

/// The Services behind the two destinations, as far as they are in this namespace.
pub(super) fn services(reader: &Reader<'_>) -> Result<Vec<ObjectRef>, Problem> {
    let Tracks {
        stable: mut services,
        candidate,
    } = services_by_track(reader)?;
    services.extend(candidate);
    services.dedup();
    Ok(services)
}

/// The same by track. All splits have the same two destinations.
pub(super) fn services_by_track(reader: &Reader<'_>) -> Result<Tracks<Vec<ObjectRef>>, Problem> {
    let splits = reader.splits()?;
    let of = |track| {
        let split = splits.first();
        let destination = split.map(|split| weight::destination(reader, split, track));
        let service = destination.and_then(|destination| service(reader, &destination));
        Vec::from_iter(service)
    };
    Ok(Tracks {
        stable: of(Track::Stable),
        candidate: of(Track::Candidate),
    })
}

fn service(reader: &Reader<'_>, destination: &Value) -> Option<ObjectRef> {
    let host = reader.host(destination);
    host.service_in(reader.namespace()).map(ObjectRef::service)
}

/// What is wrong with the pods that a track's destination reaches.
pub(super) fn findings(
    reader: &Reader<'_>,
    objects: &Objects,
    tracks: &TrackLabels,
    track: Track,
    destination: &Value,
) -> Vec<Finding> {
    let (selector, subset) = match (
        selector(reader, objects, destination),
        subset(reader, objects, destination),
    ) {
        (Ok(selector), Ok(subset)) => (selector, subset),
        (Err(finding), Ok(_)) => return vec![*finding],
        (Ok(_), Err(problem)) => return vec![problem.into()],
        (Err(finding), Err(problem)) => return vec![*finding, problem.into()],
    };
    let to = describe(destination);
    let Some(asked) = merged(&selector, &subset) else {
        return vec![blocks(
            reader,
            "destination-reaches-nothing",
            format!(
                "{to} ({track}) reaches no pod: the Service and the subset ask for different values of one label"
            ),
            "take the label out of the Service's selector, or mend the subset",
        )];
    };
    let destination = Destination {
        to: format!("{to} ({track})"),
        resource: reader.object.to_string(),
        asked,
        key: "the subset's labels (or the Service's selector)",
    };
    destination.finding(tracks, track).into_iter().collect()
}

fn blocks(reader: &Reader<'_>, code: &str, message: String, mend: &str) -> Finding {
    Finding::blocks(code, reader.object.to_string(), message, mend)
}

/// Of the Service behind a host.
fn selector(
    reader: &Reader<'_>,
    objects: &Objects,
    destination: &Value,
) -> Result<Labels, Box<Finding>> {
    let host = reader.host(destination);
    let Some(service) = service(reader, destination) else {
        return Err(Box::new(Finding::warns(
            "host-not-checked",
            reader.object.to_string(),
            format!(
                "`{host}` is no Service of this namespace, so neither which pods it reaches is known, nor whether proxies have heard of a pod that says it is ready"
            ),
            "make sure that it reaches the pods of one track only, and let a canary begin with small weights: a pod may be sent requests late",
        )));
    };
    let Some(found) = objects.get(&service) else {
        return Err(Box::new(Finding::blocks(
            "host-not-found",
            reader.object.to_string(),
            format!("there is no {service} behind the host `{host}`"),
            "create it, or mend the host",
        )));
    };
    let selector = labels(&found["spec"]["selector"]);
    if selector.is_empty() {
        return Err(Box::new(Finding::warns(
            "host-not-checked",
            service.to_string(),
            "it has no selector, so which pods it reaches is not known",
            "make sure that it reaches the pods of one track only",
        )));
    }
    Ok(selector)
}

/// The labels of the destination's subset; none where it names no subset.
fn subset(reader: &Reader<'_>, objects: &Objects, destination: &Value) -> Result<Labels, Problem> {
    let Some(name) = destination["subset"].as_str() else {
        return Ok(Labels::new());
    };
    let Some(object) = reader.config.rule() else {
        return Err(reader.problem(
            TargetErrorKind::InvalidConfig,
            "destination-rule-not-named",
            format!("it sends to the subset `{name}`, and no DestinationRule is configured"),
            "set `destination-rule` to the one that defines it",
        ));
    };
    let rule = objects
        .get(&object)
        .ok_or_else(|| Problem::not_found(&object))?;
    let of = &rule["spec"];
    let host = reader.host(destination);
    let defined = list(&of["subsets"])
        .iter()
        .find(|subset| subset["name"] == name)
        .filter(|_| reader.host(of) == host);
    match defined {
        Some(subset) => Ok(labels(&subset["labels"])),
        None => {
            let names: Vec<String> = list(&of["subsets"])
                .iter()
                .filter_map(|subset| Some(format!("`{}`", subset["name"].as_str()?)))
                .collect();
            Err(Problem::new(
                TargetErrorKind::NotFound,
                "subset-not-found",
                &object,
                format!(
                    "it defines no subset `{name}` of `{host}`; it defines {} of `{}`",
                    if names.is_empty() {
                        "none".to_owned()
                    } else {
                        names.join(", ")
                    },
                    of["host"].as_str().unwrap_or_default()
                ),
                "define the subset there, or mend the destination",
            ))
        }
    }
}

/// Both conditions at once; `None` if they exclude each other.
fn merged(selector: &Labels, subset: &Labels) -> Option<Labels> {
    let mut merged = selector.clone();
    for (key, value) in subset {
        match merged.insert(key.clone(), value.clone()) {
            Some(other) if other != *value => return None,
            Some(_) | None => {}
        }
    }
    Some(merged)
}
