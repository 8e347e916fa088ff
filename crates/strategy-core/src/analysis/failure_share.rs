//! The share of failures over a window against a limit: the one analysis that needs no statistics.

use async_trait::async_trait;

use super::counted::{Params, measure};
use super::{Analysis, Counter, Look, MeasureError, Measurement, PreparedCheck};
use crate::plan::Plan;
use crate::target::Found;

/// Fails when more than a share of events failed.
///
/// Parameters of a check:
/// - `limit`: the largest share that is tolerated, such as `"1%"`; exactly as much passes. Required:
///   no share is right for everybody.
/// - `min_events`: fewer than so many in a window are [inconclusive](super::Verdict::Inconclusive), whatever
///   became of them. Default: 50, since below that one failure alone is more than 2%.
/// - `track`: `candidate` (default) or `stable`.
/// - `part`: only this one. Default: every part of the rollout, each by itself, and the worst counts,
///   so that a large part cannot hide a small one.
///
/// It keeps no memory between looks, has no bound on false alarms, and an empty count is never a pass.
///
/// ```
/// use strategy_core::plan::{Check, Extension};
/// use strategy_core::analysis::FailureShare;
///
/// let check = Check::new(Extension::new(FailureShare::KIND).with("limit", "1%"));
/// ```
#[derive(Debug)]
pub struct FailureShare {
    counter: Box<dyn Counter>,
}

impl FailureShare {
    /// The kind under which it is usually registered.
    pub const KIND: &'static str = "failure-share";

    /// Fewer events than this say nothing, unless a check says otherwise.
    pub const MIN_EVENTS: u64 = 50;

    /// Counts with this.
    pub fn new(counter: impl Counter + 'static) -> Self {
        Self {
            counter: Box::new(counter),
        }
    }
}

#[async_trait]
impl Analysis for FailureShare {
    async fn admit(&self, plan: &Plan, _: &Found) -> Result<Vec<PreparedCheck>, MeasureError> {
        plan.checks()
            .iter()
            .filter(|(_, check)| check.analysis.kind == Self::KIND)
            .map(|(name, check)| {
                Params::read(name, &check.analysis, &[])?;
                Ok(PreparedCheck::new(name.clone()))
            })
            .collect()
    }

    async fn measure(&self, look: &Look) -> Result<Measurement, MeasureError> {
        let params = Params::read(&look.check, &look.analysis, &[])?;
        measure(&*self.counter, look, &params, "failed").await
    }
}
