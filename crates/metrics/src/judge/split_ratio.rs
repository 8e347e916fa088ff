//! The judge of the split: are the requests shared out as it is written?

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strategy_core::analysis::Verdict;
use strategy_core::target::Finding;
use strategy_core::{Track, duration};

use super::figure::percent;
use super::seen::{Seen, events, length};
use super::weighing::{Mixture, Starts, ln_threshold, share_ratio_evidence};
use super::words::{self, grouped, odds};
use super::{Judge, JudgeError, Judgement, Prospect, Reason, Share, Sight, marks};
use crate::reading::Shape;
use crate::state::{Mark, State, StateError};

const VERSION: u8 = 2;

/// How many times the odds of the border are weighed against them, above and below.
const GRID: [f64; 6] = [1.05, 1.1, 1.25, 1.5, 2.0, 4.0];

/// The least distance that a border keeps from 0 and from 1.
const LEAST: f64 = 1e-9;

/// Warns when the evidence is there that the candidate's share of the requests is another than the one that is
/// written. It never fails a release.
///
/// A share that is astray tells of requests that go past the router, of a cache, or of retries; what compares the
/// tracks then compares different requests.
///
/// # How it weighs
/// That the share is at most `tolerance` above what is written is weighed against shares that are larger, and
/// that it is at most `tolerance` below against shares that are smaller, each as in
/// [`share_ratio_evidence`], by multiples of the odds at that border. The
/// mean over all of them is a process of evidence where the true share stays within, wherever it is there, and
/// whatever is written in each look.
///
/// # Assumes
/// That each request goes to the candidate by itself, with a chance that is within. Balancers that take turns
/// are more even than that, which does no harm; those that keep clients with a track are less even, and warn too
/// often: hence a warning only, and no part of the false-alarm budget.
///
/// # Verdicts
/// - inconclusive, when a track told nothing;
/// - undecided, when no share is written, or below `minimum-events` of both together;
/// - warn, as long as the evidence is at `1/alpha`, with the parameter `alpha`;
/// - pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SplitRatio {
    /// How far the share may be from what is written, above and below: 0.02 is from 3 % to 7 % where 5 % are
    /// written. Default 0.02.
    pub tolerance: Share,
    /// The chance that it ever warns of a share that is within. Default 0.01.
    pub alpha: Share,
    /// Evidence begins anew so often, in judged time. Zero: never. Default one minute.
    #[serde(with = "duration")]
    pub restart: Duration,
    /// Until when it does. Default two hours.
    #[serde(with = "duration")]
    pub horizon: Duration,
    /// Below so many events of both tracks nothing passes. Default 100.
    pub minimum_events: u64,
}

impl Default for SplitRatio {
    fn default() -> Self {
        Self {
            tolerance: Share::FIFTIETH,
            alpha: Share::HUNDREDTH,
            restart: Duration::from_secs(60),
            horizon: Duration::from_secs(2 * 60 * 60),
            minimum_events: 100,
        }
    }
}

impl SplitRatio {
    /// What the alternatives grow by in one look.
    fn weighed(&self, candidate: u64, all: u64, written: f64) -> Vec<f64> {
        let border = |share: f64| share.clamp(LEAST, 1.0 - LEAST);
        let (below, above) = (
            border(written - self.tolerance.get()),
            border(written + self.tolerance.get()),
        );
        let other = |border: f64, times: f64| {
            let odds = border / (1.0 - border) * times;
            odds / (1.0 + odds)
        };
        let weigh =
            |border, times| share_ratio_evidence(all, candidate, border, other(border, times));
        let larger = GRID.iter().map(|times| weigh(above, *times));
        let smaller = GRID.iter().map(|times| weigh(below, 1.0 / times));
        larger.chain(smaller).collect()
    }
}

/// 178 bytes.
#[derive(Clone, Debug, PartialEq)]
struct Memory {
    astray: Mixture,
    candidate: Seen,
    stable: Seen,
    /// The candidate's requests in the mean, as it was written.
    expected: f64,
}

fn mark(judge: &SplitRatio) -> Mark {
    Mark::new(VERSION, marks::SPLIT_RATIO, judge)
}

impl Memory {
    fn read(judge: &SplitRatio, state: &State) -> Result<Self, StateError> {
        let starts = Starts::new(judge.restart, judge.horizon);
        if state.is_empty() {
            return Ok(Self {
                astray: Mixture::new(2 * GRID.len(), starts),
                candidate: Seen::default(),
                stable: Seen::default(),
                expected: 0.0,
            });
        }
        let mut reader = state.read_marked(mark(judge))?;
        let memory = Self {
            astray: Mixture::read(&mut reader, 2 * GRID.len(), starts)?,
            candidate: Seen::read(&mut reader)?,
            stable: Seen::read(&mut reader)?,
            expected: reader.f64()?,
        };
        reader.done()?;
        Ok(memory)
    }

    fn write(&self, judge: &SplitRatio) -> State {
        let writer = self.astray.write(State::marked(mark(judge)));
        let writer = self.stable.write(self.candidate.write(writer));
        writer.f64(self.expected).done()
    }

    fn all(&self) -> u64 {
        let (candidate, stable) = (self.candidate.all.total, self.stable.all.total);
        candidate.saturating_add(stable)
    }
}

impl Judge for SplitRatio {
    fn shape(&self) -> Shape {
        Shape::Events
    }

    fn compares(&self) -> bool {
        true
    }

    /// It fails nothing, so it takes no part of the budget.
    fn bounded(&self) -> bool {
        false
    }

    fn admit(&self, _: &Prospect) -> Vec<Finding> {
        Vec::new()
    }

    fn judge(&self, sight: &Sight, state: &State) -> Result<Judgement, JudgeError> {
        let mut memory = Memory::read(self, state)?;
        let candidate = events(&sight.readings.candidate, Track::Candidate)?;
        let stable = events(&sight.readings.stable, Track::Stable)?;
        let (candidate, stable) = match (candidate, stable) {
            (Ok(candidate), Ok(stable)) => (candidate.all, stable.all),
            (Err(verdict), _) | (_, Err(verdict)) => {
                let evidence = format!("the split is not known: {}", words::why(&verdict));
                return Ok(Judgement::new(verdict, evidence, state));
            }
        };
        let Some(written) = sight.share else {
            let evidence = "no share is written, so none can be astray";
            return Ok(Judgement::new(Verdict::Undecided, evidence, state));
        };
        let written = f64::from(written.basis_points()) / 10_000.0;
        let all = candidate.total.saturating_add(stable.total);
        let time = Duration::from_millis(length(sight.window));
        let weighed = self.weighed(candidate.total, all, written);
        memory.astray.add(weighed, time);
        memory.candidate.add(candidate, sight.window);
        memory.stable.add(stable, sight.window);
        memory.expected += written * super::weighing::number(all);
        let now = memory.astray.ln_evidence();
        let verdict = if now >= ln_threshold(self.alpha.get()) {
            Verdict::Warn
        } else if memory.all() < self.minimum_events {
            Verdict::Undecided
        } else {
            Verdict::Pass
        };
        let mismatch = Reason::SplitMismatch;
        let says = if verdict == Verdict::Warn {
            mismatch.to_string()
        } else {
            format!("no proof that {mismatch}")
        };
        let of_all = super::weighing::number(memory.all()).max(1.0);
        let evidence = format!(
            "{says}: {} of {} requests went to the candidate, {} where {} would be, evidence {}",
            grouped(memory.candidate.all.total),
            grouped(memory.all()),
            percent(super::weighing::number(memory.candidate.all.total) / of_all),
            percent(memory.expected / of_all),
            odds(now),
        );
        // It never fails, so what there is now is what it rests on.
        Ok(Judgement::new(verdict, evidence, &memory.write(self)).weighing(now, now))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use strategy_core::Weight;

    use super::*;
    use crate::judge::Kinds;
    use crate::judge::simulated::{Dice, sight};
    use crate::reading::{Events, Reading};

    fn look(minute: u64, candidate: u64, stable: u64, percent: u16) -> Sight {
        let (stable, candidate) = (Events::counted(stable, 0), Events::counted(candidate, 0));
        let mut sight = sight(minute * 60_000, 60_000, stable, candidate, 0.0);
        sight.share = Weight::from_percent(percent).ok();
        sight
    }

    fn judged(judge: &SplitRatio, sights: impl IntoIterator<Item = Sight>) -> Judgement {
        let mut last: Option<Judgement> = None;
        for sight in sights {
            let state = last.map_or_else(State::default, |judgement| judgement.state);
            last = Some(judge.judge(&sight, &state).unwrap());
        }
        last.unwrap()
    }

    #[test]
    fn a_split_that_is_astray_warns_and_never_fails() {
        let judge = SplitRatio::default();
        let said = judged(&judge, [look(0, 500, 500, 10)]);
        assert_eq!(said.verdict, Verdict::Warn);
        assert!(
            said.evidence.starts_with(
                "the split is not as written: 500 of 1 000 requests went to the candidate, 50 % where 10 % \
                 would be, evidence 1 : 10^"
            ),
            "{}",
            said.evidence
        );
        assert_eq!(
            judged(&judge, [look(0, 0, 1000, 10)]).verdict,
            Verdict::Warn
        );
        // Within the tolerance, at every weight that is written.
        let within = [
            look(0, 118, 882, 10),
            look(1, 485, 515, 50),
            look(2, 1, 999, 0),
            look(3, 990, 10, 100),
        ];
        assert_eq!(judged(&judge, within).verdict, Verdict::Pass);
        assert_eq!(
            judged(&judge, [look(0, 9, 90, 10)]).verdict,
            Verdict::Undecided
        );
    }

    #[test]
    fn what_is_not_known_is_said() {
        let judge = SplitRatio::default();
        let mut nothing = look(0, 10, 90, 10);
        nothing.share = None;
        assert_eq!(
            judged(&judge, [nothing.clone()]).verdict,
            Verdict::Undecided
        );
        nothing.readings.stable = Reading::Empty;
        assert!(matches!(
            judged(&judge, [nothing]).verdict,
            Verdict::Inconclusive(_)
        ));
        let params = json!({ "kind": "split-ratio", "tolerance": 0.05, "alpha": 0.001 });
        assert!(Kinds::built_in().make(&params).is_ok());
    }

    proptest! {
        #[test]
        fn any_counts_leave_numbers_and_go_on_bit_for_bit(
            looks in prop::collection::vec((0..=1_000_000_000_u64, 0..=1_000_000_000_u64, 0..=100_u16), 1..20),
        ) {
            let judge = SplitRatio::default();
            let sights = looks.iter().map(|(candidate, stable, share)| look(0, *candidate, *stable, *share));
            let said = judged(&judge, sights);
            prop_assert!(said.log_evidence.unwrap().is_finite());
            prop_assert!(!said.evidence.contains("NaN"));
            prop_assert_eq!(said.state.bytes().len(), 178);
            prop_assert_eq!(Memory::read(&judge, &said.state).unwrap().write(&judge), said.state);
        }
    }

    /// On how many of so many paths of an hour it warns, where the share is so far from what is written, which
    /// changes each quarter of an hour.
    fn warned(paths: u64, seed: u64, off: fn(u64) -> f64) -> u32 {
        let judge = SplitRatio::default();
        let mut dice = Dice::new(seed);
        let mut warned = 0;
        for path in 0..paths {
            let mut state = State::default();
            let mut warns = false;
            for minute in 0..60 {
                let percent = [5, 10, 25, 50][usize::try_from(minute / 15).unwrap()];
                let share = f64::from(percent) / 100.0 + off(path);
                let candidate = dice.binomial(500, share);
                let sight = look(minute, candidate, 500 - candidate, percent);
                let said = judge.judge(&sight, &state).unwrap();
                warns |= said.verdict == Verdict::Warn;
                state = said.state;
            }
            warned += u32::from(warns);
        }
        println!(
            "split astray by {}: {warned} of {paths} warned, seed {seed}",
            off(0)
        );
        warned
    }

    #[test]
    fn warnings_of_a_split_within_stay_below_their_bound() {
        // At both borders of what is tolerated. See the judge of failures for the bound: 38 of 2 000 at 1 %.
        assert!(warned(2_000, 13, |path| if path % 2 == 0 { 0.02 } else { -0.02 }) <= 38);
    }

    #[test]
    fn a_split_beyond_is_warned_of() {
        assert!(warned(100, 14, |path| if path % 2 == 0 { 0.04 } else { -0.04 }) >= 95);
    }
}
