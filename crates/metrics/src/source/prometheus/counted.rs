//! Events from the samples of two selectors: all that is counted, and what of it was bad.

use std::collections::BTreeMap;
use std::time::Duration;

use strategy_core::analysis::{Count, Window};

use super::answer::Series;
use super::increments::{increments, known_targets};
use super::{nothing, whole};
use crate::reading::{Data, Events, Reading};

/// What was counted in a window; `unit_of` tells the unit of a series of `requests`, and `unit` the label that tells
/// it of one of `failed`.
pub(super) fn counted<E>(
    requests: &[Series],
    failed: &[Series],
    unit: Option<&str>,
    window: Window,
    stale_after: Duration,
    unit_of: impl Fn(&BTreeMap<String, String>) -> Result<String, E>,
) -> Result<Reading, E> {
    if let Some(nothing) = nothing(requests, window, stale_after) {
        return Ok(nothing);
    }
    let known = known_targets(requests, window);
    let mut counts: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    let (Some(all), Some(failed)) = (
        increments(requests, window, &known),
        increments(failed, window, &known),
    ) else {
        return Ok(Reading::NotANumber);
    };
    for increment in all {
        let name = unit_of(increment.labels)?;
        counts.entry(name).or_default().0 += increment.count;
    }
    for increment in failed {
        let name = unit.and_then(|unit| increment.labels.get(unit)).cloned();
        counts.entry(name.unwrap_or_default()).or_default().1 += increment.count;
    }
    let all = counts
        .values()
        .fold((0.0, 0.0), |all, one| (all.0 + one.0, all.1 + one.1));
    // Where a unit fails more often than it is asked, the two selectors do not tell the same units apart.
    let are_alike = counts.values().all(|(total, failed)| failed <= total);
    let counts = counts.into_iter().map(|(unit, (total, failed))| {
        let (total, failed) = (whole(total), whole(failed));
        (unit, Count { total, failed })
    });
    let events = if unit.is_some() && are_alike {
        Events::of_units(counts)
    } else {
        Events::counted(whole(all.0), whole(all.1))
    };
    Ok(Reading::Told(Data::Events(events)))
}
