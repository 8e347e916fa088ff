//! How long a track may still be reached: until it is known that it is not, and for as long as requests
//! and stickiness take.

use super::acting::seconds;
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, percent, plan};
use crate::plan::Policies;
use crate::release::Part;
use crate::rollout::{Command, Effect, Input, Outcome, Wish};
use crate::target::{Effective, ForeignChange, ForeignField};
use crate::timestamp::Timestamp;
use crate::track::{Capacity, Revision};
use crate::traffic::{Route, RouteBy, Traffic};

fn baking(sticky: u64) -> Run {
    let mut world = KindWorld::new(("v0", 4), None);
    world.sticky = seconds(sticky);
    let mut run = begin(plan(canary(), Policies::default()), world);
    run.until("is effective and is watched");
    run
}

/// When the candidate was first taken off all traffic after it had some, and when it was removed.
fn left_and_removed(run: &Run) -> (Timestamp, Timestamp) {
    let exposed = |index: &usize| run.asked[*index].1.traffic.weight > crate::Weight::ZERO;
    let last = (0..run.asked.len()).rfind(exposed).unwrap();
    let left = run.asked[last + 1].0;
    let removed = run.asked[last + 1..]
        .iter()
        .find(|(_, desired)| desired.candidate.revision == Revision::Absent);
    (left, removed.unwrap().0)
}

#[test]
fn a_track_is_kept_while_users_stick_to_it() {
    for sticky in [0, 300] {
        // Five seconds of drain, and whatever is longer.
        let lingers = sticky.max(5);
        for aborted in [false, true] {
            let mut run = baking(sticky);
            if aborted {
                run.order(Wish::Abort { force: false });
                run.assert_rolled_back();
            } else {
                run.run(seconds(7200));
                run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
            }
            let (left, removed) = left_and_removed(&run);
            let took = removed.since(left).as_secs();
            assert!(
                (lingers..=lingers + 2).contains(&took),
                "{took} s of {lingers}, aborted: {aborted}\n{}",
                run.story()
            );
        }
    }
}

/// Random worlds found it: somebody switched all traffic a second before the rollout began, and nothing
/// that was found tells so.
#[test]
fn a_used_slot_that_nobody_reaches_at_the_start_drains_from_then_before_it_changes() {
    // Where nobody can ask, what is written is taken to be effective two seconds later.
    let cases = [(None, 0), (Some(Effective::Unverified), 2)];
    for ((effective, assumed), sticky) in cases
        .into_iter()
        .flat_map(|case| [(case.clone(), 0), (case, 300)])
    {
        let lingers = sticky.max(5) + assumed;
        let mut world = KindWorld::new(("v0", 4), Some(("older", 2)));
        world.sticky = seconds(sticky);
        world.effective = effective;
        let mut run = begin(plan(canary(), Policies::default()), world);
        run.run(seconds(7200));
        run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
        let changes = |(_, desired): &&(Timestamp, crate::target::Desired)| {
            desired.candidate.revision.is_release()
        };
        let (changed, _) = run.asked.iter().find(changes).unwrap();
        let took = changed.since(super::BEGIN).as_secs();
        assert!(
            (lingers..=lingers + 2).contains(&took),
            "{took} s of {lingers}\n{}",
            run.story()
        );
    }
    // It may be that what is written is not effective yet; then pods may come before it is.
    for count in [0, 2] {
        let mut world = KindWorld::new(("v0", 4), Some(("older", count)));
        world.effective = Some(Effective::Converging);
        let mut run = begin(plan(canary(), Policies::default()), world);
        run.run(seconds(60));
        run.world.effective = None;
        run.tell(Input::Changed { part: Part::main() });
        run.run(seconds(7200));
        let changes = |(_, desired): &&(Timestamp, crate::target::Desired)| {
            desired.candidate.revision.is_release()
        };
        let (changed, _) = run.asked.iter().find(changes).unwrap();
        let took = changed.since(super::BEGIN).as_secs();
        assert!((65..=67).contains(&took), "{took} s\n{}", run.story());
    }
    // Nobody waits for requests to what is not there, or has nothing ready.
    for candidate in [None, Some(("older", 0))] {
        let mut world = KindWorld::new(("v0", 4), candidate);
        world.sticky = seconds(300);
        let mut run = begin(plan(canary(), Policies::default()), world);
        run.until("`half` is effective");
        let took = run.now.since(super::BEGIN).as_secs();
        assert!(took < 60, "{took} s\n{}", run.story());
    }
}

/// A search found it: nobody had seen the candidate exposed, and it was removed under its users.
#[test]
fn what_a_write_exposed_drains_also_where_somebody_took_it_back_before_a_look() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    let exposes = |run: &Run| {
        let asked = run.asked.last();
        asked.is_some_and(|(_, desired)| desired.traffic.weight > crate::Weight::ZERO)
    };
    while !exposes(&run) {
        if !run.perform_one() {
            run.pass_time();
        }
    }
    run.world.somebody_moves_traffic(0);
    let taken_back = run.now;
    run.run(seconds(7200));
    run.assert_outcome(|outcome| matches!(outcome, Outcome::RolledBack { .. }));
    let gone = |(_, desired): &&(Timestamp, crate::target::Desired)| {
        desired.candidate.revision == Revision::Absent
    };
    let (removed, _) = run.asked.iter().rfind(gone).unwrap();
    let took = removed.since(taken_back).as_secs();
    assert!((5..=7).contains(&took), "{took} s\n{}", run.story());
}

#[test]
fn traffic_comes_when_all_has_been_ready_for_as_long_as_is_asked() {
    let mut stages = canary();
    stages[0].ready.settle = seconds(20);
    let mut run = begin(
        plan(stages, Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.wait(seconds(10));
    run.world.unready.insert("app:v1".to_owned());
    run.world.converge();
    run.look_again();
    run.wait(seconds(2));
    run.world.unready.clear();
    run.world.converge();
    run.look_again();
    run.wait(seconds(19));
    assert_eq!(run.weight(), 0, "it counts from when all was ready again");
    run.wait(seconds(2));
    assert_eq!(run.weight(), 50, "{}", run.story());
}

/// What is seen while a write is under way may be its first half, or be overwritten by it.
#[test]
fn a_drain_begins_when_the_write_that_emptied_the_track_is_answered() {
    let mut run = baking(0);
    run.wait(seconds(20));
    run.tell(Input::Commanded(Command::new(
        "x",
        "ada",
        Wish::Abort { force: false },
    )));
    let write = loop {
        let effect = run.rollout.poll_effect().expect("it goes home");
        if matches!(effect, Effect::Apply { .. }) {
            break effect;
        }
        if let Some(input) = run.world.perform(effect) {
            run.tell(input);
        }
    };
    // It lands, is seen, and its answer takes long.
    let answer = run.world.perform(write).unwrap();
    assert_eq!(run.weight(), 0);
    run.look_again();
    run.wait(seconds(20));
    let landed = run.rollout.latest.parts.values().all(|part| {
        let seen = part.observation.as_ref();
        seen.is_some_and(|seen| seen.traffic.written.weight == crate::Weight::ZERO)
    });
    assert!(landed, "it was seen meanwhile");
    assert!(
        run.asked
            .iter()
            .all(|(_, desired)| desired.candidate.revision != Revision::Absent)
    );
    let answered = run.now;
    run.tell(answer);
    run.assert_rolled_back();
    let removed = run
        .asked
        .iter()
        .find(|(_, desired)| desired.candidate.revision == Revision::Absent);
    let took = removed.unwrap().0.since(answered);
    assert!(took >= seconds(5), "{took:?}\n{}", run.story());
}

/// Where nobody can ask the platform: a route sends users as a weight does, and takes as long to.
#[test]
fn a_route_or_mirror_takes_as_long_to_be_effective_as_a_weight_and_a_count_takes_nothing() {
    type Change = (&'static str, fn(&mut Traffic), u64);
    let route = |traffic: &mut Traffic| {
        traffic.routes.push(Route {
            by: RouteBy::Header,
            name: "x-canary".to_owned(),
            value: "yes".to_owned(),
        });
    };
    let mirror = |traffic: &mut Traffic| traffic.mirror = percent(50);
    let weight = |traffic: &mut Traffic| traffic.weight = percent(60);
    let changes: [Change; 4] = [
        ("route", route, 2),
        ("mirror", mirror, 2),
        ("weight", weight, 2),
        ("count", |_| (), 0),
    ];
    for (what, change, settles) in changes {
        let mut stages = canary();
        let mut next = stages[0].clone();
        next.name = "next".into();
        let goal = next.goals.get_mut(&Part::main()).unwrap();
        goal.candidate.capacity = Capacity::Share(percent(100));
        change(&mut goal.traffic);
        stages.insert(1, next);
        let mut world = KindWorld::new(("v0", 4), None);
        world.effective = Some(Effective::Unverified);
        let mut run = begin(plan(stages, Policies::default()), world);
        run.until("`half` passed");
        run.until("`next` is effective");
        let (written, _) = run.asked.last().unwrap();
        let took = run.now.since(*written).as_secs();
        assert!(
            (settles..=settles + 1).contains(&took),
            "{what}: {took} s\n{}",
            run.story()
        );
    }
}

/// Where nobody can ask, time alone ends the drain of what was found, also while a claim is waited for.
#[test]
fn what_was_found_drains_while_a_claim_is_waited_for() {
    let mut world = KindWorld::new(("v0", 4), Some(("older", 2)));
    world.sticky = seconds(100);
    world.effective = Some(Effective::Unverified);
    world.down = true;
    let mut run = begin(plan(canary(), Policies::default()), world);
    run.wait(seconds(110));
    run.world.down = false;
    let answers = run.now;
    run.run(seconds(7200));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    let changes = |(_, desired): &&(Timestamp, crate::target::Desired)| {
        desired.candidate.revision.is_release()
    };
    let (changed, _) = run.asked.iter().find(changes).unwrap();
    let took = changed.since(answers).as_secs();
    // A claim that failed is tried again after half a minute at the latest.
    assert!(took <= 35, "{took} s\n{}", run.story());
}

/// A target tells of traffic that somebody moved and took back between two looks.
#[test]
fn what_a_hand_exposed_between_two_looks_drains() {
    for (field, lingers) in [(ForeignField::Traffic, 305), (ForeignField::Capacity, 0)] {
        let mut stages = canary();
        let stable = crate::plan::GoalTrack::recorded();
        let kind = crate::plan::StageKind::Expose;
        let preview = super::stage("preview", kind, stable, super::at("v1", 100), 0, 600);
        stages.insert(0, preview);
        let mut world = KindWorld::new(("v0", 4), None);
        world.sticky = seconds(300);
        let mut run = begin(plan(stages, Policies::default()), world);
        run.until("`preview` is effective");
        let hand = ForeignChange::new("kubectl", field, "it was moved and taken back");
        run.world.foreign.push(hand);
        run.look_again();
        assert!(
            run.story().contains("taken back by kubectl"),
            "{}",
            run.story()
        );
        let told = run.now;
        run.order(Wish::Abort { force: false });
        run.assert_rolled_back();
        let gone = |(_, desired): &&(Timestamp, crate::target::Desired)| {
            desired.candidate.revision == Revision::Absent
        };
        let (removed, _) = run.asked.iter().find(gone).unwrap();
        let took = removed.since(told).as_secs();
        let expected = lingers.min(300)..=lingers;
        assert!(expected.contains(&took), "{took} s\n{}", run.story());
    }
}
