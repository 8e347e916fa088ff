//! Hooks: order, failure, crash, and what goes on after one.

use super::acting::seconds;
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, plan};
use crate::plan::{Extension, HookPlan, HookPoint, OnFailure, Policies, Rerun, Stage, Then, Undo};
use crate::rollout::{Answer, Outcome, Phase, Wish};
use crate::target::EffectId;

pub(super) fn hook(name: &str, point: HookPoint) -> HookPlan {
    HookPlan::new(name, point, Extension::new(name))
}

pub(super) fn run_with(stages: Vec<Stage>) -> Run {
    begin(
        plan(stages, Policies::default()),
        KindWorld::new(("v0", 4), None),
    )
}

pub(super) fn with_hooks(stage: usize, hooks: Vec<HookPlan>) -> Run {
    let mut stages = canary();
    stages[stage].hooks = hooks;
    run_with(stages)
}

const POINTS: [HookPoint; 4] = [
    HookPoint::Before,
    HookPoint::Ready,
    HookPoint::Effective,
    HookPoint::Baked,
];

#[test]
fn hooks_run_at_their_points_in_order_and_nothing_passes_them() {
    let hooks = POINTS.into_iter().rev().flat_map(|point| {
        [
            hook(&format!("{point:?}-1"), point),
            hook(&format!("{point:?}-2"), point),
        ]
    });
    let mut run = with_hooks(1, hooks.collect());
    let (mut order, mut weights) = (Vec::new(), Vec::new());
    while !run.rollout.is_settled() {
        run.settle_now();
        for hook in run.hooks() {
            let writes = run.world.writes;
            run.wait(seconds(90));
            assert_eq!(run.world.writes, writes, "{}: it is waited for", hook.hook);
            weights.push(run.weight());
            order.push(hook.hook.clone());
            run.end_hook(&hook, true);
        }
        run.pass_time();
    }
    let names: Vec<String> = POINTS
        .into_iter()
        .flat_map(|point| [format!("{point:?}-1"), format!("{point:?}-2")])
        .collect();
    assert_eq!(order, names);
    assert_eq!(weights, [50, 50, 50, 50, 100, 100, 100, 100]);
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

#[test]
fn capacity_stays_while_a_hook_tests_what_is_ready() {
    for stage in [1, 2] {
        let mut run = with_hooks(stage, vec![hook("smoke", HookPoint::Ready)]);
        run.until("hook `smoke`");
        let before = (run.world.sides.clone(), run.world.writes);
        run.wait(seconds(120));
        assert_eq!((run.world.sides.clone(), run.world.writes), before);
    }
}

#[test]
fn a_hook_that_fails_blocks_or_warns() {
    for point in POINTS {
        let mut run = with_hooks(0, vec![hook("test", point)]);
        run.until("hook `test`");
        let asked = run.hook();
        run.end_hook(&asked, false);
        run.assert_rolled_back();
        let mut run = with_hooks(0, vec![hook("test", point).warns()]);
        run.until("hook `test`");
        let asked = run.hook();
        run.end_hook(&asked, false);
        run.run(seconds(3600));
        run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    }
}

#[test]
fn a_hook_that_may_run_again_does_so_under_the_same_id() {
    for rerun in [Rerun::Safe, Rerun::OnlyWithKey] {
        let mut run = with_hooks(0, vec![hook("migrate", HookPoint::Before).rerun(rerun)]);
        run.until("hook `migrate`");
        let first = run.hook();
        run.crash(seconds(9));
        assert_eq!(run.hook(), first, "{rerun:?}");
        run.end_hook(&first, true);
        run.end_hook(&first, true);
        run.run(seconds(3600));
        run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    }
}

fn unfinished() -> (Run, EffectId) {
    let undo = Undo::By(Extension::new("unmigrate"));
    let mut run = with_hooks(0, vec![hook("migrate", HookPoint::Before).undo(undo)]);
    run.until("hook `migrate`");
    let first = run.hook();
    run.crash(seconds(9));
    assert!(run.hooks().is_empty(), "it may not run twice");
    assert_eq!(run.rollout.status().phase, Phase::Holding);
    (run, first.id)
}

#[test]
fn a_person_is_asked_about_a_hook_that_may_not_run_again() {
    let (mut run, _) = unfinished();
    assert_eq!(run.advance("half"), Answer::Recorded);
    assert!(run.hooks().is_empty());
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);

    let (mut run, first) = unfinished();
    assert_eq!(run.order(Wish::Retry), Answer::Recorded);
    let again = run.hook();
    assert_ne!(again.id, first, "a person wants it run again: a new run");
    run.end_hook(&again, true);
    run.until("stage `half` is effective");
    run.order(Wish::Abort { force: false });
    run.until("is being undone");
    let undo = run.hook();
    run.end_hook(&undo, true);
    assert!(run.hooks().is_empty(), "undone once, though it began twice");
    run.assert_rolled_back();

    let (mut run, _) = unfinished();
    run.order(Wish::Abort { force: false });
    run.until("is being undone");
    let undo = run.hook();
    run.end_hook(&undo, true);
    run.assert_rolled_back();
}

#[test]
fn a_hook_that_ends_while_a_person_is_asked_is_not_forgotten() {
    for (passed, crash) in [(true, false), (false, false), (true, true)] {
        let test = hook("load", HookPoint::Effective).rerun(Rerun::Safe);
        let mut run = with_hooks(1, vec![test]);
        run.until("hook `load`");
        let mut asked = run.hook();
        run.world.somebody_moves_traffic(100);
        run.world.traffic.mirror = super::percent(1);
        run.look_again();
        assert_eq!(
            run.rollout.status().phase,
            Phase::Holding,
            "{}",
            run.story()
        );
        if crash {
            run.crash(seconds(3));
            asked = run.hook();
        }
        run.end_hook(&asked, passed);
        if !passed {
            run.assert_rolled_back();
            continue;
        }
        assert_eq!(run.rollout.status().phase, Phase::Holding);
        run.order(Wish::Retry);
        run.run(seconds(3600));
        run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    }
}

#[test]
fn a_retry_after_a_failed_hook_before_the_stage_runs_it_again() {
    let mut stages = canary();
    stages[0].hooks = vec![hook("migrate", HookPoint::Before)];
    stages[0].on_failure = OnFailure::Hold {
        at_most: seconds(600),
        then: Then::RollBack,
    };
    let mut run = run_with(stages);
    run.until("hook `migrate`");
    let asked = run.hook();
    run.end_hook(&asked, false);
    assert_eq!(run.rollout.status().phase, Phase::Holding);
    assert!(run.advance("half") != Answer::Recorded);
    run.order(Wish::Retry);
    let again = run.hook();
    assert_eq!(run.world.writes, 0, "nothing is written before it");
    run.end_hook(&again, true);
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

#[test]
fn nothing_goes_on_after_a_hook_in_a_pause() {
    let mut run = with_hooks(0, vec![hook("report", HookPoint::Baked)]);
    run.until("hook `report`");
    let asked = run.hook();
    run.order(Wish::Pause);
    run.end_hook(&asked, true);
    run.wait(seconds(60));
    assert!(!run.story().contains("`all` begins"), "{}", run.story());
    run.order(Wish::Unpause);
    assert!(run.hooks().is_empty(), "it is done");
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

#[test]
fn a_stage_that_begins_again_runs_its_hooks_again_but_those_that_may_not() {
    for (rerun, runs_again) in [(Rerun::Never, false), (Rerun::Safe, true)] {
        let mut stages = canary();
        stages[0].hooks = vec![hook("seed", HookPoint::Ready).rerun(rerun)];
        stages[0].on_failure = OnFailure::Hold {
            at_most: seconds(3600),
            then: Then::RollBack,
        };
        let mut run = run_with(stages);
        run.until("hook `seed`");
        let first = run.hook();
        run.end_hook(&first, true);
        run.until("is effective and is watched");
        let all = crate::target::FatalReason::CrashLoop;
        run.world.broken.insert("app:v1".to_owned(), all);
        run.world.converge();
        run.look_again();
        assert_eq!(run.rollout.status().phase, Phase::Holding);
        run.world.broken.clear();
        run.world.converge();
        run.look_again();
        assert_eq!(run.order(Wish::Retry), Answer::Recorded);
        run.wait(seconds(30));
        let again = run.hooks();
        assert_eq!(
            again.len(),
            usize::from(runs_again),
            "{rerun:?}\n{}",
            run.story()
        );
        again.iter().for_each(|hook| run.end_hook(hook, true));
        run.run(seconds(3600));
        run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    }
}

#[test]
fn promote_does_not_confirm_an_unfinished_hook() {
    let mut stages = canary();
    let mut hook = HookPlan::new("migrate", HookPoint::Before, Extension::new("migrate"));
    hook.rerun = Rerun::Never;
    stages[1].hooks = vec![hook];
    let mut run = begin(
        plan(stages, Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("stage 2 `all` begins");
    run.settle_now();
    let _ = run.hook();
    run.crash(seconds(3));
    assert_eq!(
        run.rollout.status().phase,
        Phase::Holding,
        "{}",
        run.story()
    );
    let plan = run.rollout.plan().digest();
    run.order(Wish::Promote { plan });
    run.run(seconds(3600));
    assert!(
        run.rollout.outcome() != Some(&Outcome::Promoted),
        "promoted though nobody said that the migration is done\n{}",
        run.story()
    );
}

#[test]
fn a_hook_that_ends_while_its_stage_is_held_is_done_for_good() {
    for ends_before_retry in [true, false] {
        let mut stages = canary();
        stages[1].hooks = vec![hook("seed", HookPoint::Ready)];
        stages[1].on_failure = OnFailure::Hold {
            at_most: seconds(3600),
            then: Then::RollBack,
        };
        let mut run = run_with(stages);
        run.until("hook `seed`");
        let seed = run.hook();
        let dead = crate::target::FatalReason::CrashLoop;
        run.world.broken.insert("app:v1".to_owned(), dead);
        run.world.converge();
        run.look_again();
        assert_eq!(
            run.rollout.status().phase,
            Phase::Holding,
            "{}",
            run.story()
        );
        run.world.broken.clear();
        run.world.converge();
        run.look_again();
        if ends_before_retry {
            run.end_hook(&seed, true);
        }
        assert_eq!(run.order(Wish::Retry), Answer::Recorded);
        run.wait(seconds(30));
        assert!(
            run.hooks().is_empty(),
            "it may not run twice\n{}",
            run.story()
        );
        if !ends_before_retry {
            run.end_hook(&seed, true);
        }
        run.run(seconds(3600));
        run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    }
}

#[test]
fn a_hook_under_way_that_may_run_again_is_begun_anew_with_its_stage() {
    let mut stages = canary();
    stages[1].hooks = vec![hook("seed", HookPoint::Ready).rerun(Rerun::Safe)];
    stages[1].on_failure = OnFailure::Hold {
        at_most: seconds(3600),
        then: Then::RollBack,
    };
    let mut run = run_with(stages);
    run.until("hook `seed`");
    let seed = run.hook();
    let dead = crate::target::FatalReason::CrashLoop;
    run.world.broken.insert("app:v1".to_owned(), dead);
    run.world.converge();
    run.look_again();
    assert_eq!(run.rollout.status().phase, Phase::Holding);
    run.world.broken.clear();
    run.world.converge();
    run.look_again();
    assert_eq!(run.order(Wish::Retry), Answer::Recorded);
    run.wait(seconds(30));
    let again = run.hook();
    assert_ne!(again.id, seed.id);
    run.end_hook(&seed, false);
    run.end_hook(&again, true);
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}
