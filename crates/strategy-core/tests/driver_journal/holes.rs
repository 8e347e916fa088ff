//! Blocks that were not written: at the end they are a torn batch, before it damage.

use sha2::{Digest as _, Sha256};

use super::*;

#[tokio::test]
async fn a_hole_in_the_last_batch_is_a_torn_batch() {
    let files = files();
    let all = two_batches(&files).await;
    let mut bytes = fs::read(&files.path).unwrap();
    let at = bytes.len() - 20;
    bytes[at..at + 8].fill(0);
    fs::write(&files.path, &bytes).unwrap();
    assert_eq!(FileJournal::peek(&files.path).unwrap().records, all[..2]);
}

/// What stands before a whole batch was acknowledged once: it is not cut off as a torn end would be.
#[tokio::test]
async fn a_hole_before_a_whole_batch_is_damage_and_nothing_is_changed() {
    let files = files();
    two_batches(&files).await;
    let mut bytes = fs::read(&files.path).unwrap();
    let ends: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
    let (first, second) = (ends[0] + 1, ends[1]);
    for hole in [second - 20..second - 12, second - 4..second] {
        let mut holed = bytes.clone();
        holed[hole].fill(0);
        fs::write(&files.path, &holed).unwrap();
        for opened in [
            FileJournal::open(&files.path).map(|_| ()),
            FileJournal::peek(&files.path).map(|_| ()),
        ] {
            match opened {
                Err(JournalError::Damaged { offset, .. }) => assert_eq!(offset, first as u64),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(fs::read(&files.path).unwrap(), holed);
    }
    // A second hole behind it leaves no whole batch: nothing of both was acknowledged.
    let last = bytes.len() - 20;
    bytes[second - 20..second - 12].fill(0);
    bytes[last..last + 8].fill(0);
    fs::write(&files.path, &bytes).unwrap();
    assert_eq!(FileJournal::peek(&files.path).unwrap().records, []);
}

/// Also where the whole batch is one that this version cannot read: a newer one wrote it.
#[tokio::test]
async fn a_hole_before_a_whole_batch_of_a_newer_version_is_damage() {
    let files = files();
    two_batches(&files).await;
    let mut bytes = fs::read(&files.path).unwrap();
    let end = bytes.len() - 4;
    bytes[end..end + 3].fill(0);
    let body = r#"28 2 1 [{"kind-of-next-version":1}]"#;
    let sum: String = Sha256::digest(body.as_bytes())[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    bytes.extend(format!("{sum} {body}\n").bytes());
    fs::write(&files.path, &bytes).unwrap();
    let peeked = FileJournal::peek(&files.path);
    assert!(
        matches!(peeked, Err(JournalError::Damaged { .. })),
        "{peeked:?}"
    );
}
