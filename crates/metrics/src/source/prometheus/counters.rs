//! What is read as samples: counters of events, and the buckets of histograms.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::try_join;
use strategy_core::Timestamp;
use strategy_core::analysis::{Count, Window};

use super::answer::{self, Series};
use super::increments::{self, increments, known_targets, newest, usual_distance, watched};
use super::metric::Metric;
use super::native::{self, Told};
use super::twice::counted_twice;
use super::{Prometheus, noted, seconds, whole};
use crate::reading::{Data, Events, Reading};
use crate::source::{Answer, SourceError};

/// What counters are asked.
pub(super) struct Asked<'a> {
    pub(super) window: Window,
    /// What happened before belongs to no window.
    pub(super) since: Option<Timestamp>,
    pub(super) metric: &'a Metric,
}

impl Prometheus {
    /// The samples of a selector from before a window to its end.
    async fn samples(
        &self,
        selector: &str,
        window: Window,
        before: Duration,
    ) -> Result<answer::Answer, SourceError> {
        let range = window.to.since(window.from) + before;
        let query = format!("{selector}[{}ms]", range.as_millis());
        let form = [("query", query), ("time", seconds(window.to))];
        self.0.ask_for_histograms("query", &form).await
    }

    /// The same, of numbers.
    async fn numbers(
        &self,
        selector: &str,
        window: Window,
        before: Duration,
    ) -> Result<answer::Answer, SourceError> {
        let answer = self.samples(selector, window, before).await?;
        self.0.numbers(answer)
    }

    /// What counters of requests and of failures counted.
    pub(super) async fn events(
        &self,
        requests: &str,
        failed: &str,
        asked: &Asked<'_>,
    ) -> Result<Answer, SourceError> {
        let (window, before) = (asked.window, asked.metric.stale_after);
        let unit = asked.metric.unit.as_deref();
        let requests = self.numbers(requests, window, before);
        let failed = self.numbers(failed, window, before);
        let (requests, failed) = try_join(requests, failed).await?;
        let mut warnings = [requests.warnings, failed.warnings].concat();
        warnings.extend(counted_twice(&requests.series).map(|twice| twice.note()));
        if let Some(nothing) = nothing(&requests.series, asked) {
            return Ok(nothing.noted(warnings));
        }
        let requests = watched(requests.series, asked.since);
        let failed = watched(failed.series, asked.since);
        let known = known_targets(&requests);
        let mut counts: BTreeMap<String, (f64, f64)> = BTreeMap::new();
        let (Some(all), Some(failed)) = (
            increments(&requests, window, &known),
            increments(&failed, window, &known),
        ) else {
            return Ok(noted(Reading::NotANumber, warnings));
        };
        for increment in all {
            let name = self.unit_of(increment.labels, unit)?.to_owned();
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
        Ok(noted(Reading::Told(Data::Events(events)), warnings))
    }

    /// What the buckets of classic histograms counted, or native ones.
    pub(super) async fn histogram(
        &self,
        selector: &str,
        asked: &Asked<'_>,
    ) -> Result<Answer, SourceError> {
        let (window, before) = (asked.window, asked.metric.stale_after);
        let answer = self.samples(selector, window, before).await?;
        if let Some(nothing) = nothing(&answer.series, asked) {
            return Ok(nothing.noted(answer.warnings));
        }
        let mut warnings = answer.warnings;
        warnings.extend(counted_twice(&answer.series).map(|twice| twice.note()));
        let series = watched(answer.series, asked.since);
        let known = known_targets(&series);
        let wrong = |problem| self.no_histogram(problem);
        if native::are_native(&series).map_err(wrong)? {
            let told = Told::of(&series, asked.metric.schema).map_err(wrong)?;
            let reading = native::histogram(&series, window, &known, &told.bounds);
            warnings.extend(told.note());
            return Ok(noted(reading.map_err(wrong)?, warnings));
        }
        let Some(counted) = increments(&series, window, &known) else {
            return Ok(noted(Reading::NotANumber, warnings));
        };
        let reading =
            increments::histogram(&counted).map_err(|problem| self.no_histogram(problem))?;
        Ok(noted(reading, warnings))
    }

    /// The unit of each series that counts everything; empty where units are not told apart.
    pub(super) fn unit_of<'a>(
        &self,
        labels: &'a BTreeMap<String, String>,
        unit: Option<&str>,
    ) -> Result<&'a str, SourceError> {
        let Some(unit) = unit else {
            return Ok("");
        };
        let name = labels.get(unit).map(String::as_str);
        name.ok_or_else(|| {
            let mend = "name a label that every series of `requests` has, or leave `unit` out";
            self.no_unit(unit, mend.to_owned())
        })
    }

    pub(super) fn no_histogram(&self, problem: String) -> SourceError {
        SourceError::Permanent {
            source_name: self.0.name(),
            problem,
            mend: "select the `_bucket` series of one classic histogram, or one native histogram"
                .to_owned(),
        }
    }
}

/// Why there is nothing to count.
struct Nothing {
    reading: Reading,
    /// No sample is overdue yet.
    too_short: bool,
}

impl Nothing {
    fn noted(self, notes: Vec<String>) -> Answer {
        Answer {
            too_short: self.too_short,
            ..noted(self.reading, notes)
        }
    }
}

/// Why there is nothing to count; `None`: there is.
///
/// A window without a sample tells nothing: neither that nothing happened, nor that the target is gone; and one in
/// which a track has its first sample alone has nothing to count from. Where the next sample is not overdue, at half
/// the usual distance after it was due, a longer window may have it.
fn nothing(series: &[Series], asked: &Asked<'_>) -> Option<Nothing> {
    let Asked {
        window,
        since,
        metric,
    } = asked;
    let Some(newest) = newest(series, *window) else {
        return Some(Nothing {
            reading: Reading::Empty,
            too_short: false,
        });
    };
    let is_watched = |at: Timestamp| since.is_none_or(|since| at >= since) && at < window.to;
    let has_two = |series: &Series| {
        let samples = series.samples.iter();
        samples.filter(|(at, _)| is_watched(*at)).count() >= 2
    };
    let age = window.to.since(newest);
    let due = usual_distance(series).map_or(metric.stale_after, |distance| distance * 3 / 2);
    let tells = newest >= window.from && series.iter().any(has_two);
    (!tells || age > metric.stale_after).then(|| Nothing {
        reading: Reading::Stale { newest },
        too_short: !tells && age <= due.min(metric.stale_after),
    })
}
