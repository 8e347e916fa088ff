//! Replica arithmetic: what a share of traffic needs, and which share a number of replicas achieves.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::track::Capacity;
use crate::weight::Weight;

/// How many ready replicas must stand behind a share of traffic: `ceil(share × baseline)`, at least 1
/// if there is any share, 0 if there is none.
///
/// Rounded up, because the remainder of the traffic is as real as the rest of it.
///
/// ```
/// # use strategy_core::{Weight, share::need};
/// let quarter = Weight::from_percent(25)?;
/// assert_eq!(need(quarter, 10), 3);
/// assert_eq!(need(quarter, 1), 1);
/// assert_eq!(need(Weight::ZERO, 10), 0);
/// # Ok::<(), strategy_core::InvalidWeight>(())
/// ```
pub const fn need(share: Weight, baseline: u32) -> u32 {
    if share.is_zero() {
        return 0;
    }
    let count = share.ceil_of(baseline);
    if count == 0 { 1 } else { count }
}

/// The number that a capacity means, once baseline and recorded count of the track are known.
pub const fn count(capacity: Capacity, baseline: u32, recorded: u32) -> u32 {
    match capacity {
        Capacity::Count(count) => count,
        Capacity::Share(share) => need(share, baseline),
        Capacity::Recorded => recorded,
    }
}

/// Replicas of both tracks where traffic follows readiness, and the share of traffic they achieve.
///
/// Percent is not share: 3 replicas cannot give 10%, they give 33.33%, and this says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ShareSplit {
    /// Replicas of stable.
    pub stable: u32,
    /// Replicas of the candidate.
    pub candidate: u32,
    /// The candidate's share of all replicas, and so of traffic.
    pub achieved: Weight,
    /// How far that is from what was planned, in either direction.
    pub deviation: Weight,
}

impl ShareSplit {
    /// The split of `total` replicas, or of up to `surge` more, whose share is nearest to `planned`.
    ///
    /// # Guarantees
    /// - `total` is never undercut.
    /// - A weight above 0% has at least one candidate replica, one below 100% at least one of stable;
    ///   where one replica would have to be both, there is one more, whatever `surge` says.
    /// - Of two equally near splits it is the one with fewer replicas, then the one with more of the
    ///   candidate: traffic follows the counts, so the larger share has the capacity for it too.
    ///
    /// ```
    /// # use strategy_core::{Weight, share::ShareSplit};
    /// let ten = Weight::from_percent(10)?;
    /// let split = ShareSplit::nearest(ten, 3, 0);
    /// assert_eq!((split.stable, split.candidate), (2, 1));
    /// assert_eq!(split.to_string(), "33.33%, 23.33% off");
    /// let split = ShareSplit::nearest(ten, 3, 1);
    /// assert_eq!((split.stable, split.candidate), (3, 1));
    /// assert_eq!(split.to_string(), "25%, 15% off");
    /// # Ok::<(), strategy_core::InvalidWeight>(())
    /// ```
    pub fn nearest(planned: Weight, total: u32, surge: u32) -> Self {
        if total == 0 || planned.is_zero() {
            return Self::given(planned, total, 0);
        }
        if planned == Weight::FULL {
            return Self::given(planned, 0, total);
        }
        let first = total.max(2);
        let last = total.saturating_add(surge).max(first);
        let mut best: Option<(u32, u32)> = None;
        for sum in first..=last {
            let up = need(planned, sum).min(sum - 1);
            for candidate in [up, up.saturating_sub(1).max(1)] {
                let nearer = best.is_none_or(|(c, s)| {
                    distance(planned, candidate, sum) < distance(planned, c, s)
                });
                if nearer {
                    best = Some((candidate, sum));
                }
            }
        }
        let (candidate, sum) = best.unwrap_or((1, first));
        Self::given(planned, sum - candidate, candidate)
    }

    /// What given counts achieve, against what was planned. No replicas at all achieve nothing.
    pub fn given(planned: Weight, stable: u32, candidate: u32) -> Self {
        let achieved = Weight::of(candidate, stable.saturating_add(candidate));
        Self {
            stable,
            candidate,
            achieved,
            deviation: achieved.distance(planned),
        }
    }

    /// Replicas of both tracks together.
    pub const fn total(&self) -> u32 {
        self.stable.saturating_add(self.candidate)
    }
}

impl fmt::Display for ShareSplit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.deviation.is_zero() {
            write!(f, "{}", self.achieved)
        } else {
            write!(f, "{}, {} off", self.achieved, self.deviation)
        }
    }
}

/// How far `candidate` of `sum` lies from `planned`, as a fraction that compares exactly.
fn distance(planned: Weight, candidate: u32, sum: u32) -> Fraction {
    let have = u128::from(candidate) * 10_000;
    let want = u128::from(planned.basis_points()) * u128::from(sum);
    Fraction {
        over: have.abs_diff(want),
        under: u128::from(sum),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Fraction {
    over: u128,
    under: u128,
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some((self.over * other.under).cmp(&(other.over * self.under)))
    }
}

/// How many replicas a rolling update may add or do without: `2` or `25%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Amount {
    /// So many.
    Count(u32),
    /// A share of the baseline.
    Share(Weight),
}

impl Amount {
    /// Rounded up, as for what may be added: a surge of 39% of 10 is 4.
    pub const fn rounded_up(self, baseline: u32) -> u32 {
        match self {
            Self::Count(count) => count,
            Self::Share(share) => share.ceil_of(baseline),
        }
    }

    /// Rounded down and at most all, as for what may be missing: 39% of 10 is 3.
    pub const fn rounded_down(self, baseline: u32) -> u32 {
        let count = match self {
            Self::Count(count) => count,
            Self::Share(share) => {
                (baseline as u64 * share.basis_points() as u64 / Weight::FULL.basis_points() as u64)
                    as u32
            }
        };
        if count < baseline { count } else { baseline }
    }
}

impl From<u32> for Amount {
    fn from(count: u32) -> Self {
        Self::Count(count)
    }
}

impl From<Weight> for Amount {
    fn from(share: Weight) -> Self {
        Self::Share(share)
    }
}

impl std::str::FromStr for Amount {
    type Err = crate::weight::InvalidWeight;

    /// # Errors
    /// Unless it is a number or a percentage of at most 100%.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().parse() {
            Ok(count) => Ok(Self::Count(count)),
            Err(_) => text.parse().map(Self::Share),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Share(share) => write!(f, "{share}"),
        }
    }
}

#[cfg(test)]
mod tests;
