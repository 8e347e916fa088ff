//! Copies of a route's requests to the candidate: `mirror` with `mirrorPercentage`, or an entry of
//! `mirrors` where a route already has that list, because Istio refuses a route with both.

use serde_json::{Map, Value, json};
use strategy_core::Weight;
use strategy_core::target::TargetErrorKind;

use super::virtual_service::{Reader, named};
use crate::router::problem::Problem;
use crate::router::rules::list;

/// All forms in which a route can carry its one `mirror`, deprecated ones included.
const SINGLE: [&str; 4] = [
    "mirror",
    "mirrorPercentage",
    "mirrorPercent",
    "mirror_percent",
];

/// The share of the route's requests that is copied to the candidate.
pub(super) fn read(
    reader: &Reader<'_>,
    index: usize,
    candidate: &Value,
) -> Result<Weight, Problem> {
    let route = &reader.http()[index];
    let unusable = |message: &str| {
        reader.problem(
            TargetErrorKind::Ambiguous,
            "mirror-unusable",
            format!("{} {message}", named(index, route)),
            "leave one mirror to the canary, with a percentage from 0 to 100, or none",
        )
    };
    let mut found = Vec::new();
    if reader.same(&route["mirror"], candidate) {
        let percentage = SINGLE[2..]
            .iter()
            .map(|field| &route[*field])
            .find(|value| value.is_number());
        let percentage = match route.get("mirrorPercentage") {
            Some(percentage) => Some(&percentage["value"]),
            None => percentage,
        };
        found.push(percentage);
    }
    for entry in list(&route["mirrors"]) {
        if reader.same(&entry["destination"], candidate) {
            found.push(
                entry
                    .get("percentage")
                    .map(|percentage| &percentage["value"]),
            );
        }
    }
    match found.as_slice() {
        [] => Ok(Weight::ZERO),
        // Istio copies everything when no percentage is given.
        [None] => Ok(Weight::FULL),
        [Some(percentage)] => weight(percentage)
            .ok_or_else(|| unusable("has a mirror with a percentage that is none")),
        [..] => Err(unusable("has more than one mirror to the canary")),
    }
}

fn weight(percentage: &Value) -> Option<Weight> {
    if percentage.is_null() {
        // A percentage object without a value is protobuf's zero.
        return Some(Weight::ZERO);
    }
    let percent = percentage
        .as_f64()
        .filter(|percent| (0.0..=100.0).contains(percent))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to lie between 0 and 100 just above"
    )]
    let points = (percent * 100.0).round() as u16;
    // Whatever is copied at all counts as the smallest share at least.
    let points = if percent > 0.0 { points.max(1) } else { points };
    Weight::from_basis_points(points).ok()
}

/// Whole percentages without a decimal point, as the API server gives them back.
fn percentage(weight: Weight) -> Value {
    let points = weight.basis_points();
    if points.is_multiple_of(100) {
        json!({ "value": points / 100 })
    } else {
        json!({ "value": f64::from(points) / 100.0 })
    }
}

/// Copies this share; zero takes the mirror out.
pub(super) fn write(
    reader: &Reader<'_>,
    index: usize,
    route: &mut Value,
    weight: Weight,
    candidate: &Value,
) -> Result<(), Problem> {
    if read(reader, index, candidate)? == weight {
        return Ok(());
    }
    if weight.is_zero() {
        remove(reader, route, candidate);
        return Ok(());
    }
    let mut ours = None;
    for (place, entry) in list(&route["mirrors"]).iter().enumerate() {
        if reader.same(&entry["destination"], candidate) {
            ours = Some(place);
        }
    }
    let has_single = reader.same(&route["mirror"], candidate);
    let taken = !has_single && route.get("mirror").is_some_and(|mirror| !mirror.is_null());
    if taken {
        return Err(reader.problem(
            TargetErrorKind::Unsupported,
            "mirror-taken",
            format!(
                "{} already mirrors to another destination",
                named(index, route)
            ),
            "turn its `mirror` into an entry of `mirrors`, or do without a mirror in the rollout",
        ));
    }
    let Some(route) = route.as_object_mut() else {
        return Ok(());
    };
    match route.get_mut("mirrors").and_then(Value::as_array_mut) {
        Some(mirrors) if !has_single => match ours.and_then(|place| mirrors.get_mut(place)) {
            Some(entry) => entry["percentage"] = percentage(weight),
            None => mirrors.push(json!({
                "destination": candidate,
                "percentage": percentage(weight),
            })),
        },
        Some(_) | None => {
            for field in &SINGLE[2..] {
                route.remove(*field);
            }
            if !has_single {
                route.insert("mirror".to_owned(), candidate.clone());
            }
            route.insert("mirrorPercentage".to_owned(), percentage(weight));
        }
    }
    Ok(())
}

/// Takes every mirror to the candidate out of a route.
pub(super) fn remove(reader: &Reader<'_>, route: &mut Value, candidate: &Value) {
    let single = reader.same(&route["mirror"], candidate);
    let mut others = Vec::new();
    for entry in list(&route["mirrors"]) {
        if !reader.same(&entry["destination"], candidate) {
            others.push(entry.clone());
        }
    }
    let Some(route) = route.as_object_mut() else {
        return;
    };
    if single {
        for field in SINGLE {
            route.remove(field);
        }
    }
    if route.contains_key("mirrors") {
        if others.is_empty() {
            route.remove("mirrors");
        } else {
            route.insert("mirrors".to_owned(), Value::Array(others));
        }
    }
}

/// The mirror fields unless somebody else's mirror is in them, and our entries of `mirrors` with
/// their places.
pub(super) fn owned(reader: &Reader<'_>, route: &Value, candidate: &Value) -> Value {
    let mut owned = Map::new();
    if is_free(reader, route, candidate) {
        for field in SINGLE {
            if let Some(value) = route.get(field) {
                owned.insert(field.to_owned(), value.clone());
            }
        }
    }
    let mut mirrors = Vec::new();
    for (at, entry) in list(&route["mirrors"]).iter().enumerate() {
        if reader.same(&entry["destination"], candidate) {
            mirrors.push(json!({ "at": at, "entry": entry }));
        }
    }
    if !mirrors.is_empty() {
        owned.insert("mirrors".to_owned(), Value::Array(mirrors));
    }
    Value::Object(owned)
}

/// As it was in `recorded`.
pub(super) fn restore(reader: &Reader<'_>, route: &mut Value, recorded: &Value, candidate: &Value) {
    remove(reader, route, candidate);
    let free = is_free(reader, route, candidate);
    let Some(route) = route.as_object_mut() else {
        return;
    };
    if free {
        for field in SINGLE {
            route.remove(field);
            if let Some(value) = recorded.get(field) {
                route.insert(field.to_owned(), value.clone());
            }
        }
    }
    for found in list(&recorded["mirrors"]) {
        let mirrors = route.entry("mirrors").or_insert_with(|| json!([]));
        if let Some(mirrors) = mirrors.as_array_mut() {
            let at = found["at"].as_u64().and_then(|at| usize::try_from(at).ok());
            let at = at.unwrap_or(mirrors.len()).min(mirrors.len());
            mirrors.insert(at, found["entry"].clone());
        }
    }
}

/// No `mirror`, or ours.
fn is_free(reader: &Reader<'_>, route: &Value, candidate: &Value) -> bool {
    let mirror = &route["mirror"];
    mirror.is_null() || reader.same(mirror, candidate)
}
