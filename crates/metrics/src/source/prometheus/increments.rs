//! What cumulative counters counted within a window, from their samples alone.

use std::collections::{BTreeMap, BTreeSet};

use strategy_core::Timestamp;
use strategy_core::analysis::Window;

use super::answer::Series;
use super::whole;
use crate::reading::{Data, Histogram, Reading};

/// What one series counted in a window.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Increment<'a> {
    pub(super) labels: &'a BTreeMap<String, String>,
    pub(super) count: f64,
}

/// What each series counted from its last sample before the window to its last sample before the window's end.
///
/// - Windows that adjoin share no increment, and between them miss none: the last sample before one window's
///   end is the last one before the next one's begin. A sample that arrives late moves what it counted to
///   nobody, never to two.
/// - A counter that falls was begun anew at 0: what it shows then is counted.
/// - A series that has no sample before the window, of a target that has, began within it at 0: client
///   libraries show an outcome only when it happens for the first time, and that one counts.
/// - A target that has no sample at all before the window was begun at nobody knows when: its series count
///   from their first sample on.
///
/// `None`: one of the samples between which it is counted is no count, such as NaN, so that nobody knows how many
/// there were. That is not none.
pub(super) fn increments<'a>(
    series: &'a [Series],
    window: Window,
    known: &BTreeSet<Target<'_>>,
) -> Option<Vec<Increment<'a>>> {
    let counted = |series: &'a Series| {
        let target_was_known = known.contains(&target(&series.labels));
        Some(Increment {
            labels: &series.labels,
            count: count(series, window, target_was_known)?,
        })
    };
    series.iter().map(counted).collect()
}

fn count(series: &Series, window: Window, target_was_known: bool) -> Option<f64> {
    let mut before: Option<f64> = target_was_known.then_some(0.0);
    let mut counted = 0.0;
    for (at, value) in &series.samples {
        if *at >= window.to {
            break;
        }
        if *at >= window.from {
            if before.is_some_and(is_no_count) || is_no_count(*value) {
                return None;
            }
            counted += match before {
                Some(before) if *value >= before => value - before,
                // It was begun anew.
                Some(_) => *value,
                None => 0.0,
            };
        }
        before = Some(*value);
    }
    Some(counted)
}

/// What no counter can show, and nothing can be subtracted from.
fn is_no_count(value: f64) -> bool {
    !value.is_finite() || value < 0.0
}

/// The targets that were scraped before the window: those of what counts everything, since what counts
/// failures alone may have nothing to show yet.
pub(super) fn known_targets(series: &[Series], window: Window) -> BTreeSet<Target<'_>> {
    let before = |series: &&Series| {
        let first = series.samples.first();
        first.is_some_and(|(at, _)| *at < window.from)
    };
    let known = series.iter().filter(before);
    known.map(|series| target(&series.labels)).collect()
}

/// What was scraped in one go: job and instance.
pub(super) type Target<'a> = (Option<&'a str>, Option<&'a str>);

fn target(labels: &BTreeMap<String, String>) -> Target<'_> {
    let label = |name| labels.get(name).map(String::as_str);
    (label("job"), label("instance"))
}

/// The newest sample of all series before the window's end.
pub(super) fn newest(series: &[Series], window: Window) -> Option<Timestamp> {
    let of = |series: &Series| {
        let mut before = series.samples.iter().rev();
        before.find(|(at, _)| *at < window.to).map(|(at, _)| *at)
    };
    series.iter().filter_map(of).max()
}

/// The buckets of all series together, at the bounds that all of them have.
///
/// Source: <https://prometheus.io/docs/practices/histograms/>: buckets are cumulative, `le` is inclusive.
///
/// # Errors
/// When they are no buckets of a histogram.
pub(super) fn histogram(counted: &[Increment<'_>]) -> Result<Reading, String> {
    let mut by_histogram: BTreeMap<Vec<(&str, &str)>, BTreeMap<Bound, f64>> = BTreeMap::new();
    for increment in counted {
        let le = increment
            .labels
            .get("le")
            .ok_or("a series has no label `le`")?;
        let bound = le
            .parse()
            .map(Bound)
            .map_err(|_| format!("`{le}` is no bound"))?;
        let others = increment.labels.iter().filter(|(name, _)| *name != "le");
        let others = others.map(|(name, value)| (name.as_str(), value.as_str()));
        let buckets = by_histogram.entry(others.collect()).or_default();
        if buckets.insert(bound, increment.count).is_some() {
            return Err(format!(
                "two series have the bound `{le}` and the same labels"
            ));
        }
    }
    let mut each = by_histogram
        .values()
        .map(|buckets| buckets.keys().copied().collect());
    let Some(first) = each.next() else {
        return Ok(Reading::Empty);
    };
    let common = each.fold(first, |common: BTreeSet<Bound>, other: BTreeSet<Bound>| {
        common.intersection(&other).copied().collect()
    });
    if !common.contains(&Bound(f64::INFINITY)) {
        return Err("a histogram has no bucket `+Inf`".to_owned());
    }
    let cumulative = |bound: &Bound| by_histogram.values().filter_map(|b| b.get(bound)).sum();
    let sums: Vec<f64> = common.iter().map(cumulative).collect();
    let mut below = 0;
    let counts = sums.iter().map(|sum| {
        // Scrapes of all buckets are of one moment; a lost one could let a larger bucket count less.
        let upto = whole(*sum).max(below);
        let within = upto - below;
        below = upto;
        within
    });
    let counts = counts.collect();
    let finite = common
        .iter()
        .map(|bound| bound.0)
        .filter(|bound| bound.is_finite());
    let histogram = Histogram::new(finite.collect(), counts).map_err(|error| error.to_string())?;
    Ok(Reading::Told(Data::Histogram(histogram)))
}

/// A bound of a bucket, in order.
#[derive(Clone, Copy, Debug)]
struct Bound(f64);

impl Ord for Bound {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Bound {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Bound {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Bound {}

#[cfg(test)]
mod tests;
