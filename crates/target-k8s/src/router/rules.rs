//! What routers have in common whose object is a list of rules, each with the weights of its backends.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use strategy_core::{Track, Weight};

use super::problem::Problem;
use crate::object::{ObjectRef, Objects};

/// The elements of an array; none if it is not there.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The objects that a configuration names, by whatever version they are there and each once, in the order in which
/// they are written; `none` is what is wrong where it names no object.
pub(super) fn named_objects(
    objects: &Objects,
    wanted: impl IntoIterator<Item = ObjectRef>,
    none: impl FnOnce() -> Problem,
) -> Result<BTreeMap<&ObjectRef, &Value>, Problem> {
    let mut named = BTreeMap::new();
    for wanted in wanted {
        let found = objects.iter().find(|(object, _)| object.is_same(&wanted));
        let (object, content) = found.ok_or_else(|| Problem::not_found(&wanted))?;
        named.insert(object, content);
    }
    if named.is_empty() {
        return Err(none());
    }
    Ok(named)
}

/// What tells a rule from the others whatever stands before it, by those fields of it that do.
pub(super) fn identity(rule: &Value, fields: [&str; 2]) -> Map<String, Value> {
    fields
        .into_iter()
        .filter_map(|field| Some((field.to_owned(), rule.get(field)?.clone())))
        .collect()
}

/// Where a rule that was recorded by its identity (`key`) and by how many `alike` stood before it stands now, among
/// those that are not ours to add; `None`: it is gone, or is told apart by something else.
pub(super) fn place(
    rules: &[Value],
    recorded: &Value,
    is_ours: fn(&Value) -> bool,
    identity: fn(&Value) -> Map<String, Value>,
) -> Option<usize> {
    let key = recorded["key"].as_object();
    let alike = recorded["alike"].as_u64().unwrap_or(0);
    let alike = usize::try_from(alike).ok()?;
    let mut same = rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| !is_ours(rule) && Some(&identity(rule)) == key);
    same.nth(alike).map(|(place, _)| place)
}

/// The candidate's share in a rule as it was recorded; `absent` is the weight of an entry that gives none.
pub(super) fn recorded_share<E>(
    recorded: &Value,
    absent: u32,
    track_of: impl Fn(&Value) -> Result<Option<Track>, E>,
) -> Result<Weight, E> {
    let (mut candidate, mut sum) = (0_u32, 0_u32);
    for entry in list(recorded) {
        let weight = entry["weight"].as_u64();
        let weight = weight.map_or(absent, |weight| u32::try_from(weight).unwrap_or(u32::MAX));
        match track_of(entry)? {
            Some(Track::Candidate) => candidate = candidate.saturating_add(weight),
            Some(Track::Stable) => {}
            None => continue,
        }
        sum = sum.saturating_add(weight);
    }
    Ok(if sum == 0 {
        Weight::ZERO
    } else {
        share(candidate, sum)
    })
}

/// A rule as messages call it, `word` being what it is; the index is for people, nothing is looked up by it.
pub(super) fn named(word: &str, index: usize, rule: &Value) -> String {
    match rule["name"].as_str() {
        Some(name) => format!("{word} `{name}`"),
        None => format!("{word} {}", index + 1),
    }
}

/// The candidate's share, rounded; but a track that has any requests is never said to have none.
pub(super) fn share(candidate: u32, sum: u32) -> Weight {
    let smallest = Weight::of(1, 10_000);
    match Weight::of(candidate, sum) {
        weight if candidate > 0 && candidate < sum => weight.clamp(smallest, smallest.rest()),
        weight => weight,
    }
}
