//! What a rollout costs its journal: nothing while nothing happens, and never more than a little.

use strategy_core::analysis::{
    Analysis, Look, MeasureError, Measurement, Memory, PreparedCheck, Verdict,
};
use strategy_core::driver::{Clock as _, SystemClock};
use strategy_core::target::Found;

use super::*;

/// A journal in memory that counts what it is given, in bytes as JSON.
#[derive(Clone, Debug, Default)]
struct Counted {
    inner: MemoryJournal,
    /// Appends and compactions, each with its bytes.
    writes: Arc<Mutex<Vec<usize>>>,
    held: Arc<Mutex<usize>>,
    most: Arc<Mutex<usize>>,
    compactions: Arc<AtomicU64>,
}

impl Counted {
    fn count(&self, records: &[Record], compact: bool) {
        let size = |record: &Record| serde_json::to_vec(record).unwrap().len();
        let batch: usize = records.iter().map(size).sum();
        self.writes.lock().unwrap().push(batch);
        let mut held = self.held.lock().unwrap();
        *held = if compact { batch } else { *held + batch };
        let mut most = self.most.lock().unwrap();
        *most = held.max(*most);
    }

    fn writes(&self) -> Vec<usize> {
        std::mem::take(&mut *self.writes.lock().unwrap())
    }
}

#[async_trait]
impl Journal for Counted {
    async fn append(&self, expected: Sequence, records: &[Record]) -> Result<(), JournalError> {
        self.inner.append(expected, records).await?;
        self.count(records, false);
        Ok(())
    }
    async fn compact(&self, expected: Sequence, snapshot: &Record) -> Result<(), JournalError> {
        self.inner.compact(expected, snapshot).await?;
        self.count(std::slice::from_ref(snapshot), true);
        self.compactions.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
    async fn read(&self) -> Result<Recorded, JournalError> {
        self.inner.read().await
    }
}

/// Passes every look, and remembers and says as much as it may.
#[derive(Debug)]
struct Talkative;

#[async_trait]
impl Analysis for Talkative {
    async fn admit(&self, plan: &Plan, _: &Found) -> Result<Vec<PreparedCheck>, MeasureError> {
        let checks = plan.checks().keys().cloned();
        Ok(checks.map(PreparedCheck::new).collect())
    }
    async fn measure(&self, look: &Look) -> Result<Measurement, MeasureError> {
        let evidence = format!("{:0500}", look.number);
        let memory = Memory::new(format!("{:0width$}", look.number, width = Memory::LIMIT))?;
        Ok(Measurement::new(Verdict::Pass, evidence).remember(memory))
    }
}

/// It is looked at every half minute, and nothing is decided: only the clock is written down, every two
/// minutes, so that a crash costs no more of the bake than that.
#[test]
fn a_rollout_that_rests_writes_its_clock_every_two_minutes_and_nothing_else() {
    let (world, journal) = (world(), Counted::default());
    let hour = Duration::from_secs(3600);
    let strategy = Canary::new().stages([25, 100]).bake(hour);
    let watched = async {
        let clock = world.clock();
        clock.sleep_until(clock.now() + hour / 4).await;
        journal.writes();
        clock.sleep_until(clock.now() + hour / 2).await;
        journal.writes()
    };
    let run = async {
        let driver = driver(&world).journal(journal.clone());
        let (_handle, run) = driver.start(&strategy, release()).await.unwrap();
        run.await
    };
    let (writes, end) = world
        .block_on(async { futures::join!(watched, run) })
        .unwrap();
    assert_eq!(end.unwrap(), Outcome::Promoted);
    assert_eq!(writes.len(), 15, "{writes:?}");
    assert!(writes.iter().all(|bytes| *bytes < 128), "{writes:?}");
}

/// Two hours with three checks every 15 seconds, whose memories and words are as long as they may be.
#[test]
fn a_journal_of_full_memories_holds_at_most_64_kib() {
    let (world, journal) = (world(), Counted::default());
    let mut strategy = Canary::new()
        .stages([25, 100])
        .bake(Duration::from_secs(3600));
    for name in ["errors", "latency", "saturation"] {
        let check = Check::new(Extension::new("talkative")).every(Duration::from_secs(15));
        strategy = strategy.check(name, check);
    }
    let run = async {
        let driver = driver(&world)
            .journal(journal.clone())
            .analysis("talkative", Talkative);
        driver.start(&strategy, release()).await.unwrap().1.await
    };
    assert_eq!(world.block_on(run).unwrap().unwrap(), Outcome::Promoted);
    let most = *journal.most.lock().unwrap();
    let (writes, compactions) = (journal.writes(), journal.compactions.load(Ordering::SeqCst));
    let figures = format!(
        "at most {most} bytes, {} writes, {compactions} compactions, the largest of {:?} bytes",
        writes.len(),
        writes.iter().max()
    );
    println!("{figures}");
    assert!(most <= 64 * 1024, "{figures}");
    assert!(compactions > 5, "{figures}");
    // Memories are written every two minutes, and not at each of the 1 440 looks.
    assert!(writes.len() < 130, "{figures}");
}

#[test]
fn the_systems_clock_that_nobody_sets_goes_on() {
    let clock = SystemClock;
    let began = clock.elapsed();
    let later = (0..10_000_000).find(|_| clock.elapsed() > began);
    assert!(later.is_some(), "{began:?}");
}
