//! What is counted of a check's looks, and held against its limits.

use super::Verdict;
use crate::plan::Limits;

/// What a rollout counts of the looks of a check, for whoever judges what was recorded as a rollout would.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Tally {
    /// The newest look that said anything said [`Fail`](Verdict::Fail).
    pub failing: bool,
    /// [`Fail`](Verdict::Fail), of all looks.
    pub failures: u32,
    /// The same, one after the other.
    pub consecutive_failures: u32,
    /// Looks that could not be taken, one after the other.
    pub consecutive_errors: u32,
    /// [`Inconclusive`](Verdict::Inconclusive), one after the other.
    pub consecutive_inconclusive: u32,
}

impl Tally {
    /// A look was judged.
    pub const fn judged(&mut self, verdict: &Verdict) {
        self.consecutive_errors = 0;
        match verdict {
            Verdict::Pass | Verdict::Warn => {
                self.failing = false;
                self.consecutive_failures = 0;
                self.consecutive_inconclusive = 0;
            }
            Verdict::Fail => {
                self.failing = true;
                self.failures = self.failures.saturating_add(1);
                self.consecutive_failures = self.consecutive_failures.saturating_add(1);
                self.consecutive_inconclusive = 0;
            }
            Verdict::Undecided => {}
            Verdict::Inconclusive(_) => {
                self.consecutive_inconclusive = self.consecutive_inconclusive.saturating_add(1);
            }
        }
    }

    /// A look could not be taken.
    pub const fn not_taken(&mut self) {
        self.consecutive_errors = self.consecutive_errors.saturating_add(1);
    }

    /// The limit that is crossed, in words, so that the release fails; `None`: none is.
    pub fn over(&self, limits: &Limits) -> Option<String> {
        if self.failures > limits.failures {
            let (failures, limit) = (self.failures, limits.failures);
            return Some(format!("{failures} failed, {limit} tolerated"));
        }
        let of_failures = limits.consecutive_failures.unwrap_or(u32::MAX);
        let one_after_the_other = [
            (self.consecutive_failures, "failed", of_failures),
            (self.consecutive_errors, "errors", limits.consecutive_errors),
            (
                self.consecutive_inconclusive,
                "inconclusive",
                limits.consecutive_inconclusive,
            ),
        ];
        let mut over = one_after_the_other
            .into_iter()
            .filter(|(count, _, limit)| count > limit);
        let (count, what, limit) = over.next()?;
        Some(format!(
            "{count} {what} one after the other, {limit} tolerated"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pass, warn, fail, undecided, inconclusive and a look that could not be taken, a letter each: the look that crosses a
    /// limit, and which.
    fn over(looks: &str, limits: &Limits) -> Option<(usize, String)> {
        let mut tally = Tally::default();
        looks.chars().enumerate().find_map(|(index, look)| {
            match look {
                'p' => tally.judged(&Verdict::Pass),
                'w' => tally.judged(&Verdict::Warn),
                'f' => tally.judged(&Verdict::Fail),
                'u' => tally.judged(&Verdict::Undecided),
                'n' => tally.judged(&Verdict::Inconclusive("no data".to_owned())),
                _ => tally.not_taken(),
            }
            tally.over(limits).map(|limit| (index, limit))
        })
    }

    #[test]
    fn limits_are_crossed_by_one_more_than_is_tolerated() {
        let limits = Limits::default()
            .failures(2)
            .consecutive_failures(1)
            .consecutive_errors(1)
            .consecutive_inconclusive(1);
        for (looks, expected) in [
            ("fpfpf", Some((4, "3 failed, 2 tolerated"))),
            (
                "puff",
                Some((3, "2 failed one after the other, 1 tolerated")),
            ),
            (
                "fuf",
                Some((2, "2 failed one after the other, 1 tolerated")),
            ),
            (
                "fnf",
                Some((2, "2 failed one after the other, 1 tolerated")),
            ),
            ("fwf", None),
            (
                "epee",
                Some((3, "2 errors one after the other, 1 tolerated")),
            ),
            ("euene", None),
            (
                "nunpn",
                Some((2, "2 inconclusive one after the other, 1 tolerated")),
            ),
            ("npnfn", None),
            (
                "nen",
                Some((2, "2 inconclusive one after the other, 1 tolerated")),
            ),
        ] {
            let found = over(looks, &limits);
            let found = found
                .as_ref()
                .map(|(index, limit)| (*index, limit.as_str()));
            assert_eq!(found, expected, "{looks}");
        }
        let mut tally = Tally::default();
        tally.judged(&Verdict::Fail);
        assert!(tally.failing);
        for said_nothing in [Verdict::Undecided, Verdict::Inconclusive(String::new())] {
            tally.judged(&said_nothing);
            assert!(tally.failing);
        }
        tally.judged(&Verdict::Warn);
        assert!(!tally.failing);
    }
}
