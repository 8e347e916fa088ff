//! The rules of Argo Rollouts and Flagger: what a measurement means there, beyond what the limits of a check
//! say already.

use serde::{Deserialize, Serialize};
use strategy_core::analysis::Verdict;
use strategy_core::plan::Limits;

use super::Bound;
use crate::judge::Reason;
use crate::state::{Mark, State, StateError};

/// Whose rules hold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Peer {
    /// Those of an `AnalysisTemplate` of Argo Rollouts.
    Argo(Argo),
    /// Those of the `analysis` of a `Canary` of Flagger.
    Flagger(Flagger),
}

/// The rules of one metric of an `AnalysisTemplate` (`argoproj/argo-rollouts` 9f8d111d, `analysis/analysis.go`,
/// `utils/evaluate/evaluate.go`).
///
/// | Argo Rollouts | here |
/// |---|---|
/// | `failureLimit`: fails when *more* measurements of the whole run failed, not one after the other | `failures` of [`Limits`], which counts the same; [`Judge::limits`](crate::Judge::limits) sets it |
/// | `failureLimit: -1`: no number of failed measurements fails | a failed measurement is `Undecided` |
/// | `consecutiveErrorLimit`: an error of the source | `consecutive-errors` of [`Limits`], which counts the same; a look is taken again after the interval, at most 10 seconds, and there after 10 seconds |
/// | an empty answer is an error (`result[0]` of nothing) | `Inconclusive`; `consecutive-inconclusive` of [`Limits`] has the same limit. Errors and empty answers that alternate count as one row there, and as two here |
/// | NaN: every comparison is false. With a success condition alone it failed, with a failure condition alone it is **successful**, with both it is inconclusive | the same, by [`form`](Self::form) |
/// | neither condition holds, with both: inconclusive. `inconclusiveLimit` counts these of the whole run; one more pauses the rollout | `Undecided`; after one more it stays so, and the bake ends as its `undecided` says |
/// | `count`: the metric is successful after so many measurements, errors not counted | after so many it passes and judges no more; where the last one is a tolerated failure, from the next look on |
/// | `consecutiveSuccessLimit`: successful after so many in a row; if `count` comes first, inconclusive, and failed with `failureLimit: -1` | the same; a success before that is `Undecided` |
/// | a metric that ended as successful is not measured again (`generateMetricTasks` skips what `MetricCompleted`) | the same: it passes every later look, also one of which nothing is known |
/// | a run that is ended before it measured is successful | **differs**: no look is no pass |
/// | `Failed` and `Error` abort, `Inconclusive` pauses | `Fail` fails the stage, `Undecided` holds as the bake says |
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Argo {
    /// Which conditions the metric has. Default: success.
    pub form: Form,
    /// With the form `both`: the failure condition is true where this bound does not hold. Required there.
    pub failure: Option<Bound>,
    /// How many failed measurements are tolerated; -1: any number. Default: 0.
    pub failure_limit: i32,
    /// How many inconclusive ones. Default: 0.
    pub inconclusive_limit: u32,
    /// How many errors one after the other; `None`: 4. Default: 4.
    pub consecutive_error_limit: Option<u32>,
    /// How many measurements there are; `None`: as long as the check runs. Default: none.
    pub count: Option<u32>,
    /// How many successful ones in a row end it as successful; 0: no such rule. Default: 0.
    pub consecutive_success_limit: u32,
}

/// Which conditions a metric of Argo Rollouts has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Form {
    /// `successCondition` alone: it is true where the bound holds.
    #[default]
    Success,
    /// `failureCondition` alone: it is true where the bound does not hold. No number at all passes.
    Failure,
    /// Both: success where the bound holds, failure where [`Argo::failure`] does not; failure wins.
    Both,
}

/// The rules of the `analysis` of a `Canary` (`fluxcd/flagger` 15bd6ad5, `pkg/controller/scheduler.go`,
/// `scheduler_metrics.go`).
///
/// | Flagger | here |
/// |---|---|
/// | `thresholdRange`: `min` and `max` are good themselves | [`Bound::Absolute`] has the same |
/// | a check failed: the weight stays for this tick | `Fail`: a bake does not end while the last look failed |
/// | `threshold`: it goes back when as many checks failed, counted since the revision began, never reset by a good one | `failures` of [`Limits`], which counts the same; [`Judge::limits`](crate::Judge::limits) sets it |
/// | that is tested at the *beginning of the next* tick: `threshold: 5` at 60 seconds acts at 360 | the look after the last tolerated failure is `Fail` whatever it sees, and is the one more that fails the check |
/// | no value, NaN: the check failed ("no values found") | `Fail` |
/// | the query failed: the check failed | **differs**: an error counts towards `consecutive-errors` of [`Limits`], which has the same number, and the look is taken again within 10 seconds |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Flagger {
    /// How many failed checks take it back, from 1 on. Default: 1, as in Flagger.
    pub threshold: u32,
}

impl Default for Flagger {
    fn default() -> Self {
        Self { threshold: 1 }
    }
}

/// What a window showed, before anybody's rules.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shown {
    /// Whether the bound holds, and whether that of the failure condition does.
    Number { good: bool, failure: bool },
    /// No number, such as 0/0.
    NotANumber,
    /// No series, or an old one.
    Missing(Verdict),
}

impl Peer {
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self::Argo(argo) => {
                if argo.failure_limit < -1 {
                    let limit = argo.failure_limit;
                    return Err(format!("`failure-limit` is {limit}; write -1 or more"));
                }
                match (argo.form, &argo.failure) {
                    (Form::Both, None) => {
                        Err("`failure` is missing; the form `both` needs a second bound".to_owned())
                    }
                    (Form::Both, Some(bound)) => bound.check(),
                    (Form::Success | Form::Failure, Some(_)) => {
                        Err("`failure` is for the form `both` alone; take it out".to_owned())
                    }
                    (Form::Success | Form::Failure, None) => Ok(()),
                }
            }
            Self::Flagger(flagger) if flagger.threshold == 0 => {
                Err("`threshold` is 0; write 1 or more".to_owned())
            }
            Self::Flagger(_) => Ok(()),
        }
    }

    /// The limits of a check that has these rules.
    pub(super) fn limits(&self) -> Limits {
        match self {
            Self::Argo(argo) => {
                let errors = argo.consecutive_error_limit.unwrap_or(4);
                Limits::default()
                    .failures(u32::try_from(argo.failure_limit).unwrap_or(0))
                    .consecutive_errors(errors)
                    .consecutive_inconclusive(errors)
            }
            Self::Flagger(flagger) => Limits::default()
                .failures(flagger.threshold)
                .consecutive_errors(flagger.threshold),
        }
    }

    /// What it means by these rules, with what is said in addition, and what is remembered.
    pub(super) fn judge(
        &self,
        shown: Shown,
        mark: Mark,
        state: &State,
    ) -> Result<(Verdict, String, State), StateError> {
        match self {
            Self::Argo(argo) => argo.judge(shown, mark, state),
            Self::Flagger(flagger) => flagger.judge(&shown, mark, state),
        }
    }
}

impl Flagger {
    fn judge(
        self,
        shown: &Shown,
        mark: Mark,
        state: &State,
    ) -> Result<(Verdict, String, State), StateError> {
        let mut failed = 0;
        if !state.is_empty() {
            let mut reader = state.read_marked(mark)?;
            failed = reader.u32()?;
            reader.done()?;
        }
        let remembered = |failed: u32| State::marked(mark).u32(failed).done();
        let threshold = self.threshold;
        if failed >= threshold {
            let said = format!("{failed} checks failed before, threshold {threshold}");
            return Ok((Verdict::Fail, said, remembered(failed)));
        }
        Ok(match shown {
            Shown::Number { good: true, .. } => (Verdict::Pass, String::new(), remembered(failed)),
            Shown::Number { good: false, .. } | Shown::NotANumber | Shown::Missing(_) => {
                failed += 1;
                let said = format!("{failed} checks failed, threshold {threshold}");
                (Verdict::Fail, said, remembered(failed))
            }
        })
    }
}

/// How a metric of Argo Rollouts ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum End {
    #[default]
    NotYet,
    Successful,
    Inconclusive,
    Failed,
}

/// What Argo Rollouts remembers of a metric.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    end: End,
    measured: u32,
    successes: u32,
    inconclusive: u32,
}

impl Run {
    fn read(mark: Mark, state: &State) -> Result<Self, StateError> {
        if state.is_empty() {
            return Ok(Self::default());
        }
        let mut reader = state.read_marked(mark)?;
        let end = match reader.u8()? {
            0 => End::NotYet,
            1 => End::Successful,
            2 => End::Inconclusive,
            _ => End::Failed,
        };
        let run = Self {
            end,
            measured: reader.u32()?,
            successes: reader.u32()?,
            inconclusive: reader.u32()?,
        };
        reader.done()?;
        Ok(run)
    }

    fn write(self, mark: Mark) -> State {
        let end = match self.end {
            End::NotYet => 0,
            End::Successful => 1,
            End::Inconclusive => 2,
            End::Failed => 3,
        };
        State::marked(mark)
            .u8(end)
            .u32(self.measured)
            .u32(self.successes)
            .u32(self.inconclusive)
            .done()
    }
}

/// What Argo Rollouts calls a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Successful,
    Failed,
    Inconclusive,
}

impl Argo {
    const fn phase(&self, shown: &Shown) -> Option<Phase> {
        Some(match (self.form, shown) {
            (_, Shown::Missing(_)) => return None,
            (Form::Success, Shown::NotANumber) => Phase::Failed,
            (Form::Failure, Shown::NotANumber) => Phase::Successful,
            (Form::Both, Shown::NotANumber) => Phase::Inconclusive,
            (Form::Success | Form::Failure, Shown::Number { good: true, .. }) => Phase::Successful,
            (Form::Success | Form::Failure, Shown::Number { good: false, .. }) => Phase::Failed,
            (Form::Both, Shown::Number { failure: true, .. }) => Phase::Failed,
            (Form::Both, Shown::Number { good: true, .. }) => Phase::Successful,
            (Form::Both, Shown::Number { good: false, .. }) => Phase::Inconclusive,
        })
    }

    fn judge(
        &self,
        shown: Shown,
        mark: Mark,
        state: &State,
    ) -> Result<(Verdict, String, State), StateError> {
        let mut run = Run::read(mark, state)?;
        if run.end != End::NotYet {
            let (verdict, said) = self.ended(run);
            return Ok((verdict, said, run.write(mark)));
        }
        let Some(phase) = self.phase(&shown) else {
            let why = match shown {
                Shown::Missing(verdict) => verdict,
                Shown::Number { .. } | Shown::NotANumber => Reason::NoData.because("no number"),
            };
            return Ok((why, "an error in Argo Rollouts".to_owned(), run.write(mark)));
        };
        run.measured = run.measured.saturating_add(1);
        let (mut verdict, mut said) = match phase {
            Phase::Successful => {
                run.successes = run.successes.saturating_add(1);
                (Verdict::Pass, String::new())
            }
            Phase::Failed => {
                run.successes = 0;
                if self.failure_limit < 0 {
                    (
                        Verdict::Undecided,
                        "failed, any number tolerated".to_owned(),
                    )
                } else {
                    (Verdict::Fail, String::new())
                }
            }
            Phase::Inconclusive => {
                run.successes = 0;
                run.inconclusive = run.inconclusive.saturating_add(1);
                let said = format!(
                    "{} inconclusive, {} tolerated",
                    run.inconclusive, self.inconclusive_limit
                );
                (Verdict::Undecided, said)
            }
        };
        let needed = self.consecutive_success_limit;
        let counted = self.count.is_some_and(|count| run.measured >= count);
        if run.inconclusive > self.inconclusive_limit {
            run.end = End::Inconclusive;
        } else if needed > 0 && run.successes >= needed || counted && needed == 0 {
            run.end = End::Successful;
        } else if counted {
            run.end = if self.failure_limit < 0 {
                End::Failed
            } else {
                End::Inconclusive
            };
        } else if needed > 0 && phase == Phase::Successful {
            verdict = Verdict::Undecided;
            said = format!("{} successful in a row of {needed}", run.successes);
        }
        // A failure counts as one, also where the metric ends with it.
        if run.end != End::NotYet && verdict != Verdict::Fail {
            (verdict, said) = self.ended(run);
        }
        Ok((verdict, said, run.write(mark)))
    }

    fn ended(&self, run: Run) -> (Verdict, String) {
        match run.end {
            End::NotYet => (Verdict::Undecided, String::new()),
            End::Successful => (
                Verdict::Pass,
                format!("successful after {} measurements", run.measured),
            ),
            End::Inconclusive => (
                Verdict::Undecided,
                format!(
                    "ended inconclusive after {} measurements: {} inconclusive, {} tolerated; \
                     Argo Rollouts would pause",
                    run.measured, run.inconclusive, self.inconclusive_limit
                ),
            ),
            End::Failed => (
                Verdict::Fail,
                format!(
                    "{} measurements without {} successful in a row",
                    run.measured, self.consecutive_success_limit
                ),
            ),
        }
    }
}
