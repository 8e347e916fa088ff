//! A journal in a file: lines of text with a checksum each, one writer, durable before it returns.

mod line;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use self::line::{Content, Unreadable};
use super::files::{folder_of, private, storage, sync_folder, with_suffix};
use crate::journal::{Journal, JournalError, Recorded, Sequence};
use crate::rollout::Record;

/// A journal in a file, held by one process at a time.
///
/// The format is in `docs/reference/journal.md`.
/// Beside `NAME.journal` stand `NAME.journal.lock`, which is locked while this value lives and never
/// replaced, and for moments `NAME.journal.new`.
/// Files are made readable to their owner only: records hold what targets recorded of the start.
///
/// # Guarantees
/// - `append` and `compact` return when the file and its folder have reached the disk.
/// - A batch is there as a whole or not at all; a torn last one is cut off, by the holder of the lock only.
/// - A second writer is refused by the lock, and, where locks do not work, by comparing the file with
///   what this process last wrote.
/// - Nothing is ever changed in a file that does not read back.
///
/// # Caveats
/// Writing blocks the thread for as long as the disk takes: milliseconds, a few times a minute.
/// On a file system that is shared over a network it is as good as that system's locks and `fsync`.
#[derive(Debug)]
pub struct FileJournal {
    path: PathBuf,
    /// Holds the lock while it is open.
    _lock: File,
    state: Mutex<State>,
}

/// What this process knows of the file.
#[derive(Debug, Default)]
struct State {
    /// After the last whole batch.
    sequence: Sequence,
    /// Bytes up to the end of the last whole batch.
    whole: u64,
    /// Bytes in all: more than `whole` where a torn batch follows.
    length: u64,
    /// The last whole line, to tell our own lost answer from somebody else's write.
    last: Option<String>,
    /// Which file it is, to notice that another one took its place; `None`: there is none yet.
    identity: Option<Identity>,
    /// A write failed: what reached the disk is unknown, so the next one writes a whole new file. Trying
    /// the same file's sync again would not do: it may succeed without the bytes that failed before.
    in_doubt: bool,
}

impl FileJournal {
    /// A new journal at `path`, whose folder is made if there is none, with the lock taken.
    ///
    /// # Errors
    /// [`JournalError::Exists`] when it holds records, [`JournalError::Locked`] when another process
    /// has it, [`JournalError::Storage`] when the disk says no.
    pub fn create(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        let path = path.as_ref();
        let folder = folder_of(path);
        fs::create_dir_all(folder).map_err(storage("make the folder", folder))?;
        let journal = Self::locked(path)?;
        if journal.state().sequence > Sequence(0) {
            let place = path.display().to_string();
            return Err(JournalError::Exists { place });
        }
        Ok(journal)
    }

    /// The journal at `path`, with the lock taken; a torn last batch is cut off at the next write.
    ///
    /// # Errors
    /// [`JournalError::Missing`], [`JournalError::Locked`], [`JournalError::Damaged`],
    /// [`JournalError::TooNew`] or [`JournalError::Storage`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        let path = path.as_ref();
        if path.exists() {
            Self::locked(path)
        } else {
            let place = path.display().to_string();
            Err(JournalError::Missing { place })
        }
    }

    /// Reads the journal at `path` without its lock, while another process may be writing it. Never writes.
    ///
    /// # Errors
    /// [`JournalError::Missing`], [`JournalError::Damaged`], [`JournalError::TooNew`] or
    /// [`JournalError::Storage`].
    pub fn peek(path: impl AsRef<Path>) -> Result<Recorded, JournalError> {
        let path = path.as_ref();
        match read(path)? {
            Some(found) => Ok(recorded(found.content)),
            None => Err(JournalError::Missing {
                place: path.display().to_string(),
            }),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn locked(path: &Path) -> Result<Self, JournalError> {
        let beside = with_suffix(path, ".lock");
        let lock = private()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&beside)
            .map_err(storage("open", &beside))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let place = path.display().to_string();
                return Err(JournalError::Locked { place });
            }
            Err(TryLockError::Error(error)) => return Err(storage("lock", &beside)(error)),
        }
        let state = State::of(read(path)?.as_ref());
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
            state: Mutex::new(state),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(
        &self,
        expected: Sequence,
        records: &[Record],
        compact: bool,
    ) -> Result<(), JournalError> {
        let line = line::write(expected, records)
            .map_err(|error| storage("write records to", &self.path)(error.into()))?;
        let mut state = self.state();
        self.compare(&mut state)?;
        let there = state.sequence != expected && state.last.as_deref() == Some(&line);
        if !there && state.sequence != expected {
            return Err(JournalError::Conflict {
                expected: expected.0,
                found: state.sequence.0,
            });
        }
        if there && !state.in_doubt {
            return Ok(());
        }
        let added = if there { "" } else { line.as_str() };
        let anew = state.in_doubt || compact || state.whole == 0;
        state.in_doubt = true;
        if anew {
            let kept = if compact && !there {
                Vec::new()
            } else {
                self.whole_batches(&state)?
            };
            self.replace(&mut state, &kept, added)?;
        } else {
            self.extend(&mut state, added)?;
        }
        state.in_doubt = false;
        state.sequence = expected.plus(line::count(records));
        state.last = Some(line);
        Ok(())
    }

    /// Has anybody else been at the file since this process last read or wrote it?
    fn compare(&self, state: &mut State) -> Result<(), JournalError> {
        if state.in_doubt {
            // What the failed write left is for the caller's sequence and the last line to judge.
            *state = State {
                in_doubt: true,
                ..State::of(read(&self.path)?.as_ref())
            };
            return Ok(());
        }
        let found = match fs::metadata(&self.path) {
            Ok(metadata) => Some((Identity::of(&metadata), metadata.len())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(storage("look at", &self.path)(error)),
        };
        if found == state.identity.map(|identity| (identity, state.length)) {
            return Ok(());
        }
        Err(JournalError::Conflict {
            expected: state.sequence.0,
            found: State::of(read(&self.path)?.as_ref()).sequence.0,
        })
    }

    fn whole_batches(&self, state: &State) -> Result<Vec<u8>, JournalError> {
        let mut bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(storage("read", &self.path)(error)),
        };
        bytes.truncate(usize::try_from(state.whole).unwrap_or(usize::MAX));
        Ok(bytes)
    }

    /// Adds one line, over a torn one if there is one.
    fn extend(&self, state: &mut State, line: &str) -> Result<(), JournalError> {
        let failed = |operation| storage(operation, &self.path);
        let mut file = OpenOptions::new()
            .append(true)
            .open(&self.path)
            .map_err(failed("open"))?;
        file.set_len(state.whole)
            .map_err(failed("cut a torn batch off"))?;
        file.write_all(line.as_bytes())
            .map_err(failed("write to"))?;
        file.sync_data().map_err(failed("sync"))?;
        state.whole += line.len() as u64;
        state.length = state.whole;
        Ok(())
    }

    /// Puts a new file in the place of the old one; a crash on the way leaves the old one.
    fn replace(&self, state: &mut State, kept: &[u8], line: &str) -> Result<(), JournalError> {
        let new = with_suffix(&self.path, ".new");
        let failed = |operation| storage(operation, &new);
        let kept = if kept.is_empty() {
            line::HEADER.as_bytes()
        } else {
            kept
        };
        let mut file = private()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&new)
            .map_err(failed("make"))?;
        file.write_all(kept).map_err(failed("write"))?;
        file.write_all(line.as_bytes()).map_err(failed("write"))?;
        file.sync_all().map_err(failed("sync"))?;
        let metadata = file.metadata().map_err(failed("look at"))?;
        fs::rename(&new, &self.path).map_err(failed("rename"))?;
        // From here on the new file stands, whatever the folder's sync says.
        state.identity = Some(Identity::of(&metadata));
        state.whole = metadata.len();
        state.length = state.whole;
        let folder = folder_of(&self.path);
        sync_folder(folder).map_err(storage("sync", folder))
    }
}

impl State {
    fn of(found: Option<&Found>) -> Self {
        let Some(found) = found else {
            return Self::default();
        };
        Self {
            sequence: found.content.sequence(),
            whole: found.content.whole as u64,
            length: found.length,
            last: found.content.last.clone(),
            identity: Some(found.identity),
            in_doubt: false,
        }
    }
}

#[async_trait]
impl Journal for FileJournal {
    async fn append(&self, expected: Sequence, records: &[Record]) -> Result<(), JournalError> {
        if records.is_empty() {
            return Ok(());
        }
        self.write(expected, records, false)
    }

    async fn compact(&self, expected: Sequence, snapshot: &Record) -> Result<(), JournalError> {
        self.write(expected, std::slice::from_ref(snapshot), true)
    }

    async fn read(&self) -> Result<Recorded, JournalError> {
        let _no_write_meanwhile = self.state();
        Ok(read(&self.path)?.map_or_else(Recorded::default, |found| recorded(found.content)))
    }
}

/// A file as read.
struct Found {
    content: Content,
    length: u64,
    identity: Identity,
}

fn read(path: &Path) -> Result<Option<Found>, JournalError> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(storage("open", path)(error)),
    };
    let metadata = file.metadata().map_err(storage("look at", path))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)
        .map_err(storage("read", path))?;
    let place = path.display().to_string();
    let content = line::read(&bytes).map_err(|unreadable| match unreadable {
        Unreadable::Damaged { offset, problem } => JournalError::Damaged {
            place,
            offset: offset as u64,
            problem,
        },
        Unreadable::TooNew { found, known } => JournalError::TooNew {
            place,
            found,
            known,
        },
    })?;
    Ok(Some(Found {
        content,
        length: bytes.len() as u64,
        identity: Identity::of(&metadata),
    }))
}

fn recorded(content: Content) -> Recorded {
    Recorded {
        sequence: content.sequence(),
        records: content
            .batches
            .into_iter()
            .flat_map(|batch| batch.records)
            .collect(),
    }
}

/// Tells a file from another one under the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    #[cfg(unix)]
    device: u64,
    #[cfg(unix)]
    inode: u64,
}

impl Identity {
    #[cfg(unix)]
    fn of(metadata: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }

    /// Where files have no number, length and sequence must do.
    #[cfg(not(unix))]
    fn of(_: &fs::Metadata) -> Self {
        Self {}
    }
}
