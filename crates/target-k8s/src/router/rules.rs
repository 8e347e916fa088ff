//! What routers have in common whose object is a list of rules, each with the weights of its backends.

use serde_json::{Map, Value};
use strategy_core::Weight;

/// The elements of an array; none if it is not there.
pub(super) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// What tells a rule from the others whatever stands before it, by those fields of it that do.
pub(super) fn identity(rule: &Value, fields: [&str; 2]) -> Map<String, Value> {
    fields
        .into_iter()
        .filter_map(|field| Some((field.to_owned(), rule.get(field)?.clone())))
        .collect()
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
