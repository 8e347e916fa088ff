//! The mean of many likelihood ratios, each begun again and again, at a constant cost.

use std::time::Duration;

use super::{ln_add, ln_mean, number};
use crate::state::{Reader, StateError, Writer};

/// When evidence begins anew, so that what goes wrong late is not hidden by a long good time before.
///
/// A half of the weight is on the start at the beginning, the other half evenly on the late ones; none: all
/// of it is on the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Starts {
    every: Duration,
    late: u64,
}

impl Starts {
    /// One each `every` of judged time, up to `horizon`; where one of them is zero, none but the first.
    pub fn new(every: Duration, horizon: Duration) -> Self {
        let late = horizon.as_millis().checked_div(every.as_millis());
        Self {
            every,
            late: u64::try_from(late.unwrap_or(0)).unwrap_or(u64::MAX),
        }
    }

    /// None but the first.
    pub const fn once() -> Self {
        Self {
            every: Duration::ZERO,
            late: 0,
        }
    }

    /// How many late ones there will be at most.
    pub const fn late(self) -> u64 {
        self.late
    }

    /// The weight of the start at the beginning.
    fn first_weight(self) -> f64 {
        if self.late == 0 { 1.0 } else { 0.5 }
    }

    /// The weight of so many late starts.
    fn late_weight(self, starts: u64) -> f64 {
        if self.late == 0 {
            0.0
        } else {
            0.5 * number(starts) / number(self.late)
        }
    }

    /// How many late ones are due after so many milliseconds.
    fn due(self, judged: u64) -> u64 {
        let due = u128::from(judged).checked_div(self.every.as_millis());
        u64::try_from(due.unwrap_or(0))
            .unwrap_or(u64::MAX)
            .min(self.late)
    }
}

/// The evidence of a grid of alternatives, and of late starts.
///
/// With `L_i(t)` the logarithm of the likelihood ratio of alternative `i` of `K` at time `t`, `s_j` the time of
/// start `j` and `w_j` its weight, the evidence is
///
/// ```text
/// E(t) = sum over j of w_j * (1/K) * sum over i of exp(L_i(t) - L_i(s_j))
/// ```
///
/// where a start that has not come yet counts 1. That is a mean, with weights that sum to 1, of likelihood
/// ratios that begin at 1, each at a time that was known before what it weighs was seen: so it is a process of
/// evidence where each ratio is. To restart costs at most the factor that its weight is (2 for the beginning).
///
/// The inner sums are kept as one number for each alternative, `M_i <- M_i * exp(dL_i)`, and a start adds its
/// weight to it: what it takes does not grow with time.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    starts: Starts,
    logarithms: Vec<f64>,
    judged: u64,
    started: u64,
}

impl Mixture {
    /// Of so many alternatives, before anything was seen: the evidence is 1.
    pub fn new(alternatives: usize, starts: Starts) -> Self {
        Self {
            starts,
            logarithms: vec![starts.first_weight().ln(); alternatives],
            judged: 0,
            started: 0,
        }
    }

    /// What was seen in `time`: how much the logarithm of each alternative's likelihood ratio grew.
    pub fn add(&mut self, growth: impl IntoIterator<Item = f64>, time: Duration) {
        for (logarithm, growth) in self.logarithms.iter_mut().zip(growth) {
            *logarithm += growth;
        }
        let time = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.judged = self.judged.saturating_add(time);
        let due = self.starts.due(self.judged);
        if due > self.started {
            let weight = self.starts.late_weight(due - self.started).ln();
            for logarithm in &mut self.logarithms {
                *logarithm = ln_add(*logarithm, weight);
            }
            self.started = due;
        }
    }

    /// The natural logarithm of the evidence.
    pub fn ln_evidence(&self) -> f64 {
        let waiting = self.starts.late_weight(self.starts.late - self.started);
        ln_add(ln_mean(&self.logarithms), waiting.ln())
    }

    /// For how long it has been judging.
    pub const fn judged(&self) -> Duration {
        Duration::from_millis(self.judged)
    }

    /// Into a state: 16 bytes, and 8 for each alternative.
    #[must_use]
    pub fn write(&self, writer: Writer) -> Writer {
        writer
            .u64(self.judged)
            .u64(self.started)
            .f64s(&self.logarithms)
    }

    /// As it was written.
    ///
    /// # Errors
    /// When the state ends before it does.
    pub fn read(
        reader: &mut Reader<'_>,
        alternatives: usize,
        starts: Starts,
    ) -> Result<Self, StateError> {
        Ok(Self {
            starts,
            judged: reader.u64()?,
            // Were the starts changed meanwhile, there are not more than there are.
            started: reader.u64()?.min(starts.late),
            logarithms: reader.f64s(alternatives)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::state::State;

    const EVERY: Duration = Duration::from_secs(60);

    /// The formula as it stands, over all that was seen.
    fn direct(growth: &[[f64; 3]], window: Duration, starts: Starts) -> f64 {
        let sum_from = |at: usize, i: usize| growth[at..].iter().map(|g| g[i]).sum::<f64>();
        let mean_from = |at: usize| ln_mean(&[sum_from(at, 0), sum_from(at, 1), sum_from(at, 2)]);
        let mut logarithm = starts.first_weight().ln() + mean_from(0);
        for start in 1..=starts.late {
            // At the first look that ends when or after it is due.
            let due = u64::try_from(EVERY.as_millis()).unwrap() * start;
            let look = due.div_ceil(u64::try_from(window.as_millis()).unwrap());
            let at = usize::try_from(look).unwrap();
            let from = if at <= growth.len() {
                mean_from(at)
            } else {
                0.0
            };
            logarithm = ln_add(logarithm, starts.late_weight(1).ln() + from);
        }
        logarithm
    }

    proptest! {
        #[test]
        fn recursion_is_the_direct_formula(
            growth in prop::collection::vec(prop::array::uniform3(-3.0..3.0_f64), 0..60),
            seconds in 1..200_u64,
            late in 0..10_u32,
        ) {
            let window = Duration::from_secs(seconds);
            let starts = Starts::new(EVERY, EVERY * late);
            let mut mixture = Mixture::new(3, starts);
            for growth in &growth {
                mixture.add(*growth, window);
            }
            let (ours, direct) = (mixture.ln_evidence(), direct(&growth, window, starts));
            prop_assert!((ours - direct).abs() < 1e-9, "{ours} {direct}");
        }

        #[test]
        fn any_growth_leaves_a_number(growth in prop::collection::vec(-1e11..1e11_f64, 1..50)) {
            let mut mixture = Mixture::new(2, Starts::new(EVERY, EVERY * 5));
            for growth in growth {
                mixture.add([growth, -growth], EVERY / 2);
                prop_assert!(mixture.ln_evidence().is_finite());
            }
        }
    }

    #[test]
    fn weights_sum_to_one() {
        for (every, horizon) in [(60, 7200), (60, 0), (0, 60), (60, 59), (7, 100)] {
            let starts = Starts::new(Duration::from_secs(every), Duration::from_secs(horizon));
            let mut mixture = Mixture::new(12, starts);
            for _ in 0..300 {
                assert!(mixture.ln_evidence().abs() < 1e-12, "{every} {horizon}");
                mixture.add([0.0; 12], EVERY);
            }
            assert_eq!(mixture.started, starts.late);
        }
    }

    #[test]
    fn it_is_restored_bit_for_bit() {
        let starts = Starts::new(EVERY, EVERY * 3);
        let mut mixture = Mixture::new(2, starts);
        mixture.add([0.1, -0.3], EVERY * 2);
        let state = mixture.write(State::write(1)).done();
        let mut reader = state.read(1).unwrap();
        assert_eq!(Mixture::read(&mut reader, 2, starts), Ok(mixture));
        assert_eq!(reader.done(), Ok(()));
    }
}
