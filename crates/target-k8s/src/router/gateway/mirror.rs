//! Copies of a rule's requests to the candidate: one of its `RequestMirror` filters.

use serde_json::{Map, Value, json};
use strategy_core::Weight;
use strategy_core::target::TargetErrorKind;

use super::route::{Reader, named};
use crate::object::ObjectRef;
use crate::router::Needed;
use crate::router::problem::Problem;
use crate::router::rules::list;

/// Anything but everything needs a field that definitions before v1.3 lack, and without it the server
/// would have everything copied.
pub(super) fn needs(object: ObjectRef, weight: Weight) -> Needed {
    Needed {
        object,
        field: if is_percent(weight) {
            "spec.rules[].filters[].requestMirror.percent"
        } else {
            "spec.rules[].filters[].requestMirror.fraction"
        },
        by: "a mirror of some of the requests",
        mend: "install the definitions of Gateway API v1.3 or later, mirror 100%, or do without a mirror",
    }
}

const fn is_percent(weight: Weight) -> bool {
    weight.basis_points().is_multiple_of(100)
}

/// Our filters of a rule with their places.
fn ours<'v>(reader: &Reader<'_>, rule: &'v Value, candidate: &Value) -> Vec<(usize, &'v Value)> {
    let filters = list(&rule["filters"]).iter().enumerate();
    filters
        .filter(|(_, filter)| is_ours(reader, filter, candidate))
        .collect()
}

fn is_ours(reader: &Reader<'_>, filter: &Value, candidate: &Value) -> bool {
    filter["type"] == "RequestMirror"
        && reader.same(&filter["requestMirror"]["backendRef"], candidate)
}

/// The share of the rule's requests that is copied to the candidate.
pub(super) fn read(
    reader: &Reader<'_>,
    index: usize,
    candidate: &Value,
) -> Result<Weight, Problem> {
    let rule = &reader.rules()[index];
    let unusable = |message: &str| {
        reader.problem(
            TargetErrorKind::Ambiguous,
            "mirror-unusable",
            format!("{} {message}", named(index, rule)),
            "leave one mirror to the canary, with a percentage from 0 to 100, or none",
        )
    };
    match ours(reader, rule, candidate).as_slice() {
        [] => Ok(Weight::ZERO),
        [(_, filter)] => weight(&filter["requestMirror"])
            .ok_or_else(|| unusable("has a mirror with a share that is none")),
        [..] => Err(unusable("has more than one mirror to the canary")),
    }
}

fn weight(mirror: &Value) -> Option<Weight> {
    let (part, whole) = match (&mirror["percent"], &mirror["fraction"]) {
        // Everything is copied when no share is given.
        (Value::Null, Value::Null) => return Some(Weight::FULL),
        (percent, Value::Null) => (percent.as_u64()?, 100),
        (Value::Null, fraction) => {
            let denominator = &fraction["denominator"];
            let whole = if denominator.is_null() {
                100
            } else {
                denominator.as_u64()?
            };
            (fraction["numerator"].as_u64()?, whole)
        }
        (_, _) => return None,
    };
    if whole == 0 || part > whole {
        return None;
    }
    let part = u32::try_from(part).ok()?;
    let weight = Weight::of(part, u32::try_from(whole).ok()?);
    // Whatever is copied at all counts as the smallest share at least.
    Some(if part > 0 {
        weight.max(Weight::of(1, 10_000))
    } else {
        weight
    })
}

/// Whole percentages as such, finer ones as a fraction; of everything there is nothing to say.
fn set(mirror: &mut Map<String, Value>, weight: Weight) {
    mirror.remove("percent");
    mirror.remove("fraction");
    let points = weight.basis_points();
    if weight == Weight::FULL {
        return;
    }
    if is_percent(weight) {
        mirror.insert("percent".to_owned(), json!(points / 100));
    } else {
        let fraction = json!({"numerator": points, "denominator": 10_000});
        mirror.insert("fraction".to_owned(), fraction);
    }
}

/// Copies this share; zero takes the mirror out.
pub(super) fn write(
    reader: &Reader<'_>,
    index: usize,
    rule: &mut Value,
    weight: Weight,
    candidate: &Value,
) -> Result<(), Problem> {
    if read(reader, index, candidate)? == weight {
        return Ok(());
    }
    if weight.is_zero() {
        remove(reader, rule, candidate);
        return Ok(());
    }
    let place = ours(reader, rule, candidate).first().map(|(at, _)| *at);
    let Some(rule) = rule.as_object_mut() else {
        return Ok(());
    };
    let filters = rule.entry("filters").or_insert_with(|| json!([]));
    let Some(filters) = filters.as_array_mut() else {
        return Ok(());
    };
    let place = place.unwrap_or_else(|| {
        filters.push(json!({
            "type": "RequestMirror",
            "requestMirror": {"backendRef": candidate},
        }));
        filters.len() - 1
    });
    let mirror = filters[place].get_mut("requestMirror");
    if let Some(mirror) = mirror.and_then(Value::as_object_mut) {
        set(mirror, weight);
    }
    Ok(())
}

/// Takes every mirror to the candidate out of a rule.
pub(super) fn remove(reader: &Reader<'_>, rule: &mut Value, candidate: &Value) {
    if ours(reader, rule, candidate).is_empty() {
        return;
    }
    let Some(rule) = rule.as_object_mut() else {
        return;
    };
    if let Some(filters) = rule.get_mut("filters").and_then(Value::as_array_mut) {
        filters.retain(|filter| !is_ours(reader, filter, candidate));
        if filters.is_empty() {
            rule.remove("filters");
        }
    }
}

/// Our filters with their places, and whether there is a list at all.
pub(super) fn owned(reader: &Reader<'_>, rule: &Value, candidate: &Value) -> Value {
    let ours: Vec<Value> = ours(reader, rule, candidate)
        .into_iter()
        .map(|(at, filter)| json!({ "at": at, "filter": filter }))
        .collect();
    // An empty list of the user's own is told from none, which is all that would be left of ours.
    let is_empty = rule.get("filters").is_some_and(|list| *list == json!([]));
    json!({ "filters": ours, "empty": is_empty })
}

/// As it was in `recorded`.
pub(super) fn restore(reader: &Reader<'_>, rule: &mut Value, recorded: &Value, candidate: &Value) {
    remove(reader, rule, candidate);
    let found = list(&recorded["filters"]);
    let Some(rule) = rule.as_object_mut() else {
        return;
    };
    if found.is_empty() && recorded["empty"] != true {
        return;
    }
    let filters = rule.entry("filters").or_insert_with(|| json!([]));
    if let Some(filters) = filters.as_array_mut() {
        for found in found {
            let at = found["at"].as_u64().and_then(|at| usize::try_from(at).ok());
            let at = at.unwrap_or(filters.len()).min(filters.len());
            filters.insert(at, found["filter"].clone());
        }
    }
}
