//! The conformance suite on everything that is a target because what it wraps is one.

use std::sync::Arc;

use strategy_core::Weight;
use strategy_core::conformance::{Broken, InMemory, Promise, Standing};
use strategy_core::target::{Fault, Faulty, Recorded, Target};
use strategy_core::world::{InMemoryTarget, World};

fn run<T: Target>(
    promise: &Promise,
    wrap: impl FnOnce(InMemoryTarget) -> T,
) -> Result<Standing, Broken> {
    let world = World::seeded(1)
        .stable("app:v1", 3)
        .build()
        .map_err(|invalid| Broken(invalid.to_string()))?;
    let subject = InMemory::wrapped(world.clone(), wrap);
    world
        .block_on(promise.check(&subject))
        .map_err(|deadlock| Broken(deadlock.to_string()))?
}

/// Delays and repeats half of the calls, which nobody must notice.
fn benign(target: InMemoryTarget) -> Faulty<InMemoryTarget> {
    Fault::BENIGN
        .into_iter()
        .fold(Faulty::new(target, 11), |target, fault| {
            target.with(fault, Weight::HALF)
        })
}

fn boxed(target: InMemoryTarget) -> Box<dyn Target> {
    Box::new(target)
}

fn shared(target: InMemoryTarget) -> Arc<dyn Target> {
    Arc::new(target)
}

macro_rules! suite {
    ($name:ident, $wrap:expr) => {
        mod $name {
            use super::*;

            strategy_core::conformance_tests! {
                run: |promise| run(promise, $wrap),
                golden: include_str!("golden/in_memory_canary.txt"),
            }
        }
    };
}

suite!(faulty, benign);
suite!(recorded, Recorded::new);
suite!(in_a_box, boxed);
suite!(in_an_arc, shared);
suite!(wrapped_twice, |target| Recorded::new(benign(target)));
