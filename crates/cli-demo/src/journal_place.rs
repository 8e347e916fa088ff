//! Where journals are: `.rollway/NAME.journal` unless somebody says otherwise.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use strategy_core::Timestamp;
use strategy_core::driver::{FileInbox, FileJournal};
use strategy_core::journal::JournalError;
use strategy_core::rollout::{Record, RecoverError, Rollout};
use thiserror::Error;

/// The folder of journals that were given no place.
pub const FOLDER: &str = ".rollway";
const EXTENSION: &str = "journal";

/// No journal to work with.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// Nothing is under way here.
    #[error("there is no unfinished rollout in {}; name a journal with --journal", folder.display())]
    Nothing {
        /// Where was looked.
        folder: PathBuf,
    },
    /// More than one rollout is under way here.
    #[error(
        "several rollouts are unfinished; name one of them with --journal: {}",
        listed(found)
    )]
    Several {
        /// Their journals.
        found: Vec<PathBuf>,
    },
    /// The folder cannot be read.
    #[error("cannot look through {}", folder.display())]
    Unreadable {
        /// Which folder.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
}

fn listed(paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    paths.join(", ")
}

/// Where the journal of a new rollout of this name goes.
pub fn for_name(name: &str) -> PathBuf {
    Path::new(FOLDER).join(name).with_extension(EXTENSION)
}

/// The journal that was named, or the only unfinished one in the folder.
///
/// A journal that cannot be read counts as unfinished: nobody knows that it is over.
///
/// # Errors
/// [`PlaceError`] when there is none, or more than one.
pub fn find(given: Option<&Path>, folder: &Path) -> Result<PathBuf, PlaceError> {
    if let Some(path) = given {
        return Ok(path.to_owned());
    }
    let unreadable = |source| PlaceError::Unreadable {
        folder: folder.to_owned(),
        source,
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(PlaceError::Nothing {
                folder: folder.to_owned(),
            });
        }
        Err(error) => return Err(unreadable(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        let is_journal = path.extension().is_some_and(|end| end == EXTENSION);
        if is_journal && !is_finished(&path) {
            found.push(path);
        }
    }
    found.sort();
    match found.len() {
        0 => Err(PlaceError::Nothing {
            folder: folder.to_owned(),
        }),
        1 => Ok(found.remove(0)),
        _ => Err(PlaceError::Several { found }),
    }
}

fn is_finished(path: &Path) -> bool {
    match FileJournal::peek(path) {
        // Begun and nothing written: there is nothing to go on with.
        Ok(recorded) if recorded.records.is_empty() => true,
        Ok(recorded) => {
            Rollout::replay(&recorded.records, true).is_ok_and(|rollout| rollout.is_settled())
        }
        Err(_) => false,
    }
}

/// The rollout in a journal, as last written, read without disturbing whoever carries it.
///
/// One that this version would have decided otherwise is read all the same: a rollout can be looked at,
/// paused and aborted while the program is being replaced by another version of it. Whoever carries it
/// judges what it is sent, so that nothing depends on what is read here.
///
/// # Errors
/// When it cannot be read, or reads back to no rollout.
pub fn peek(path: &Path) -> Result<Peeked, PeekError> {
    let recorded = FileJournal::peek(path)?;
    let rollout = Rollout::replay(&recorded.records, true)?;
    let otherwise = Rollout::replay(&recorded.records, false).err();
    let decided = recorded.records.iter().filter_map(|record| {
        if let Record::Decision(decision) = record {
            Some(decision.wall)
        } else {
            None
        }
    });
    let status = rollout.status();
    let observed = status.parts.values().filter_map(|part| part.observed);
    let as_of = decided.chain(observed).chain([status.since]).max();
    Ok(Peeked {
        rollout,
        otherwise,
        as_of,
    })
}

/// Whether a process carries the rollout in this journal: the lock beside it is held. `None`: the lock
/// cannot be looked at.
///
/// Looking takes the lock for an instant, so whoever opens a journal tries more than once.
pub fn is_carried(path: &Path) -> Option<bool> {
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lock");
    match fs::File::open(lock) {
        Ok(lock) => match lock.try_lock_shared() {
            Ok(()) => Some(false),
            Err(fs::TryLockError::WouldBlock) => Some(true),
            Err(fs::TryLockError::Error(_)) => None,
        },
        // The journal alone was copied here.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(false),
        Err(_) => None,
    }
}

/// The journal in the folder whose rollout was the last one to end.
pub fn newest_finished(folder: &Path) -> Option<PathBuf> {
    let paths = fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let finished = paths.filter_map(|entry| {
        let path = entry.path();
        let is_journal = path.extension().is_some_and(|end| end == EXTENSION);
        let peeked = is_journal.then(|| peek(&path).ok()).flatten()?;
        peeked.rollout.is_settled().then_some((peeked.as_of, path))
    });
    finished.max().map(|(_, path)| path)
}

/// A rollout that was read without disturbing whoever carries it.
#[derive(Debug)]
pub struct Peeked {
    /// The rollout as last written.
    pub rollout: Rollout,
    /// Why this version may see it otherwise than the one that carries it; `None`: both see the same.
    pub otherwise: Option<RecoverError>,
    /// When the newest of its records was written, as far as they say.
    pub as_of: Option<Timestamp>,
}

/// A journal that cannot be read back.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PeekError {
    /// The file.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What it holds.
    #[error(transparent)]
    Recover(#[from] RecoverError),
}

/// Whether a new journal can be made at `path`; asked before the cluster is, since the unfinished
/// rollout that lies there is the likeliest one to stand in the way.
///
/// # Errors
/// [`JournalError::Exists`].
pub fn is_free(path: &Path) -> Result<(), JournalError> {
    if !path.exists() || is_finished(path) {
        return Ok(());
    }
    let place = path.display().to_string();
    Err(JournalError::Exists { place })
}

/// A new journal at `path`. A finished rollout that lies there is kept beside it, under its own id,
/// and so are the orders that were left for it: they are not the new one's business.
///
/// # Errors
/// [`JournalError`]: as [`FileJournal::create`], so also when an unfinished rollout lies there.
pub fn create(path: &Path, now: Timestamp) -> Result<FileJournal, JournalError> {
    let unnamed = || format!("{}", now.as_millis());
    match FileJournal::create(path) {
        Err(JournalError::Exists { .. }) if is_finished(path) => {}
        Ok(journal) => {
            put_aside_inbox(path, &unnamed())?;
            return Ok(journal);
        }
        Err(error) => return Err(error),
    }
    // Held while the old one moves away, so that nobody else takes it for theirs.
    let held = FileJournal::open(path)?;
    let id = match peek(path) {
        Ok(peeked) => peeked.rollout.id().to_string(),
        Err(_) => unnamed(),
    };
    // The orders first: where only that was done, the finished journal is still there to say so.
    put_aside_inbox(path, &id)?;
    let kept = path.with_extension(format!("{id}.finished"));
    fs::rename(path, &kept).map_err(put_aside(path))?;
    drop(held);
    FileJournal::create(path)
}

/// Moves the inbox of a rollout that is over out of the way.
fn put_aside_inbox(journal: &Path, id: &str) -> Result<(), JournalError> {
    let inbox = FileInbox::beside(journal);
    let kept = journal.with_extension(format!("{id}.finished.inbox"));
    match fs::rename(&inbox, &kept) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(put_aside(&inbox)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn put_aside(path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let place = path.display().to_string();
    move |source| JournalError::Storage {
        operation: "put aside the finished rollout in".to_owned(),
        place,
        source: source.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;

    use strategy_core::driver::Driver;
    use strategy_core::journal::{Journal, Sequence};
    use strategy_core::strategy::Canary;
    use strategy_core::world::World;
    use strategy_core::{Release, Weight};

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    /// A rollout whose journal is at `path`, carried to its end or dropped on the way.
    fn rollout(path: &Path, to_its_end: bool) {
        let world = World::seeded(1).stable("app:1", 2).build().unwrap();
        let driver = Driver::on(world.target())
            .clock(world.clock().clone())
            .id("one".parse().unwrap())
            .journal(FileJournal::create(path).unwrap());
        let canary = Canary::new().stages([Weight::FULL]);
        let release = Release::of([("app", "app:2")]).unwrap();
        let story = async {
            let (_, run) = driver.start(&canary, release).await.unwrap();
            let mut run = std::pin::pin!(run);
            if to_its_end {
                run.await.unwrap();
            } else {
                // Once: the journal is begun, and the claim not yet taken.
                std::future::poll_fn(|context| {
                    let _ = run.as_mut().poll(context);
                    std::task::Poll::Ready(())
                })
                .await;
            }
        };
        world.block_on(story).unwrap();
    }

    #[test]
    fn the_only_unfinished_journal_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).with_extension(EXTENSION);
        let found = || find(None, folder.path());
        assert!(matches!(found(), Err(PlaceError::Nothing { .. })));
        rollout(&at("finished"), true);
        assert!(matches!(found(), Err(PlaceError::Nothing { .. })));
        rollout(&at("unfinished"), false);
        assert_eq!(found().unwrap(), at("unfinished"));
        fs::write(at("unreadable"), "what is this").unwrap();
        assert!(matches!(found(), Err(PlaceError::Several { .. })));
        assert_eq!(
            find(Some(&at("other")), folder.path()).unwrap(),
            at("other")
        );
    }

    #[test]
    fn a_finished_journal_can_be_looked_at_and_makes_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api.journal");
        rollout(&path, true);
        assert!(peek(&path).unwrap().rollout.is_settled());
        let journal = create(&path, NOW).unwrap();
        assert_eq!(journal.path(), path);
        assert!(folder.path().join("api.one.finished").exists());
    }

    #[test]
    fn an_unfinished_journal_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api.journal");
        rollout(&path, false);
        assert!(matches!(
            create(&path, NOW),
            Err(JournalError::Exists { .. })
        ));
        assert!(!peek(&path).unwrap().rollout.is_settled());
    }
    #[test]
    fn orders_left_for_a_finished_rollout_go_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("api.journal");
        rollout(&path, true);
        let inbox = FileInbox::beside(&path);
        fs::create_dir(&inbox).unwrap();
        fs::write(inbox.join("late.json"), "an order").unwrap();
        create(&path, NOW).unwrap();
        assert!(!inbox.exists(), "the next rollout would hear it");
        let kept = folder.path().join("api.one.finished.inbox/late.json");
        assert!(kept.exists());
        // Of one whose journal was removed by hand, too.
        fs::create_dir(&inbox).unwrap();
        create(&path, NOW).unwrap();
        assert!(!inbox.exists());
    }

    /// A journal that says of one decision that something else was ordered.
    fn written_by_another_version(path: &Path) {
        let recorded = FileJournal::peek(path).unwrap();
        let mut records = serde_json::to_value(&recorded.records).unwrap();
        let mut records_of = records.as_array_mut().unwrap().iter_mut();
        let decision = records_of.find_map(|record| {
            // Indexing would add what is not there.
            let effects = record.get_mut("decision")?.get_mut("effects")?;
            effects.as_array_mut().filter(|effects| !effects.is_empty())
        });
        decision.unwrap().pop();
        let records: Vec<Record> = serde_json::from_value(records).unwrap();
        fs::remove_file(path).unwrap();
        let journal = FileJournal::create(path).unwrap();
        let world = World::seeded(1).stable("app:1", 2).build().unwrap();
        world
            .block_on(journal.append(Sequence(0), &records))
            .unwrap()
            .unwrap();
    }

    #[test]
    fn a_journal_of_another_version_is_finished_or_not_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).with_extension(EXTENSION);
        rollout(&at("finished"), true);
        written_by_another_version(&at("finished"));
        let peeked = peek(&at("finished")).unwrap();
        assert!(matches!(
            peeked.otherwise,
            Some(RecoverError::Diverged { .. })
        ));
        assert!(peeked.rollout.is_settled());
        assert!(matches!(
            find(None, folder.path()),
            Err(PlaceError::Nothing { .. })
        ));
        create(&at("finished"), NOW).unwrap();
        assert!(folder.path().join("finished.one.finished").exists());
    }
}
