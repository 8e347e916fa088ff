//! Limits of checks: what counts towards one, and what is never forgotten.

use super::acting::seconds;
use super::checks::{every_15, limits, next, plan_with, run_with};
use super::kind_world::KindWorld;
use super::looks::failed_by_a_check;
use super::{begin, canary};
use crate::analysis::Verdict;
use crate::plan::Limits;
use crate::rollout::{Answer, Phase};

#[test]
fn a_limit_counts_what_is_tolerated_and_one_more_fails() {
    let no_failures = Limits {
        failures: 100,
        ..Limits::default()
    };
    let consecutive = Limits {
        consecutive_failures: Some(2),
        ..no_failures
    };
    let inconclusive = Limits {
        consecutive_inconclusive: 2,
        ..no_failures
    };
    let none = || Verdict::Inconclusive("no data".to_owned());
    let cases: [(Limits, Vec<Verdict>, bool); 8] = [
        (limits(0), vec![Verdict::Fail], true),
        (limits(1), vec![Verdict::Fail], false),
        (
            limits(1),
            vec![Verdict::Fail, Verdict::Pass, Verdict::Fail],
            true,
        ),
        (
            consecutive,
            vec![Verdict::Fail, Verdict::Fail, Verdict::Pass, Verdict::Fail],
            false,
        ),
        (
            consecutive,
            vec![
                Verdict::Fail,
                Verdict::Fail,
                Verdict::Undecided,
                Verdict::Fail,
            ],
            true,
        ),
        (
            inconclusive,
            vec![none(), none(), Verdict::Pass, none(), none()],
            false,
        ),
        (inconclusive, vec![none(), none(), none()], true),
        (
            limits(0),
            vec![Verdict::Warn, Verdict::Undecided, Verdict::Pass],
            false,
        ),
    ];
    for (limits, verdicts, fails) in cases {
        let mut run = run_with(every_15(limits));
        for (index, verdict) in verdicts.iter().enumerate() {
            let look = next(&mut run);
            run.judge(&look, verdict.clone());
            let last = index + 1 == verdicts.len();
            assert_eq!(
                run.rollout.is_rolling_back() || run.rollout.outcome().is_some(),
                fails && last,
                "{verdicts:?} {index}"
            );
        }
        if fails {
            failed_by_a_check(&mut run);
        }
    }
}

#[test]
fn why_the_last_look_was_inconclusive_is_why_the_release_failed() {
    let inconclusive = Limits {
        consecutive_inconclusive: 1,
        ..Limits::default()
    };
    // What the judge says of all looks, and what it says besides of why this one is inconclusive.
    for (why, expected) in [
        ("no data", "tolerated: no data; as told"),
        ("told", "tolerated: as told"),
    ] {
        let mut run = run_with(every_15(inconclusive));
        for _ in 0..2 {
            let look = next(&mut run);
            run.judge(&look, Verdict::Inconclusive(why.to_owned()));
        }
        failed_by_a_check(&mut run);
        let outcome = run.rollout.outcome().unwrap().to_string();
        assert!(outcome.ends_with(expected), "{outcome}");
    }
}

#[test]
fn errors_repeat_the_same_look_and_have_a_limit_of_their_own() {
    let errors = Limits {
        consecutive_errors: 2,
        ..Limits::default()
    };
    for (errors_in_a_row, fails) in [(2, false), (3, true)] {
        let mut run = run_with(every_15(errors));
        let first = next(&mut run);
        run.look_fails(&first);
        for _ in 1..errors_in_a_row {
            let again = next(&mut run);
            assert_eq!(again, first, "its window is not lost");
            run.look_fails(&again);
        }
        if fails {
            run.assert_rolled_back();
        } else {
            let again = next(&mut run);
            run.judge(&again, Verdict::Pass);
            let after = next(&mut run);
            assert_eq!(after.window.from, first.window.to);
            assert!(run.rollout.status().phase == Phase::Baking);
        }
    }
}

#[test]
fn a_failed_check_stays_failed() {
    let mut stages = canary();
    stages[0].on_failure = crate::plan::OnFailure::Hold {
        at_most: seconds(1800),
        then: crate::plan::Then::RollBack,
    };
    let plan = plan_with(stages, &[("errors", every_15(limits(0)))]);
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    let look = next(&mut run);
    run.judge(&look, Verdict::Fail);
    assert!(run.advance("half") != Answer::Recorded);
    run.world.somebody_moves_traffic(60);
    run.look_again();
    assert!(run.advance("half") != Answer::Recorded, "{}", run.story());
    assert!(run.advance("half") != Answer::Recorded);
    run.judge(&look, Verdict::Pass);
    run.assert_rolled_back();
}

#[test]
fn checks_that_share_a_budget_take_equal_shares() {
    let plan = plan_with(
        canary(),
        &[
            ("a", every_15(limits(0))),
            ("b", every_15(limits(0))),
            ("c", every_15(limits(0))),
        ],
    );
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    run.wait(seconds(16));
    let shares: Vec<u32> = run
        .looks()
        .iter()
        .map(|look| look.alpha_millionths)
        .collect();
    assert_eq!(shares, [3_333; 3]);
}

#[test]
fn failed_looks_and_then_none_that_says_anything_are_no_pass() {
    let plan = plan_with(canary(), &[("errors", every_15(limits(5)))]);
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    let end = run.now + seconds(130);
    let mut number = 0;
    while run.now < end {
        run.settle_now();
        for look in run.looks() {
            number += 1;
            let verdict = if number < 4 {
                Verdict::Fail
            } else {
                Verdict::Undecided
            };
            run.judge(&look, verdict);
        }
        run.pass_time();
    }
    assert!(!run.story().contains("`half` passed"), "{}", run.story());
}

#[test]
fn failures_are_not_forgotten_by_crashes() {
    let mut stages = canary();
    stages[0].bake = crate::plan::Bake::of(seconds(900));
    let plan = plan_with(stages, &[("errors", every_15(limits(7)))]);
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    let (mut failed, mut windows) = (0, Vec::new());
    for _crash in 0..8 {
        let end = run.now + seconds(80);
        while run.now < end {
            run.settle_now();
            for look in run.looks() {
                windows.push((look.number, look.window));
                failed += 1;
                run.judge(&look, Verdict::Fail);
            }
            if run.rollout.is_rolling_back() || run.rollout.is_settled() {
                return;
            }
            run.pass_time();
        }
        run.crash(seconds(2));
    }
    panic!(
        "{failed} looks failed, 7 are tolerated, and it goes on: {windows:#?}\n{}",
        run.story()
    );
}
