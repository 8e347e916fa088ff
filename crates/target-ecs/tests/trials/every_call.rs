//! Every fault of every call, and a crash before and after each.

use std::time::Duration;

use strategy_core::Strategy;
use strategy_core::strategy::{BlueGreen, Canary, CanaryStage, Rolling};
use test_support::ecs::Fault;

use crate::life::{Crash, Denied, Life, Script};
use crate::petswipe::{ByEcs, NEW, PetSwipe, Setup};
use crate::verdict::{Came, Start, judge};

/// What happens at a call.
#[derive(Clone, Copy, Debug)]
enum Mishap {
    Fault(Fault),
    Denied(Duration),
    Crash { landed: bool, asleep: Duration },
}

/// Each fault, access that is denied for a short and for a long while, and crashes of processes that are missed for a
/// short and for a long while.
const MISHAPS: [Mishap; 10] = [
    Mishap::Fault(Fault::Throttled),
    Mishap::Fault(Fault::TimeoutAfter),
    Mishap::Fault(Fault::ResetAfter),
    Mishap::Fault(Fault::ResetBefore),
    Mishap::Fault(Fault::ServerError),
    Mishap::Denied(Duration::from_secs(45)),
    Mishap::Denied(Duration::from_secs(900)),
    Mishap::Crash {
        landed: false,
        asleep: Duration::from_secs(5),
    },
    Mishap::Crash {
        landed: true,
        asleep: Duration::from_secs(5),
    },
    Mishap::Crash {
        landed: true,
        asleep: Duration::from_secs(1200),
    },
];

/// A strategy, and the shop that it runs in.
struct Play {
    setup: Setup,
    strategy: Box<dyn Strategy>,
}

impl Play {
    /// As short as a canary can be that still has a step, so that many can be run.
    fn canary() -> Self {
        let canary = Canary::new()
            .stages([25, 100])
            .bake(Duration::from_secs(5))
            .bake_after_return(Duration::from_secs(5));
        Self {
            setup: Setup::canary().not_sticky(),
            strategy: Box::new(canary),
        }
    }

    /// Requests with a header come first, and then with a share of the others.
    fn header() -> Self {
        let canary = Canary::new()
            .stage(CanaryStage::at(0).header_route("X-Preview", "yes"))
            .stage(CanaryStage::at(25).header_route("X-Preview", "yes"))
            .stages([100])
            .bake(Duration::from_secs(5))
            .bake_after_return(Duration::from_secs(5));
        Self {
            setup: Setup::canary().not_sticky(),
            strategy: Box::new(canary),
        }
    }

    fn blue_green() -> Self {
        Self {
            setup: Setup::blue_green(),
            strategy: Box::new(BlueGreen::new().bake(Duration::from_secs(5))),
        }
    }

    fn rolling() -> Self {
        let rolling = Rolling::new()
            .bake(Duration::from_secs(5))
            .bake_after_last(Duration::from_secs(5));
        Self {
            setup: Setup::by_ecs(ByEcs::Rolling),
            strategy: Box::new(rolling),
        }
    }

    fn native_gated() -> Self {
        let canary = Canary::new().stages([25, 100]).bake(Duration::from_secs(5));
        Self {
            setup: Setup::by_ecs(ByEcs::Shifting),
            strategy: Box::new(canary),
        }
    }

    fn shop(&self) -> PetSwipe {
        PetSwipe::open(Setup {
            latency: Duration::from_millis(20),
            // Looks are the same call over and over: few of them leave more of the others in the time there is.
            news: Duration::from_secs(60),
            ..self.setup.clone()
        })
    }

    /// How many calls it makes where nothing happens.
    fn calls(&self) -> usize {
        let shop = self.shop();
        let start = Start::of(&shop);
        let told = Life::new(&shop, &*self.strategy, NEW).live();
        assert_eq!(judge(&shop, &start, NEW, &told), Ok(Came::Promoted));
        shop.fake.calls().len()
    }

    fn with(&self, mishap: Mishap, at: usize) -> Result<Came, String> {
        let shop = self.shop();
        let start = Start::of(&shop);
        let mut script = Script::default();
        match mishap {
            Mishap::Fault(fault) => shop.fake.fault_at(at, fault),
            Mishap::Denied(lasts) => script.denied = Some(Denied { at, lasts }),
            Mishap::Crash { landed, asleep } => script.crashes.push(Crash { at, landed, asleep }),
        }
        let life = Life::new(&shop, &*self.strategy, NEW).script(script);
        let told = life.live();
        let operation = shop.fake.calls()[at].operation.clone();
        judge(&shop, &start, NEW, &told).map_err(|why| {
            format!(
                "{mishap:?} at call {at}, {operation}: {why}; {:?}",
                told.end
            )
        })
    }
}

fn run(play: &Play, name: &str, every: usize) {
    let calls = play.calls();
    let mut ends = std::collections::BTreeMap::<Came, usize>::new();
    let mut broken = Vec::new();
    let mut turn = 0;
    for at in 0..calls {
        for mishap in MISHAPS {
            turn += 1;
            if turn % every != 0 {
                continue;
            }
            match play.with(mishap, at) {
                Ok(came) => *ends.entry(came).or_default() += 1,
                Err(why) => {
                    println!("broken: {why}");
                    broken.push(why);
                }
            }
        }
    }
    println!("{name}: {calls} calls, {ends:?}");
    assert!(
        broken.is_empty(),
        "{} broken:\n{}",
        broken.len(),
        broken.join("\n")
    );
    assert!(ends.contains_key(&Came::Promoted), "{ends:?}");
}

/// Nobody may look any more once the claim is written: it ends, and says what is left to do.
#[test]
fn a_claim_that_cannot_be_given_back_is_left_and_said() {
    let play = Play::blue_green();
    let first = play.shop();
    Life::new(&first, &*play.strategy, NEW).live();
    let calls = first.fake.calls();
    let claimed = calls.iter().rposition(|call| {
        // Both services are tagged before anything else is written.
        call.operation == "TagResource"
            && calls[..call.index]
                .iter()
                .filter(|before| before.is_write())
                .count()
                == 1
    });
    let at = claimed.unwrap() + 1;
    assert_eq!(calls[at].operation, "DescribeServices");
    let shop = play.shop();
    let start = Start::of(&shop);
    let lasts = Duration::from_secs(900);
    let script = Script {
        denied: Some(Denied { at, lasts }),
        ..Script::default()
    };
    let told = Life::new(&shop, &*play.strategy, NEW).script(script).live();
    assert_eq!(judge(&shop, &start, NEW, &told), Ok(Came::RolledBack));
    assert_ne!(told.left, [], "{told:?}");
}

#[test]
fn a_canary_survives_a_sample_of_mishaps() {
    run(&Play::canary(), "canary", 97);
}

#[test]
fn a_header_stage_survives_a_sample_of_mishaps() {
    run(&Play::header(), "header", 97);
}

#[test]
fn a_blue_green_survives_a_sample_of_mishaps() {
    run(&Play::blue_green(), "blue-green", 67);
}

#[test]
fn a_rolling_release_survives_a_sample_of_mishaps() {
    run(&Play::rolling(), "rolling", 29);
}

#[test]
fn a_gated_deployment_survives_a_sample_of_mishaps() {
    run(&Play::native_gated(), "native-gated", 29);
}

#[test]
#[ignore = "needs an optimised build: cargo xtask test"]
fn a_rolling_release_survives_every_mishap_at_every_call() {
    run(&Play::rolling(), "rolling", 1);
}

#[test]
#[ignore = "needs an optimised build: cargo xtask test"]
fn a_gated_deployment_survives_every_mishap_at_every_call() {
    run(&Play::native_gated(), "native-gated", 1);
}

#[test]
#[ignore = "needs an optimised build: cargo xtask test"]
fn a_canary_survives_every_mishap_at_every_call() {
    run(&Play::canary(), "canary", 1);
}

#[test]
#[ignore = "needs an optimised build: cargo xtask test"]
fn a_header_stage_survives_every_third_mishap() {
    // Each call has three or four of them, and each of them every third call: the rest is as with a canary.
    run(&Play::header(), "header", 3);
}

#[test]
#[ignore = "needs an optimised build: cargo xtask test"]
fn a_blue_green_survives_every_mishap_at_every_call() {
    run(&Play::blue_green(), "blue-green", 1);
}
