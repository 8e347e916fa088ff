//! What is only just allowed is allowed, and one more is not.

use std::time::Duration;

use super::{Break, HOUR, MINUTE, Sketch, external, goal, refused};
use crate::plan::*;
use crate::track::Capacity;
use crate::weight::Weight;

const YEAR: Duration = Duration::from_secs(366 * 24 * 3600);
const MOMENT: Duration = Duration::from_millis(1);

#[track_caller]
fn allowed(rows: &[(&str, Break)]) {
    for (what, change) in rows {
        let mut sketch = Sketch::good();
        change(&mut sketch);
        if let Err(error) = sketch.plan() {
            panic!("{what} is refused: {error}");
        }
    }
}

/// So many stages after the first one, each with another count.
fn stages(sketch: &mut Sketch, many: u32) {
    let last = sketch.stages.pop().unwrap();
    sketch.stages.extend((1..=many).map(|number| {
        let mut goal = goal(Weight::FULL);
        goal.candidate.capacity = Capacity::Count(number);
        Stage {
            name: format!("s{number}").into(),
            goals: [(crate::Part::main(), goal.into())].into(),
            ..last.clone()
        }
    }));
}

fn checks(sketch: &mut Sketch, many: usize) {
    let check = sketch.check("errors").clone();
    sketch.checks = (0..many)
        .map(|number| (format!("c{number}").into(), check.clone()))
        .collect();
    for stage in &mut sketch.stages {
        stage.checks = sketch.checks.keys().cloned().collect();
    }
}

/// A hook whose parameters have so many bytes as JSON.
fn parameters(sketch: &mut Sketch, bytes: usize) {
    let body = "x".repeat(bytes - r#"{"body":""}"#.len());
    sketch.first().hooks[0].run = Extension::new("http").with("body", body);
}

#[test]
fn names_and_numbers_may_be_as_large_as_is_said() {
    allowed(&[
        ("a name of 63 bytes", |s| s.strategy = "x".repeat(63)),
        ("a revision's name of 63 bytes", |s| {
            let revision = crate::track::Revision::Named("x".repeat(63));
            s.goal(0).candidate.revision = revision;
        }),
        ("a strategy's name with a space", |s| {
            s.strategy = "a b".to_owned();
        }),
        ("100 stages", |s| stages(s, 99)),
        ("50 checks", |s| checks(s, 50)),
        ("8 KiB of parameters", |s| parameters(s, 8 * 1024)),
        ("a false alarm in two", |s| s.policies.false_alarms = 5_000),
        ("one in ten thousand", |s| s.policies.false_alarms = 1),
        ("an approval by one of anybody", |s| {
            s.first().gates[0] = Gate::approval("release", [], 1);
        }),
    ]);
    refused(&[
        ("has 101 stages", |s| stages(s, 100)),
        ("has 51 checks", |s| checks(s, 51)),
        ("the parameters have 8193 bytes", |s| {
            parameters(s, 8 * 1024 + 1);
        }),
        ("5001 basis points", |s| s.policies.false_alarms = 5_001),
    ]);
}

#[test]
fn times_may_be_as_long_and_as_close_as_is_said() {
    allowed(&[
        ("a deadline of a year", |s| s.first().deadline = YEAR),
        ("ready just before the deadline", |s| {
            s.first().ready.settle = s.first().deadline - MOMENT;
        }),
        ("a bake that ends when it may", |s| {
            s.first().bake = Bake::of(HOUR).at_most(HOUR);
        }),
        ("looks that fill the bake", |s| s.first().bake.looks = 120),
        ("no look where there is no check", |s| {
            s.first().checks.clear();
            s.checks.remove(&"slower".into());
            s.first().bake.looks = 0;
        }),
        ("a gate that is asked once", |s| {
            s.first().gates.push(external(HOUR, Then::RollBack));
        }),
        ("a way back that just has time for more", |s| {
            s.policies.way_back_wait = s.policies.rollback_deadline - MOMENT;
        }),
        ("stale just after the next look", |s| {
            s.policies.stale_after = s.policies.resync + MOMENT;
        }),
    ]);
    refused(&[
        ("the deadline is", |s| s.first().deadline = YEAR + MOMENT),
        ("has 10m to get there", |s| {
            s.first().ready.settle = s.first().deadline;
        }),
        ("the way back waits longer", |s| {
            s.policies.way_back_wait = s.policies.rollback_deadline;
        }),
        ("asks every 1h1m and closes after 1h", |s| {
            s.first()
                .gates
                .push(external(HOUR + MINUTE, Then::RollBack));
        }),
    ]);
}
