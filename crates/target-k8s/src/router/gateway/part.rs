//! The router's own part of a route: what it was, and how it is put back.

use serde_json::{Value, json};
use strategy_core::Track;
use strategy_core::target::TargetErrorKind;

use super::route::{Reader, Split, identity};
use super::{if_changed, mirror, preview, weight};
use crate::object::Objects;
use crate::router::problem::Problem;
use crate::router::rules::list;

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

/// As it was in `recorded`.
pub(super) fn restored(reader: &Reader<'_>, recorded: &Value) -> Result<Objects, Problem> {
    if list(&recorded["rules"]).is_empty() {
        return Err(Problem::not_ours(reader.object));
    }
    let mut rules = reader.rules().to_vec();
    rules.retain(|rule| !preview::is_ours(rule));
    for found in list(&recorded["rules"]) {
        let place = place(reader, &rules, found)?;
        let rule = &mut rules[place];
        weight::restore(reader, rule, &found["backends"])?;
        mirror::restore(reader, rule, &found["mirror"], &found["candidate"]);
    }
    preview::restore(&mut rules, &recorded["previews"]);
    Ok(if_changed(reader, rules))
}

/// Where a recorded rule stands now, among rules that are not ours to add.
fn place(reader: &Reader<'_>, rules: &[Value], found: &Value) -> Result<usize, Problem> {
    let key = found["key"].as_object();
    let alike = found["alike"]
        .as_u64()
        .and_then(|alike| usize::try_from(alike).ok());
    let mut same = rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| Some(&identity(rule)) == key);
    let place = same.nth(alike.unwrap_or(0)).map(|(place, _)| place);
    place.ok_or_else(|| {
        let name = key.and_then(|key| key.get("name")).and_then(Value::as_str);
        reader.problem(
            TargetErrorKind::NotFound,
            "recorded-route-gone",
            match name {
                Some(name) => format!("the rule `{name}` that the rollout began with is gone"),
                None => {
                    "a rule that the rollout began with is gone or matches differently".to_owned()
                }
            },
            "put it back with the name and the matches it had",
        )
    })
}
