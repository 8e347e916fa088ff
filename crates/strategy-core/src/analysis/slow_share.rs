//! The share of events that took too long, over a window against a limit.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use super::counted::{Params, measure};
use super::{Analysis, Counter, Look, MeasureError, Measurement, PreparedCheck};
use crate::plan::{CheckName, Extension, Plan};
use crate::target::Found;
use crate::timestamp::duration;

/// Fails when more than a share of what was answered well took longer than a limit.
///
/// Its [`Counter`] counts as `total` what was answered well in the window, and as `failed` what of it took
/// longer than [`SlowShare::limit`] says for the look.
///
/// Parameters of a check: `slower_than`, a duration such as `"300ms"`, exactly as long passes; required,
/// as nothing is slow for everybody. All others are those of
/// [`FailureShare`](super::FailureShare): `limit`, `min_events`, `track` and `part`.
///
/// It keeps no memory between looks, has no bound on false alarms, and an empty count is never a pass: where
/// nothing is answered well, it is [inconclusive](super::Verdict::Inconclusive).
///
/// ```
/// use strategy_core::analysis::SlowShare;
/// use strategy_core::plan::{Check, Extension};
///
/// let slow = Extension::new(SlowShare::KIND)
///     .with("slower_than", "300ms")
///     .with("limit", "1%");
/// let check = Check::new(slow);
/// ```
#[derive(Debug)]
pub struct SlowShare {
    counter: Box<dyn Counter>,
}

const SLOWER_THAN: &str = "slower_than";

impl SlowShare {
    /// The kind under which it is usually registered.
    pub const KIND: &'static str = "slow-share";

    /// Counts with this.
    pub fn new(counter: impl Counter + 'static) -> Self {
        Self {
            counter: Box::new(counter),
        }
    }

    /// What is slow in the words of this look's check: `slower_than`.
    ///
    /// # Errors
    /// [`MeasureError::Invalid`] when it is missing or no duration.
    pub fn limit(look: &Look) -> Result<Duration, MeasureError> {
        limit(&look.check, &look.analysis)
    }
}

#[async_trait]
impl Analysis for SlowShare {
    async fn admit(&self, plan: &Plan, _: &Found) -> Result<Vec<PreparedCheck>, MeasureError> {
        plan.checks()
            .iter()
            .filter(|(_, check)| check.analysis.kind == Self::KIND)
            .map(|(name, check)| {
                read(name, &check.analysis)?;
                Ok(PreparedCheck::new(name.clone()))
            })
            .collect()
    }

    async fn measure(&self, look: &Look) -> Result<Measurement, MeasureError> {
        let (limit, params) = read(&look.check, &look.analysis)?;
        let verb = format!("took longer than {}", duration::format(limit));
        measure(&*self.counter, look, &params, &verb).await
    }
}

fn read(check: &CheckName, analysis: &Extension) -> Result<(Duration, Params), MeasureError> {
    let limit = limit(check, analysis)?;
    let params = Params::read(check, analysis, &[SLOWER_THAN])?;
    Ok((limit, params))
}

fn limit(check: &CheckName, analysis: &Extension) -> Result<Duration, MeasureError> {
    let invalid = |problem: String| MeasureError::Invalid {
        check: check.clone(),
        problem,
        mend: "write from when on it is slow, such as \"300ms\"".to_owned(),
    };
    match analysis.params.get(SLOWER_THAN) {
        Some(Value::String(text)) => {
            duration::parse(text).map_err(|error| invalid(format!("{SLOWER_THAN}: {error}")))
        }
        Some(_) | None => Err(invalid(format!("{SLOWER_THAN} is missing or no text"))),
    }
}
