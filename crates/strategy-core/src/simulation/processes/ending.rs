//! What the processes leave, as a report.

use futures::FutureExt as _;

use super::Cast;
use crate::journal::Journal as _;
use crate::rollout::{Record, Status};
use crate::simulation::report::{End, SimulationReport};

impl Cast<'_> {
    pub(super) fn report(self, waits: Option<String>) -> SimulationReport {
        let (calls, appends) = self.world.counts();
        let status = self.status();
        let end = match (self.outcome.clone(), waits, self.gave_up.clone()) {
            (Some(outcome), _, _) => End::Outcome(outcome),
            (None, Some(deadlock), _) => End::Waiting {
                what: status.as_ref().map_or(deadlock, waits_for),
            },
            (None, None, Some(why)) if status.is_none() => End::NeverBegan { why },
            (None, None, why) => End::GivenUp {
                why: why.unwrap_or_else(|| "nobody takes it up".to_owned()),
            },
        };
        let journal = self.journal();
        let plan = journal.iter().find_map(|record| match record {
            Record::Snapshot(snapshot) => Some(snapshot.rollout.plan().clone()),
            Record::State(_) | Record::Decision(_) => None,
        });
        SimulationReport {
            end,
            plan,
            journal,
            parts: self.simulation.world.parts.clone(),
            world: self.world.report(),
            events: self.heard.all(),
            log: self.world.log(),
            status,
            processes: self.begun,
            calls,
            appends,
        }
    }

    fn journal(&self) -> Vec<Record> {
        // A journal in memory answers at once.
        let recorded = self.kept.read().now_or_never();
        recorded.map_or_else(Vec::new, |recorded| recorded.unwrap_or_default().records)
    }
}

fn waits_for(status: &Status) -> String {
    let waiting = status.waiting.iter().chain(&status.left);
    let waiting: Vec<_> = waiting.map(ToString::to_string).collect();
    format!("{:?}: {}", status.phase, waiting.join(", "))
}
