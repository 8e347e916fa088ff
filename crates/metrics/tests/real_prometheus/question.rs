//! Questions, windows and what their answers are held against.

use serde_json::{Value, json};
use strategy_core::analysis::{Count, Window};
use strategy_core::{Part, Timestamp, Track};
use strategy_metrics::source::{MetricSource as _, Question, SourceError};
use strategy_metrics::{Data, Events, Reading, Shape};

use crate::server::Prometheus;

/// When a target was scraped, and the number of each scrape.
pub(crate) type Scrapes = [(Timestamp, u64)];

/// About the track of this name, whose target tells its name as the label `track`.
pub(crate) fn question(metric: Value, shape: Shape, track: &str) -> Question {
    let which = if track == "stable" {
        Track::Stable
    } else {
        Track::Candidate
    };
    let mut question = Question::new(metric, shape, Part::main(), which);
    question.labels = [("track".to_owned(), track.to_owned())].into();
    question
}

/// Requests of a job and those that failed.
pub(crate) fn requests(job: &str) -> Value {
    json!({
        "requests": format!("http_requests_total{{job=\"{job}\",track=\"{{{{track}}}}\"}}"),
        "failed": format!("http_requests_total{{job=\"{job}\",track=\"{{{{track}}}}\",code=~\"5..\"}}"),
    })
}

pub(crate) const fn window(from: Timestamp, to: Timestamp) -> Window {
    Window { from, to }
}

/// So many milliseconds later.
pub(crate) const fn later(at: Timestamp, millis: u64) -> Timestamp {
    Timestamp::from_millis(at.as_millis() + millis)
}

pub(crate) async fn ask(
    server: &Prometheus,
    metric: Value,
    shape: Shape,
    track: &str,
    window: Window,
) -> Result<Reading, SourceError> {
    let question = question(metric, shape, track);
    let answer = server.source().read(&question, window).await?;
    assert!(answer.notes.is_empty(), "{answer:?}");
    Ok(answer.reading)
}

/// What is told of a window; none of one without a sample, or with nothing to count from.
pub(crate) async fn counted(
    server: &Prometheus,
    metric: Value,
    track: &str,
    window: Window,
) -> Count {
    match ask(server, metric, Shape::Events, track, window).await {
        Ok(Reading::Told(Data::Events(events))) => events.all,
        Ok(Reading::Stale { .. }) => Count::default(),
        other => panic!("{window:?}: {other:?}"),
    }
}

/// The events that are told of a window.
pub(crate) async fn events(
    server: &Prometheus,
    metric: Value,
    track: &str,
    window: Window,
) -> Events {
    match ask(server, metric, Shape::Events, track, window).await {
        Ok(Reading::Told(Data::Events(events))) => events,
        other => panic!("{window:?}: {other:?}"),
    }
}

/// The numbers of the scrapes between which a window counts: the last one before its begin, or the first of all, and
/// the last one before its end.
pub(crate) fn between(scrapes: &Scrapes, window: Window) -> (u64, u64) {
    let last_before = |end: Timestamp| scrapes.iter().rfind(|(at, _)| *at < end);
    let first = scrapes.first().unwrap();
    let from = last_before(window.from).unwrap_or(first).1;
    (from, last_before(window.to).unwrap_or(first).1)
}

/// What was counted up to the scrape `to` and not up to `from`.
pub(crate) fn difference(counted: fn(u64) -> Count, (from, to): (u64, u64)) -> Count {
    let (from, to) = (counted(from), counted(to));
    Count {
        total: to.total - from.total,
        failed: to.failed - from.failed,
    }
}
