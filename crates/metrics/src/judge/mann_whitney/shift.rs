//! By how much one set of numbers lies above another: the interval of the Mann-Whitney test, exactly.

use std::cmp::Ordering;

/// Above which confidence the approximation below is not used.
pub(super) const MOST_CONFIDENT: f64 = 0.9999;

/// A bound of a [`Shift`]: a difference of two points, and on which side of it the bound lies.
///
/// The statistic jumps at each difference of two points, so a bound is such a difference, approached from one
/// side. The side matters where the difference is zero, as it is where most points of both tracks are equal.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Bound {
    /// The difference, in the unit of the metric.
    pub value: f64,
    /// Where the bound lies: a hair below, at, or a hair above it.
    pub side: Ordering,
}

impl Bound {
    const fn new(value: f64, side: Ordering) -> Self {
        Self { value, side }
    }

    /// It lies above `share` of the size of another one. Two zeros are told apart by their sides.
    pub(super) fn exceeds(self, share: f64, other: Self) -> bool {
        let bound = share * other.value.abs();
        match self.value.partial_cmp(&bound) {
            Some(Ordering::Greater) => true,
            Some(Ordering::Equal) => {
                let hair = if other.side.is_eq() { 0.0 } else { share };
                other.value.abs() <= 0.0 && side(self.side) > hair
            }
            Some(Ordering::Less) | None => false,
        }
    }

    /// Mirrored at zero.
    pub(super) fn negated(self) -> Self {
        Self::new(-self.value, self.side.reverse())
    }
}

fn side(side: Ordering) -> f64 {
    match side {
        Ordering::Less => -1.0,
        Ordering::Equal => 0.0,
        Ordering::Greater => 1.0,
    }
}

/// By how much the candidate's points lie above stable's, in the unit of the metric.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Shift {
    /// The least that the points agree with, at the confidence asked for.
    pub lower: Bound,
    /// The most that they agree with.
    pub upper: Bound,
    /// The estimate of Hodges and Lehmann: the median of all differences of a point of the candidate and one
    /// of stable.
    pub estimate: Bound,
}

impl Shift {
    /// The interval at a `confidence` between 0.5 and 0.9999; `None`: one track has no point.
    ///
    /// It inverts the two-sided rank-sum test with the normal approximation, corrected for ties and
    /// continuity: that of `wilcox.test(exact = FALSE, correct = TRUE, conf.int = TRUE)` of R, which searches
    /// for the roots with a tolerance of 0.0001. Here they are read off the sorted differences.
    pub fn between(candidate: &[f64], stable: &[f64], confidence: f64) -> Option<Self> {
        let ranks = Ranks::new(candidate, stable)?;
        let quantile = normal_quantile(0.5 + confidence / 2.0);
        if ranks.lowest >= ranks.highest {
            // All points of a track are equal. Kayenta adds noise of a hundred-thousandth of the values.
            let bound = Bound::new(ranks.lowest, Ordering::Equal);
            return Some(Self {
                lower: bound,
                upper: bound,
                estimate: bound,
            });
        }
        Some(Self {
            lower: ranks.root(quantile),
            upper: ranks.root(-quantile),
            estimate: ranks.median(),
        })
    }
}

/// The statistic of the rank-sum test, as a standard normal one, of points shifted by `shift`; `None`: one
/// track has no point, or all points are equal.
///
/// Corrected for ties and continuity, as `mannwhitneyu(method="asymptotic")` of SciPy.
pub fn statistic(candidate: &[f64], stable: &[f64], shift: f64) -> Option<f64> {
    Some(Ranks::new(candidate, stable)?.at(shift)).filter(|z| z.is_finite())
}

/// The differences of all pairs, and what the variance of their ranks needs.
struct Ranks {
    candidate: Vec<(f64, f64)>,
    stable: Vec<(f64, f64)>,
    /// Sorted.
    differences: Vec<f64>,
    lowest: f64,
    highest: f64,
    /// How many points of each.
    sizes: (f64, f64),
}

impl Ranks {
    fn new(candidate: &[f64], stable: &[f64]) -> Option<Self> {
        let mut differences: Vec<_> = candidate
            .iter()
            .flat_map(|one| stable.iter().map(move |other| one - other))
            .collect();
        differences.sort_by(f64::total_cmp);
        Some(Self {
            candidate: groups(candidate),
            stable: groups(stable),
            lowest: *differences.first()?,
            highest: *differences.last()?,
            differences,
            sizes: (count(candidate.len()), count(stable.len())),
        })
    }

    /// The statistic right above the difference of this index, where no point of one track equals one of the
    /// other.
    fn above(&self, difference: f64) -> f64 {
        let greater =
            self.differences.len() - self.differences.partition_point(|d| *d <= difference);
        let ties = cubes(&self.candidate) + cubes(&self.stable);
        self.standard(count(greater), ties)
    }

    /// The statistic at a shift, where points of both tracks may be equal.
    fn at(&self, shift: f64) -> f64 {
        let below = self.differences.partition_point(|d| *d < shift);
        let until = self.differences.partition_point(|d| *d <= shift);
        let greater = count(self.differences.len() - until) + count(until - below) / 2.0;
        let mut stable = self.stable.clone();
        let mut ties = 0.0;
        for (value, size) in &self.candidate {
            let mut together = *size;
            for (other, others) in &mut stable {
                if (value - *other).partial_cmp(&shift) == Some(Ordering::Equal) {
                    together += std::mem::take(others);
                }
            }
            ties += cube(together);
        }
        self.standard(greater, ties + cubes(&stable))
    }

    /// So many differences are greater, as a standard normal number.
    fn standard(&self, greater: f64, ties: f64) -> f64 {
        let (one, other) = self.sizes;
        let all = one + other;
        let deviation = greater - one * other / 2.0;
        let correction = match deviation.partial_cmp(&0.0) {
            Some(Ordering::Greater) => 0.5,
            Some(Ordering::Less) => -0.5,
            Some(Ordering::Equal) | None => 0.0,
        };
        let variance = one * other / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
        (deviation - correction) / variance.sqrt()
    }

    /// Where the statistic falls through `quantile`.
    fn root(&self, quantile: f64) -> Bound {
        let lowest = self.at(self.lowest);
        if lowest <= quantile {
            return Bound::new(self.lowest, Ordering::Equal);
        }
        if self.at(self.highest) >= quantile {
            return Bound::new(self.highest, Ordering::Equal);
        }
        // The statistic right above a difference falls from one difference to the next.
        let passed = |difference: f64| self.above(difference) > quantile;
        let index = self
            .differences
            .partition_point(|difference| passed(*difference));
        let value = self.differences.get(index).copied();
        let value = value.unwrap_or(self.highest);
        Bound::new(value, self.side(value, quantile))
    }

    fn median(&self) -> Bound {
        let half = self.differences.len() / 2;
        let upper = self.differences.get(half).copied();
        let upper = upper.unwrap_or(self.highest);
        let lower = if self.differences.len().is_multiple_of(2) {
            self.differences.get(half - 1).copied()
        } else {
            None
        };
        let value = lower.map_or(upper, |lower| f64::midpoint(lower, upper));
        Bound::new(value, self.side(value, 0.0))
    }

    fn side(&self, value: f64, quantile: f64) -> Ordering {
        self.at(value)
            .partial_cmp(&quantile)
            .unwrap_or(Ordering::Equal)
    }
}

/// Each value, and how often it is there.
fn groups(points: &[f64]) -> Vec<(f64, f64)> {
    let mut sorted = points.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut groups: Vec<(f64, f64)> = Vec::new();
    for point in sorted {
        match groups.last_mut() {
            Some((value, size)) if *value >= point => *size += 1.0,
            Some(_) | None => groups.push((point, 1.0)),
        }
    }
    groups
}

fn cube(size: f64) -> f64 {
    size * size * size - size
}

fn cubes(groups: &[(f64, f64)]) -> f64 {
    groups.iter().map(|(_, size)| cube(*size)).sum()
}

/// Counts of points and pairs: far below 2^53.
#[allow(
    clippy::cast_precision_loss,
    reason = "counts of points are far below 2^53"
)]
const fn count(count: usize) -> f64 {
    count as f64
}

/// The quantile of the standard normal distribution at a probability between 1e-10 and 1 - 1e-10.
///
/// Wichura, Algorithm AS 241 (Applied Statistics 37, 1988), PPND16: relative accuracy of about 1e-16.
#[allow(
    clippy::excessive_precision,
    clippy::unreadable_literal,
    reason = "as published"
)]
pub(super) fn normal_quantile(probability: f64) -> f64 {
    let from_middle = probability - 0.5;
    if from_middle.abs() <= 0.425 {
        let r = 0.180625 - from_middle * from_middle;
        return from_middle
            * polynomial(
                r,
                &[
                    2.5090809287301226727e3,
                    3.3430575583588128105e4,
                    6.7265770927008700853e4,
                    4.5921953931549871457e4,
                    1.3731693765509461125e4,
                    1.9715909503065514427e3,
                    1.3314166789178437745e2,
                    3.3871328727963666080e0,
                ],
            )
            / polynomial(
                r,
                &[
                    5.2264952788528545610e3,
                    2.8729085735721942674e4,
                    3.9307895800092710610e4,
                    2.1213794301586595867e4,
                    5.3941960214247511077e3,
                    6.8718700749205790830e2,
                    4.2313330701600911252e1,
                    1.0,
                ],
            );
    }
    let tail = if from_middle < 0.0 {
        probability
    } else {
        1.0 - probability
    };
    let r = (-tail.max(1e-11).ln()).sqrt() - 1.6;
    let size = polynomial(
        r,
        &[
            7.74545014278341407640e-4,
            2.27238449892691845833e-2,
            2.41780725177450611770e-1,
            1.27045825245236838258e0,
            3.64784832476320460504e0,
            5.76949722146069140550e0,
            4.63033784615654529590e0,
            1.42343711074968357734e0,
        ],
    ) / polynomial(
        r,
        &[
            1.05075007164441684324e-9,
            5.47593808499534494600e-4,
            1.51986665636164571966e-2,
            1.48103976427480074590e-1,
            6.89767334985100004550e-1,
            1.67638483018380384940e0,
            2.05319162663775882187e0,
            1.0,
        ],
    );
    if from_middle < 0.0 { -size } else { size }
}

/// From the highest power down.
fn polynomial(x: f64, coefficients: &[f64]) -> f64 {
    coefficients
        .iter()
        .fold(0.0, |sum, coefficient| sum * x + coefficient)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_quantiles() {
        // Python 3.11, statistics.NormalDist().inv_cdf.
        for (probability, expected) in [
            (0.5001, 0.000_250_662_830_088_007_5),
            (0.75, 0.674_489_750_196_081_7),
            (0.9, 1.281_551_565_544_600_8),
            (0.975, 1.959_963_984_540_053_6),
            (0.99, 2.326_347_874_040_840_8),
            (0.999, 3.090_232_306_167_813),
            (0.9999, 3.719_016_485_455_708_4),
        ] {
            let found = normal_quantile(probability);
            assert!(
                (found - expected).abs() < 1e-14 * expected.max(1.0),
                "{found}"
            );
            let mirrored = normal_quantile(1.0 - probability);
            assert!((mirrored + expected).abs() < 1e-11, "{mirrored}");
        }
    }

    #[test]
    fn zeros_are_told_apart_by_their_sides() {
        let at = |side| Bound::new(0.0, side);
        assert!(at(Ordering::Greater).exceeds(0.25, at(Ordering::Greater)));
        assert!(!at(Ordering::Equal).exceeds(0.25, at(Ordering::Greater)));
        assert!(!at(Ordering::Less).exceeds(0.25, at(Ordering::Less)));
        assert!(
            at(Ordering::Less)
                .negated()
                .exceeds(0.25, at(Ordering::Less))
        );
        let one = Bound::new(1.0, Ordering::Greater);
        assert!(!Bound::new(0.25, Ordering::Greater).exceeds(0.25, one));
    }
}
