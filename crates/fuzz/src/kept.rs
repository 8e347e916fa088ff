//! The journals that are kept of every version, as what is damaged and what is added to others.

use std::sync::LazyLock;

use strategy_core::driver::FileJournal;
use strategy_core::rollout::Record;

use crate::scratch;

const BYTES: &[u8] =
    include_bytes!("../../strategy-core/tests/golden/journals/0.1.0-canary-rolling-back.journal");

/// A real journal, by lines.
pub(crate) struct Kept {
    /// The header, then one line a batch, each with its line break.
    pub(crate) lines: Vec<&'static [u8]>,
    /// What each batch holds.
    pub(crate) batches: Vec<Vec<Record>>,
}

impl Kept {
    /// The file as it was when it had so many batches.
    pub(crate) fn bytes(&self, batches: usize) -> Vec<u8> {
        self.lines[..=batches].concat()
    }
}

/// A rollout that failed and was on its way back.
pub(crate) static ROLLING_BACK: LazyLock<Kept> = LazyLock::new(|| {
    let lines: Vec<&[u8]> = BYTES.split_inclusive(|byte| *byte == b'\n').collect();
    let folder = scratch::folder();
    let path = folder.path().join("a.journal");
    let mut kept = Kept {
        lines,
        batches: Vec::new(),
    };
    let mut before = 0;
    for batches in 1..kept.lines.len() {
        std::fs::write(&path, kept.bytes(batches)).unwrap();
        let mut records = FileJournal::peek(&path).unwrap().records;
        let batch = records.split_off(before);
        before += batch.len();
        kept.batches.push(batch);
    }
    kept
});
