//! What became of the requests of a look, in the shape that a judge needs.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use strategy_core::Track;

use super::metric::{Metric, no_units};
use crate::reading::{Data, Events, Histogram, Reading, Shape};
use crate::source::SourceError;

/// What became of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    /// From before it was connected to the end of what is read of its answer.
    pub(super) took: Duration,
    /// `None`: it was answered as it should be.
    pub(super) failing: Option<Failing>,
}

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Failing {
    Status(u16),
    Lacks,
    Contains,
    Redirections,
    NoAnswer,
    NoConnection,
    Broken,
}

impl fmt::Display for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Status(status) => return write!(f, "status {status}"),
            Self::Lacks => "the answer lacks what it must contain",
            Self::Contains => "the answer contains what it must lack",
            Self::Redirections => "too many redirections",
            Self::NoAnswer => "no answer in time",
            Self::NoConnection => "no connection",
            Self::Broken => "the connection broke, or what was said is no HTTP",
        })
    }
}

/// In the shape that is asked for.
///
/// # Errors
/// When the shape has no meaning here, which [`Metric::read`] has refused before.
pub(super) fn reading(
    outcomes: &[Outcome],
    metric: &Metric,
    shape: Shape,
) -> Result<Reading, SourceError> {
    let failed = outcomes.iter().filter(|outcome| outcome.failing.is_some());
    Ok(Reading::Told(match shape {
        Shape::Events => Data::Events(Events::counted(
            count(outcomes.len()),
            count(failed.count()),
        )),
        Shape::Values => Data::Values(
            outcomes
                .iter()
                .map(|outcome| seconds(outcome, metric))
                .collect(),
        ),
        Shape::Histogram => Data::Histogram(histogram(outcomes, metric)?),
        Shape::Units => return Err(no_units()),
    }))
}

/// How the requests that failed did so; `None`: none did.
pub(super) fn note(outcomes: &[Outcome], track: Track) -> Option<String> {
    let mut each: BTreeMap<Failing, usize> = BTreeMap::new();
    for failing in outcomes.iter().filter_map(|outcome| outcome.failing) {
        *each.entry(failing).or_default() += 1;
    }
    let failed: usize = each.values().sum();
    let each: Vec<_> = each
        .iter()
        .map(|(failing, count)| format!("{failing} ({count})"))
        .collect();
    (failed > 0).then(|| {
        let all = outcomes.len();
        format!(
            "{failed} of {all} requests to {track} failed: {}",
            each.join(", ")
        )
    })
}

/// How long it took. One that failed counts as long as any could take: else a track that fails fast would be fast.
fn seconds(outcome: &Outcome, metric: &Metric) -> f64 {
    let took = if outcome.failing.is_some() {
        metric.timeout
    } else {
        outcome.took
    };
    took.as_secs_f64()
}

/// By how long they took. One that failed is above all bounds, for the same reason.
fn histogram(outcomes: &[Outcome], metric: &Metric) -> Result<Histogram, SourceError> {
    let mut counts = vec![0; metric.bounds.len() + 1];
    for outcome in outcomes {
        let within = metric
            .bounds
            .iter()
            .position(|bound| outcome.took.as_secs_f64() <= *bound);
        let bucket = within.filter(|_| outcome.failing.is_none());
        counts[bucket.unwrap_or(metric.bounds.len())] += 1;
    }
    metric.histogram(counts)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
