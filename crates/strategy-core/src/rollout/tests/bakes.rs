//! The bake: its clock, its end, and what a person may not skip.

use super::acting::seconds;
use super::checks::{every_15, limits, plan_with};
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, plan};
use crate::analysis::Verdict;
use crate::plan::{Policies, Then, Undecided};
use crate::rollout::{Answer, Outcome, Phase, Wish};
use crate::target::Effective;

fn baking() -> Run {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    run
}

fn elapsed(run: &Run) -> u64 {
    run.rollout
        .status()
        .bake
        .map_or(u64::MAX, |bake| bake.elapsed.as_secs())
}

#[test]
fn the_clock_stands_while_traffic_is_not_effective() {
    let mut run = baking();
    run.wait(seconds(20));
    run.world.effective = Some(Effective::Converging);
    run.look_again();
    let at = elapsed(&run);
    run.wait(seconds(300));
    assert_eq!(elapsed(&run), at);
    run.world.effective = None;
    run.look_again();
    run.wait(seconds(10));
    assert!(
        (at + 9..=at + 11).contains(&elapsed(&run)),
        "{} {at}",
        elapsed(&run)
    );
    assert!(!run.story().contains("`half` passed"));
}

#[test]
fn the_clock_stands_in_a_pause_and_while_nothing_fresh_is_known() {
    let mut run = baking();
    run.wait(seconds(20));
    run.order(Wish::Pause);
    run.wait(seconds(100));
    run.order(Wish::Unpause);
    assert!((20..=21).contains(&elapsed(&run)));
    run.world.down = true;
    run.wait(seconds(200));
    let at = elapsed(&run);
    assert!(
        at <= 20 + 76,
        "what nobody saw does not count beyond the limit of age: {at}"
    );
    assert!(
        !run.story().contains("`half` passed"),
        "no pass without a look"
    );
    assert_eq!(run.rollout.status().phase, Phase::Baking, "{}", run.story());
}

#[test]
fn the_clock_stands_while_stable_is_unready() {
    let mut run = baking();
    run.wait(seconds(20));
    run.world.unready.insert("app:v0".to_owned());
    run.world.converge();
    run.look_again();
    run.wait(seconds(300));
    assert!((20..=21).contains(&elapsed(&run)));
    assert_eq!(
        run.rollout.status().phase,
        Phase::Baking,
        "a healthy candidate is not blamed"
    );
}

#[test]
fn at_most_is_wall_time_and_then_it_is_undecided() {
    for (undecided, expected) in [
        (Undecided::Then(Then::RollBack), 0),
        (Undecided::Then(Then::Abandon), 1),
    ] {
        let mut stages = canary();
        stages[0].bake.at_most = seconds(200);
        stages[0].bake.undecided = undecided;
        let world = KindWorld::new(("v0", 4), None);
        let mut run = begin(plan(stages, Policies::default()), world);
        run.until("is effective and is watched");
        run.world.effective = Some(Effective::Converging);
        run.look_again();
        run.wait(seconds(190));
        assert_eq!(run.rollout.status().phase, Phase::Baking);
        run.wait(seconds(15));
        if expected == 0 {
            let missing = "undecided: all was well for 0s of 1m; it waits for";
            assert!(run.story().contains(missing), "{}", run.story());
        }
        run.world.effective = None;
        run.run(seconds(3600));
        run.assert_outcome(|outcome| match outcome {
            Outcome::RolledBack { .. } => expected == 0,
            Outcome::Abandoned { .. } => expected == 1,
            Outcome::Promoted | Outcome::Superseded { .. } => false,
        });
    }
}

#[test]
fn no_bake_ends_without_data_or_on_a_failed_look() {
    for verdict in [
        Verdict::Undecided,
        Verdict::Inconclusive("no data".to_owned()),
        Verdict::Fail,
    ] {
        let plan = plan_with(canary(), &[("errors", every_15(limits(100)))]);
        let mut run = begin(plan, KindWorld::new(("v0", 4), None));
        run.until("is effective and is watched");
        let end = run.now + seconds(130);
        while run.now < end {
            run.settle_now();
            for look in run.looks() {
                run.judge(&look, verdict.clone());
            }
            run.pass_time();
        }
        assert!(!run.story().contains("`half` passed"), "{verdict:?}");
    }
}

#[test]
fn a_bake_that_ran_out_says_what_the_last_look_said() {
    for (verdict, expected) in [
        (Verdict::Undecided, "undecided: as told"),
        (
            Verdict::Inconclusive("no data".to_owned()),
            "inconclusive: no data; as told",
        ),
    ] {
        let mut stages = canary();
        stages[0].bake.looks = 1;
        stages[0].bake.at_most = seconds(100);
        stages[0].bake.undecided = Undecided::Then(Then::RollBack);
        let plan = plan_with(stages, &[("errors", every_15(limits(100)))]);
        let mut run = begin(plan, KindWorld::new(("v0", 4), None));
        run.until("is effective and is watched");
        while !run.rollout.is_rolling_back() {
            run.settle_now();
            for look in run.looks() {
                run.judge(&look, verdict.clone());
            }
            run.pass_time();
        }
        run.settle_now();
        let missing = format!(
            "ran out of time undecided: check `errors` has 0 of 1 looks that passed; the last one said {expected}"
        );
        assert!(run.story().contains(&missing), "{}", run.story());
    }
}

#[test]
fn the_last_look_ends_a_bake_and_may_fail_it() {
    let plan = plan_with(canary(), &[("errors", every_15(limits(100)))]);
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    let began = run.now;
    let mut last = None;
    while run.now < began + seconds(70) {
        run.settle_now();
        for look in run.looks() {
            if look.number < 4 {
                run.judge(&look, Verdict::Pass);
            } else {
                last = Some(look);
            }
        }
        run.pass_time();
    }
    run.wait(seconds(20));
    assert!(
        !run.story().contains("`half` passed"),
        "it waits for the last look"
    );
    let look = last.unwrap();
    run.judge(&look, Verdict::Fail);
    run.wait(seconds(1));
    assert!(
        !run.story().contains("`half` passed"),
        "a failed last look is no pass"
    );
    for _ in 0..6 {
        run.wait(seconds(15));
        for look in run.looks() {
            run.judge(&look, Verdict::Pass);
        }
    }
    assert!(run.story().contains("`half` passed"), "{}", run.story());
}

#[test]
fn advance_skips_time_alone() {
    let mut run = baking();
    assert!(
        run.advance("all") != Answer::Recorded,
        "of the stage it names"
    );
    assert_eq!(run.advance("half"), Answer::Recorded);
    assert!(run.story().contains("`half` passed"));

    let mut run = baking();
    run.world.effective = Some(Effective::Converging);
    run.look_again();
    assert_eq!(run.advance("half"), Answer::Recorded);
    run.wait(seconds(100));
    assert!(
        !run.story().contains("`half` passed"),
        "effectiveness is not skipped"
    );
    run.world.effective = None;
    run.look_again();
    run.wait(seconds(1));
    assert!(run.story().contains("`half` passed"));

    let plan = plan_with(canary(), &[("errors", every_15(limits(100)))]);
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    run.wait(seconds(16));
    let look = run.looks().remove(0);
    run.judge(&look, Verdict::Fail);
    run.advance("half");
    run.wait(seconds(1));
    for look in run.looks() {
        run.judge(&look, Verdict::Undecided);
    }
    assert!(run.looks().len() < 2);
    assert!(
        !run.story().contains("`half` passed") || !run.story().contains("fail"),
        "{}",
        run.story()
    );
}

#[test]
fn advance_of_an_undecided_hold_skips_no_readiness() {
    let mut stages = canary();
    stages[0].bake.at_most = seconds(100);
    stages[0].bake.undecided = Undecided::Hold {
        at_most: seconds(5000),
        then: Then::RollBack,
    };
    let world = KindWorld::new(("v0", 4), None);
    let mut run = begin(plan(stages, Policies::default()), world);
    run.until("is effective and is watched");
    run.world.effective = Some(Effective::Converging);
    run.look_again();
    run.until("waits for a person");
    assert_eq!(run.advance("half"), Answer::Recorded);
    run.wait(seconds(20));
    assert!(!run.story().contains("`half` passed"), "{}", run.story());
    run.world.effective = None;
    run.look_again();
    run.wait(seconds(1));
    assert!(run.story().contains("`half` passed"), "{}", run.story());
}

#[test]
fn promote_ends_all_bakes_and_nothing_else() {
    let mut run = baking();
    let plan = run.rollout.plan().digest();
    assert_eq!(run.order(Wish::Promote { plan }), Answer::Recorded);
    let began = run.now;
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    assert!(run.now.since(began) < seconds(60));
}

/// The time it asks for is reached when its time is up, and the look that ends it is not: only that is missing.
#[test]
fn a_bake_whose_time_is_reached_is_not_said_to_lack_time() {
    let mut stages = canary();
    stages[0].bake.at_most = seconds(100);
    let world = KindWorld::new(("v0", 4), None);
    let mut run = begin(plan(stages, Policies::default()), world);
    run.until("is effective and is watched");
    run.wait(seconds(20));
    run.world.effective = Some(Effective::Converging);
    run.look_again();
    run.wait(seconds(40));
    run.world.effective = None;
    run.look_again();
    run.wait(seconds(40));
    run.run(seconds(3600));
    let story = run.story();
    assert!(story.contains("undecided: it waits for"), "{story}");
    assert!(!story.contains("1m of 1m"), "{story}");
}
