//! The weights of the two backends of a rule.
//!
//! They are whole numbers from 0 to 1 000 000, 1 where none is given, and count relative to their sum.
//! What is written always sums to 1000, so the smallest step is one per mille. A rule that already has
//! the wanted share is left as it is, whatever its sum.

use serde_json::{Map, Value, json};
use strategy_core::target::TargetErrorKind;
use strategy_core::{Track, Weight};

use super::route::{Reader, Split, describe, named};
use crate::router::problem::Problem;
use crate::router::rules::{list, share};

/// The largest weight that the definitions allow.
const LARGEST: u64 = 1_000_000;

/// The weight of a backend that gives none.
pub(super) const ABSENT: u32 = 1;

/// The candidate's share of the requests of one rule.
pub(super) fn read(reader: &Reader<'_>, split: &Split) -> Result<Weight, Problem> {
    let rule = &reader.rules()[split.rule];
    let (mut stable, mut candidate) = (0, 0);
    for (place, entry) in list(&rule["backendRefs"]).iter().enumerate() {
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
                    "{} also sends weight {weight} to {}, so a share of the rest is no share of all",
                    named(split.rule, rule),
                    describe(entry)
                ),
                "give that backend weight 0 or a rule of its own while the rollout runs",
            ));
        }
    }
    if stable + candidate == 0 {
        return Err(reader.problem(
            TargetErrorKind::InvalidConfig,
            "weights-unusable",
            format!(
                "all weights of {} are 0, so its requests are answered with an error",
                named(split.rule, rule)
            ),
            "give stable's backend weight 1 and the canary's weight 0",
        ));
    }
    Ok(share(candidate, stable + candidate))
}

fn number(reader: &Reader<'_>, split: &Split, entry: &Value) -> Result<u32, Problem> {
    match entry.get("weight") {
        None | Some(Value::Null) => Ok(ABSENT),
        Some(weight) => weight
            .as_u64()
            .filter(|weight| *weight <= LARGEST)
            .and_then(|weight| u32::try_from(weight).ok())
            .ok_or_else(|| {
                reader.problem(
                    TargetErrorKind::InvalidConfig,
                    "weights-unusable",
                    format!(
                        "{} has the weight {weight}, which is no whole number from 0 to {LARGEST}",
                        named(split.rule, &reader.rules()[split.rule])
                    ),
                    "write the weights as whole numbers",
                )
            }),
    }
}

/// The candidate's weight of 1000 to write.
pub(super) fn per_mille(reader: &Reader<'_>, weight: Weight) -> Result<u16, Problem> {
    let points = weight.basis_points();
    if !points.is_multiple_of(10) {
        return Err(reader.problem(
            TargetErrorKind::Unsupported,
            "weight-too-fine",
            format!("{weight} is no whole number per mille, which is what is written here"),
            "ask for a multiple of 0.1%",
        ));
    }
    Ok(points / 10)
}

/// The same for a share that is recorded: rounded down where it is too fine.
pub(super) fn at_most(weight: Weight) -> u16 {
    weight.basis_points() / 10
}

/// Puts the weights into a rule, with an entry for the candidate where it has none and needs one.
pub(super) fn write(rule: &mut Value, split: &Split, written: u16, candidate: &Value) {
    let Some(entries) = rule.get_mut("backendRefs").and_then(Value::as_array_mut) else {
        return;
    };
    let mut set = |place: usize, weight: u16| {
        if let Some(entry) = entries.get_mut(place).and_then(Value::as_object_mut) {
            entry.insert("weight".to_owned(), json!(weight));
        }
    };
    set(split.stable, 1000 - written);
    match split.candidate {
        Some(place) => set(place, written),
        None if written > 0 => {
            let mut added = candidate.clone();
            added["weight"] = json!(written);
            entries.push(added);
        }
        None => {}
    }
}

/// Every backend of a rule with its weight: a third one changes what ours mean.
pub(super) fn owned(rule: &Value) -> Value {
    list(&rule["backendRefs"])
        .iter()
        .map(|entry| {
            let mut owned = json!({ "backend": reference(entry) });
            if let Some(weight) = entry.get("weight") {
                owned["weight"] = weight.clone();
            }
            owned
        })
        .collect()
}

/// The fields of an entry that say where it sends to.
const REFERENCE: [&str; 5] = ["group", "kind", "name", "namespace", "port"];

/// What of an entry says where it sends to.
fn reference(entry: &Value) -> Value {
    let reference: Map<String, Value> = REFERENCE
        .into_iter()
        .filter_map(|field| Some((field.to_owned(), entry.get(field)?.clone())))
        .collect();
    Value::Object(reference)
}

/// The weights of our two backends as recorded; the entry that a rollout added goes again.
pub(super) fn restore(
    reader: &Reader<'_>,
    rule: &mut Value,
    recorded: &Value,
) -> Result<(), Problem> {
    let Some(entries) = rule.get_mut("backendRefs").and_then(Value::as_array_mut) else {
        return Ok(());
    };
    let mut missing: Vec<(Track, &Value)> = Vec::new();
    for found in list(recorded) {
        if let Some(track) = reader.track_of(&found["backend"])? {
            missing.push((track, found));
        }
    }
    let there: Vec<Value> = entries.iter().map(reference).collect();
    let mut kept = Vec::with_capacity(entries.len());
    for mut entry in std::mem::take(entries) {
        let Some(track) = reader.track_of(&entry)? else {
            kept.push(entry);
            continue;
        };
        let is = reference(&entry);
        let same = missing.iter().position(|(_, found)| found["backend"] == is);
        // Somebody let it send to another port: what else it holds is not ours to take.
        let moved =
            |(of, found): &(Track, &Value)| *of == track && !there.contains(&found["backend"]);
        let place = same.or_else(|| missing.iter().position(moved));
        let Some(place) = place else { continue };
        let (_, found) = missing.remove(place);
        if let Some(entry) = entry.as_object_mut() {
            let backend = REFERENCE.map(|field| (field, found["backend"].get(field)));
            for (field, value) in backend.into_iter().chain([("weight", found.get("weight"))]) {
                match value {
                    Some(value) => entry.insert(field.to_owned(), value.clone()),
                    None => entry.remove(field),
                };
            }
        }
        kept.push(entry);
    }
    for (_, found) in missing {
        let mut entry = found["backend"].clone();
        if let Some(weight) = found.get("weight") {
            entry["weight"] = weight.clone();
        }
        kept.push(entry);
    }
    *entries = kept;
    Ok(())
}

/// The backend of a track in a rule, as it stands or as it would be added beside stable's: whole, as
/// the server would complete it, so that what is read back is what was written.
pub(super) fn backend(reader: &Reader<'_>, split: &Split, track: Track) -> Value {
    let entries = &reader.rules()[split.rule]["backendRefs"];
    let stable = reference(&entries[split.stable]);
    match (track, split.candidate) {
        (Track::Stable, _) => stable,
        (Track::Candidate, Some(place)) => reference(&entries[place]),
        (Track::Candidate, None) => {
            let config = &reader.config.canary;
            let mut added = json!({"group": "", "kind": "Service", "name": config.service});
            let namespace = config.namespace.as_deref().map(Value::from);
            let port = config.port.map(Value::from);
            let port = port.or_else(|| stable.get("port").cloned());
            for (field, value) in [("namespace", namespace), ("port", port)] {
                if let Some(value) = value {
                    added[field] = value;
                }
            }
            added
        }
    }
}
