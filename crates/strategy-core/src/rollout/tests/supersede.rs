//! A successor takes over claim, binding and recorded start, and nobody is exposed meanwhile.

use super::acting::seconds;
use super::kind_world::{KindWorld, Run, images};
use super::{begin, canary, plan};
use crate::plan::{Extension, HookPlan, HookPoint, Plan, Policies, Rerun, Undo};
use crate::release::{Part, Release};
use crate::rollout::{Answer, Effect, Outcome, Rollout, Wish};
use crate::target::TargetErrorKind;

fn by() -> Wish {
    Wish::Supersede {
        by: "next".parse().unwrap(),
    }
}

fn next_plan() -> Plan {
    let stages = canary().into_iter().map(|mut stage| {
        for goal in stage.goals.values_mut() {
            for track in [&mut goal.stable, &mut goal.candidate] {
                if track.revision.is_release() {
                    track.revision = crate::track::Revision::Release(images("v2"));
                }
            }
        }
        stage
    });
    let release = Release::parts([(Part::main(), images("v2"))]).unwrap();
    Plan::new(
        "by-hand",
        release,
        stages.collect(),
        [].into(),
        Policies::default(),
    )
    .unwrap()
}

fn superseded() -> Run {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    assert_eq!(run.order(by()), Answer::Recorded);
    run.run(seconds(600));
    run
}

#[test]
fn a_successor_takes_over_and_never_discovers_its_start() {
    let run = superseded();
    run.assert_outcome(|outcome| matches!(outcome, Outcome::Superseded { .. }));
    assert_eq!(run.weight(), 0);
    assert!(run.world.claim.is_some(), "the claim passes in one step");
    let handover = run.rollout.handover().unwrap();
    let rollout = Rollout::succeed(handover.clone(), next_plan(), &[], run.now).unwrap();
    let mut next = Run::new(rollout, run.world.clone(), run.now);
    next.run(seconds(3600));
    next.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    assert_eq!(
        next.world
            .sides
            .stable
            .written
            .as_ref()
            .unwrap()
            .revision
            .images,
        images("v2")
    );

    let rollout = Rollout::succeed(handover, next_plan(), &[], run.now).unwrap();
    let mut next = Run::new(rollout, run.world.clone(), run.now);
    next.until("is effective and is watched");
    next.order(Wish::Abort { force: false });
    next.assert_rolled_back();
}

#[test]
fn a_successor_waits_for_requests_that_the_one_before_left_to_drain() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    run.order(by());
    while run.rollout.outcome().is_none() {
        run.pass_time();
        run.settle_now();
    }
    let moved = run.now;
    let handover = run.rollout.handover().unwrap();
    let rollout = Rollout::succeed(handover, next_plan(), &[], run.now).unwrap();
    let mut next = Run::new(rollout, run.world.clone(), run.now);
    next.settle_now();
    let early = next
        .done
        .iter()
        .any(|effect| matches!(effect, Effect::Apply { .. }));
    assert!(!early, "{}", next.story());
    next.wait(seconds(6));
    assert!(next.now.since(moved) >= seconds(5));
    assert!(
        next.done
            .iter()
            .any(|effect| matches!(effect, Effect::Apply { .. })),
        "{}",
        next.story()
    );
}

#[test]
fn a_successor_that_cannot_be_made_room_for_goes_back() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    assert!(run.rollout.handover().is_none());
    let refused = Answer::Refused("it has not begun; abort it instead".to_owned());
    assert_eq!(run.order(by()), refused);
    run.until("is effective and is watched");
    run.world.refuses = Some(TargetErrorKind::RateLimited);
    run.order(by());
    run.wait(seconds(650));
    run.world.refuses = None;
    run.assert_rolled_back();
}

#[test]
fn a_crash_while_superseding_changes_nothing() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    run.world.refuses = Some(TargetErrorKind::RateLimited);
    run.order(by());
    run.crash(seconds(10));
    run.world.refuses = None;
    run.run(seconds(600));
    run.assert_outcome(|outcome| matches!(outcome, Outcome::Superseded { .. }));
}

fn with_an_undo(rerun: Rerun) -> Run {
    let mut stages = canary();
    let undo = Undo::By(Extension::new("unmigrate"));
    let migrate = HookPlan::new("migrate", HookPoint::Before, Extension::new("migrate"));
    stages[0].hooks = vec![migrate.undo(undo).rerun(rerun)];
    let world = KindWorld::new(("v0", 4), None);
    let mut run = begin(plan(stages, Policies::default()), world);
    run.until("hook `migrate`");
    let hook = run.hook();
    run.end_hook(&hook, true);
    run.until("is effective and is watched");
    assert_eq!(run.order(by()), Answer::Recorded);
    run.until("is being undone");
    assert_eq!(run.weight(), 0, "users first");
    run
}

#[test]
fn what_hooks_did_is_undone_before_a_successor_takes_over() {
    let mut run = with_an_undo(Rerun::Safe);
    let undo = run.hook();
    assert_eq!(undo.run.kind, "unmigrate");
    run.wait(seconds(60));
    assert!(run.rollout.handover().is_none());
    run.crash(seconds(10));
    assert_eq!(run.hook(), undo, "the same undo, after a crash");
    run.end_hook(&undo, true);
    run.run(seconds(600));
    run.assert_outcome(|outcome| matches!(outcome, Outcome::Superseded { .. }));
}

#[test]
fn a_successor_is_not_given_what_could_not_be_undone() {
    let mut run = with_an_undo(Rerun::Safe);
    let undo = run.hook();
    run.end_hook(&undo, false);
    run.wait(seconds(600));
    assert!(run.rollout.is_stuck(), "{}", run.story());
    assert_eq!(run.order(Wish::Retry), Answer::Recorded);
    let undo = run.hook();
    run.end_hook(&undo, true);
    run.assert_rolled_back();

    let mut run = with_an_undo(Rerun::Never);
    run.crash(seconds(10));
    run.wait(seconds(600));
    assert!(run.rollout.is_stuck(), "{}", run.story());
}

#[test]
fn a_second_successor_does_not_silently_replace_the_first() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    run.world.down = true;
    let first = run.order(Wish::Supersede {
        by: "first".parse().unwrap(),
    });
    let second = run.order(Wish::Supersede {
        by: "second".parse().unwrap(),
    });
    run.world.down = false;
    run.run(seconds(3600));
    assert!(
        first != second,
        "both were told `recorded`, and one of them waits for ever: {:?}",
        run.rollout.outcome()
    );
}

#[test]
fn supersede_again_and_again_does_not_put_its_deadline_off() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    run.world.refuses = Some(TargetErrorKind::Unavailable);
    let end = run.now + seconds(24 * 3600);
    let mut number = 0;
    while run.now < end && !run.rollout.is_rolling_back() {
        run.order(Wish::Supersede {
            by: format!("by-{number}").parse().unwrap(),
        });
        number += 1;
        run.wait(seconds(300));
    }
    assert!(
        run.rollout.is_rolling_back(),
        "a day: {:?}",
        run.rollout.status().phase
    );
}

#[test]
fn an_undo_under_way_is_waited_for_and_no_successor_takes_a_failed_one() {
    let mut run = with_an_undo(Rerun::Never);
    let undo = run.hook();
    run.wait(seconds(700));
    assert!(run.hooks().is_empty(), "{}", run.story());
    assert!(!run.rollout.is_rolling_back(), "{}", run.story());
    run.end_hook(&undo, false);
    run.settle_now();
    assert!(run.rollout.is_rolling_back());
    assert!(run.refused(by()).contains("an undo"));
}

#[test]
fn a_successor_works_with_the_bindings_that_it_is_handed() {
    let run = superseded();
    let mut handover = run.rollout.handover().unwrap();
    let binding = crate::target::Binding::new(&"another door").unwrap();
    for handed in handover.parts.values_mut() {
        assert_ne!(handed.binding, binding);
        handed.binding = binding.clone();
    }
    let rollout = Rollout::succeed(handover, next_plan(), &[], run.now).unwrap();
    assert_eq!(rollout.binding(&Part::main()), Some(&binding));
    assert_eq!(
        rollout.found().part(&Part::main()).unwrap().binding,
        binding
    );
}
