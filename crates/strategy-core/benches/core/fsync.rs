//! What the disk takes for itself: a hundred journals in files, written in turn.

use std::error::Error;

use strategy_core::driver::FileJournal;
use strategy_core::journal::{Journal as _, Sequence};
use strategy_core::rollout::Record;
use strategy_core::world::{VirtualClock, block_on};

use crate::effort::timed;
use crate::figure::{Goal, millis, number, print, tell};
use crate::plans::{BEGIN, TYPICAL};
use crate::trace::Trace;

const FILES: usize = 100;
/// Appends to each.
const APPENDS: u64 = 5;

pub(crate) fn measure() -> Result<(), Box<dyn Error>> {
    let trace = Trace::of(TYPICAL, 64)?;
    let (first, rest) = trace.records.split_first().ok_or("nothing was written")?;
    let is_decision = |record: &&Record| matches!(record, Record::Decision(_));
    let batch = rest.iter().find(is_decision).ok_or("nothing was decided")?;
    // Where measurements are asked for, and not in memory, as temporary folders may be.
    let folder = tempfile::tempdir_in(
        std::env::var_os("CARGO_TARGET_TMPDIR").unwrap_or_else(|| ".".into()),
    )?;
    let clock = VirtualClock::starting_at(BEGIN);
    let mut journals = Vec::new();
    for file in 0..FILES {
        let journal = FileJournal::create(folder.path().join(format!("{file}.journal")))?;
        block_on(
            &clock,
            journal.append(Sequence(0), std::slice::from_ref(first)),
        )??;
        journals.push(journal);
    }
    let mut times = Vec::new();
    for append in 1..=APPENDS {
        for journal in &journals {
            let write = journal.append(Sequence(append), std::slice::from_ref(batch));
            let (taken, written) = timed(|| block_on(&clock, write));
            written??;
            times.push(millis(taken));
        }
    }
    print(
        "fsync: an append to one of 100 files",
        &times,
        "ms",
        Goal::None,
    );
    let each = times.iter().sum::<f64>() / number(times.len());
    tell(
        "fsync: appends a second, one after the other",
        1e3 / each,
        "appends/s",
        Goal::None,
    );
    Ok(())
}
