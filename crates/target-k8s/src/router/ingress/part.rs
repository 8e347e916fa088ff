//! The router's own part of an Ingress: what it was, and how it is put back.

use serde_json::{Value, json};

use super::backend::{Reader, all};
use crate::object::Objects;
use crate::router::problem::Problem;
use crate::router::rules::list;

/// Every backend that is moved, its port too, by what tells it from the others whatever stands before it.
pub(super) fn owned(reader: &Reader<'_>) -> Value {
    let moved = reader.moved().into_iter();
    let moved: Value = moved
        .map(|backend| {
            json!({
                "key": backend.key,
                "alike": backend.alike,
                "service": backend.content["service"],
            })
        })
        .collect();
    json!({ "backends": moved })
}

/// As it was in `recorded`, as far as its places are still there. What names one of the two Services since then moves with the rest.
pub(super) fn restored(reader: &Reader<'_>, recorded: &Value) -> Result<Objects, Problem> {
    let recorded = list(&recorded["backends"]);
    let live = recorded
        .first()
        .and_then(|found| found["service"]["name"].as_str());
    let Some(live) = live else {
        return Err(Problem::not_ours(reader.object));
    };
    let mut after = reader.ingress.clone();
    for backend in reader.moved() {
        backend.rename(&mut after, live);
    }
    let there = all(reader.ingress);
    for found in recorded {
        let is_it = |alike: u64, key: &Value| found["alike"] == alike && found["key"] == *key;
        let backend = there
            .iter()
            .find(|backend| is_it(backend.alike, &backend.key));
        if let Some(backend) = backend {
            backend.put_back(&mut after, &found["service"]);
        }
    }
    Ok(reader.if_changed(after))
}
