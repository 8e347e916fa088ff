//! Journals that another version wrote: a newer one is refused as such and untouched, an older one is
//! compacted before anything is added.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::*;

/// A rollout that was left half-way, in a file.
fn half(world: &World, folder: &TempDir) -> PathBuf {
    let path = folder.path().join("a.journal");
    let journal = FileJournal::create(&path).unwrap();
    let run = started(world, driver(world).journal(journal));
    assert!(poll_at_most(world, run, 15).is_none());
    path
}

/// The same file with one line changed, and its checksum and length as they must be then.
fn rewrite(path: &Path, line: usize, change: impl Fn(&str) -> String) {
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().enumerate().map(|(index, text)| {
        if index != line {
            return format!("{text}\n");
        }
        let fields: Vec<_> = text.splitn(5, ' ').collect();
        let json = change(fields[4]);
        assert_ne!(json, fields[4], "nothing was changed");
        sealed(&format!(
            "{} {} {} {json}",
            json.len(),
            fields[2],
            fields[3]
        ))
    });
    std::fs::write(path, lines.collect::<String>()).unwrap();
}

fn sealed(body: &str) -> String {
    let mut sum = String::new();
    for byte in Sha256::digest(body.as_bytes()).iter().take(8) {
        write!(sum, "{byte:02x}").unwrap();
    }
    format!("{sum} {body}\n")
}

/// As a version 1.1 would write it.
fn newer(json: &str) -> String {
    let version = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    json.replacen("\"schema\":1", "\"schema\":2", 1)
        .replacen(&version, "\"version\":\"1.1.0\"", 1)
}

#[track_caller]
fn assert_too_new(path: &Path) {
    let before = std::fs::read(path).unwrap();
    for error in [
        FileJournal::open(path).unwrap_err(),
        FileJournal::peek(path).unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(text.contains("newer version"), "{text}");
        assert!(
            text.contains("schema 2") && text.contains("1.1.0"),
            "{text}"
        );
    }
    assert_eq!(std::fs::read(path).unwrap(), before);
}

#[test]
fn a_journal_of_a_newer_version_is_refused_as_such_and_untouched() {
    let (world, folder) = (world(), TempDir::new().unwrap());
    let path = half(&world, &folder);
    let untouched = std::fs::read(&path).unwrap();
    // With the same fields, as far as this version knows.
    rewrite(&path, 1, newer);
    assert_too_new(&path);
    // With a state that this version does not know.
    std::fs::write(&path, &untouched).unwrap();
    rewrite(&path, 1, |json| {
        newer(json).replacen("\"state\":\"claiming\"", "\"state\":\"electing\"", 1)
    });
    assert_too_new(&path);
    // With records of a kind that this version does not know behind it.
    std::fs::write(&path, &untouched).unwrap();
    rewrite(&path, 1, newer);
    rewrite(&path, 2, |json| json.replacen('{', "{\"remark\":{}},{", 1));
    assert_too_new(&path);
}

#[test]
fn a_newer_snapshot_behind_an_older_one_is_refused_as_well() {
    let (world, folder) = (world(), TempDir::new().unwrap());
    let path = half(&world, &folder);
    let text = std::fs::read_to_string(&path).unwrap();
    let first: Vec<_> = text.lines().nth(1).unwrap().splitn(5, ' ').collect();
    let json = newer(first[4]);
    let sequence = FileJournal::peek(&path).unwrap().sequence.0;
    let line = sealed(&format!("{} {sequence} 1 {json}", json.len()));
    std::fs::write(&path, format!("{text}{line}")).unwrap();
    assert_too_new(&path);
}

#[test]
fn a_file_format_of_a_newer_version_is_refused_as_such() {
    let (world, folder) = (world(), TempDir::new().unwrap());
    let path = half(&world, &folder);
    let text = std::fs::read_to_string(&path).unwrap();
    let newer = text.replacen("rollway-journal 1\n", "rollway-journal 2\n", 1);
    std::fs::write(&path, newer).unwrap();
    let error = FileJournal::open(&path).unwrap_err().to_string();
    assert!(error.contains("newer version"), "{error}");
    std::fs::write(
        &path,
        text.replacen("rollway-journal 1", "rollway-diary 1", 1),
    )
    .unwrap();
    let error = FileJournal::open(&path).unwrap_err();
    assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
}

/// What a journal in memory or elsewhere hands over as records.
fn records_of(version: &str, schema: u32, journal: &MemoryJournal) -> Vec<Record> {
    let mut records = read(journal).records;
    let Some(Record::Snapshot(snapshot)) = records.first_mut() else {
        panic!("a journal begins with a snapshot");
    };
    snapshot.version = version.to_owned();
    snapshot.schema = schema;
    records
}

#[test]
fn every_snapshot_is_asked_for_its_schema_also_where_no_file_is_read() {
    let (world, journal) = (world(), MemoryJournal::new());
    let run = started(&world, driver(&world).journal(journal.clone()));
    assert!(poll_at_most(&world, run, 15).is_none());
    let newer = records_of("1.1.0", 2, &journal);
    let mut both = read(&journal).records;
    both.push(newer[0].clone());
    for records in [newer, both] {
        let error = strategy_core::Rollout::replay(&records, true).unwrap_err();
        let RecoverError::TooNew { found, version, .. } = error else {
            panic!("{error}");
        };
        assert_eq!((found, version.as_str()), (2, "1.1.0"));
        // As text, in a journal of somebody's own, it is refused before what it holds is looked at.
        let text = serde_json::to_string(&records).unwrap();
        let at = text.rfind("\"state\":\"claiming\"").unwrap();
        let text = text[..at].to_owned() + &text[at..].replacen("claiming", "electing", 1);
        let error = serde_json::from_str::<Vec<Record>>(&text).unwrap_err();
        assert!(error.to_string().contains("newer version"), "{error}");
    }
}

#[test]
fn a_journal_of_another_version_is_compacted_before_anything_is_added() {
    let (world, journal) = (world(), MemoryJournal::new());
    let run = started(&world, driver(&world).journal(journal.clone()));
    assert!(poll_at_most(&world, run, 15).is_none());
    let ours = MemoryJournal::new();
    let theirs = MemoryJournal::new();
    for (copy, version) in [(&ours, env!("CARGO_PKG_VERSION")), (&theirs, "0.0.9")] {
        let records = records_of(version, 1, &journal);
        world
            .block_on(copy.append(Sequence(0), &records))
            .unwrap()
            .unwrap();
    }
    let before = read(&ours);
    for (copy, compacted) in [(&ours, false), (&theirs, true)] {
        let (_, run) = world
            .block_on(driver(&world).journal(copy.clone()).resume())
            .unwrap()
            .unwrap();
        assert_eq!(
            read(copy).sequence,
            before.sequence,
            "resume alone writes nothing"
        );
        assert!(poll_at_most(&world, run, 1).is_none());
        let recorded = read(copy);
        assert!(recorded.sequence > before.sequence);
        let Some(Record::Snapshot(first)) = recorded.records.first() else {
            panic!("a journal begins with a snapshot");
        };
        assert_eq!(first.version, env!("CARGO_PKG_VERSION"));
        let stays = recorded.records.first() == before.records.first();
        assert_eq!(stays, !compacted);
    }
    let (_, run) = world
        .block_on(driver(&world).journal(theirs).resume())
        .unwrap()
        .unwrap();
    assert_eq!(world.block_on(run).unwrap().unwrap(), Outcome::Promoted);
}
