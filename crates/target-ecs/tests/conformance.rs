//! The promises of the core's conformance suite, on a fake of Amazon ECS in virtual time.
#![allow(clippy::unwrap_used, reason = "test")]

mod conformance {
    pub(super) mod subject;
}

use conformance::subject::{Shape, ShopSubject};
use strategy_core::conformance::{Broken, Promise, Standing, golden_list};
use strategy_core::world::block_on;

fn run(shape: Shape, promise: &Promise) -> Result<Standing, Broken> {
    let subject = ShopSubject::open(shape);
    let clock = subject.clock.clone();
    block_on(&clock, promise.check(&subject)).map_err(|deadlock| Broken(deadlock.to_string()))?
}

/// With `UPDATE_GOLDEN=1` the list is written anew: read the difference before you keep it.
fn is_up_to_date(shape: Shape, name: &str) {
    let file = format!("{}/tests/golden/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    let now = golden_list(|promise| run(shape, promise));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, &now).unwrap();
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), now);
}

mod canary {
    strategy_core::conformance_tests! {
        run: |promise| super::run(super::Shape::Canary, promise),
        golden: include_str!("golden/canary.txt"),
    }

    #[test]
    fn the_golden_list_is_up_to_date() {
        super::is_up_to_date(super::Shape::Canary, "canary");
    }
}

mod pair {
    strategy_core::conformance_tests! {
        run: |promise| super::run(super::Shape::Pair, promise),
        golden: include_str!("golden/pair.txt"),
    }

    #[test]
    fn the_golden_list_is_up_to_date() {
        super::is_up_to_date(super::Shape::Pair, "pair");
    }
}

mod autoscaled {
    strategy_core::conformance_tests! {
        run: |promise| super::run(super::Shape::Autoscaled, promise),
        golden: include_str!("golden/autoscaled.txt"),
    }

    #[test]
    fn the_golden_list_is_up_to_date() {
        super::is_up_to_date(super::Shape::Autoscaled, "autoscaled");
    }
}

mod rolling {
    strategy_core::conformance_tests! {
        run: |promise| super::run(super::Shape::Rolling, promise),
        golden: include_str!("golden/rolling.txt"),
    }

    #[test]
    fn the_golden_list_is_up_to_date() {
        super::is_up_to_date(super::Shape::Rolling, "rolling");
    }
}

mod native_gated {
    strategy_core::conformance_tests! {
        run: |promise| super::run(super::Shape::NativeGated, promise),
        golden: include_str!("golden/native_gated.txt"),
    }

    #[test]
    fn the_golden_list_is_up_to_date() {
        super::is_up_to_date(super::Shape::NativeGated, "native_gated");
    }
}
