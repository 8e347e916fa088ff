//! A canary with a check, on the in-memory world: promoted when the release is good, and back at the
//! recorded start when it is not. `cargo run -p strategy-core --features driver --example canary`

use std::error::Error;
use std::time::Duration;

use strategy_core::analysis::FailureShare;
use strategy_core::plan::{Check, Extension};
use strategy_core::rollout::{Outcome, Reason};
use strategy_core::strategy::Canary;
use strategy_core::world::World;
use strategy_core::{Part, Release, Weight};

#[expect(clippy::print_stdout, reason = "an example shows what happens")]
pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    // More than 1% of failed requests in a window of 30 seconds is one failure too many.
    let errors = Check::new(Extension::new(FailureShare::KIND).with("limit", "1%"));
    let canary = Canary::new()
        .stages([5, 25, 50, 100])
        .bake(Duration::from_secs(300))
        .check("errors", errors);

    // Four pods of `app:v1` and a hundred requests a second; the seed decides what varies.
    let quiet = World::seeded(7)
        .stable("app:v1", 4)
        .requests_per_second(100);

    let world = quiet.build()?;
    let finished = world.run(&canary, Release::of([("app", "app:v2")])?)?;
    for event in &finished.events {
        println!("{event}");
    }
    assert_eq!(finished.outcome, Outcome::Promoted);
    assert_eq!(finished.report.failed(), 0);

    // The same rollout of a release that fails one request in twenty.
    let world = quiet.fails("app:v2", 0.05).build()?;
    let finished = world.run(&canary, Release::of([("app", "app:v2")])?)?;
    let Outcome::RolledBack {
        reason: Reason::Check { check, evidence },
    } = &finished.outcome
    else {
        return Err(format!("not rolled back by a check: {}", finished.outcome).into());
    };
    println!("rolled back by `{check}`: {evidence}");

    // The worst that users saw: the first stage, and no more of it than a window or two.
    let part = finished.report.part(&Part::main()).ok_or("no such part")?;
    assert_eq!(part.most_weight(), Weight::from_percent(5)?);
    assert!(finished.report.failed() < 100);
    Ok(())
}
