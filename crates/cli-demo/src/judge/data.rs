//! Recorded data as a source of metrics: what it tells of a window is what a source would have told then.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use strategy_core::analysis::{Count, Window};
use strategy_core::{Timestamp, Track};
use strategy_metrics::reading::{Data, Events, Reading, Shape};
use strategy_metrics::source::{
    Admitted, Answer, MetricSource, Question, Recording, Rhythm, SourceError,
};

use super::cadence;
use super::csv::{Row, Told};
use super::labels::Labels;
use super::problem::Problem;

/// Recorded data.
pub(super) enum Recorded {
    /// Rows of text.
    Rows(Vec<Row>),
    /// Series of Prometheus, the labels by which they are told apart, and after how long without a sample they are old.
    Series {
        recording: Recording,
        labels: Labels,
    },
}

impl Recorded {
    /// From when to when windows of this length can lie, and in which shapes there are data.
    ///
    /// Samples and counts are of the time before them, numbers of their own moment.
    pub(super) fn span(&self, shape: Shape, interval: Duration) -> Result<Window, Problem> {
        let (moments, apart) = match self {
            Self::Rows(rows) => {
                let mut moments: Vec<_> = rows.iter().map(|row| row.at).collect();
                moments.dedup();
                let apart = apart_by_unit(rows);
                close_together(&apart, interval)?;
                (moments, apart.into_values().flatten().collect())
            }
            Self::Series { recording, .. } => (recording.moments(), apart_by_series(recording)),
        };
        let apart = cadence::usual(apart).unwrap_or(interval);
        let window = match (self, shape) {
            (_, Shape::Values | Shape::Units) => cadence::of_numbers(&moments, apart, interval),
            (Self::Rows(_), _) => cadence::of_counts(&moments, apart, interval),
            (Self::Series { .. }, _) => cadence::of_samples(&moments),
        };
        window.ok_or_else(|| Problem::whole("there are no samples in it"))
    }

    /// Whether it tells anything in this shape.
    pub(super) fn has(&self, shape: Shape) -> Result<(), Problem> {
        match self {
            Self::Rows(rows) => {
                let counts = matches!(rows.first().map(|row| row.told), Some(Told::Count(_)));
                let has_units = rows.iter().all(|row| !row.unit.is_empty());
                let mend = match shape {
                    Shape::Events if counts => return Ok(()),
                    Shape::Values if !counts && !has_units => return Ok(()),
                    Shape::Units if !counts && has_units => return Ok(()),
                    Shape::Events => "columns `total` and `failed`",
                    Shape::Values => "a column `value`, and no `unit`",
                    Shape::Units => "columns `unit` and `value`",
                    Shape::Histogram => {
                        "a recording of Prometheus, with the buckets of a histogram"
                    }
                    _ => "a newer version of this program",
                };
                Err(Problem::whole(format!(
                    "the judge needs {shape}, and the rows have none; it takes {mend}"
                )))
            }
            Self::Series {
                recording, labels, ..
            } => labels.check(recording, shape),
        }
    }

    fn answer(&self, question: &Question, window: Window) -> Result<Answer, Problem> {
        let (track, shape) = (question.track, question.shape);
        match self {
            Self::Rows(rows) => Ok(of_rows(rows, track, shape, window).into()),
            Self::Series { recording, labels } => of_series(recording, labels, question, window),
        }
    }
}

/// How far apart the rows of each unit of each track are.
fn apart_by_unit(rows: &[Row]) -> BTreeMap<(Track, &str), Vec<Duration>> {
    let mut moments: BTreeMap<_, Vec<Timestamp>> = BTreeMap::new();
    for row in rows {
        let of = (row.track, row.unit.as_str());
        moments.entry(of).or_default().push(row.at);
    }
    let apart = moments.into_iter();
    apart
        .map(|(of, moments)| (of, cadence::apart(moments.into_iter())))
        .collect()
}

/// How far apart the samples of each series are.
fn apart_by_series(recording: &Recording) -> Vec<Duration> {
    let moments = recording.moments();
    let (Some(first), Some(last)) = (moments.first(), moments.last()) else {
        return Vec::new();
    };
    let whole = Window {
        from: *first,
        to: after(*last),
    };
    let numbers = recording.numbers(|_| true, whole);
    let of_series = numbers.chunk_by(|one, next| std::ptr::eq(one.0, next.0));
    of_series
        .flat_map(|samples| cadence::apart(samples.iter().map(|(_, at, _)| *at)))
        .collect()
}

/// Of every window between two rows nothing would be known.
///
/// Rows that come a little late, and a unit or a gap that is an exception, are borne.
fn close_together(
    apart: &BTreeMap<(Track, &str), Vec<Duration>>,
    interval: Duration,
) -> Result<(), Problem> {
    for track in [Track::Stable, Track::Candidate] {
        let of_track = apart.iter().filter(|((of, _), _)| *of == track);
        let usual = cadence::usual(of_track.flat_map(|(_, apart)| apart).copied().collect());
        if let Some(apart) = usual.filter(|apart| *apart > interval + interval / 10) {
            let [apart, interval] = [apart, interval].map(strategy_core::duration::format);
            return Err(Problem::whole(format!(
                "most rows of {track} are {apart} or more after the one before, and a window of {interval} between two \
                 of them has none; let `interval` of the check be {apart}, or count more often"
            )));
        }
    }
    Ok(())
}

const fn after(moment: Timestamp) -> Timestamp {
    Timestamp::from_millis(moment.as_millis().saturating_add(1))
}

fn of_rows(rows: &[Row], track: Track, shape: Shape, window: Window) -> Reading {
    // A count is of the time before its row: at the end of a window it belongs to that one.
    let (from, to) = match shape {
        Shape::Values | Shape::Units => (window.from, window.to),
        Shape::Events | Shape::Histogram => (after(window.from), after(window.to)),
        _ => (window.from, window.to),
    };
    let begin = rows.partition_point(|row| row.at < from);
    let end = rows.partition_point(|row| row.at < to);
    let within = rows.get(begin..end).unwrap_or_default().iter();
    let mut of_track = within.filter(|row| row.track == track).peekable();
    if of_track.peek().is_none() {
        return Reading::Empty;
    }
    let value = |row: &Row| match row.told {
        Told::Value(value) => Some((row.unit.clone(), value)),
        Told::Count(_) => None,
    };
    let count = |row: &Row| match row.told {
        Told::Count(count) => Some((row.unit.clone(), count)),
        Told::Value(_) => None,
    };
    Reading::Told(match shape {
        Shape::Values => Data::Values(of_track.filter_map(value).map(|(_, value)| value).collect()),
        Shape::Units => Data::Units(of_track.filter_map(value).collect()),
        Shape::Events | Shape::Histogram => Data::Events(events(of_track.filter_map(count))),
        _ => return Reading::Empty,
    })
}

/// The sum, by unit where every row tells one.
fn events(counts: impl Iterator<Item = (String, Count)>) -> Events {
    let counts: Vec<_> = counts.collect();
    let by_unit = counts.iter().all(|(unit, _)| !unit.is_empty());
    let sum = Events::of_units(counts);
    if by_unit {
        return sum;
    }
    Events::counted(sum.all.total, sum.all.failed)
}

fn of_series(
    recording: &Recording,
    labels: &Labels,
    question: &Question,
    window: Window,
) -> Result<Answer, Problem> {
    let (track, since) = (question.track, question.watched_since);
    // A sample tells of the time before it: at the end of a window it belongs to that one.
    let counted = Window {
        from: after(window.from),
        to: after(window.to),
    };
    let of_track = |of: &BTreeMap<String, String>| labels.track(of) == Some(track);
    let problem =
        |problem: strategy_metrics::source::InvalidRecording| Problem::whole(problem.problem);
    Ok(match question.shape {
        Shape::Events => recording
            .events(
                |of| of_track(of) && labels.counts(of),
                |of| of_track(of) && labels.failed(of),
                labels.unit(),
                counted,
                since,
            )
            .map_err(problem)?,
        Shape::Histogram => recording
            .histogram(of_track, counted, since)
            .map_err(problem)?,
        Shape::Values => {
            let numbers = recording.numbers(of_track, window);
            let values = numbers.iter().map(|(_, _, value)| *value);
            let finite: Vec<f64> = values.filter(|value| value.is_finite()).collect();
            told(numbers.is_empty(), finite.is_empty(), Data::Values(finite)).into()
        }
        Shape::Units => {
            let numbers = recording.numbers(of_track, window);
            let unit = labels.unit().unwrap_or_default();
            let mut units: BTreeMap<String, f64> = BTreeMap::new();
            for (labels, _, value) in &numbers {
                // In order of time: the last one of each unit counts.
                units.insert(labels.get(unit).cloned().unwrap_or_default(), *value);
            }
            units.retain(|_, value| value.is_finite());
            told(numbers.is_empty(), units.is_empty(), Data::Units(units)).into()
        }
        other => {
            return Err(Problem::whole(format!(
                "{other} cannot be read from a recording"
            )));
        }
    })
}

fn told(nothing: bool, no_number: bool, data: Data) -> Reading {
    match (nothing, no_number) {
        (true, _) => Reading::Empty,
        (false, true) => Reading::NotANumber,
        (false, false) => Reading::Told(data),
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recorded")
    }
}

#[async_trait]
impl MetricSource for Recorded {
    fn name(&self) -> String {
        "the recording".to_owned()
    }

    fn rhythm(&self, _: &Value, _: Shape) -> Result<Rhythm, SourceError> {
        Ok(Rhythm::default())
    }

    async fn admit(&self, _: &Question) -> Result<Admitted, SourceError> {
        Ok(Admitted::default())
    }

    async fn read(&self, question: &Question, window: Window) -> Result<Answer, SourceError> {
        let answer = self.answer(question, window);
        answer.map_err(|problem| {
            SourceError::permanent(
                self.name(),
                problem.to_string().trim_start().to_owned(),
                "record other series",
            )
        })
    }
}
