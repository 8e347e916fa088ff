//! What CloudWatch answers, page by page, read strictly. Pure.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataResult.html>

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_cloudwatch::operation::get_metric_data::GetMetricDataOutput;
use aws_sdk_cloudwatch::types::{MessageData, MetricDataResult, StatusCode};
use strategy_core::Timestamp;
use strategy_core::analysis::Window;

/// The most messages of an answer that are told on.
const MESSAGES: usize = 5;

/// The most characters of what CloudWatch says that are told on.
pub(super) const SAID: usize = 500;

/// The datapoints of one series, by the begin of their period. One that is not there is not zero.
pub(super) type Points = BTreeMap<Timestamp, f64>;

/// Why the pages together are no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// CloudWatch says that it could not, this time, or not all of it.
    Passing(String),
    /// It says that it never will.
    Forbidden(String),
    /// It is no answer to what was asked.
    Unreadable(String),
}

/// The pages of one answer.
#[derive(Clone, Debug)]
pub(super) struct Pages {
    window: Window,
    period: Duration,
    /// In the order in which they were asked for.
    series: Vec<(Points, Option<StatusCode>)>,
    messages: BTreeSet<String>,
}

/// The name of a series within a question.
pub(super) fn id(index: usize) -> String {
    format!("m{index}")
}

impl Pages {
    /// Of so many series, in a window that begins and ends with a period.
    pub(super) fn of(series: usize, window: Window, period: Duration) -> Self {
        Self {
            window,
            period,
            series: vec![(Points::new(), None); series],
            messages: BTreeSet::new(),
        }
    }

    /// Reads one more.
    pub(super) fn read(&mut self, page: &GetMetricDataOutput) -> Result<(), Refusal> {
        self.heard(page.messages());
        for result in page.metric_data_results() {
            let told = result.id().unwrap_or_default();
            let index = (0..self.series.len()).find(|index| id(*index) == told);
            let index = index.ok_or_else(|| {
                let told: String = told.chars().take(SAID).collect();
                Refusal::Unreadable(format!("it tells of `{told}`, which was not asked for"))
            })?;
            self.heard(result.messages());
            let points = self.points(result)?;
            // What was asked for by its index has an entry.
            let Some((known, status)) = self.series.get_mut(index) else {
                continue;
            };
            for (at, value) in points {
                let before = known.insert(at, value);
                if before.is_some_and(|before| before.to_bits() != value.to_bits()) {
                    return Err(Refusal::Unreadable(format!("it tells of {at} twice")));
                }
            }
            *status = result.status_code().cloned();
        }
        Ok(())
    }

    /// The datapoints of a page that are in the window: where CloudWatch rounds the begin down, earlier ones come too.
    fn points(&self, result: &MetricDataResult) -> Result<Points, Refusal> {
        let (times, values) = (result.timestamps(), result.values());
        if times.len() != values.len() {
            let problem = format!("it has {} times and {} values", times.len(), values.len());
            return Err(Refusal::Unreadable(problem));
        }
        let mut points = Points::new();
        for (at, value) in times.iter().zip(values) {
            let millis = at.to_millis().ok().and_then(|at| u64::try_from(at).ok());
            let at = millis.map(Timestamp::from_millis);
            let at = at.filter(|at| is_multiple(*at, self.period));
            let at = at.ok_or_else(|| {
                let problem = format!("it tells of {times:?}, where no period begins");
                Refusal::Unreadable(problem.chars().take(SAID).collect())
            })?;
            if self.window.from <= at && at < self.window.to {
                points.insert(at, *value);
            }
        }
        Ok(points)
    }

    /// Keeps what it says, no longer than a person reads.
    fn heard(&mut self, messages: &[MessageData]) {
        for message in messages {
            let code = message.code().unwrap_or_default();
            let said = message.value().unwrap_or_default();
            let said = format!("{code}: {said}");
            if self.messages.len() < MESSAGES {
                self.messages.insert(said.chars().take(SAID).collect());
            }
        }
    }

    /// The series and what was said of them, if all pages that there are were read.
    pub(super) fn all(self) -> Result<(Vec<Points>, Vec<String>), Refusal> {
        let messages: Vec<String> = self.messages.into_iter().collect();
        let with = |problem: &str| match messages.as_slice() {
            [] => problem.to_owned(),
            said => format!("{problem}: {}", said.join("; ")),
        };
        let mut series = Vec::new();
        for (points, status) in self.series {
            match status {
                Some(StatusCode::Complete) => series.push(points),
                Some(StatusCode::Forbidden) => {
                    return Err(Refusal::Forbidden(with("it says Forbidden")));
                }
                Some(StatusCode::InternalError) => {
                    return Err(Refusal::Passing(with("it says InternalError")));
                }
                Some(StatusCode::PartialData) => {
                    return Err(Refusal::Passing(with(
                        "it says PartialData, and has no more pages",
                    )));
                }
                Some(other) => {
                    let problem = format!("it says `{}`", other.as_str());
                    return Err(Refusal::Unreadable(with(&problem)));
                }
                None => {
                    return Err(Refusal::Unreadable(with(
                        "it does not tell of all that was asked for",
                    )));
                }
            }
        }
        Ok((series, messages))
    }
}

/// Whether a period begins there.
pub(super) fn is_multiple(at: Timestamp, period: Duration) -> bool {
    u128::from(at.as_millis()).is_multiple_of(period.as_millis().max(1))
}
