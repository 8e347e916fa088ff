//! Every target over the inputs that are kept for it, on any toolchain and in a moment.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "functions that tests share are tests as well"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fuzz::TARGETS;

/// More than this is an archive and not a selection.
const MOST_FILES: usize = 300;
const MOST_BYTES: usize = 300 * 1024;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn names(folder: &Path) -> BTreeSet<String> {
    let files = fs::read_dir(folder).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.collect()
}

/// Runs a target over its corpus; the output names the input that it is at.
#[track_caller]
fn holds(name: &str) {
    let (_, target) = TARGETS.iter().find(|(target, _)| *target == name).unwrap();
    let corpus = folder("corpus").join(name);
    let inputs = names(&corpus);
    assert!(inputs.len() > 4, "{name} is tried on {inputs:?} alone");
    for input in inputs {
        println!("{name}/{input}");
        target(&fs::read(corpus.join(&input)).unwrap());
    }
    // What any target has to bear.
    target(b"");
    target(b"\n");
    target(&[0; 64]);
    target(&[0xff; 64]);
}

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            holds(stringify!($name));
        })*

        #[test]
        fn every_target_has_a_test_a_corpus_and_a_program() {
            let named: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
            let tested = [$(stringify!($name)),*].map(str::to_owned);
            assert_eq!(BTreeSet::from(tested), named);
            assert_eq!(names(&folder("corpus")), named);
            let programs = named.iter().map(|name| format!("{name}.rs")).collect();
            assert_eq!(names(&folder("libfuzzer/targets")), programs);
            let manifest = fs::read_to_string(folder("libfuzzer/Cargo.toml")).unwrap();
            for name in &named {
                assert!(manifest.contains(&format!("path = \"targets/{name}.rs\"")), "{name}");
                let program = folder("libfuzzer/targets").join(format!("{name}.rs"));
                let calls = format!("fuzz::{name}(bytes)");
                assert!(fs::read_to_string(program).unwrap().contains(&calls), "{name}");
            }
        }
    };
}

targets!(
    claims,
    damage,
    inbox,
    journal,
    recorded,
    records,
    rollout_file,
    scenario,
    text,
    wiring
);

#[test]
fn the_corpus_is_a_selection() {
    let (mut files, mut bytes) = (0, 0);
    for (name, _) in TARGETS {
        let corpus = folder("corpus").join(name);
        for input in names(&corpus) {
            files += 1;
            bytes += fs::read(corpus.join(input)).unwrap().len();
        }
    }
    assert!(
        files <= MOST_FILES && bytes <= MOST_BYTES,
        "{files} files, {bytes} bytes"
    );
}
