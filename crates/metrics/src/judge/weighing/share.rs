//! Evidence that a share is another than the one that is tolerated.

use super::number;

/// How much the logarithm of the likelihood ratio of the share `other` to `tolerated` grows by `hits` of
/// `total`.
///
/// ```text
/// hits * ln(other / tolerated) + (total - hits) * ln((1 - other) / (1 - tolerated))
/// ```
///
/// # Why it is evidence
/// Let each event be a hit with a chance `p` that may depend on all that was before. The mean of what one event
/// multiplies it by is `p other/tolerated + (1 - p) (1 - other)/(1 - tolerated)`: 1 where `p = tolerated`, and
/// less for a smaller `p` if `other > tolerated`, for a greater one if `other < tolerated`. So it is
/// evidence against `p <= tolerated`, or against `p >= tolerated`, at whatever times `p` changes, and the two
/// shares may change from look to look (Wald's sequential ratio, 1945).
///
/// Both shares are above 0 and below 1; there are not more hits than events.
pub fn share_ratio_evidence(total: u64, hits: u64, tolerated: f64, other: f64) -> f64 {
    let hit = (other / tolerated).ln();
    let missed = (-other).ln_1p() - (-tolerated).ln_1p();
    number(hits) * hit + number(total.saturating_sub(hits)) * missed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_event_means_one_at_the_border() {
        for (tolerated, other) in [(0.01, 0.9), (0.5, 0.1), (1e-9, 0.5), (0.3, 0.4)] {
            let mean = |p: f64| {
                let hit = share_ratio_evidence(1, 1, tolerated, other).exp();
                p * hit + (1.0 - p) * share_ratio_evidence(1, 0, tolerated, other).exp()
            };
            assert!((mean(tolerated) - 1.0).abs() < 1e-12);
            let within = if other > tolerated {
                tolerated / 2.0
            } else {
                0.9
            };
            assert!(mean(within) < 1.0);
        }
    }
}
