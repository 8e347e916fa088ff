//! Evidence of units that takes the number of each into account.

use std::time::Duration;

use strategy_metrics::judge::weighing::{Mixture, Starts, ln_add, ln_threshold};

use crate::dice::number;
use crate::run::ALPHA;
use crate::worlds::Tick;

/// What one failure multiplies the weight of a unit by.
const TILTS: [f64; 5] = [1.25, 1.5, 2.0, 3.0, 5.0];

/// Late starts as our judges have them.
const STARTS: (u64, u64) = (60, 7200);

#[derive(Debug)]
pub(crate) struct Choice {
    against: Mixture,
    candidate: Vec<u64>,
    stable: Vec<u64>,
}

impl Default for Choice {
    fn default() -> Self {
        let (every, horizon) = STARTS;
        let starts = Starts::new(Duration::from_secs(every), Duration::from_secs(horizon));
        Self {
            against: Mixture::new(TILTS.len(), starts),
            candidate: Vec::new(),
            stable: Vec::new(),
        }
    }
}

impl Choice {
    pub(crate) fn add(&mut self, tick: &Tick) {
        for (counts, seen) in [
            (&mut self.candidate, &tick.candidate),
            (&mut self.stable, &tick.stable),
        ] {
            counts.resize(seen.len(), 0);
            for (count, seen) in counts.iter_mut().zip(seen) {
                *count += seen[1];
            }
        }
    }

    /// Weighs what was gathered in so many seconds.
    pub(crate) fn fails(&mut self, window: u64) -> bool {
        let weights = |counts: &[u64], tilt: f64| -> Vec<f64> {
            counts
                .iter()
                .map(|count| number(*count) * tilt.ln())
                .collect()
        };
        let weighed = TILTS.map(|tilt| {
            choice_evidence(
                &weights(&self.candidate, tilt),
                &weights(&self.stable, tilt),
            )
        });
        self.against.add(weighed, Duration::from_secs(window));
        self.candidate.clear();
        self.stable.clear();
        self.against.ln_evidence() >= ln_threshold(ALPHA)
    }
}

/// The logarithm of what one window weighs, by a weight above 0 of each unit of which the logarithm is told, such
/// as `failures * ln(2)`: the product of the weights of the candidate's `k` units, over its mean for all ways to
/// choose `k` of all `n` units.
///
/// ```text
/// sum over the candidate's u of ln v_u - ln(e_k(v) / (n over k)),  e_k: the k-th elementary symmetric polynomial
/// ```
///
/// # Why it is evidence
/// If, given the past, every way in which the window's numbers may be dealt out to the units is as likely
/// (exchangeable), then, given the numbers, the candidate's units are as likely any `k` of the `n`. So the
/// product's mean is its mean over all such choices, and the factor's mean is 1. Nothing is asked of the numbers:
/// failures may come in bursts of any size, if no burst reaches into the next window. Weights may be chosen by
/// what was seen before, and the mean over several is evidence again.
///
/// One window weighs at most `n over k`: 10 for one unit of ten, 252 for five of them. What
/// [`share_evidence`](strategy_metrics::judge::weighing::share_evidence) weighs is at most `n / k`, and asks less: that no unit gets more
/// than its part in the mean, so that units may have more or fewer requests than others.
///
/// It takes `n * k` steps. Without units of one of the tracks it is 0.
pub(crate) fn choice_evidence(candidate: &[f64], stable: &[f64]) -> f64 {
    let chosen = candidate.len();
    if chosen == 0 || stable.is_empty() {
        return 0.0;
    }
    // The logarithms of the polynomials of what was gone through so far, and of the same for weights of 1.
    let mut sums = vec![f64::NEG_INFINITY; chosen + 1];
    let mut ways = sums.clone();
    (sums[0], ways[0]) = (0.0, 0.0);
    for weight in candidate.iter().chain(stable) {
        for at in (1..=chosen).rev() {
            sums[at] = ln_add(sums[at], sums[at - 1] + weight);
            ways[at] = ln_add(ways[at], ways[at - 1]);
        }
    }
    candidate.iter().sum::<f64>() - (sums[chosen] - ways[chosen])
}
