//! Header and cookie routes to the candidate: routes of our own, each directly before the route whose
//! requests it takes.
//!
//! Each is a copy of that route (its rewrites, timeouts, retries and fields nobody here knows) with
//! the header as one more condition in every match and the candidate as its only destination. Names
//! that begin like `rollway-1-0-header-` are reserved for them.

use std::ops::Range;

use serde_json::{Map, Value, json};
use strategy_core::target::TargetErrorKind;
use strategy_core::{Route, RouteBy, Track};

use super::virtual_service::{Reader, Split};
use super::{mirror, weight};
use crate::router::problem::Problem;
use crate::router::rules::list;

/// Whether a route has a name that only we give.
pub(super) fn is_ours(route: &Value) -> bool {
    parse_name(route).is_some()
}

/// Our routes that stand directly before a split.
pub(super) fn block(http: &[Value], split: &Split) -> Range<usize> {
    let length = http[..split.route]
        .iter()
        .rev()
        .take_while(|route| is_ours(route))
        .count();
    split.route - length..split.route
}

/// What the routes directly before a split send to the candidate.
pub(super) fn read(reader: &Reader<'_>, split: &Split) -> Result<Vec<Route>, Problem> {
    reader.http()[block(reader.http(), split)]
        .iter()
        .map(|route| parse(reader, route))
        .collect()
}

/// An error when a route of ours stands where no rollout puts one.
pub(super) fn none_astray(reader: &Reader<'_>, splits: &[Split]) -> Result<(), Problem> {
    let known: usize = splits
        .iter()
        .map(|split| block(reader.http(), split).len())
        .sum();
    let all = reader.http().iter().filter(|route| is_ours(route));
    if all.count() == known {
        return Ok(());
    }
    Err(reader.problem(
        TargetErrorKind::Ambiguous,
        "preview-route-astray",
        "a route named `rollway-...` does not stand directly before the route it belongs to",
        "remove it, or move it back",
    ))
}

/// The routes to put before a split; `ordinal` counts the splits.
pub(super) fn build(
    reader: &Reader<'_>,
    split: &Split,
    ordinal: usize,
    routes: &[Route],
) -> Result<Vec<Value>, Problem> {
    routes
        .iter()
        .enumerate()
        .map(|(number, route)| {
            let name = format!(
                "rollway-{}-{number}-{}-{}",
                ordinal + 1,
                by(route.by).ok_or_else(|| unknown(reader, route))?,
                route.name
            );
            build_one(reader, split, name, route)
        })
        .collect()
}

fn build_one(
    reader: &Reader<'_>,
    split: &Split,
    name: String,
    preview: &Route,
) -> Result<Value, Problem> {
    let mut route = reader.http()[split.route].clone();
    let candidate = weight::destination(reader, split, Track::Candidate);
    mirror::remove(reader, &mut route, &candidate);
    let mut entry = match split.candidate {
        Some(place) => route["route"][place].clone(),
        None => json!({ "destination": candidate }),
    };
    if let Some(entry) = entry.as_object_mut() {
        entry.remove("weight");
    }
    let mut matches = match list(&route["match"]) {
        [] => vec![json!({})],
        matches => matches.to_vec(),
    };
    for entry in &mut matches {
        add_condition(reader, entry, preview)?;
    }
    if let Some(route) = route.as_object_mut() {
        route.insert("name".to_owned(), Value::String(name));
        route.insert("match".to_owned(), Value::Array(matches));
        route.insert("route".to_owned(), json!([entry]));
    }
    Ok(route)
}

fn add_condition(reader: &Reader<'_>, entry: &mut Value, preview: &Route) -> Result<(), Problem> {
    let (header, condition) = condition(preview).ok_or_else(|| unknown(reader, preview))?;
    let headers = entry
        .as_object_mut()
        .map(|entry| entry.entry("headers").or_insert_with(|| json!({})))
        .and_then(Value::as_object_mut);
    let Some(headers) = headers else {
        return Ok(());
    };
    if headers.keys().any(|key| key.eq_ignore_ascii_case(&header)) {
        return Err(reader.problem(
            TargetErrorKind::Unsupported,
            "header-taken",
            format!("a route to be split matches on the header `{header}` already"),
            "choose another header or cookie for the preview",
        ));
    }
    headers.insert(header, condition);
    Ok(())
}

/// The header that carries the condition, as Istio wants it spelt, and the condition; `None` where
/// requests are told apart in a way that is not known here.
fn condition(preview: &Route) -> Option<(String, Value)> {
    match preview.by {
        RouteBy::Header => Some((
            preview.name.to_ascii_lowercase(),
            json!({ "exact": preview.value }),
        )),
        RouteBy::Cookie => Some((
            "cookie".to_owned(),
            json!({ "regex": cookie(&preview.name, &preview.value) }),
        )),
        _ => None,
    }
}

fn unknown(reader: &Reader<'_>, preview: &Route) -> Problem {
    reader.problem(
        TargetErrorKind::Unsupported,
        "route-not-known",
        format!("requests cannot be told apart by {preview} here"),
        "route by a header or a cookie",
    )
}

/// Matches the whole `cookie` header, in which one cookie may stand among others.
fn cookie(name: &str, value: &str) -> String {
    format!(
        "{COOKIE_BEFORE}{}={}{COOKIE_AFTER}",
        escape(name),
        escape(value)
    )
}

const COOKIE_BEFORE: &str = r"^(.*;\s*)?";
const COOKIE_AFTER: &str = r"(;.*)?$";

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii_punctuation() && !matches!(letter, '_' | '-' | '=') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

fn unescape(text: &str) -> String {
    let mut letters = text.chars();
    let mut plain = String::with_capacity(text.len());
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => plain.extend(letters.next()),
            letter => plain.push(letter),
        }
    }
    plain
}

const fn by(by: RouteBy) -> Option<&'static str> {
    match by {
        RouteBy::Header => Some("header"),
        RouteBy::Cookie => Some("cookie"),
        _ => None,
    }
}

/// `rollway-1-0-header-X-Preview`: split, number, what it looks at, its name as it was asked for.
fn parse_name(route: &Value) -> Option<(RouteBy, &str)> {
    let rest = route["name"].as_str()?.strip_prefix("rollway-")?;
    let (split, rest) = rest.split_once('-')?;
    let (number, rest) = rest.split_once('-')?;
    let (kind, name) = rest.split_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(split) || !is_number(number) || name.is_empty() {
        return None;
    }
    [RouteBy::Header, RouteBy::Cookie]
        .into_iter()
        .find(|known| by(*known) == Some(kind))
        .map(|known| (known, name))
}

/// The value is read from the condition itself; a route that we would not have written so is an error.
fn parse(reader: &Reader<'_>, route: &Value) -> Result<Route, Problem> {
    let changed = || {
        reader.problem(
            TargetErrorKind::Ambiguous,
            "preview-route-changed",
            format!(
                "route `{}` was changed by hand and is no preview route any more",
                route["name"].as_str().unwrap_or_default()
            ),
            "remove it",
        )
    };
    let (by, name) = parse_name(route).ok_or_else(changed)?;
    let headers = route["match"][0]["headers"]
        .as_object()
        .ok_or_else(changed)?;
    let value = value(by, name, headers).ok_or_else(changed)?;
    let preview = Route {
        by,
        name: name.to_owned(),
        value,
    };
    let (header, condition) = condition(&preview).ok_or_else(changed)?;
    let whole = list(&route["match"])
        .iter()
        .all(|entry| entry["headers"][&header] == condition);
    let [entry] = list(&route["route"]) else {
        return Err(changed());
    };
    if whole && reader.track_of(&entry["destination"])? == Some(Track::Candidate) {
        Ok(preview)
    } else {
        Err(changed())
    }
}

fn value(by: RouteBy, name: &str, headers: &Map<String, Value>) -> Option<String> {
    match by {
        RouteBy::Header => {
            let condition = headers.get(&name.to_ascii_lowercase())?;
            Some(condition["exact"].as_str()?.to_owned())
        }
        RouteBy::Cookie => {
            let regex = headers.get("cookie")?["regex"].as_str()?;
            let inner = regex
                .strip_prefix(COOKIE_BEFORE)?
                .strip_suffix(COOKIE_AFTER)?;
            Some(
                unescape(inner)
                    .strip_prefix(name)?
                    .strip_prefix('=')?
                    .to_owned(),
            )
        }
        _ => None,
    }
}
