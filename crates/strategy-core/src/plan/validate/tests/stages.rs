//! What one stage must keep: every wait ends, and gates and hooks can be answered.

use std::time::Duration;

use super::{Break, HOUR, MINUTE, Sketch, external, refused};
use crate::plan::*;
use crate::weight::Weight;

#[test]
fn every_wait_of_a_stage_ends() {
    refused(&[
        ("the deadline is zero", |s| {
            s.first().deadline = Duration::ZERO;
        }),
        ("which never ends", |s| s.first().deadline = Duration::MAX),
        ("the settle time", |s| {
            s.first().ready.settle = Duration::MAX;
        }),
        ("has 10m to get there", |s| s.first().ready.settle = HOUR),
        ("the grace", |s| s.first().ready.grace = Duration::MAX),
        ("counts as ready with nothing ready", |s| {
            s.first().ready.share = Weight::ZERO;
        }),
        ("bakes at least 1h and at most 1m", |s| {
            s.first().bake = Bake {
                at_least: HOUR,
                at_most: MINUTE,
                ..Bake::default()
            };
        }),
        ("the bake's `at_most` is zero", |s| {
            s.first().bake.at_most = Duration::ZERO;
        }),
        ("without a look", |s| s.first().bake.looks = 0),
        ("121 looks of check `slower` take 1h30s", |s| {
            s.first().bake.looks = 121;
        }),
        ("stays undecided ends in going on", |s| {
            s.first().bake.undecided = Undecided::Then(Then::GoOn);
        }),
        ("stays undecided ends in going on", |s| {
            s.first().bake.undecided = Undecided::Hold {
                at_most: HOUR,
                then: Then::GoOn,
            };
        }),
        ("the hold of an undecided bake is zero", |s| {
            s.first().bake.undecided = Undecided::Hold {
                at_most: Duration::ZERO,
                then: Then::RollBack,
            };
        }),
        ("the hold after a failure ends in going on", |s| {
            s.first().on_failure = OnFailure::Hold {
                at_most: HOUR,
                then: Then::GoOn,
            };
        }),
        ("the hold after a failure is zero", |s| {
            s.first().on_failure = OnFailure::Hold {
                at_most: Duration::ZERO,
                then: Then::RollBack,
            };
        }),
        ("leaves the traffic on the candidate that failed", |s| {
            s.first().on_failure = OnFailure::StayOnCandidate {
                at_most: HOUR,
                then: Then::Abandon,
            };
        }),
    ]);
}

#[test]
fn gates_and_hooks_can_be_answered() {
    refused(&[
        ("two gates have the name `release`", |s| {
            let gate = s.first().gates[0].clone();
            s.first().gates.push(gate);
        }),
        ("the name of a gate is empty", |s| {
            s.first().gates[0].name.clear();
        }),
        ("the limit of gate `release` is zero", |s| {
            s.first().gates[0].limit = Duration::ZERO;
        }),
        ("approval by nobody", |s| {
            s.first().gates[0] = Gate::approval("release", ["lead".to_owned()], 0);
        }),
        ("a role of gate `release` is empty", |s| {
            s.first().gates[0] = Gate::approval("release", [String::new()], 1);
        }),
        ("the interval of gate `window` is zero", |s| {
            s.first()
                .gates
                .push(external(Duration::ZERO, Then::RollBack));
        }),
        ("asks every 2h and closes after 1h", |s| {
            s.first().gates.push(external(2 * HOUR, Then::RollBack));
        }),
        ("its condition was never met", |s| {
            s.first().gates.push(external(MINUTE, Then::GoOn));
        }),
        ("the kind is empty", |s| {
            s.first()
                .gates
                .push(Gate::external("window", Extension::new("")));
        }),
        ("two hooks have the name `smoke`", |s| {
            let hook = s.first().hooks[0].clone();
            s.first().hooks.push(hook);
        }),
        ("the timeout of hook `smoke` is zero", |s| {
            s.first().hooks[0].timeout = Duration::ZERO;
        }),
        ("the kind is empty", |s| {
            s.first().hooks[0].run = Extension::new("");
        }),
        ("the parameters have", |s| {
            s.first().hooks[0].run = Extension::new("http").with("body", "x".repeat(9 * 1024));
        }),
        ("the kind is empty", |s| {
            s.first().hooks[0].undo = Undo::By(Extension::new(""));
        }),
        ("part `other`, which the release does not ship", |s| {
            s.first().hooks[0].part = Some("other".parse().unwrap());
        }),
    ]);
}

#[test]
fn past_a_point_of_no_return_nothing_rolls_back() {
    let hold = OnFailure::Hold {
        at_most: HOUR,
        then: Then::Abandon,
    };
    let wait = Undecided::Hold {
        at_most: HOUR,
        then: Then::Abandon,
    };
    let held = |point: fn(&mut Sketch)| {
        let mut sketch = Sketch::good();
        for stage in &mut sketch.stages {
            stage.on_failure = hold;
            stage.bake.undecided = wait;
        }
        sketch.last().gates.clear();
        point(&mut sketch);
        sketch
    };
    let by_stage: fn(&mut Sketch) = |s| s.first().point_of_no_return = true;
    let by_hook: fn(&mut Sketch) = |s| s.first().hooks[0].undo = Undo::Impossible;
    for (point, in_its_stage) in [(by_stage, false), (by_hook, true)] {
        held(point).plan().unwrap();
        let mut sketch = held(point);
        sketch.first().on_failure = OnFailure::RollBack;
        assert_eq!(sketch.plan().is_ok(), in_its_stage);
        let broken: [(&str, Break); 4] = [
            ("a failure rolls back", |s| {
                s.last().on_failure = OnFailure::RollBack;
            }),
            ("a failure rolls back", |s| {
                s.last().on_failure = OnFailure::Hold {
                    at_most: HOUR,
                    then: Then::RollBack,
                };
            }),
            ("an undecided bake rolls back", |s| {
                s.last().bake.undecided = Undecided::Then(Then::RollBack);
            }),
            ("a gate that runs out of time rolls back", |s| {
                s.last().gates = vec![Gate::approval("late", [], 1)];
            }),
        ];
        for (said, change) in broken {
            let mut sketch = held(point);
            change(&mut sketch);
            let error = sketch.plan().unwrap_err().to_string();
            assert!(error.contains(said), "{said}: {error}");
            assert!(
                error.contains("point of no return in stage `half`"),
                "{error}"
            );
        }
    }
}
