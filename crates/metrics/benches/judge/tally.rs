//! What many courses say of one contestant.

use crate::dice::number;
use crate::run::Outcome;

/// Of many courses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) courses: u64,
    /// Those that were taken back.
    pub(crate) acted: u64,
    /// Those of them that were before something went wrong.
    pub(crate) early: u64,
    /// Until when, sorted, of those that were taken back for a reason.
    times: Vec<u64>,
    failed: u64,
}

impl Tally {
    /// Of what went wrong at `onset`; 0: from the beginning, or never.
    pub(crate) fn of(outcomes: impl Iterator<Item = Outcome>, onset: u64) -> Self {
        let mut tally = Self::default();
        for outcome in outcomes {
            tally.courses += 1;
            tally.failed += outcome.failed;
            if let Some(second) = outcome.acted {
                tally.acted += 1;
                if second <= onset {
                    tally.early += 1;
                } else {
                    tally.times.push(second - onset);
                }
            }
        }
        tally.times.sort_unstable();
        tally
    }

    /// The share that was taken back for a reason, of those that were there when it came.
    pub(crate) fn found(&self) -> f64 {
        number(self.acted - self.early) / number((self.courses - self.early).max(1))
    }

    /// The time within which half of the courses were taken back; `None`: fewer were.
    pub(crate) fn median(&self) -> Option<u64> {
        let half = usize::try_from((self.courses - self.early).div_ceil(2)).ok()?;
        self.times.get(half.saturating_sub(1)).copied()
    }

    /// Requests that failed on the candidate in the mean, until it was taken back or to the end.
    pub(crate) fn failed(&self) -> f64 {
        number(self.failed) / number(self.courses.max(1))
    }

    /// `98%, 645 s, 34.9`.
    pub(crate) fn cell(&self) -> String {
        format!("{}, {:.1}", self.found_in(), self.failed())
    }

    /// `98%, 645 s`.
    pub(crate) fn found_in(&self) -> String {
        let median = self
            .median()
            .map_or_else(|| "–".to_owned(), |median| format!("{median} s"));
        format!("{:.1}%, {median}", self.found() * 100.0)
    }
}

/// Turns outcomes by course into those by contestant.
pub(crate) fn by_contestant(
    courses: &[Vec<Outcome>],
    contestants: usize,
    onset: u64,
) -> Vec<Tally> {
    (0..contestants)
        .map(|one| Tally::of(courses.iter().map(|course| course[one]), onset))
        .collect()
}
