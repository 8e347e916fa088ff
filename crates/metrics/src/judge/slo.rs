//! The judge of a limit: is the candidate's share of failures higher than what is tolerated?

use std::time::Duration;

use serde::{Deserialize, Serialize};
use strategy_core::analysis::Verdict;
use strategy_core::target::Finding;
use strategy_core::{Track, duration};

use super::assumptions::independent_events;
use super::defaults::{five_minutes, hundred, minute, two_hours};
use super::figure::percent;
use super::seen::{Seen, events, length};
use super::sequential_ratio::Pass;
use super::weighing::{Mixture, Starts, ln_threshold, share_ratio_evidence};
use super::words::{grouped, odds, share};
use super::{Grid, Judge, JudgeError, Judgement, Prospect, Share, Sight, marks};
use crate::reading::Shape;
use crate::state::{Mark, State, StateError};

const VERSION: u8 = 2;

/// No alternative is above this share, or half way from what is tolerated to 1 where that is more.
const CAP: f64 = 0.9;

/// What is weighed for the pass, in multiples of what is tolerated.
const PASS_GRID: [f64; 5] = [0.1, 0.25, 0.5, 0.75, 0.9];

/// Fails the candidate when the evidence is there that its share of failures is above a limit.
///
/// It looks at the candidate alone: an incident that stable shares fails it too, and so does a service that is
/// above the limit whatever runs. [`SequentialRatio`](super::SequentialRatio) has neither.
///
/// # Assumes
/// That each event fails with at most the chance `tolerated`, whatever was before it. In bursts, as when a pod
/// hangs, they do not: then a good release can fail more often than it should.
///
/// # Verdicts
/// As those of [`SequentialRatio`](super::SequentialRatio), of the candidate alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub struct Slo {
    /// Up to which share of its events the candidate may fail: 0.01 is 1 %. There is no default.
    pub tolerated: Share,
    /// What is weighed against that, in multiples of it, each at most a share of 0.9, or half way from
    /// `tolerated` to 1 where that is more.
    #[serde(default)]
    pub grid: Grid,
    /// Evidence begins anew so often, in judged time. Zero: never. Default one minute.
    #[serde(with = "duration", default = "minute")]
    pub restart: Duration,
    /// Until when it does. Default two hours.
    #[serde(with = "duration", default = "two_hours")]
    pub horizon: Duration,
    /// Below so many events nothing passes. Default 100; what fails is not held back by it.
    #[serde(default = "hundred")]
    pub minimum_events: u64,
    /// What must hold before it passes. `proven`: that the share is below `tolerated`. Default: that no
    /// evidence is against it.
    #[serde(default)]
    pub pass: Pass,
    /// The chance that `pass: proven` ever passes a share that is not below. Default 0.05.
    #[serde(default = "twentieth")]
    pub pass_beta: Share,
    /// Without an event for so long, in judged time, it is inconclusive. Default five minutes.
    #[serde(with = "duration", default = "five_minutes")]
    pub silence: Duration,
}

const fn twentieth() -> Share {
    Share::TWENTIETH
}

impl Slo {
    /// With defaults for all but what is tolerated.
    pub fn new(tolerated: Share) -> Self {
        Self {
            tolerated,
            grid: Grid::default(),
            restart: minute(),
            horizon: two_hours(),
            minimum_events: hundred(),
            pass: Pass::default(),
            pass_beta: twentieth(),
            silence: five_minutes(),
        }
    }

    fn verdict(&self, memory: &Memory, alpha: f64) -> Verdict {
        if memory.highest >= ln_threshold(alpha) {
            return Verdict::Fail;
        }
        if let Some(silent) = memory.seen.is_silent(Track::Candidate, self.silence) {
            return silent;
        }
        let proven = memory.proven.ln_evidence() >= ln_threshold(self.pass_beta.get());
        if memory.seen.all.total < self.minimum_events || (self.pass == Pass::Proven && !proven) {
            return Verdict::Undecided;
        }
        let now = memory.against.ln_evidence();
        if now > 0.0 && now >= ln_threshold(5.0 * alpha) {
            Verdict::Warn
        } else {
            Verdict::Pass
        }
    }

    fn evidence(&self, memory: &Memory, verdict: &Verdict) -> String {
        if let Verdict::Inconclusive(why) = verdict {
            return format!(
                "{why}; {} requests so far, evidence {}",
                share(memory.seen.all),
                odds(memory.against.ln_evidence())
            );
        }
        let (says, weight) = if *verdict == Verdict::Fail {
            ("the candidate's errors exceed", memory.highest)
        } else if *verdict == Verdict::Warn {
            (
                "the candidate's errors may exceed",
                memory.against.ln_evidence(),
            )
        } else {
            let now = memory.against.ln_evidence();
            ("no proof that the candidate's errors exceed", now)
        };
        let mut text = format!(
            "{says} {}: {} requests, evidence {}",
            percent(self.tolerated.get()),
            share(memory.seen.all),
            odds(weight)
        );
        if *verdict == Verdict::Undecided {
            text += &if memory.seen.all.total < self.minimum_events {
                format!("; waits for {} requests", grouped(self.minimum_events))
            } else {
                "; not yet proven to be below".to_owned()
            };
        }
        text
    }
}

/// 210 bytes with the default grid, 370 with the largest.
#[derive(Clone, Debug, PartialEq)]
struct Memory {
    against: Mixture,
    proven: Mixture,
    seen: Seen,
    highest: f64,
}

fn mark(judge: &Slo) -> Mark {
    Mark::new(VERSION, marks::SLO, judge)
}

impl Memory {
    fn read(judge: &Slo, state: &State) -> Result<Self, StateError> {
        let starts = Starts::new(judge.restart, judge.horizon);
        let alternatives = judge.grid.multiples().len();
        if state.is_empty() {
            return Ok(Self {
                against: Mixture::new(alternatives, starts),
                proven: Mixture::new(PASS_GRID.len(), Starts::once()),
                seen: Seen::default(),
                highest: 0.0,
            });
        }
        let mut reader = state.read_marked(mark(judge))?;
        let memory = Self {
            against: Mixture::read(&mut reader, alternatives, starts)?,
            proven: Mixture::read(&mut reader, PASS_GRID.len(), Starts::once())?,
            seen: Seen::read(&mut reader)?,
            highest: reader.f64()?,
        };
        reader.done()?;
        Ok(memory)
    }

    fn write(&self, judge: &Slo) -> State {
        let writer = self.against.write(State::marked(mark(judge)));
        let writer = self.proven.write(writer);
        self.seen.write(writer).f64(self.highest).done()
    }
}

impl Judge for Slo {
    fn shape(&self) -> Shape {
        Shape::Events
    }

    fn compares(&self) -> bool {
        false
    }

    fn bounded(&self) -> bool {
        true
    }

    fn admit(&self, prospect: &Prospect) -> Vec<Finding> {
        vec![independent_events(
            prospect,
            "errors that come in bursts can fail a good release, as a limit is not compared with stable",
            "use the judge `sequential-ratio` with a metric by unit, or let the limit be wider",
        )]
    }

    fn judge(&self, sight: &Sight, state: &State) -> Result<Judgement, JudgeError> {
        let mut memory = Memory::read(self, state)?;
        let verdict = match events(&sight.readings.candidate, Track::Candidate)? {
            Ok(events) => {
                let tolerated = self.tolerated.get();
                let cap = CAP.max(f64::midpoint(1.0, tolerated));
                let (total, failed) = (events.all.total, events.all.failed);
                let weighed = |share| share_ratio_evidence(total, failed, tolerated, share);
                let grid = self.grid.multiples().iter();
                let time = Duration::from_millis(length(sight.window));
                let against = grid.map(|multiple| weighed((tolerated * multiple).min(cap)));
                memory.against.add(against, time);
                let proven = PASS_GRID.map(|multiple| weighed(tolerated * multiple));
                memory.proven.add(proven, time);
                memory.seen.add(events.all, sight.window);
                memory.highest = memory.highest.max(memory.against.ln_evidence());
                self.verdict(&memory, sight.alpha)
            }
            Err(_) if memory.highest >= ln_threshold(sight.alpha) => Verdict::Fail,
            Err(verdict) => verdict,
        };
        let evidence = self.evidence(&memory, &verdict);
        let judgement = Judgement::new(verdict, evidence, &memory.write(self));
        Ok(judgement.weighing(memory.against.ln_evidence(), memory.highest))
    }
}

#[cfg(test)]
mod tests;
