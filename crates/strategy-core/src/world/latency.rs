//! How long requests take, as an exact distribution.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::timestamp::duration;
use crate::weight::Weight;

/// How long the requests that are answered well take: points of a distribution, and straight lines between
/// them, beginning with nobody in no time. Plain data; what is counted from it is exact.
///
/// Requests beyond the last point, if that is less than all, are slower than any limit.
///
/// ```
/// use std::time::Duration;
/// use strategy_core::world::Latency;
///
/// let latency = Latency::new(Duration::from_millis(20), Duration::from_millis(100));
/// assert_eq!(latency.slower_than(Duration::from_millis(20)), 500_000);
/// assert_eq!(latency.slower_than(Duration::from_millis(100)), 10_000);
/// assert_eq!(latency.slower_than(Duration::from_millis(150)), 5_000);
/// assert_eq!(latency.slower_than(Duration::from_millis(200)), 0);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Quantile>", into = "Vec<Quantile>")]
pub struct Latency(Vec<Quantile>);

/// A point of a [`Latency`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Quantile {
    /// This share of the requests...
    pub share: Weight,
    /// ... takes at most so long.
    #[serde(with = "duration")]
    pub within: Duration,
}

/// All requests, in millionths.
const ALL: u128 = 1_000_000;
/// A basis point, in millionths.
const BASIS_POINT: u128 = 100;
const NINETY_NINE: u16 = 9_900;

impl Latency {
    /// Half of the requests take at most `median`, 99% at most `p99`, and all at most twice that.
    pub fn new(median: Duration, p99: Duration) -> Self {
        let most = Weight::from_basis_points(NINETY_NINE).unwrap_or(Weight::FULL);
        Self::of([
            (Weight::HALF, median),
            (most, p99),
            (Weight::FULL, p99.saturating_mul(2)),
        ])
    }

    /// Through these points: a share, and the time within which so many are answered. They are put in order;
    /// a share that is smaller than one before it is taken to be as large.
    pub fn of(points: impl IntoIterator<Item = (Weight, Duration)>) -> Self {
        let points = points.into_iter();
        let points = points.map(|(share, within)| Quantile { share, within });
        points.collect::<Vec<_>>().into()
    }

    /// Its points, by time.
    pub fn quantiles(&self) -> &[Quantile] {
        &self.0
    }

    /// How many requests take longer than this, in millionths: rounded up.
    pub fn slower_than(&self, limit: Duration) -> u32 {
        let (mut share, mut within) = (0, 0);
        let limit = limit.as_nanos();
        for point in &self.0 {
            let (next, by) = (
                u128::from(point.share.basis_points()) * BASIS_POINT,
                point.within.as_nanos(),
            );
            if by > limit {
                share += (next - share) * (limit - within) / (by - within);
                break;
            }
            (share, within) = (next, by);
        }
        // It fits: at most a million.
        u32::try_from(ALL - share.min(ALL)).unwrap_or(u32::MAX)
    }

    /// Where either is the slower one.
    pub(super) fn and(&self, other: &Self) -> Self {
        let points = self.0.iter().chain(&other.0).map(|point| point.within);
        let share = |within| {
            let slower = self.slower_than(within).max(other.slower_than(within));
            let basis_points = (ALL - u128::from(slower)) / BASIS_POINT;
            let points = u16::try_from(basis_points).ok();
            points.and_then(|points| Weight::from_basis_points(points).ok())
        };
        Self::of(points.map(|within| (share(within).unwrap_or_default(), within)))
    }
}

impl Default for Latency {
    /// A median of 20 ms, and 100 ms for 99%.
    fn default() -> Self {
        Self::new(Duration::from_millis(20), Duration::from_millis(100))
    }
}

impl From<Vec<Quantile>> for Latency {
    fn from(mut points: Vec<Quantile>) -> Self {
        points.sort_by_key(|point| (point.within, point.share));
        let mut most = Weight::ZERO;
        for point in &mut points {
            most = most.max(point.share);
            point.share = most;
        }
        Self(points)
    }
}

impl From<Latency> for Vec<Quantile> {
    fn from(latency: Latency) -> Self {
        latency.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(latency: &Latency, expected: &[(u64, u32)]) {
        for (limit, slower) in expected {
            assert_eq!(
                latency.slower_than(Duration::from_millis(*limit)),
                *slower,
                "{limit} ms"
            );
        }
    }

    fn percent(percent: u16) -> Weight {
        Weight::from_percent(percent).unwrap()
    }

    #[test]
    fn between_points_it_is_a_line_and_exactly_in_time_is_in_time() {
        let ms = Duration::from_millis;
        check(
            &Latency::new(ms(20), ms(100)),
            &[
                (0, 1_000_000),
                (10, 750_000),
                (20, 500_000),
                (60, 255_000),
                (100, 10_000),
                (199, 100),
                (200, 0),
                (9_999, 0),
            ],
        );
        // Two speeds and nothing between, and one in ten that never answers.
        let jumps = Latency::of([
            (percent(90), ms(30)),
            (percent(60), ms(30)),
            (percent(60), ms(10)),
        ]);
        check(
            &jumps,
            &[
                (5, 700_000),
                (10, 400_000),
                (20, 400_000),
                (30, 100_000),
                (99_999, 100_000),
            ],
        );
        check(&Latency::of([]), &[(0, 1_000_000), (1_000, 1_000_000)]);
    }

    #[test]
    fn of_two_the_slower_counts_at_every_point() {
        let ms = Duration::from_millis;
        let quick_but_long = Latency::of([(percent(99), ms(10)), (Weight::FULL, ms(1_000))]);
        let steady = Latency::of([(Weight::FULL, ms(100))]);
        let both = quick_but_long.and(&steady);
        assert_eq!(both, steady.and(&quick_but_long));
        check(&both, &[(10, 900_000), (100, 9_100), (1_000, 0)]);
    }

    #[test]
    fn it_is_read_in_any_order() {
        let text = r#"[{"share":"100%","within":"1s"},{"share":"50%","within":"20ms"}]"#;
        let read: Latency = serde_json::from_str(text).unwrap();
        let half = Latency::of([
            (Weight::HALF, Duration::from_millis(20)),
            (Weight::FULL, Duration::from_secs(1)),
        ]);
        assert_eq!(read, half);
        let again = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<Latency>(&again).unwrap(), half);
    }
}
