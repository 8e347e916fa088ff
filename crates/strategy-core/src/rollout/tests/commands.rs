//! Commands in every state: answered once, refused with a reason, and never a way round a promise.

use super::acting::seconds;
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, plan};
use crate::plan::{OnFailure, Policies, Then};
use crate::rollout::{
    Alarm, Answer, Command, CommandId, Input, Misuse, Outcome, Phase, Reason, Ticket, Wish,
};
use crate::target::EffectId;

fn started(policies: Policies) -> Run {
    begin(plan(canary(), policies), KindWorld::new(("v0", 4), None))
}

#[test]
fn a_pause_stops_everything_and_its_limit_answers() {
    for (then, phase) in [
        (Then::RollBack, Phase::RollingBack),
        (Then::GoOn, Phase::Stepping),
        (Then::Abandon, Phase::Settling),
    ] {
        let policies = Policies {
            pause_limit: seconds(1000),
            pause_then: then,
            ..Policies::default()
        };
        let mut run = started(policies);
        assert_eq!(run.order(Wish::Pause), Answer::Recorded);
        assert!(run.refused(Wish::Pause).contains("paused already"));
        run.wait(seconds(990));
        assert_eq!(run.world.writes, 0, "{then:?}\n{}", run.story());
        assert!(run.rollout.outcome().is_none());
        run.wait(seconds(20));
        let story = run.story();
        match phase {
            Phase::Stepping => assert!(run.world.writes > 0),
            Phase::RollingBack => assert!(story.contains("a pause reached its limit"), "{story}"),
            _ => run.assert_outcome(|outcome| matches!(outcome, Outcome::Abandoned { .. })),
        }
    }
}

#[test]
fn a_pause_while_stepping_spends_no_deadline() {
    let mut world = KindWorld::new(("v0", 4), None);
    world.unready.insert("app:v1".to_owned());
    let mut run = begin(plan(canary(), Policies::default()), world);
    run.wait(seconds(300));
    run.order(Wish::Pause);
    run.wait(seconds(3000));
    assert_eq!(
        run.rollout.status().phase,
        Phase::Stepping,
        "{}",
        run.story()
    );
    run.order(Wish::Unpause);
    run.wait(seconds(290));
    assert_eq!(run.rollout.status().phase, Phase::Stepping);
    run.wait(seconds(20));
    assert_ne!(run.rollout.status().phase, Phase::Stepping);
}

#[test]
fn a_pause_stops_no_failure_no_alarm_and_no_abort() {
    let mut run = started(Policies::default());
    run.until("is effective and is watched");
    run.order(Wish::Pause);
    run.tell(Input::AlarmRaised(Alarm {
        id: CommandId("a".to_owned()),
        source: "pager".to_owned(),
        message: "errors".to_owned(),
    }));
    run.assert_rolled_back();
    run.assert_outcome(|outcome| {
        matches!(
            outcome,
            Outcome::RolledBack {
                reason: Reason::Alarm { .. }
            }
        )
    });
    let mut run = started(Policies::default());
    run.until("is effective and is watched");
    run.order(Wish::Pause);
    run.order(Wish::Reject);
    assert!(run.refused(Wish::Pause).contains("going back"));
    run.assert_rolled_back();
}

#[test]
fn commands_for_another_stage_plan_or_state_are_refused_with_a_reason() {
    let mut run = started(Policies::default());
    let plan = run.rollout.plan().digest();
    assert!(run.refused(Wish::Unpause).contains("not paused"));
    assert!(run.refused(Wish::Retry).contains("neither stuck nor held"));
    let own = run.rollout.id().clone();
    assert!(run.refused(Wish::Supersede { by: own }).contains("itself"));
    let approve = Wish::Approve {
        stage: "half".into(),
        plan: plan.clone(),
    };
    assert!(run.refused(approve).contains("no stage waits"));
    run.run(seconds(3600));
    for wish in [
        Wish::Pause,
        Wish::Abort { force: true },
        Wish::Abandon,
        Wish::Promote { plan },
    ] {
        let command = Command::new("late", "ada", wish);
        run.rollout
            .handle(Input::Commanded(command), run.now)
            .unwrap();
        let (_, answer) = run.rollout.poll_answer().unwrap();
        assert!(matches!(answer, Answer::Refused(why) if why.contains("over")));
    }
}

#[test]
fn an_abort_is_decided_and_journaled_while_the_target_refuses_calls() {
    let mut run = started(Policies::default());
    run.until("is effective and is watched");
    run.world.down = true;
    run.order(Wish::Abort { force: false });
    assert_eq!(run.rollout.status().phase, Phase::RollingBack);
    run.crash(seconds(40));
    assert_eq!(run.rollout.status().phase, Phase::RollingBack);
    run.world.down = false;
    run.assert_rolled_back();
}

#[test]
fn a_held_stage_begins_again_stays_failed_or_goes_back_at_its_limit() {
    let held = || {
        let mut stages = canary();
        for stage in &mut stages[..2] {
            stage.on_failure = OnFailure::Hold {
                at_most: seconds(500),
                then: Then::RollBack,
            };
        }
        let mut world = KindWorld::new(("v0", 4), None);
        world.unready.insert("app:v1".to_owned());
        let mut run = begin(plan(stages, Policies::default()), world);
        run.until("waits for a person");
        run
    };
    let mut run = held();
    assert!(run.advance("half") != Answer::Recorded);
    run.world.unready.clear();
    run.world.converge();
    run.order(Wish::Retry);
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    let mut run = held();
    run.wait(seconds(490));
    assert_eq!(run.rollout.status().phase, Phase::Holding);
    run.assert_rolled_back();
}

#[test]
fn a_failed_promotion_stays_on_the_candidate_paused_or_not() {
    let half_first = canary();
    let all_at_once = canary().split_off(1);
    let mut in_three = canary();
    let quarter = super::at("v1", 25);
    let stable = crate::plan::GoalTrack::recorded();
    let first = super::stage(
        "quarter",
        crate::plan::StageKind::Expose,
        stable,
        quarter,
        25,
        60,
    );
    in_three.insert(0, first);
    for (pause, mut stages) in [
        (false, half_first.clone()),
        (true, half_first),
        (false, all_at_once),
        (false, in_three),
    ] {
        let first = stages.len() - 3;
        for stage in &mut stages[first..first + 2] {
            stage.on_failure = OnFailure::StayOnCandidate {
                at_most: seconds(500),
                then: Then::RollBack,
            };
        }
        stages[first + 1].bake = crate::plan::Bake::of(seconds(600));
        let world = KindWorld::new(("v0", 4), None);
        let mut run = begin(plan(stages, Policies::default()), world);
        run.until("stage `return` is effective");
        assert_eq!(run.weight(), 0);
        if pause {
            run.order(Wish::Pause);
        }
        run.world.restarts.insert("app:v1".to_owned(), 9);
        run.look_again();
        run.wait(seconds(60));
        assert_eq!(
            run.rollout.status().phase,
            Phase::Holding,
            "{}",
            run.story()
        );
        assert_eq!(run.weight(), 100, "pause {pause}\n{}", run.story());
        run.assert_rolled_back();
    }
}

#[test]
fn what_the_caller_does_wrong_changes_nothing() {
    let mut run = started(Policies::default());
    run.until("is effective and is watched");
    let before = run.rollout.clone();
    let unknown = EffectId(u64::MAX);
    let failure = crate::rollout::Failure::new(
        crate::target::TargetErrorKind::Unavailable,
        crate::target::Certainty::NotTaken,
        "x",
    );
    let ticket = Ticket(u64::MAX);
    let observation = Box::new(run.world.observe());
    let wrong = [
        Input::EffectFailed {
            id: unknown,
            failure: failure.clone(),
        },
        Input::Changed {
            part: "nobody".parse().unwrap(),
        },
        Input::Observed {
            part: crate::release::Part::main(),
            ticket,
            observation,
        },
        Input::MeasureFailed {
            look: crate::rollout::LookId {
                check: "none".into(),
                number: 1,
            },
            failure: failure.clone(),
        },
    ];
    // The next of each kind was not ordered either.
    let next = run.rollout.decided.next_id;
    let main = crate::release::Part::main();
    let asked = run.rollout.latest.parts[&main].next_ticket;
    let next = [
        Input::EffectFailed {
            id: EffectId(next),
            failure: failure.clone(),
        },
        Input::ObserveFailed {
            part: main,
            ticket: Ticket(asked),
            failure,
        },
    ];
    for input in wrong.into_iter().chain(next) {
        let misuse: Misuse = run.rollout.handle(input, run.now).unwrap_err();
        assert!(!misuse.to_string().is_empty());
        assert_eq!(run.rollout, before);
    }
}

#[test]
fn what_is_remembered_of_commands_has_a_limit() {
    let mut run = started(Policies::default());
    run.until("is effective and is watched");
    for number in 0..500 {
        let id = format!("{number:0>150}");
        let command =
            Command::new(id, "ada".repeat(100), Wish::Unpause).because("because ".repeat(1000));
        run.tell(Input::Commanded(command));
        while run.rollout.poll_record().is_some() {}
    }
    let kept = serde_json::to_string(&run.rollout.decided.audit).unwrap();
    assert!((10_500..13_500).contains(&kept.len()), "{}", kept.len());
    let text = serde_json::to_string(&run.rollout.snapshot()).unwrap();
    assert!(text.len() < 40_000, "{}", text.len());
    run.records = vec![run.rollout.snapshot()];
    run.tell(Input::Commanded(Command::new(
        format!("{:0>150}", 499),
        "ada",
        Wish::Abort { force: false },
    )));
    assert!(!run.rollout.is_rolling_back(), "known by its id");
}

#[test]
fn why_somebody_aborted_is_told_and_a_way_back_that_goes_on_is_not_tried_again() {
    for (why, said) in [
        ("it burns", "aborted by ada: it burns"),
        ("", "aborted by ada"),
    ] {
        let mut run = started(Policies::default());
        run.until("is effective and is watched");
        assert_eq!(
            run.rollout.found(),
            &crate::target::Found::main(start().discover())
        );
        let wish = Wish::Abort { force: false };
        let command = Command::new("one", "ada", wish).because(why);
        run.tell(Input::Commanded(command));
        assert!(run.rollout.is_rolling_back());
        let refused = run.refused(Wish::Retry);
        assert!(refused.contains("neither stuck nor held"), "{refused}");
        run.assert_rolled_back();
        let told = format!("rolled back: {said}\n");
        assert!(run.story().contains(&told), "{}", run.story());
    }
}

fn start() -> KindWorld {
    KindWorld::new(("v0", 4), None)
}

/// One long command makes room for itself, however many short ones have to go for it.
#[test]
fn what_is_remembered_of_commands_has_a_limit_whatever_their_length() {
    let mut run = started(Policies::default());
    run.until("is effective and is watched");
    // All else that comes with a command is cut when it is heard.
    let mut tell = |id: String| {
        run.tell(Input::Commanded(Command::new(id, "ada", Wish::Unpause)));
        while run.rollout.poll_record().is_some() {}
        let kept = &run.rollout.decided.audit;
        serde_json::to_string(kept).unwrap().len()
    };
    let mut before = 0;
    for number in 0..300 {
        before = tell(format!("{number:0>100}"));
    }
    let after = tell("long".repeat(1_000));
    let limit = 12 * 1024;
    assert!(
        before.max(after) <= limit,
        "{before} bytes, and then {after}"
    );
}

/// However long it is, a command that was just heard is known by its id.
#[test]
fn a_command_that_is_longer_than_all_that_is_remembered_is_answered_once() {
    let mut run = started(Policies::default());
    run.until("is effective and is watched");
    let pause = Command::new("pause".repeat(10_000), "ada", Wish::Pause);
    run.tell(Input::Commanded(pause.clone()));
    assert!(run.rollout.status().paused_until.is_some());
    let heard = run.rollout.decided.clone();
    let answer = run.rollout.poll_answer();
    assert!(matches!(answer, Some((_, Answer::Recorded))), "{answer:?}");
    run.now = run.now + seconds(1);
    run.tell(Input::Commanded(pause));
    assert_eq!(run.rollout.poll_answer(), answer, "{}", run.story());
    assert_eq!(run.rollout.decided, heard, "{}", run.story());
}

/// What takes just as much as there is room for is kept, and the next one takes the place of the oldest.
#[test]
fn what_is_remembered_of_commands_may_fill_its_limit() {
    let mut run = started(Policies::default());
    run.until("is effective and is watched");
    // Each takes 100, its id, `ada`, `unpause` and `it is not paused`: a quarter of 12 KiB.
    for (number, kept) in [1, 2, 3, 4, 4].into_iter().enumerate() {
        let command = Command::new(format!("{number:0>2946}"), "ada", Wish::Unpause);
        run.tell(Input::Commanded(command));
        assert_eq!(run.rollout.decided.audit.len(), kept);
    }
}
