//! Checks: windows, memory, and what acts while nothing goes on.

use std::collections::BTreeMap;

use super::acting::seconds;
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, images};
use crate::analysis::{Look, Verdict};
use crate::plan::{Check, CheckName, Extension, Gate, Limits, Plan, Policies, Stage};
use crate::release::{Part, Release};
use crate::rollout::{Answer, Outcome, Phase, Wish};

pub(super) fn limits(failures: u32) -> Limits {
    Limits {
        failures,
        ..Limits::default()
    }
}

/// The canary, with a check every 15 seconds in the first two stages.
pub(super) fn plan_with(mut stages: Vec<Stage>, checks: &[(&str, Check)]) -> Plan {
    let checks: BTreeMap<CheckName, Check> = checks
        .iter()
        .map(|(name, check)| ((*name).into(), check.clone()))
        .collect();
    for stage in &mut stages[..2] {
        stage.checks = checks.keys().cloned().collect();
    }
    let release = Release::parts([(Part::main(), images("v1"))]).unwrap();
    Plan::new("by-hand", release, stages, checks, Policies::default()).unwrap()
}

pub(super) fn every_15(limits: Limits) -> Check {
    Check::new(Extension::new("errors"))
        .every(seconds(15))
        .limits(limits)
}

pub(super) fn run_with(check: Check) -> Run {
    let plan = plan_with(canary(), &[("errors", check)]);
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    run
}

/// The next look, whenever it is due.
pub(super) fn next(run: &mut Run) -> Look {
    for _ in 0..200 {
        let mut looks = run.looks();
        if !looks.is_empty() {
            assert_eq!(looks.len(), 1);
            return looks.remove(0);
        }
        assert!(!run.rollout.is_settled(), "{}", run.story());
        run.pass_time();
        run.settle_now();
    }
    panic!("no look comes\n{}", run.story());
}

fn passes(run: &mut Run) -> Vec<Look> {
    let mut seen = Vec::new();
    while !run.rollout.is_settled() {
        run.settle_now();
        for look in run.looks() {
            run.judge(&look, Verdict::Pass);
            seen.push(look);
        }
        run.pass_time();
    }
    seen
}

#[test]
fn windows_lie_on_a_grid_are_disjoint_and_hand_their_memory_on_across_stages() {
    let mut run = run_with(every_15(limits(0)));
    let looks = passes(&mut run);
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    assert!(looks.len() >= 8, "{looks:?}");
    let mut memory = String::new();
    for (index, look) in looks.iter().enumerate() {
        assert_eq!(look.number, index as u64 + 1);
        assert_eq!(look.memory.as_str(), memory);
        assert_eq!(look.alpha_millionths, 10_000, "1 in 100, and one check");
        memory += &format!("{},", look.number);
    }
    for (one, next) in looks.iter().zip(&looks[1..]) {
        assert!(one.window.to <= next.window.from, "{one:?} {next:?}");
        if one.weights == next.weights {
            assert_eq!(one.window.to, next.window.from, "no gap in a stage");
        }
    }
    let weights: Vec<_> = looks
        .iter()
        .map(|look| look.weights[&Part::main()])
        .collect();
    assert_eq!(
        weights
            .iter()
            .filter(|weight| **weight == super::percent(50))
            .count(),
        4
    );
    assert!(weights.is_sorted(), "a change of weight closes a window");
}

#[test]
fn no_window_is_counted_twice_over_a_crash_with_or_without_the_newest_state() {
    for lose in [false, true] {
        let mut run = run_with(every_15(limits(3)));
        let one = next(&mut run);
        run.judge(&one, Verdict::Fail);
        let two = next(&mut run);
        if lose {
            // Nothing since the stage began is in the journal but decisions.
            run.crash(seconds(4));
        } else {
            let snapshot = run.rollout.snapshot();
            run.records = vec![snapshot];
            run.crash(seconds(4));
            let again = run.looks();
            assert_eq!(
                again,
                vec![two.clone()],
                "the same look with the same memory"
            );
            run.judge(&two, Verdict::Pass);
        }
        let later = next(&mut run);
        let end = if lose { one.window.from } else { two.window.to };
        assert!(later.window.from >= end);
        if !lose {
            assert!(
                later.window.from >= two.window.to + seconds(4),
                "nobody watched"
            );
            assert_eq!(later.memory.as_str(), "1,2,");
        }
    }
}

#[test]
fn a_stage_is_not_passed_on_looks_of_the_one_before() {
    let mut stages = canary();
    stages[1].gates.push(Gate::approval("go", [], 1));
    let plan = plan_with(stages, &[("errors", every_15(limits(0)))]);
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    while run.rollout.status().phase != Phase::Gating {
        run.settle_now();
        for look in run.looks() {
            run.judge(&look, Verdict::Pass);
        }
        run.pass_time();
    }
    for _ in 0..4 {
        let look = next(&mut run);
        run.judge(&look, Verdict::Pass);
    }
    assert_eq!(run.approve("ada", &[], "all"), Answer::Recorded);
    while run.rollout.status().phase != Phase::Baking {
        run.looks();
        run.pass_time();
        run.settle_now();
    }
    // Whatever is looked at now cannot be said.
    for _ in 0..8 {
        let look = next(&mut run);
        run.judge(&look, Verdict::Undecided);
    }
    assert_eq!(run.rollout.status().phase, Phase::Baking, "{}", run.story());
}

#[test]
fn checks_act_in_a_pause_and_while_a_gate_waits() {
    let mut run = run_with(every_15(limits(0)));
    run.order(Wish::Pause);
    run.wait(seconds(1));
    let look = next(&mut run);
    run.judge(&look, Verdict::Fail);
    run.assert_rolled_back();

    let mut stages = canary();
    stages[1].gates.push(Gate::approval("go", [], 1));
    let plan = plan_with(stages, &[("errors", every_15(limits(0)))]);
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    while run.rollout.status().phase != Phase::Gating {
        run.settle_now();
        for look in run.looks() {
            run.judge(&look, Verdict::Pass);
        }
        run.pass_time();
    }
    let look = next(&mut run);
    run.judge(&look, Verdict::Fail);
    run.assert_rolled_back();
}

#[test]
fn words_from_outside_are_cut() {
    let mut run = run_with(every_15(limits(0)));
    let look = next(&mut run);
    run.tell(crate::rollout::Input::Measured {
        look: crate::rollout::LookId::from(&look),
        measurement: crate::analysis::Measurement {
            verdict: Verdict::Pass,
            evidence: "x".repeat(100_000),
            memory: crate::analysis::Memory::default(),
        },
    });
    let text = serde_json::to_string(&run.rollout.snapshot()).unwrap();
    assert!(text.len() < 20_000, "{}", text.len());
}

#[test]
fn a_clock_that_is_set_back_counts_no_window_twice_and_stops_none() {
    for back in [20, 7200] {
        let mut run = run_with(every_15(limits(0)));
        let one = next(&mut run);
        run.judge(&one, Verdict::Pass);
        run.now = run.now.before(seconds(back));
        run.rollout.handle_timeout(run.now);
        run.settle_now();
        let begin = run.now;
        let two = next(&mut run);
        assert!(run.now.since(begin) <= seconds(60), "looks go on");
        if back == 20 {
            assert!(two.window.from >= one.window.to, "{one:?} {two:?}");
        }
    }
}
