//! The rollout files in `examples/` say what they mean to say.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use std::path::{Path, PathBuf};

use cli_demo::file::RolloutFile;

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    files.sort();
    files
}

#[test]
fn every_example_is_a_rollout() {
    let files = examples();
    assert!(files.len() >= 5, "{files:?}");
    for path in files {
        let (file, source) = RolloutFile::read(&path).unwrap();
        let intent = file.intent(&[]).map_err(|mistake| source.locate(mistake));
        intent.unwrap_or_else(|error| panic!("{error}"));
    }
}
