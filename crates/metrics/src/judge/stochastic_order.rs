//! The judge of latency: are more of the candidate's requests slow than of stable's?

mod memory;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strategy_core::analysis::Verdict;
use strategy_core::target::Finding;
use strategy_core::{Track, Tracks, duration};

use self::memory::{At, Memory, begun};
use super::assumptions::{independent_latencies, same_time};
use super::buckets::{Rules, above, histograms, listed, too_coarse};
use super::checked::checked;
use super::figure::{figure, percent};
use super::sample::{Remembered, Sample};
use super::seen::length;
use super::weighing::{Exposure, Starts, number, ratio_evidence};
use super::words::{grouped, odds};
use super::{Grid, Judge, JudgeError, Judgement, Prospect, Ratio, Reason, Sight};
use crate::reading::{Histogram, Shape};
use crate::state::State;

/// As many accumulators fit into a state beside the rest: eight bounds with the default grid.
const ACCUMULATORS: usize = 96;

/// Which share of stable's events is above a bound that is chosen. Above fewer there is too little to see soon;
/// above more a regression is a small multiple.
const CHOSEN: std::ops::RangeInclusive<f64> = 0.002..=0.3;

/// Fails the candidate when the evidence is there that more of its events are large than of stable's: that it
/// is slower, at whatever size.
///
/// The events above a bound of a bucket are counted exactly, so for each bound they are weighed as failures
/// are by [`SequentialRatio`](super::SequentialRatio), and the mean over the bounds is the evidence
/// ([`weighing`](super::weighing)): a mean of processes of evidence is one. Nothing is interpolated. It fails a
/// candidate none of whose shares above a bound is more than [`tolerated`](Self::tolerated) times stable's
/// with at most the chance `alpha`, however often one looks; such is one that is as fast as stable or faster
/// (stochastically no larger).
///
/// After the sequential tests of stochastic order of Lindon, Sanden and Shirikian (KDD 2022, arXiv 2205.14762),
/// at the bounds that buckets have.
///
/// # Which bounds
/// At most eight: those that `bounds` names, or else chosen by the first 100 events of stable. Of the bounds above
/// which 0.2 % to 30 % of them are, it is eight that are spread evenly; where there is no such bound, the first one
/// above which fewer are, such as the end of a bucket that all of them were in. The windows that had those events
/// choose and are not weighed, so that the choice is made before what it weighs is seen.
///
/// # Assumes
/// That events are slow independently of each other, given the rates at that time; see `SequentialRatio`.
///
/// # Verdicts
/// In this order: fail, once the evidence was `1/alpha`, for good; inconclusive, when a track told nothing, had no
/// event for `silence`, or has no bucket that ends at a chosen bound; undecided, until bounds are chosen
/// and below `minimum-events`; warn, at a fifth of `1/alpha`; pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Fields", rename_all = "kebab-case")]
#[non_exhaustive]
pub struct StochasticOrder {
    /// How many times stable's share of events above a bound the candidate's may be. Default 1.
    pub tolerated: Ratio,
    /// What is weighed against that, in multiples of it. With more than 12 numbers fewer bounds fit: 96
    /// divided by them.
    pub grid: Grid,
    /// Which bounds of buckets, in the unit of the metric, rising, each exactly as the histogram has it. Default:
    /// chosen, as above.
    pub bounds: Vec<f64>,
    /// The unit of the metric, for the evidence, such as `ms`. Default: none.
    pub unit: String,
    /// Evidence begins anew so often, in judged time, so that what goes wrong late is found soon. Zero: never.
    /// Default one minute.
    #[serde(with = "duration")]
    pub restart: Duration,
    /// Until when it does. Default two hours.
    #[serde(with = "duration")]
    pub horizon: Duration,
    /// Below so many events of the candidate nothing passes. Default 100.
    pub minimum_events: u64,
    /// Without an event of one of the tracks for so long, in judged time, it is inconclusive. Default five
    /// minutes.
    #[serde(with = "duration")]
    pub silence: Duration,
}

checked! {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case", default = "defaults")]
    StochasticOrder from Fields {
        tolerated: Ratio,
        grid: Grid,
        bounds: Vec<f64>,
        unit: String,
        #[serde(with = "duration")]
        restart: Duration,
        #[serde(with = "duration")]
        horizon: Duration,
        minimum_events: u64,
        #[serde(with = "duration")]
        silence: Duration,
    }
}

fn defaults() -> Fields {
    StochasticOrder::default().into()
}

impl Default for StochasticOrder {
    fn default() -> Self {
        Self {
            tolerated: Ratio::ONE,
            grid: Grid::default(),
            bounds: Vec::new(),
            unit: String::new(),
            restart: Duration::from_secs(60),
            horizon: Duration::from_secs(2 * 60 * 60),
            minimum_events: 100,
            silence: Duration::from_secs(5 * 60),
        }
    }
}

impl StochasticOrder {
    /// The most bounds that are weighed.
    pub const LIMIT: usize = 8;

    fn check(&self) -> Result<(), String> {
        let bounds = &self.bounds;
        let rising = bounds.windows(2).all(|pair| pair[0] < pair[1]);
        if !rising || bounds.iter().any(|bound| !bound.is_finite()) {
            return Err("`bounds` do not rise; write the smaller ones first".to_owned());
        }
        if bounds.len() > self.most() {
            return Err(format!(
                "`bounds` are {}, and with this grid {} fit; write fewer, or fewer numbers of `grid`",
                bounds.len(),
                self.most()
            ));
        }
        Ok(())
    }

    /// How many bounds fit with this grid.
    fn most(&self) -> usize {
        (ACCUMULATORS / self.grid.multiples().len().max(1)).min(Self::LIMIT)
    }

    fn starts(&self) -> Starts {
        Starts::new(self.restart, self.horizon)
    }

    const fn rules(&self) -> Rules {
        Rules {
            minimum_events: self.minimum_events,
            silence: self.silence,
            compares: true,
        }
    }

    /// Of the bounds above which a fit share of stable's events is, so many that are spread evenly; where there are
    /// none, the first above which it is smaller.
    fn choose(&self, stable: &Histogram) -> Vec<f64> {
        let total = number(stable.total());
        let shares = stable.bounds().iter().enumerate();
        let shares = shares.map(|(at, bound)| (*bound, number(stable.above(at)) / total));
        let of = |is_fit: &dyn Fn(f64) -> bool| -> Vec<f64> {
            let fit = shares.clone().filter(|(_, share)| is_fit(*share));
            fit.map(|(bound, _)| bound).collect()
        };
        let fit = of(&|share| CHOSEN.contains(&share));
        if fit.is_empty() {
            let mut smaller = of(&|share| share < *CHOSEN.start());
            smaller.truncate(1);
            return smaller;
        }
        let most = self.most();
        if fit.len() <= most {
            return fit;
        }
        let spread = |at: usize| fit.get(at * (fit.len() - 1) / most.saturating_sub(1).max(1));
        (0..most).filter_map(spread).copied().collect()
    }

    /// Weighs what was seen at the chosen bounds.
    fn weigh(
        &self,
        memory: &mut Memory,
        histograms: Tracks<&Histogram>,
        sight: &Sight,
    ) -> Result<(), Verdict> {
        let mut seen = Vec::new();
        for at in &memory.bounds {
            seen.push(Exposure {
                candidate: histograms.candidate.total(),
                candidate_failed: above(histograms.candidate, at.bound, Track::Candidate)?,
                stable: histograms.stable.total(),
                stable_failed: above(histograms.stable, at.bound, Track::Stable)?,
            });
        }
        for (at, seen) in memory.bounds.iter_mut().zip(&seen) {
            at.candidate = at.candidate.saturating_add(seen.candidate_failed);
            at.stable = at.stable.saturating_add(seen.stable_failed);
        }
        let tolerated = self.tolerated.get();
        let growth = seen.iter().flat_map(|seen| {
            let grid = self.grid.multiples().iter();
            grid.map(|multiple| ratio_evidence(*seen, tolerated, tolerated * multiple))
        });
        let window = Duration::from_millis(length(sight.window));
        memory.against.add(growth, window);
        let now = memory.against.ln_evidence();
        memory.standing.add(histograms, sight.window, now);
        Ok(())
    }

    /// The bound at which the candidate is worst, in words; `None`: nothing was weighed yet.
    fn worst(&self, memory: &Memory) -> Option<String> {
        let totals = Tracks {
            candidate: number(memory.standing.events(Track::Candidate)),
            stable: number(memory.standing.events(Track::Stable)),
        };
        if totals.candidate <= 0.0 || totals.stable <= 0.0 {
            return None;
        }
        let excess = |at: &&At| {
            let expected = number(at.stable) / totals.stable * totals.candidate;
            (number(at.candidate) - expected) / (expected + 1.0).sqrt()
        };
        let worst = memory
            .bounds
            .iter()
            .max_by(|one, other| excess(one).total_cmp(&excess(other)))?;
        let unit = if self.unit.is_empty() {
            String::new()
        } else {
            format!(" {}", self.unit)
        };
        Some(format!(
            "{} of the candidate's {} events above {}{unit} ({}), {} of stable's {} ({})",
            grouped(worst.candidate),
            grouped(memory.standing.events(Track::Candidate)),
            figure(worst.bound),
            percent(number(worst.candidate) / totals.candidate),
            grouped(worst.stable),
            grouped(memory.standing.events(Track::Stable)),
            percent(number(worst.stable) / totals.stable),
        ))
    }

    fn evidence(&self, memory: &Memory, verdict: &Verdict, now: f64) -> String {
        let says = if let Verdict::Inconclusive(why) = verdict {
            why.clone()
        } else if *verdict == Verdict::Fail {
            "the candidate is slower than stable".to_owned()
        } else if *verdict == Verdict::Warn {
            "the candidate may be slower than stable".to_owned()
        } else {
            "no proof that the candidate is slower than stable".to_owned()
        };
        let Some(worst) = self.worst(memory) else {
            return says;
        };
        let waits = if *verdict == Verdict::Undecided {
            format!("; waits for {} events", grouped(self.minimum_events))
        } else {
            String::new()
        };
        let weight = if *verdict == Verdict::Fail {
            memory.standing.highest
        } else {
            now
        };
        format!("{says}: {worst}, evidence {}{waits}", odds(weight))
    }
}

impl Judge for StochasticOrder {
    fn shape(&self) -> Shape {
        Shape::Histogram
    }

    fn compares(&self) -> bool {
        true
    }

    fn bounded(&self) -> bool {
        true
    }

    fn admit(&self, prospect: &Prospect) -> Vec<Finding> {
        let source = &prospect.source;
        for known in [&source.stable.bounds, &source.candidate.bounds] {
            let Some(known) = known else { continue };
            let is_known = |bound: f64| {
                known
                    .binary_search_by(|other| other.total_cmp(&bound))
                    .is_ok()
            };
            if let Some(missing) = self.bounds.iter().find(|bound| !is_known(**bound)) {
                return too_coarse(
                    prospect,
                    format!(
                        "no bucket ends at {}; they end at {}",
                        figure(*missing),
                        listed(known)
                    ),
                    "name bounds that the histogram has, or leave `bounds` out",
                );
            }
        }
        std::iter::once(independent_latencies(prospect))
            .chain(same_time(prospect))
            .collect()
    }

    fn judge(&self, sight: &Sight, state: &State) -> Result<Judgement, JudgeError> {
        let remembered = Memory::read(self, state)?;
        let seen = histograms(sight, true)?;
        let mut memory = match remembered {
            Remembered::Sampled(sample) => return Ok(self.begin(seen, &sample, state)),
            Remembered::Weighed(memory) => memory,
        };
        let weighed = match seen {
            Ok(histograms) => self.weigh(&mut memory, histograms, sight),
            Err(why) => Err(why),
        };
        let now = memory.against.ln_evidence();
        let verdict = match weighed {
            Ok(()) => memory.standing.verdict(now, sight.alpha, self.rules()),
            // Nothing of the window counts, of neither track: they would not be of the same time.
            Err(_) if memory.standing.failed(sight.alpha) => Verdict::Fail,
            Err(why) => why,
        };
        let evidence = self.evidence(&memory, &verdict, now);
        let judgement = Judgement::new(verdict, evidence, &memory.write(self));
        Ok(judgement.weighing(now, memory.standing.highest))
    }
}

impl StochasticOrder {
    /// Chooses the bounds from what was seen of stable, and weighs nothing.
    fn begin(
        &self,
        seen: Result<Tracks<&Histogram>, Verdict>,
        sample: &Sample,
        state: &State,
    ) -> Judgement {
        let window = match seen {
            Ok(histograms) => histograms.stable,
            Err(why) => return Judgement::unknown(why, state),
        };
        let stable = match sample.enough(window, || begun(self)) {
            Ok(stable) => stable,
            Err(waits) => return waits,
        };
        let chosen = self.choose(&stable);
        if chosen.is_empty() {
            let why = Reason::BucketResolution.because(format_args!(
                "more than {} of stable's events are above every bound; buckets end at {}",
                percent(*CHOSEN.end()),
                listed(stable.bounds())
            ));
            let state = sample.faded(window, || begun(self));
            return Judgement::unknown(why, &state);
        }
        let evidence = format!("weighs what is above {}, from now on", listed(&chosen));
        let state = Memory::new(self, &chosen).write(self);
        Judgement::new(Verdict::Undecided, evidence, &state)
    }
}
