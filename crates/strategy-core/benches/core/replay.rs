//! From a full journal back to the machine.

use std::error::Error;

use strategy_core::Rollout;
use strategy_core::rollout::Record;

use crate::effort::worked;
use crate::figure::{Goal, millis, number, print, tell};
use crate::heap::Since;
use crate::journal::carried;

const RUNS: usize = 31;

/// Of the journal when it was fullest, and when it had the most records.
pub(crate) fn measure() -> Result<(), Box<dyn Error>> {
    let counts = carried()?;
    for (name, records) in [("fullest", &counts.fullest), ("longest", &counts.longest)] {
        let text = serde_json::to_string(records)?;
        let name = |figure: &str| format!("replay: {name} journal: {figure}");
        tell(
            &name("size"),
            number(text.len()) / 1024.0,
            "KiB",
            Goal::None,
        );
        tell(
            &name("records"),
            number(records.len()),
            "records",
            Goal::None,
        );
        let decisions = records
            .iter()
            .filter(|record| matches!(record, Record::Decision(_)));
        tell(
            &name("decisions"),
            number(decisions.count()),
            "records",
            Goal::None,
        );
        let since = Since::now();
        read_back(&text)?;
        tell(
            &name("allocations"),
            number(since.allocations()),
            "allocations",
            Goal::None,
        );
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let (taken, read) = worked(|| read_back(&text));
            read?;
            times.push(millis(taken));
        }
        print(&name("read and replayed"), &times, "ms", Goal::AtMost(10.0));
    }
    Ok(())
}

/// Text to records to machine, as a process that takes it up again does it.
fn read_back(text: &str) -> Result<Rollout, Box<dyn Error>> {
    let records: Vec<Record> = serde_json::from_str(text)?;
    Ok(Rollout::replay(&records, false)?)
}
