//! What the judge of a quantile remembers, and how it weighs what it sees.

use std::time::Duration;

use strategy_core::analysis::Verdict;
use strategy_core::{Track, Tracks};

use super::{Limit, Quantile};
use crate::judge::buckets::{Standing, above, up};
use crate::judge::seen::length;
use crate::judge::weighing::{Mixture, count, ln_mean, number, share_ratio_evidence};
use crate::judge::{Reason, Sight};
use crate::reading::Histogram;
use crate::state::{State, StateError};

const VERSION: u8 = 1;

/// The shares that are weighed for that of stable above a bound being smaller, in multiples of it.
const FASTER: [f64; 5] = [0.1, 0.25, 0.5, 0.75, 0.9];

/// No share that is weighed is larger.
const LARGEST_SHARE: f64 = 0.9;

/// Bytes for the cuts of a two-sample test.
const CUTS: usize = 1000;

/// At least so much of stable is in the window by which cuts are chosen.
pub(super) const CHOOSES_FROM: u64 = 100;

/// A bound at which stable's quantile may lie, and that above which the candidate is too slow then.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cut {
    /// Stable's quantile is above it or not. Not looked at where the limit is fixed.
    at: f64,
    /// The candidate's is too large above this.
    pub(super) above: f64,
    /// Events of stable above `at`.
    stable_above: u64,
    /// Events of the candidate above `above`.
    pub(super) candidate_above: u64,
    /// That more of the candidate is above `above` than the quantile allows.
    slower: Mixture,
}

/// At most 930 bytes: six cuts of 144 with the default grid, and the rest.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Memory {
    pub(super) cuts: Vec<Cut>,
    pub(super) standing: Standing,
}

impl Memory {
    pub(super) fn read(judge: &Quantile, state: &State) -> Result<Option<Self>, StateError> {
        if state.is_empty() {
            return Ok(None);
        }
        let mut reader = state.read(VERSION)?;
        let mut cuts = Vec::new();
        for _ in 0..reader.u8()? {
            cuts.push(Cut {
                at: reader.f64()?,
                above: reader.f64()?,
                stable_above: reader.u64()?,
                candidate_above: reader.u64()?,
                slower: Mixture::read(&mut reader, judge.grid.multiples().len(), judge.starts())?,
            });
        }
        let standing = Standing::read(&mut reader)?;
        reader.done()?;
        Ok(Some(Self { cuts, standing }))
    }

    pub(super) fn write(&self) -> State {
        let cuts = u8::try_from(self.cuts.len()).unwrap_or(u8::MAX);
        let mut writer = State::write(VERSION).u8(cuts);
        for cut in &self.cuts {
            writer = writer.f64(cut.at).f64(cut.above);
            writer = writer.u64(cut.stable_above).u64(cut.candidate_above);
            writer = cut.slower.write(writer);
        }
        self.standing.write(writer).done()
    }

    fn new(judge: &Quantile, cuts: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let alternatives = judge.grid.multiples().len();
        let cuts = cuts.into_iter().map(|(at, above)| Cut {
            at,
            above,
            stable_above: 0,
            candidate_above: 0,
            slower: Mixture::new(alternatives, judge.starts()),
        });
        Self {
            cuts: cuts.collect(),
            standing: Standing::default(),
        }
    }

    /// For a fixed limit: by the bounds alone.
    pub(super) fn of_limit(
        judge: &Quantile,
        limit: f64,
        candidate: &Histogram,
    ) -> Result<Self, Verdict> {
        let Some(above) = up(candidate.bounds(), limit) else {
            return Err(Reason::BucketResolution.because("no bucket ends at the limit or above"));
        };
        Ok(Self::new(judge, [(above, above)]))
    }

    /// For a multiple of stable's: around where stable's quantile is in this window, which is not weighed.
    pub(super) fn of_multiple(
        judge: &Quantile,
        times: f64,
        stable: &Histogram,
    ) -> Result<Self, Verdict> {
        let q = judge.quantile.get();
        let bounds = stable.bounds();
        let within = |at: usize| number(stable.above(at)) <= (1.0 - q) * number(stable.total());
        let first = (0..bounds.len())
            .find(|at| within(*at))
            .and_then(|at| bounds.get(at).copied())
            .filter(|bound| *bound > 0.0);
        let coarse = || {
            Reason::BucketResolution
                .because("stable's quantile is in no bucket that a later one is told from")
        };
        let first = first.ok_or_else(coarse)?;
        let most = (CUTS / (48 + 8 * judge.grid.multiples().len())).clamp(2, 6);
        let span = (judge.detect.get() / times).max(1.0);
        let mut cuts: Vec<(f64, f64)> = Vec::new();
        for step in 0..most {
            let target = first * span.powf(count(step) / count(most - 1));
            let cut = up(bounds, target).and_then(|cut| Some((cut, up(bounds, times * cut)?)));
            if let Some(cut) = cut
                && cuts.last().is_none_or(|last| last.0 < cut.0)
            {
                cuts.push(cut);
            }
        }
        if cuts.is_empty() {
            return Err(coarse());
        }
        Ok(Self::new(judge, cuts))
    }

    /// Weighs what was seen.
    pub(super) fn weigh(
        &mut self,
        judge: &Quantile,
        histograms: Tracks<&Histogram>,
        sight: &Sight,
    ) -> Result<(), Verdict> {
        let compares = matches!(judge.limit, Limit::TimesStable(_));
        let mut seen = Vec::new();
        for cut in &self.cuts {
            let of_candidate = above(histograms.candidate, cut.above, Track::Candidate)?;
            let of_stable = if compares {
                above(histograms.stable, cut.at, Track::Stable)?
            } else {
                0
            };
            seen.push((of_candidate, of_stable));
        }
        let allowed = judge.allowed();
        let window = Duration::from_millis(length(sight.window));
        let total = histograms.candidate.total();
        for (cut, (of_candidate, of_stable)) in self.cuts.iter_mut().zip(seen) {
            cut.candidate_above = cut.candidate_above.saturating_add(of_candidate);
            cut.stable_above = cut.stable_above.saturating_add(of_stable);
            let growth = judge.grid.multiples().iter().map(|multiple| {
                let share = (allowed * multiple).min(LARGEST_SHARE);
                share_ratio_evidence(total, of_candidate, allowed, share)
            });
            cut.slower.add(growth, window);
        }
        // The counts first: the evidence needs how many events there were.
        self.standing.add(histograms, sight.window, 0.0);
        self.standing.highest = self.standing.highest.max(self.ln_evidence(judge));
        Ok(())
    }

    /// The natural logarithm of the evidence.
    pub(super) fn ln_evidence(&self, judge: &Quantile) -> f64 {
        match judge.limit {
            Limit::Fixed(_) => self
                .cuts
                .first()
                .map_or(0.0, |cut| cut.slower.ln_evidence()),
            Limit::TimesStable(_) => {
                // Wherever stable's quantile lies, one of these terms is evidence; so the least of them is.
                let mut faster = 0.0;
                let mut least = f64::INFINITY;
                for cut in &self.cuts {
                    least = least.min(faster + cut.slower.ln_evidence());
                    faster = self.ln_faster(judge, cut);
                }
                least.min(faster)
            }
        }
    }

    /// That stable's quantile is at the cut or below.
    fn ln_faster(&self, judge: &Quantile, cut: &Cut) -> f64 {
        let allowed = judge.allowed();
        let total = self.standing.events(Track::Stable);
        let above = cut.stable_above.min(total);
        ln_mean(
            &FASTER.map(|multiple| share_ratio_evidence(total, above, allowed, allowed * multiple)),
        )
    }
}
