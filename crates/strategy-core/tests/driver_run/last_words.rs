//! Commands that come while the end of a rollout is being written down.

use super::*;

/// Takes a second over everything, and lets somebody send a command during one of its writes.
#[derive(Clone, Debug)]
struct Slow {
    inner: MemoryJournal,
    time: World,
    inbox: MemoryInbox,
    writes: Arc<AtomicU64>,
    /// The number of that write; 0: none.
    sent_during: u64,
}

impl Slow {
    async fn write(&self) {
        let number = self.writes.fetch_add(1, Ordering::SeqCst) + 1;
        if number == self.sent_during {
            let pause = Command::new("pause", "ann", Wish::Pause);
            self.inbox.send(Envelope::Command(pause));
        }
        let clock = self.time.clock();
        clock
            .sleep_until(clock.now() + Duration::from_secs(1))
            .await;
    }
}

#[async_trait]
impl Journal for Slow {
    async fn append(&self, expected: Sequence, records: &[Record]) -> Result<(), JournalError> {
        self.write().await;
        self.inner.append(expected, records).await
    }
    async fn compact(&self, expected: Sequence, snapshot: &Record) -> Result<(), JournalError> {
        self.write().await;
        self.inner.compact(expected, snapshot).await
    }
    async fn read(&self) -> Result<Recorded, JournalError> {
        self.inner.read().await
    }
}

/// How often the journal was written, and what the command was answered that came during one of them.
fn carried(sent_during: u64) -> (u64, Option<Answer>) {
    let world = world();
    let journal = Slow {
        inner: MemoryJournal::default(),
        time: world.clone(),
        inbox: MemoryInbox::new(),
        writes: Arc::default(),
        sent_during,
    };
    let driver = driver(&world)
        .journal(journal.clone())
        .inbox(journal.inbox.clone());
    assert_eq!(carry(&world, driver).unwrap(), Outcome::Promoted);
    let answer = journal.inbox.answered(&CommandId("pause".to_owned()));
    (journal.writes.load(Ordering::SeqCst), answer)
}

/// It has been taken out of the inbox by then, so nobody else will answer it.
#[test]
fn a_command_that_comes_during_the_last_write_of_the_journal_is_answered() {
    let (writes, answer) = carried(0);
    assert!(writes > 3 && answer.is_none(), "{writes}: {answer:?}");
    let (again, answer) = carried(writes);
    assert_eq!(again, writes, "what comes too late is not recorded");
    let refused = matches!(&answer, Some(Answer::Refused(why)) if why.contains("is over"));
    assert!(refused, "{answer:?}");
}
