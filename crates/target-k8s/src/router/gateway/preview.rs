//! Header routes to the candidate: rules of our own behind all others.
//!
//! Of all rules that match a request, the one with the most specific path wins, then method, then the
//! number of headers, and only then the order of the rules. So a copy of a rule with one header more
//! goes before that rule wherever it stands, and at the end of the list it takes nothing from a rule of
//! somebody else that is as specific. Each copy keeps filters, timeouts and fields nobody here knows,
//! and has the candidate as its only backend. Names like `rollway-1-0-header` are reserved for them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use strategy_core::target::TargetErrorKind;
use strategy_core::{Route, RouteBy, Track};

use super::route::{Reader, Split};
use super::{mirror, weight};
use crate::object::ObjectRef;
use crate::router::Needed;
use crate::router::problem::Problem;
use crate::router::rules::list;

/// The most rules that the definitions allow in one route.
const MOST: usize = 16;

/// The most matches that they allow in all of these together.
const MOST_MATCHES: usize = 128;

/// Rules have names since v1.4 of the standard definitions; ours are known by them.
pub(super) const fn needs(object: ObjectRef) -> Needed {
    Needed {
        object,
        field: "spec.rules[].name",
        by: "a route by header",
        mend: "install the definitions of Gateway API v1.4 or later, or do without routes",
    }
}

/// Whether a rule has a name that only we give.
pub(super) fn is_ours(rule: &Value) -> bool {
    parse_name(rule).is_some()
}

/// Which split, and which of its routes.
fn parse_name(rule: &Value) -> Option<(usize, usize)> {
    let rest = rule["name"].as_str()?.strip_prefix("rollway-")?;
    let (split, number) = rest.strip_suffix("-header")?.split_once('-')?;
    let number_of = |text: &str| {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse().ok()).flatten()
    };
    Some((number_of(split)?, number_of(number)?))
}

/// What our rules send to the candidate, alike for every split.
pub(super) fn read(reader: &Reader<'_>, splits: usize) -> Result<Vec<Route>, Problem> {
    let mut by_split: BTreeMap<usize, BTreeMap<usize, Route>> = BTreeMap::new();
    for rule in reader.rules() {
        if let Some((split, number)) = parse_name(rule) {
            let of = by_split.entry(split).or_default();
            if of.insert(number, parse(reader, rule)?).is_some() {
                return Err(changed(reader, rule));
            }
        }
    }
    let mut routes = by_split.into_values();
    let Some(first) = routes.next() else {
        return Ok(Vec::new());
    };
    let others: Vec<_> = routes.collect();
    if others.len() + 1 != splits || others.iter().any(|other| *other != first) {
        return Err(reader.problem(
            TargetErrorKind::Ambiguous,
            "preview-route-astray",
            "the rules named `rollway-...` are not the same for all rules that are split",
            "remove them",
        ));
    }
    Ok(first.into_values().collect())
}

/// The rules to put behind all others.
pub(super) fn build(
    reader: &Reader<'_>,
    splits: &[Split],
    routes: &[Route],
) -> Result<Vec<Value>, Problem> {
    let mut built = Vec::new();
    for (ordinal, split) in splits.iter().enumerate() {
        for (number, route) in routes.iter().enumerate() {
            let name = format!("rollway-{}-{number}-header", ordinal + 1);
            built.push(build_one(reader, split, name, route)?);
        }
    }
    let others = || reader.rules().iter().filter(|rule| !is_ours(rule));
    let matches = |rule: &Value| list(&rule["matches"]).len();
    let sum = others().chain(&built).map(matches).sum::<usize>();
    if sum > MOST_MATCHES && !built.is_empty() {
        return Err(reader.problem(
            TargetErrorKind::Unsupported,
            "route-full",
            format!(
                "with the rules for previews there would be {sum} matches, and {MOST_MATCHES} is the most that a route may have"
            ),
            "move some of its rules to a route of their own, or ask for fewer previews",
        ));
    }
    let others = others().count();
    if others + built.len() > MOST && !built.is_empty() {
        return Err(reader.problem(
            TargetErrorKind::Unsupported,
            "route-full",
            format!(
                "it has {others} rules, and with {} for previews there would be more than {MOST}, which is the most that a route may have",
                built.len()
            ),
            "move some of its rules to a route of their own, or ask for fewer previews",
        ));
    }
    Ok(built)
}

fn build_one(
    reader: &Reader<'_>,
    split: &Split,
    name: String,
    preview: &Route,
) -> Result<Value, Problem> {
    let mut rule = reader.rules()[split.rule].clone();
    let candidate = weight::backend(reader, split, Track::Candidate);
    mirror::remove(reader, &mut rule, &candidate);
    let mut entry = match split.candidate {
        Some(place) => rule["backendRefs"][place].clone(),
        None => candidate,
    };
    entry["weight"] = json!(1);
    let mut matches = match list(&rule["matches"]) {
        [] => vec![json!({})],
        matches => matches.to_vec(),
    };
    for entry in &mut matches {
        add_condition(reader, entry, preview)?;
    }
    if let Some(rule) = rule.as_object_mut() {
        rule.insert("name".to_owned(), Value::String(name));
        rule.insert("matches".to_owned(), Value::Array(matches));
        rule.insert("backendRefs".to_owned(), json!([entry]));
    }
    Ok(rule)
}

fn add_condition(reader: &Reader<'_>, entry: &mut Value, preview: &Route) -> Result<(), Problem> {
    let refused = |code, message: String, mend: &str| {
        Err(reader.problem(TargetErrorKind::Unsupported, code, message, mend))
    };
    if preview.by != RouteBy::Header {
        return refused(
            "route-not-known",
            format!(
                "requests cannot be told apart by {preview} here: what a regular expression over a header means differs between implementations"
            ),
            "route by a header",
        );
    }
    if preview.value.is_empty() {
        return refused(
            "route-not-known",
            format!("a header cannot be asked to be empty, as in {preview}"),
            "give it a value",
        );
    }
    let is_taken = list(&entry["headers"]).iter().any(|header| {
        let name = header["name"].as_str();
        name.is_some_and(|name| name.eq_ignore_ascii_case(&preview.name))
    });
    if is_taken {
        return refused(
            "header-taken",
            format!(
                "a rule to be split matches on the header `{}` already",
                preview.name
            ),
            "choose another header for the preview",
        );
    }
    let Some(entry) = entry.as_object_mut() else {
        return Ok(());
    };
    // As the server would complete it.
    if reader.object.kind == "HTTPRoute" {
        let any = || json!({"type": "PathPrefix", "value": "/"});
        entry.entry("path").or_insert_with(any);
    }
    let headers = entry.entry("headers").or_insert_with(|| json!([]));
    if let Some(headers) = headers.as_array_mut() {
        headers.push(json!({"type": "Exact", "name": preview.name, "value": preview.value}));
    }
    Ok(())
}

/// Header and value are read from the condition itself; a rule that we would not have written so is an
/// error.
fn parse(reader: &Reader<'_>, rule: &Value) -> Result<Route, Problem> {
    let last = |entry: &Value| list(&entry["headers"]).last().cloned();
    let mut matches = list(&rule["matches"]).iter().map(last);
    let header = matches.next().flatten();
    let header = header.ok_or_else(|| changed(reader, rule))?;
    let is_exact = header["type"].as_str().unwrap_or("Exact") == "Exact";
    let (name, value) = (header["name"].as_str(), header["value"].as_str());
    let [entry] = list(&rule["backendRefs"]) else {
        return Err(changed(reader, rule));
    };
    let is_candidate = reader.track_of(entry)? == Some(Track::Candidate);
    match name.zip(value) {
        Some((name, value))
            if is_exact
                && is_candidate
                && entry["weight"] != 0
                && matches.all(|other| other.as_ref() == Some(&header)) =>
        {
            Ok(Route {
                by: RouteBy::Header,
                name: name.to_owned(),
                value: value.to_owned(),
            })
        }
        Some(_) | None => Err(changed(reader, rule)),
    }
}

fn changed(reader: &Reader<'_>, rule: &Value) -> Problem {
    reader.problem(
        TargetErrorKind::Ambiguous,
        "preview-route-changed",
        format!(
            "rule `{}` was changed by hand and is no preview any more",
            rule["name"].as_str().unwrap_or_default()
        ),
        "remove it",
    )
}

/// Our rules with their places.
pub(super) fn owned(rules: &[Value]) -> Value {
    let rules = rules.iter().enumerate();
    rules
        .filter(|(_, rule)| is_ours(rule))
        .map(|(at, rule)| json!({ "at": at, "rule": rule }))
        .collect()
}

/// As they were in `recorded`, among rules that are not ours.
pub(super) fn restore(rules: &mut Vec<Value>, recorded: &Value) {
    for found in list(recorded) {
        let at = found["at"].as_u64().and_then(|at| usize::try_from(at).ok());
        let at = at.unwrap_or(rules.len()).min(rules.len());
        rules.insert(at, found["rule"].clone());
    }
}
