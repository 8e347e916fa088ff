//! Simulations: with processes that crash, wake and differ in their clocks, always the same way.

mod clocks;
mod data;
mod hooks;
mod ranges;
mod unknown;

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;

use super::*;
use crate::analysis::FailureShare;
use crate::plan::{Check, Extension};
use crate::rollout::{Input, Outcome, Record};
use crate::strategy::{BlueGreen, Canary};
use crate::target::{Recorded, Target};

fn canary() -> Canary {
    let errors = Check::new(Extension::new(FailureShare::KIND).with("limit", "1%"));
    Canary::new().stages([5, 50, 100]).check("errors", errors)
}

fn quiet() -> Simulation {
    Simulation::seed(7).stable("v1", 4).requests_per_second(100)
}

#[test]
fn a_good_release_is_promoted_and_a_bad_one_is_not() {
    let good = quiet().run(&canary());
    assert!(good.is_promoted(), "{:?}", good.end);
    assert_eq!(good.failed(), 0);
    let bad = quiet().candidate(errors(0.05)).run(&canary());
    assert!(bad.is_rolled_back(), "{:?}", bad.end);
    assert!(bad.failed() < 200, "{}", bad.failed());
}

#[test]
fn the_same_simulation_gives_the_same_bytes() {
    let simulation = quiet().candidate(errors(0.009)).mishap(
        When::AfterCall(12),
        Trouble::Crash {
            resumed_after: Duration::from_secs(40),
        },
    );
    let text = |report: &SimulationReport| serde_json::to_string(report).unwrap();
    assert_eq!(
        text(&simulation.run(&canary())),
        text(&simulation.run(&canary()))
    );
    let again: Simulation =
        serde_json::from_str(&serde_json::to_string(&simulation).unwrap()).unwrap();
    assert_eq!(again, simulation);
}

/// What the process that goes on wrote first is still in the journal at the end: it is not made up by lot.
#[test]
fn the_same_simulation_writes_the_same_journal_after_a_crash() {
    for call in [6, 8] {
        let crash = Trouble::Crash {
            resumed_after: Duration::from_secs(40),
        };
        let simulation = quiet().mishap(When::AfterCall(call), crash);
        let first = simulation.run(&BlueGreen::new());
        let is_resumed = |record: &Record| matches!(record, Record::Decision(decision) if matches!(decision.input, Input::Resumed { .. }));
        assert!(first.journal.iter().any(is_resumed), "call {call}");
        assert_eq!(first.journal, simulation.run(&BlueGreen::new()).journal);
    }
}

#[test]
fn a_crash_before_and_after_every_call_ends_in_a_promotion() {
    let whole = quiet().run(&BlueGreen::new());
    assert!(whole.is_promoted(), "{:?}", whole.end);
    let crash = Trouble::Crash {
        resumed_after: Duration::from_secs(20),
    };
    let mut crashed = 0;
    for call in 1..=whole.calls {
        for when in [When::BeforeCall(call), When::AfterCall(call)] {
            let report = quiet().mishap(when, crash.clone()).run(&BlueGreen::new());
            assert!(report.is_promoted(), "{when:?}: {:?}", report.end);
            crashed += u64::from(report.processes == 2);
        }
    }
    // Whoever makes the last calls has ended before their answers come.
    assert!(
        crashed + 10 > 2 * whole.calls,
        "{crashed} of {}",
        whole.calls
    );
}

#[test]
fn a_zombie_that_wakes_up_writes_nothing() {
    let report = quiet()
        .mishap(
            When::After(Duration::from_secs(100)),
            Trouble::Freeze {
                lasts: Duration::from_secs(400),
                taken_over_after: Duration::from_secs(60),
            },
        )
        .run(&canary());
    assert!(report.is_promoted(), "{:?}", report.end);
    assert_eq!(report.processes, 2);
    let gave_up = report.log.iter().any(|entry| {
        matches!(
            &entry.fact,
            crate::world::Fact::Lives {
                process: crate::world::Process(1),
                life: crate::world::Life::GaveUp(_),
            }
        )
    });
    assert!(gave_up);
}

type Watched = Arc<Recorded<Arc<dyn Target>>>;

/// Carries as the driver does, with every call recorded.
#[derive(Debug, Default)]
struct Watching(Mutex<Vec<(u32, Watched)>>);

#[async_trait(?Send)]
impl Carrier for Watching {
    async fn carry(
        &self,
        mut equipment: Equipment,
        strategy: &dyn Strategy,
    ) -> Result<Outcome, Box<dyn Error>> {
        for target in equipment.targets.values_mut() {
            let recorded = Recorded::new(Arc::clone(target));
            let recorded = Arc::new(recorded);
            let process = equipment.process.0;
            self.0
                .lock()
                .unwrap()
                .push((process, Arc::clone(&recorded)));
            *target = recorded;
        }
        RealDriver.carry(equipment, strategy).await
    }
}

#[test]
fn a_carrier_equips_every_process() {
    let crash = Trouble::Crash {
        resumed_after: Duration::from_secs(20),
    };
    let simulation = quiet().mishap(When::AfterCall(9), crash);
    let watching = Watching::default();
    let report = simulation.run_by(&canary(), &watching);
    assert_eq!(report, simulation.run(&canary()));
    let recorded = watching.0.lock().unwrap();
    let processes: Vec<_> = recorded.iter().map(|(process, _)| *process).collect();
    assert_eq!(processes, [1, 2]);
    assert!(recorded.iter().all(|(_, calls)| !calls.calls().is_empty()));
}

/// Gives up at once.
#[derive(Debug)]
struct Idle;

#[async_trait(?Send)]
impl Carrier for Idle {
    async fn carry(&self, _: Equipment, _: &dyn Strategy) -> Result<Outcome, Box<dyn Error>> {
        Err("too early in the morning".into())
    }
}

#[test]
fn what_a_carrier_does_not_do_is_not_done() {
    let report = quiet().run_by(&canary(), &Idle);
    let why = "too early in the morning".to_owned();
    assert_eq!(report.end, End::NeverBegan { why });
    let part = report.world.part(&crate::release::Part::main()).unwrap();
    assert!(part.writes.is_empty());
}
