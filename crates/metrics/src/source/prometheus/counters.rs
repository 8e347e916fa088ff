//! What is asked for as samples: counters of events, and the buckets of histograms.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::try_join;
use strategy_core::Timestamp;
use strategy_core::analysis::Window;

use super::answer::{self, Series};
use super::counted::{Counted, New, Span};
use super::metric::Metric;
use super::twice::counted_twice;
use super::{Prometheus, seconds};
use crate::source::{Answer, SourceError};

/// For how long before a window it is looked for whether a series that seems to begin in it was there already.
const PAST: Duration = Duration::from_secs(3600);

/// What counters are asked.
pub(super) struct Asked<'a> {
    pub(super) window: Window,
    /// What happened before belongs to no window.
    pub(super) since: Option<Timestamp>,
    pub(super) metric: &'a Metric,
}

impl Asked<'_> {
    const fn span(&self) -> Span {
        Span {
            window: self.window,
            since: self.since,
            stale_after: self.metric.stale_after,
        }
    }
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

    /// The series that had a sample some time before a window.
    async fn before(&self, selector: &str, window: Window) -> Result<Vec<Series>, SourceError> {
        let query = format!("count_over_time({selector}[{}ms])", PAST.as_millis());
        let before = window.from.before(Duration::from_millis(1));
        let form = [("query", query), ("time", seconds(before))];
        Ok(self.0.ask("query", &form).await?.series)
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
        let (all, bad) = (requests, failed);
        let requests = self.numbers(all, window, before);
        let failed = self.numbers(bad, window, before);
        let (requests, failed) = try_join(requests, failed).await?;
        let mut warnings = [requests.warnings, failed.warnings].concat();
        warnings.extend(counted_twice(&requests.series).map(|twice| twice.note()));
        let unit_of =
            |labels: &BTreeMap<String, String>| self.unit_of(labels, unit).map(str::to_owned);
        let mut counted = match Counted::of(requests.series, failed.series, asked.span()) {
            Ok(counted) => counted,
            Err(nothing) => return Ok(with(nothing, warnings)),
        };
        let New { of_all, of_failed } = counted.new_series();
        if of_all {
            counted.all_had(&self.before(all, window).await?);
        }
        if of_failed {
            counted.failed_had(&self.before(bad, window).await?);
        }
        Ok(with(counted.events(unit, unit_of)?, warnings))
    }

    /// What the buckets of classic histograms counted, or native ones.
    pub(super) async fn histogram(
        &self,
        selector: &str,
        asked: &Asked<'_>,
    ) -> Result<Answer, SourceError> {
        let (window, before) = (asked.window, asked.metric.stale_after);
        let answer = self.samples(selector, window, before).await?;
        let mut warnings = answer.warnings;
        warnings.extend(counted_twice(&answer.series).map(|twice| twice.note()));
        let mut counted = match Counted::of(answer.series, Vec::new(), asked.span()) {
            Ok(counted) => counted,
            Err(nothing) => return Ok(with(nothing, warnings)),
        };
        if counted.new_series().of_all {
            counted.all_had(&self.before(selector, window).await?);
        }
        let told = counted.histogram(asked.metric.schema);
        let told = told.map_err(|problem| self.no_histogram(&problem))?;
        Ok(with(told, warnings))
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

    pub(super) fn no_histogram(&self, problem: &str) -> SourceError {
        self.0.permanent(
            problem,
            "select the `_bucket` series of one classic histogram, or one native histogram",
        )
    }
}

/// With what the server said of its answer before what is said of the counts.
fn with(answer: Answer, mut warnings: Vec<String>) -> Answer {
    warnings.extend(answer.notes);
    Answer {
        notes: warnings,
        ..answer
    }
}
