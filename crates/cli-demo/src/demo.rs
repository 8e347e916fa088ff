//! The demo: the real driver on a world in memory. Faults are put into the world, and nothing here
//! sets a verdict.

mod pace;
mod scene;

use std::io::{self, IsTerminal};

use strategy_core::Part;
use strategy_core::driver::Heard;
use strategy_core::rollout::Outcome;
use strategy_core::world::{Report, World, block_on};

use self::pace::Paced;
use self::scene::Scene;
use crate::args::{Demo, Output};
use crate::console::{Teller, painted, say};
use crate::error::{CliError, DemoError};
use crate::exit::Exit;
use crate::render::chart::Shares;
use crate::render::paint::{Paint, Tone};
use crate::render::table::{Align, Table, grouped};

const NAME: &str = "demo";
const CHART_WIDTH: usize = 64;

/// Runs it to its end.
///
/// # Errors
/// [`CliError`] when the world or the driver cannot go on, which is a bug.
pub fn run(options: &Demo) -> Result<Exit, CliError> {
    say("A world in memory on a clock of its own: nothing real is touched.");
    let scene = Scene::of(options)?;
    say(&scene.title);
    let world = scene.scenario.build().map_err(DemoError::from)?;
    let mut teller = Teller::new(options.output);
    let driver = world.driver().id(NAME.parse().map_err(DemoError::from)?);
    let told = async {
        let (handle, run) = driver.start(&*scene.strategy, scene.release).await?;
        let mut events = handle.events();
        let hear = async {
            while let Some(heard) = events.next().await {
                match heard {
                    Heard::Event(event) => teller.hear(&event),
                    Heard::Missed(events) => teller.missed(events),
                    _ => {}
                }
            }
        };
        let (end, ()) = tokio::join!(run, hear);
        end
    };
    let watched = io::stdout().is_terminal();
    let outcome = block_on(&Paced::new(&world, watched), told).map_err(DemoError::from)??;
    teller.end();
    if options.output == Output::Text {
        let lines = picture(&world, &outcome);
        lines.iter().for_each(|line| painted(line));
    }
    Ok(Exit::from(&outcome))
}

/// Traffic over time, what users got, and how it ended.
fn picture(world: &World, outcome: &Outcome) -> Vec<String> {
    let paint = Paint::for_stream(&io::stdout());
    let report = world.report();
    let strong = |text: &str| paint.tone(Tone::Strong, text);
    let mut lines = Vec::new();
    for (name, part) in &report.parts {
        let of = of_part(&report, name);
        lines.extend([
            String::new(),
            strong(&format!("traffic to the candidate{of}")),
        ]);
        let mut shares = Shares::default();
        for span in &part.weights {
            let from = span.from.since(report.from);
            shares.set(from, span.weight);
            shares.end(from + span.lasted);
        }
        lines.extend(shares.lines(CHART_WIDTH));
    }
    lines.extend([String::new(), strong("what users got")]);
    lines.extend(served(&report));
    lines.extend([String::new(), format!("{outcome}")]);
    lines
}

/// Which part, where there are several.
fn of_part(report: &Report, part: &Part) -> String {
    if report.parts.len() == 1 {
        String::new()
    } else {
        format!(" of {part}")
    }
}

fn served(report: &Report) -> Vec<String> {
    let mut table = Table::new([
        ("track", Align::Left),
        ("requests", Align::Right),
        ("failed", Align::Right),
        ("share", Align::Right),
    ]);
    for (name, part) in &report.parts {
        for (track, requests) in part.requests.iter() {
            let total = requests.served + requests.failed;
            table.row([
                format!("{track}{}", of_part(report, name)),
                grouped(total),
                grouped(requests.failed),
                share(requests.failed, total),
            ]);
        }
    }
    table.lines()
}

/// As a percentage with two decimals; nothing where nobody asked.
fn share(failed: u64, total: u64) -> String {
    match (u128::from(failed) * 10_000 + u128::from(total) / 2).checked_div(u128::from(total)) {
        None => "-".to_owned(),
        Some(points) => format!("{}.{:02}%", points / 100, points % 100),
    }
}
