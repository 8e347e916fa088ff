//! Searches everything that small plans can meet, and prints a table: `cargo xtask explore` runs it.
//!
//! `explore [--states N] [--mischief N] [--faults N] [--what-differs] [PLAN...]`: at most so many states a
//! plan, so many things that a kind world does not do, and so many different counterexamples; or, instead,
//! which components of a state multiply the states.
#![expect(clippy::print_stdout, reason = "a program that prints a table")]
#![expect(
    clippy::disallowed_methods,
    reason = "how long a search takes is real time"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Instant;

use strategy_core::explore::{Exploration, Explored, Promise, plans};

struct Asked {
    states: usize,
    mischief: Option<u8>,
    faults: usize,
    /// What multiplies the states, instead of what is found.
    differs: bool,
    names: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let asked = parse(std::env::args().skip(1))?;
    let all = plans::all()?;
    if let Some(name) = asked
        .names
        .iter()
        .find(|name| all.iter().all(|plan| plan.name != **name))
    {
        let known: Vec<_> = all.iter().map(|plan| plan.name).collect();
        return Err(format!("no plan is called `{name}`: there are {}", known.join(", ")).into());
    }
    println!(
        "{:22} {:>9} {:>11} {:>5}  {:6} {:>9} {:>8}",
        "plan", "states", "transitions", "depth", "", "judged", "seconds"
    );
    let (mut checked, mut broken): (BTreeMap<Promise, u64>, usize) = (BTreeMap::new(), 0);
    for plan in all {
        if !asked.names.is_empty() && !asked.names.iter().any(|name| name == plan.name) {
            continue;
        }
        if asked.differs {
            println!("{}: values, states without, of", plan.name);
            let search = Exploration::of(plan.plan, plan.found).at_most(asked.states);
            let search = match asked.mischief {
                Some(times) => search.mischief(times),
                None => search,
            };
            for component in search.what_differs()? {
                let (values, without) = (component.values, component.without);
                println!("{values:>9} {without:>9}  {}", component.path);
            }
            continue;
        }
        let began = Instant::now();
        let mut search = Exploration::of(plan.plan, plan.found)
            .at_most(asked.states)
            .faults(asked.faults)
            .threads(std::thread::available_parallelism().map_or(1, usize::from));
        if let Some(times) = asked.mischief {
            search = search.mischief(times);
        }
        let explored = search.run()?;
        line(plan.name, &explored, began.elapsed().as_secs_f64());
        for (promise, times) in &explored.checked {
            *checked.entry(*promise).or_default() += times;
        }
        broken += explored.broken.len();
        explored
            .broken
            .iter()
            .for_each(|broken| println!("\n{broken}"));
    }
    println!("\n{:>12}  times at stake", "");
    for (promise, times) in &checked {
        println!("{times:>12}  {promise}");
    }
    if broken > 0 {
        return Err(format!("{broken} counterexamples").into());
    }
    Ok(())
}

fn line(name: &str, explored: &Explored, seconds: f64) {
    let closed = if explored.closed { "closed" } else { "open" };
    println!(
        "{name:22} {:>9} {:>11} {:>5}  {closed:6} {:>9} {seconds:>8.1}",
        explored.states,
        explored.transitions,
        explored.depth(),
        explored.checked.values().sum::<u64>(),
    );
    println!("    by misfortunes: {:?}", explored.by_mischief);
    if !explored.closed && explored.broken.is_empty() {
        match explored.within {
            Some(within) => {
                println!("    stopped by --states; everything is seen up to {within} misfortunes");
            }
            None => println!("    stopped by --states"),
        }
        println!("    states at each depth: {:?}", explored.levels);
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Asked, Box<dyn Error>> {
    let mut asked = Asked {
        states: Exploration::AT_MOST,
        mischief: None,
        faults: 1,
        differs: false,
        names: Vec::new(),
    };
    while let Some(argument) = arguments.next() {
        let mut number = || {
            arguments
                .next()
                .ok_or_else(|| format!("{argument} needs a number"))
        };
        match argument.as_str() {
            "--what-differs" => asked.differs = true,
            "--states" => asked.states = number()?.parse()?,
            "--mischief" => asked.mischief = Some(number()?.parse()?),
            "--faults" => asked.faults = number()?.parse()?,
            name => asked.names.push(name.to_owned()),
        }
    }
    Ok(asked)
}
