//! An inbox in a folder beside the journal, so that another process can steer a rollout.

mod entry;
mod send;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use self::entry::{Addressed, Entry, Unread, answer_path, entry_path};
pub use self::send::SendError;
use super::clock::Clock;
use super::files::put;
use crate::inbox::{Envelope, Inbox, InboxError};
use crate::rollout::{Answer, CommandId};
use crate::target::RolloutId;

/// An inbox in a folder: `ID.json` is an envelope, `ID.answer.json` what became of it.
///
/// For `NAME.journal` it is the folder `NAME.inbox` beside it; whoever may write there may steer the
/// rollout under any name, so it is made for its owner only, and one that others may write to is refused.
/// The layout is in `docs/reference/journal.md`.
///
/// # Guarantees
/// - Envelopes are taken in order of arrival: by the file's time, then by its name.
/// - One that was answered is not taken again; one that was taken and not answered is, after a restart.
/// - One that the disk does not give (an I/O error) stays, and is tried again; those behind it are taken meanwhile.
/// - What does not read back, is too large or has another name than its id is answered with a refusal,
///   renamed to `ID.json.bad`, and named in the log.
#[derive(Clone, Debug)]
pub struct FileInbox {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    /// `None`: what was sent to whichever rollout is taken.
    rollout: Option<RolloutId>,
    /// Taken since `next(None)`, and not yet answered.
    taken: Arc<Mutex<BTreeSet<CommandId>>>,
}

impl FileInbox {
    /// The largest envelope: 64 KiB. A command is a few hundred bytes.
    pub const LARGEST: u64 = 64 * 1024;
    /// The folder is looked through this often: 200 ms, so that a person notices no delay.
    pub const EVERY: Duration = Duration::from_millis(200);

    /// The inbox in this folder, which is made if there is none.
    ///
    /// `clock` paces how often the folder is looked through: give it the driver's.
    ///
    /// # Errors
    /// [`InboxError::Storage`] when the folder cannot be made, or was there and is not ours alone to
    /// write to.
    pub fn open(folder: impl Into<PathBuf>, clock: Arc<dyn Clock>) -> Result<Self, InboxError> {
        let folder = folder.into();
        make_folder(&folder).map_err(storage("make the folder", &folder))?;
        is_ours(&folder).map_err(storage("take orders from", &folder))?;
        Ok(Self {
            folder,
            clock,
            rollout: None,
            taken: Arc::default(),
        })
    }

    /// The inbox of this rollout: it refuses what was [sent to](Self::send_to) another one, as to the one
    /// before it in the same place.
    ///
    /// Without it, and for envelopes that name no rollout, the place alone decides.
    #[must_use]
    pub fn of(mut self, rollout: RolloutId) -> Self {
        self.rollout = Some(rollout);
        self
    }

    /// The folder that belongs to a journal: `NAME.inbox` for `NAME.journal`.
    pub fn beside(journal: impl AsRef<Path>) -> PathBuf {
        journal.as_ref().with_extension("inbox")
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The first envelope in order of arrival that was neither answered nor taken.
    ///
    /// One that the disk does not give now is left for the next time, and holds up none behind it: that
    /// may be an abort.
    fn first(&self) -> Result<Option<Envelope>, InboxError> {
        self.first_read_by(Entry::read)
    }

    fn first_read_by(
        &self,
        read: impl Fn(&Entry) -> Result<Option<Addressed>, Unread>,
    ) -> Result<Option<Envelope>, InboxError> {
        is_ours(&self.folder).map_err(storage("take orders from", &self.folder))?;
        let waiting = entry::waiting(&self.folder, &self.taken())?;
        let mut unread = None;
        for entry in waiting {
            match read(&entry) {
                Ok(Some(Addressed { rollout, envelope })) => {
                    if let (Some(meant), Some(here)) = (&rollout, &self.rollout)
                        && meant != here
                    {
                        let why = format!("it was sent to rollout `{meant}`, and this is `{here}`");
                        if let Err(error) = self.write_answer(envelope.id(), &Answer::Refused(why))
                        {
                            unread.get_or_insert(error);
                        }
                        continue;
                    }
                    self.taken().insert(envelope.id().clone());
                    return Ok(Some(envelope));
                }
                // Withdrawn since the folder was listed.
                Ok(None) => {}
                Err(Unread::Bad(problem)) => match self.set_aside(&entry, problem) {
                    Ok(was) => return Err(was),
                    // It stays in the way, and holds up none behind it either.
                    Err(error) => {
                        unread.get_or_insert(error);
                    }
                },
                Err(Unread::Storage(error)) => {
                    unread.get_or_insert_with(|| storage("read", &entry.path)(error));
                }
            }
        }
        unread.map_or(Ok(None), Err)
    }

    /// Answers and renames what cannot be read, and says what it was.
    fn set_aside(&self, entry: &Entry, problem: String) -> Result<InboxError, InboxError> {
        if let Some(id) = &entry.id {
            let refused = Answer::Refused(format!("it cannot be read: {problem}"));
            self.write_answer(id, &refused)?;
        }
        let bad = super::files::with_suffix(&entry.path, ".bad");
        fs::rename(&entry.path, &bad).map_err(storage("set aside", &entry.path))?;
        Ok(InboxError::Damaged {
            place: self.folder.display().to_string(),
            entry: entry.name.clone(),
            problem,
        })
    }

    fn write_answer(&self, id: &CommandId, answer: &Answer) -> Result<(), InboxError> {
        let path = answer_path(&self.folder, id);
        let json =
            serde_json::to_vec(answer).map_err(|error| storage("write", &path)(error.into()))?;
        put(&path, &json).map_err(storage("write", &path))
    }

    fn taken(&self) -> MutexGuard<'_, BTreeSet<CommandId>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Inbox for FileInbox {
    async fn next(&self, after: Option<&CommandId>) -> Result<Envelope, InboxError> {
        if after.is_none() {
            self.taken().clear();
        }
        loop {
            if let Some(envelope) = self.first()? {
                return Ok(envelope);
            }
            self.clock.sleep_until(self.clock.now() + Self::EVERY).await;
        }
    }

    async fn answer(&self, id: &CommandId, answer: &Answer) -> Result<(), InboxError> {
        // Only what came through this folder is answered in it.
        if entry::is_name(id) && entry_path(&self.folder, id).exists() {
            self.write_answer(id, answer)?;
        }
        Ok(())
    }
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(folder)
}

/// Whoever may write to the folder may steer the rollout.
#[cfg(unix)]
fn is_ours(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs::metadata(folder)?;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other(format!(
            "it belongs to another user (id {}): remove it, and it is made anew",
            metadata.uid()
        )));
    }
    let mode = metadata.mode() & 0o7777;
    if mode & 0o022 != 0 {
        return Err(io::Error::other(format!(
            "others may write to it (its mode is {mode:04o}): look at what lies there, and `chmod go-w` it"
        )));
    }
    Ok(())
}

/// Elsewhere there are no modes to look at.
#[cfg(not(unix))]
fn is_ours(_: &Path) -> io::Result<()> {
    Ok(())
}

fn storage(operation: &str, path: &Path) -> impl FnOnce(io::Error) -> InboxError {
    let (operation, place) = (operation.to_owned(), path.display().to_string());
    move |error| InboxError::Storage {
        operation,
        place,
        source: error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollout::{Command, Wish};
    use crate::timestamp::Timestamp;
    use crate::world::VirtualClock;

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_may_write_to_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let parent = tempfile::TempDir::new().unwrap();
        let folder = parent.path().join("api.inbox");
        let open = || {
            let clock = VirtualClock::starting_at(Timestamp::from_millis(0));
            FileInbox::open(&folder, Arc::new(clock))
        };
        let with_mode = |mode| {
            fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
        };
        let inbox = open().unwrap();
        for (mode, is_fine) in [
            (0o755, true),
            (0o777, false),
            (0o720, false),
            (0o1777, false),
        ] {
            with_mode(mode);
            assert_eq!(open().is_ok(), is_fine, "{mode:o}");
            // Also while it is looked through.
            assert_eq!(inbox.first().is_ok(), is_fine, "{mode:o}");
        }
        let Err(InboxError::Storage { source, .. }) = open() else {
            panic!("it was opened");
        };
        assert!(source.to_string().contains("chmod go-w"), "{source}");
        with_mode(0o700);
        // Root may give a folder away, and nobody else may.
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(&folder, Some(65534), None).unwrap();
            assert!(open().is_err());
        }
    }

    #[test]
    fn an_envelope_that_the_disk_does_not_give_now_is_neither_lost_nor_in_the_way() {
        let folder = tempfile::TempDir::new().unwrap();
        let clock = VirtualClock::starting_at(Timestamp::from_millis(0));
        let inbox = FileInbox::open(folder.path(), Arc::new(clock)).unwrap();
        for (id, seconds) in [("abort", 1), ("pause", 2)] {
            let wish = Wish::Abort { force: false };
            let envelope = Envelope::Command(Command::new(id, "ann", wish));
            let path = folder.path().join(format!("{id}.json"));
            fs::write(&path, serde_json::to_vec(&envelope).unwrap()).unwrap();
            let at = std::time::UNIX_EPOCH + Duration::from_secs(seconds);
            fs::File::open(&path).unwrap().set_modified(at).unwrap();
        }
        let failing = |entry: &Entry| {
            if entry.name == "abort.json" {
                return Err(Unread::Storage(io::Error::other("too many open files")));
            }
            entry.read()
        };
        let taken = inbox.first_read_by(failing).unwrap().unwrap();
        assert_eq!(taken.id().0, "pause");
        let error = inbox.first_read_by(failing).unwrap_err();
        assert!(matches!(error, InboxError::Storage { .. }), "{error}");
        assert!(folder.path().join("abort.json").exists());
        assert!(!folder.path().join("abort.answer.json").exists());
        assert_eq!(inbox.first().unwrap().unwrap().id().0, "abort");
    }
}
