//! The conformance suite on the in-memory target in each of its modes.

use strategy_core::conformance::{Broken, InMemory, Promise, Standing};
use strategy_core::world::{Scenario, World};

fn run(scenario: &Scenario, promise: &Promise) -> Result<Standing, Broken> {
    let world = scenario
        .build()
        .map_err(|invalid| Broken(invalid.to_string()))?;
    world
        .block_on(promise.check(&InMemory::new(world.clone())))
        .map_err(|deadlock| Broken(deadlock.to_string()))?
}

mod canary {
    use super::*;

    strategy_core::conformance_tests! {
        run: |promise| run(&World::seeded(1).stable("app:v1", 3), promise),
        golden: include_str!("golden/in_memory_canary.txt"),
    }
}

mod blue_green {
    use super::*;

    strategy_core::conformance_tests! {
        run: |promise| run(&World::seeded(1).slots("app:v1", 4, "app:v0", 0), promise),
        golden: include_str!("golden/in_memory_blue_green.txt"),
    }
}

mod follows_readiness {
    use super::*;

    strategy_core::conformance_tests! {
        run: |promise| run(&World::seeded(1).stable("app:v1", 3).follows_readiness(), promise),
        golden: include_str!("golden/in_memory_follows_readiness.txt"),
    }
}

mod native {
    use super::*;

    strategy_core::conformance_tests! {
        run: |promise| run(&World::seeded(1).stable("app:v1", 3).asks_before_each_step(), promise),
        golden: include_str!("golden/in_memory_native.txt"),
    }
}

mod autoscaled {
    use super::*;

    strategy_core::conformance_tests! {
        run: |promise| run(&World::seeded(1).stable("app:v1", 3).autoscaled(2, 9), promise),
        golden: include_str!("golden/in_memory_canary.txt"),
    }
}

mod unfenced {
    use super::*;
    use std::time::Duration;

    fn scenario() -> Scenario {
        World::seeded(1)
            .stable("app:v1", 3)
            .capabilities(|can| can.fenced = false)
            .effective_unverified_after(Duration::from_secs(30))
    }

    strategy_core::conformance_tests! {
        run: |promise| run(&scenario(), promise),
        golden: include_str!("golden/in_memory_unfenced.txt"),
    }
}
