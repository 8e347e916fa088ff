//! The judge of a quantile: is the candidate's p95 above a limit, or above so many times stable's?

mod memory;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strategy_core::analysis::Verdict;
use strategy_core::target::Finding;
use strategy_core::{Track, Tracks, duration};

use self::memory::{Memory, begun};
use super::assumptions::{independent_latencies, same_time};
use super::buckets::{Rules, histograms, listed, too_coarse, up};
use super::checked::checked;
use super::defaults::{five_minutes, hundred, minute, two_hours};
use super::figure::{figure, percent};
use super::sample::{Remembered, Sample};
use super::threshold::measure::interpolated;
use super::weighing::{Starts, number};
use super::words::{grouped, odds};
use super::{Grid, Judge, JudgeError, Judgement, Prospect, Ratio, Share, Sight};
use crate::reading::{Histogram, Shape};
use crate::state::State;

/// Fails the candidate when the evidence is there that a quantile of it, such as the p95 of its latency, is above
/// a limit, with at most the chance `alpha` if it is not, however often one looks.
///
/// Buckets tell exactly how many events are above their bounds, and that is all that is weighed; quantiles are
/// interpolated for the evidence in words alone. With `q` the quantile:
///
/// - **`fixed: L`.** The quantile is at most `L`, so at most `1 - q` of the events are above `L`, and no more
///   above the first bound `b` that is at least `L`. How many are is weighed against that
///   ([`share_ratio_evidence`](super::weighing::share_ratio_evidence), for each of the grid's multiples of
///   `1 - q`, at most 0.9).
/// - **`times-stable: t`.** Let `x` be stable's quantile. Then at most `q` of stable's events are below `x`, and
///   if the candidate's quantile is at most `t x`, at most `1 - q` of its events are above `t x`. For bounds
///   `b_1 < ... < b_K` and `x` between `b_(j-1)` and `b_j`, both hold of bounds: at most `q` of stable's events
///   are at most `b_(j-1)`, and at most `1 - q` of the candidate's are above the first bound that is at least
///   `t b_j`. Of a look, the product of the evidence against the one and against the other is evidence for the
///   right `j`; which that is is not known, so the *least* of the products counts, and the looks are multiplied.
///   So stable's quantile may move from look to look, as in an incident that both tracks share. The idea is the
///   two-sample quantile test of Howard and Ramdas (Bernoulli 2022, arXiv 1906.09712), at the bounds of buckets
///   and look by look. The bounds, up to six, are chosen around stable's quantile in its first 100 events, in
///   windows that are not weighed; where stable's quantile moves above all of them nothing is found.
///
/// So a candidate is found only if it is slower by a bucket: see [`smallest`](Self::smallest). Where buckets are
/// coarse, [`StochasticOrder`](super::StochasticOrder) finds more.
///
/// # Assumes
/// That events are slow independently of each other, given the rates at that time.
///
/// # Verdicts
/// In this order: fail, once the evidence was `1/alpha`, for good; inconclusive, when a track told nothing, had
/// no event for `silence`, or has no bucket that ends where it must; undecided, until bounds are chosen and
/// below `minimum-events`; warn, at a fifth of `1/alpha`; pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Fields", rename_all = "kebab-case")]
#[non_exhaustive]
pub struct Quantile {
    /// Which one, from 0.5 on and below 1. Default 0.95, the p95.
    pub quantile: Share,
    /// What it may be. Required.
    pub limit: Limit,
    /// A candidate this many times slower than the limit allows must be found at last: where the buckets are
    /// too coarse for that, the plan is refused. Default 1.5.
    pub detect: Ratio,
    /// What is weighed against the share of events that may be above, in multiples of it; with it, for
    /// `times-stable`, a quarter, a half, three quarters and nine tenths of that share for stable above the
    /// bound, the first of them that fit.
    pub grid: Grid,
    /// The unit of the metric, for the evidence, such as `ms`. Default: none.
    pub unit: String,
    /// Evidence against the candidate begins anew so often, in judged time. Zero: never. Default one minute.
    #[serde(with = "duration")]
    pub restart: Duration,
    /// Until when it does. Default two hours.
    #[serde(with = "duration")]
    pub horizon: Duration,
    /// Below so many events of the candidate nothing passes. Default 100.
    pub minimum_events: u64,
    /// Without an event of a track for so long, in judged time, it is inconclusive. Default five minutes.
    #[serde(with = "duration")]
    pub silence: Duration,
}

checked! {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "kebab-case")]
    Quantile from Fields {
        #[serde(default = "p95")]
        quantile: Share,
        limit: Limit,
        #[serde(default = "half_more")]
        detect: Ratio,
        #[serde(default)]
        grid: Grid,
        #[serde(default)]
        unit: String,
        #[serde(default = "minute", with = "duration")]
        restart: Duration,
        #[serde(default = "two_hours", with = "duration")]
        horizon: Duration,
        #[serde(default = "hundred")]
        minimum_events: u64,
        #[serde(default = "five_minutes", with = "duration")]
        silence: Duration,
    }
}

/// What a quantile of the candidate may be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Limit {
    /// At most this, in the unit of the metric; above 0. Exact where a bucket ends there.
    Fixed(f64),
    /// At most so many times stable's, over the same time: 1.1 is a tenth more.
    TimesStable(Ratio),
}

const fn p95() -> Share {
    Share::P95
}

const fn half_more() -> Ratio {
    Ratio::HALF_MORE
}

impl Quantile {
    fn check(&self) -> Result<(), String> {
        let q = self.quantile.get();
        if q < 0.5 {
            return Err(format!(
                "`quantile` is {q}; write 0.5 or more, such as 0.95"
            ));
        }
        match self.limit {
            Limit::Fixed(limit) if !(limit > 0.0 && limit.is_finite()) => {
                Err(format!("`fixed` is {limit}; write a number above 0"))
            }
            Limit::Fixed(_) | Limit::TimesStable(_) => Ok(()),
        }
    }

    /// The smallest regression that these buckets can show: how many times its limit (`fixed`) or stable's
    /// quantile (`times-stable`) the candidate's quantile must exceed; `None`: they can show none.
    ///
    /// For `fixed` it is the first bound that is at least the limit, divided by the limit. For `times-stable`
    /// it is the least over the bounds `b` of the first bound that is at least `t b`, divided by `b`; where
    /// stable's quantile is not at a bound it takes up to a bucket more.
    pub fn smallest(&self, bounds: &[f64]) -> Option<f64> {
        match self.limit {
            Limit::Fixed(limit) => Some(up(bounds, limit)? / limit),
            Limit::TimesStable(times) => bounds
                .iter()
                .filter(|bound| **bound > 0.0)
                .filter_map(|bound| Some(up(bounds, times.get() * bound)? / bound))
                .reduce(f64::min),
        }
    }

    /// The share of events that may be above the quantile.
    fn allowed(&self) -> f64 {
        1.0 - self.quantile.get()
    }

    fn starts(&self) -> Starts {
        Starts::new(self.restart, self.horizon)
    }

    fn rules(&self) -> Rules {
        Rules {
            minimum_events: self.minimum_events,
            silence: self.silence,
            compares: self.compares(),
        }
    }

    fn shown(&self, number: f64) -> String {
        if self.unit.is_empty() {
            figure(number)
        } else {
            format!("{} {}", figure(number), self.unit)
        }
    }

    fn name(&self) -> String {
        format!("p{}", figure(self.quantile.get() * 100.0))
    }

    /// What it is in this window, for people.
    fn now(&self, histogram: &Histogram) -> String {
        let interpolated = interpolated(histogram, self.quantile.get());
        interpolated.map_or_else(|| "none".to_owned(), |number| self.shown(number))
    }

    /// What it weighs from this look on, or what is judged where it cannot weigh yet.
    fn begin(
        &self,
        seen: Tracks<&Histogram>,
        sample: &Sample,
        state: &State,
    ) -> Result<Memory, Judgement> {
        let times = match self.limit {
            Limit::Fixed(limit) => {
                let memory = Memory::of_limit(self, limit, seen.candidate);
                return memory.map_err(|why| Judgement::unknown(why, state));
            }
            Limit::TimesStable(times) => times.get(),
        };
        let stable = sample.enough(seen.stable, || begun(self))?;
        let memory = Memory::of_multiple(self, times, &stable).map_err(|why| {
            let state = sample.faded(seen.stable, || begun(self));
            Judgement::unknown(why, &state)
        })?;
        let mut above: Vec<f64> = memory.cuts.iter().map(|cut| cut.above).collect();
        above.dedup();
        let evidence = format!("weighs what is above {}, from now on", listed(&above));
        Err(Judgement::new(
            Verdict::Undecided,
            evidence,
            &memory.write(self),
        ))
    }

    fn evidence(
        &self,
        memory: &Memory,
        seen: Option<Tracks<&Histogram>>,
        verdict: &Verdict,
        weight: f64,
    ) -> String {
        let name = self.name();
        let says = if let Verdict::Inconclusive(why) = verdict {
            why.clone()
        } else if *verdict == Verdict::Fail {
            format!("the candidate's {name} is above its limit")
        } else if *verdict == Verdict::Warn {
            format!("the candidate's {name} may be above its limit")
        } else {
            format!("no proof that the candidate's {name} is above its limit")
        };
        let numbers = match (self.limit, seen) {
            (Limit::Fixed(limit), Some(seen)) => format!(
                ": {name} of the candidate {} in this window, limit {}",
                self.now(seen.candidate),
                self.shown(limit)
            ),
            (Limit::TimesStable(times), Some(seen)) => format!(
                ": {name} of the candidate {}, of stable {} in this window, limit {times} times",
                self.now(seen.candidate),
                self.now(seen.stable)
            ),
            (Limit::Fixed(_) | Limit::TimesStable(_), None) => String::new(),
        };
        let total = memory.standing.events(Track::Candidate);
        let above = match memory.cuts.first() {
            Some(cut) if total > 0 => format!(
                "; {} of {} events above {} ({}), evidence {}",
                grouped(cut.candidate_above),
                grouped(total),
                self.shown(cut.above),
                percent(number(cut.candidate_above) / number(total)),
                odds(weight)
            ),
            Some(_) | None => String::new(),
        };
        let waits = if *verdict == Verdict::Undecided {
            format!("; waits for {} events", grouped(self.minimum_events))
        } else {
            String::new()
        };
        format!("{says}{numbers}{above}{waits}")
    }
}

impl Judge for Quantile {
    fn shape(&self) -> Shape {
        Shape::Histogram
    }

    fn compares(&self) -> bool {
        matches!(self.limit, Limit::TimesStable(_))
    }

    fn bounded(&self) -> bool {
        true
    }

    fn admit(&self, prospect: &Prospect) -> Vec<Finding> {
        let source = &prospect.source;
        for bounds in [&source.stable.bounds, &source.candidate.bounds] {
            let Some(bounds) = bounds else { continue };
            let problem = match self.smallest(bounds) {
                Some(smallest) if smallest <= self.detect.get() => continue,
                Some(smallest) => format!(
                    "the least that the buckets can show is {} times its limit's, and {} must be found; they end at {}",
                    figure(smallest),
                    self.detect,
                    listed(bounds)
                ),
                None => format!(
                    "no bucket ends where the candidate's {} would be too large, so it could never fail; they end at {}",
                    self.name(),
                    listed(bounds)
                ),
            };
            return too_coarse(
                prospect,
                problem,
                "use finer buckets or a native histogram, raise `detect`, or judge by `stochastic-order`",
            );
        }
        let same_time = same_time(prospect).filter(|_| self.compares());
        std::iter::once(independent_latencies(prospect))
            .chain(same_time)
            .collect()
    }

    fn judge(&self, sight: &Sight, state: &State) -> Result<Judgement, JudgeError> {
        let remembered = Memory::read(self, state)?;
        let seen = histograms(sight, self.compares())?;
        let mut memory = match (remembered, &seen) {
            (Remembered::Weighed(memory), _) => memory,
            (Remembered::Sampled(_), Err(why)) => {
                return Ok(Judgement::unknown(why.clone(), state));
            }
            (Remembered::Sampled(sample), Ok(seen)) => match self.begin(*seen, &sample, state) {
                Ok(memory) => memory,
                Err(judgement) => return Ok(judgement),
            },
        };
        let weighed = match &seen {
            Ok(histograms) => memory.weigh(self, *histograms, sight),
            Err(why) => Err(why.clone()),
        };
        let now = memory.ln_evidence();
        let verdict = match weighed {
            Ok(()) => memory.standing.verdict(now, sight.alpha, self.rules()),
            // Nothing of the window counts, of neither track: they would not be of the same time.
            Err(_) if memory.standing.failed(sight.alpha) => Verdict::Fail,
            Err(why) => why,
        };
        let mut judgement =
            Judgement::new(verdict, "", &memory.write(self)).weighing(now, memory.standing.highest);
        let weight = judgement.log_evidence.unwrap_or(now);
        judgement.evidence = self.evidence(&memory, seen.ok(), &judgement.verdict, weight);
        Ok(judgement)
    }
}
