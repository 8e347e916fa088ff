//! Kayenta's classes of a metric, and how it comes to them.

use serde::{Deserialize, Serialize};

use super::MannWhitney;
use super::shift::Shift;

/// Which change of a metric counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Direction {
    /// Each.
    #[default]
    Either,
    /// An increase: of errors, of latency.
    Increase,
    /// A decrease: of successes.
    Decrease,
}

/// What becomes of what is no number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum NanStrategy {
    /// It is left out; a track without points is no data.
    #[default]
    Remove,
    /// It counts as 0, and **a track without points passes**, as in Kayenta. For counts of errors where no
    /// series means none, and for nothing else.
    Replace,
}

/// What becomes of outliers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Outliers {
    /// They count.
    #[default]
    Keep,
    /// They are left out, of each track by its own measure: see [`fences`].
    Remove,
}

/// How the size of a change is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EffectSize {
    /// The candidate's mean over stable's. Not known where one of them is 0, and then of any size.
    #[default]
    MeanRatio,
    /// The common language effect size: the chance that a point of the candidate is above one of stable,
    /// half of it where they are equal; 0.5: none.
    Cles,
}

/// What Kayenta calls a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Class {
    /// No change that counts was shown.
    Pass,
    /// The candidate is higher.
    High,
    /// The candidate is lower.
    Low,
    /// A track has no points.
    Nodata,
    /// A track has no points, and the metric must have some.
    NodataFailMetric,
}

/// A metric that was classified.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Classified {
    /// As what.
    pub class: Class,
    /// It fails the whole release in Kayenta, whatever the others say.
    pub critical: bool,
    /// The candidate's mean over stable's, as Kayenta reports it; `None`: a mean is 0. Without points, and
    /// where all points are equal, it is 1.
    pub ratio: Option<f64>,
    /// By how much the candidate is higher; `None`: not asked, as the points are equal or missing.
    pub shift: Option<Shift>,
}

impl Classified {
    /// A release of this metric alone would score 0.
    pub const fn fails(&self) -> bool {
        match self.class {
            Class::Pass => false,
            Class::High | Class::Low | Class::NodataFailMetric => true,
            Class::Nodata => self.critical,
        }
    }

    const fn at_once(class: Class, critical: bool) -> Self {
        Self {
            class,
            critical,
            ratio: Some(1.0),
            shift: None,
        }
    }
}

impl MannWhitney {
    /// Classifies points of both tracks as Kayenta's `NetflixACAJudge-v1.0` does, after NaNs were dealt with
    /// (`spinnaker/kayenta` a69573be, `NetflixACAJudge.scala`, `MannWhitneyClassifier.scala`,
    /// `EffectSizes.scala`).
    ///
    /// In this order:
    /// 1. Outliers are taken out, if asked.
    /// 2. A track has no points: `Nodata`, or `NodataFailMetric`, or, with `replace`, `Pass`.
    /// 3. Both tracks have the same points: `Pass`.
    /// 4. `High` if the interval of the [`Shift`] is above `tolerance` times the size of its estimate and the
    ///    effect is at least `allowed-increase`; `Low` in the same way downwards.
    pub fn classify(&self, candidate: &[f64], stable: &[f64]) -> Classified {
        let kept = |points: &[f64]| match self.outliers {
            Outliers::Keep => points.to_vec(),
            Outliers::Remove => without_outliers(points, self.outlier_factor),
        };
        let (mut candidate, mut stable) = (kept(candidate), kept(stable));
        candidate.sort_by(f64::total_cmp);
        stable.sort_by(f64::total_cmp);
        if candidate.is_empty() || stable.is_empty() {
            return match self.nan_strategy {
                NanStrategy::Replace => Classified::at_once(Class::Pass, false),
                NanStrategy::Remove if self.must_have_data && !self.critical => {
                    Classified::at_once(Class::NodataFailMetric, false)
                }
                NanStrategy::Remove => Classified::at_once(Class::Nodata, self.critical),
            };
        }
        let all_equal = candidate.first() >= stable.last() && stable.first() >= candidate.last();
        if candidate == stable || all_equal {
            return Classified::at_once(Class::Pass, false);
        }
        let ratio = mean_ratio(&candidate, &stable);
        let effect = match self.effect_size {
            EffectSize::MeanRatio => ratio,
            EffectSize::Cles => Some(cles(&candidate, &stable)),
        };
        let Some(shift) = Shift::between(&candidate, &stable, self.confidence) else {
            return Classified::at_once(Class::Nodata, self.critical);
        };
        let counts = |direction| self.direction == Direction::Either || self.direction == direction;
        let at_least = |bound: f64| effect.is_none_or(|effect| effect >= bound);
        let at_most = |bound: f64| effect.is_none_or(|effect| effect <= bound);
        let high = counts(Direction::Increase)
            && shift.lower.exceeds(self.tolerance, shift.estimate)
            && at_least(self.allowed(self.allowed_increase));
        let low = counts(Direction::Decrease)
            && shift
                .upper
                .negated()
                .exceeds(self.tolerance, shift.estimate)
            && at_most(self.allowed(self.allowed_decrease));
        let (class, critical) = if high {
            let critical = at_least(self.allowed(self.critical_increase));
            (Class::High, critical)
        } else if low {
            let critical = at_most(self.allowed(self.critical_decrease));
            (Class::Low, critical)
        } else {
            (Class::Pass, false)
        };
        Classified {
            class,
            critical: self.critical && critical,
            ratio,
            shift: Some(shift),
        }
    }

    /// The bound on an effect, or that of no effect.
    fn allowed(&self, bound: Option<f64>) -> f64 {
        bound.unwrap_or(match self.effect_size {
            EffectSize::MeanRatio => 1.0,
            EffectSize::Cles => 0.5,
        })
    }
}

/// The mean of numbers, or 0 of none.
pub(super) fn mean(points: &[f64]) -> f64 {
    let count = points.iter().fold(0.0, |count, _| count + 1.0);
    if count > 0.0 {
        points.iter().sum::<f64>() / count
    } else {
        0.0
    }
}

fn mean_ratio(candidate: &[f64], stable: &[f64]) -> Option<f64> {
    let (candidate, stable) = (mean(candidate), mean(stable));
    (candidate.abs() > 0.0 && stable.abs() > 0.0).then(|| candidate / stable)
}

/// The share of pairs in which the candidate is greater, pairs of equals counted half.
fn cles(candidate: &[f64], stable: &[f64]) -> f64 {
    let (mut greater, mut pairs) = (0.0, 0.0);
    for one in candidate {
        for other in stable {
            pairs += 1.0;
            if one > other {
                greater += 1.0;
            } else if one >= other {
                greater += 0.5;
            }
        }
    }
    greater / pairs
}

/// Between which numbers a point is no outlier: `factor` times the range between the quartiles below the
/// first and above the third. Quartiles are interpolated linearly (type 7 of Hyndman and Fan, R's default).
///
/// `None`: there are no points.
pub fn fences(points: &[f64], factor: f64) -> Option<(f64, f64)> {
    let (first, third) = (quantile(points, 0.25)?, quantile(points, 0.75)?);
    let beyond = (third - first) * factor;
    Some((first - beyond, third + beyond))
}

/// Without those beyond the fences and beyond the first or the last hundredth as well, as Kayenta has it
/// (`IQRDetector(reduceSensitivity = true)`).
fn without_outliers(points: &[f64], factor: f64) -> Vec<f64> {
    let (Some(fences), Some(first), Some(last)) = (
        fences(points, factor),
        quantile(points, 0.01),
        quantile(points, 0.99),
    ) else {
        return Vec::new();
    };
    let (lower, upper) = (fences.0.min(first), fences.1.max(last));
    let inside = |point: &f64| *point >= lower && *point <= upper;
    points.iter().copied().filter(inside).collect()
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index between 0 and the number of points"
)]
fn quantile(points: &[f64], share: f64) -> Option<f64> {
    let mut sorted = points.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = share * (sorted.len().checked_sub(1)? as f64);
    let lower = *sorted.get(at.floor() as usize)?;
    let upper = *sorted.get(at.ceil() as usize)?;
    Some(lower + (upper - lower) * at.fract())
}
