//! The built-in health checks.

use super::acting::seconds;
use super::kind_world::{KindWorld, Run, images};
use super::{begin, canary, percent, plan};
use crate::plan::{Gate, OnFailure, Policies, Then};
use crate::rollout::{Answer, Outcome, Phase, Reason, Wish};
use crate::target::FatalReason;
use crate::track::SeenRevision;

fn baking() -> Run {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    run
}

/// So many pods of the candidate are ready.
fn ready(run: &mut Run, ready: u32) {
    for (_, _, count) in run.world.sides.candidate.pods.values_mut() {
        *count = ready;
    }
    run.look_again();
}

#[test]
fn a_fatal_pod_acts_at_once_and_an_unschedulable_one_waits() {
    for (reason, acts) in [
        (FatalReason::CrashLoop, true),
        (FatalReason::ImagePull, true),
        (FatalReason::OutOfMemory, true),
        (FatalReason::ContainerConfig, true),
        (FatalReason::Refused, true),
        (FatalReason::TaskFailed, true),
        (FatalReason::CircuitBreaker, true),
        (FatalReason::Unschedulable, false),
    ] {
        let mut world = KindWorld::new(("v0", 4), None);
        world.broken.insert("app:v1".to_owned(), reason);
        let mut run = begin(plan(canary(), Policies::default()), world);
        run.wait(seconds(2));
        let back = run.story().contains("going back");
        assert_eq!(back, acts, "{reason}");
        assert_eq!(run.weight(), 0);
        run.assert_rolled_back();
    }
}

#[test]
fn a_fatal_pod_of_stable_does_not_blame_the_release() {
    let mut run = baking();
    run.world
        .broken
        .insert("app:v0".to_owned(), FatalReason::CrashLoop);
    run.world.converge();
    run.look_again();
    run.wait(seconds(60));
    assert_eq!(run.rollout.status().phase, Phase::Baking, "{}", run.story());
}

#[test]
fn restarts_count_from_the_stage_and_have_a_limit() {
    for (restarts, fails) in [(2, false), (3, true)] {
        let mut world = KindWorld::new(("v0", 4), None);
        world.restarts.insert("app:v1".to_owned(), 50);
        let mut run = begin(plan(canary(), Policies::default()), world);
        run.wait(seconds(1));
        assert!(
            run.story().contains("going back"),
            "what it had when it came is its own"
        );

        let mut run = baking();
        run.world.restarts.insert("app:v1".to_owned(), restarts);
        run.look_again();
        assert_eq!(run.story().contains("going back"), fails, "{restarts}");
    }
    // A new stage counts anew, and a pod that was replaced does not count down.
    let mut run = baking();
    run.world.restarts.insert("app:v1".to_owned(), 2);
    run.look_again();
    run.until("`all` begins");
    run.world.restarts.insert("app:v1".to_owned(), 0);
    run.look_again();
    run.world.restarts.insert("app:v1".to_owned(), 2);
    run.look_again();
    assert!(!run.story().contains("going back"), "{}", run.story());
    run.world.restarts.insert("app:v1".to_owned(), 3);
    run.look_again();
    assert!(run.story().contains("going back"));
}

#[test]
fn lost_readiness_spends_one_grace_over_all_episodes() {
    let mut run = baking();
    for _ in 0..3 {
        ready(&mut run, 1);
        run.wait(seconds(3));
        ready(&mut run, 2);
        run.wait(seconds(5));
    }
    assert!(
        !run.story().contains("going back"),
        "9 of 10 seconds\n{}",
        run.story()
    );
    ready(&mut run, 1);
    run.wait(seconds(2));
    assert!(run.story().contains("going back"), "flapping spends it");
    run.assert_outcome_is_unready();
}

impl Run {
    #[track_caller]
    fn assert_outcome_is_unready(&mut self) {
        self.run(seconds(3600));
        self.assert_outcome(|outcome| {
            matches!(
                outcome,
                Outcome::RolledBack {
                    reason: Reason::Unready { .. }
                }
            )
        });
    }
}

#[test]
fn the_grace_is_spent_without_news() {
    let mut run = baking();
    ready(&mut run, 1);
    let began = run.now;
    run.until("going back");
    assert!(run.now.since(began) <= seconds(11));
}

#[test]
fn what_we_or_an_autoscaler_scale_up_is_not_lost() {
    let mut run = baking();
    run.until("`all` begins");
    run.wait(seconds(1));
    ready(&mut run, 4);
    run.wait(seconds(30));
    assert!(!run.story().contains("going back"), "{}", run.story());
}

#[test]
fn another_image_under_the_same_tag_is_caught() {
    for ids in [
        vec!["id of something else"],
        vec!["id of app:v1", "and another"],
    ] {
        let mut run = baking();
        run.until("`half` passed");
        let ids = ids.into_iter().map(str::to_owned).collect();
        run.world.ids.insert("app:v1".to_owned(), ids);
        run.look_again();
        run.assert_rolled_back();
        run.assert_outcome(|outcome| {
            matches!(
                outcome,
                Outcome::RolledBack {
                    reason: Reason::ImageChanged { .. }
                }
            )
        });
    }
    let mut world = KindWorld::new(("v0", 4), None);
    world
        .ids
        .insert("app:v1".to_owned(), vec!["a".to_owned(), "b".to_owned()]);
    let mut run = begin(plan(canary(), Policies::default()), world);
    run.assert_rolled_back();
}

#[test]
fn another_image_of_a_container_that_is_not_shipped_is_caught_too() {
    for (id, is_caught) in [("id of proxy:1", false), ("another id", true)] {
        let mut world = KindWorld::new(("v0", 4), None);
        world.companion = Some("id of proxy:1".to_owned());
        let mut run = begin(plan(canary(), Policies::default()), world);
        run.until("`half` passed");
        run.world.companion = Some(id.to_owned());
        run.look_again();
        run.run(seconds(3600));
        run.assert_outcome(|outcome| (*outcome == Outcome::Promoted) != is_caught);
    }
}

#[test]
fn health_that_is_off_is_off() {
    let mut stages = canary();
    for stage in &mut stages {
        stage.health.fatal = false;
        stage.health.restarts = None;
        stage.health.readiness = false;
    }
    let world = KindWorld::new(("v0", 4), None);
    let mut run = begin(plan(stages, Policies::default()), world);
    run.until("is effective and is watched");
    run.world.restarts.insert("app:v1".to_owned(), 99);
    ready(&mut run, 1);
    run.wait(seconds(100));
    assert_eq!(run.rollout.status().phase, Phase::Baking);
}

#[test]
fn a_ready_rule_below_all_takes_what_it_asks() {
    let mut stages = canary();
    for stage in &mut stages {
        stage.ready.share = percent(50);
    }
    let world = KindWorld::new(("v0", 4), None);
    let mut run = begin(plan(stages, Policies::default()), world);
    run.until("is effective and is watched");
    let old = SeenRevision {
        images: images("v1"),
        ..SeenRevision::default()
    };
    assert!(!old.recorded);
    ready(&mut run, 1);
    run.wait(seconds(30));
    assert!(!run.story().contains("going back"), "half is enough here");
    ready(&mut run, 0);
    run.wait(seconds(30));
    assert!(run.story().contains("going back"));
}

#[test]
fn readiness_lost_right_after_a_stage_was_entered_spends_the_grace() {
    let mut stages = canary();
    stages[1]
        .gates
        .push(Gate::approval("go", [], 1).within(seconds(24 * 3600), Then::RollBack));
    let mut run = begin(
        plan(stages, Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("stage 2 `all` begins");
    run.world.unready.insert("app:v1".to_owned());
    run.world.converge();
    run.look_again();
    run.wait(seconds(3 * 3600));
    assert_ne!(
        run.rollout.status().phase,
        Phase::Gating,
        "half of the users have been on 0 ready pods for three hours\n{}",
        run.story()
    );
}

#[test]
fn what_was_validated_first_stays_what_is_validated() {
    let mut stages = canary();
    stages[1].on_failure = OnFailure::Hold {
        at_most: seconds(1800),
        then: Then::RollBack,
    };
    let mut run = begin(
        plan(stages, Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("`all` is effective");
    let other = vec!["id of something else".to_owned()];
    run.world.ids.insert("app:v1".to_owned(), other);
    run.look_again();
    for again in 0..3 {
        assert_eq!(run.rollout.status().phase, Phase::Holding, "{again}");
        // The stage begins anew with what runs now: nobody validated that at the stage before.
        assert_eq!(run.order(Wish::Retry), Answer::Recorded);
        run.wait(seconds(90));
    }
    assert!(!run.story().contains("`all` passed"), "{}", run.story());
    run.assert_rolled_back();
    run.assert_outcome(|outcome| {
        matches!(
            outcome,
            Outcome::RolledBack {
                reason: Reason::ImageChanged { .. }
            }
        )
    });
}
