//! What stands in the way of a canary by Istio, or is worth knowing, before anything is written.

use std::collections::BTreeMap;

use serde_json::Value;
use strategy_core::Track;
use strategy_core::target::Finding;

use super::virtual_service::{Reader, Split, identity, named};
use super::{destination_rule, preview, traffic, weight};
use crate::object::Objects;
use crate::router::rules::list;
use crate::router::{Beside, TrackLabels};

pub(super) fn findings(
    reader: &Reader<'_>,
    objects: &Objects,
    tracks: &TrackLabels,
) -> Vec<Finding> {
    let mut findings = other_protocols(reader);
    let splits = match reader.splits() {
        Ok(splits) => splits,
        Err(problem) => {
            findings.push(problem.into());
            return findings;
        }
    };
    if let Err(problem) = traffic(reader, &splits) {
        findings.push(problem.into());
    }
    findings.extend(destinations(reader, &splits, objects, tracks));
    findings.extend(shadowed(reader, &splits));
    findings.extend(unsplit(reader, &splits));
    findings.extend(conditional(reader, &splits));
    findings
}

/// Connections that no weight of ours would move.
fn other_protocols(reader: &Reader<'_>) -> Vec<Finding> {
    ["tcp", "tls"]
        .into_iter()
        .filter(|protocol| reader.holds_ours(protocol))
        .map(|protocol| {
            Finding::blocks(
                "not-an-http-route",
                reader.object.to_string(),
                format!("a `{protocol}` route holds one of the two destinations, and only `http` routes are split"),
                "declare the port as HTTP and route it under `http`, or move that route to a VirtualService of its own",
            )
        })
        .collect()
}

fn destinations(
    reader: &Reader<'_>,
    splits: &[Split],
    objects: &Objects,
    tracks: &TrackLabels,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    // All splits share one pair of hosts and subsets.
    let Some(split) = splits.first() else {
        return findings;
    };
    for track in Track::ALL {
        let destination = weight::destination(reader, split, track);
        let host = reader.host(&destination);
        if host.is_half_qualified() {
            findings.push(Finding::warns(
                "host-half-qualified",
                reader.object.to_string(),
                format!("Istio completes a host only when there is no dot in it, so `{host}` may reach nothing"),
                "write the short name, or the whole one with `.svc` and the cluster's domain",
            ));
        }
        for finding in destination_rule::findings(reader, objects, tracks, track, &destination) {
            // One missing Service or rule behind both destinations is one finding.
            if !findings.contains(&finding) {
                findings.push(finding);
            }
        }
    }
    if splits.iter().any(|split| split.candidate.is_none()) {
        findings.push(Finding::warns(
            "destination-will-be-added",
            reader.object.to_string(),
            "the canary's destination is not in the route yet; the first weight above zero adds it",
            "add it with weight 0 if your tools put the VirtualService back as they know it",
        ));
    }
    findings
}

/// Istio takes the first route that matches, so one behind a catch-all is never taken.
fn shadowed(reader: &Reader<'_>, splits: &[Split]) -> Vec<Finding> {
    let http = reader.http();
    let Some(catch_all) = http.iter().position(is_catch_all) else {
        return Vec::new();
    };
    let behind: Vec<&Split> = splits
        .iter()
        .filter(|split| split.route > catch_all)
        .collect();
    let all = behind.len() == splits.len();
    behind
        .into_iter()
        .map(|split| {
            let message = format!(
                "{} is never taken: {} stands before it and matches every request",
                named(split.route, &http[split.route]),
                named(catch_all, &http[catch_all])
            );
            let mend = "put the route that matches every request last";
            let resource = reader.object.to_string();
            if all {
                Finding::blocks("route-shadowed", resource, message, mend)
            } else {
                Finding::warns("route-shadowed", resource, message, mend)
            }
        })
        .collect()
}

/// No condition at all: no `match`, or one entry of it that asks for nothing or for every path.
fn is_catch_all(route: &Value) -> bool {
    let matches = list(&route["match"]);
    matches.is_empty()
        || matches.iter().any(|entry| {
            entry.as_object().is_some_and(|entry| {
                entry.iter().all(|(field, condition)| {
                    field == "name" || (field == "uri" && condition["prefix"] == "/")
                })
            })
        })
}

/// Routes that hold one of the two destinations and keep it whatever the weight.
fn unsplit(reader: &Reader<'_>, splits: &[Split]) -> Vec<Finding> {
    let findings = fixed(reader, splits).map(|(index, route, reached)| {
        let (code, mend) = match reached {
            Reached::Candidate => (
                "route-to-canary",
                "make sure that this is meant, and that those who use it expect it to fail",
            ),
            Reached::Stable => (
                "route-to-stable",
                "give it the canary's destination with weight 0 if it should take part",
            ),
            Reached::Both => (
                "route-not-named",
                "add its name to `routes` if it should take part",
            ),
        };
        let message = format!("{} sends to {}", named(index, route), reached.words());
        Finding::warns(code, reader.object.to_string(), message, mend)
    });
    findings.collect()
}

/// These routes by name and match, since others may come to stand before them.
pub(super) fn beside(reader: &Reader<'_>, splits: &[Split]) -> BTreeMap<String, Beside> {
    let fixed = fixed(reader, splits).map(|(index, route, reached)| {
        let key = Value::Object(identity(route)).to_string();
        let words = format!("{} sends to {}", named(index, route), reached.words());
        (
            format!("{key} {reached:?}"),
            Beside {
                object: reader.object.clone(),
                words,
            },
        )
    });
    fixed.collect()
}

/// Which tracks a route reaches.
#[derive(Clone, Copy, Debug)]
enum Reached {
    Stable,
    Candidate,
    Both,
}

impl Reached {
    const fn words(self) -> &'static str {
        match self {
            Self::Candidate => "the canary, whatever the weight, also before and after the rollout",
            Self::Stable => "stable, whatever the weight",
            Self::Both => "both destinations, and it is not among the configured `routes`",
        }
    }
}

fn fixed<'a>(
    reader: &'a Reader<'_>,
    splits: &'a [Split],
) -> impl Iterator<Item = (usize, &'a Value, Reached)> {
    let others = reader.http().iter().enumerate().filter(|(index, route)| {
        !preview::is_ours(route) && !splits.iter().any(|split| split.route == *index)
    });
    others.filter_map(|(index, route)| {
        let holds = |track| {
            list(&route["route"])
                .iter()
                .any(|entry| reaches(reader, splits, track, &entry["destination"]))
        };
        let reached = match (holds(Track::Stable), holds(Track::Candidate)) {
            (false, false) => return None,
            (false, true) => Reached::Candidate,
            (true, false) => Reached::Stable,
            (true, true) => Reached::Both,
        };
        Some((index, route, reached))
    })
}

/// Whether a destination is a track's, or any subset of a host that is the track's alone.
fn reaches(reader: &Reader<'_>, splits: &[Split], track: Track, destination: &Value) -> bool {
    if matches!(reader.track_of(destination), Ok(Some(of)) if of == track) {
        return true;
    }
    let host = |track| {
        let split = splits.first()?;
        Some(reader.host(&weight::destination(reader, split, track)))
    };
    let own = host(track);
    own != host(track.other()) && own.is_some_and(|own| own == reader.host(destination))
}

/// A weight counts only for the requests that match; without a catch-all the others have no route.
fn conditional(reader: &Reader<'_>, splits: &[Split]) -> Vec<Finding> {
    let http = reader.http();
    if splits.iter().any(|split| is_catch_all(&http[split.route])) {
        return Vec::new();
    }
    let rest = if http.iter().any(is_catch_all) {
        "all others take another route"
    } else {
        "all others have no route at all"
    };
    vec![Finding::warns(
        "route-conditional",
        reader.object.to_string(),
        format!("weights count only for requests that match the routes that are split; {rest}"),
        "add a last route without `match` that holds both destinations, if all requests should take part",
    )]
}
