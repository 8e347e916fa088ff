//! The demo: the real driver on a world in memory. Faults are put into the world, and nothing here
//! sets a verdict.

#[cfg(feature = "ecs")]
mod ecs;
mod pace;
mod scene;

use std::io::{self, IsTerminal};

use strategy_core::driver::{Driver, DriverError, Heard};
use strategy_core::rollout::Outcome;
use strategy_core::world::{Report, World, block_on};
use strategy_core::{Part, Release, Strategy};

use self::pace::Paced;
use self::scene::Scene;
use crate::args::{Demo, DemoTarget, Output};
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
/// [`CliError`] when the world or the driver cannot go on, which is a bug, and when this target cannot show
/// what is asked for.
pub fn run(options: &Demo) -> Result<Exit, CliError> {
    match options.target {
        DemoTarget::World if options.native => Err(CliError::Usage(
            "--native is of Amazon ECS; add --target ecs".to_owned(),
        )),
        DemoTarget::World => on_world(options),
        #[cfg(feature = "ecs")]
        DemoTarget::Ecs => ecs::run(options),
        #[cfg(not(feature = "ecs"))]
        DemoTarget::Ecs => Err(CliError::Usage(crate::ecs::NOT_BUILT.to_owned())),
    }
}

fn on_world(options: &Demo) -> Result<Exit, CliError> {
    say("A world in memory on a clock of its own: nothing real is touched.");
    let scene = Scene::of(options)?;
    say(&scene.title);
    let world = scene.scenario.build().map_err(DemoError::from)?;
    let mut teller = Teller::new(options.output);
    let driver = world.driver().id(NAME.parse().map_err(DemoError::from)?);
    let told = told(driver, &*scene.strategy, scene.release, &mut teller);
    let outcome = block_on(&Paced::new(&world, watched()), told).map_err(DemoError::from)??;
    teller.end();
    if options.output == Output::Text {
        let lines = picture(&world, &outcome);
        lines.iter().for_each(|line| painted(line));
    }
    Ok(Exit::from(&outcome))
}

/// Carries the rollout to its end and tells its events.
async fn told(
    driver: Driver,
    strategy: &dyn Strategy,
    release: Release,
    teller: &mut Teller,
) -> Result<Outcome, DriverError> {
    let (handle, run) = driver.start(strategy, release).await?;
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
}

/// Whether a person looks on.
fn watched() -> bool {
    io::stdout().is_terminal()
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
    let parts = report.parts.iter();
    let tracks = parts.flat_map(|(name, part)| {
        let of = of_part(&report, name);
        let tracks = part.requests.iter();
        tracks.map(move |(track, requests)| {
            let total = requests.served + requests.failed;
            (format!("{track}{of}"), total, requests.failed)
        })
    });
    lines.extend(served("track", tracks));
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

/// What, how many requests it had, and how many of them failed.
fn served(what: &str, rows: impl Iterator<Item = (String, u64, u64)>) -> Vec<String> {
    let mut table = Table::new([
        (what, Align::Left),
        ("requests", Align::Right),
        ("failed", Align::Right),
        ("share", Align::Right),
    ]);
    for (name, total, failed) in rows {
        let share = share(failed, total);
        table.row([name, grouped(total), grouped(failed), share]);
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
