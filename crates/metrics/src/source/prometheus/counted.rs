//! What counters and buckets counted in a window, from the samples of their selectors: all that is counted, and
//! what of it was bad.

use std::collections::BTreeMap;
use std::time::Duration;

use strategy_core::Timestamp;
use strategy_core::analysis::{Count, Window};

use super::answer::Series;
use super::increments::{self, increments, known_targets, newest, usual_distance, watched};
use super::native::{self, Told};
use super::{noted, whole};
use crate::reading::{Data, Events, Reading};
use crate::source::Answer;

/// The time in which is counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) window: Window,
    /// What happened before belongs to no window.
    pub(super) since: Option<Timestamp>,
    pub(super) stale_after: Duration,
}

/// The events that `requests` counted, and those of them that `failed` counted; `unit_of` tells the unit of a series of
/// `requests`, and `unit` the label that tells it of one of `failed`.
///
/// # Errors
/// That of `unit_of`.
pub(super) fn events<E>(
    requests: Vec<Series>,
    failed: Vec<Series>,
    unit: Option<&str>,
    span: Span,
    unit_of: impl Fn(&BTreeMap<String, String>) -> Result<String, E>,
) -> Result<Answer, E> {
    if let Some(nothing) = nothing(&requests, span) {
        return Ok(nothing);
    }
    let requests = watched(requests, span.since);
    let failed = watched(failed, span.since);
    let known = known_targets(&requests);
    let mut counts: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    let (Some(all), Some(failed)) = (
        increments(&requests, span.window, &known),
        increments(&failed, span.window, &known),
    ) else {
        return Ok(Reading::NotANumber.into());
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
    Ok(Reading::Told(Data::Events(events)).into())
}

/// What the buckets of classic histograms counted, or native ones at `schema`.
///
/// # Errors
/// What they are if they are no buckets of a histogram.
pub(super) fn histogram(series: Vec<Series>, schema: i8, span: Span) -> Result<Answer, String> {
    if let Some(nothing) = nothing(&series, span) {
        return Ok(nothing);
    }
    let series = watched(series, span.since);
    let known = known_targets(&series);
    if native::are_native(&series)? {
        let told = Told::of(&series, schema)?;
        let reading = native::histogram(&series, span.window, &known, &told.bounds)?;
        return Ok(noted(reading, told.note().into_iter().collect()));
    }
    let Some(counted) = increments(&series, span.window, &known) else {
        return Ok(Reading::NotANumber.into());
    };
    Ok(increments::histogram(&counted)?.into())
}

/// Why there is nothing to count; `None`: there is.
///
/// A window without a sample tells nothing: neither that nothing happened, nor that the target is gone; and one in
/// which a track has its first sample alone has nothing to count from. Where the next sample is not overdue, at half
/// the usual distance after it was due, a longer window may have it.
fn nothing(series: &[Series], span: Span) -> Option<Answer> {
    let Span {
        window,
        since,
        stale_after,
    } = span;
    let Some(newest) = newest(series, window) else {
        return Some(Reading::Empty.into());
    };
    let is_watched = |at: Timestamp| since.is_none_or(|since| at >= since) && at < window.to;
    let has_two = |series: &Series| {
        let samples = series.samples.iter();
        samples.filter(|(at, _)| is_watched(*at)).count() >= 2
    };
    let age = window.to.since(newest);
    let due = usual_distance(series).map_or(stale_after, |distance| distance * 3 / 2);
    let tells = newest >= window.from && series.iter().any(has_two);
    (!tells || age > stale_after).then(|| Answer {
        too_short: !tells && age <= due.min(stale_after),
        ..Answer::from(Reading::Stale { newest })
    })
}
