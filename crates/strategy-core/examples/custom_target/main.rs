//! A target of one's own in three methods: `target.rs`. `law.rs` is what it refuses, `platform.rs` what
//! it works on.
//!
//! `tests/conformance_custom_target.rs` holds it to every promise that a target makes.

mod law;
mod platform;
mod target;

use std::error::Error;

use strategy_core::Release;
use strategy_core::driver::Driver;
use strategy_core::rollout::Outcome;
use strategy_core::strategy::Canary;
use strategy_core::world::World;

use self::platform::Balancer;
use self::target::BalancerTarget;

pub(crate) fn main() -> Result<(), Box<dyn Error>> {
    let time = World::seeded(0).build()?; // lends its virtual clock, so that bakes take no time
    let target = BalancerTarget(Balancer::running("app:v1", 4)?);
    let driver = Driver::on(target).clock(time.clock().clone());
    let canary = Canary::new().stages([10, 100]);
    let (_, run) = time.block_on(driver.start(&canary, Release::of([("app", "app:v2")])?))??;
    assert_eq!(time.block_on(run)??, Outcome::Promoted);
    Ok(())
}
