//! A rollout whose process dies half way, and another that takes it up from the journal.

use std::error::Error;
use std::time::Duration;

use strategy_core::driver::{Driver, DriverError, FileJournal};
use strategy_core::rollout::Outcome;
use strategy_core::strategy::Canary;
use strategy_core::world::World;
use strategy_core::{Part, Release, Weight};

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("app.journal");
    let world = World::seeded(7)
        .stable("app:v1", 4)
        .requests_per_second(100)
        .build()?;
    let canary = Canary::new().stages([25, 50, 100]);
    // A process is a driver: it has targets and a clock, and knows nothing but its journal.
    let process = |journal| -> Result<Driver, Box<dyn Error>> {
        Ok(world.driver().id("release-2".parse()?).journal(journal))
    };

    let first = process(FileJournal::create(&path)?)?;
    let starting = first.start(&canary, Release::of([("app", "app:v2")])?);
    let (handle, run) = world.block_on(starting)??;
    let crash = async {
        let at = world.clock().now() + Duration::from_secs(400);
        world.clock().sleep_until(at).await;
    };
    world.block_on(async {
        futures::pin_mut!(run, crash);
        futures::future::select(run, crash).await;
    })?;
    assert_eq!(handle.status().outcome, None);
    let died_at = weight(&world)?;
    drop(handle);

    // The claim is still there, so nobody else may begin ...
    let other = world.driver().id("release-3".parse()?);
    let refused = world.block_on(other.start(&canary, Release::of([("app", "app:v3")])?))?;
    assert!(matches!(
        refused,
        Err(DriverError::Blocked { .. } | DriverError::Start(_))
    ));

    // ... and the journal is enough to go on: no weight is set back, no stage is repeated.
    let second = process(FileJournal::open(&path)?)?;
    let (_, run) = world.block_on(second.resume())??;
    assert_eq!(world.block_on(run)??, Outcome::Promoted);
    assert_eq!(died_at, Weight::from_percent(50)?);
    assert_eq!(world.report().failed(), 0);
    Ok(())
}

/// What the candidate's share of the traffic is now.
fn weight(world: &World) -> Result<Weight, Box<dyn Error>> {
    let report = world.report();
    let part = report.part(&Part::main()).ok_or("no such part")?;
    Ok(part.weights.last().ok_or("no weights")?.weight)
}
