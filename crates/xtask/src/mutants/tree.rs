//! A copy of the sources to write mutants into, below the target folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::area;
use crate::error::TaskError;
use crate::workspace::{root, target};

/// What is copied: the crate, and the pages that its tests read.
const COPIED: [&str; 4] = ["Cargo.toml", "Cargo.lock", "crates/strategy-core", "docs"];

/// The copy.
#[derive(Debug)]
pub(super) struct Tree {
    root: PathBuf,
    /// The library's own files as they were, whatever is done to them meanwhile.
    sources: BTreeMap<String, String>,
}

impl Tree {
    /// A copy of that name, of everything but the library's own files, which are still to be written.
    pub(super) fn copy(name: &str) -> Result<Self, TaskError> {
        let files = files_of(root())?;
        let mut sources = BTreeMap::new();
        for file in files.iter().filter(|file| is_source(file)) {
            let path = root().join(file);
            let text = fs::read_to_string(&path).map_err(TaskError::file("read", path))?;
            sources.insert(file.to_string_lossy().into_owned(), text);
        }
        let tree = Self {
            root: target().join("mutants").join(name),
            sources,
        };
        for file in files_of(&tree.root)?.difference(&files) {
            let path = tree.root.join(file);
            fs::remove_file(&path).map_err(TaskError::file("remove", path))?;
        }
        for file in files.iter().filter(|file| !is_source(file)) {
            let path = root().join(file);
            let bytes = fs::read(&path).map_err(TaskError::file("read", path))?;
            tree.write_bytes(file, &bytes)?;
        }
        Ok(tree)
    }

    /// Its root folder.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Writes the library as it is.
    pub(super) fn restore(&self) -> Result<(), TaskError> {
        for (file, text) in &self.sources {
            self.write(file, text)?;
        }
        Ok(())
    }

    /// The Rust files of the library, with their texts.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        let sources = self.sources.iter();
        sources.map(|(file, text)| (file.as_str(), text.as_str()))
    }

    /// The text of a file of the library.
    pub(super) fn source(&self, file: &str) -> &str {
        self.sources.get(file).map_or("", String::as_str)
    }

    /// Writes a file of the copy. What is equal is not written, so that it is not built again.
    pub(super) fn write(&self, file: &str, text: &str) -> Result<(), TaskError> {
        self.write_bytes(Path::new(file), text.as_bytes())
    }

    fn write_bytes(&self, file: &Path, bytes: &[u8]) -> Result<(), TaskError> {
        let path = self.root.join(file);
        if fs::read(&path).is_ok_and(|there| there == bytes) {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(TaskError::file("create", folder))?;
        }
        fs::write(&path, bytes).map_err(TaskError::file("write", path))
    }
}

fn is_source(file: &Path) -> bool {
    file.starts_with(area::SOURCE) && file.extension().is_some_and(|ending| ending == "rs")
}

fn files_of(root: &Path) -> Result<BTreeSet<PathBuf>, TaskError> {
    let mut files = BTreeSet::new();
    for copied in COPIED {
        walk(root, &root.join(copied), &mut files)?;
    }
    Ok(files)
}

fn walk(root: &Path, path: &Path, files: &mut BTreeSet<PathBuf>) -> Result<(), TaskError> {
    if path.is_dir() {
        for entry in fs::read_dir(path).map_err(TaskError::file("read", path))? {
            let entry = entry.map_err(TaskError::file("read", path))?;
            walk(root, &entry.path(), files)?;
        }
    } else if path.is_file()
        && let Ok(relative) = path.strip_prefix(root)
    {
        files.insert(relative.to_owned());
    }
    Ok(())
}
