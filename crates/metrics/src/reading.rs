//! What a source tells of one track in one window, and in which shape.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use strategy_core::Timestamp;
use strategy_core::analysis::Count;
use thiserror::Error;

/// In which shape a judge needs what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Shape {
    /// Events, and how many of them were bad: requests and errors.
    Events,
    /// How many events were at most so large: latencies in buckets.
    Histogram,
    /// One number for each unit, such as the heap of each pod.
    Units,
    /// Numbers over time: what a query says at each instant of the window.
    Values,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Events => "events",
            Self::Histogram => "histogram",
            Self::Units => "units",
            Self::Values => "values",
        })
    }
}

/// What a source tells of one track in one window. What it could not tell is an error instead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reading {
    /// What happened. A counter that is there and did not move tells [`Events`] of zero.
    Told(Data),
    /// Nothing answers to the question: no such series in the window.
    Empty,
    /// What answers to the question ended before the window did.
    #[non_exhaustive]
    Stale {
        /// Until when something is known of it: the moment of its newest sample, or the end of the interval that
        /// this stands for.
        newest: Timestamp,
    },
    /// The answer is no number, such as 0/0.
    NotANumber,
}

impl Reading {
    /// [`Stale`](Self::Stale): until when something is known of what answers.
    pub const fn stale(newest: Timestamp) -> Self {
        Self::Stale { newest }
    }
}

/// What happened in a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Data {
    /// Events.
    Events(Events),
    /// Events by size.
    Histogram(Histogram),
    /// One number for each unit. No number is NaN.
    Units(BTreeMap<String, f64>),
    /// Numbers over time, in order. No number is NaN.
    Values(Vec<f64>),
}

impl Data {
    /// Its shape.
    pub const fn shape(&self) -> Shape {
        match self {
            Self::Events(_) => Shape::Events,
            Self::Histogram(_) => Shape::Histogram,
            Self::Units(_) => Shape::Units,
            Self::Values(_) => Shape::Values,
        }
    }
}

/// How many events there were in a window, and how many of them were bad.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Events {
    /// All of them.
    pub all: Count,
    /// The same by unit, such as a pod; empty: the source does not tell units apart. The units' counts add
    /// up to `all`.
    pub by_unit: BTreeMap<String, Count>,
}

impl Events {
    /// So many, of no unit in particular. More failures than events count as so many as there were events.
    pub fn counted(total: u64, failed: u64) -> Self {
        Self {
            all: Count {
                total,
                failed: failed.min(total),
            },
            by_unit: BTreeMap::new(),
        }
    }

    /// The sum of what each unit counted.
    pub fn of_units(units: impl IntoIterator<Item = (String, Count)>) -> Self {
        let mut events = Self::default();
        for (unit, count) in units {
            let of_unit = events.by_unit.entry(unit).or_default();
            for sum in [of_unit, &mut events.all] {
                sum.total = sum.total.saturating_add(count.total);
                sum.failed = sum.failed.saturating_add(count.failed.min(count.total));
            }
        }
        events
    }
}

/// How many events of a window were how large.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawHistogram", into = "RawHistogram")]
pub struct Histogram {
    bounds: Vec<f64>,
    counts: Vec<u64>,
}

impl Histogram {
    /// The most bounds that are read: four times what a native histogram of Prometheus has by default.
    pub const LIMIT: usize = 640;

    /// `bounds` are the upper bounds of the buckets, inclusive, rising and finite; `counts` has one more: the
    /// events in each bucket alone, the last one above all bounds.
    ///
    /// # Errors
    /// What does not hold of them.
    pub fn new(bounds: Vec<f64>, counts: Vec<u64>) -> Result<Self, InvalidHistogram> {
        if bounds.is_empty() || bounds.len() > Self::LIMIT {
            return Err(InvalidHistogram::Bounds(bounds.len()));
        }
        if counts.len() != bounds.len() + 1 {
            return Err(InvalidHistogram::Counts {
                bounds: bounds.len(),
                counts: counts.len(),
            });
        }
        let rising = bounds.windows(2).all(|pair| pair[0] < pair[1]);
        if !rising || bounds.iter().any(|bound| !bound.is_finite()) {
            return Err(InvalidHistogram::Order);
        }
        Ok(Self { bounds, counts })
    }

    /// The upper bounds of its buckets, inclusive, rising; what is above the last one has a bucket of its own.
    pub fn bounds(&self) -> &[f64] {
        &self.bounds
    }

    /// The events of each bucket alone; one more than there are bounds.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// All events.
    pub fn total(&self) -> u64 {
        self.counts
            .iter()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The events above a bound, given by its index.
    pub fn above(&self, bound: usize) -> u64 {
        self.counts
            .iter()
            .skip(bound + 1)
            .fold(0, |sum, count| sum.saturating_add(*count))
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHistogram {
    bounds: Vec<f64>,
    counts: Vec<u64>,
}

impl TryFrom<RawHistogram> for Histogram {
    type Error = InvalidHistogram;
    fn try_from(raw: RawHistogram) -> Result<Self, Self::Error> {
        Self::new(raw.bounds, raw.counts)
    }
}

impl From<Histogram> for RawHistogram {
    fn from(histogram: Histogram) -> Self {
        Self {
            bounds: histogram.bounds,
            counts: histogram.counts,
        }
    }
}

/// What is no [`Histogram`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidHistogram {
    /// None, or too many.
    #[error("a histogram has {0} bounds, and must have 1 to {limit}", limit = Histogram::LIMIT)]
    Bounds(usize),
    /// One count for each bucket, the one above all bounds included.
    #[error(
        "a histogram of {bounds} bounds has {counts} counts, and must have one more than bounds"
    )]
    Counts {
        /// How many bounds.
        bounds: usize,
        /// How many counts.
        counts: usize,
    },
    /// They rise, and are numbers.
    #[error("the bounds of a histogram do not rise, or are not finite")]
    Order,
}
