//! What the judge of a quantile remembers, and how it weighs what it sees.

use std::time::Duration;

use strategy_core::analysis::Verdict;
use strategy_core::{Track, Tracks};

use super::{Limit, Quantile};
use crate::judge::buckets::{Standing, above, up};
use crate::judge::sample::{Remembered, Sample};
use crate::judge::seen::length;
use crate::judge::weighing::{Mixture, count, number, share_ratio_evidence};
use crate::judge::{Reason, Sight, marks};
use crate::reading::Histogram;
use crate::state::{Mark, State, StateError, Writer};

const VERSION: u8 = 2;

/// The shares that are weighed for that of stable above a bound being smaller, in multiples of it.
const FASTER: [f64; 4] = [0.25, 0.5, 0.75, 0.9];

/// No share that is weighed is larger.
const LARGEST_SHARE: f64 = 0.9;

/// So many cuts at most.
const CUTS: usize = 6;

/// As many accumulators fit into a state beside the rest.
const ACCUMULATORS: usize = 100;

/// A bound at which stable's quantile may lie, and that above which the candidate is too slow then.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cut {
    /// Stable's quantile is above it or not. Not looked at where the limit is fixed.
    at: f64,
    /// The candidate's is too large above this.
    pub(super) above: f64,
    /// Events of the candidate above `above`.
    pub(super) candidate_above: u64,
}

/// At most 1 027 bytes: 100 accumulators, six cuts of 24, and the rest.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Memory {
    pub(super) cuts: Vec<Cut>,
    against: Mixture,
    pub(super) standing: Standing,
}

fn mark(judge: &Quantile) -> Mark {
    Mark::new(VERSION, marks::QUANTILE, judge)
}

/// Begins what it remembers.
pub(super) fn begun(judge: &Quantile) -> Writer {
    State::marked(mark(judge))
}

impl Memory {
    pub(super) fn read(judge: &Quantile, state: &State) -> Result<Remembered<Self>, StateError> {
        if state.is_empty() {
            return Ok(Remembered::Sampled(Sample::default()));
        }
        let mut reader = state.read_marked(mark(judge))?;
        let count = reader.u8()?;
        if count == 0 {
            let sample = Sample::read(&mut reader)?;
            reader.done()?;
            return Ok(Remembered::Sampled(sample));
        }
        let mut cuts = Vec::new();
        for _ in 0..count {
            cuts.push(Cut {
                at: reader.f64()?,
                above: reader.f64()?,
                candidate_above: reader.u64()?,
            });
        }
        let alternatives = alternatives(judge).len();
        let memory = Self {
            cuts,
            against: Mixture::read(&mut reader, alternatives, judge.starts())?,
            standing: Standing::read(&mut reader)?,
        };
        reader.done()?;
        Ok(Remembered::Weighed(memory))
    }

    pub(super) fn write(&self, judge: &Quantile) -> State {
        let cuts = u8::try_from(self.cuts.len()).unwrap_or(u8::MAX);
        let mut writer = begun(judge).u8(cuts);
        for cut in &self.cuts {
            writer = writer.f64(cut.at).f64(cut.above).u64(cut.candidate_above);
        }
        self.standing.write(self.against.write(writer)).done()
    }

    fn new(judge: &Quantile, cuts: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let cuts = cuts.into_iter().map(|(at, above)| Cut {
            at,
            above,
            candidate_above: 0,
        });
        Self {
            cuts: cuts.collect(),
            against: Mixture::new(alternatives(judge).len(), judge.starts()),
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

    /// For a multiple of stable's: around where stable's quantile is in what was seen of it, which is not weighed.
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
        let span = (judge.detect.get() / times).max(1.0);
        let mut cuts: Vec<(f64, f64)> = Vec::new();
        for step in 0..CUTS {
            let target = first * span.powf(count(step) / count(CUTS - 1));
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
        let totals = (histograms.candidate.total(), histograms.stable.total());
        let growth: Vec<f64> = alternatives(judge)
            .into_iter()
            .map(|(slower, faster)| least(judge.allowed(), totals, &seen, slower, faster))
            .collect();
        for (cut, (of_candidate, _)) in self.cuts.iter_mut().zip(&seen) {
            cut.candidate_above = cut.candidate_above.saturating_add(*of_candidate);
        }
        let window = Duration::from_millis(length(sight.window));
        self.against.add(growth, window);
        let now = self.ln_evidence();
        self.standing.add(histograms, sight.window, now);
        Ok(())
    }

    /// The natural logarithm of the evidence.
    pub(super) fn ln_evidence(&self) -> f64 {
        self.against.ln_evidence()
    }
}

/// What is weighed: the candidate's share above its bound, and stable's above the cut (`None`: not weighed), each
/// pair a process of evidence by itself.
fn alternatives(judge: &Quantile) -> Vec<(f64, Option<f64>)> {
    let allowed = judge.allowed();
    let slower = judge.grid.multiples().iter();
    let slower = slower.map(|multiple| (allowed * multiple).min(LARGEST_SHARE));
    match judge.limit {
        Limit::Fixed(_) => slower.map(|share| (share, None)).collect(),
        Limit::TimesStable(_) => {
            let fit = ACCUMULATORS / judge.grid.multiples().len().max(1);
            let faster = FASTER.iter().take(fit);
            let faster: Vec<f64> = faster.map(|multiple| allowed * multiple).collect();
            slower
                .flat_map(|share| faster.iter().map(move |faster| (share, Some(*faster))))
                .collect()
        }
    }
}

/// How much the logarithm of the evidence of one pair grows in a look.
///
/// Wherever stable's quantile lies in this look, one of the terms is evidence: so the least of them is.
fn least(
    allowed: f64,
    totals: (u64, u64),
    seen: &[(u64, u64)],
    slower: f64,
    faster: Option<f64>,
) -> f64 {
    let of_candidate = |above: u64| share_ratio_evidence(totals.0, above, allowed, slower);
    let Some(faster) = faster else {
        return seen.first().map_or(0.0, |(above, _)| of_candidate(*above));
    };
    let mut of_stable = 0.0;
    let mut least = f64::INFINITY;
    for (candidate_above, stable_above) in seen {
        least = least.min(of_stable + of_candidate(*candidate_above));
        of_stable = share_ratio_evidence(totals.1, *stable_above, allowed, faster);
    }
    least.min(of_stable)
}
