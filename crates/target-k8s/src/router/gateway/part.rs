//! The router's own part of a route: what it was, and how it is put back.

use serde_json::{Value, json};
use strategy_core::Track;

use super::route::{Reader, Split, identity};
use super::{if_changed, mirror, preview, weight};
use crate::object::Objects;
use crate::router::problem::Problem;
use crate::router::rules::{self, list, recorded_share};

/// Every field of a route that we may write, rule by rule; a rule is known by its name and its
/// matches, and by how many alike stand before it.
pub(super) fn owned(reader: &Reader<'_>, splits: &[Split]) -> Value {
    let all = reader.rules();
    let rules: Vec<Value> = splits
        .iter()
        .map(|split| {
            let rule = &all[split.rule];
            let key = identity(rule);
            let before = all[..split.rule].iter();
            let alike = before
                .filter(|other| !preview::is_ours(other) && identity(other) == key)
                .count();
            let candidate = weight::backend(reader, split, Track::Candidate);
            json!({
                "key": key,
                "alike": alike,
                "candidate": candidate,
                "backends": weight::owned(rule),
                "mirror": mirror::owned(reader, rule, &candidate),
            })
        })
        .collect();
    json!({ "rules": rules, "previews": preview::owned(all) })
}

/// As it was in `recorded`, as far as its rules are still there. What shares between the two backends since then
/// goes home with the rest: whoever put it there, it must not keep a candidate that is taken back.
pub(super) fn restored(reader: &Reader<'_>, recorded: &Value) -> Result<Objects, Problem> {
    let [first, ..] = list(&recorded["rules"]) else {
        return Err(Problem::not_ours(reader.object));
    };
    let track_of = |found: &Value| reader.track_of(&found["backend"]);
    let home = recorded_share(&first["backends"], weight::ABSENT, track_of)?;
    let mut rules = reader.rules().to_vec();
    let found: Vec<(usize, &Value)> = list(&recorded["rules"])
        .iter()
        .filter_map(|found| Some((place(&rules, found)?, found)))
        .collect();
    // What cannot be told apart is not ours to move.
    for split in reader.splits().unwrap_or_default() {
        if found.iter().all(|(place, _)| *place != split.rule) {
            let candidate = weight::backend(reader, &split, Track::Candidate);
            let rule = &mut rules[split.rule];
            if weight::read(reader, &split).ok() != Some(home) {
                weight::write(rule, &split, weight::at_most(home), &candidate);
            }
            mirror::remove(reader, rule, &candidate);
        }
    }
    for (place, found) in found {
        let rule = &mut rules[place];
        weight::restore(reader, rule, &found["backends"])?;
        mirror::restore(reader, rule, &found["mirror"], &found["candidate"]);
    }
    rules.retain(|rule| !preview::is_ours(rule));
    preview::restore(&mut rules, &recorded["previews"]);
    Ok(if_changed(reader, rules))
}

fn place(rules: &[Value], recorded: &Value) -> Option<usize> {
    rules::place(rules, recorded, preview::is_ours, identity)
}
