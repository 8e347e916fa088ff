//! A number of each window against a bound, and the rules of Argo Rollouts and Flagger for such numbers.

pub mod bound;
pub mod measure;
pub mod peers;

use serde::{Deserialize, Serialize};
use strategy_core::analysis::Verdict;
use strategy_core::plan::Limits;
use strategy_core::target::Finding;
use strategy_core::{Track, Tracks};

use self::bound::Bound;
use self::measure::Measure;
use self::peers::{Form, Peer, Shown};
use super::checked::checked;
use super::{Judge, JudgeError, Judgement, Prospect, Reason, Sight, data_of, marks, words};
use crate::reading::{Reading, Shape};
use crate::state::{Mark, State};

const VERSION: u8 = 2;

/// Judges each window by itself: one number of it against a bound.
///
/// It has **no bound on false alarms**: what is at the limit by chance in one window of a hundred fails once
/// in a hundred looks, and the limits of the check count such failures.
///
/// ```yaml
/// kind: threshold
/// measure: { quantile: 0.95 }
/// bound: { absolute: { max: 300 } }
/// unit: ms
/// ```
///
/// Without `limits` of a peer: `Pass` where the bound holds, `Fail` where it does not, `Inconclusive` without
/// data, without a number (0 of 0) and below `at-least-events`; the limits of the check say how many of each
/// are too much. With them, what is different is in the tables of [`Argo`](peers::Argo) and
/// [`Flagger`](peers::Flagger), and the check must have the
/// limits that [`Judge::limits`] tells: [`MetricCheck`](crate::MetricCheck) sets them, and a plan with
/// others is warned of (`limits-differ`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Fields", rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Threshold {
    /// Which number of a window. Default: the share of bad events.
    pub measure: Measure,
    /// What it may be. Required.
    pub bound: Bound,
    /// Below so many events of a track a window is inconclusive. Default: 1. Not looked at with the limits of
    /// a peer, which knows no such thing.
    pub at_least_events: u64,
    /// The unit of the metric, for the evidence, such as `ms`. Default: none; shares are shown in per cent.
    pub unit: String,
    /// Whose rules hold. Default: none but the limits of the check.
    pub limits: Option<Peer>,
}

checked! {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    Threshold from Fields {
        #[serde(default)]
        measure: Measure,
        bound: Bound,
        #[serde(default = "one")]
        at_least_events: u64,
        #[serde(default)]
        unit: String,
        #[serde(default)]
        limits: Option<Peer>,
    }
}

const fn one() -> u64 {
    1
}

impl Threshold {
    /// This number against this bound.
    pub const fn new(measure: Measure, bound: Bound) -> Self {
        Self {
            measure,
            bound,
            at_least_events: 1,
            unit: String::new(),
            limits: None,
        }
    }

    /// The bounds: its own, and that of a failure condition.
    fn bounds(&self) -> impl Iterator<Item = &Bound> {
        let failure = match &self.limits {
            Some(Peer::Argo(argo)) => argo.failure.as_ref(),
            Some(Peer::Flagger(_)) | None => None,
        };
        std::iter::once(&self.bound).chain(failure)
    }

    fn check(&self) -> Result<(), String> {
        self.measure.check()?;
        self.limits.as_ref().map_or(Ok(()), Peer::check)?;
        for bound in self.bounds() {
            bound.check()?;
            if bound.is_of_shares() && self.measure != Measure::Share {
                return Err(
                    "`burn-rate` is of the share of bad events; write `measure: share`".to_owned(),
                );
            }
        }
        Ok(())
    }

    /// The number of a track, or why there is none.
    fn number(&self, reading: &Reading, track: Track) -> Result<Result<f64, Shown>, JudgeError> {
        let data = match data_of(reading, track, self.shape())? {
            Ok(data) => data,
            Err(why) if matches!(reading, Reading::NotANumber) && self.limits.is_none() => {
                return Ok(Err(Shown::Missing(why)));
            }
            Err(_) if matches!(reading, Reading::NotANumber) => return Ok(Err(Shown::NotANumber)),
            Err(why) => return Ok(Err(Shown::Missing(why))),
        };
        let few = |events: u64| {
            let least = self.at_least_events;
            let what = format!("{events} of {track}, and {least} are needed");
            Shown::Missing(Reason::TooFewEvents.because(what))
        };
        if self.limits.is_none()
            && let Some(events) = Measure::events(data)
            && events < self.at_least_events
        {
            return Ok(Err(few(events)));
        }
        Ok(match self.measure.of(data) {
            Some(number) => Ok(number),
            None if self.limits.is_some() => Err(Shown::NotANumber),
            None => {
                let what = format_args!("{} of {track} is no number", self.measure.name());
                Err(Shown::Missing(Reason::NoData.because(what)))
            }
        })
    }

    /// The numbers of both tracks, or why one is missing. What is missing goes before what is no number.
    fn numbers(&self, sight: &Sight) -> Result<Result<Tracks<f64>, Shown>, JudgeError> {
        let candidate = self.number(&sight.readings.candidate, Track::Candidate)?;
        if !self.compares() {
            return Ok(candidate.map(|candidate| Tracks {
                candidate,
                stable: 0.0,
            }));
        }
        let stable = self.number(&sight.readings.stable, Track::Stable)?;
        Ok(match (candidate, stable) {
            (Ok(candidate), Ok(stable)) => Ok(Tracks { stable, candidate }),
            (Err(missing @ Shown::Missing(_)), _) | (_, Err(missing @ Shown::Missing(_))) => {
                Err(missing)
            }
            (Err(shown), _) | (_, Err(shown)) => Err(shown),
        })
    }

    fn events_of(sight: &Sight) -> String {
        match &sight.readings.candidate {
            Reading::Told(crate::reading::Data::Events(events)) => {
                format!(" ({} of {})", events.all.failed, events.all.total)
            }
            Reading::Told(_) | Reading::Empty | Reading::Stale { .. } | Reading::NotANumber => {
                String::new()
            }
        }
    }
}

impl Judge for Threshold {
    fn shape(&self) -> Shape {
        self.measure.shape()
    }

    fn compares(&self) -> bool {
        self.bounds().any(Bound::compares)
    }

    fn bounded(&self) -> bool {
        false
    }

    fn admit(&self, _: &Prospect) -> Vec<Finding> {
        Vec::new()
    }

    /// Those that its peer's rules ask for.
    ///
    /// ```
    /// use serde_json::json;
    /// use strategy_metrics::Judge;
    /// use strategy_metrics::judge::Threshold;
    ///
    /// let judge: Threshold = serde_json::from_value(json!({
    ///     "bound": { "absolute": { "max": 0.01 } },
    ///     "limits": { "argo": { "failure-limit": 3 } },
    /// }))?;
    /// let limits = judge.limits().unwrap();
    /// assert_eq!((limits.failures, limits.consecutive_errors), (3, 4));
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    fn limits(&self) -> Option<Limits> {
        self.limits.as_ref().map(Peer::limits)
    }

    fn judge(&self, sight: &Sight, state: &State) -> Result<Judgement, JudgeError> {
        let mark = Mark::new(VERSION, marks::THRESHOLD, self);
        if self.limits.is_none() && !state.is_empty() {
            // It never writes one, so this is another's, or was written with limits.
            state.read_marked(mark)?.done()?;
        }
        let (shown, mut evidence) = match self.numbers(sight)? {
            Ok(numbers) => {
                let (good, mut evidence) = self.bound.holds(self, numbers);
                evidence += &Self::events_of(sight);
                let mut failure = false;
                if let Some(Peer::Argo(argo)) = &self.limits
                    && argo.form == Form::Both
                    && let Some(bound) = &argo.failure
                {
                    let (holds, said) = bound.holds(self, numbers);
                    failure = !holds;
                    evidence += &format!("; fails by: {said}");
                }
                (Shown::Number { good, failure }, evidence)
            }
            Err(shown) => {
                let evidence = match &shown {
                    Shown::Missing(why) => words::why(why),
                    Shown::Number { .. } | Shown::NotANumber => {
                        format!("{} is no number", self.measure.name())
                    }
                };
                (shown, evidence)
            }
        };
        let Some(peer) = &self.limits else {
            let verdict = match shown {
                Shown::Number { good: true, .. } => Verdict::Pass,
                Shown::Number { good: false, .. } => Verdict::Fail,
                Shown::NotANumber => Reason::NoData.because("no number"),
                Shown::Missing(why) => why,
            };
            return Ok(Judgement::new(verdict, evidence, state));
        };
        let (verdict, said, state) = peer.judge(shown, mark, state)?;
        if !said.is_empty() {
            evidence += &format!("; {said}");
        }
        Ok(Judgement::new(verdict, evidence, &state))
    }
}
