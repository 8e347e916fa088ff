//! The journal of a simulated process: in memory, with an answer that can be lost and storage that can
//! refuse.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::driver::MemoryJournal;
use crate::journal::{Journal, JournalError, Recorded, Sequence};
use crate::rollout::{Record, Rollout};
use crate::target::EffectId;
use crate::timestamp::Timestamp;
use crate::world::{Fact, Process, World};

/// What the mishaps have done to a journal; shared by all processes.
#[derive(Debug, Default)]
pub(super) struct Health {
    pub(super) refuses_until: Timestamp,
    pub(super) loses_answer: bool,
}

/// One process's way to the journal that all of them share.
#[derive(Clone, Debug)]
pub(super) struct SimulatedJournal {
    pub(super) kept: MemoryJournal,
    pub(super) health: Arc<Mutex<Health>>,
    pub(super) world: World,
    pub(super) process: Process,
}

impl SimulatedJournal {
    fn health<T>(&self, with: impl FnOnce(&mut Health) -> T) -> T {
        with(&mut self.health.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn refusal(operation: &str) -> JournalError {
        JournalError::Storage {
            operation: operation.to_owned(),
            place: "the simulated journal".to_owned(),
            source: "the storage does not answer".into(),
        }
    }

    async fn write(
        &self,
        write: impl Future<Output = Result<(), JournalError>>,
        records: &[Record],
        decides: bool,
    ) -> Result<(), JournalError> {
        self.world.halt(self.process).await;
        let met = self.world.meets_at_append();
        self.world.stop(self.process, &met.before).await;
        let now = self.world.clock().now();
        if self.health(|health| health.refuses_until > now) {
            self.world.note(Fact::NotRecorded { by: self.process });
            return Err(Self::refusal("write"));
        }
        let before = self.kept.sequence();
        write.await?;
        // What is there already, word for word, is not written again.
        if self.kept.sequence() != before {
            let effects = records.iter().flat_map(ordered).collect();
            self.world.note(Fact::Recorded {
                by: self.process,
                decides,
                effects,
            });
        }
        self.world.stop(self.process, &met.after).await;
        if self.health(|health| std::mem::take(&mut health.loses_answer)) {
            return Err(Self::refusal("hear of"));
        }
        Ok(())
    }
}

/// Whether a snapshot holds no decision that these records do not.
fn is_as_decided(records: &[Record], snapshot: &Record) -> bool {
    let Record::Snapshot(snapshot) = snapshot else {
        return false;
    };
    Rollout::replay(records, true).is_ok_and(|kept| kept.is_as_decided(&snapshot.rollout))
}

/// The effects that a record orders.
fn ordered(record: &Record) -> Vec<EffectId> {
    match record {
        Record::Decision(decision) => decision.effects.iter().map(|(id, _)| *id).collect(),
        Record::Snapshot(snapshot) => snapshot.rollout.open_effects().map(|(id, _)| id).collect(),
        Record::State(_) => Vec::new(),
    }
}

#[async_trait]
impl Journal for SimulatedJournal {
    async fn append(&self, expected: Sequence, records: &[Record]) -> Result<(), JournalError> {
        let decides = |record: &Record| !matches!(record, Record::State(_));
        let decides = records.iter().any(decides);
        self.write(self.kept.append(expected, records), records, decides)
            .await
    }

    async fn compact(&self, expected: Sequence, snapshot: &Record) -> Result<(), JournalError> {
        let records = std::slice::from_ref(snapshot);
        let kept = self.kept.read().await?;
        let decides = !is_as_decided(&kept.records, snapshot);
        self.write(self.kept.compact(expected, snapshot), records, decides)
            .await
    }

    async fn read(&self) -> Result<Recorded, JournalError> {
        self.kept.read().await
    }
}
