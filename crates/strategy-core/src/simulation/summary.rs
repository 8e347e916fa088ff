//! A report as a person reads it: how it ended, what users got, what was missing, what was broken.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::report::{End, SimulationReport};
use crate::release::Part;
use crate::rollout::Answer;
use crate::timestamp::duration;
use crate::track::Track;
use crate::weight::Weight;
use crate::world::{Fact, PartReport};

/// A weight that lasted less than this is on the way from one to another.
const HELD: Duration = Duration::from_secs(60);

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Outcome(outcome) => write!(f, "{outcome}"),
            Self::Waiting { what } => write!(f, "came to no end, {what}"),
            Self::NeverBegan { why } => write!(f, "never began: {why}"),
            Self::GivenUp { why } => write!(f, "given up: {why}"),
        }
    }
}

/// A few lines for people; not a format to be read by programs.
impl fmt::Display for SimulationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.end)?;
        let took = self.world.to.since(self.world.from);
        writeln!(
            f,
            "world: {}; processes: {}; calls: {}; writes of the journal: {}",
            in_seconds(took),
            self.processes,
            self.calls,
            self.appends
        )?;
        for (part, report) in &self.world.parts {
            part_in_words(f, part, report)?;
        }
        self.refusals_in_words(f)?;
        let broken = self.broken_promises();
        if broken.is_empty() {
            f.write_str("promises broken: none")?;
        }
        for promise in broken {
            let after = promise.at.since(self.world.from);
            let after = in_seconds(after);
            writeln!(
                f,
                "broken after {after}: {}: {}",
                promise.promise, promise.what
            )?;
        }
        Ok(())
    }
}

/// So many refusals are shown.
const REFUSALS: usize = 3;

impl SimulationReport {
    /// What people asked for and were refused: a policy that waits for an approval waits on.
    fn refusals_in_words(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut asked = BTreeMap::new();
        let mut refused = Vec::new();
        for entry in &self.log {
            if let Fact::Commanded {
                id, actor, wish, ..
            } = &entry.fact
            {
                asked.insert(id, (actor, wish));
            } else if let Fact::Heard {
                id,
                answer: Answer::Refused(why),
            } = &entry.fact
                && let Some((actor, wish)) = asked.remove(id)
            {
                refused.push((entry.at, actor, wish, why));
            }
        }
        for (at, actor, wish, why) in refused.iter().take(REFUSALS) {
            let after = in_seconds(at.since(self.world.from));
            let wish = wish.name();
            writeln!(f, "refused after {after}: `{wish}` by {actor}: {why}")?;
        }
        match refused.len().checked_sub(REFUSALS) {
            Some(more) if more > 0 => writeln!(f, "refused: {more} more"),
            Some(_) | None => Ok(()),
        }
    }
}

fn part_in_words(f: &mut fmt::Formatter<'_>, part: &Part, report: &PartReport) -> fmt::Result {
    for track in Track::ALL {
        let requests = report.requests.of(track);
        writeln!(
            f,
            "{part}: {track} served {}, failed {}",
            requests.served, requests.failed
        )?;
    }
    writeln!(f, "{part}: candidate at {}", weights(report))?;
    if report.shortages.is_empty() {
        return writeln!(
            f,
            "{part}: never fewer ready than {}",
            report.ready_at_start
        );
    }
    writeln!(
        f,
        "{part}: fewer ready than {} for {}, at worst {} fewer",
        report.ready_at_start,
        in_seconds(report.time_below_baseline()),
        report.most_missing()
    )
}

/// Parts of a second are of no interest here.
fn in_seconds(time: Duration) -> String {
    duration::format(Duration::from_secs(time.as_secs()))
}

/// How long the candidate had which weight.
fn weights(report: &PartReport) -> String {
    let mut times: BTreeMap<Weight, Duration> = BTreeMap::new();
    for span in &report.weights {
        *times.entry(span.weight).or_default() += span.lasted;
    }
    let held = times.iter().filter(|(_, lasted)| **lasted >= HELD);
    let held = held.map(|(weight, lasted)| format!("{weight} for {}", in_seconds(*lasted)));
    let passed = times.values().filter(|lasted| **lasted < HELD);
    let passed: Duration = passed.sum();
    let between = (!passed.is_zero()).then(|| format!("between for {}", in_seconds(passed)));
    held.chain(between).collect::<Vec<_>>().join(", ")
}
