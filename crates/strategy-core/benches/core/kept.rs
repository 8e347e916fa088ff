//! A journal in memory that counts: what it holds, at most and on the whole.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use strategy_core::Timestamp;
use strategy_core::driver::Clock;
use strategy_core::journal::{Journal, JournalError, Recorded, Sequence};
use strategy_core::rollout::Record;

/// Bytes as JSON, which is what journals hold.
pub(crate) fn size(record: &Record) -> usize {
    serde_json::to_vec(record).map_or(0, |json| json.len())
}

/// What a [`Kept`] counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) sequence: u64,
    /// Durable writes: appends and compactions.
    pub(crate) writes: usize,
    pub(crate) compactions: usize,
    /// Of all writes together.
    pub(crate) written: usize,
    /// What it holds now.
    pub(crate) held: usize,
    /// The most it ever held.
    pub(crate) most: usize,
    /// The most it held while a batch was being written, the batch included.
    pub(crate) most_while_written: usize,
    pub(crate) largest_batch: usize,
    /// When each write came.
    pub(crate) at: Vec<Timestamp>,
    /// What it held when it was fullest.
    pub(crate) fullest: Vec<Record>,
    /// What it held when it had the most records.
    pub(crate) longest: Vec<Record>,
    records: Vec<Record>,
}

/// A journal in memory that counts, and keeps what it held when it was fullest. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    counts: Arc<Mutex<Counts>>,
    clock: Arc<dyn Clock>,
}

impl Kept {
    pub(crate) fn on(clock: impl Clock + 'static) -> Self {
        Self {
            counts: Arc::default(),
            clock: Arc::new(clock),
        }
    }

    pub(crate) fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, expected: Sequence, records: &[Record], compact: bool) {
        let mut counts = self.counts();
        let batch = records.iter().map(size).sum::<usize>();
        counts.sequence = expected.0 + u64::try_from(records.len()).unwrap_or(u64::MAX);
        counts.writes += 1;
        counts.written += batch;
        counts.largest_batch = counts.largest_batch.max(batch);
        counts.most_while_written = counts.most_while_written.max(counts.held + batch);
        if compact {
            counts.compactions += 1;
            counts.held = 0;
            counts.records.clear();
        }
        counts.held += batch;
        counts.records.extend_from_slice(records);
        if counts.held > counts.most {
            counts.most = counts.held;
            counts.fullest = counts.records.clone();
        }
        if counts.records.len() > counts.longest.len() {
            counts.longest = counts.records.clone();
        }
        counts.at.push(self.clock.now());
    }
}

#[async_trait]
impl Journal for Kept {
    async fn append(&self, expected: Sequence, records: &[Record]) -> Result<(), JournalError> {
        self.write(expected, records, false);
        Ok(())
    }

    async fn compact(&self, expected: Sequence, snapshot: &Record) -> Result<(), JournalError> {
        self.write(expected, std::slice::from_ref(snapshot), true);
        Ok(())
    }

    async fn read(&self) -> Result<Recorded, JournalError> {
        let counts = self.counts();
        Ok(Recorded::new(
            Sequence(counts.sequence),
            counts.records.clone(),
        ))
    }
}
