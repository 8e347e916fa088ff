//! The judge of units: have the candidate's pods more of something than the others?

mod memory;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use strategy_core::analysis::Verdict;
use strategy_core::target::Finding;
use strategy_core::{Track, duration};

use self::memory::Memory;
use super::reach::{Span, most_of_shares};
use super::seen::{events, length, written};
use super::weighing::{Exposure, Failures, Gathered, Starts, ln_threshold, number, share_evidence};
use super::words::{grouped, odds};
use super::{Judge, JudgeError, Judgement, Prospect, Reason, Sight, Smoothing, data_of};
use crate::reading::{Data, Events, Reading, Shape};
use crate::state::State;

/// Fails the candidate when the evidence is there that its units, such as pods, have more than their part of what
/// happens.
///
/// Nothing is asked of how it happens: failures may come in bursts. See
/// [`share_evidence`] for the mathematics. One window weighs at most as much as
/// there are units for each one of the candidate, so it takes some.
///
/// # Assumes
/// That in each window, given those before, a unit of the candidate might as well have been one of stable. That
/// breaks where
/// - something lasts longer than a window: let `unit-window` be longer than bursts last. What each unit keeps,
///   such as the size of its heap, lasts forever and cannot be judged so; what happens anew in each window can,
///   such as restarts, failures, or seconds of processor time;
/// - one number is weighed twice, as its source renews it less often than each `unit-window`, or as it is of a
///   longer time than that;
/// - units differ for good, such as one on a slow node.
///
/// The share of the traffic may change by what was seen, also within a window
/// ([`Gathered`]), if no burst is cut by the change.
///
/// For events also that requests are shared out whatever fails: a unit that gets fewer because it fails looks
/// worse than it is.
///
/// # Verdicts
/// In this order:
/// - fail, when the evidence was `1/alpha` once: it stays failed;
/// - inconclusive, when a track told nothing, or its units are not told apart;
/// - undecided, before `minimum-windows`;
/// - warn, at a fifth of `1/alpha`;
/// - pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[non_exhaustive]
pub struct ExchangeableUnits {
    /// What is compared. Default: failures.
    pub of: Compared,
    /// What is the candidate's part. Default: its share of the requests.
    pub load: Load,
    /// What is added to the number of each unit, in its measure; the evidence is the mean over them. Default: 0.1,
    /// 0.3, 1 and 3, for failures in a window; for another measure choose about what is usual for a unit.
    pub smoothing: Smoothing,
    /// How long failures are gathered before they weigh; longer than a burst lasts. Of numbers those of the last
    /// look of each window weigh, so that one that is read again is not weighed again: not shorter than the time
    /// between two scrapes. A look that is longer is a window by itself. Default one minute.
    #[serde(with = "duration")]
    pub unit_window: Duration,
    /// Evidence begins anew so often, in judged time. Zero: never. Default one minute.
    #[serde(with = "duration")]
    pub restart: Duration,
    /// Until when it does. Default two hours.
    #[serde(with = "duration")]
    pub horizon: Duration,
    /// Before so many windows nothing passes. Default 3: with one unit of ten a window weighs at most 10, and
    /// after three the evidence can be the 1 : 100 of the default bound.
    pub minimum_windows: u64,
}

impl Default for ExchangeableUnits {
    fn default() -> Self {
        Self {
            of: Compared::default(),
            load: Load::default(),
            smoothing: Smoothing::default(),
            unit_window: Duration::from_secs(60),
            restart: Duration::from_secs(60),
            horizon: Duration::from_secs(2 * 60 * 60),
            minimum_windows: 3,
        }
    }
}

/// What of units is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Compared {
    /// Their failures, of a source that tells events by unit.
    #[default]
    Failures,
    /// One number of each, none below 0.
    Numbers,
}

/// What is the candidate's part of the failures. Of numbers it is always its share of the units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Load {
    /// Its share of the requests in each look: units may get more or fewer than others.
    #[default]
    Requests,
    /// Its share of the units: all of them get as many requests.
    Equal,
}

/// What a look adds.
enum Told {
    Failures { candidate: Events, stable: Events },
    Numbers { candidate: f64, all: f64 },
}

impl ExchangeableUnits {
    fn told(&self, sight: &Sight) -> Result<Result<Told, Verdict>, JudgeError> {
        let (candidate, stable) = (&sight.readings.candidate, &sight.readings.stable);
        match self.of {
            Compared::Failures => {
                let candidate = events(candidate, Track::Candidate)?.and_then(units_told);
                let stable = events(stable, Track::Stable)?.and_then(units_told);
                Ok(candidate.and_then(|candidate| {
                    stable.map(|stable| Told::Failures { candidate, stable })
                }))
            }
            Compared::Numbers => {
                let candidate = numbers(candidate, Track::Candidate)?;
                let stable = numbers(stable, Track::Stable)?;
                Ok(candidate.and_then(|candidate| stable.map(|stable| means(&candidate, &stable))))
            }
        }
    }

    fn add(&self, memory: &mut Memory, told: &Told, sight: &Sight) {
        let window = length(sight.window);
        let smoothing = self.smoothing.added();
        match told {
            // Who had no request cannot have failed one: that is no look, and brings no pass nearer.
            Told::Failures { candidate, stable }
                if candidate.all.total == 0 || stable.all.total == 0 => {}
            Told::Failures { candidate, stable } => {
                let failed = candidate.all.failed.saturating_add(stable.all.failed);
                let share = self.share(candidate, stable);
                let units = units_of(candidate);
                memory.seen += number(candidate.all.failed);
                memory.expected += share * number(failed);
                let look = Failures {
                    all: failed,
                    candidate: candidate.all.failed,
                    share,
                    units,
                    written: self.written(sight, units, units_of(stable)),
                    window: sight.window,
                };
                for over in memory.window.add(&look, self.unit_window) {
                    let weighed = smoothing.iter().map(|added| over.evidence(*added));
                    let time = Duration::from_millis(over.judged);
                    memory.against.add(weighed, time);
                    memory.windows = memory.windows.saturating_add(1);
                    memory.highest = memory.highest.max(memory.against.ln_evidence());
                }
            }
            Told::Numbers { candidate, all } => {
                memory.window.judged = memory.window.judged.saturating_add(window);
                let time = Duration::from_millis(memory.window.judged);
                if time < self.unit_window {
                    return;
                }
                // Those of this look alone: a mean over the looks would take what the last window has seen already.
                memory.window = Gathered::default();
                (memory.seen, memory.expected) = (*candidate, *all);
                let weighed = smoothing
                    .iter()
                    .map(|added| share_evidence(*candidate, *all, *added));
                memory.against.add(weighed, time);
                memory.windows = memory.windows.saturating_add(1);
                memory.highest = memory.highest.max(memory.against.ln_evidence());
            }
        }
    }

    /// Tells apart under which part of the candidate's a window is gathered.
    fn written(&self, sight: &Sight, candidate: u64, stable: u64) -> u64 {
        match self.load {
            Load::Requests => written(sight),
            // Where units come and go, so does the part. Far more than there ever are fit.
            Load::Equal => written(sight) | (candidate << 16) | (stable << 40),
        }
    }

    fn share(&self, candidate: &Events, stable: &Events) -> f64 {
        let of = |candidate, stable| Exposure {
            candidate,
            stable,
            ..Exposure::default()
        };
        match self.load {
            Load::Requests => of(candidate.all.total, stable.all.total).share(),
            Load::Equal => of(units_of(candidate), units_of(stable)).share(),
        }
    }

    fn verdict(&self, memory: &Memory, alpha: f64) -> Verdict {
        let now = memory.against.ln_evidence();
        if memory.highest >= ln_threshold(alpha) {
            Verdict::Fail
        } else if memory.windows < self.minimum_windows {
            Verdict::Undecided
        } else if now > 0.0 && now >= ln_threshold(5.0 * alpha) {
            Verdict::Warn
        } else {
            Verdict::Pass
        }
    }

    fn evidence(&self, memory: &Memory, verdict: &Verdict) -> String {
        let (says, weight) = if *verdict == Verdict::Fail {
            ("the candidate's units have more than", memory.highest)
        } else {
            let now = memory.against.ln_evidence();
            ("no proof that the candidate's units have more than", now)
        };
        let (seen, expected) = (memory.seen, memory.expected);
        let what = match self.of {
            Compared::Failures => {
                format!("their part of the errors: {seen:.0}, and {expected:.1} would be")
            }
            Compared::Numbers => format!("the others: {seen:.3} each, and {expected:.3} of all"),
        };
        let windows = grouped(memory.windows);
        let mut text = format!(
            "{says} {what}, evidence {} in {windows} windows",
            odds(weight)
        );
        if *verdict == Verdict::Undecided {
            text += &format!("; waits for {}", grouped(self.minimum_windows));
        } else if let Verdict::Inconclusive(why) = verdict {
            text = format!("{why}; {text}");
        }
        text
    }
}

/// Events of which the units are known.
fn units_told(events: Events) -> Result<Events, Verdict> {
    if events.by_unit.is_empty() {
        Err(Reason::NoData.because("the source does not tell units apart"))
    } else {
        Ok(events)
    }
}

fn units_of(events: &Events) -> u64 {
    u64::try_from(events.by_unit.len()).unwrap_or(u64::MAX)
}

/// The numbers of the units of a track, at least one, each finite and not below 0.
fn numbers(
    reading: &Reading,
    track: Track,
) -> Result<Result<BTreeMap<String, f64>, Verdict>, JudgeError> {
    Ok(
        data_of(reading, track, Shape::Units)?.and_then(|data| match data {
            Data::Units(units) if units.is_empty() => {
                Err(Reason::NoData.because(format_args!("no unit of {track}")))
            }
            Data::Units(units) => {
                let odd = units.iter().find(|(_, n)| !(n.is_finite() && **n >= 0.0));
                match odd {
                    Some((unit, number)) => Err(Reason::NoData.because(format_args!(
                        "{unit} of {track} has {number}, which is no number from 0 on"
                    ))),
                    None => Ok(units.clone()),
                }
            }
            Data::Events(_) | Data::Histogram(_) | Data::Values(_) => Ok(BTreeMap::new()),
        }),
    )
}

/// The mean of the candidate's units, and of all.
fn means(candidate: &BTreeMap<String, f64>, stable: &BTreeMap<String, f64>) -> Told {
    let of_candidate = super::weighing::count(candidate.len()).max(1.0);
    let of_all = super::weighing::count(candidate.len() + stable.len()).max(1.0);
    // Each divided before they are added: the greatest numbers do not overflow.
    Told::Numbers {
        candidate: candidate.values().map(|n| n / of_candidate).sum(),
        all: candidate
            .values()
            .chain(stable.values())
            .map(|n| n / of_all)
            .sum(),
    }
}

impl Judge for ExchangeableUnits {
    fn shape(&self) -> Shape {
        match self.of {
            Compared::Failures => Shape::Events,
            Compared::Numbers => Shape::Units,
        }
    }

    fn compares(&self) -> bool {
        true
    }

    fn bounded(&self) -> bool {
        true
    }

    fn admit(&self, prospect: &Prospect) -> Vec<Finding> {
        // The candidate may run nothing yet; stable does.
        if prospect.source.stable.units != Some(0) {
            return Vec::new();
        }
        vec![Finding::blocks(
            "units-not-told",
            prospect.resource.clone(),
            "the source tells no units of stable apart, so they cannot be compared with the candidate's",
            "ask for a metric by unit, such as by pod, or use another judge",
        )]
    }

    fn most_evidence(&self, prospect: &Prospect, spans: &[Span]) -> Option<f64> {
        let starts = Starts::new(self.restart, self.horizon);
        match (self.of, self.load) {
            (Compared::Failures, Load::Requests) => {
                most_of_shares(spans, prospect, self.unit_window, 1.0, starts)
            }
            // How many units there will be is not known.
            (Compared::Numbers, _) | (Compared::Failures, Load::Equal) => None,
        }
    }

    fn judge(&self, sight: &Sight, state: &State) -> Result<Judgement, JudgeError> {
        let mut memory = Memory::read(self, state)?;
        let verdict = match self.told(sight)? {
            Ok(told) => {
                self.add(&mut memory, &told, sight);
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
