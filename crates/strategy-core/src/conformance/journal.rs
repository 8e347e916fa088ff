//! What every journal promises: one function per promise, each to be called with an empty journal.
//!
//! Not covered by semantic versioning. Destructive for what it is pointed at.

use std::time::Duration;

use crate::journal::{Journal, JournalError, Sequence};
use crate::rollout::{Command, Decision, Input, Record, Wish};
use crate::timestamp::Timestamp;

/// A record that differs from those of other numbers, padded to at least so many bytes.
pub fn record(number: u64, bytes: usize) -> Record {
    let command = Command::new(format!("command-{number}"), "conformance", Wish::Pause)
        .because("x".repeat(bytes));
    Record::Decision(Box::new(Decision {
        wall: Timestamp::from_millis(number),
        machine: Timestamp::from_millis(number),
        ahead: Duration::ZERO,
        input: Input::Commanded(command),
        effects: Vec::new(),
    }))
}

fn records(numbers: std::ops::Range<u64>) -> Vec<Record> {
    numbers.map(|number| record(number, 0)).collect()
}

#[track_caller]
fn done(what: &str, result: &Result<(), JournalError>) {
    assert!(result.is_ok(), "{what}: {result:?}");
}

#[track_caller]
fn conflicts(what: &str, result: &Result<(), JournalError>, expected: u64, found: u64) {
    let as_expected = matches!(
        result,
        Err(JournalError::Conflict { expected: e, found: f }) if (*e, *f) == (expected, found)
    );
    assert!(
        as_expected,
        "{what}: expected a conflict of {expected} with {found}, got {result:?}"
    );
}

async fn holds(what: &str, journal: &dyn Journal, sequence: u64, records: &[Record]) {
    let read = journal.read().await;
    let same = read
        .as_ref()
        .is_ok_and(|read| read.sequence == Sequence(sequence) && read.records == records);
    assert!(
        same,
        "{what}: expected {} records up to {sequence}, got {read:?}",
        records.len()
    );
}

/// An empty journal reads as nothing, at sequence 0.
pub async fn begins_empty(journal: &dyn Journal) {
    holds("at first", journal, 0, &[]).await;
}

/// What was appended is read back in order, and the sequence counts every record.
pub async fn keeps_order_and_counts(journal: &dyn Journal) {
    let all = records(0..5);
    done("first", &journal.append(Sequence(0), &all[..3]).await);
    holds("after the first", journal, 3, &all[..3]).await;
    done("second", &journal.append(Sequence(3), &all[3..]).await);
    holds("after the second", journal, 5, &all).await;
}

/// Appending nothing changes nothing.
pub async fn an_empty_batch_changes_nothing(journal: &dyn Journal) {
    done("nothing", &journal.append(Sequence(0), &[]).await);
    holds("after nothing", journal, 0, &[]).await;
}

/// A writer that expects another sequence is refused, and nothing changes.
pub async fn another_sequence_is_refused(journal: &dyn Journal) {
    let all = records(0..3);
    done("first", &journal.append(Sequence(0), &all[..2]).await);
    conflicts(
        "behind",
        &journal.append(Sequence(1), &all[2..]).await,
        1,
        2,
    );
    conflicts("ahead", &journal.append(Sequence(9), &all[2..]).await, 9, 2);
    conflicts(
        "compacting",
        &journal.compact(Sequence(1), &all[2]).await,
        1,
        2,
    );
    holds("afterwards", journal, 2, &all[..2]).await;
}

/// The very same batch again, because its answer was lost, is success and is there once.
pub async fn a_lost_answer_is_success(journal: &dyn Journal) {
    let all = records(0..4);
    done("first", &journal.append(Sequence(0), &all[..2]).await);
    done("again", &journal.append(Sequence(0), &all[..2]).await);
    done("second", &journal.append(Sequence(2), &all[2..]).await);
    done(
        "second again",
        &journal.append(Sequence(2), &all[2..]).await,
    );
    holds("afterwards", journal, 4, &all).await;
    conflicts(
        "an older batch again",
        &journal.append(Sequence(0), &all[..2]).await,
        0,
        4,
    );
}

/// Another batch at the same place is a conflict, however alike.
pub async fn another_batch_at_the_same_place_conflicts(journal: &dyn Journal) {
    let (ours, theirs) = (records(0..2), records(1..3));
    done("ours", &journal.append(Sequence(0), &ours).await);
    conflicts("theirs", &journal.append(Sequence(0), &theirs).await, 0, 2);
    conflicts(
        "a part of ours",
        &journal.append(Sequence(0), &ours[..1]).await,
        0,
        2,
    );
    holds("afterwards", journal, 2, &ours).await;
}

/// Of two writers that expect the same, one is refused.
pub async fn one_of_two_writers_wins(journal: &dyn Journal) {
    let (first, second) = (records(0..1), records(1..2));
    let one = journal.append(Sequence(0), &first).await;
    let two = journal.append(Sequence(0), &second).await;
    assert!(one.is_ok() && two.is_err(), "{one:?}, {two:?}");
    holds("afterwards", journal, 1, &first).await;
}

/// Compaction leaves one record, counts it, and the sequence goes on.
pub async fn compaction_leaves_one_record_and_counts_on(journal: &dyn Journal) {
    let all = records(0..6);
    done("before", &journal.append(Sequence(0), &all[..3]).await);
    done("compact", &journal.compact(Sequence(3), &all[3]).await);
    holds("compacted", journal, 4, &all[3..4]).await;
    done("after", &journal.append(Sequence(4), &all[4..]).await);
    holds("afterwards", journal, 6, &all[3..]).await;
}

/// The very same compaction again is success.
pub async fn a_lost_answer_to_a_compaction_is_success(journal: &dyn Journal) {
    let all = records(0..3);
    done("before", &journal.append(Sequence(0), &all[..2]).await);
    done("compact", &journal.compact(Sequence(2), &all[2]).await);
    done("again", &journal.compact(Sequence(2), &all[2]).await);
    holds("afterwards", journal, 3, &all[2..]).await;
    conflicts(
        "the batch before",
        &journal.append(Sequence(0), &all[..2]).await,
        0,
        3,
    );
}

/// Records of many kilobytes, with line breaks and every kind of letter, come back as they were.
pub async fn large_and_odd_records_come_back(journal: &dyn Journal) {
    let odd = Command::new("odd", "a\nb\r\t\u{0}\"ü–🦀", Wish::Reject).because("\n\n");
    let odd = Record::Decision(Box::new(Decision {
        wall: Timestamp::from_millis(1),
        machine: Timestamp::from_millis(1),
        ahead: Duration::ZERO,
        input: Input::Commanded(odd),
        effects: Vec::new(),
    }));
    let all = [record(0, 40_000), odd];
    done("append", &journal.append(Sequence(0), &all).await);
    holds("afterwards", journal, 2, &all).await;
}
