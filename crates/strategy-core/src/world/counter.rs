//! The world as a source of counts: what users got, by workload and window, as far as it is visible.

use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::World;
use crate::analysis::{Count, Counter, FailureShare, Look, MeasureError, SlowShare, Window};
use crate::release::Part;
use crate::timestamp::Timestamp;
use crate::track::Track;

/// What a source of counts does instead of answering well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum MetricFault {
    /// It cannot be asked.
    Unreachable,
    /// It answers that there was nothing, whatever there was.
    Empty,
}

/// A source of counts as it is: how late it shows what happened, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    pub(super) delay: Duration,
    pub(super) faults: Vec<FailingMetrics>,
}

/// A fault of a source that has begun.
#[derive(Debug)]
pub(super) struct FailingMetrics {
    pub(super) part: Option<Part>,
    pub(super) fault: MetricFault,
    pub(super) until: Timestamp,
}

impl Metrics {
    fn fault(&self, part: &Part, now: Timestamp) -> Option<MetricFault> {
        let befalls = |failing: &&FailingMetrics| {
            failing.until > now && failing.part.as_ref().is_none_or(|one| one == part)
        };
        self.faults
            .iter()
            .find(befalls)
            .map(|failing| failing.fault)
    }

    /// What of a window can be seen now.
    fn visible(&self, window: Window, now: Timestamp) -> Window {
        let delay = u64::try_from(self.delay.as_millis()).unwrap_or(u64::MAX);
        let until = Timestamp::from_millis(now.as_millis().saturating_sub(delay));
        Window {
            from: window.from.min(until),
            to: window.to.min(until),
        }
    }
}

#[async_trait]
impl Counter for World {
    /// Finds the workload by the look's identity of the track (label `workload`), as a metric query
    /// would. A part whose API cannot be read can still be counted: users do not ask the API.
    ///
    /// For a check of kind [`SlowShare::KIND`] those are counted that were answered well, and as failed
    /// those of them that took longer than its limit; for every other all are, and those that failed.
    ///
    /// What is not visible yet is not counted: the same look that is taken later may find more.
    async fn count(&self, look: &Look, part: &Part, track: Track) -> Result<Count, MeasureError> {
        let unavailable = |why: String| MeasureError::Unavailable {
            source_name: "world".to_owned(),
            source: why.into(),
        };
        let limit = (look.analysis.kind == SlowShare::KIND)
            .then(|| SlowShare::limit(look))
            .transpose()?;
        let workload = look
            .identities
            .get(part)
            .and_then(|tracks| tracks.of(track).get("workload"))
            .ok_or_else(|| unavailable(format!("{part} has no label `workload` for {track}")))?;
        self.with(|state| {
            if state.now < look.window.to {
                let why = format!("the window ends at {}, after now", look.window.to);
                return Err(unavailable(why));
            }
            match state.metrics.fault(part, state.now) {
                Some(MetricFault::Unreachable) => {
                    return Err(unavailable("connection refused".to_owned()));
                }
                Some(MetricFault::Empty) => return Ok(Count::default()),
                None => {}
            }
            let window = state.metrics.visible(look.window, state.now);
            let ledger = state
                .parts
                .get(part)
                .and_then(|part| part.ledger(workload))
                .ok_or_else(|| unavailable(format!("nothing is known of `{workload}`")))?;
            let requests = ledger.within(window);
            Ok(match limit {
                None => Count {
                    total: requests.served + requests.failed,
                    failed: requests.failed,
                },
                Some(limit) => Count {
                    total: requests.served,
                    failed: ledger.slower_within(window, limit),
                },
            })
        })
    }
}

impl World {
    /// The share of failed requests, counted in this world; register it under its
    /// [`KIND`](FailureShare::KIND).
    pub fn analysis(&self) -> FailureShare {
        FailureShare::new(self.clone())
    }

    /// The share of slow requests, counted in this world; register it under its
    /// [`KIND`](SlowShare::KIND).
    pub fn slow_analysis(&self) -> SlowShare {
        SlowShare::new(self.clone())
    }
}
