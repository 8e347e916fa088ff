//! Runs random rollouts on all cores and prints what came of them: `cargo xtask simulate` runs it.
//!
//! `simulate [--rollouts N] [--seed S]`: so many rollouts, decided by this seed.
//! `simulate --rollout R`: the one of this seed, as data, and what came of it.
//! `simulate --file PATH`: one that was printed so, and what came of it, with its log.
#![expect(clippy::print_stdout, reason = "a program that prints a table")]
#![expect(clippy::disallowed_methods, reason = "how long it takes is real time")]

use std::collections::BTreeMap;
use std::error::Error;
use std::thread::available_parallelism;
use std::time::Instant;

use strategy_core::simulation::random::{self, Drawn, Trials};

/// So many of each promise are shrunk: more of them are mostly more of the same.
const SHRUNK: usize = 3;

struct Asked {
    seed: u64,
    rollouts: usize,
    rollout: Option<u64>,
    file: Option<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let asked = parse(std::env::args().skip(1))?;
    match (asked.rollout, &asked.file) {
        (None, None) => many(&asked),
        (Some(seed), _) => {
            let drawn = random::rollout(seed);
            println!("{}", serde_json::to_string_pretty(&drawn)?);
            one(&drawn)
        }
        (None, Some(file)) => one(&read(file)?),
    }
}

fn read(file: &str) -> Result<Drawn, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let told = "it is to hold a rollout as it was printed: `seed`, `policy` and `simulation`";
    serde_json::from_str(&text).map_err(|error| format!("{file}: {error}; {told}"))
}

/// Its log, in order: what happened, what was shown to whom, what was asked and written; then the report.
fn one(drawn: &Drawn) -> Result<(), Box<dyn Error>> {
    let report = drawn.run();
    for event in &report.events {
        println!("{event}");
    }
    for entry in &report.log {
        println!("{} {:?}", entry.at, entry.fact);
    }
    println!("{report}");
    if report.broken_promises().is_empty() {
        Ok(())
    } else {
        Err("broken promises".into())
    }
}

fn many(asked: &Asked) -> Result<(), Box<dyn Error>> {
    let (seed, rollouts) = (asked.seed, asked.rollouts);
    println!("--rollouts {rollouts} --seed {seed}");
    let began = Instant::now();
    let threads = available_parallelism().map_or(1, usize::from);
    let trials = Trials::new(seed).rollouts(rollouts).threads(threads);
    let tally = trials.run();
    println!("{tally}");
    println!(
        "{:.1} seconds on {threads} threads",
        began.elapsed().as_secs_f64()
    );
    let mut shrunk: BTreeMap<Option<u8>, usize> = BTreeMap::new();
    for broken in &tally.broken {
        let times = shrunk.entry(broken.promise).or_default();
        *times += 1;
        if *times <= SHRUNK {
            match broken.promise {
                Some(promise) => println!("\npromise {promise} is broken by seed {}:", broken.seed),
                None => println!("\nseed {} panics:", broken.seed),
            }
            println!("the smallest that does");
            let smallest = broken.shrunk();
            println!("{}", serde_json::to_string_pretty(&smallest)?);
            println!("{}", smallest.run());
        }
    }
    if tally.broken.is_empty() {
        Ok(())
    } else {
        Err(format!("{} broken promises", tally.broken.len()).into())
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Asked, Box<dyn Error>> {
    let mut asked = Asked {
        seed: 1,
        rollouts: 1_000,
        rollout: None,
        file: None,
    };
    while let Some(argument) = arguments.next() {
        let mut number = || {
            arguments
                .next()
                .ok_or_else(|| format!("{argument} needs a number"))
        };
        match argument.as_str() {
            "--seed" => asked.seed = number()?.parse()?,
            "--rollouts" => asked.rollouts = number()?.parse()?,
            "--rollout" => asked.rollout = Some(number()?.parse()?),
            "--file" => asked.file = Some(arguments.next().ok_or("--file needs a path")?),
            unknown => return Err(format!("no such option: {unknown}").into()),
        }
    }
    Ok(asked)
}
