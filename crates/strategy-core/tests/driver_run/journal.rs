//! Journals that fail, are taken over, or have to stay small.

use strategy_core::Timestamp;
use strategy_core::inbox::{Inbox, InboxError};
use strategy_core::observer::Trouble;

use super::interrupted::Hesitant;
use super::*;

/// A journal that does what a test says, over one in memory.
#[derive(Clone, Debug, Default)]
struct Trial {
    inner: MemoryJournal,
    broken: Arc<AtomicBool>,
    taken_over_at: Arc<AtomicU64>,
    largest: Arc<Mutex<usize>>,
    compactions: Arc<AtomicU64>,
}

impl Trial {
    fn before(&self, expected: Sequence) -> Result<(), JournalError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(JournalError::Storage {
                operation: "write".to_owned(),
                place: "disk".to_owned(),
                source: "full".into(),
            });
        }
        let taken = self.taken_over_at.load(Ordering::SeqCst);
        if taken > 0 && expected.0 >= taken {
            return Err(JournalError::Conflict {
                expected: expected.0,
                found: expected.0 + 1,
            });
        }
        Ok(())
    }

    async fn after(&self) {
        let recorded = self.inner.read().await.unwrap();
        let held = serde_json::to_vec(&recorded.records).unwrap().len();
        let mut largest = self.largest.lock().unwrap();
        *largest = held.max(*largest);
    }
}

#[async_trait]
impl Journal for Trial {
    async fn append(&self, expected: Sequence, records: &[Record]) -> Result<(), JournalError> {
        self.before(expected)?;
        self.inner.append(expected, records).await?;
        self.after().await;
        Ok(())
    }
    async fn compact(&self, expected: Sequence, snapshot: &Record) -> Result<(), JournalError> {
        self.before(expected)?;
        self.inner.compact(expected, snapshot).await?;
        self.compactions.fetch_add(1, Ordering::SeqCst);
        self.after().await;
        Ok(())
    }
    async fn read(&self) -> Result<Recorded, JournalError> {
        self.inner.read().await
    }
}

#[test]
fn nothing_is_written_while_the_journal_cannot_be() {
    let (world, journal) = (world(), Trial::default());
    let outage = async {
        let clock = world.clock();
        clock
            .sleep_until(clock.now() + Duration::from_secs(30))
            .await;
        journal.broken.store(true, Ordering::SeqCst);
        let from = clock.now();
        clock.sleep_until(from + Duration::from_secs(400)).await;
        journal.broken.store(false, Ordering::SeqCst);
        (from, clock.now())
    };
    let run = async {
        let (_, run) = driver(&world)
            .journal(journal.clone())
            .start(&canary(), release())
            .await
            .unwrap();
        run.await.unwrap()
    };
    let ((from, to), end) = world
        .block_on(async { futures::join!(outage, run) })
        .unwrap();
    assert_eq!(end, Outcome::Promoted);
    let report = world.report();
    let writes = &report.part(&Part::main()).unwrap().writes;
    let meanwhile: Vec<_> = writes
        .iter()
        .filter(|write| write.at > from && write.at < to)
        .collect();
    assert!(meanwhile.is_empty(), "{meanwhile:?}");
    assert!(writes.iter().any(|write| write.at >= to));
}

/// Writes down every trouble that it is told of.
#[derive(Clone, Debug, Default)]
struct Troubles(Arc<Mutex<Vec<Option<String>>>>);

impl Observer for Troubles {
    fn event(&self, _: &Event) {}
    fn trouble(&self, trouble: Option<&Trouble>) {
        let said = trouble.map(ToString::to_string);
        self.0.lock().unwrap().push(said);
    }
}

#[test]
fn a_journal_that_cannot_be_written_is_told_while_it_lasts_and_when_it_is_over() {
    let (world, journal, troubles) = (world(), Trial::default(), Troubles::default());
    let story = async {
        let (handle, run) = driver(&world)
            .journal(journal.clone())
            .observer(troubles.clone())
            .start(&canary(), release())
            .await
            .unwrap();
        let mut watched = handle.watch_trouble();
        let outage = async {
            let clock = world.clock();
            let wait = |seconds| clock.sleep_until(clock.now() + Duration::from_secs(seconds));
            wait(30).await;
            assert_eq!(handle.trouble(), None);
            assert_eq!(*troubles.0.lock().unwrap(), []);
            let from = clock.now();
            journal.broken.store(true, Ordering::SeqCst);
            watched.changed().await.unwrap();
            wait(60).await;
            let Some(Trouble::JournalUnwritable { since, why, .. }) = handle.trouble() else {
                panic!("{:?}", handle.trouble());
            };
            assert!(since >= from && since <= clock.now());
            assert!(why.contains("disk") && why.contains("full"), "{why}");
            assert_eq!(
                troubles.0.lock().unwrap().len(),
                1,
                "told once, and at once"
            );
            journal.broken.store(false, Ordering::SeqCst);
            wait(30).await;
            assert_eq!(handle.trouble(), None);
        };
        futures::join!(run, outage).0.unwrap()
    };
    assert_eq!(world.block_on(story).unwrap(), Outcome::Promoted);
    let told = troubles.0.lock().unwrap().clone();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].as_ref().unwrap().contains("nothing is done until"));
    assert_eq!(told[1], None);
}

#[test]
fn another_process_at_the_journal_ends_the_driver() {
    let (world, journal) = (world(), Trial::default());
    journal.taken_over_at.store(6, Ordering::SeqCst);
    let end = carry(&world, driver(&world).journal(journal));
    assert!(matches!(end, Err(DriverError::Journal(_))), "{end:?}");
    let report = world.report();
    let writes = report.part(&Part::main()).unwrap().writes.len();
    world.advance(Duration::from_secs(3600));
    let report = world.report();
    assert_eq!(report.part(&Part::main()).unwrap().writes.len(), writes);
}

#[test]
fn a_journal_stays_small_over_hours() {
    let (world, journal) = (world(), Trial::default());
    let mut strategy = Canary::new()
        .stages([25, 100])
        .bake(Duration::from_secs(3600));
    for name in ["errors", "more-errors", "most-errors"] {
        let mut check = Check::new(Extension::new(FailureShare::KIND).with("limit", "1%"));
        check.interval = Duration::from_secs(15);
        strategy = strategy.check(name, check);
    }
    let run = async {
        let driver = driver(&world).journal(journal.clone());
        driver.start(&strategy, release()).await.unwrap().1.await
    };
    assert_eq!(world.block_on(run).unwrap().unwrap(), Outcome::Promoted);
    let largest = *journal.largest.lock().unwrap();
    assert!(largest <= 64 * 1024, "{largest} bytes");
    assert!(journal.compactions.load(Ordering::SeqCst) > 0);
}

#[test]
fn a_driver_hears_that_it_is_to_stop_while_the_journal_cannot_be_written() {
    let (world, journal) = (world(), Trial::default());
    let story = async {
        let driver = driver(&world).journal(journal.clone());
        let (handle, run) = driver.start(&canary(), release()).await.unwrap();
        let stop = async {
            let clock = world.clock();
            let wait = |seconds| clock.sleep_until(clock.now() + Duration::from_secs(seconds));
            wait(30).await;
            journal.broken.store(true, Ordering::SeqCst);
            let mut trouble = handle.watch_trouble();
            assert!(trouble.wait_for(Option::is_some).await.is_ok());
            let asked = clock.now();
            handle.detach().await;
            assert_eq!(clock.now(), asked, "it stops at once");
        };
        futures::join!(run, stop).0
    };
    let end = world.block_on(story).unwrap();
    assert!(matches!(end, Err(DriverError::Detached { .. })), "{end:?}");
}

/// From a moment on there is always one more command.
#[derive(Clone, Debug)]
struct Flood {
    world: World,
    from: Timestamp,
    sent: Arc<AtomicU64>,
}

#[async_trait]
impl Inbox for Flood {
    async fn next(&self, _: Option<&CommandId>) -> Result<Envelope, InboxError> {
        self.world.clock().sleep_until(self.from).await;
        let number = self.sent.fetch_add(1, Ordering::SeqCst);
        assert!(number < 1_000, "it is read without end");
        let wish = if number.is_multiple_of(2) {
            Wish::Pause
        } else {
            Wish::Unpause
        };
        let command = Command::new(format!("c{number}"), "ann", wish);
        Ok(Envelope::Command(command))
    }
    async fn answer(&self, _: &CommandId, _: &Answer) -> Result<(), InboxError> {
        Ok(())
    }
}

#[test]
fn what_comes_while_the_journal_cannot_be_written_is_kept_within_bounds() {
    let (world, journal) = (world(), Trial::default());
    let flood = Flood {
        from: world.clock().now() + Duration::from_secs(300),
        world: world.clone(),
        sent: Arc::default(),
    };
    let story = async {
        let driver = driver(&world).journal(journal.clone()).inbox(flood.clone());
        let (handle, run) = driver.start(&canary(), release()).await.unwrap();
        let outage = async {
            let clock = world.clock();
            clock
                .sleep_until(clock.now() + Duration::from_secs(30))
                .await;
            journal.broken.store(true, Ordering::SeqCst);
            clock
                .sleep_until(flood.from + Duration::from_secs(60))
                .await;
            assert!(handle.trouble().is_some());
            let read = flood.sent.load(Ordering::SeqCst);
            assert!(read > 0, "it is read meanwhile");
            clock
                .sleep_until(flood.from + Duration::from_secs(600))
                .await;
            let later = flood.sent.load(Ordering::SeqCst);
            assert_eq!(later, read, "there is an end to what is kept");
            // Nor does what is kept stand in the way of this.
            handle.detach().await;
        };
        futures::join!(run, outage).0
    };
    let end = world.block_on(story).unwrap();
    assert!(matches!(end, Err(DriverError::Detached { .. })), "{end:?}");
}

/// A plan that is larger than the journal is to become: it is not written again with every record.
#[test]
fn a_large_snapshot_is_added_to_before_the_next_one_is_taken() {
    let (world, journal) = (world(), Trial::default());
    let strategy = Canary::new()
        .stages((4..=100).collect::<Vec<u16>>())
        .bake(Duration::from_secs(30));
    let run = async {
        let driver = driver(&world).journal(journal.clone());
        driver.start(&strategy, release()).await.unwrap().1.await
    };
    assert_eq!(world.block_on(run).unwrap().unwrap(), Outcome::Promoted);
    let snapshot = serde_json::to_vec(&read(&journal.inner).records[0])
        .unwrap()
        .len();
    assert!(snapshot > 48 * 1024, "{snapshot} bytes are no large one");
    let (records, compactions) = (
        read(&journal.inner).sequence.0,
        journal.compactions.load(Ordering::SeqCst),
    );
    assert!(compactions > 0, "of {records} records");
    assert!(
        compactions * 4 < records,
        "{compactions} snapshots of {records} records"
    );
}

/// Two processes read the same journal, know the same and begin in the same millisecond: what they write
/// must not be the same, or each would take the other's record for its own whose answer was lost.
#[test]
fn of_two_processes_that_resume_at_the_same_moment_one_goes_on() {
    for polls in [3, 10, 20] {
        let (world, journal) = (world(), MemoryJournal::new());
        let run = started(&world, driver(&world).journal(journal.clone()));
        assert!(poll_at_most(&world, run, polls).is_none());
        let read = read(&journal).sequence;
        let resumed = || async {
            // It takes its time, so that both are at it at once.
            let journal = Hesitant(journal.clone());
            let (_, run) = driver(&world).journal(journal).resume().await?;
            run.await
        };
        let ends = async { futures::join!(resumed(), resumed()) };
        let (one, other) = world.block_on(ends).unwrap();
        let (ended, refused): (Vec<_>, Vec<_>) = [one, other].into_iter().partition(Result::is_ok);
        assert_eq!(ended.len(), 1, "{polls} polls: {ended:?}");
        assert_eq!(*ended[0].as_ref().unwrap(), Outcome::Promoted);
        // Before anything that it ordered was begun.
        let Err(DriverError::Journal(error)) = &refused[0] else {
            panic!("{refused:?}");
        };
        let expected = read.0;
        assert!(
            matches!(**error, JournalError::Conflict { expected: at, .. } if at == expected),
            "read at {expected}: {error}"
        );
    }
}
