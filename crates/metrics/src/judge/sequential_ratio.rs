//! The judge of failures: is the candidate's rate of them higher than stable's?

mod memory;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strategy_core::analysis::Verdict;
use strategy_core::target::Finding;
use strategy_core::{Track, duration};

use self::memory::Memory;
use super::assumptions::{independent_events, same_time};
use super::reach::{Span, most_of_shares};
use super::seen::{events, length, written};
use super::weighing::{Exposure, Failures, Starts, ln_threshold, ratio_evidence};
use super::words::{grouped, odds, ratio, share};
use super::{Grid, Judge, JudgeError, Judgement, Prospect, Ratio, Share, Sight};
use crate::reading::{Events, Shape};
use crate::state::State;

/// What is weighed for the pass, in multiples of the ratio that is to be ruled out.
const PASS_GRID: [f64; 7] = [0.05, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75];

/// The chance that the ratios that are told ever leave out the true one.
const INTERVAL_ALPHA: f64 = 0.05;

/// Fails the candidate when the evidence is there that its rate of failures is higher than stable's.
///
/// Each look weighs what was seen in it, with the share of the events that the candidate had; one may look as
/// often as one likes, and change the traffic by what is seen. What both tracks share, such as an incident of a
/// database, weighs nothing. See [`weighing`](super::weighing) for the mathematics.
///
/// # Assumes
/// That events fail independently of each other, given the rates of the two tracks at that time. Failures in
/// bursts, as when one pod hangs, break that; so where the source tells units apart, a second process of evidence
/// must agree, which holds for bursts of any size that are over within `unit-window`
/// ([`share_evidence`](super::weighing::share_evidence)). Both are at `1/alpha` in a good release with a chance
/// of at most `alpha` if *one* of them is right. The share of the traffic may change by what was seen, also within a
/// `unit-window` ([`Gathered`](super::weighing::Gathered)), if no burst is cut by the change. That units differ for
/// good, such as one on a slow node, breaks both: raise `tolerated` then.
///
/// And that both tracks are seen over the same time. Where a source samples them at different moments, let windows
/// hold several samples, or tell units apart: else an incident that both share can be seen of one alone.
///
/// # Verdicts
/// In this order:
/// - fail, when the evidence was `1/alpha` once: it stays failed;
/// - inconclusive, when one of the tracks told nothing, or had no event for `silence`;
/// - undecided, below `minimum-events` of the candidate or without any of stable, or until what `pass`
///   asks for is proven;
/// - warn, at a fifth of `1/alpha`;
/// - pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct SequentialRatio {
    /// How many times stable's rate of failures the candidate's may be. Default 1; 1.25 where units differ.
    pub tolerated: Ratio,
    /// What is weighed against that, in multiples of it.
    pub grid: Grid,
    /// Evidence begins anew so often, in judged time, so that what goes wrong late is found soon. Zero: never.
    /// Default one minute.
    #[serde(with = "duration")]
    pub restart: Duration,
    /// Until when it does; later is still judged, with no more new beginnings. Default two hours.
    #[serde(with = "duration")]
    pub horizon: Duration,
    /// Below so many events of the candidate nothing passes. Default 100: a share of failures of 3 % shows at
    /// least one of them then with 95 % (0.97^100 = 0.048). What fails is not held back by it.
    pub minimum_events: u64,
    /// What must hold before it passes. Default: that no evidence is against it.
    pub pass: Pass,
    /// What `pass: proven` rules out: that the candidate's rate is so many times stable's, or more. Default 2.
    pub pass_ratio: Ratio,
    /// The chance that it ever passes if that is so and errors are independent. Default 0.05.
    pub pass_beta: Share,
    /// Without an event of one of the tracks for so long, in judged time, it is inconclusive. Default five
    /// minutes.
    #[serde(with = "duration")]
    pub silence: Duration,
    /// When a second process of evidence must agree that holds for failures in bursts.
    pub gate: Gate,
    /// What the second process weighs at once. A look that is longer is one by itself. Default 30 seconds, as long
    /// as a look is by default.
    ///
    /// Let it be three times as long as a burst lasts, or longer: one that reaches into the next window counts in both.
    /// With a shorter one a bad candidate fails sooner: a window weighs at most as much as the candidate's share
    /// goes into one, which is 10 for a tenth and 2 for a half.
    #[serde(with = "duration")]
    pub unit_window: Duration,
}

impl Default for SequentialRatio {
    fn default() -> Self {
        Self {
            tolerated: Ratio::ONE,
            grid: Grid::default(),
            restart: Duration::from_secs(60),
            horizon: Duration::from_secs(2 * 60 * 60),
            minimum_events: 100,
            pass: Pass::default(),
            pass_ratio: Ratio::TWO,
            pass_beta: Share::TWENTIETH,
            silence: Duration::from_secs(5 * 60),
            gate: Gate::default(),
            unit_window: Duration::from_secs(30),
        }
    }
}

/// What must hold before a judge of evidence passes a release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Pass {
    /// That there is no evidence against it, after enough events.
    #[default]
    NoEvidenceAgainst,
    /// That it is proven to be less bad than a limit.
    Proven,
}

/// When a second process of evidence must agree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Gate {
    /// From the first look on for which the source tells the units of both tracks apart.
    #[default]
    Units,
    /// Always. Without units, all events of a track count as those of one.
    Always,
    /// Never: failures are taken to be independent.
    Never,
}

impl SequentialRatio {
    fn starts(&self) -> Starts {
        Starts::new(self.restart, self.horizon)
    }

    /// By what the source tells before a rollout begins, a second process of evidence must agree.
    fn is_gated(&self, prospect: &Prospect) -> bool {
        match self.gate {
            Gate::Units => prospect.source.stable.units.is_some_and(|units| units > 0),
            Gate::Always => true,
            Gate::Never => false,
        }
    }

    /// Adds what was seen of both tracks to what is remembered.
    fn add(&self, memory: &mut Memory, candidate: &Events, stable: &Events, sight: &Sight) {
        let seen = Exposure {
            candidate: candidate.all.total,
            candidate_failed: candidate.all.failed,
            stable: stable.all.total,
            stable_failed: stable.all.failed,
        };
        let window = length(sight.window);
        let tolerated = self.tolerated.get();
        let grid = self.grid.multiples().iter();
        memory.against.add(
            grid.map(|multiple| ratio_evidence(seen, tolerated, tolerated * multiple)),
            Duration::from_millis(window),
        );
        let ruled_out = self.pass_ratio.get();
        memory.proven.add(
            PASS_GRID.map(|multiple| ratio_evidence(seen, ruled_out, ruled_out * multiple)),
            Duration::from_millis(window),
        );
        memory.profile.add(seen);
        memory.candidate.add(candidate.all, sight.window);
        memory.stable.add(stable.all, sight.window);
        let told = !candidate.by_unit.is_empty() && !stable.by_unit.is_empty();
        memory.gated |= match self.gate {
            Gate::Units => told,
            Gate::Always => true,
            Gate::Never => false,
        };
        if memory.gated {
            let share = seen.share() * tolerated / (seen.share().mul_add(tolerated - 1.0, 1.0));
            let failed = seen.candidate_failed.saturating_add(seen.stable_failed);
            let look = Failures {
                all: failed,
                candidate: seen.candidate_failed,
                share,
                units: u64::try_from(candidate.by_unit.len()).unwrap_or(u64::MAX),
                written: written(sight),
                window: sight.window,
            };
            memory.gather(&look, self.unit_window);
        }
        memory.note_highest();
    }

    fn verdict(&self, memory: &mut Memory, alpha: f64) -> Verdict {
        memory.failed |= memory.highest() >= ln_threshold(alpha);
        if memory.failed {
            return Verdict::Fail;
        }
        let silent = memory
            .candidate
            .is_silent(Track::Candidate, self.silence)
            .or_else(|| memory.stable.is_silent(Track::Stable, self.silence));
        if let Some(silent) = silent {
            return silent;
        }
        if memory.candidate.all.total < self.minimum_events || memory.stable.all.total == 0 {
            return Verdict::Undecided;
        }
        match self.pass {
            Pass::Proven if !self.is_proven(memory) => Verdict::Undecided,
            Pass::Proven | Pass::NoEvidenceAgainst => {
                if memory.now() > 0.0 && memory.now() >= ln_threshold(5.0 * alpha) {
                    Verdict::Warn
                } else {
                    Verdict::Pass
                }
            }
        }
    }

    fn is_proven(&self, memory: &Memory) -> bool {
        memory.proven.ln_evidence() >= ln_threshold(self.pass_beta.get())
    }

    /// Why, in plain words and numbers.
    fn evidence(&self, memory: &Memory, verdict: &Verdict) -> String {
        let (candidate, stable) = (memory.candidate.all, memory.stable.all);
        let than = if self.tolerated.get() > 1.0 || self.tolerated.get() < 1.0 {
            format!("{} times stable's", self.tolerated)
        } else {
            "stable's".to_owned()
        };
        if let Verdict::Inconclusive(why) = verdict {
            return format!(
                "{why}; {} against {} requests so far, evidence {}",
                share(candidate),
                share(stable),
                odds(memory.now())
            );
        }
        let failed = *verdict == Verdict::Fail;
        let says = if failed {
            format!("the candidate's errors exceed {than}")
        } else if *verdict == Verdict::Warn {
            format!("the candidate's errors may exceed {than}")
        } else {
            format!("no proof that the candidate's errors exceed {than}")
        };
        let weight = if failed {
            memory.highest()
        } else {
            memory.now()
        };
        let mut text = format!(
            "{says}: {} against {} requests, evidence {}",
            share(candidate),
            share(stable),
            odds(weight)
        );
        match memory.profile.interval(INTERVAL_ALPHA) {
            (None, None) => {}
            (Some(lower), None) => text += &format!(", ratio above {}", ratio(lower)),
            (None, Some(upper)) => text += &format!(", ratio below {}", ratio(upper)),
            (Some(lower), Some(upper)) => {
                text += &format!(", ratio between {} and {}", ratio(lower), ratio(upper));
            }
        }
        if failed && !memory.gated {
            text += "; assumes that errors are independent";
        } else if *verdict == Verdict::Undecided {
            text += &if candidate.total < self.minimum_events {
                format!("; waits for {} requests", grouped(self.minimum_events))
            } else if stable.total == 0 {
                "; waits for requests of stable".to_owned()
            } else {
                format!("; not yet proven to be below {} times", self.pass_ratio)
            };
        } else if *verdict == Verdict::Pass && self.pass == Pass::Proven {
            text += &format!("; proven to be below {} times", self.pass_ratio);
        }
        text
    }
}

impl Judge for SequentialRatio {
    fn shape(&self) -> Shape {
        Shape::Events
    }

    fn compares(&self) -> bool {
        true
    }

    fn bounded(&self) -> bool {
        true
    }

    fn admit(&self, prospect: &Prospect) -> Vec<Finding> {
        if self.is_gated(prospect) {
            return Vec::new();
        }
        let independent = independent_events(
            prospect,
            "errors that come in bursts can fail a good release, as units such as pods are not told apart",
            "ask for a metric by unit, or set the judge's `gate` to `always`",
        );
        std::iter::once(independent)
            .chain(same_time(prospect))
            .collect()
    }

    fn most_evidence(&self, prospect: &Prospect, spans: &[Span]) -> Option<f64> {
        // What the first process weighs grows with the events, of which nothing is known.
        let gated = self.is_gated(prospect);
        let (window, tolerated) = (self.unit_window, self.tolerated.get());
        gated
            .then(|| most_of_shares(spans, prospect, window, tolerated, self.starts()))
            .flatten()
    }

    fn judge(&self, sight: &Sight, state: &State) -> Result<Judgement, JudgeError> {
        let mut memory = Memory::read(self, state)?;
        let candidate = events(&sight.readings.candidate, Track::Candidate)?;
        let stable = events(&sight.readings.stable, Track::Stable)?;
        let verdict = match (candidate, stable) {
            (Ok(candidate), Ok(stable)) => {
                self.add(&mut memory, &candidate, &stable, sight);
                self.verdict(&mut memory, sight.alpha)
            }
            // Nothing of the window counts, of neither track: they would not be of the same time.
            (Err(_), _) | (_, Err(_)) if memory.failed => Verdict::Fail,
            (Err(verdict), _) | (_, Err(verdict)) => verdict,
        };
        let evidence = self.evidence(&memory, &verdict);
        let judgement = Judgement::new(verdict, evidence, &memory.write(self));
        Ok(judgement.weighing(memory.now(), memory.highest()))
    }
}

#[cfg(test)]
mod tests;
