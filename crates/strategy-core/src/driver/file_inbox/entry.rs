//! One file of an inbox folder: its name, its size, its envelope.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::{FileInbox, storage};
use crate::inbox::{Envelope, InboxError};
use crate::rollout::CommandId;
use crate::target::RolloutId;

const ENVELOPE: &str = ".json";
const ANSWER: &str = ".answer.json";

/// Whether an id can be a file's name: 1 to 100 of `a-z A-Z 0-9 - _ .`, not beginning with `.`, and not
/// to be taken for an answer.
pub(super) fn is_name(id: &CommandId) -> bool {
    let text = id.0.as_str();
    (1..=100).contains(&text.len())
        && !text.starts_with('.')
        && !text.ends_with(".answer")
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

pub(super) fn entry_path(folder: &Path, id: &CommandId) -> PathBuf {
    folder.join(format!("{id}{ENVELOPE}"))
}

pub(super) fn answer_path(folder: &Path, id: &CommandId) -> PathBuf {
    folder.join(format!("{id}{ANSWER}"))
}

/// An envelope as it lies in its file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Addressed<E = Envelope> {
    /// `None`: whichever rollout looks here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rollout: Option<RolloutId>,
    #[serde(flatten)]
    pub(super) envelope: E,
}

/// A file that may be an envelope.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) name: String,
    /// `None`: the name is none that an envelope can have.
    pub(super) id: Option<CommandId>,
    arrived: SystemTime,
}

/// What waits for an answer and is not in `taken`, in order of arrival.
pub(super) fn waiting(
    folder: &Path,
    taken: &BTreeSet<CommandId>,
) -> Result<Vec<Entry>, InboxError> {
    let failed = || storage("look through", folder);
    let mut names = BTreeSet::new();
    for file in fs::read_dir(folder).map_err(failed())? {
        let file = file.map_err(failed())?;
        names.insert(file.file_name().to_string_lossy().into_owned());
    }
    let mut entries = Vec::new();
    for name in &names {
        let Some(stem) = name
            .strip_suffix(ENVELOPE)
            .filter(|_| !name.ends_with(ANSWER))
        else {
            continue;
        };
        let id = CommandId(stem.to_owned());
        if taken.contains(&id) || names.contains(&format!("{stem}{ANSWER}")) {
            continue;
        }
        let path = folder.join(name);
        let arrived = match fs::symlink_metadata(&path).and_then(|metadata| metadata.modified()) {
            Ok(arrived) => arrived,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(storage("look at", &path)(error)),
        };
        entries.push(Entry {
            path,
            name: name.clone(),
            id: is_name(&id).then_some(id),
            arrived,
        });
    }
    entries.sort_by(|a, b| (a.arrived, &a.name).cmp(&(b.arrived, &b.name)));
    Ok(entries)
}

/// Why an entry gives no envelope.
#[derive(Debug)]
pub(super) enum Unread {
    /// What lies there is no envelope, and never will be.
    Bad(String),
    /// It could not be read now; later it may be, so nothing is done to it.
    Storage(io::Error),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::Storage(error)
    }
}

fn bad(problem: impl Into<String>) -> Unread {
    Unread::Bad(problem.into())
}

impl Entry {
    /// Its envelope; `None` if it has gone meanwhile.
    pub(super) fn read(&self) -> Result<Option<Addressed>, Unread> {
        self.read_by(|path| File::open(path))
    }

    fn read_by<R: Read>(
        &self,
        open: impl FnOnce(&Path) -> io::Result<R>,
    ) -> Result<Option<Addressed>, Unread> {
        let id = self
            .id
            .as_ref()
            .ok_or_else(|| bad("its name is no id: use letters, digits, `-`, `_` and `.`"))?;
        match fs::symlink_metadata(&self.path) {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => return Err(bad("it is no file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let file = match open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut bytes = Vec::new();
        file.take(FileInbox::LARGEST + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > FileInbox::LARGEST {
            return Err(bad(format!(
                "it has more than {} bytes",
                FileInbox::LARGEST
            )));
        }
        let addressed: Addressed =
            serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))?;
        if addressed.envelope.id() == id {
            Ok(Some(addressed))
        } else {
            Err(bad("its id is not its name"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollout::{Command, Wish};

    /// A file whose disk fails in the middle.
    struct Failing(&'static [u8]);

    impl Read for Failing {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            match self.0.read(into)? {
                0 => Err(io::Error::other("input/output error")),
                read => Ok(read),
            }
        }
    }

    #[test]
    fn what_the_disk_does_is_not_held_against_an_envelope() {
        let folder = tempfile::TempDir::new().unwrap();
        fs::write(folder.path().join("abort.json"), "{").unwrap();
        let entry = waiting(folder.path(), &BTreeSet::new()).unwrap().remove(0);
        let no_handles = entry.read_by(|_| Err::<File, _>(io::Error::other("too many open files")));
        assert!(
            matches!(no_handles, Err(Unread::Storage(_))),
            "{no_handles:?}"
        );
        let breaks = entry.read_by(|_| Ok(Failing(b"{\"command\"")));
        assert!(matches!(breaks, Err(Unread::Storage(_))), "{breaks:?}");
        let gone = entry.read_by(|_| Err::<File, _>(io::ErrorKind::NotFound.into()));
        assert!(matches!(gone, Ok(None)), "{gone:?}");
        let cut = entry.read();
        assert!(matches!(cut, Err(Unread::Bad(_))), "{cut:?}");
        fs::remove_file(folder.path().join("abort.json")).unwrap();
        let taken_back = entry.read();
        assert!(matches!(taken_back, Ok(None)), "{taken_back:?}");
    }

    #[test]
    fn an_envelope_that_is_too_large_is_none_whatever_it_begins_with() {
        let folder = tempfile::TempDir::new().unwrap();
        let command = Command::new("abort", "ada", Wish::Abort { force: false });
        let addressed = Addressed {
            rollout: None,
            envelope: Envelope::Command(command),
        };
        let mut text = serde_json::to_string(&addressed).unwrap();
        let path = folder.path().join("abort.json");
        let largest = usize::try_from(FileInbox::LARGEST).unwrap();
        text += &" ".repeat(largest - text.len());
        fs::write(&path, &text).unwrap();
        let entry = waiting(folder.path(), &BTreeSet::new()).unwrap().remove(0);
        assert!(matches!(entry.read(), Ok(Some(_))));
        fs::write(&path, text + " ").unwrap();
        let read = entry.read();
        assert!(matches!(read, Err(Unread::Bad(_))), "{read:?}");
    }
}
