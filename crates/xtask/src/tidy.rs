//! What holds for the repository as a whole, as tests.

mod dependencies;
mod files;
mod growth;
mod links;

use std::fs;
use std::path::{Path, PathBuf};

use crate::workspace::root;

/// Folders of the root that are not part of the repository.
const NOT_OURS: [&str; 3] = ["target", ".git", ".rollway"];

/// Every file of the repository, with its text, in a fixed order; paths are relative to the root.
fn files() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    walk(root(), &mut found);
    found.sort();
    assert!(found.len() > 20, "this cannot be all: {found:?}");
    found
}

/// The files whose names end in `ending`.
fn files_ending(ending: &str) -> Vec<(PathBuf, String)> {
    files()
        .into_iter()
        .filter(|(path, _)| path.to_string_lossy().ends_with(ending))
        .collect()
}

fn walk(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let relative = path.strip_prefix(root()).unwrap();
        if NOT_OURS.iter().any(|name| relative == Path::new(name)) {
            continue;
        }
        if path.is_dir() {
            walk(&path, found);
        } else if let Ok(text) = fs::read_to_string(&path) {
            found.push((relative.to_owned(), text));
        }
    }
}

/// Fails with every complaint at once, and what the rule is.
#[track_caller]
fn assert_none(rule: &str, complaints: &[String]) {
    assert!(complaints.is_empty(), "{rule}:\n{}", complaints.join("\n"));
}
