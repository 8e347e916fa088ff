//! `cargo xtask bench core`: how fast the machine is, how large a rollout and its journal are, and how
//! their cost grows. Counts come before times: they are the same on every machine.

mod effort;
mod figure;
mod fleet;
mod fsync;
mod growth;
mod heap;
mod journal;
mod kept;
mod machine;
mod plans;
mod replay;
mod still;
mod trace;

use std::error::Error;

type Measure = fn() -> Result<(), Box<dyn Error>>;

/// What can be asked for by name, in the order in which it is measured.
const SUBJECTS: [(&str, Measure); 7] = [
    ("machine", machine::measure),
    ("growth", growth::measure),
    ("journal", journal::measure),
    ("replay", replay::measure),
    ("fsync", fsync::measure),
    ("fleet", fleet::measure),
    ("resting", fleet::at_rest),
];

fn main() -> Result<(), Box<dyn Error>> {
    // `cargo bench` adds `--bench`.
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    for (name, measure) in SUBJECTS {
        if asked.is_empty() || asked.iter().any(|subject| subject == name) {
            measure()?;
        }
    }
    Ok(())
}
