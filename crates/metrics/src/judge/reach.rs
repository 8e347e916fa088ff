//! How much evidence there can be in the time that a plan gives.

use std::time::Duration;

use strategy_core::Weight;

use super::weighing::{Mixture, Starts};

/// Time in which a judge looks while the candidate has one share of the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Span {
    /// How long.
    pub length: Duration,
    /// The share, as it is written.
    pub share: Weight,
}

impl Span {
    /// So long at this share.
    pub const fn new(length: Duration, share: Weight) -> Self {
        Self { length, share }
    }
}

/// More windows than these are not reckoned with: whatever they weigh, they are enough.
const WINDOWS: u128 = 10_000;

/// The most that [evidence of shares](super::weighing::share_evidence) is, as a logarithm, at any time in these spans: in
/// each full window everything that fails is the candidate's, and then it weighs less than its share goes into one,
/// however much fails. A window that is cut short weighs nothing for it. `None`: nothing bounds it.
pub(super) fn most_of_shares(
    spans: &[Span],
    unit_window: Duration,
    tolerated: f64,
    starts: Starts,
) -> Option<f64> {
    let mut evidence = Mixture::new(1, starts);
    let mut most = 0.0_f64;
    for span in spans {
        let written = f64::from(span.share.basis_points()) / 10_000.0;
        let share = written * tolerated / written.mul_add(tolerated - 1.0, 1.0);
        let windows = span.length.as_millis().checked_div(unit_window.as_millis());
        let windows = windows.filter(|windows| share > 0.0 && *windows <= WINDOWS)?;
        for _ in 0..windows {
            evidence.add([-share.ln()], unit_window);
            most = most.max(evidence.ln_evidence());
        }
    }
    Some(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(seconds: u64, percent: u16) -> Span {
        let share = Weight::from_percent(percent).unwrap();
        Span::new(Duration::from_secs(seconds), share)
    }

    #[test]
    fn each_full_window_weighs_at_most_as_much_as_the_share_goes_into_one() {
        let most = |spans: &[Span], tolerated| {
            most_of_shares(spans, Duration::from_secs(30), tolerated, Starts::once())
        };
        for (spans, tolerated, expected) in [
            (&[span(29, 10)][..], 1.0, 1.0_f64),
            (&[span(30, 10)], 1.0, 10.0),
            (&[span(89, 20)], 1.0, 25.0),
            (&[span(60, 10), span(40, 50)], 1.0, 200.0),
            (&[span(60, 50)], 3.0, 16.0 / 9.0),
            (&[span(600, 100)], 1.0, 1.0),
        ] {
            let found = most(spans, tolerated).unwrap();
            assert!((found - expected.ln()).abs() < 1e-9, "{spans:?}: {found}");
        }
        assert_eq!(
            most(&[span(60, 0)], 1.0),
            None,
            "whatever fails is more than its part"
        );
        // To begin anew costs the half of the weight.
        let starts = Starts::new(Duration::from_secs(60), Duration::from_secs(3600));
        let found = most_of_shares(&[span(60, 10)], Duration::from_secs(30), 1.0, starts);
        assert!((50.0..51.0).contains(&found.unwrap().exp()), "{found:?}");
    }
}
