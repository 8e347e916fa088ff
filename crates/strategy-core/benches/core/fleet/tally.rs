//! A journal in memory that counts its writes and keeps nothing, one for a whole fleet.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use strategy_core::driver::Clock;
use strategy_core::journal::{Journal, JournalError, Recorded, Sequence};
use strategy_core::rollout::Record;

use crate::kept::size;

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) writes: usize,
    pub(crate) bytes: usize,
    /// Writes by the second in which they came.
    pub(crate) by_second: BTreeMap<u64, usize>,
}

/// Clones count together.
#[derive(Clone, Debug)]
pub(crate) struct Tally {
    counts: Arc<Mutex<Counts>>,
    clock: Arc<dyn Clock>,
}

impl Tally {
    pub(crate) fn on(clock: Arc<dyn Clock>) -> Self {
        Self {
            counts: Arc::default(),
            clock,
        }
    }

    pub(crate) fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, records: &[Record]) {
        let mut counts = self.counts();
        counts.writes += 1;
        counts.bytes += records.iter().map(size).sum::<usize>();
        let second = self.clock.now().as_millis() / 1000;
        *counts.by_second.entry(second).or_default() += 1;
    }
}

#[async_trait]
impl Journal for Tally {
    async fn append(&self, _: Sequence, records: &[Record]) -> Result<(), JournalError> {
        self.count(records);
        Ok(())
    }

    async fn compact(&self, _: Sequence, snapshot: &Record) -> Result<(), JournalError> {
        self.count(std::slice::from_ref(snapshot));
        Ok(())
    }

    async fn read(&self) -> Result<Recorded, JournalError> {
        Ok(Recorded::default())
    }
}
