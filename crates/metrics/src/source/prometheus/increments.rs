//! What cumulative counters counted within a window, from their samples alone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

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
/// - A series of a target that was scraped before the series' first sample began then at 0: client libraries show
///   an outcome only when it happens for the first time, and that one counts. An older series of the target must
///   go on beside it: where all of them end, somebody has given the target other labels, and what it counted
///   before was counted under those.
/// - What is known to have had samples before those of `series` did not begin then, such as that of a pod which was
///   not seen for a while behind a target that tells of many.
/// - Every other series without a sample before the window was begun at nobody knows when, and counts from its
///   first sample on: that of a target which was not there, and that of which no label tells the target.
/// - What has no sample since the window's stretch was watched counts likewise from its first sample on, and so
///   the samples from before are to be left out of `series`: [`watched`] does.
///
/// `None`: one of the samples between which it is counted is no count, such as NaN, so that nobody knows how many
/// there were. That is not none.
pub(super) fn increments<'a>(
    series: &'a [Series],
    window: Window,
    known: &Known<'_>,
) -> Option<Vec<Increment<'a>>> {
    let counted = |series: &'a Series| {
        Some(Increment {
            labels: &series.labels,
            count: count(series, window, begins_at_0(series, known))?,
        })
    };
    series.iter().map(counted).collect()
}

/// Nobody saw a series before its first sample, and its target was seen then.
pub(super) fn begins_at_0(series: &Series, known: &Known<'_>) -> bool {
    if series.is_older {
        return false;
    }
    let lives = target(&series.labels).and_then(|target| known.get(&target));
    lives
        .zip(series.samples.first())
        .is_some_and(|(lives, (first, _))| {
            let mut before = lives.range(..first);
            before.any(|(_, until)| first <= until)
        })
}

fn count(series: &Series, window: Window, begins_at_0: bool) -> Option<f64> {
    let mut before: Option<f64> = begins_at_0.then_some(0.0);
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
pub(super) fn is_no_count(value: f64) -> bool {
    !value.is_finite() || value < 0.0
}

/// The targets that were scraped: those of what counts everything, since what counts failures alone may have
/// nothing to show yet.
pub(super) fn known_targets(series: &[Series]) -> Known<'_> {
    let mut known = Known::new();
    for series in series {
        let ends = (series.samples.first(), series.samples.last());
        if let (Some((first, _)), Some((last, _))) = ends
            && let Some(target) = target(&series.labels)
        {
            let until = known
                .entry(target)
                .or_default()
                .entry(*first)
                .or_insert(*last);
            *until = (*until).max(*last);
        }
    }
    known
}

/// The targets that were scraped, and of their series which begin at a moment, until when the longest goes on.
pub(super) type Known<'a> = BTreeMap<Target<'a>, BTreeMap<Timestamp, Timestamp>>;

/// Without the samples of a time that belongs to no window.
pub(super) fn watched(mut series: Vec<Series>, since: Option<Timestamp>) -> Vec<Series> {
    if let Some(since) = since {
        for series in &mut series {
            let before = series.samples.partition_point(|(at, _)| *at < since);
            series.samples.drain(..before);
            series.natives.drain(..before.min(series.natives.len()));
            series.is_older |= before > 0;
        }
        // Of those that ended before, nothing tells any more what they were.
        series.retain(|series| !series.samples.is_empty());
    }
    series
}

/// What was scraped in one go: job and instance.
pub(super) type Target<'a> = (Option<&'a str>, Option<&'a str>);

/// `None`: no label tells.
fn target(labels: &BTreeMap<String, String>) -> Option<Target<'_>> {
    let label = |name| labels.get(name).map(String::as_str);
    let target = (label("job"), label("instance"));
    (target != (None, None)).then_some(target)
}

/// How far apart the samples of a series usually are: the median of all distances, the larger one of two. `None`: no
/// series has two.
pub(super) fn usual_distance(series: &[Series]) -> Option<Duration> {
    let steps = series.iter().flat_map(|series| series.samples.windows(2));
    let mut distances: Vec<_> = steps.map(|step| step[1].0.since(step[0].0)).collect();
    let middle = distances.len() / 2;
    (middle < distances.len()).then(|| *distances.select_nth_unstable(middle).1)
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
