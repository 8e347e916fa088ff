//! A process ends while its journal, a real file, is being written: the last record is torn at some byte.

use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures::FutureExt as _;
use strategy_core::analysis::FailureShare;
use strategy_core::driver::{Driver, DriverError, FileJournal};
use strategy_core::journal::{Journal, JournalError, Recorded, Sequence};
use strategy_core::rollout::{Outcome, Record, RecoverError, Rollout};
use strategy_core::simulation::errors;
use strategy_core::world::World;
use strategy_core::{Images, Part, Release, Strategy};
use tempfile::TempDir;

use super::accounts::unknown_writes;
use super::courses::{Course, blue_green, canary_on_update};
use super::ends::ends;

/// What is left of the batch that was being written.
#[derive(Clone, Copy, Debug)]
enum Tear {
    /// Nothing.
    Gone,
    /// Its first byte.
    First,
    /// Half of it.
    Half,
    /// All but the end of its line.
    AllButTheLast,
    /// All its bytes have a place, and the second half was never filled.
    Hole,
}

impl Tear {
    const ALL: [Self; 5] = [
        Self::Gone,
        Self::First,
        Self::Half,
        Self::AllButTheLast,
        Self::Hole,
    ];

    /// The file, which held `before` bytes before the batch was written, torn.
    fn tear(self, path: &Path, before: u64) {
        let mut bytes = fs::read(path).unwrap();
        let before = usize::try_from(before).unwrap();
        let written = bytes.len() - before;
        let half = before + written / 2;
        match self {
            Self::Gone => bytes.truncate(before),
            Self::First => bytes.truncate(before + 1),
            Self::Half => bytes.truncate(half),
            Self::AllButTheLast => bytes.truncate(bytes.len() - 1),
            Self::Hole => bytes[half..].fill(0),
        }
        // In place: another file under this name would be another journal.
        let mut file = OpenOptions::new()
            .write(true)
            .truncate(true)
            .open(path)
            .unwrap();
        std::io::Write::write_all(&mut file, &bytes).unwrap();
    }
}

/// A journal in a file that is torn at its write of this number, which is never answered.
#[derive(Debug)]
struct Torn {
    journal: FileJournal,
    path: PathBuf,
    write: u64,
    tear: Tear,
    writes: Arc<AtomicU64>,
}

impl Torn {
    async fn is_torn_at(
        &self,
        write: impl Future<Output = Result<(), JournalError>>,
    ) -> Result<(), JournalError> {
        let number = self.writes.fetch_add(1, Ordering::SeqCst) + 1;
        let before = fs::metadata(&self.path).map_or(0, |file| file.len());
        write.await?;
        if number == self.write {
            self.tear.tear(&self.path, before);
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

#[async_trait]
impl Journal for Torn {
    async fn append(&self, expected: Sequence, records: &[Record]) -> Result<(), JournalError> {
        self.is_torn_at(self.journal.append(expected, records))
            .await
    }

    async fn compact(&self, expected: Sequence, snapshot: &Record) -> Result<(), JournalError> {
        // A new file takes the place of the old one whole: torn is only what nobody reads yet.
        let number = self.writes.fetch_add(1, Ordering::SeqCst) + 1;
        if number == self.write {
            let half = fs::read(&self.path).unwrap();
            fs::write(
                self.path.with_extension("journal.new"),
                &half[..half.len() / 2],
            )
            .unwrap();
            std::future::pending::<()>().await;
        }
        self.journal.compact(expected, snapshot).await
    }

    async fn read(&self) -> Result<Recorded, JournalError> {
        self.journal.read().await
    }
}

fn world(course: &Course) -> World {
    let mut scenario = course.simulation.world.clone();
    if !course.is_good {
        scenario.images.insert("app:v2".to_owned(), errors(0.05));
    }
    let world = scenario.build().unwrap();
    world.keep_log();
    world
}

fn driver(world: &World) -> Driver {
    Driver::on(world.target())
        .clock(world.clock().clone())
        .analysis(FailureShare::KIND, world.analysis())
        .id("torn".parse().unwrap())
}

fn release() -> Release {
    Release::of([("app", "app:v2")]).unwrap()
}

/// Carries a rollout until its journal is torn; says whether it came to that.
fn until_torn(world: &World, strategy: &dyn Strategy, journal: Torn) -> bool {
    let writes = Arc::clone(&journal.writes);
    let last = journal.write;
    let mut run = world
        .block_on(driver(world).journal(journal).start(strategy, release()))
        .unwrap()
        .unwrap()
        .1
        .fuse();
    let torn = std::future::poll_fn(|context| {
        // The run comes first: it has torn the file when it waits for ever.
        if run.poll_unpin(context).is_ready() {
            return std::task::Poll::Ready(false);
        }
        if writes.load(Ordering::SeqCst) == last {
            return std::task::Poll::Ready(true);
        }
        std::task::Poll::Pending
    });
    world.block_on(torn).unwrap()
}

/// Torn at its writes, every so many of them, in each way; the number of times it was.
#[track_caller]
fn check(course: &Course, every: usize) -> u64 {
    let folder = TempDir::new().unwrap();
    let mut times = 0;
    for write in (1..).step_by(every) {
        for tear in Tear::ALL {
            let what = format!("{course}, {tear:?} at {write}");
            let path = folder.path().join(format!("{write}-{tear:?}.journal"));
            let world = world(course);
            let journal = Torn {
                journal: FileJournal::create(&path).unwrap(),
                path: path.clone(),
                write,
                tear,
                writes: Arc::default(),
            };
            if !until_torn(&world, &*course.strategy, journal) {
                return times;
            }
            times += 1;
            let taken_up = async {
                let journal = FileJournal::open(&path).unwrap();
                let (_, run) = match driver(&world).journal(journal).resume().await {
                    // Nothing of it is left, so nothing was done: it begins as if for the first time.
                    Err(DriverError::Recover(RecoverError::Empty)) => {
                        let journal = FileJournal::open(&path).unwrap();
                        let driver = driver(&world).journal(journal);
                        driver.start(&*course.strategy, release()).await.unwrap()
                    }
                    taken_up => taken_up.unwrap(),
                };
                run.await.unwrap()
            };
            let outcome = world.block_on(taken_up).unwrap();
            assert_is_right(course, &world, &path, &outcome, &what);
        }
    }
    times
}

#[track_caller]
fn assert_is_right(course: &Course, world: &World, path: &Path, outcome: &Outcome, what: &str) {
    let log = world.log();
    let ends = &ends(&log)[&Part::main()];
    let off = match outcome {
        Outcome::Promoted if course.is_good => {
            assert_eq!(world.report().failed(), 0, "{what}");
            let images = Images::parse([("app", "app:v2")]).unwrap();
            ends.off_goal(course.goal, &images)
        }
        Outcome::RolledBack { .. } if !course.is_good => ends.off_start(),
        other => panic!("{what}: {other}"),
    };
    assert!(off.is_empty(), "{what}: {off:?}");
    assert_eq!(ends.last.claim, None, "{what}");
    let recorded = FileJournal::peek(path).unwrap();
    let rollout = Rollout::replay(&recorded.records, false).unwrap();
    assert_eq!(rollout.outcome(), Some(outcome), "{what}");
    assert!(rollout.is_settled(), "{what}");
    let unknown = unknown_writes(&log, &rollout);
    assert!(unknown.is_empty(), "{what}: {unknown:?}");
}

fn courses() -> [Course; 4] {
    [
        blue_green(true),
        blue_green(false),
        canary_on_update(true),
        canary_on_update(false),
    ]
}

#[test]
fn a_torn_last_record_loses_no_write_and_no_way() {
    for course in &courses()[..2] {
        let times = check(course, 6);
        assert!(times > 10, "{course}: {times}");
    }
}

#[test]
#[ignore = "needs an optimised build: cargo xtask test"]
fn a_record_torn_at_every_write_loses_no_write_and_no_way() {
    for course in &courses() {
        let times = check(course, 1);
        println!("{course}: torn {times} times");
        assert!(times > 80, "{course}: {times}");
    }
}
