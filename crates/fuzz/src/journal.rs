//! A journal file of any bytes.

use std::fs;
use std::path::Path;

use futures::FutureExt as _;
use sha2::{Digest as _, Sha256};
use strategy_core::driver::FileJournal;
use strategy_core::journal::{Journal, JournalError, Recorded};

use crate::kept::ROLLING_BACK;
use crate::scratch;

/// A file that is taken for a journal.
///
/// It is refused, naming the beginning of a line, or holds every batch whose line is intact. Either way
/// reading changes nothing; what reads back can be gone on with.
pub fn journal(bytes: &[u8]) {
    let folder = scratch::folder();
    let path = folder.path().join("a.journal");
    fs::write(&path, bytes).unwrap();
    match FileJournal::peek(&path) {
        Ok(recorded) => {
            let intact: u64 = bytes
                .split_inclusive(|byte| *byte == b'\n')
                .filter_map(records_of_intact)
                .sum();
            assert_eq!(recorded.records.len() as u64, intact, "records were lost");
            goes_on(&path, bytes, &recorded);
        }
        Err(error) => {
            is_plain(&error, bytes);
            let opened = FileJournal::open(&path).expect_err("what cannot be read was opened");
            assert_eq!(opened.to_string(), error.to_string());
            assert_eq!(
                fs::read(&path).unwrap(),
                bytes,
                "a refused file was changed"
            );
        }
    }
}

/// How many records a line says it holds, if it has the checksum and the length that it names.
fn records_of_intact(line: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (sum, body) = text.split_once(' ')?;
    let digest = Sha256::digest(body.as_bytes());
    let digest: String = digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let mut fields = body.splitn(4, ' ');
    let length: usize = fields.next()?.parse().ok()?;
    let _sequence: u64 = fields.next()?.parse().ok()?;
    let count = fields.next()?.parse().ok()?;
    (sum == digest && fields.next()?.len() == length).then_some(count)
}

fn is_plain(error: &JournalError, bytes: &[u8]) {
    match error {
        JournalError::Damaged { offset, .. } => {
            let offset = usize::try_from(*offset).unwrap();
            let begins_line = offset == 0 || bytes.get(offset - 1) == Some(&b'\n');
            assert!(begins_line && offset < bytes.len(), "{error}");
        }
        JournalError::TooNew { .. } => {}
        error => panic!("what is wrong with the bytes is none of this: {error}"),
    }
}

/// What was read is still there when more is written, and so is what is written.
fn goes_on(path: &Path, bytes: &[u8], recorded: &Recorded) {
    let journal = FileJournal::open(path).unwrap();
    let read = now(journal.read()).unwrap();
    assert_eq!(&read, recorded, "it opens to something else");
    assert_eq!(fs::read(path).unwrap(), bytes, "reading wrote");
    let more = &ROLLING_BACK.batches[1];
    now(journal.append(recorded.sequence, more)).unwrap();
    let added = FileJournal::peek(path).unwrap();
    assert_eq!(added.sequence, recorded.sequence.plus(more.len() as u64));
    assert_eq!(added.records, [&recorded.records[..], more].concat());
    let snapshot = &ROLLING_BACK.batches[0][0];
    now(journal.compact(added.sequence, snapshot)).unwrap();
    let compacted = FileJournal::peek(path).unwrap();
    assert_eq!(compacted.sequence, added.sequence.plus(1));
    assert_eq!(compacted.records, std::slice::from_ref(snapshot));
}

/// The journal in a file never waits for anything but the disk.
fn now<T>(future: impl Future<Output = T>) -> T {
    future
        .now_or_never()
        .expect("a journal in a file does not wait")
}
