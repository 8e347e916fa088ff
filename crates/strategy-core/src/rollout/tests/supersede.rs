//! A successor takes over claim, binding and recorded start, and nobody is exposed meanwhile.

use super::acting::seconds;
use super::kind_world::{KindWorld, Run, images};
use super::{begin, canary, plan};
use crate::plan::{Plan, Policies};
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
