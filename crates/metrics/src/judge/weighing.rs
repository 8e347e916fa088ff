//! How evidence is weighed that one may look at as often as one likes: the mathematics that judges share.
//!
//! All of them rest on one fact. A *process of evidence* (an e-process) is never negative, begins at 1, and while
//! the candidate is good its mean stays at most 1 whenever one stops to look. Then it ever reaches `1/alpha`
//! with a chance of at most `alpha` (Ville 1939). Likelihood ratios are such processes, and so are means
//! of several of them, and of several that begin at different times.
//!
//! Everything is in natural logarithms.

mod mixture;
mod profile;
mod ratio;
mod share;
mod shares;

pub use self::mixture::{Mixture, Starts};
pub use self::profile::RatioProfile;
pub use self::ratio::{Exposure, ratio_evidence};
pub use self::share::share_ratio_evidence;
pub use self::shares::{Failures, Gathered, share_evidence};

/// `ln(e^a + e^b)`, without overflow.
pub fn ln_add(a: f64, b: f64) -> f64 {
    let (low, high) = if a < b { (a, b) } else { (b, a) };
    if high == f64::NEG_INFINITY {
        return high;
    }
    high + (low - high).exp().ln_1p()
}

/// The logarithm of the mean of what these are the logarithms of, without overflow; of none: minus infinity.
pub fn ln_mean(logarithms: &[f64]) -> f64 {
    let highest = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if highest == f64::NEG_INFINITY {
        return highest;
    }
    let sum: f64 = logarithms.iter().map(|log| (log - highest).exp()).sum();
    highest + sum.ln() - count(logarithms.len()).ln()
}

/// The evidence at which a judge fails that may fail a good release with this chance; 0: never.
pub fn ln_threshold(alpha: f64) -> f64 {
    -alpha.clamp(0.0, 1.0).ln()
}

/// As a number to reckon with: exact below 2^53, which no count of events reaches.
#[allow(
    clippy::cast_precision_loss,
    reason = "exact below 2^53, and a count of events is"
)]
pub(crate) const fn number(count: u64) -> f64 {
    count as f64
}

/// The same of what is in memory.
#[allow(
    clippy::cast_precision_loss,
    reason = "exact below 2^53, and what fits into memory is"
)]
pub(crate) const fn count(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_do_not_overflow() {
        let none = f64::NEG_INFINITY.to_bits();
        assert_eq!(ln_add(f64::NEG_INFINITY, f64::NEG_INFINITY).to_bits(), none);
        assert_eq!(ln_add(f64::NEG_INFINITY, 3.0).to_bits(), 3.0_f64.to_bits());
        assert!((ln_add(1e9, 1e9) - (1e9 + 2.0_f64.ln())).abs() < 1e-6);
        assert!((ln_mean(&[2e9, -2e9]) - (2e9 - 2.0_f64.ln())).abs() < 1e-6);
        assert_eq!(ln_mean(&[]).to_bits(), none);
        assert!(ln_threshold(0.0).is_infinite());
        assert!((ln_threshold(0.01) - 100.0_f64.ln()).abs() < 1e-15);
    }
}
