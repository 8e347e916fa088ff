//! The weights of the two destinations of a route.
//!
//! Istio's weights are whole numbers and count relative to their sum, which need not be 100. What is
//! written always sums to 100, because older releases of Istio accept nothing else; so the smallest
//! step is 1%. A route that already has the wanted share is left as it is, whatever its sum.

use serde_json::{Value, json};
use strategy_core::target::TargetErrorKind;
use strategy_core::{Track, Weight};

use super::virtual_service::{Reader, Split, describe, named};
use crate::router::problem::Problem;
use crate::router::rules::{list, share};

/// The weight of a destination that gives none.
pub(super) const ABSENT: u32 = 0;

/// The candidate's share of the requests of one route.
pub(super) fn read(reader: &Reader<'_>, split: &Split) -> Result<Weight, Problem> {
    let route = &reader.http()[split.route];
    let entries = list(&route["route"]);
    if entries.len() == 1 {
        // A single destination has all requests, whatever its weight says.
        return Ok(Weight::ZERO);
    }
    let (mut stable, mut candidate) = (0, 0);
    for (place, entry) in entries.iter().enumerate() {
        let weight = number(reader, split, entry)?;
        if place == split.stable {
            stable = weight;
        } else if Some(place) == split.candidate {
            candidate = weight;
        } else if weight > 0 {
            return Err(reader.problem(
                TargetErrorKind::Unsupported,
                "third-destination",
                format!(
                    "{} also sends weight {weight} to {}, so a share of the rest is no whole weight",
                    named(split.route, route),
                    describe(&entry["destination"])
                ),
                "give that destination weight 0 or a route of its own while the rollout runs",
            ));
        }
    }
    let Some(sum) = stable.checked_add(candidate).filter(|sum| *sum > 0) else {
        return Err(reader.problem(
            TargetErrorKind::InvalidConfig,
            "weights-unusable",
            format!(
                "the weights of {} sum to nothing usable",
                named(split.route, route)
            ),
            "give stable's destination weight 100 and the canary's weight 0",
        ));
    };
    Ok(share(candidate, sum))
}

fn number(reader: &Reader<'_>, split: &Split, entry: &Value) -> Result<u32, Problem> {
    match entry.get("weight") {
        None | Some(Value::Null) => Ok(ABSENT),
        Some(weight) => weight
            .as_u64()
            .and_then(|weight| u32::try_from(weight).ok())
            .ok_or_else(|| {
                reader.problem(
                    TargetErrorKind::InvalidConfig,
                    "weights-unusable",
                    format!(
                        "{} has the weight {weight}, which is no whole number from 0 up",
                        named(split.route, &reader.http()[split.route])
                    ),
                    "write the weights as whole numbers",
                )
            }),
    }
}

/// The weights to write: stable's and the candidate's.
pub(super) fn whole(reader: &Reader<'_>, weight: Weight) -> Result<Written, Problem> {
    let points = u32::from(weight.basis_points());
    if !points.is_multiple_of(100) {
        return Err(reader.problem(
            TargetErrorKind::Unsupported,
            "weight-too-fine",
            format!("{weight} is no whole percentage, and Istio's weights are whole numbers"),
            "ask for a whole percentage",
        ));
    }
    Ok(Written {
        stable: 100 - points / 100,
        candidate: points / 100,
    })
}

/// The same for a share that is recorded: rounded down where it is too fine.
pub(super) fn at_most(weight: Weight) -> Written {
    let candidate = u32::from(weight.basis_points() / 100);
    Written {
        stable: 100 - candidate,
        candidate,
    }
}

/// Weights that sum to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    stable: u32,
    candidate: u32,
}

/// Puts the weights into a route, with an entry for the candidate where it has none and needs one.
pub(super) fn write(route: &mut Value, split: &Split, written: Written, candidate: &Value) {
    let Some(entries) = route.get_mut("route").and_then(Value::as_array_mut) else {
        return;
    };
    let mut set = |place: usize, weight: u32| {
        if let Some(entry) = entries.get_mut(place).and_then(Value::as_object_mut) {
            entry.insert("weight".to_owned(), json!(weight));
        }
    };
    set(split.stable, written.stable);
    match split.candidate {
        Some(place) => set(place, written.candidate),
        None if written.candidate > 0 => entries.push(json!({
            "destination": candidate,
            "weight": written.candidate,
        })),
        None => {}
    }
}

/// Every destination of a route with its weight: a third one changes what ours mean.
pub(super) fn owned(route: &Value) -> Value {
    list(&route["route"])
        .iter()
        .map(|entry| {
            let mut owned = json!({ "destination": entry["destination"] });
            if let (Some(weight), Value::Object(owned)) = (entry.get("weight"), &mut owned) {
                owned.insert("weight".to_owned(), weight.clone());
            }
            owned
        })
        .collect()
}

/// The weights of our two destinations as recorded; the entry that a rollout added goes again.
pub(super) fn restore(
    reader: &Reader<'_>,
    route: &mut Value,
    recorded: &Value,
) -> Result<(), Problem> {
    let ours = |entry: &Value| -> Result<bool, Problem> {
        Ok(reader.track_of(&entry["destination"])?.is_some())
    };
    let Some(entries) = route.get_mut("route").and_then(Value::as_array_mut) else {
        return Ok(());
    };
    let mut missing: Vec<&Value> = Vec::new();
    for entry in list(recorded) {
        if ours(entry)? {
            missing.push(entry);
        }
    }
    let mut kept = Vec::with_capacity(entries.len());
    for mut entry in std::mem::take(entries) {
        if !ours(&entry)? {
            kept.push(entry);
            continue;
        }
        let place = missing
            .iter()
            .position(|found| found["destination"] == entry["destination"]);
        let Some(place) = place else { continue };
        let found = missing.remove(place);
        if let Some(entry) = entry.as_object_mut() {
            match found.get("weight") {
                Some(weight) => entry.insert("weight".to_owned(), weight.clone()),
                None => entry.remove("weight"),
            };
        }
        kept.push(entry);
    }
    kept.extend(missing.into_iter().cloned());
    *entries = kept;
    Ok(())
}

/// The destination of a track in a route, as it stands or as it would be added beside stable's.
pub(super) fn destination(reader: &Reader<'_>, split: &Split, track: Track) -> Value {
    let entries = &reader.http()[split.route]["route"];
    let stable = &entries[split.stable]["destination"];
    match (track, split.candidate) {
        (Track::Stable, _) => stable.clone(),
        (Track::Candidate, Some(place)) => entries[place]["destination"].clone(),
        (Track::Candidate, None) => {
            let mut added = stable.clone();
            let config = &reader.config.canary;
            if let Some(added) = added.as_object_mut() {
                if let Some(host) = &config.host {
                    added.insert("host".to_owned(), json!(host));
                }
                match &config.subset {
                    Some(subset) => added.insert("subset".to_owned(), json!(subset)),
                    None => added.remove("subset"),
                };
            }
            added
        }
    }
}
