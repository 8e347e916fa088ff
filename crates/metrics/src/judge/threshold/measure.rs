//! One number of what happened in a window.

use std::num::NonZero;

use serde::{Deserialize, Serialize};

use crate::judge::figure::{figure, percent};
use crate::judge::weighing::{count, number};
use crate::reading::{Data, Histogram, Shape};

/// Which number of a window is compared with a bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Measure {
    /// The share of events that were bad, 0 to 1. Needs events. The default.
    #[default]
    Share,
    /// The newest number of the window. Needs values.
    Last,
    /// The mean of the numbers of the window. Needs values.
    Mean,
    /// The largest number of the window. Needs values.
    Max,
    /// The smallest number of the window. Needs values.
    Min,
    /// A quantile, 0 to 1 without its ends: 0.95 is the p95. Needs a histogram; interpolated as
    /// [`interpolated`] does.
    Quantile(f64),
}

impl Measure {
    pub(super) const fn shape(self) -> Shape {
        match self {
            Self::Share => Shape::Events,
            Self::Last | Self::Mean | Self::Max | Self::Min => Shape::Values,
            Self::Quantile(_) => Shape::Histogram,
        }
    }

    pub(super) fn check(self) -> Result<(), String> {
        match self {
            Self::Quantile(q) if !(q > 0.0 && q < 1.0) => Err(format!(
                "`quantile` is {q}; write a number between 0 and 1, such as 0.95"
            )),
            Self::Share | Self::Last | Self::Mean | Self::Max | Self::Min | Self::Quantile(_) => {
                Ok(())
            }
        }
    }

    /// Of this; `None`: it is no number, such as 0 of 0.
    pub(super) fn of(self, data: &Data) -> Option<f64> {
        let measured = match (self, data) {
            (Self::Share, Data::Events(events)) => {
                let all = events.all;
                number(all.failed.min(all.total)) / number(all.total)
            }
            (Self::Last, Data::Values(values)) => *values.last()?,
            (Self::Mean, Data::Values(values)) => {
                let share = count(NonZero::new(values.len())?.get());
                values.iter().map(|value| bounded(*value) / share).sum()
            }
            (Self::Max, Data::Values(values)) => values.iter().copied().reduce(f64::max)?,
            (Self::Min, Data::Values(values)) => values.iter().copied().reduce(f64::min)?,
            (Self::Quantile(q), Data::Histogram(histogram)) => interpolated(histogram, q)?,
            (
                Self::Share | Self::Last | Self::Mean | Self::Max | Self::Min | Self::Quantile(_),
                Data::Events(_) | Data::Histogram(_) | Data::Units(_) | Data::Values(_),
            ) => return None,
        };
        (!measured.is_nan()).then(|| bounded(measured))
    }

    /// How many events it is of; `None`: it is not of events.
    pub(super) fn events(data: &Data) -> Option<u64> {
        match data {
            Data::Events(events) => Some(events.all.total),
            Data::Histogram(histogram) => Some(histogram.total()),
            Data::Units(_) | Data::Values(_) => None,
        }
    }

    /// What it is called.
    pub(super) fn name(self) -> String {
        match self {
            Self::Share => "bad events".to_owned(),
            Self::Last => "newest number".to_owned(),
            Self::Mean => "mean".to_owned(),
            Self::Max => "largest number".to_owned(),
            Self::Min => "smallest number".to_owned(),
            Self::Quantile(q) => format!("p{}", figure(q * 100.0)),
        }
    }

    /// As people read it.
    pub(super) fn shown(self, number: f64, unit: &str) -> String {
        match self {
            Self::Share => percent(number),
            Self::Last | Self::Mean | Self::Max | Self::Min | Self::Quantile(_)
                if unit.is_empty() =>
            {
                figure(number)
            }
            Self::Last | Self::Mean | Self::Max | Self::Min | Self::Quantile(_) => {
                format!("{} {unit}", figure(number))
            }
        }
    }
}

/// Numbers beyond 1e300 and infinite ones count as 1e300, so that no sum and no difference overflows.
const fn bounded(number: f64) -> f64 {
    number.clamp(-1e300, 1e300)
}

/// The quantile of a histogram as Prometheus' `histogram_quantile` has it for classic buckets; `None`: it
/// counts nothing. `q` is between 0 and 1, neither of them.
///
/// The bucket in which the event of rank `q * total` lies is taken to be filled evenly. Its lower end is 0
/// where it is the first one and its bound is above 0; of the first one with a bound of at most 0, and of the
/// one above all bounds, it is the finite bound (Prometheus, `promql/quantile.go`, `BucketQuantile`).
pub fn interpolated(histogram: &Histogram, q: f64) -> Option<f64> {
    let total = histogram.total();
    let bounds = histogram.bounds();
    let rank = q * number(total);
    let mut below = 0;
    for (index, bound) in bounds.iter().enumerate() {
        let inside = histogram.counts().get(index).copied()?;
        let until = u64::saturating_add(below, inside);
        if total > 0 && number(until) >= rank {
            let lower = match index.checked_sub(1) {
                Some(before) => *bounds.get(before)?,
                None if *bound <= 0.0 => return Some(*bound),
                None => 0.0,
            };
            if inside == 0 {
                return Some(*bound);
            }
            return Some(lower + (bound - lower) * ((rank - number(below)) / number(inside)));
        }
        below = until;
    }
    if total > 0 {
        bounds.last().copied()
    } else {
        None
    }
}
