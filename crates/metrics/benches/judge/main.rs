//! `cargo xtask bench judge`: how often judges are wrong, how soon they are right, and what they cost, on the same
//! courses of worlds that are drawn by printed seeds.
//!
//! Names of subjects choose what is measured. `--paths N` has N courses in place of those that the page states;
//! `--write` writes tables and pictures into the documentation.
#![allow(
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench"
)]

mod bound;
mod calibrate;
mod choice;
mod contestants;
mod dice;
mod failures;
mod figure;
mod latencies;
mod mixture;
mod page;
mod peeking;
mod picture;
mod run;
mod slow;
mod speed;
mod table;
mod tally;
mod worlds;

use page::{Found, SUBJECTS};

fn main() -> Result<(), String> {
    let mut asked = Vec::new();
    let (mut count, mut writes) = (None, false);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // `cargo bench` adds it.
            "--bench" => {}
            "--write" => writes = true,
            "--paths" => {
                let told = arguments.next().unwrap_or_default();
                let parsed = told.parse::<u64>().ok().filter(|count| *count > 0);
                let problem = || format!("`--paths {told}`: write a whole number above 0");
                count = Some(parsed.ok_or_else(problem)?);
            }
            name if SUBJECTS.iter().any(|subject| subject.name == name) => {
                asked.push(name.to_owned());
            }
            other => {
                let known = SUBJECTS.map(|subject| subject.name).join(", ");
                return Err(format!(
                    "`{other}` is no subject; write {known}, `--paths N` or `--write`"
                ));
            }
        }
    }
    for subject in SUBJECTS {
        if asked.is_empty() || asked.iter().any(|name| name == subject.name) {
            let count = count.unwrap_or(subject.paths);
            eprintln!("{}: {count} courses, seed {}", subject.name, subject.seed);
            let found: Found = (subject.measure)(count);
            for table in &found.tables {
                eprintln!("\n{}\n{}", table.name, table.markdown());
            }
            if writes {
                page::write(&found)?;
            }
        }
    }
    Ok(())
}
