//! Kayenta's judgement of a metric: the rank-sum test of Mann, Whitney and Wilcoxon on points over time.

pub mod classify;
pub mod score;
pub mod shift;

use serde::{Deserialize, Serialize};
use strategy_core::Track;
use strategy_core::analysis::Verdict;
use strategy_core::target::Finding;

use self::classify::{Class, Classified, Direction, EffectSize, NanStrategy, Outliers, mean};
use super::checked::checked;
use super::figure::{figure, percent};
use super::{Judge, JudgeError, Judgement, Prospect, Reason, Sight, data_of, marks, words};
use crate::reading::{Data, Reading, Shape};
use crate::state::{Mark, State, StateError};

const VERSION: u8 = 2;

/// Beyond this a number counts as this, so that no difference and no sum overflows.
const LARGEST: f64 = 1e300;

/// Judges a metric as Kayenta's `NetflixACAJudge-v1.0` does, for those who come from there.
///
/// It compares points over time of both tracks, such as the error rate of each minute, by their ranks. It
/// has **no bound on false alarms**: each look tests the same points again, as Kayenta does with
/// `lookbackMins: 0`, without correction. It needs many points; Kayenta's guide asks for 50 of each track.
///
/// What a class of Kayenta means as a verdict: `Pass` passes; `High`, `Low`, `NodataFailMetric` and a
/// critical `Nodata` fail (a release of this metric alone would score 0); `Nodata` is inconclusive.
///
/// Where a verdict can differ from Kayenta's:
/// - The newest [`points`](Self::points) of each track are kept, where Kayenta keeps all of the run.
/// - Kayenta searches for the interval with a tolerance of 0.0001 in the unit of the metric, and this judge
///   reads it off the sorted differences. They differ for metrics of a size near 0.0001, where Kayenta's
///   lower bound can even lie above the upper one, and where one of its bounds lies within 0.0001 of the
///   tolerated part of the estimate. An interval that is the point 0, as most points of both tracks are
///   equal, counts as that side of 0 on which the test rejects.
/// - Kayenta takes any point for the estimate between the two differences in the middle where the test
///   is undecided; here it is their median.
/// - Where the points of each track are all equal, Kayenta adds noise; here the shift is their difference.
///   With one point of each track Kayenta fails with an error instead.
/// - A window in which a track tells nothing is inconclusive, whatever earlier windows told, and its points
///   of the other track are left out, so that both tracks have points of the same windows; with
///   `nan-strategy: replace` Kayenta's rule holds, but for old samples, which are no data all the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Fields", rename_all = "kebab-case")]
#[non_exhaustive]
pub struct MannWhitney {
    /// Which change counts. Default: either.
    pub direction: Direction,
    /// What becomes of what is no number. Default: remove.
    pub nan_strategy: NanStrategy,
    /// What becomes of outliers. Default: keep.
    pub outliers: Outliers,
    /// How far outside the quartiles an outlier is, in ranges between the quartiles; 0 or more. Default: 3.
    pub outlier_factor: f64,
    /// How the size of a change is measured. Default: mean-ratio.
    pub effect_size: EffectSize,
    /// An increase below this effect passes. Default: that of no effect, 1 for mean-ratio and 0.5 for cles.
    pub allowed_increase: Option<f64>,
    /// A decrease above this effect passes. Default: that of no effect.
    pub allowed_decrease: Option<f64>,
    /// An increase of a critical metric from this effect on is critical. Default: that of no effect.
    pub critical_increase: Option<f64>,
    /// A decrease of a critical metric down from this effect is critical. Default: that of no effect.
    pub critical_decrease: Option<f64>,
    /// The metric fails a release by itself, also by having no data. Default: no.
    pub critical: bool,
    /// A track without points fails, and is not inconclusive. Default: no.
    pub must_have_data: bool,
    /// The part of the estimated shift that the whole interval must exceed; 0 to 1. It is a part of the
    /// *shift*, not of stable: a small change without spread fails. Default: 0.25, fixed in Kayenta.
    pub tolerance: f64,
    /// The confidence of the interval, 0.5 to 0.9999. Default: 0.98, fixed in Kayenta.
    pub confidence: f64,
    /// How many of the newest points of each track are kept, 1 to 72: what a rollout can keep. Default: 72.
    pub points: usize,
    /// With fewer points of a track than this it is undecided. Default: 1, as Kayenta judges any number.
    pub at_least: usize,
}

checked! {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case", default = "defaults")]
    MannWhitney from Fields {
        direction: Direction,
        nan_strategy: NanStrategy,
        outliers: Outliers,
        outlier_factor: f64,
        effect_size: EffectSize,
        allowed_increase: Option<f64>,
        allowed_decrease: Option<f64>,
        critical_increase: Option<f64>,
        critical_decrease: Option<f64>,
        critical: bool,
        must_have_data: bool,
        tolerance: f64,
        confidence: f64,
        points: usize,
        at_least: usize,
    }
}

fn defaults() -> Fields {
    MannWhitney::default().into()
}

impl MannWhitney {
    /// The most points of each track that fit into [`State::LIMIT`], at eight bytes each.
    pub const LIMIT: usize = 72;

    fn check(&self) -> Result<(), String> {
        let within = |name: &str, value: f64, least: f64, most: f64| {
            if value >= least && value <= most {
                Ok(())
            } else {
                Err(format!("`{name}` is {value}; write {least} to {most}"))
            }
        };
        within("tolerance", self.tolerance, 0.0, 1.0)?;
        within("confidence", self.confidence, 0.5, shift::MOST_CONFIDENT)?;
        within("outlier-factor", self.outlier_factor, 0.0, 1e6)?;
        for (name, bound) in [
            ("allowed-increase", self.allowed_increase),
            ("allowed-decrease", self.allowed_decrease),
            ("critical-increase", self.critical_increase),
            ("critical-decrease", self.critical_decrease),
        ] {
            within(name, bound.unwrap_or(0.0), 0.0, 1e6)?;
        }
        if !(1..=Self::LIMIT).contains(&self.points) {
            return Err(format!(
                "`points` is {}; write 1 to {}",
                self.points,
                Self::LIMIT
            ));
        }
        if self.at_least > self.points {
            return Err(format!(
                "`at-least` is {}, and only {} points are kept; write no more than `points`",
                self.at_least, self.points
            ));
        }
        Ok(())
    }

    /// The points of a track in this window, or why there are none.
    fn points_of<'a>(
        &self,
        reading: &'a Reading,
        track: Track,
    ) -> Result<Result<&'a [f64], Verdict>, JudgeError> {
        const ZERO: &[f64] = &[0.0];
        match (reading, self.nan_strategy) {
            (Reading::NotANumber, NanStrategy::Replace) => return Ok(Ok(ZERO)),
            (Reading::Empty, NanStrategy::Replace) => return Ok(Ok(&[])),
            (
                Reading::NotANumber | Reading::Empty | Reading::Told(_) | Reading::Stale { .. },
                NanStrategy::Remove | NanStrategy::Replace,
            ) => {}
        }
        Ok(match data_of(reading, track, Shape::Values)? {
            Ok(Data::Values(points)) => Ok(points),
            Ok(data @ (Data::Events(_) | Data::Histogram(_) | Data::Units(_))) => {
                return Err(JudgeError::Shape {
                    asked: Shape::Values,
                    told: data.shape(),
                });
            }
            Err(verdict) => Err(verdict),
        })
    }

    fn mark(&self) -> Mark {
        Mark::new(VERSION, marks::MANN_WHITNEY, self)
    }

    /// The points of the candidate and of stable that are remembered.
    fn kept(&self, state: &State) -> Result<(Vec<f64>, Vec<f64>), StateError> {
        if state.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let mut reader = state.read_marked(self.mark())?;
        let counts = (usize::from(reader.u8()?), usize::from(reader.u8()?));
        let candidate = reader.f64s(counts.0)?;
        let stable = reader.f64s(counts.1)?;
        reader.done()?;
        Ok((candidate, stable))
    }

    fn remember(&self, kept: &mut Vec<f64>, points: &[f64]) {
        let known = points.iter().filter_map(|point| {
            if point.is_nan() {
                (self.nan_strategy == NanStrategy::Replace).then_some(0.0)
            } else {
                Some(point.clamp(-LARGEST, LARGEST))
            }
        });
        kept.extend(known);
        kept.drain(..kept.len().saturating_sub(self.points));
    }

    fn evidence(&self, class: &Classified, candidate: &[f64], stable: &[f64]) -> String {
        let means = format!(
            "mean of the candidate {} over {} points, of stable {} over {}",
            figure(mean(candidate)),
            candidate.len(),
            figure(mean(stable)),
            stable.len(),
        );
        let critical = if class.critical { ", critical" } else { "" };
        let Some(shift) = class.shift else {
            return match class.class {
                Class::Pass if candidate.is_empty() || stable.is_empty() => {
                    format!("{means}; no data passes, as `nan-strategy` is `replace`")
                }
                Class::Nodata | Class::NodataFailMetric => {
                    format!("{means}: no data{critical}")
                }
                Class::Pass | Class::High | Class::Low => format!("{means}: the same"),
            };
        };
        let called = match class.class {
            Class::High => "higher",
            Class::Low => "lower",
            Class::Pass | Class::Nodata | Class::NodataFailMetric => "no change that counts",
        };
        format!(
            "{means}: {called}{critical}; shifted by {} to {}, estimate {} (confidence {})",
            figure(shift.lower.value),
            figure(shift.upper.value),
            figure(shift.estimate.value),
            percent(self.confidence),
        )
    }
}

impl Default for MannWhitney {
    fn default() -> Self {
        Self {
            direction: Direction::Either,
            nan_strategy: NanStrategy::Remove,
            outliers: Outliers::Keep,
            outlier_factor: 3.0,
            effect_size: EffectSize::MeanRatio,
            allowed_increase: None,
            allowed_decrease: None,
            critical_increase: None,
            critical_decrease: None,
            critical: false,
            must_have_data: false,
            tolerance: 0.25,
            confidence: 0.98,
            points: Self::LIMIT,
            at_least: 1,
        }
    }
}

impl Judge for MannWhitney {
    fn shape(&self) -> Shape {
        Shape::Values
    }

    fn compares(&self) -> bool {
        true
    }

    fn bounded(&self) -> bool {
        false
    }

    fn admit(&self, _: &Prospect) -> Vec<Finding> {
        Vec::new()
    }

    fn judge(&self, sight: &Sight, state: &State) -> Result<Judgement, JudgeError> {
        let (mut candidate, mut stable) = self.kept(state)?;
        let told = (
            self.points_of(&sight.readings.candidate, Track::Candidate)?,
            self.points_of(&sight.readings.stable, Track::Stable)?,
        );
        match told {
            (Ok(of_candidate), Ok(of_stable)) => {
                self.remember(&mut candidate, of_candidate);
                self.remember(&mut stable, of_stable);
            }
            (Err(why), _) | (_, Err(why)) => {
                // What must have data and never had any fails, as in Kayenta.
                let class = self.classify(&candidate, &stable).class;
                let missing = matches!(class, Class::Nodata | Class::NodataFailMetric);
                let verdict = if missing && (self.must_have_data || self.critical) {
                    Verdict::Fail
                } else {
                    why.clone()
                };
                return Ok(Judgement::new(verdict, words::why(&why), state));
            }
        }
        let state = State::marked(self.mark())
            .u8(length(&candidate))
            .u8(length(&stable))
            .f64s(&candidate)
            .f64s(&stable)
            .done();
        let fewest = candidate.len().min(stable.len());
        if fewest > 0 && fewest < self.at_least {
            let evidence = format!(
                "{} points of the candidate and {} of stable; it judges from {} on",
                candidate.len(),
                stable.len(),
                self.at_least
            );
            return Ok(Judgement::new(Verdict::Undecided, evidence, &state));
        }
        let class = self.classify(&candidate, &stable);
        let mut evidence = self.evidence(&class, &candidate, &stable);
        let verdict = match class.class {
            _ if class.fails() => Verdict::Fail,
            Class::Nodata => {
                let why = Reason::NoData.because("a track has no points");
                evidence = format!("{}; {evidence}", words::why(&why));
                why
            }
            Class::Pass | Class::High | Class::Low | Class::NodataFailMetric => Verdict::Pass,
        };
        Ok(Judgement::new(verdict, evidence, &state))
    }
}

/// At most [`MannWhitney::LIMIT`].
fn length(points: &[f64]) -> u8 {
    u8::try_from(points.len()).unwrap_or(u8::MAX)
}
