//! Searches everything that small plans can meet, and prints a table: `cargo xtask explore` runs it.
#![expect(clippy::print_stdout, reason = "a program that prints a table")]
#![expect(
    clippy::disallowed_methods,
    reason = "how long a search takes is real time"
)]

use std::error::Error;
use std::time::Instant;

use strategy_core::explore::{Exploration, plans};

fn main() -> Result<(), Box<dyn Error>> {
    let mut names = Vec::new();
    let mut at_most = Exploration::AT_MOST;
    let mut levels = false;
    let mut faults = 1;
    let mut mischief: Option<u8> = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--states" => {
                let states = arguments.next().ok_or("--states needs a number")?;
                at_most = states.parse()?;
            }
            "--mischief" => {
                let times = arguments.next().ok_or("--mischief needs a number")?;
                mischief = Some(times.parse()?);
            }
            "--faults" => {
                let number = arguments.next().ok_or("--faults needs a number")?;
                faults = number.parse()?;
            }
            "--levels" => levels = true,
            name => names.push(name.to_owned()),
        }
    }
    for searched in plans::all()? {
        if !names.is_empty() && !names.iter().any(|name| name == searched.name) {
            continue;
        }
        let began = Instant::now();
        let mut search = Exploration::of(searched.plan, searched.found)
            .at_most(at_most)
            .faults(faults)
            .threads(2);
        if let Some(times) = mischief {
            search = search.mischief(times);
        }
        let explored = search.run()?;
        println!(
            "{:24} {:>9} {:>10} {:>4} {:>6} {:>6.1}",
            searched.name,
            explored.states,
            explored.transitions,
            explored.depth(),
            if explored.closed { "closed" } else { "open" },
            began.elapsed().as_secs_f64()
        );
        if levels || !explored.closed {
            println!("  {:?}", explored.levels);
        }
        println!(
            "  {:?}",
            explored
                .checked
                .iter()
                .map(|(p, c)| (p.number(), *c))
                .collect::<Vec<_>>()
        );
        for broken in explored.broken {
            println!("{broken}");
        }
    }
    Ok(())
}
