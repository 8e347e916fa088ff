//! What a number of the candidate may be, and how that is said.

use serde::{Deserialize, Serialize};
use strategy_core::Tracks;

use super::Threshold;
use crate::judge::figure::figure;

/// What the candidate's number may be. A number *at* a bound is good.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Bound {
    /// Within a fixed range.
    Absolute(Range),
    /// Within a range of multiples of stable's: with `max` 1.2, at most a fifth more.
    Relative(Relative),
    /// No further from stable's than this, in the unit of the metric: with `max` 0.01 of a share, at most one
    /// per cent of all events more.
    Delta(Range),
    /// The share of bad events as a multiple of what an objective leaves for them. Needs the share of
    /// events.
    BurnRate(BurnRate),
}

/// A range of numbers, its ends included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Range {
    /// The least that is good; `None`: none is too small. Default: none.
    pub min: Option<f64>,
    /// The most that is good; `None`: none is too large. Default: none.
    pub max: Option<f64>,
}

/// A range of multiples of stable's number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Relative {
    /// The least multiple that is good; `None`: none is too small. Default: none.
    pub min: Option<f64>,
    /// The most that is good; `None`: none is too large. Default: none.
    pub max: Option<f64>,
    /// Stable's number counts as at least this, in the unit of the metric, so that one error is not
    /// infinitely more than none. Default: 0.
    pub floor: f64,
}

/// How fast the budget of an objective is used up.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct BurnRate {
    /// The share of events that shall be good, between 0 and 1: 0.999 leaves a budget of one in a thousand.
    pub objective: f64,
    /// The most that is good: 1 uses up just the budget, 14.4 that of 30 days in 50 hours (Google, The Site
    /// Reliability Workbook, chapter 5).
    pub max: f64,
}

impl Range {
    fn holds(self, number: f64) -> bool {
        self.min.is_none_or(|min| number >= min) && self.max.is_none_or(|max| number <= max)
    }

    fn check(self) -> Result<(), String> {
        match (self.min, self.max) {
            (None, None) => Err("it has no end; write `min` or `max`".to_owned()),
            (Some(min), Some(max)) if min > max => Err(format!(
                "no number is at least {min} and at most {max}; write the smaller one as `min`"
            )),
            (_, _) => Ok(()),
        }
    }

    fn shown(self, shown: impl Fn(f64) -> String) -> String {
        match (self.min, self.max) {
            (Some(min), Some(max)) => format!("{} to {}", shown(min), shown(max)),
            (Some(min), None) => format!("at least {}", shown(min)),
            (None, Some(max)) => shown(max),
            (None, None) => "none".to_owned(),
        }
    }
}

impl Bound {
    pub(super) const fn compares(&self) -> bool {
        match self {
            Self::Relative(_) | Self::Delta(_) => true,
            Self::Absolute(_) | Self::BurnRate(_) => false,
        }
    }

    pub(super) const fn is_of_shares(&self) -> bool {
        matches!(self, Self::BurnRate(_))
    }

    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self::Absolute(range) => range
                .check()
                .map_err(|problem| format!("`absolute`: {problem}")),
            Self::Delta(range) => range
                .check()
                .map_err(|problem| format!("`delta`: {problem}")),
            Self::Relative(relative) => {
                if !(relative.floor >= 0.0 && relative.floor.is_finite()) {
                    return Err(format!("`floor` is {}; write 0 or more", relative.floor));
                }
                let range = relative.range();
                range
                    .check()
                    .map_err(|problem| format!("`relative`: {problem}"))
            }
            Self::BurnRate(burn) if !(burn.objective > 0.0 && burn.objective < 1.0) => {
                Err(format!(
                    "`objective` is {}; write a number between 0 and 1, such as 0.999",
                    burn.objective
                ))
            }
            Self::BurnRate(burn) if !(burn.max > 0.0 && burn.max.is_finite()) => {
                Err(format!("`max` is {}; write more than 0", burn.max))
            }
            Self::BurnRate(_) => Ok(()),
        }
    }

    /// Whether it holds, and the numbers.
    ///
    /// `stable` is not looked at where nothing is compared.
    pub(super) fn holds(&self, judge: &Threshold, numbers: Tracks<f64>) -> (bool, String) {
        let Tracks { candidate, stable } = numbers;
        let shown = |number: f64| judge.measure.shown(number, &judge.unit);
        let name = judge.measure.name();
        let of_candidate = format!("{name} of the candidate {}", shown(candidate));
        match self {
            Self::Absolute(range) => (
                range.holds(candidate),
                format!("{of_candidate}, limit {}", range.shown(shown)),
            ),
            Self::Delta(range) => (
                range.holds(candidate - stable),
                format!(
                    "{of_candidate}, of stable {}: {} more, limit {}",
                    shown(stable),
                    shown(candidate - stable),
                    range.shown(shown)
                ),
            ),
            Self::Relative(relative) => {
                let base = stable.max(relative.floor);
                let floored = if stable < relative.floor {
                    format!(", counted as {}", shown(relative.floor))
                } else {
                    String::new()
                };
                // Multiplied, not divided: both may be zero.
                let bounds = Range {
                    min: relative.min.map(|min| min * base),
                    max: relative.max.map(|max| max * base),
                };
                let times = |number: f64| format!("{} times as much", figure(number));
                (
                    bounds.holds(candidate),
                    format!(
                        "{of_candidate}, of stable {}{floored}, limit {} ({})",
                        shown(stable),
                        bounds.shown(shown),
                        relative.range().shown(times),
                    ),
                )
            }
            Self::BurnRate(burn) => {
                let rate = candidate / (1.0 - burn.objective);
                (
                    rate <= burn.max,
                    format!(
                        "{of_candidate}, {} times what {} leaves, limit {} times",
                        figure(rate),
                        crate::judge::figure::percent(burn.objective),
                        figure(burn.max)
                    ),
                )
            }
        }
    }
}

impl Relative {
    const fn range(self) -> Range {
        Range {
            min: self.min,
            max: self.max,
        }
    }
}
