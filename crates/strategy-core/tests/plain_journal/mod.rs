//! A journal in memory that says nothing of itself, as most journals of others will.

use async_trait::async_trait;
use strategy_core::driver::MemoryJournal;
use strategy_core::journal::{Journal, JournalError, Recorded, Sequence};
use strategy_core::rollout::Record;

/// Taken for durable, which it is not.
#[derive(Debug, Default)]
pub(crate) struct PlainJournal(MemoryJournal);

#[async_trait]
impl Journal for PlainJournal {
    async fn append(&self, expected: Sequence, records: &[Record]) -> Result<(), JournalError> {
        self.0.append(expected, records).await
    }

    async fn compact(&self, expected: Sequence, snapshot: &Record) -> Result<(), JournalError> {
        self.0.compact(expected, snapshot).await
    }

    async fn read(&self) -> Result<Recorded, JournalError> {
        self.0.read().await
    }
}
