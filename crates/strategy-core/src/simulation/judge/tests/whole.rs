//! Whole simulations: the judge finds nothing where all is well, and finds what is put into their logs.

use std::time::Duration;

use super::*;
use crate::analysis::FailureShare;
use crate::plan::{Check, Extension};
use crate::simulation::{Simulation, Trouble, When, crashes_at_start, errors};
use crate::strategy::{BlueGreen, Canary, Rolling, Strategy};

#[track_caller]
fn is_clean(simulation: &Simulation, strategy: &dyn Strategy, tried: &[u8]) {
    let report = simulation.run(strategy);
    let judgement = examine(&report);
    assert_eq!(judgement.broken, [], "{:?}", report.end);
    for promise in tried {
        let judged = &judgement.judged;
        assert!(
            judged.contains_key(promise),
            "{promise} not tried: {judged:?}"
        );
    }
}

/// What every rollout that writes tries, and what one that is promoted tries where a router shares the traffic.
const ALWAYS: &[u8] = &[8, 11, 12, 14, 15];
const PROMOTED: &[u8] = &[1, 2, 3, 4, 5, 8, 11, 12, 14, 15];

fn canary() -> Canary {
    let check = Check::new(Extension::new(FailureShare::KIND).with("limit", "1%"));
    Canary::new().stages([5, 50, 100]).check("errors", check)
}

fn quiet() -> Simulation {
    Simulation::seed(7).stable("v1", 4).requests_per_second(100)
}

fn slots() -> Simulation {
    Simulation::seed(7)
        .slots("v1", 4, "v0", 2)
        .requests_per_second(100)
}

#[test]
fn nothing_is_found_where_all_is_well() {
    is_clean(&quiet(), &canary(), PROMOTED);
    is_clean(&slots(), &BlueGreen::new(), PROMOTED);
    let follows = quiet().world(|world| world.follows_readiness());
    is_clean(&follows, &Rolling::new(), ALWAYS);
    is_clean(&follows, &Canary::new().stages([25, 100]), ALWAYS);
    let owned = quiet().world(|world| world.autoscaled(2, 8));
    is_clean(&owned, &canary(), PROMOTED);
}

#[test]
fn nothing_is_found_where_the_release_is_bad() {
    for behavior in [errors(0.2), crashes_at_start()] {
        is_clean(&quiet().candidate(behavior.clone()), &canary(), ALWAYS);
        is_clean(
            &slots().candidate(behavior.clone()),
            &BlueGreen::new(),
            ALWAYS,
        );
        let follows = quiet().world(|world| world.follows_readiness());
        is_clean(&follows.candidate(behavior), &Rolling::new(), ALWAYS);
    }
}

#[test]
fn nothing_is_found_where_processes_crash_and_freeze() {
    let crash = Trouble::Crash {
        resumed_after: Duration::from_secs(20),
    };
    for call in (1..40).step_by(5) {
        is_clean(
            &quiet().mishap(When::BeforeCall(call), crash.clone()),
            &canary(),
            ALWAYS,
        );
        is_clean(
            &quiet().mishap(When::AfterCall(call), crash.clone()),
            &canary(),
            ALWAYS,
        );
    }
    let freeze = Trouble::Freeze {
        lasts: Duration::from_secs(400),
        taken_over_after: Duration::from_secs(60),
    };
    for seconds in (0..400).step_by(100) {
        let when = When::After(Duration::from_secs(seconds));
        is_clean(&quiet().mishap(when, freeze.clone()), &canary(), ALWAYS);
    }
}
