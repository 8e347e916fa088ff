//! What counters and buckets counted in a window, from the samples of their selectors: all that is counted, and
//! what of it was bad.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use strategy_core::Timestamp;
use strategy_core::analysis::{Count, Window};

use super::answer::Series;
use super::increments::{
    self, begins_at_0, increments, known_targets, newest, usual_distance, watched,
};
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

/// Series of which the samples in a window are counted.
#[derive(Debug)]
pub(super) struct Counted {
    /// All that is counted, or the buckets of histograms.
    all: Vec<Series>,
    failed: Vec<Series>,
    span: Span,
}

/// Which series began in a window by what is seen of it, so that whether they are older makes a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct New {
    /// Some of all that is counted.
    pub(super) of_all: bool,
    /// Some that counts failures and is none of those.
    pub(super) of_failed: bool,
}

impl Counted {
    /// # Errors
    /// Why there is nothing to count.
    pub(super) fn of(all: Vec<Series>, failed: Vec<Series>, span: Span) -> Result<Self, Answer> {
        match nothing(&all, span) {
            Some(nothing) => Err(nothing),
            None => Ok(Self {
                all: watched(all, span.since),
                failed: watched(failed, span.since),
                span,
            }),
        }
    }

    pub(super) fn new_series(&self) -> New {
        let known = known_targets(&self.all);
        let is_new = |series: &&Series| {
            let first = series.samples.first();
            first.is_some_and(|(at, _)| *at >= self.span.window.from) && begins_at_0(series, &known)
        };
        let of_all: BTreeSet<_> = self
            .all
            .iter()
            .filter(is_new)
            .map(|one| &one.labels)
            .collect();
        let mut of_failed = self.failed.iter().filter(is_new);
        New {
            of_failed: of_failed.any(|one| !of_all.contains(&one.labels)),
            of_all: !of_all.is_empty(),
        }
    }

    /// That there were samples of these series of all that is counted before those that were asked for.
    ///
    /// Of failures that says something only where they are some of those very series: another metric with the same
    /// labels may have counted its first failure since.
    pub(super) fn all_had(&mut self, before: &[Series]) {
        mark_older(&mut self.all, before);
        let older = self.all.iter().filter(|series| series.is_older);
        let older: BTreeSet<_> = older.map(|series| &series.labels).collect();
        for series in &mut self.failed {
            series.is_older |= older.contains(&series.labels);
        }
    }

    /// That there were samples of these series of failures before those that were asked for.
    pub(super) fn failed_had(&mut self, before: &[Series]) {
        mark_older(&mut self.failed, before);
    }

    /// The events that were counted, and those of them that failed; `unit_of` tells the unit of a series of all that is
    /// counted, and `unit` the label that tells it of one of failures.
    ///
    /// # Errors
    /// That of `unit_of`.
    pub(super) fn events<E>(
        &self,
        unit: Option<&str>,
        unit_of: impl Fn(&BTreeMap<String, String>) -> Result<String, E>,
    ) -> Result<Answer, E> {
        let known = known_targets(&self.all);
        let window = self.span.window;
        let mut counts: BTreeMap<String, (f64, f64)> = BTreeMap::new();
        let (Some(all), Some(failed)) = (
            increments(&self.all, window, &known),
            increments(&self.failed, window, &known),
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
    pub(super) fn histogram(&self, schema: i8) -> Result<Answer, String> {
        let known = known_targets(&self.all);
        let window = self.span.window;
        if native::are_native(&self.all)? {
            let told = Told::of(&self.all, schema)?;
            let reading = native::histogram(&self.all, window, &known, &told.bounds)?;
            return Ok(noted(reading, told.note().into_iter().collect()));
        }
        let Some(counted) = increments(&self.all, window, &known) else {
            return Ok(Reading::NotANumber.into());
        };
        Ok(increments::histogram(&counted)?.into())
    }
}

/// Those of `series` that are among `before`, an answer to the same selector.
fn mark_older(series: &mut [Series], before: &[Series]) {
    let before: BTreeSet<_> = before
        .iter()
        .map(|series| nameless(&series.labels))
        .collect();
    for series in series {
        series.is_older |= before.contains(&nameless(&series.labels));
    }
}

/// Its labels without the metric's name, which not every server keeps where it computes.
fn nameless(labels: &BTreeMap<String, String>) -> BTreeMap<&str, &str> {
    let others = labels.iter().filter(|(name, _)| *name != "__name__");
    others
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
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
        ..Answer::from(Reading::stale(newest))
    })
}
