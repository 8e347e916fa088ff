//! Counts that an autoscaler owns: never written, floors held and restored, the baseline a ratchet.

use super::acting::seconds;
use super::fence::at_write;
use super::foreign::scale_candidate;
use super::kind_world::{KindWorld, Run};
use super::{at, begin, canary, percent, plan, stage};
use crate::plan::{
    Extension, ForeignPolicy, Gate, GoalTrack, HookPlan, HookPoint, Policies, Stage, StageKind,
    Then,
};
use crate::release::Part;
use crate::rollout::{Answer, Effect, Outcome, Phase, Wish};
use crate::target::TargetErrorKind;
use crate::track::{Capacity, Replicas, Revision};

const FLOOR: u32 = 2;
const LOAD: u32 = 5;

/// The canary; stable keeps its recorded floor when it is given the release.
fn stages() -> Vec<Stage> {
    let mut stages = canary();
    for stage in &mut stages[2..] {
        let goal = stage.goals.get_mut(&Part::main()).unwrap();
        goal.stable.capacity = Capacity::Recorded;
    }
    stages
}

fn blue_green() -> Vec<Stage> {
    let goal = GoalTrack::recorded();
    vec![stage(
        "switch",
        StageKind::Expose,
        goal,
        at("v1", 100),
        100,
        60,
    )]
}

fn started(stages: Vec<Stage>) -> Run {
    let world = KindWorld::owned_by_an_autoscaler("v0", FLOOR, LOAD);
    begin(plan(stages, Policies::default()), world)
}

fn floor(run: &Run) -> Replicas {
    run.world.sides.stable.written.as_ref().unwrap().replicas
}

#[test]
fn the_count_is_never_written_and_the_floor_is_held_and_restored_at_promotion() {
    for (stages, name) in [(stages(), "canary"), (blue_green(), "blue-green")] {
        let mut run = started(stages);
        run.until("is effective and is watched");
        assert_eq!(
            floor(&run),
            Replicas::Floor(LOAD),
            "{name}\n{}",
            run.story()
        );
        run.world.load = Some(1);
        run.world.converge();
        run.run(seconds(3600));
        run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
        assert_eq!(
            floor(&run),
            Replicas::Floor(FLOOR),
            "{name}\n{}",
            run.story()
        );
        for effect in &run.done {
            if let Effect::Apply { request, .. } = effect {
                let owned = matches!(request.desired.stable.replicas, Replicas::Floor(_));
                assert!(owned, "{name}: {effect:?}");
            }
        }
    }
}

/// Users went home while their number fell, and the autoscaler with them: what it wants now is enough.
#[test]
fn a_way_home_ends_with_as_many_as_the_autoscaler_wants_now() {
    for load in [1, 3] {
        let mut run = started(stages());
        run.until("is effective and is watched");
        run.order(Wish::Abort { force: false });
        run.until("traffic is restored");
        run.world.load = Some(load);
        run.world.converge();
        run.run(seconds(3600));
        run.assert_rolled_back();
        assert_eq!(floor(&run), Replicas::Floor(FLOOR));
    }
}

#[test]
fn the_floor_is_restored_at_rollback_and_after_a_crash_in_between() {
    for crash in [false, true] {
        let mut run = started(stages());
        run.until("is effective and is watched");
        run.order(Wish::Abort { force: false });
        if crash {
            run.crash(seconds(20));
        }
        run.assert_rolled_back();
        assert_eq!(floor(&run), Replicas::Floor(FLOOR));
    }
}

#[test]
fn a_crash_while_the_floor_is_restored_after_promotion_restores_it() {
    let mut run = started(blue_green());
    while run.rollout.status().phase != Phase::Settling {
        if !run.perform_one() {
            run.pass_time();
        }
    }
    assert_eq!(floor(&run), Replicas::Floor(LOAD));
    run.crash(seconds(1));
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    assert_eq!(floor(&run), Replicas::Floor(FLOOR), "{}", run.story());
    assert!(run.said(|news| matches!(news, crate::rollout::News::Ended { .. })) == 1);
}

#[test]
fn an_outcome_is_said_after_the_floor_is_restored() {
    let mut run = started(blue_green());
    while run.rollout.outcome().is_none() {
        if !run.perform_one() {
            run.pass_time();
        }
    }
    assert_eq!(floor(&run), Replicas::Floor(FLOOR));
}

#[test]
fn the_baseline_never_falls() {
    let mut run = started(stages());
    run.until("`half` is effective");
    let count = |run: &Run| {
        let written = run.world.sides.candidate.written.as_ref();
        written.map_or(0, |written| written.replicas.number())
    };
    assert_eq!(count(&run), 3, "half of 5");
    run.world.load = Some(9);
    run.world.converge();
    run.look_again();
    assert_eq!(count(&run), 5, "half of 9\n{}", run.story());
    run.world.load = Some(2);
    run.world.converge();
    run.look_again();
    run.wait(seconds(20));
    assert_eq!(count(&run), 5, "it never falls");
    run.until("`all` is effective");
    assert_eq!(count(&run), 9);
}

#[test]
fn an_autoscaler_that_scales_the_release_up_is_not_lost_readiness() {
    let mut stages = stages();
    stages[3].bake = crate::plan::Bake::of(seconds(300));
    let mut run = started(stages);
    run.until("stage `return` is effective");
    for load in [2, 8, 3, 9] {
        run.world.load = Some(load);
        run.look_again();
        run.wait(seconds(20));
        run.world.converge();
        run.look_again();
    }
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    assert_eq!(percent(100).ceil_of(u32::MAX), u32::MAX);
    assert!(!Revision::Recorded.is_release());
}

#[test]
fn a_floor_that_cannot_be_given_back_is_said() {
    let mut run = started(blue_green());
    run.until("is effective and is watched");
    run.world.refuses = Some(TargetErrorKind::PermissionDenied);
    run.run(seconds(7200));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    assert_eq!(floor(&run), Replicas::Floor(LOAD));
    assert!(
        run.story().contains("left to do by hand: main: "),
        "{}",
        run.story()
    );
    let [left] = run.rollout.status().left.try_into().unwrap();
    assert!(left.what.contains("unkind"), "{left}");
}

/// Random worlds found it: the write that gives the floor back was refused because of that hand, and the
/// next one moved traffic against it.
#[test]
fn traffic_that_somebody_moves_while_the_floor_is_given_back_stays_where_they_put_it() {
    let mut run = started(blue_green());
    while run.rollout.status().phase != Phase::Settling {
        if !run.perform_one() {
            run.pass_time();
        }
    }
    run.world.somebody_moves_traffic(0);
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    assert_eq!(run.world.traffic.weight, percent(0), "{}", run.story());
    assert_eq!(floor(&run), Replicas::Floor(LOAD));
    let [left] = run.rollout.status().left.try_into().unwrap();
    assert!(left.what.contains("somebody moved traffic"), "{left}");
}

#[test]
fn a_successor_keeps_the_baseline_that_load_has_raised() {
    let mut run = started(stages());
    run.until("is effective and is watched");
    run.world.load = Some(LOAD + 3);
    run.world.converge();
    run.look_again();
    run.order(Wish::Supersede {
        by: "next".parse().unwrap(),
    });
    run.run(seconds(600));
    let handed = run.rollout.handover().unwrap();
    assert_eq!(handed.parts[&Part::main()].baseline, LOAD + 3);
    run.world.load = Some(1);
    let next = plan(stages(), Policies::default());
    let rollout = crate::Rollout::succeed(handed, next, &[], run.now).unwrap();
    let mut next = Run::new(rollout, run.world.clone(), run.now);
    next.until("is effective and is watched");
    let candidate = next.world.sides.candidate.written.unwrap().replicas;
    assert_eq!(candidate, Replicas::Count((LOAD + 3).div_ceil(2)));
}

/// A hand that was taken back while the write of the floor was under way keeps nothing from its place.
#[test]
fn a_floor_is_given_back_where_traffic_is_as_it_was_whoever_moved_it_meanwhile() {
    let mut run = started(blue_green());
    while run.rollout.status().phase != Phase::Settling {
        if !run.perform_one() {
            run.pass_time();
        }
    }
    let write = at_write(&mut run, 1);
    run.world.somebody_moves_traffic(0);
    run.look_again();
    assert!(run.rollout.outcome().is_none(), "not while it is under way");
    run.world.somebody_moves_traffic(100);
    let done = run.world.perform(write).unwrap();
    run.tell(done);
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    assert_eq!(floor(&run), Replicas::Floor(FLOOR), "{}", run.story());
    assert_eq!(run.rollout.status().left, []);
}

/// Shares are of what load has asked for at most, also where nothing is written while it does.
#[test]
fn what_load_has_raised_is_kept_whatever_the_rollout_does_meanwhile() {
    type Meanwhile = fn(&mut Run);
    let cases: [(Phase, Meanwhile); 6] = [
        (Phase::Baking, |run| {
            run.order(Wish::Pause);
        }),
        (Phase::Holding, |run| scale_candidate(run, 7)),
        (Phase::Gating, |run| run.until("stage 2 `all` begins")),
        (Phase::Hooking, |run| {
            run.until("stage 2 `all` begins");
            assert_eq!(run.approve("ann", &[], "all"), Answer::Recorded);
        }),
        (Phase::RollingBack, |run| {
            run.world.refuses = Some(TargetErrorKind::Unavailable);
            run.order(Wish::Abort { force: false });
        }),
        (Phase::Superseding, |run| {
            run.world.refuses = Some(TargetErrorKind::Unavailable);
            let by = "next".parse().unwrap();
            run.order(Wish::Supersede { by });
        }),
    ];
    for (phase, meanwhile) in cases {
        let mut stages = stages();
        stages[1].gates = vec![Gate::approval("people", [], 1)];
        let smoke = HookPlan::new("smoke", HookPoint::Before, Extension::new("http"));
        stages[1].hooks = vec![smoke];
        let hold = ForeignPolicy::Hold {
            at_most: seconds(3600),
            then: Then::RollBack,
        };
        let mut policies = Policies::default();
        policies.foreign.capacity = hold;
        let world = KindWorld::owned_by_an_autoscaler("v0", FLOOR, LOAD);
        let mut run = begin(plan(stages, policies), world);
        run.until("`half` is effective");
        meanwhile(&mut run);
        for load in [9, 2] {
            run.world.load = Some(load);
            run.world.converge();
            run.look_again();
        }
        assert_eq!(run.rollout.status().phase, phase, "{}", run.story());
        let baseline = run.rollout.decided.parts[&Part::main()].baseline;
        assert_eq!(baseline, 9, "{phase:?}\n{}", run.story());
    }
}
