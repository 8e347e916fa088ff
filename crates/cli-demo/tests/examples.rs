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

#[test]
fn the_programs_that_examples_name_are_beside_them() {
    for path in examples() {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_rollway"))
            .args(["plan", "--offline"])
            .arg(path.file_name().unwrap())
            .current_dir(path.parent().unwrap())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        if cfg!(not(feature = "ecs")) && path.to_string_lossy().ends_with("-ecs.yaml") {
            assert!(said.contains("built without Amazon ECS"), "{said}");
            continue;
        }
        assert!(output.status.success(), "{}: {said}", path.display());
        assert!(!said.contains("not here"), "{}: {said}", path.display());
    }
}
