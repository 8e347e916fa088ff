//! Evidence that the candidate's rate of failures is another multiple of stable's.

use super::number;

/// Events of both tracks over the same time, and how many of them failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
    /// The candidate's.
    pub candidate: u64,
    /// Of these, how many failed.
    pub candidate_failed: u64,
    /// Stable's.
    pub stable: u64,
    /// Of these, how many failed.
    pub stable_failed: u64,
}

impl Exposure {
    /// The least distance that a share keeps from 0 and from 1.
    const LEAST: f64 = 1e-12;

    /// The candidate's share of the events, between 0 and 1, neither of them; without events a half, which
    /// weighs nothing.
    pub fn share(&self) -> f64 {
        let all = number(self.candidate) + number(self.stable);
        if all > 0.0 {
            (number(self.candidate) / all).clamp(Self::LEAST, 1.0 - Self::LEAST)
        } else {
            0.5
        }
    }
}

/// How much the logarithm of the likelihood ratio of `ratio` to `tolerated` grows by what was seen.
///
/// With `w` the candidate's share of the events and `t(r) = w r / (w r + 1 - w)` the chance that a failure is the
/// candidate's if its rate of failures is `r` times stable's, it is, for `c` failures of the candidate and
/// `s` of stable,
///
/// ```text
/// c * ln(t(ratio) / t(tolerated)) + s * ln((1 - t(ratio)) / (1 - t(tolerated)))
/// ```
///
/// reckoned as `c * ln(ratio/tolerated) - (c + s) * ln((1 + w (ratio - 1)) / (1 + w (tolerated - 1)))`.
///
/// # Why it is evidence
/// Let `a` and `b` be what one failure of the candidate and one of stable multiply it by, and of `n_c` and
/// `n_s` events let each fail by itself with the chances `p_c` and `p_s`. The mean of the product is at most
/// `exp(n_c p_c (a - 1) + n_s p_s (b - 1))`. For `ratio > tolerated`, `a > 1 > b`; so where
/// `p_c <= tolerated * p_s` the exponent is at most
/// `(n_c + n_s) p_s (w tolerated + 1 - w) * (t_0 (a - 1) + (1 - t_0)(b - 1))`, `t_0 = t(tolerated)`, and the
/// last factor is `t_1 - t_0 + (1 - t_1) - (1 - t_0) = 0`. For `ratio < tolerated` the same holds where
/// `p_c >= tolerated * p_s`. Nothing is asked of `p_s`: it may change at any time, as in an incident that both
/// tracks share, and `w` may change with each look, also by what was judged before.
///
/// After Lindon and Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022
/// (arXiv 2011.03567), with the share that was realised in place of the one that was written, and with a grid
/// in place of a Beta distribution.
///
/// Both ratios are finite and above 0.
pub fn ratio_evidence(seen: Exposure, tolerated: f64, ratio: f64) -> f64 {
    let share = seen.share();
    let candidate_failed = number(seen.candidate_failed);
    let failed = candidate_failed + number(seen.stable_failed);
    if failed == 0.0 {
        return 0.0;
    }
    let spread = (share * (ratio - 1.0)).ln_1p() - (share * (tolerated - 1.0)).ln_1p();
    candidate_failed * (ratio / tolerated).ln() - failed * spread
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_seen_weighs_nothing() {
        let nothing = Exposure::default();
        assert_eq!(ratio_evidence(nothing, 1.0, 4.0).to_bits(), 0);
        let good = Exposure {
            candidate: 500,
            stable: 4500,
            ..nothing
        };
        assert_eq!(ratio_evidence(good, 1.0, 4.0).to_bits(), 0);
    }

    /// The mean over all outcomes of ten events, for chances at the border of the null and inside.
    #[test]
    fn its_mean_is_at_most_one() {
        let (n_c, n_s) = (4_u64, 6_u64);
        let binomial = |n: u64, k: u64, p: f64| {
            let ways = (0..k).fold(1.0, |ways, i| ways * number(n - i) / number(i + 1));
            ways * p.powi(i32::try_from(k).unwrap()) * (1.0 - p).powi(i32::try_from(n - k).unwrap())
        };
        for (p_s, tolerated) in [(0.3, 1.0), (0.01, 1.0), (0.2, 1.25), (0.2, 3.0)] {
            for (ratio, p_c) in [
                (1.25, p_s * tolerated),
                (25.0, p_s * tolerated),
                (2.0, p_s / 2.0),
            ] {
                let mut mean = 0.0;
                for (c, s) in (0..=n_c).flat_map(|c| (0..=n_s).map(move |s| (c, s))) {
                    let seen = Exposure {
                        candidate: n_c,
                        candidate_failed: c,
                        stable: n_s,
                        stable_failed: s,
                    };
                    let grown = ratio_evidence(seen, tolerated, tolerated * ratio).exp();
                    mean += grown * binomial(n_c, c, p_c) * binomial(n_s, s, p_s);
                }
                assert!(
                    mean <= 1.0 + 1e-12,
                    "{p_s} {tolerated} {ratio} {p_c}: {mean}"
                );
            }
        }
    }

    #[test]
    fn shares_at_the_border_leave_numbers() {
        let most = 1_000_000_000;
        for (candidate, stable) in [(most, 0), (0, most), (1, most), (most, 1)] {
            let seen = Exposure {
                candidate,
                candidate_failed: candidate,
                stable,
                stable_failed: stable,
            };
            for ratio in [1e-3, 0.5, 25.0, 1e6] {
                assert!(ratio_evidence(seen, 1.0, ratio).is_finite());
            }
        }
    }
}
