//! A policy in a simulation: a release that becomes slow, evicted pods, a process that dies, a person who
//! asks for more. `cargo run -p strategy-core --features simulation --example simulation`

use std::error::Error;
use std::time::Duration;

use strategy_core::Track;
use strategy_core::analysis::{FailureShare, SlowShare};
use strategy_core::plan::{Check, Extension, HookPlan, HookPoint};
use strategy_core::simulation::{Ask, SimulatedHook, Simulation, slow};
use strategy_core::strategy::{Canary, CanaryStage};
use strategy_core::world::Happening;

#[expect(clippy::print_stdout, reason = "an example shows what happens")]
pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    // The policy as production has it, with a hook of its own kind.
    let errors = Extension::new(FailureShare::KIND).with("limit", "1%");
    let late = Extension::new(SlowShare::KIND)
        .with("limit", "5%")
        .with("slower_than", "300ms");
    let migrate = HookPlan::new("migrate", HookPoint::Before, Extension::new("migration"));
    let policy = Canary::new()
        .stage(CanaryStage::at(5).hook(migrate))
        .stages([25, 100])
        .bake(minutes(10))
        .check("errors", Check::new(errors))
        .check("late", Check::new(late));

    // The world, and what happens in it; the hook takes four minutes.
    let world = Simulation::seed(7)
        .stable("v1", 10)
        .requests_per_second(100)
        .hook("migration", SimulatedHook::takes(minutes(4)))
        .at(minutes(6), Happening::pods_evicted(Track::Stable, 2))
        .crash(minutes(12), minutes(1))
        .asks(minutes(8), "ada", Ask::Advance);

    let good = world.run(&policy);
    println!("{good}\n");
    assert!(good.is_promoted());
    assert!(good.broken_promises().is_empty());
    assert_eq!(good.failed(), 0);

    // The same, of a release that answers one request in ten in more than 300 ms.
    let p90_300ms = slow(Duration::from_millis(100), Duration::from_millis(345));
    let world = world.candidate(p90_300ms);
    let bad = world.run(&policy);
    println!("{bad}");
    assert!(bad.is_rolled_back());
    assert!(bad.end.to_string().contains("took longer than 300ms"));
    assert!(bad.broken_promises().is_empty());

    // A simulation is data: kept beside a test, it is read and run again, to the same end.
    let kept = serde_json::to_string_pretty(&world)?;
    let again: Simulation = serde_json::from_str(&kept)?;
    assert_eq!(again.run(&policy), bad);
    Ok(())
}
