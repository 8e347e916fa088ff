//! A check of a metric, from code.

use serde_json::Value;
use strategy_core::plan::{Check, Extension};

use super::params::{self, JUDGE, METRIC, PART};
use crate::judge::{InvalidJudge, Kinds};

/// A check of a metric, from code: its parameters, and whether it compares.
///
/// ```
/// use serde_json::json;
/// use strategy_metrics::MetricCheck;
///
/// let check = MetricCheck::new("prometheus", json!({ "ready-made": "istio" })).check()?;
/// assert!(check.compares_with_stable);
/// # Ok::<(), strategy_metrics::judge::InvalidJudge>(())
/// ```
#[derive(Clone, Debug)]
pub struct MetricCheck(Extension);

impl MetricCheck {
    /// Asks the analysis that is registered under `kind` for `metric`, in its source's own words.
    pub fn new(kind: impl Into<String>, metric: impl Into<Value>) -> Self {
        Self(Extension::new(kind).with(METRIC, metric))
    }

    /// Judged so: the `kind` of a judge and its parameters. Default: `sequential-ratio`.
    #[must_use]
    pub fn judge(self, params: impl Into<Value>) -> Self {
        Self(self.0.with(JUDGE, params))
    }

    /// Of this part. Needed where a rollout has several.
    #[must_use]
    pub fn part(self, part: impl Into<String>) -> Self {
        Self(self.0.with(PART, part.into()))
    }

    /// As a check of a plan that looks every 30 seconds, with the limits that its judge asks for, or the
    /// default ones.
    ///
    /// # Errors
    /// What is wrong with the judge.
    pub fn check(self) -> Result<Check, InvalidJudge> {
        self.check_with(&Kinds::built_in())
    }

    /// The same where there are judges of your own.
    ///
    /// # Errors
    /// What is wrong with the judge.
    pub fn check_with(self, kinds: &Kinds) -> Result<Check, InvalidJudge> {
        let judge = params::judge(&self.0, kinds)?;
        let mut check = Check::new(self.0);
        if let Some(limits) = judge.limits() {
            check = check.limits(limits);
        }
        Ok(if judge.compares() {
            check.compares_with_stable()
        } else {
            check
        })
    }
}
