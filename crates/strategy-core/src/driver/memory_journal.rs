//! A journal in memory: for tests, and for rollouts that need not outlive their process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::journal::{Journal, JournalError, Recorded, Sequence};
use crate::rollout::Record;

/// A journal in memory. Clones are the same journal, so that a test can resume from what a dropped
/// driver left; a crash of the process loses it.
#[derive(Clone, Debug, Default)]
pub struct MemoryJournal {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    recorded: Recorded,
    last: Option<Last>,
}

/// The newest write, to tell our own lost answer from somebody else's write.
#[derive(Debug, PartialEq)]
struct Last {
    expected: Sequence,
    compacted: bool,
    records: Vec<Record>,
}

impl MemoryJournal {
    /// Holds nothing.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far it has come.
    #[cfg(any(feature = "simulation", test))]
    pub(crate) fn sequence(&self) -> Sequence {
        self.state().recorded.sequence
    }

    fn write(&self, write: Last) -> Result<(), JournalError> {
        let mut state = self.state();
        if state.recorded.sequence != write.expected {
            if state.last.as_ref() == Some(&write) {
                return Ok(());
            }
            return Err(JournalError::Conflict {
                expected: write.expected.0,
                found: state.recorded.sequence.0,
            });
        }
        let added = u64::try_from(write.records.len()).unwrap_or(u64::MAX);
        state.recorded.sequence = write.expected.plus(added);
        if write.compacted {
            state.recorded.records.clear();
        }
        state.recorded.records.extend_from_slice(&write.records);
        state.last = Some(write);
        Ok(())
    }
}

#[async_trait]
impl Journal for MemoryJournal {
    async fn append(&self, expected: Sequence, records: &[Record]) -> Result<(), JournalError> {
        if records.is_empty() {
            return Ok(());
        }
        self.write(Last {
            expected,
            compacted: false,
            records: records.to_vec(),
        })
    }

    async fn compact(&self, expected: Sequence, snapshot: &Record) -> Result<(), JournalError> {
        self.write(Last {
            expected,
            compacted: true,
            records: vec![snapshot.clone()],
        })
    }

    async fn read(&self) -> Result<Recorded, JournalError> {
        Ok(self.state().recorded.clone())
    }

    fn is_durable(&self) -> bool {
        false
    }
}
