//! The journal as the loop sees it: one batch at a time, kept small, tried until it is durable.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::watch;

use super::clock::Clock;
use super::perform::in_words;
use super::retry::Backoff;
use crate::journal::{Journal, JournalError, Recorded, Sequence};
use crate::observer::Trouble;
use crate::rollout::Record;
use crate::timestamp::Timestamp;

/// A journal that would hold more than this is compacted instead, so that it stays below 64 KiB.
const COMPACT_AT: usize = 48 * 1024;
/// Where the snapshot alone is large, at least this much is added before the next one.
const AT_LEAST: usize = 8 * 1024;

/// Where the journal ends, and how much it holds.
pub(super) struct Ledger {
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    seed: u64,
    end: Sequence,
    held: usize,
    snapshot: usize,
    /// Another version wrote the newest snapshot. The first write is a snapshot of ours: a version that
    /// reads no newer ones must find that, and not decisions of ours behind a snapshot that it knows.
    of_another_version: bool,
    trouble: watch::Sender<Option<Trouble>>,
}

impl Ledger {
    pub(super) fn new(
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
        seed: u64,
        recorded: &Recorded,
        trouble: watch::Sender<Option<Trouble>>,
    ) -> Self {
        Self {
            journal,
            clock,
            seed,
            end: recorded.sequence,
            held: recorded.records.iter().map(size).sum(),
            snapshot: recorded.records.first().map_or(0, size),
            of_another_version: is_of_another_version(recorded),
            trouble,
        }
    }

    /// What makes these records durable: appended, or folded into a snapshot of the machine that gave
    /// them. It ends when they are durable, or when another process is at the journal.
    pub(super) fn write(
        &mut self,
        records: Vec<Record>,
        snapshot: impl FnOnce() -> Record,
    ) -> BoxFuture<'static, Result<(), JournalError>> {
        let added: usize = records.iter().map(size).sum();
        let limit = COMPACT_AT.max(self.snapshot + AT_LEAST);
        let compact = self.of_another_version || self.held + added > limit;
        self.of_another_version = false;
        let batch = if self.held > 0 && compact {
            Batch::Compact(snapshot())
        } else {
            Batch::Append(records)
        };
        let expected = self.end;
        match &batch {
            Batch::Append(records) => {
                if self.held == 0 {
                    self.snapshot = records.first().map_or(0, size);
                }
                self.held += added;
                self.end = expected.plus(u64::try_from(records.len()).unwrap_or(u64::MAX));
            }
            Batch::Compact(snapshot) => {
                self.snapshot = size(snapshot);
                self.held = self.snapshot;
                self.end = expected.plus(1);
            }
        }
        let (journal, clock) = (Arc::clone(&self.journal), Arc::clone(&self.clock));
        let trouble = self.trouble.clone();
        let mut backoff = Backoff::new(self.seed ^ expected.0);
        async move {
            loop {
                let written = match &batch {
                    Batch::Append(records) => journal.append(expected, records).await,
                    Batch::Compact(snapshot) => journal.compact(expected, snapshot).await,
                };
                match written {
                    Err(error @ JournalError::Storage { .. }) => {
                        let why = in_words(&error);
                        tracing::warn!(
                            %why,
                            "the journal cannot be written; nothing is done until it can"
                        );
                        unwritable(&trouble, clock.now(), why);
                        backoff.pause(&*clock).await;
                    }
                    Ok(())
                    | Err(
                        JournalError::Conflict { .. }
                        | JournalError::Locked { .. }
                        | JournalError::Missing { .. }
                        | JournalError::Exists { .. }
                        | JournalError::Damaged { .. }
                        | JournalError::TooNew { .. },
                    ) => {
                        let over = |trouble: &mut Option<Trouble>| trouble.take().is_some();
                        if trouble.send_if_modified(over) && written.is_ok() {
                            tracing::info!("the journal can be written again");
                        }
                        return written;
                    }
                }
            }
        }
        .boxed()
    }
}

fn unwritable(trouble: &watch::Sender<Option<Trouble>>, now: Timestamp, why: String) {
    trouble.send_if_modified(|trouble| match trouble {
        Some(Trouble::JournalUnwritable { why: known, .. }) => {
            let changed = *known != why;
            *known = why;
            changed
        }
        None => {
            *trouble = Some(Trouble::JournalUnwritable { since: now, why });
            true
        }
    });
}

fn is_of_another_version(recorded: &Recorded) -> bool {
    let mut newest_first = recorded.records.iter().rev();
    let newest = newest_first.find_map(|record| match record {
        Record::Snapshot(snapshot) => Some(&snapshot.version),
        Record::State(_) | Record::Decision(_) => None,
    });
    newest.is_some_and(|version| version != env!("CARGO_PKG_VERSION"))
}

enum Batch {
    Append(Vec<Record>),
    Compact(Record),
}

/// Bytes as JSON, which is what journals hold.
fn size(record: &Record) -> usize {
    serde_json::to_vec(record).map_or(0, |json| json.len())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;

    use super::*;
    use crate::world::{VirtualClock, block_on};

    /// Fails five times, and keeps when it was asked.
    #[derive(Debug)]
    struct Failing(VirtualClock, Mutex<Vec<Timestamp>>);

    #[async_trait]
    impl Journal for Failing {
        async fn append(&self, _: Sequence, _: &[Record]) -> Result<(), JournalError> {
            let mut asked = self.1.lock().unwrap();
            asked.push(self.0.now());
            if asked.len() > 5 {
                return Ok(());
            }
            Err(JournalError::Storage {
                operation: "write".to_owned(),
                place: "disk".to_owned(),
                source: "full".into(),
            })
        }
        async fn compact(&self, _: Sequence, _: &Record) -> Result<(), JournalError> {
            Ok(())
        }
        async fn read(&self) -> Result<Recorded, JournalError> {
            Ok(Recorded::default())
        }
    }

    /// Thousands of rollouts may share a disk: they do not all come back to it at the same moments.
    #[test]
    fn rollouts_whose_journals_fail_together_come_back_at_different_times() {
        let asked = |seed, sequence| {
            let clock = VirtualClock::starting_at(Timestamp::from_millis(0));
            let journal = Arc::new(Failing(clock.clone(), Mutex::default()));
            let recorded = Recorded {
                sequence: Sequence(sequence),
                ..Recorded::default()
            };
            let mut ledger = Ledger::new(
                Arc::clone(&journal) as Arc<dyn Journal>,
                Arc::new(clock.clone()),
                seed,
                &recorded,
                watch::channel(None).0,
            );
            let write = ledger.write(Vec::new(), || unreachable!("nothing is held"));
            block_on(&clock, write).unwrap().unwrap();
            journal.1.lock().unwrap().clone()
        };
        assert_eq!(asked(1, 0), asked(1, 0));
        assert_ne!(asked(1, 0), asked(2, 0));
        assert_ne!(asked(1, 4), asked(1, 8));
    }
}
