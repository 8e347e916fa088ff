//! One file of an inbox folder: its name, its size, its envelope.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
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

impl Entry {
    /// Its envelope; `None` if it has gone meanwhile.
    pub(super) fn read(&self) -> Result<Option<Addressed>, String> {
        let id = self
            .id
            .as_ref()
            .ok_or("its name is no id: use letters, digits, `-`, `_` and `.`")?;
        let in_words = |error: io::Error| error.to_string();
        let metadata = match fs::symlink_metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(in_words(error)),
        };
        if !metadata.is_file() {
            return Err("it is no file".to_owned());
        }
        let mut bytes = Vec::new();
        File::open(&self.path)
            .and_then(|file| file.take(FileInbox::LARGEST + 1).read_to_end(&mut bytes))
            .map_err(in_words)?;
        if bytes.len() as u64 > FileInbox::LARGEST {
            return Err(format!("it has more than {} bytes", FileInbox::LARGEST));
        }
        let addressed: Addressed =
            serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        if addressed.envelope.id() == id {
            Ok(Some(addressed))
        } else {
            Err("its id is not its name".to_owned())
        }
    }
}
