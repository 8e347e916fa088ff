//! Every write is in the journal before it is made, the journal read back tells the same end, and nothing
//! is written after the end.

use std::collections::{BTreeMap, BTreeSet};

use strategy_core::rollout::{Record, Rollout};
use strategy_core::simulation::{End, SimulationReport};
use strategy_core::target::EffectId;
use strategy_core::world::{Author, Entry, Fact, Life, Process};

/// What is wrong with the accounts.
pub(crate) fn mistakes(report: &SimulationReport) -> Vec<String> {
    let mut mistakes = written_before_recorded(report);
    mistakes.extend(written_after_the_end(report));
    mistakes.extend(read_back(report));
    mistakes
}

fn written_before_recorded(report: &SimulationReport) -> Vec<String> {
    let mut wrong = Vec::new();
    // What the journal orders, and what each process knows of that: its own, and what it took up.
    let mut recorded: BTreeSet<EffectId> = BTreeSet::new();
    let mut known: BTreeMap<Process, BTreeSet<EffectId>> = BTreeMap::new();
    let mut asked: BTreeSet<(Process, EffectId)> = BTreeSet::new();
    let mut claims = true;
    for entry in &report.log {
        match &entry.fact {
            Fact::Recorded { by, effects, .. } => {
                recorded.extend(effects);
                known.entry(*by).or_default().extend(effects);
            }
            Fact::Lives {
                process,
                life: Life::Resumed,
            } => {
                known.insert(*process, recorded.clone());
            }
            Fact::Asked { by, id, .. } => {
                if !known.get(by).is_some_and(|known| known.contains(id)) {
                    wrong.push(format!("{by:?} asked for {id} before the journal had it"));
                }
                asked.insert((*by, *id));
            }
            Fact::Wrote {
                author: Author::Process { process, id, .. },
                ..
            } if !asked.contains(&(*process, *id)) => {
                wrong.push(format!("{process:?} wrote {id} without having asked"));
            }
            Fact::Claimed { by, .. } => {
                claims &= known.get(by).is_some_and(|known| !known.is_empty());
            }
            _ => {}
        }
    }
    if !claims {
        wrong.push("a claim was taken before the journal had anything".to_owned());
    }
    wrong
}

fn written_after_the_end(report: &SimulationReport) -> Vec<String> {
    let written = after_the_end(&report.log).filter_map(|entry| match &entry.fact {
        Fact::Wrote {
            author: Author::Process { process, id, .. },
            ..
        } => Some(format!("{process:?} wrote {id} after the end")),
        Fact::Claimed { by, to, .. } => Some(format!("{by:?} claimed {to:?} after the end")),
        _ => None,
    });
    written.collect()
}

fn after_the_end(log: &[Entry]) -> impl Iterator<Item = &Entry> {
    let is_end = |fact: &Fact| {
        matches!(
            fact,
            Fact::Lives {
                life: Life::Ended(_),
                ..
            }
        )
    };
    log.iter().skip_while(move |entry| !is_end(&entry.fact))
}

/// The journal, read back, is at the end that was told; it knows of every write, and of those that took
/// effect holds none for unfinished once all is over.
fn read_back(report: &SimulationReport) -> Vec<String> {
    let written = written(&report.log);
    if report.journal.is_empty() {
        let never_began = matches!(report.end, End::NeverBegan { .. } | End::GivenUp { .. });
        let is_silent = never_began && written.is_empty() && nothing_was_asked(&report.log);
        return if is_silent {
            Vec::new()
        } else {
            vec![format!("{:?}, and the journal is empty", report.end)]
        };
    }
    let rollout = match Rollout::replay(&report.journal, false) {
        Ok(rollout) => rollout,
        Err(error) => return vec![format!("the journal does not read back: {error}")],
    };
    let mut wrong = unknown_writes(&report.log, &rollout);
    match &report.end {
        End::Outcome(outcome) => {
            let open: Vec<_> = rollout.open_effects().collect();
            if !rollout.is_settled() || rollout.outcome() != Some(outcome) || !open.is_empty() {
                wrong.push(format!(
                    "it ended {outcome}, and the journal read back says {:?}, settled: {}, open: {open:?}",
                    rollout.outcome(),
                    rollout.is_settled(),
                ));
            }
        }
        End::Waiting { .. } => {
            let told = report
                .status
                .as_ref()
                .and_then(|status| status.outcome.as_ref());
            let is_stuck = report
                .status
                .as_ref()
                .is_some_and(|status| !status.left.is_empty());
            if rollout.is_settled() || rollout.outcome() != told || rollout.is_stuck() != is_stuck {
                wrong.push(format!(
                    "it waits, and the journal read back says {:?}",
                    rollout.status().phase
                ));
            }
        }
        _ => {}
    }
    wrong
}

/// The writes that a machine read back from its journal does not know to have ordered.
pub(crate) fn unknown_writes(log: &[Entry], rollout: &Rollout) -> Vec<String> {
    let next = next_id(rollout);
    let unknown = written(log).into_iter().filter(|id| *id >= next);
    let said = unknown.map(|id| format!("the journal read back does not know {id}"));
    said.collect()
}

/// No process claimed anything or asked for a write.
pub(crate) fn nothing_was_asked(log: &[Entry]) -> bool {
    let is_asked = |fact: &Fact| {
        matches!(
            fact,
            Fact::Asked { .. } | Fact::Claimed { .. } | Fact::Recorded { .. }
        )
    };
    !log.iter().any(|entry| is_asked(&entry.fact))
}

/// What processes wrote.
fn written(log: &[Entry]) -> BTreeSet<EffectId> {
    let ids = log.iter().filter_map(|entry| match &entry.fact {
        Fact::Wrote {
            author: Author::Process { id, .. },
            ..
        } => Some(*id),
        _ => None,
    });
    ids.collect()
}

/// The number of the next effect: all smaller ones were ordered.
fn next_id(rollout: &Rollout) -> EffectId {
    let Record::Snapshot(snapshot) = rollout.snapshot() else {
        panic!("a snapshot is none");
    };
    let whole = serde_json::to_value(&snapshot.rollout).unwrap();
    let next = whole.pointer("/decided/next_id").unwrap();
    EffectId(next.as_u64().unwrap())
}
