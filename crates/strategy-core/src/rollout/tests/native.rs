//! Whole stories where the platform shifts traffic itself, and where what it does cannot be verified.

use super::acting::seconds;
use super::kind_world::{KindWorld, Run};
use super::{at, begin, canary, percent, plan, stage};
use crate::plan::{GoalTrack, Policies, Stage, StageKind};
use crate::rollout::{Effect, Failure, Input, News, Outcome, Phase, Wish};
use crate::target::{Certainty, Desired, Effective, Routing, TargetErrorKind};
use crate::track::{Capacity, Replicas, Revision};
use crate::traffic::Traffic;
use crate::weight::Weight;

/// Everything comes up first; at the end the platform takes away what was.
fn native() -> Vec<Stage> {
    let gone = GoalTrack {
        revision: Revision::Recorded,
        capacity: Capacity::Count(0),
    };
    let stable = GoalTrack::recorded;
    vec![
        stage("half", StageKind::Expose, stable(), at("v1", 100), 50, 60),
        stage("all", StageKind::Expose, stable(), at("v1", 100), 100, 60),
        stage("retire", StageKind::Retire, gone, at("v1", 100), 100, 0),
    ]
}

fn started() -> Run {
    let mut world = KindWorld::new(("v0", 4), None);
    world.routing = Routing::Native;
    begin(plan(native(), Policies::default()), world)
}

fn weights(run: &Run) -> Vec<Weight> {
    let asked = run.asked.iter();
    asked.map(|(_, desired)| desired.traffic.weight).collect()
}

/// The platform is told, and shifts to so much for now.
fn shifts_to(run: &mut Run, shifted: u16) {
    let effective = Traffic::weight(percent(shifted));
    run.world.effective = Some(Effective::Verified(effective));
    run.look_again();
}

/// A search found it: what had landed was taken for somebody's scaling, and put back with the traffic that
/// a person had just taken home.
#[test]
fn traffic_that_a_person_takes_home_after_a_lost_write_stays_there() {
    let mut world = KindWorld::new(("v0", 4), None);
    world.routing = Routing::Native;
    let gone = GoalTrack {
        revision: Revision::Recorded,
        capacity: Capacity::Count(0),
    };
    let roll = stage("roll", StageKind::Expose, gone, at("v1", 100), 100, 60);
    let mut run = begin(plan(vec![roll], Policies::default()), world);
    let write = loop {
        match run.rollout.poll_effect() {
            Some(write @ Effect::Apply { .. }) => break write,
            Some(effect) => {
                if let Some(input) = run.world.perform(effect) {
                    run.tell(input);
                }
            }
            None => run.pass_time(),
        }
    };
    let _ = run.world.perform(write.clone());
    run.world.converge();
    run.world.somebody_moves_traffic(0);
    let failure = Failure::new(
        TargetErrorKind::Unavailable,
        Certainty::MayBeTaken,
        "timed out",
    );
    let id = write.id().unwrap();
    run.tell(Input::EffectFailed { id, failure });
    run.run(seconds(7200));
    assert!(
        weights(&run).iter().all(|weight| weight.is_zero()),
        "{}",
        run.story()
    );
    run.assert_outcome(|outcome| matches!(outcome, Outcome::RolledBack { .. }));
}

#[test]
fn a_native_platform_is_told_each_goal_once_and_watched_until_promoted() {
    let mut run = started();
    // It begins slowly: what is written is not what users get.
    run.world.effective = Some(Effective::Verified(Traffic::default()));
    run.wait(seconds(100));
    assert_eq!(weights(&run), [percent(50)], "one write of all of it");
    assert_eq!(run.asked[0].1.candidate.replicas, Replicas::Count(4));
    assert_eq!(run.rollout.status().phase, Phase::Stepping);
    shifts_to(&mut run, 20);
    run.wait(seconds(100));
    assert_eq!(run.rollout.status().phase, Phase::Stepping);
    // Traffic is where it should be, and half of what takes it is not ready.
    run.world.unready.insert("app:v1".to_owned());
    run.world.converge();
    shifts_to(&mut run, 50);
    run.wait(seconds(5));
    assert_eq!(run.rollout.status().phase, Phase::Stepping);
    assert!(!run.story().contains("is effective"), "{}", run.story());
    run.world.unready.clear();
    run.world.converge();
    run.look_again();
    assert_eq!(run.rollout.status().phase, Phase::Baking, "{}", run.story());
    run.wait(seconds(50));
    assert_eq!(weights(&run), [percent(50)], "it bakes for a minute");
    run.world.effective = None;
    run.look_again();
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    assert_eq!(weights(&run), [50, 100, 100].map(percent));
    let stable = run.world.sides.stable.written.clone().unwrap();
    assert_eq!(stable.replicas, Replicas::Count(0));
    assert_eq!((run.weight(), run.world.claim.clone()), (100, None));
}

#[test]
fn a_native_platform_is_told_the_start_once_and_watched_until_it_is_back() {
    for before_it_shifts in [false, true] {
        let mut run = started();
        if before_it_shifts {
            run.world.effective = Some(Effective::Verified(Traffic::default()));
            run.wait(seconds(20));
            shifts_to(&mut run, 20);
        } else {
            run.until("`all` is effective");
        }
        run.asked.clear();
        let shifted = if before_it_shifts { 20 } else { 70 };
        let effective = Traffic::weight(percent(shifted));
        run.world.effective = Some(Effective::Verified(effective));
        run.order(Wish::Abort { force: false });
        run.wait(seconds(100));
        let start: Vec<&Desired> = run.asked.iter().map(|(_, desired)| desired).collect();
        assert_eq!(start.len(), 1, "one write of all of it");
        assert_eq!(start[0].traffic, Traffic::default());
        assert_eq!(start[0].candidate.revision, Revision::Absent);
        assert_eq!(run.rollout.outcome(), None, "{}", run.story());
        assert_eq!(run.said(|news| matches!(news, News::TrafficRestored)), 0);
        run.world.effective = None;
        run.look_again();
        run.assert_rolled_back();
        assert_eq!(run.said(|news| matches!(news, News::TrafficRestored)), 1);
        assert_eq!(run.asked.len(), 1);
    }
}

fn unverified() -> Run {
    let mut world = KindWorld::new(("v0", 4), None);
    world.effective = Some(Effective::Unverified);
    begin(plan(canary(), Policies::default()), world)
}

/// When it was said first.
fn said_at(run: &Run, text: &str) -> crate::Timestamp {
    let said = run
        .events
        .iter()
        .find(|event| event.to_string().contains(text));
    let Some(event) = said else {
        panic!("`{text}` is never said\n{}", run.story())
    };
    event.at
}

#[test]
fn what_cannot_be_verified_is_watched_from_when_it_is_taken_to_be_effective_and_promoted() {
    let mut run = unverified();
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    let written = |weight: u16| {
        let asked = run.asked.iter();
        let mut of = asked.filter(|(_, desired)| desired.traffic.weight == percent(weight));
        of.next().unwrap().0
    };
    for (name, weight) in [("half", 50), ("all", 100)] {
        let effective = said_at(&run, &format!("`{name}` is effective"));
        let settles = effective.since(written(weight)).as_millis();
        assert!(
            (2000..2100).contains(&settles),
            "{settles}\n{}",
            run.story()
        );
        let passed = said_at(&run, &format!("`{name}` passed"));
        assert!(passed.since(effective) >= seconds(60), "{}", run.story());
    }
    // Looking again, or writing something else, does not make traffic younger.
    let mut run = unverified();
    run.until("`half` is effective");
    for _ in 0..30 {
        run.look_again();
        run.wait(seconds(1));
    }
    let elapsed = run.rollout.status().bake.unwrap().elapsed;
    assert!(elapsed >= seconds(29), "{elapsed:?}");
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

#[test]
fn what_cannot_be_verified_is_home_when_it_is_taken_to_be() {
    for name in ["half", "all"] {
        let mut run = unverified();
        run.until(&format!("`{name}` is effective"));
        run.wait(seconds(20));
        run.asked.clear();
        run.order(Wish::Abort { force: false });
        let aborted = run.now;
        run.assert_rolled_back();
        let (home, removed) = (&run.asked[0], run.asked.last().unwrap());
        assert_eq!((home.0, &home.1.traffic), (aborted, &Traffic::default()));
        let restored = run
            .events
            .iter()
            .find(|event| event.news == News::TrafficRestored);
        let restored = restored.unwrap().at.since(aborted);
        assert!(restored >= seconds(2), "{restored:?}\n{}", run.story());
        assert_eq!(removed.1.candidate.revision, Revision::Absent);
        let removed = removed.0.since(aborted);
        assert!(removed >= seconds(7), "{removed:?}\n{}", run.story());
    }
}
