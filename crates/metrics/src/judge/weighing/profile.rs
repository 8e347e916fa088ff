//! Between which ratios the true one is, however often one looks.

use super::{Exposure, ln_mean, ratio_evidence};
use crate::state::{Reader, StateError, Writer};

/// Points of the profile: from 1/8 to 64 in steps of a quarter of an octave.
const POINTS: usize = 37;
const PER_OCTAVE: f64 = 4.0;
const FIRST_OCTAVE: f64 = -3.0;

/// The likelihood of each of a range of ratios, and between which the true one is.
///
/// With `F(r)` the logarithm of the likelihood of the ratio `r` by all that was seen, each look with the share
/// that it had, `mean over i of exp(F(r_i) - F(r))` is a process of evidence against `r` being the
/// true ratio all the time (as for [`ratio_evidence`], where the mean is at most 1 for any `r_i` if the rates
/// are in that ratio exactly). So the ratios against which it stays below `1/alpha` hold the true one at all
/// times with a chance of at least `1 - alpha` (a confidence sequence; the inversion is that of Howard and
/// others, "Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of Statistics 2021).
///
/// `F` is concave in the logarithm of the ratio, so these ratios are an interval, and where it ends between two
/// points is bounded from outside by the chord through the next two. The interval that is told is never too
/// narrow. It means nothing where the ratio changes with time, as with what goes wrong late: it is then about no
/// one ratio.
#[derive(Clone, Debug, PartialEq)]
pub struct RatioProfile([f64; POINTS]);

impl Default for RatioProfile {
    fn default() -> Self {
        Self([0.0; POINTS])
    }
}

impl RatioProfile {
    /// What was seen in one window.
    pub fn add(&mut self, seen: Exposure) {
        for (at, likelihood) in self.0.iter_mut().enumerate() {
            *likelihood += ratio_evidence(seen, 1.0, logarithm_at(at).exp());
        }
    }

    /// The least and the greatest ratio that can be the true one, where such a statement is wrong ever with a
    /// chance of at most `alpha`; `None`: beyond 1/8 or 64.
    pub fn interval(&self, alpha: f64) -> (Option<f64>, Option<f64>) {
        let border = ln_mean(&self.0) + alpha.ln();
        let possible = |at: &usize| self.0[*at] > border;
        let ends = ((0..POINTS).find(possible), (0..POINTS).rfind(possible));
        let (Some(first), Some(last)) = ends else {
            // All that is possible lies between the points around the likeliest.
            let likeliest = (0..POINTS).max_by(|a, b| self.0[*a].total_cmp(&self.0[*b]));
            let at = likeliest.unwrap_or(0);
            return (
                at.checked_sub(1).map(|at| logarithm_at(at).exp()),
                (at + 1 < POINTS).then(|| logarithm_at(at + 1).exp()),
            );
        };
        let lower = first.checked_sub(1).map(|outside| {
            let outside = logarithm_at(outside);
            let inside = (first + 1 < POINTS).then_some(first + 1);
            let end = self.crossing(border, first, inside);
            end.map_or(outside, |end| end.max(outside)).exp()
        });
        let upper = (last + 1 < POINTS).then(|| {
            let outside = logarithm_at(last + 1);
            let end = self.crossing(border, last, last.checked_sub(1));
            end.map_or(outside, |end| end.min(outside)).exp()
        });
        (lower, upper)
    }

    /// Where the chord through two points, extended beyond the first, meets the border; `None`: nowhere.
    fn crossing(&self, border: f64, end: usize, inside: Option<usize>) -> Option<f64> {
        let inside = inside?;
        let here = logarithm_at(end);
        let step = here - logarithm_at(inside);
        let fall = self.0[inside] - self.0[end];
        (fall > 0.0).then(|| here + step * (self.0[end] - border) / fall)
    }

    /// Into a state: 296 bytes.
    #[must_use]
    pub fn write(&self, writer: Writer) -> Writer {
        writer.f64s(&self.0)
    }

    /// As it was written.
    ///
    /// # Errors
    /// When the state ends before it does.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, StateError> {
        let mut profile = Self::default();
        for likelihood in &mut profile.0 {
            *likelihood = reader.f64()?;
        }
        Ok(profile)
    }
}

/// The logarithm of the ratio at a point.
fn logarithm_at(at: usize) -> f64 {
    (FIRST_OCTAVE + super::count(at) / PER_OCTAVE) * std::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(candidate: u64, candidate_failed: u64, stable: u64, stable_failed: u64) -> Exposure {
        Exposure {
            candidate,
            candidate_failed,
            stable,
            stable_failed,
        }
    }

    /// Every ratio that the formula leaves possible, on a fine grid, lies within.
    #[test]
    fn no_possible_ratio_is_left_out() {
        let changing = [
            seen(250, 1, 4750, 24),
            seen(500, 6, 4500, 20),
            seen(1250, 30, 3750, 19),
        ];
        let cases = [
            vec![seen(1010, 16, 9050, 21)],
            changing.to_vec(),
            vec![seen(500, 0, 4500, 40)],
            vec![seen(500, 400, 4500, 0)],
            vec![seen(100_000_000, 1_010_000, 900_000_000, 9_000_000)],
        ];
        for case in cases {
            let mut profile = RatioProfile::default();
            case.iter().for_each(|seen| profile.add(*seen));
            let (lower, upper) = profile.interval(0.05);
            let mean = ln_mean(&profile.0);
            let (mut possible, mut told) = (0, 0);
            for at in 0..10_000_u32 {
                let ratio = (f64::from(at) / 10_000.0 * 9.0 - 3.0).exp2();
                let likelihood: f64 = case
                    .iter()
                    .map(|seen| ratio_evidence(*seen, 1.0, ratio))
                    .sum();
                let within = lower.is_none_or(|lower| ratio >= lower)
                    && upper.is_none_or(|upper| ratio <= upper);
                told += u32::from(within);
                if mean - likelihood < 20.0_f64.ln() {
                    possible += 1;
                    assert!(
                        within,
                        "{ratio} of {case:?} is not within {lower:?} to {upper:?}"
                    );
                }
            }
            // Outside at most by what lies between two points on each side.
            assert!(told <= possible + 2 * 279, "{told} {possible} {case:?}");
        }
    }

    #[test]
    fn nothing_seen_leaves_all_possible() {
        assert_eq!(RatioProfile::default().interval(0.05), (None, None));
        let mut profile = RatioProfile::default();
        profile.add(seen(1010, 16, 9050, 21));
        let (lower, upper) = profile.interval(0.05);
        let (lower, upper) = (lower.unwrap(), upper.unwrap());
        // 16/1010 against 21/9050 is 6.8 times as much.
        assert!(
            2.0 < lower && lower < 6.8 && 6.8 < upper && upper < 20.0,
            "{lower} {upper}"
        );
    }
}
