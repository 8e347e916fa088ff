//! Series that were recorded, read in the same way as those that a server tells.

use std::collections::BTreeMap;
use std::time::Duration;

use strategy_core::Timestamp;
use strategy_core::analysis::Window;
use thiserror::Error;

use super::answer::{self, Refusal, Series};
use super::counted::{Counted, Span};
use super::metric::{schema, stale_after};
use crate::source::Answer;

/// The body of an answer of `/api/v1/query_range`: series of cumulative counters, for a judge to be run over.
///
/// What they counted in a window is told as [`Prometheus`](super::Prometheus) tells it: from samples, with restarts
/// and without anything that was not seen.
///
/// ```
/// use strategy_metrics::source::Recording;
///
/// let body = br#"{"status": "success", "data": {"resultType": "matrix", "result": [
///     {"metric": {"track": "stable"}, "values": [[0, "0"], [30, "300"]]}
/// ]}}"#;
/// let recording = Recording::read(body)?;
/// assert_eq!(recording.labels().count(), 1);
/// # Ok::<(), strategy_metrics::source::InvalidRecording>(())
/// ```
#[derive(Clone, Debug)]
pub struct Recording {
    series: Vec<Series>,
    stale_after: Duration,
}

impl Recording {
    /// Reads the body of an answer.
    ///
    /// # Errors
    /// [`InvalidRecording`] when it is none, is an error of the server, or has too many series.
    pub fn read(body: &[u8]) -> Result<Self, InvalidRecording> {
        let answer = answer::read(body).map_err(|refusal| {
            let (Refusal::Passing(problem)
            | Refusal::Permanent(problem)
            | Refusal::Unreadable(problem)) = refusal;
            InvalidRecording { problem }
        })?;
        Ok(Self {
            series: answer.series,
            stale_after: stale_after(),
        })
    }

    /// Without a sample for so long before a window's end, what is told of it is stale. Default: 150 seconds.
    #[must_use]
    pub const fn stale_after(mut self, stale_after: Duration) -> Self {
        self.stale_after = stale_after;
        self
    }

    /// The labels of each series.
    pub fn labels(&self) -> impl Iterator<Item = &BTreeMap<String, String>> {
        self.series.iter().map(|series| &series.labels)
    }

    /// The moments of all samples, each once, in order.
    pub fn moments(&self) -> Vec<Timestamp> {
        let samples = self.series.iter().flat_map(|series| &series.samples);
        let mut moments: Vec<_> = samples.map(|(at, _)| *at).collect();
        moments.sort_unstable();
        moments.dedup();
        moments
    }

    /// The events that `requests` counted in a window, and those of them that `failed` counted, each told by the labels
    /// of its series; by the label `unit`, where one is named. `since`: as
    /// [`Question::watched_since`](super::super::Question::watched_since).
    ///
    /// # Errors
    /// [`InvalidRecording`] when a series of `requests` has no such label. Failures without it belong to no unit.
    pub fn events(
        &self,
        requests: impl Fn(&BTreeMap<String, String>) -> bool,
        failed: impl Fn(&BTreeMap<String, String>) -> bool,
        unit: Option<&str>,
        window: Window,
        since: Option<Timestamp>,
    ) -> Result<Answer, InvalidRecording> {
        if let Some(unit) = unit {
            let mut of_requests = self.labels().filter(|labels| requests(labels));
            if let Some(labels) = of_requests.find(|labels| !labels.contains_key(unit)) {
                return Err(InvalidRecording {
                    problem: format!(
                        "the series {labels:?} of the requests has no label `{unit}`; name a label that all have, \
                         or none"
                    ),
                });
            }
        }
        let unit_of =
            |labels: &BTreeMap<String, String>| -> Result<String, std::convert::Infallible> {
                let name = unit.and_then(|unit| labels.get(unit));
                Ok(name.cloned().unwrap_or_default())
            };
        let requests = self.within(requests, window);
        let failed = self.within(failed, window);
        let counted = match Counted::of(requests, failed, self.span(window, since)) {
            Ok(counted) => counted,
            Err(nothing) => return Ok(nothing),
        };
        match counted.events(unit, unit_of) {
            Ok(answer) => Ok(answer),
            Err(never) => match never {},
        }
    }

    /// The buckets that the series with such labels counted in a window. `since`: as
    /// [`Question::watched_since`](super::super::Question::watched_since).
    ///
    /// # Errors
    /// [`InvalidRecording`] when they are no buckets of a histogram.
    pub fn histogram(
        &self,
        buckets: impl Fn(&BTreeMap<String, String>) -> bool,
        window: Window,
        since: Option<Timestamp>,
    ) -> Result<Answer, InvalidRecording> {
        let series = self.within(buckets, window);
        let counted = match Counted::of(series, Vec::new(), self.span(window, since)) {
            Ok(counted) => counted,
            Err(nothing) => return Ok(nothing),
        };
        counted
            .histogram(schema())
            .map_err(|problem| InvalidRecording { problem })
    }

    const fn span(&self, window: Window, since: Option<Timestamp>) -> Span {
        Span {
            window,
            since,
            stale_after: self.stale_after,
        }
    }

    /// The numbers of the series with such labels in a window, each with the labels of its series.
    pub fn numbers(
        &self,
        series: impl Fn(&BTreeMap<String, String>) -> bool,
        window: Window,
    ) -> Vec<(&BTreeMap<String, String>, Timestamp, f64)> {
        let asked = self.series.iter().filter(|one| series(&one.labels));
        asked
            .flat_map(|series| {
                let within = upto(series, window.from)..upto(series, window.to);
                let samples = series.samples.get(within).unwrap_or_default().iter();
                samples.map(|(at, value)| (&series.labels, *at, *value))
            })
            .collect()
    }

    /// What a server would be asked for: the samples from before the window to its end.
    fn within(
        &self,
        asked: impl Fn(&BTreeMap<String, String>) -> bool,
        window: Window,
    ) -> Vec<Series> {
        let asked = self.series.iter().filter(|series| asked(&series.labels));
        asked
            .filter_map(|series| {
                let range =
                    upto(series, window.from.before(self.stale_after))..upto(series, window.to);
                let samples = series.samples.get(range.clone())?.to_vec();
                (!samples.is_empty()).then(|| Series {
                    labels: series.labels.clone(),
                    samples,
                    natives: series
                        .natives
                        .get(range.clone())
                        .unwrap_or_default()
                        .to_vec(),
                    is_older: range.start > 0,
                })
            })
            .collect()
    }
}

/// How many samples are before a moment.
fn upto(series: &Series, moment: Timestamp) -> usize {
    series.samples.partition_point(|(at, _)| *at < moment)
}

/// A body that is no recording.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{problem}")]
#[non_exhaustive]
pub struct InvalidRecording {
    /// What is wrong with it.
    pub problem: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::reading::{Data, Events, Reading};

    fn at(second: u64) -> Timestamp {
        Timestamp::from_millis(second * 1_000)
    }

    fn window(from: u64, to: u64) -> Window {
        Window {
            from: at(from),
            to: at(to),
        }
    }

    fn recording() -> Recording {
        let series = |pod: &str, code: &str, values: serde_json::Value| json!({"metric": {"pod": pod, "code": code}, "values": values});
        let body = json!({"status": "success", "data": {"resultType": "matrix", "result": [
            series("a", "200", json!([[0, "0"], [30, "300"], [60, "20"], [90, "50"]])),
            series("b", "200", json!([[0, "5"], [30, "105"], [60, "205"], [90, "305"]])),
            series("b", "500", json!([[0, "0"], [30, "2"], [60, "2"], [90, "9"]])),
        ]}});
        Recording::read(body.to_string().as_bytes()).unwrap()
    }

    fn events(unit: Option<&str>, window: Window) -> Reading {
        let failed = |labels: &BTreeMap<String, String>| labels["code"] == "500";
        let answer = recording().events(|_| true, failed, unit, window, None);
        answer.unwrap().reading
    }

    fn told(events: Events) -> Reading {
        Reading::Told(Data::Events(events))
    }

    #[test]
    fn it_tells_what_the_source_would_have_told_of_the_same_samples() {
        assert_eq!(
            events(None, window(1, 31)),
            told(Events::counted(300 + 100 + 2, 2))
        );
        // One of the counters was begun anew.
        assert_eq!(events(None, window(31, 61)), told(Events::counted(120, 0)));
        let Reading::Told(Data::Events(by_unit)) = events(Some("pod"), window(61, 91)) else {
            panic!("nothing is told");
        };
        let of = |unit: &str| (by_unit.by_unit[unit].total, by_unit.by_unit[unit].failed);
        assert_eq!((of("a"), of("b")), ((30, 0), (107, 7)));
        assert_eq!(events(None, window(1_000, 1_030)), Reading::Empty);
        assert_eq!(events(None, window(211, 241)), Reading::stale(at(90)));
    }

    #[test]
    fn a_series_that_tells_no_unit_is_refused_as_the_source_refuses_it() {
        let of = |pod: &'static str| move |labels: &BTreeMap<String, String>| labels["pod"] == pod;
        for window in [window(1, 31), window(1_000, 1_030)] {
            let refused = recording().events(of("a"), of("b"), Some("zone"), window, None);
            let error = refused.unwrap_err().to_string();
            assert!(error.contains("has no label `zone`"), "{error}");
        }
        // Failures without it belong to no unit, and nothing was to be counted of another label.
        let none = recording().events(|_| false, of("b"), Some("zone"), window(1, 31), None);
        assert_eq!(none.unwrap().reading, Reading::Empty);
    }

    #[test]
    fn numbers_are_those_of_the_window_alone() {
        let recording = recording();
        let of_a = |labels: &BTreeMap<String, String>| labels["pod"] == "a";
        let numbers = recording.numbers(of_a, window(30, 90));
        let numbers: Vec<_> = numbers.iter().map(|(_, at, value)| (*at, *value)).collect();
        assert_eq!(numbers, [(at(30), 300.0), (at(60), 20.0)]);
        assert_eq!(recording.moments(), [0, 30, 60, 90].map(at));
    }

    #[test]
    fn what_is_no_recording_is_told() {
        for (body, said) in [
            ("{", "EOF while parsing"),
            (
                r#"{"status": "error", "errorType": "bad_data", "error": "no"}"#,
                "bad_data: no",
            ),
            (r#"{"status": "success"}"#, "without data"),
        ] {
            let error = Recording::read(body.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
