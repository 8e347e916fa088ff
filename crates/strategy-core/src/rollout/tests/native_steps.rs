//! Whole stories where the platform shifts traffic itself and asks before each step.

use super::acting::seconds;
use super::kind_world::{KindWorld, Run};
use super::{at, begin, percent, plan, stage};
use crate::plan::{
    Extension, GoalTrack, HookPlan, HookPoint, OnFailure, Policies, Stage, StageKind, Then,
};
use crate::release::Part;
use crate::rollout::{Answer, Effect, Failure, Input, News, Outcome, Phase, Reason, Wish};
use crate::target::{Certainty, Desired, Effective, PlatformState, Routing, TargetErrorKind};
use crate::track::{Capacity, Replicas, Revision};
use crate::traffic::Traffic;
use crate::weight::Weight;

fn stages() -> Vec<Stage> {
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

fn of(stages: Vec<Stage>) -> Run {
    let mut world = KindWorld::new(("v0", 4), None);
    world.routing = Routing::Native;
    world.platform = Some(PlatformState::Won);
    begin(plan(stages, Policies::default()), world)
}

fn says(run: &mut Run, state: PlatformState) {
    run.world.platform = Some(state);
    run.look_again();
}

fn told(run: &Run) -> Vec<(Weight, Replicas)> {
    let each = |desired: &Desired| (desired.traffic.weight, desired.stable.replicas);
    run.asked.iter().map(|(_, desired)| each(desired)).collect()
}

/// Performs everything until a write is ordered, and hands that out.
fn next_write(run: &mut Run) -> Effect {
    for _ in 0..100 {
        match run.rollout.poll_effect() {
            Some(write @ Effect::Apply { .. }) => return write,
            Some(effect) => {
                if let Some(input) = run.world.perform(effect) {
                    run.tell(input);
                }
            }
            None => run.pass_time(),
        }
    }
    panic!("nothing is written\n{}", run.story());
}

/// Nobody heard what became of it.
fn lost(write: &Effect) -> Input {
    let failure = Failure::new(
        TargetErrorKind::Unavailable,
        Certainty::MayBeTaken,
        "timed out",
    );
    let id = write.id().unwrap();
    Input::EffectFailed { id, failure }
}

/// So many steps of rollout and platform, which asks as soon as it can.
fn play(run: &mut Run, at_most: usize) -> usize {
    for steps in 0..at_most.min(5_000) {
        if run.rollout.is_settled() {
            return steps;
        }
        if run.perform_one() {
            continue;
        }
        if run.world.platform != Some(PlatformState::InProgress) {
            run.pass_time();
            continue;
        }
        let stable = run.world.sides.stable.written.as_ref();
        let gone = stable.is_some_and(|written| written.replicas.number() == 0);
        run.world.platform = Some(match run.world.sides.candidate.written {
            None => PlatformState::RolledBack("it was told".to_owned()),
            Some(_) if gone => PlatformState::Won,
            Some(_) => PlatformState::Waiting,
        });
        run.tell(Input::Changed { part: Part::main() });
    }
    at_most
}

/// Taken as far as this stage's bake: answered when it asked, and now it asks for the step after it.
fn baking(run: &mut Run, name: &str) {
    run.wait(seconds(1));
    let begun = format!("stage `{name}` is effective and is watched");
    for _ in 0..40 {
        if run.story().contains(&begun) {
            return;
        }
        says(run, PlatformState::Waiting);
        run.wait(seconds(5));
    }
    panic!("`{name}` never bakes\n{}", run.story());
}

#[test]
fn each_step_is_told_when_the_platform_asks_for_it() {
    let mut run = of(stages());
    run.wait(seconds(100));
    let four = Replicas::Count(4);
    let mut expected = vec![(percent(50), four)];
    assert_eq!(told(&run), expected, "it is started, and has not asked");
    assert_eq!(run.weight(), 0, "{}", run.story());
    let why = "the platform to ask for its next step";
    assert!(run.story().contains(why), "{}", run.story());
    for (name, weight) in [("half", 50), ("all", 100)] {
        if name == "half" {
            says(&mut run, PlatformState::Waiting);
            expected.push((percent(weight), four));
        }
        assert_eq!(told(&run), expected, "{}", run.story());
        assert_eq!(run.world.platform, Some(PlatformState::InProgress));
        run.wait(seconds(30));
        let watched = format!("`{name}` is effective");
        assert!(!run.story().contains(&watched), "{}", run.story());
        baking(&mut run, name);
        run.wait(seconds(50));
        assert_eq!(told(&run), expected, "a question is no reason to hurry");
        // At work once more, of which nobody told it, it is not where it was to be.
        run.world.platform = Some(PlatformState::InProgress);
        let shown = Effective::Verified(Traffic::weight(percent(weight)));
        run.world.effective = Some(shown);
        run.look_again();
        run.wait(seconds(60));
        assert_eq!(told(&run), expected, "{}", run.story());
        let passed = format!("`{name}` passed");
        assert!(!run.story().contains(&passed), "{}", run.story());
        run.world.effective = None;
        says(&mut run, PlatformState::Waiting);
        run.wait(seconds(20));
        if name == "half" {
            expected.push((percent(100), four));
            assert_eq!(told(&run), expected, "{}", run.story());
        }
    }
    expected.push((percent(100), Replicas::Count(0)));
    assert_eq!(told(&run), expected, "{}", run.story());
    assert_eq!(run.rollout.outcome(), None);
    says(&mut run, PlatformState::Won);
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    assert_eq!(told(&run), expected);
}

/// What was is taken away when that is asked for, also where the platform does not wait for it.
#[test]
fn a_platform_that_is_done_before_it_is_let_is_told_what_is_left() {
    let mut run = of(stages());
    baking(&mut run, "all");
    says(&mut run, PlatformState::Won);
    run.wait(seconds(100));
    let last = (percent(100), Replicas::Count(0));
    assert_eq!(told(&run).last(), Some(&last), "{}", run.story());
    says(&mut run, PlatformState::Won);
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

#[test]
fn the_way_back_is_asked_for_whatever_the_platform_is_at() {
    for at in ["started", "answered", "asks"] {
        let mut run = of(stages());
        run.wait(seconds(20));
        match at {
            "started" => {}
            "answered" => says(&mut run, PlatformState::Waiting),
            _ => baking(&mut run, "half"),
        }
        run.asked.clear();
        run.order(Wish::Abort { force: false });
        run.wait(seconds(100));
        let home = vec![(percent(0), Replicas::Count(4))];
        assert_eq!(told(&run), home, "{at}: {}", run.story());
        assert_eq!(run.asked[0].1.candidate.revision, Revision::Absent);
        assert_eq!(run.rollout.outcome(), None, "{}", run.story());
        says(
            &mut run,
            PlatformState::RolledBack("it was told".to_owned()),
        );
        run.assert_rolled_back();
        run.assert_outcome(|outcome| {
            matches!(
                outcome,
                Outcome::RolledBack {
                    reason: Reason::Aborted { .. }
                }
            )
        });
        assert_eq!(told(&run), home, "{at}");
    }
}

/// It took everything home itself: its own words are the reason, no hand is seen, and nothing is written.
#[test]
fn a_platform_that_goes_back_by_itself_is_followed_and_told_nothing() {
    for at in ["started", "half", "all"] {
        let mut run = of(stages());
        run.wait(seconds(20));
        if at != "started" {
            baking(&mut run, at);
        }
        run.asked.clear();
        run.world.sides.candidate.written = None;
        run.world.traffic = Traffic::default();
        run.world.converge();
        says(&mut run, PlatformState::RolledBack("an alarm".to_owned()));
        run.assert_rolled_back();
        run.assert_outcome(|outcome| {
            matches!(outcome, Outcome::RolledBack { reason: Reason::Platform { message, .. } }
                if message == "it rolled back: an alarm")
        });
        assert_eq!(told(&run), [], "{at}: {}", run.story());
        let hands = run.said(|news| matches!(news, News::ForeignHand { .. }));
        assert_eq!(hands, 0, "{at}: {}", run.story());
    }
}

/// A person who begins the stage again has another deployment begun, however long they took.
#[test]
fn a_stage_that_is_begun_again_begins_another_deployment_whatever_became_of_the_last() {
    for later in [1, 500] {
        let mut stages = stages();
        for stage in &mut stages {
            stage.on_failure = OnFailure::Hold {
                at_most: seconds(3600),
                then: Then::RollBack,
            };
        }
        let mut run = of(stages);
        baking(&mut run, "half");
        run.asked.clear();
        let goes_back = |run: &mut Run| {
            run.world.sides.candidate.written = None;
            run.world.traffic = Traffic::default();
            run.world.converge();
            says(run, PlatformState::RolledBack("an alarm".to_owned()));
        };
        goes_back(&mut run);
        run.wait(seconds(later));
        assert_eq!(
            run.rollout.status().phase,
            Phase::Holding,
            "{}",
            run.story()
        );
        assert_eq!(told(&run), [], "nobody asked for it: {}", run.story());
        assert_eq!(run.order(Wish::Retry), Answer::Recorded);
        run.wait(seconds(5));
        assert_eq!(
            told(&run),
            [(percent(50), Replicas::Count(4))],
            "{}",
            run.story()
        );
        assert_eq!(
            run.rollout.status().phase,
            Phase::Stepping,
            "{}",
            run.story()
        );
        // How the next one ends is told anew.
        goes_back(&mut run);
        assert_eq!(
            run.rollout.status().phase,
            Phase::Holding,
            "{}",
            run.story()
        );
        let failed = |news: &News| matches!(news, News::Failed { .. });
        assert_eq!(run.said(failed), 2, "{}", run.story());
    }
}

/// What another deployment took is somebody's hand, and the reason is what the platform calls it.
#[test]
fn another_deployment_in_its_place_is_an_alarm() {
    let mut run = of(stages());
    baking(&mut run, "half");
    says(&mut run, PlatformState::Superseded("d-2".to_owned()));
    run.wait(seconds(5));
    says(
        &mut run,
        PlatformState::RolledBack("it was told".to_owned()),
    );
    run.assert_rolled_back();
    run.assert_outcome(|outcome| {
        matches!(outcome, Outcome::RolledBack { reason: Reason::Platform { message, .. } }
            if message == "another took its place: d-2")
    });
}

/// Nobody but the platform has moved traffic, so what it has not taken yet is nobody's hand.
#[test]
fn a_start_that_is_lost_or_late_is_no_hand() {
    let mut run = of(stages());
    let write = next_write(&mut run);
    // It landed, and nobody heard of it.
    let _ = run.world.perform(write.clone());
    run.world.converge();
    run.tell(lost(&write));
    run.wait(seconds(20));
    assert!(!run.rollout.is_rolling_back(), "{}", run.story());
    assert_eq!(told(&run), [], "it is there: {}", run.story());
    baking(&mut run, "half");
    let half = (percent(50), Replicas::Count(4));
    assert_eq!(told(&run), [half], "{}", run.story());
    // A person who takes it home while it is brought up is one.
    let mut run = of(stages());
    run.wait(seconds(20));
    says(&mut run, PlatformState::Waiting);
    says(&mut run, PlatformState::Waiting);
    run.world.somebody_moves_traffic(0);
    run.look_again();
    assert!(run.rollout.is_rolling_back(), "{}", run.story());
}

/// An answer of ours that may have been heard is given again only to the same question.
#[test]
fn an_answer_that_was_lost_is_given_once() {
    for heard in [false, true] {
        let mut run = of(stages());
        run.wait(seconds(20));
        run.world.platform = Some(PlatformState::Waiting);
        run.tell(Input::Changed { part: Part::main() });
        run.asked.clear();
        let write = next_write(&mut run);
        if heard {
            let _ = run.world.perform(write.clone());
        }
        run.tell(lost(&write));
        run.wait(seconds(20));
        let again = if heard {
            vec![]
        } else {
            vec![(percent(50), Replicas::Count(4))]
        };
        assert_eq!(told(&run), again, "{}", run.story());
        assert_eq!(run.weight(), 50, "{}", run.story());
    }
}

#[test]
fn a_successor_is_left_the_start_and_not_half_a_deployment() {
    let mut run = of(stages());
    baking(&mut run, "half");
    run.asked.clear();
    run.order(Wish::Supersede {
        by: "successor".parse().unwrap(),
    });
    run.wait(seconds(1));
    assert_eq!(told(&run), [(percent(0), Replicas::Count(4))]);
    assert_eq!(run.asked[0].1.candidate.revision, Revision::Absent);
    says(
        &mut run,
        PlatformState::RolledBack("it was told".to_owned()),
    );
    run.run(seconds(600));
    run.assert_outcome(|outcome| matches!(outcome, Outcome::Superseded { .. }));
}

/// The release is up, and its first request waits for the hook.
#[test]
fn a_hook_that_runs_when_it_is_ready_runs_before_the_first_step() {
    let mut stages = stages();
    let smoke = HookPlan::new("smoke", HookPoint::Ready, Extension::new("smoke"));
    stages[0].hooks.push(smoke);
    let mut run = of(stages);
    run.wait(seconds(20));
    says(&mut run, PlatformState::Waiting);
    run.wait(seconds(20));
    let hook = run.hook();
    assert_eq!((told(&run).len(), run.weight()), (1, 0), "{}", run.story());
    run.end_hook(&hook, true);
    assert_eq!((told(&run).len(), run.weight()), (2, 50), "{}", run.story());
}

#[test]
fn a_platform_that_never_asks_ends_at_the_deadline() {
    let mut run = of(stages());
    run.wait(Stage::DEADLINE * 2 + seconds(100));
    assert!(run.rollout.is_rolling_back(), "{}", run.story());
    // Nor does it come home: then a person is told, and it is asked again when they say so.
    run.wait(Stage::DEADLINE * 2);
    assert!(run.rollout.is_stuck(), "{}", run.story());
    run.order(Wish::Retry);
    says(
        &mut run,
        PlatformState::RolledBack("it was told".to_owned()),
    );
    run.assert_rolled_back();
}

/// A process that ends at any moment leaves a rollout that another one takes to the same end.
#[test]
fn taken_up_from_the_journal_at_any_moment_each_step_is_told_once() {
    let mut straight = of(stages());
    let steps = play(&mut straight, usize::MAX);
    straight.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    assert!(steps > 20, "{steps}");
    for crash_at in 0..steps {
        let mut run = of(stages());
        play(&mut run, crash_at);
        run.crash(seconds(1));
        play(&mut run, usize::MAX);
        let story = run.story();
        run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
        let (one, other) = (run.world.writes, straight.world.writes);
        assert_eq!(one, other, "crash after {crash_at}: {story}");
    }
}
