//! What came of many random rollouts, in numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::drawing::was_before;
use super::policy::Way;
use super::{Drawn, shrunk, trials};
use crate::rollout::Outcome;
use crate::simulation::judge::{self, BrokenPromise};
use crate::simulation::{Ask, End, SimulationReport, Trouble};
use crate::timestamp::duration;

/// What came of many random rollouts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// How many were run.
    pub rollouts: u64,
    /// How they ended, by the name that it has in a report that is written as data (`promoted`,
    /// `rolled-back: check`, `waiting`), or `panicked`; and how many of them in a world without a misfortune.
    pub ends: BTreeMap<String, (u64, u64)>,
    /// What was drawn, by kind and by the name that it has in a file (`policy: canary`, `parts: 1`,
    /// `misfortune: pods-evicted`): in how many rollouts.
    pub drawn: BTreeMap<String, u64>,
    /// By promise: in how many rollouts it could have been broken, and how often there was something to
    /// judge in all of them. A promise that is missing was never at stake.
    pub judged: BTreeMap<u8, (u64, u64)>,
    /// The longest rollout that ended.
    pub longest: Option<Worst<Duration>>,
    /// The most requests of users that failed.
    pub failed: Option<Worst<u64>>,
    /// The longest time in which fewer pods were ready than at the beginning.
    pub below_baseline: Option<Worst<Duration>>,
    /// Every promise that was broken, once for each rollout.
    pub broken: Vec<Broken>,
}

/// The worst of its kind, and the seed of the rollout in which it was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Worst<T> {
    /// How bad.
    pub value: T,
    /// In which rollout.
    pub seed: u64,
}

/// A promise that was broken in a random rollout.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Broken {
    /// Which; `None`: none, but something panicked.
    pub promise: Option<u8>,
    /// The seed of the rollout.
    pub seed: u64,
    /// What happened first, and what should have.
    pub what: String,
}

impl Broken {
    /// The smallest rollout in which the same promise is broken.
    pub fn shrunk(&self) -> Drawn {
        shrunk(self.seed, |drawn| breaks(drawn).contains_key(&self.promise))
    }
}

/// The promises that a rollout breaks, with what happened first; `None`: it panicked.
fn breaks(drawn: &Drawn) -> BTreeMap<Option<u8>, String> {
    match trials::tried(drawn) {
        Ok(report) => first_of_each(report.broken_promises()),
        Err(panic) => [(None, panic)].into(),
    }
}

fn first_of_each(broken: Vec<BrokenPromise>) -> BTreeMap<Option<u8>, String> {
    let mut first = BTreeMap::new();
    for broken in broken {
        first.entry(Some(broken.promise)).or_insert(broken.what);
    }
    first
}

impl Tally {
    pub(super) fn add(&mut self, drawn: &Drawn, came: Result<&SimulationReport, &str>) {
        self.rollouts += 1;
        let simulation = &drawn.simulation;
        let kinds = kinds(drawn);
        let is_quiet = !kinds.iter().any(|kind| kind.starts_with("misfortune"));
        for kind in kinds {
            *self.drawn.entry(kind).or_default() += 1;
        }
        let (end, broken) = match came {
            Err(panic) => ("panicked".to_owned(), [(None, panic.to_owned())].into()),
            Ok(report) => {
                let judgement = judge::examine(report);
                for (promise, times) in judgement.judged {
                    let judged = self.judged.entry(promise).or_default();
                    judged.0 += 1;
                    judged.1 += times;
                }
                if report.outcome().is_some() {
                    let whole = report.world.to.since(report.world.from);
                    let took = whole.saturating_sub(simulation.afterwards);
                    worse(&mut self.longest, took, drawn.seed);
                }
                worse(&mut self.failed, report.failed(), drawn.seed);
                let parts = report.world.parts.values();
                let below = parts.map(|part| part.time_below_baseline()).max();
                worse(
                    &mut self.below_baseline,
                    below.unwrap_or_default(),
                    drawn.seed,
                );
                (kind_of_end(&report.end), first_of_each(judgement.broken))
            }
        };
        let ends = self.ends.entry(end).or_default();
        ends.0 += 1;
        ends.1 += u64::from(is_quiet);
        let broken = broken.into_iter().map(|(promise, what)| Broken {
            promise,
            seed: drawn.seed,
            what,
        });
        self.broken.extend(broken);
    }

    pub(super) fn join(&mut self, other: Self) {
        self.rollouts += other.rollouts;
        for (end, (all, quiet)) in other.ends {
            let ends = self.ends.entry(end).or_default();
            ends.0 += all;
            ends.1 += quiet;
        }
        for (kind, times) in other.drawn {
            *self.drawn.entry(kind).or_default() += times;
        }
        for (promise, (rollouts, times)) in other.judged {
            let judged = self.judged.entry(promise).or_default();
            judged.0 += rollouts;
            judged.1 += times;
        }
        join(&mut self.longest, other.longest);
        join(&mut self.failed, other.failed);
        join(&mut self.below_baseline, other.below_baseline);
        self.broken.extend(other.broken);
    }

    pub(super) fn sort(&mut self) {
        self.broken.sort();
    }
}

fn join<T: Ord>(worst: &mut Option<Worst<T>>, other: Option<Worst<T>>) {
    if let Some(Worst { value, seed }) = other {
        worse(worst, value, seed);
    }
}

/// Of equals the smallest seed, so that the number of threads decides nothing.
fn worse<T: Ord>(worst: &mut Option<Worst<T>>, value: T, seed: u64) {
    let is_worse = worst
        .as_ref()
        .is_none_or(|worst| value > worst.value || (value == worst.value && seed < worst.seed));
    if is_worse {
        *worst = Some(Worst { value, seed });
    }
}

fn kind_of_end(end: &End) -> String {
    match end {
        End::Outcome(outcome) => match outcome {
            Outcome::RolledBack { reason } => format!("{}: {}", name(outcome), name(reason)),
            Outcome::Promoted | Outcome::Superseded { .. } | Outcome::Abandoned { .. } => {
                name(outcome)
            }
        },
        End::Waiting { .. } | End::NeverBegan { .. } | End::GivenUp { .. } => name(end),
    }
}

/// What was drawn, by name; each once.
fn kinds(drawn: &Drawn) -> BTreeSet<String> {
    let way = match &drawn.policy.way {
        Way::Canary { .. } => "canary",
        Way::BlueGreen { .. } => "blue-green",
        Way::Rolling { .. } => "rolling",
    };
    let mut kinds: BTreeSet<String> = [format!("policy: {way}")].into();
    let parts = &drawn.simulation.world.parts;
    kinds.insert(format!("parts: {}", parts.len()));
    let timed = drawn.simulation.world.happenings.iter();
    let timed = timed.filter(|timed| !was_before(&timed.happening));
    let happens = timed.map(|timed| name(&timed.happening));
    let befalls = drawn.simulation.mishaps.iter().map(|mishap| {
        if let Trouble::World(happening) = &mishap.trouble {
            name(happening)
        } else {
            name(&mishap.trouble)
        }
    });
    // Who approves where he is asked is no misfortune.
    let sayings = drawn.simulation.sayings.iter();
    let says = sayings.filter(|saying| saying.ask != Ask::Approve);
    let says = says.map(|saying| match &saying.ask {
        Ask::Wish(wish) => wish.name().to_owned(),
        ask @ (Ask::Approve | Ask::Advance | Ask::Promote | Ask::Alarm(_)) => name(ask),
    });
    for name in happens.chain(befalls).chain(says) {
        kinds.insert(format!("misfortune: {name}"));
    }
    kinds
}

/// The name that a variant has where it is written as data: the tag, or the only key.
fn name<T: Serialize>(of: &T) -> String {
    let nameless = || "nameless".to_owned();
    match serde_json::to_value(of) {
        Ok(Value::String(name)) => name,
        Ok(Value::Object(map)) => {
            let tags = ["type", "kind", "outcome"].into_iter();
            let mut tags = tags.filter_map(|tag| map.get(tag).and_then(Value::as_str));
            let tag = tags.next().map(str::to_owned);
            tag.or_else(|| map.keys().next().cloned())
                .unwrap_or_else(nameless)
        }
        Ok(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_)) | Err(_) => {
            nameless()
        }
    }
}

/// A table for people; not a format to be read by programs.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} rollouts", self.rollouts)?;
        let quiet: u64 = self.ends.values().map(|(_, quiet)| quiet).sum();
        writeln!(
            f,
            "\n{:32} {:>9} {:>7}   of {quiet} without a misfortune",
            "end", "rollouts", "share"
        )?;
        for (end, (all, of_quiet)) in &self.ends {
            writeln!(
                f,
                "{end:32} {all:>9} {:>7} {:>9}",
                share(*all, self.rollouts),
                share(*of_quiet, quiet)
            )?;
        }
        writeln!(f, "\n{:32} {:>9} {:>7}", "drawn", "rollouts", "share")?;
        for (kind, times) in &self.drawn {
            writeln!(
                f,
                "{kind:32} {times:>9} {:>7}",
                share(*times, self.rollouts)
            )?;
        }
        writeln!(
            f,
            "\n{:>7} {:>19} {:>12} {:>7}",
            "promise", "rollouts at stake", "judged", "broken"
        )?;
        for (promise, (rollouts, times)) in &self.judged {
            let broken = self.broken.iter();
            let broken = broken.filter(|one| one.promise == Some(*promise));
            writeln!(
                f,
                "{promise:>7} {rollouts:>19} {times:>12} {:>7}",
                broken.count()
            )?;
        }
        f.write_str("\nthe worst\n")?;
        if let Some(Worst { value, seed }) = self.longest {
            writeln!(
                f,
                "longest rollout: {}, seed {seed}",
                duration::format(value)
            )?;
        }
        if let Some(Worst { value, seed }) = self.failed {
            writeln!(f, "most requests failed: {value}, seed {seed}")?;
        }
        if let Some(Worst { value, seed }) = self.below_baseline {
            writeln!(
                f,
                "longest below the baseline: {}, seed {seed}",
                duration::format(value)
            )?;
        }
        for Broken {
            promise,
            seed,
            what,
        } in &self.broken
        {
            match promise {
                Some(promise) => writeln!(f, "broken: promise {promise}, seed {seed}: {what}")?,
                None => writeln!(f, "panicked: seed {seed}: {what}")?,
            }
        }
        Ok(())
    }
}

fn share(some: u64, all: u64) -> String {
    if all == 0 {
        return "-".to_owned();
    }
    let tenths = some * 1_000 / all;
    format!("{}.{}%", tenths / 10, tenths % 10)
}
