//! Journals: the suite that both pass, and what a file has to survive.
#![expect(
    clippy::unwrap_used,
    reason = "functions that tests share are tests as well"
)]

#[path = "driver_journal/holes.rs"]
mod holes;

use std::fs;
use std::path::PathBuf;

use strategy_core::conformance::journal as suite;
use strategy_core::driver::{FileJournal, MemoryJournal};
use strategy_core::journal::{Journal, JournalError, Sequence};
use strategy_core::rollout::Record;
use tempfile::TempDir;

macro_rules! suite_tests {
    ($($promise:ident),* $(,)?) => {
        mod in_memory {
            use super::*;
            $(#[tokio::test]
            async fn $promise() {
                suite::$promise(&MemoryJournal::new()).await;
            })*
        }
        mod in_a_file {
            use super::*;
            $(#[tokio::test]
            async fn $promise() {
                let folder = TempDir::new().unwrap();
                let journal = FileJournal::create(folder.path().join("a.journal")).unwrap();
                suite::$promise(&journal).await;
            })*
        }
    };
}

suite_tests!(
    begins_empty,
    keeps_order_and_counts,
    an_empty_batch_changes_nothing,
    another_sequence_is_refused,
    a_lost_answer_is_success,
    another_batch_at_the_same_place_conflicts,
    one_of_two_writers_wins,
    compaction_leaves_one_record_and_counts_on,
    a_lost_answer_to_a_compaction_is_success,
    large_and_odd_records_come_back,
);

struct Files {
    _folder: TempDir,
    path: PathBuf,
}

fn files() -> Files {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("state/a.journal");
    Files {
        _folder: folder,
        path,
    }
}

fn records(numbers: std::ops::Range<u64>) -> Vec<Record> {
    numbers.map(|number| suite::record(number, 10)).collect()
}

/// Two batches of two records, and the lock given back.
async fn two_batches(files: &Files) -> Vec<Record> {
    let all = records(0..4);
    let journal = FileJournal::create(&files.path).unwrap();
    journal.append(Sequence(0), &all[..2]).await.unwrap();
    journal.append(Sequence(2), &all[2..]).await.unwrap();
    all
}

#[tokio::test]
async fn what_was_appended_is_there_after_opening_again() {
    let files = files();
    let all = two_batches(&files).await;
    let journal = FileJournal::open(&files.path).unwrap();
    assert_eq!(journal.read().await.unwrap().records, all);
    journal.append(Sequence(2), &all[2..]).await.unwrap();
    journal.compact(Sequence(4), &all[0]).await.unwrap();
    drop(journal);
    let read = FileJournal::peek(&files.path).unwrap();
    assert_eq!(
        (read.sequence, read.records),
        (Sequence(5), vec![all[0].clone()])
    );
}

#[tokio::test]
async fn a_file_cut_at_any_byte_loses_at_most_the_last_batch_and_goes_on() {
    let files = files();
    let all = two_batches(&files).await;
    let whole = fs::read(&files.path).unwrap();
    let lines: Vec<usize> = whole
        .iter()
        .enumerate()
        .filter_map(|(at, byte)| (*byte == b'\n').then_some(at + 1))
        .collect();
    for cut in 0..=whole.len() {
        fs::write(&files.path, &whole[..cut]).unwrap();
        let batches = lines.iter().skip(1).filter(|end| **end <= cut).count();
        let journal = FileJournal::open(&files.path).unwrap();
        let read = journal.read().await.unwrap();
        assert_eq!(read.records, all[..2 * batches], "cut at {cut}");
        assert_eq!(
            fs::read(&files.path).unwrap(),
            &whole[..cut],
            "reading wrote"
        );
        let more = records(7..8);
        journal.append(read.sequence, &more).await.unwrap();
        let again = FileJournal::peek(&files.path).unwrap();
        assert_eq!(
            again.records,
            [&all[..2 * batches], &more].concat(),
            "cut at {cut}"
        );
    }
}

#[tokio::test]
async fn a_flipped_bit_anywhere_is_named_and_nothing_is_changed() {
    let files = files();
    two_batches(&files).await;
    let whole = fs::read(&files.path).unwrap();
    let starts: Vec<usize> = std::iter::once(0)
        .chain(
            whole
                .iter()
                .enumerate()
                .filter_map(|(at, byte)| (*byte == b'\n').then_some(at + 1)),
        )
        .collect();
    for at in 0..whole.len() - 1 {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&files.path, &bytes).unwrap();
        let line = *starts.iter().rev().find(|start| **start <= at).unwrap();
        for opened in [
            FileJournal::open(&files.path).map(|_| ()),
            FileJournal::peek(&files.path).map(|_| ()),
        ] {
            match opened {
                Err(JournalError::Damaged { offset, .. }) => {
                    assert_eq!(offset, line as u64, "bit of byte {at}");
                }
                other => panic!("bit of byte {at}: {other:?}"),
            }
        }
        assert_eq!(fs::read(&files.path).unwrap(), bytes);
    }
}

/// A line with the right checksum and length, whatever it says.
fn line(sequence: u64, count: usize, json: &str) -> String {
    use sha2::Digest as _;
    let body = format!("{} {sequence} {count} {json}", json.len());
    let sum: String = sha2::Sha256::digest(body.as_bytes())
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{sum} {body}\n")
}

#[tokio::test]
async fn a_record_of_a_later_version_is_not_taken_for_a_torn_one() {
    let files = files();
    two_batches(&files).await;
    let mut text = fs::read_to_string(&files.path).unwrap();
    text.push_str(&line(4, 1, r#"[{"record":"from-the-future"}]"#));
    fs::write(&files.path, &text).unwrap();
    let error = FileJournal::open(&files.path).unwrap_err().to_string();
    assert!(
        error.contains("no record that this version knows"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(&files.path).unwrap(), text);
}

#[tokio::test]
async fn a_sequence_that_leaves_nothing_to_count_on_with_is_damage() {
    let files = files();
    let journal = FileJournal::create(&files.path).unwrap();
    let json = serde_json::to_string(&records(0..1)).unwrap();
    for (sequence, is_fine) in [
        (u64::MAX / 2, true),
        (u64::MAX / 2 + 1, false),
        (u64::MAX - 1, false),
        (u64::MAX, false),
    ] {
        let text = format!("rollway-journal 1\n{}", line(sequence, 1, &json));
        fs::write(&files.path, &text).unwrap();
        let read = FileJournal::peek(&files.path);
        assert_eq!(read.is_ok(), is_fine, "{sequence}");
        let more = journal.append(Sequence(sequence), &records(1..2)).await;
        assert!(matches!(
            more,
            Err(JournalError::Conflict { .. } | JournalError::Damaged { .. })
        ));
        assert_eq!(fs::read_to_string(&files.path).unwrap(), text);
    }
}

#[tokio::test]
async fn a_second_writer_is_refused_by_the_lock_and_a_reader_is_not() {
    let files = files();
    let all = records(0..1);
    let journal = FileJournal::create(&files.path).unwrap();
    journal.append(Sequence(0), &all).await.unwrap();
    for second in [
        FileJournal::open(&files.path),
        FileJournal::create(&files.path),
    ] {
        assert!(
            matches!(second, Err(JournalError::Locked { .. })),
            "{second:?}"
        );
    }
    assert_eq!(FileJournal::peek(&files.path).unwrap().records, all);
    drop(journal);
    assert!(FileJournal::open(&files.path).is_ok());
}

#[tokio::test]
async fn a_second_writer_is_refused_by_sequence_where_locks_do_not_work() {
    let files = files();
    let first = FileJournal::create(&files.path).unwrap();
    first.append(Sequence(0), &records(0..1)).await.unwrap();
    // As on a file system whose locks mean nothing.
    fs::remove_file(files.path.with_file_name("a.journal.lock")).unwrap();
    let second = FileJournal::open(&files.path).unwrap();
    second.append(Sequence(1), &records(1..2)).await.unwrap();
    let refused = first.append(Sequence(1), &records(2..3)).await;
    assert!(
        matches!(
            refused,
            Err(JournalError::Conflict {
                expected: 1,
                found: 2
            })
        ),
        "{refused:?}"
    );
    second
        .compact(Sequence(2), &suite::record(3, 0))
        .await
        .unwrap();
    let refused = first.append(Sequence(1), &records(2..3)).await;
    assert!(
        matches!(refused, Err(JournalError::Conflict { .. })),
        "{refused:?}"
    );
    assert_eq!(
        FileJournal::peek(&files.path).unwrap().sequence,
        Sequence(3)
    );
}

#[tokio::test]
async fn a_file_that_was_replaced_or_removed_is_noticed() {
    let files = files();
    let journal = FileJournal::create(&files.path).unwrap();
    journal.append(Sequence(0), &records(0..1)).await.unwrap();
    let copy = files.path.with_file_name("copy");
    fs::copy(&files.path, &copy).unwrap();
    fs::rename(&copy, &files.path).unwrap();
    let refused = journal.append(Sequence(1), &records(1..2)).await;
    assert!(
        matches!(refused, Err(JournalError::Conflict { .. })),
        "{refused:?}"
    );
    fs::remove_file(&files.path).unwrap();
    let refused = journal.append(Sequence(1), &records(1..2)).await;
    assert!(
        matches!(refused, Err(JournalError::Conflict { .. })),
        "{refused:?}"
    );
    assert!(!files.path.exists());
}

#[tokio::test]
async fn a_failed_write_is_repeated_on_a_new_file() {
    let files = files();
    let journal = FileJournal::create(&files.path).unwrap();
    let all = records(0..3);
    journal.append(Sequence(0), &all[..1]).await.unwrap();
    // A folder in the way of the new file makes a compaction fail.
    let in_the_way = files.path.with_file_name("a.journal.new");
    fs::create_dir(&in_the_way).unwrap();
    let failed = journal.compact(Sequence(1), &all[1]).await;
    assert!(
        matches!(failed, Err(JournalError::Storage { .. })),
        "{failed:?}"
    );
    let failed = journal.append(Sequence(1), &all[1..]).await;
    assert!(
        matches!(failed, Err(JournalError::Storage { .. })),
        "{failed:?}"
    );
    assert_eq!(journal.read().await.unwrap().records, all[..1]);
    fs::remove_dir(&in_the_way).unwrap();
    journal.append(Sequence(1), &all[1..]).await.unwrap();
    assert_eq!(FileJournal::peek(&files.path).unwrap().records, all);
    journal.append(Sequence(3), &all[..1]).await.unwrap();
}

#[tokio::test]
async fn creating_over_a_rollout_and_opening_nothing_are_refused() {
    let files = files();
    let missing = FileJournal::open(&files.path);
    assert!(
        matches!(missing, Err(JournalError::Missing { .. })),
        "{missing:?}"
    );
    assert!(matches!(
        FileJournal::peek(&files.path),
        Err(JournalError::Missing { .. })
    ));
    two_batches(&files).await;
    let exists = FileJournal::create(&files.path);
    assert!(
        matches!(exists, Err(JournalError::Exists { .. })),
        "{exists:?}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let files = files();
    two_batches(&files).await;
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&files.path), 0o600);
    let journal = FileJournal::open(&files.path).unwrap();
    journal
        .compact(Sequence(4), &suite::record(0, 0))
        .await
        .unwrap();
    assert_eq!(mode(&files.path), 0o600);
}

#[cfg(unix)]
#[test]
fn a_journal_that_cannot_be_opened_is_not_taken_for_none() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a.journal");
    std::os::unix::fs::symlink(&path, &path).unwrap();
    let peeked = FileJournal::peek(&path);
    assert!(
        matches!(peeked, Err(JournalError::Storage { .. })),
        "{peeked:?}"
    );
    let created = FileJournal::create(&path);
    assert!(
        matches!(created, Err(JournalError::Storage { .. })),
        "{created:?}"
    );
    let missing = FileJournal::peek(folder.path().join("b.journal"));
    assert!(
        matches!(missing, Err(JournalError::Missing { .. })),
        "{missing:?}"
    );
}

#[test]
fn a_header_of_no_later_format_is_damage() {
    let files = files();
    fs::create_dir_all(files.path.parent().unwrap()).unwrap();
    for header in ["rollway-journal 01\n", "rollway-journal 0\n"] {
        fs::write(&files.path, header).unwrap();
        let read = FileJournal::peek(&files.path);
        assert!(
            matches!(read, Err(JournalError::Damaged { .. })),
            "{read:?}"
        );
    }
    fs::write(&files.path, "rollway-journal 2\n").unwrap();
    let read = FileJournal::peek(&files.path);
    assert!(matches!(read, Err(JournalError::TooNew { .. })), "{read:?}");
}
