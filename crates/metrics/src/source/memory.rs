//! Readings that a test lays down beforehand.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use serde_json::Value;
use strategy_core::analysis::Window;
use strategy_core::{Timestamp, Track};

use super::{Admitted, Answer, MetricSource, Question, Rhythm, SourceError};
use crate::reading::{Data, Events, Reading, Shape};

/// Events that a test lays down, at the moment at which they happened; for tests of judges and plans.
///
/// Its metric has no parameters: `{}`.
///
/// ```
/// use strategy_core::{Timestamp, Track};
/// use strategy_metrics::source::MemorySource;
///
/// let source = MemorySource::new();
/// source.happened(Track::Candidate, Timestamp::from_millis(1_000), 100, 3);
/// ```
#[derive(Debug, Default)]
pub struct MemorySource {
    rhythm: Rhythm,
    events: Mutex<BTreeMap<(Track, Timestamp), (u64, u64)>>,
}

impl MemorySource {
    /// One in which nothing has happened, which tells of any window.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// It tells of windows in this rhythm only.
    #[must_use]
    pub const fn in_rhythm(mut self, rhythm: Rhythm) -> Self {
        self.rhythm = rhythm;
        self
    }

    /// So many events, of which so many failed, happened at that moment.
    pub fn happened(&self, track: Track, at: Timestamp, total: u64, failed: u64) {
        let mut events = self.lock();
        let (all, bad) = events.entry((track, at)).or_default();
        *all = all.saturating_add(total);
        *bad = bad.saturating_add(failed);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<(Track, Timestamp), (u64, u64)>> {
        // Numbers are added in one piece: what a panic elsewhere left behind is whole.
        self.events
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[async_trait]
impl MetricSource for MemorySource {
    fn name(&self) -> String {
        "memory".to_owned()
    }

    fn rhythm(&self, metric: &Value, shape: Shape) -> Result<Rhythm, SourceError> {
        if metric.as_object().is_none_or(|fields| !fields.is_empty()) {
            return Err(SourceError::invalid(
                "metric",
                "this source has one metric only, without parameters",
                "write {}",
            ));
        }
        if shape == Shape::Events {
            Ok(self.rhythm)
        } else {
            Err(SourceError::invalid(
                "judge",
                format!("it needs {shape}, and this source has events only"),
                "use a judge of events",
            ))
        }
    }

    async fn admit(&self, _: &Question) -> Result<Admitted, SourceError> {
        Ok(Admitted::default())
    }

    async fn read(&self, question: &Question, window: Window) -> Result<Answer, SourceError> {
        self.rhythm(&question.metric, question.shape)?;
        let events = self.lock();
        let mut of_track = events
            .iter()
            .filter(|((track, _), _)| *track == question.track)
            .peekable();
        if of_track.peek().is_none() {
            return Ok(Reading::Empty.into());
        }
        let within = of_track.filter(|((_, at), _)| window.from <= *at && *at < window.to);
        let (total, failed) =
            within.fold((0, 0), |(all, bad): (u64, u64), (_, (total, failed))| {
                (all.saturating_add(*total), bad.saturating_add(*failed))
            });
        Ok(Reading::Told(Data::Events(Events::counted(total, failed))).into())
    }
}
