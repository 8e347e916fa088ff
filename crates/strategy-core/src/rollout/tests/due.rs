//! Limits are acted on when they are due, however seldom a part is looked at.

use std::time::Duration;

use super::acting::seconds;
use super::checks::{every_15, limits, plan_with};
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, plan};
use crate::hook::GateAnswer;
use crate::plan::{
    Bake, Extension, Gate, HookPlan, HookPoint, OnFailure, Plan, Policies, Stage, Then,
};
use crate::rollout::{Phase, Wish};

const HOUR: Duration = Duration::from_secs(3600);

/// Nothing but its limits wakes it up.
fn seldom() -> Policies {
    Policies {
        resync: HOUR,
        stale_after: 2 * HOUR,
        pause_limit: seconds(100),
        ..Policies::default()
    }
}

fn started(stages: Vec<Stage>) -> Run {
    begin(plan(stages, seldom()), KindWorld::new(("v0", 4), None))
}

/// Up to stage `all`, which begins with this gate.
fn at_gate(gate: Gate) -> Run {
    let mut stages = canary();
    stages[1].gates.push(gate);
    let mut run = started(stages);
    run.until("stage 2 `all` begins");
    run.settle_now();
    run
}

/// It wakes up just then, whatever else it wakes up for before.
#[track_caller]
fn wakes_in(run: &Run, duration: Duration) {
    let (mut run, due) = (run.clone(), run.now + duration);
    while run.rollout.poll_timeout().unwrap() < due {
        run.pass_time();
        run.settle_now();
    }
    assert_eq!(run.rollout.poll_timeout(), Some(due), "{}", run.story());
}

#[test]
fn of_gates() {
    let mut run = at_gate(Gate::approval("go", [], 1).within(seconds(100), Then::RollBack));
    wakes_in(&run, seconds(100));
    run.wait(seconds(40));
    wakes_in(&run, seconds(60));
    let mut run = at_gate(Gate::external("calm", Extension::new("calendar")));
    let asked = run.gate();
    wakes_in(&run, HOUR);
    run.answer_gate(&asked, GateAnswer::Closed("not yet".to_owned()));
    wakes_in(&run, seconds(30));
    run.wait(seconds(10));
    wakes_in(&run, seconds(20));
}

#[test]
fn of_a_stage_and_of_its_bake() {
    let mut run = started(canary());
    run.until("is effective and is watched");
    wakes_in(&run, seconds(60));
    run.wait(seconds(25));
    wakes_in(&run, seconds(35));
    let mut world = KindWorld::new(("v0", 4), None);
    world.unready.insert("app:v1".to_owned());
    let mut run = begin(plan(canary(), seldom()), world);
    run.settle_now();
    assert_eq!(run.rollout.status().phase, Phase::Stepping);
    wakes_in(&run, seconds(600));
}

#[test]
fn of_a_hold_and_of_a_pause() {
    let mut stages = canary();
    stages[0].hooks = vec![HookPlan::new(
        "test",
        HookPoint::Before,
        Extension::new("test"),
    )];
    stages[0].on_failure = OnFailure::Hold {
        at_most: seconds(900),
        then: Then::RollBack,
    };
    let mut run = started(stages);
    run.until("hook `test`");
    let asked = run.hook();
    run.end_hook(&asked, false);
    assert_eq!(run.rollout.status().phase, Phase::Holding);
    wakes_in(&run, seconds(900));

    let mut run = started(canary());
    run.until("is effective and is watched");
    run.order(Wish::Pause);
    wakes_in(&run, seconds(100));
}

/// All of the traffic is on the candidate, and stable cannot take it back.
fn nowhere_to_go(wish: Wish) -> Run {
    let mut run = started(canary());
    run.until("stage `all` is effective");
    run.world.unready.insert("app:v0".to_owned());
    run.world.converge();
    run.look_again();
    run.order(wish);
    run
}

#[test]
fn of_the_way_back() {
    let mut run = nowhere_to_go(Wish::Abort { force: false });
    wakes_in(&run, seconds(60));
    run.wait(seconds(60));
    wakes_in(&run, seconds(540));
    run.wait(seconds(540));
    assert!(run.rollout.is_stuck());
    wakes_in(&run, HOUR);
}

#[test]
fn of_making_room_for_a_successor() {
    let by = "next".parse().unwrap();
    let run = nowhere_to_go(Wish::Supersede { by });
    wakes_in(&run, seconds(600));
}

/// A bake that is long enough and lacks a look wakes up for its limit.
#[test]
fn of_a_bake_that_lacks_a_look() {
    let mut stages = canary();
    stages[0].bake = Bake::of(seconds(60)).at_most(seconds(100));
    let planned = plan_with(stages, &[("errors", every_15(limits(0)))]);
    let (release, stages) = (planned.release().clone(), planned.stages().to_vec());
    let checks = planned.checks().clone();
    let plan = Plan::new("by-hand", release, stages, checks, seldom()).unwrap();
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    let (ends, at_most) = (run.now + seconds(60), run.now + seconds(100));
    run.now = ends;
    run.rollout.handle_timeout(ends);
    run.settle_now();
    assert_eq!(run.rollout.status().phase, Phase::Baking);
    assert_eq!(run.rollout.poll_timeout(), Some(at_most));
}
