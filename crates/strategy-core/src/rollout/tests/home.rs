//! What counts as traffic that is home, and as the recorded start.

use super::acting::seconds;
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, percent, plan};
use crate::plan::{Extension, HookPlan, HookPoint, Policies, Undo};
use crate::rollout::{News, Outcome, Wish};
use crate::target::{Effective, Routing};
use crate::track::Replicas;
use crate::traffic::Traffic;

/// Something was migrated before the first stage, and is undone on the way home.
fn migrated(world: KindWorld) -> Run {
    let mut stages = canary();
    let undo = Undo::By(Extension::new("unmigrate"));
    let migrate = HookPlan::new("migrate", HookPoint::Before, Extension::new("migrate"));
    stages[0].hooks = vec![migrate.undo(undo)];
    let mut run = begin(plan(stages, Policies::default()), world);
    run.until("hook `migrate`");
    let hook = run.hook();
    run.end_hook(&hook, true);
    run
}

/// Neither is traffic said to be restored, nor is an undo begun; and both are when it is mended.
#[track_caller]
fn is_not_home_until(mut run: Run, mend: impl Fn(&mut KindWorld)) {
    run.wait(seconds(100));
    let restored = |run: &Run| run.said(|news| matches!(news, News::TrafficRestored));
    assert_eq!(restored(&run), 0, "{}", run.story());
    assert!(run.hooks().is_empty(), "{}", run.story());
    mend(&mut run.world);
    run.world.converge();
    run.look_again();
    // A write that was refused is tried again later and later.
    run.wait(seconds(40));
    assert_eq!(restored(&run), 1, "{}", run.story());
    let undo = run.hook();
    assert_eq!(undo.run.kind, "unmigrate");
    run.end_hook(&undo, true);
    run.assert_rolled_back();
}

#[test]
fn nothing_is_undone_before_recorded_traffic_is_effective() {
    let half = Effective::Verified(Traffic::weight(percent(50)));
    for effective in [Effective::Converging, half] {
        let mut run = migrated(KindWorld::new(("v0", 4), None));
        run.until("is effective and is watched");
        run.world.effective = Some(effective);
        run.order(Wish::Abort { force: false });
        assert_eq!(run.weight(), 0, "written at once");
        is_not_home_until(run, |world| world.effective = None);
    }
}

#[test]
fn nothing_is_undone_before_stable_covers_its_traffic() {
    let mut world = KindWorld::new(("v0", 4), None);
    world.unready.insert("app:v1".to_owned());
    let mut run = migrated(world);
    run.wait(seconds(30));
    assert_eq!(run.weight(), 0, "traffic was home all the time");
    run.world.unready.insert("app:v0".to_owned());
    run.world.converge();
    run.look_again();
    run.order(Wish::Abort { force: false });
    is_not_home_until(run, |world| world.unready.clear());
}

/// All traffic was on the second slot at the start; the first is ill when it goes back.
fn aborted_with_all_traffic_on_the_other_slot() -> Run {
    let mut world = KindWorld::new(("v0", 4), Some(("old", 4)));
    world.traffic = Traffic::weight(percent(100));
    let mut stages = super::blue_green();
    let smoke = HookPlan::new("smoke", HookPoint::Before, Extension::new("smoke"));
    stages[0].hooks = vec![smoke];
    let mut run = begin(plan(stages, Policies::default()), world);
    run.until("hook `smoke`");
    run.world.unready.insert("app:v0".to_owned());
    run.world.converge();
    run.look_again();
    run.order(Wish::Abort { force: false });
    run
}

/// All traffic was on the second slot at the start, so no step of the way home waits for the first. The
/// end does, judged apart from the steps.
#[test]
fn a_start_with_all_traffic_on_the_other_slot_is_restored_when_both_are_as_they_were() {
    let mut run = aborted_with_all_traffic_on_the_other_slot();
    run.wait(seconds(300));
    assert_eq!(run.rollout.outcome(), None, "{}", run.story());
    run.world.unready.clear();
    run.world.converge();
    run.look_again();
    run.run(seconds(3600));
    run.assert_outcome(|outcome| matches!(outcome, Outcome::RolledBack { .. }));
}

/// Written and not yet effective: users are about to be on the release, whatever the router does now.
#[test]
fn nothing_is_undone_while_the_release_may_still_get_traffic() {
    let mut world = KindWorld::new(("v0", 4), None);
    world.effective = Some(Effective::Verified(Traffic::default()));
    let mut run = migrated(world);
    run.wait(seconds(20));
    assert_eq!(run.weight(), 50, "written, and nobody is there yet");
    run.world.refuses = Some(crate::target::TargetErrorKind::Unavailable);
    run.order(Wish::Abort { force: false });
    is_not_home_until(run, |world| {
        world.refuses = None;
        world.effective = None;
    });
}

/// A hand that leaves the candidate less than is recorded is not moved against, and the end says what is
/// not as it was.
#[test]
fn traffic_that_a_hand_left_below_the_recorded_start_stays_there_and_is_said() {
    for (moved, ends) in [(0, 0), (20, 20), (70, 50)] {
        let mut world = KindWorld::new(("v0", 4), Some(("older", 4)));
        world.traffic = Traffic::weight(percent(50));
        let mut run = begin(plan(canary(), Policies::default()), world);
        run.until("`all` is effective");
        run.world.somebody_moves_traffic(moved);
        run.look_again();
        run.assert_rolled_back();
        assert_eq!(run.weight(), ends, "{}", run.story());
        let said = format!("traffic is at {moved}%, where somebody moved it, and 50% is recorded");
        assert_eq!(run.story().contains(&said), ends < 50, "{}", run.story());
        assert_eq!(run.rollout.status().left.len(), usize::from(ends < 50));
    }
}

/// No step waits for it, so what is missing of it is all that tells why the way home does not end.
#[test]
fn what_stable_lacks_is_said_where_no_step_waits_for_it() {
    let mut run = aborted_with_all_traffic_on_the_other_slot();
    run.wait(seconds(610));
    assert!(run.rollout.is_stuck(), "{}", run.story());
    let left = run.rollout.status().left;
    let lacks = "stable stable has 0 ready, and 1 are needed";
    assert!(left.iter().any(|left| left.what == lacks), "{left:?}");
}

/// The share is what the counts make of it, and one of them is an autoscaler's: it is as recorded where all
/// that is written is.
#[test]
fn a_share_that_follows_readiness_is_home_whatever_an_autoscaler_makes_of_it() {
    let mut world = KindWorld::new(("v0", 4), Some(("older", 2)));
    world.routing = Routing::FollowsReadiness;
    for written in [
        &mut world.sides.candidate.written,
        &mut world.recorded.candidate,
    ] {
        written.as_mut().unwrap().replicas = Replicas::Floor(2);
    }
    let mut stages = super::blue_green();
    let smoke = HookPlan::new("smoke", HookPoint::Before, Extension::new("smoke"));
    stages[0].hooks = vec![smoke];
    let mut run = begin(plan(stages, Policies::default()), world);
    run.until("hook `smoke`");
    run.world.load = Some(3);
    run.world.converge();
    run.look_again();
    run.order(Wish::Abort { force: false });
    run.assert_rolled_back();
}

/// No step takes a count back from an autoscaler, so no step waits for it, and it is not the start.
#[test]
fn a_slot_whose_count_was_given_to_an_autoscaler_since_is_not_restored() {
    let mut stages = canary();
    let smoke = HookPlan::new("smoke", HookPoint::Before, Extension::new("smoke"));
    stages[0].hooks = vec![smoke];
    let world = KindWorld::new(("v0", 4), Some(("older", 2)));
    let mut run = begin(plan(stages, Policies::default()), world);
    run.until("hook `smoke`");
    let recorded = run.world.sides.candidate.written.clone();
    let candidate = run.world.sides.candidate.written.as_mut();
    candidate.unwrap().replicas = Replicas::Floor(2);
    run.look_again();
    run.order(Wish::Abort { force: false });
    run.wait(seconds(700));
    assert!(run.rollout.is_stuck(), "{}", run.story());
    let left = run.rollout.status().left;
    let count = |what: &str| {
        what.starts_with("candidate candidate is at") && what.ends_with("2 is recorded")
    };
    assert!(left.iter().any(|left| count(&left.what)), "{left:?}");
    run.world.sides.candidate.written = recorded;
    run.look_again();
    run.assert_rolled_back();
}

/// More users came while the release had them, and a part of them goes back to a slot that had fewer: it keeps
/// what they need, and the way back ends.
#[test]
fn a_slot_that_needs_more_for_its_traffic_than_it_had_is_home() {
    let mut world = KindWorld::new(("v0", 4), Some(("older", 2)));
    for written in [&mut world.sides.stable.written, &mut world.recorded.stable] {
        written.as_mut().unwrap().replicas = Replicas::Floor(4);
    }
    world.load = Some(4);
    world.traffic = Traffic::weight(percent(50));
    world.converge();
    let mut run = begin(plan(canary(), Policies::default()), world);
    run.until("`all` is effective");
    run.world.load = Some(10);
    run.world.converge();
    run.look_again();
    run.order(Wish::Abort { force: false });
    run.run(seconds(3600));
    run.assert_outcome(|outcome| matches!(outcome, Outcome::RolledBack { .. }));
    assert_eq!(run.weight(), 50);
    let candidate = run.world.sides.candidate.written.clone().unwrap();
    assert!(candidate.revision.recorded, "{candidate:?}");
    assert_eq!(candidate.replicas, Replicas::Count(5));
    let said = "candidate candidate is at 5, which its traffic needs, and 2 is recorded";
    let left = run.rollout.status().left;
    assert!(left.iter().any(|left| left.what == said), "{left:?}");
}
