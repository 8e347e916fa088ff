//! Searches everything that small plans can meet, and prints a table: `cargo xtask explore` runs it.
//!
//! `explore [--states N] [--mischief N] [--faults N] [PLAN...]`: at most so many states a plan, so many
//! things that a kind world does not do, and so many different counterexamples. Or, instead:
//! `--what-differs`, which components of a state multiply the states; `--same-future`, which states have
//! the same future; `--sample N [--seed N]`, so many states of random walks, and how many there are at least.
#![expect(clippy::print_stdout, reason = "a program that prints a table")]
#![expect(
    clippy::disallowed_methods,
    reason = "how long a search takes is real time"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Instant;

use strategy_core::explore::plans::{self, Searched};
use strategy_core::explore::{Exploration, Explored, Promise};

struct Asked {
    states: usize,
    mischief: Option<u8>,
    faults: usize,
    seed: u64,
    instead: Option<Instead>,
    names: Vec<String>,
}

/// What is printed instead of what a search finds.
#[derive(Clone, Copy)]
enum Instead {
    /// What multiplies the states.
    Differs,
    /// Which states have the same future.
    Same,
    /// So many states of random walks.
    Sample(u64),
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
        match asked.instead {
            None => {}
            Some(Instead::Differs) => {
                what_differs(&asked, plan)?;
                continue;
            }
            Some(Instead::Same) => {
                same_future(&asked, plan)?;
                continue;
            }
            Some(Instead::Sample(states)) => {
                broken += sample(&asked, plan, states)?;
                continue;
            }
        }
        let began = Instant::now();
        let name = plan.name;
        let explored = search(&asked, plan).run()?;
        line(name, &explored, began.elapsed().as_secs_f64());
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

/// A search as it was asked for.
fn search(asked: &Asked, plan: Searched) -> Exploration {
    let search = Exploration::of(plan.plan, plan.found)
        .at_most(asked.states)
        .faults(asked.faults)
        .threads(std::thread::available_parallelism().map_or(1, usize::from));
    match asked.mischief {
        Some(times) => search.mischief(times),
        None => search,
    }
}

fn what_differs(asked: &Asked, plan: Searched) -> Result<(), Box<dyn Error>> {
    println!("{}: values, states without, of", plan.name);
    for component in search(asked, plan).what_differs()? {
        let (values, without) = (component.values, component.without);
        println!("{values:>9} {without:>9}  {}", component.path);
    }
    Ok(())
}

fn same_future(asked: &Asked, plan: Searched) -> Result<(), Box<dyn Error>> {
    println!("{}: states and classes by misfortunes", plan.name);
    let times = asked.mischief.unwrap_or(2);
    let same = search(asked, plan).mischief(times).same_future()?;
    for (states, classes) in &same.classes {
        println!("{states:>9} {classes:>9}");
    }
    println!("what differs in pairs of one class");
    for (paths, count) in same.differ.iter().take(40) {
        println!("{count:>9}  {paths}");
    }
    Ok(())
}

fn sample(asked: &Asked, plan: Searched, states: u64) -> Result<usize, Box<dyn Error>> {
    println!("{}: different, at least in all, of", plan.name);
    let sampled = search(asked, plan).sample(states, asked.seed)?;
    for (name, values, least) in &sampled.components {
        println!("{values:>9} {least:>9}  {name}");
    }
    for broken in &sampled.broken {
        println!("\n{broken}");
    }
    Ok(sampled.broken.len())
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
    println!("    followed, by misfortunes: {:?}", explored.by_mischief);
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
        seed: 1,
        instead: None,
        names: Vec::new(),
    };
    while let Some(argument) = arguments.next() {
        let mut number = || {
            arguments
                .next()
                .ok_or_else(|| format!("{argument} needs a number"))
        };
        match argument.as_str() {
            "--what-differs" => asked.instead = Some(Instead::Differs),
            "--same-future" => asked.instead = Some(Instead::Same),
            "--sample" => asked.instead = Some(Instead::Sample(number()?.parse()?)),
            "--seed" => asked.seed = number()?.parse()?,
            "--states" => asked.states = number()?.parse()?,
            "--mischief" => asked.mischief = Some(number()?.parse()?),
            "--faults" => asked.faults = number()?.parse()?,
            name => asked.names.push(name.to_owned()),
        }
    }
    Ok(asked)
}
