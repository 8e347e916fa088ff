//! What a platform says of itself, and what was there before anything began.

use super::acting::seconds;
use super::kind_world::{KindWorld, Run};
use super::{BEGIN, at, begin, canary, plan, stage};
use crate::plan::{ForeignPolicy, GoalTrack, Policies, StageKind, Then};
use crate::release::Part;
use crate::rollout::{
    Answer, Effect, Input, Misuse, Outcome, Phase, Reason, Rollout, Start, StartError, Wish,
};
use crate::target::{
    Fatal, FatalReason, ForeignChange, ForeignField, Found, Observation, PlatformDeployment,
    PlatformState, Writer,
};

fn started() -> Run {
    begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    )
}

/// The next look shows what the world is, with something changed.
fn shows(run: &mut Run, change: impl Fn(&mut Observation)) {
    run.tell(Input::Changed { part: Part::main() });
    while let Some(effect) = run.rollout.poll_effect() {
        let Effect::Observe { part, ticket, .. } = effect else {
            continue;
        };
        let mut observation = Box::new(run.world.observe());
        change(&mut observation);
        run.tell(Input::Observed {
            part,
            ticket,
            observation,
        });
        return;
    }
    panic!("it does not look\n{}", run.story());
}

fn says(state: PlatformState) -> impl Fn(&mut Observation) {
    move |seen| seen.platform = Some(PlatformDeployment::new("d-1", state.clone()))
}

#[test]
fn a_platform_that_ends_its_own_deployment_fails_the_stage() {
    let why = || "the alarm".to_owned();
    for (state, word) in [
        (PlatformState::RolledBack(why()), "it rolled back"),
        (PlatformState::Superseded(why()), "another took its place"),
        (PlatformState::Stalled(why()), "it makes no progress"),
    ] {
        let mut run = started();
        run.until("is effective and is watched");
        shows(&mut run, says(state));
        run.assert_rolled_back();
        run.assert_outcome(|outcome| {
            matches!(outcome, Outcome::RolledBack { reason: Reason::Platform { message, .. } }
                if message == &format!("{word}: the alarm"))
        });
    }
}

/// What it took back is written as it was: the reason is what the platform says, and not a hand that nobody
/// laid on it.
#[test]
fn what_a_platform_took_back_is_told_by_the_platform_and_not_as_somebodys_hand() {
    let mut run = started();
    run.until("is effective and is watched");
    run.world.somebody_moves_traffic(0);
    run.world.writer = Writer::Unknown;
    shows(
        &mut run,
        says(PlatformState::RolledBack("the alarm".to_owned())),
    );
    run.assert_rolled_back();
    run.assert_outcome(|outcome| {
        matches!(outcome, Outcome::RolledBack { reason: Reason::Platform { message, .. } }
            if message == "it rolled back: the alarm")
    });
}

#[test]
fn a_platform_that_is_at_work_or_done_fails_nothing() {
    for state in [
        PlatformState::InProgress,
        PlatformState::Waiting,
        PlatformState::Won,
    ] {
        let mut run = started();
        run.until("is effective and is watched");
        shows(&mut run, says(state));
        run.run(seconds(3600));
        run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    }
}

/// On the way home, that the platform gave its deployment up is no news and no other reason.
#[test]
fn what_a_platform_ends_on_the_way_home_changes_no_reason() {
    let mut run = started();
    run.until("is effective and is watched");
    run.order(Wish::Abort { force: false });
    shows(&mut run, says(PlatformState::RolledBack("told".to_owned())));
    run.assert_rolled_back();
    run.assert_outcome(|outcome| {
        matches!(
            outcome,
            Outcome::RolledBack {
                reason: Reason::Aborted { .. }
            }
        )
    });
}

#[test]
fn a_fatal_state_that_no_pod_is_in_any_more_fails_nothing() {
    let with = |pods| {
        let mut run = started();
        run.until("is effective and is watched");
        shows(&mut run, |seen| {
            for shown in &mut seen.candidate.pods {
                shown.fatal.push(Fatal {
                    reason: FatalReason::CrashLoop,
                    pods,
                    message: "app".to_owned(),
                });
            }
        });
        run.rollout.is_rolling_back()
    };
    assert!(!with(0));
    assert!(with(1));
}

#[test]
fn nothing_that_runs_on_no_pod_is_a_stable_version() {
    let start = |world: &KindWorld| {
        let start = Start {
            id: "test".parse().unwrap(),
            plan: plan(canary(), Policies::default()),
            found: Found::main(world.discover()),
            prepared: Vec::new(),
            take_over: false,
        };
        Rollout::start(start, BEGIN)
    };
    let scaled_to_nothing = KindWorld::new(("v0", 0), None);
    let refused = start(&scaled_to_nothing);
    assert!(
        matches!(refused, Err(StartError::NoStable { .. })),
        "{refused:?}"
    );
    let mut absent = KindWorld::new(("v0", 4), None);
    absent.sides.stable.written = None;
    let refused = start(&absent);
    assert!(
        matches!(refused, Err(StartError::NoStable { .. })),
        "{refused:?}"
    );
    let world = KindWorld::new(("v0", 1), None);
    let rollout = start(&world).unwrap();
    assert_eq!(rollout.found(), &Found::main(world.discover()));
}

fn hand(message: &str) -> ForeignChange {
    ForeignChange {
        by: "kubectl".to_owned(),
        field: ForeignField::Capacity,
        message: message.to_owned(),
    }
}

/// What was told before it began is as discovered; what is new when it has its claim is not.
#[test]
fn a_hand_between_discovery_and_claim_means_to_start_again_and_an_older_one_does_not() {
    let mut world = KindWorld::new(("v0", 4), None);
    world.foreign.push(hand("scaled it before"));
    let mut run = begin(plan(canary(), Policies::default()), world.clone());
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);

    let mut run = begin(plan(canary(), Policies::default()), world);
    run.world.foreign.push(hand("scaled it just now"));
    run.run(seconds(3600));
    run.assert_outcome(|outcome| {
        matches!(outcome, Outcome::RolledBack { reason: Reason::NotAsDiscovered { message, .. } }
            if message.contains("scaled it just now, by kubectl"))
    });
    assert_eq!((run.world.writes, run.world.claim), (0, None));
}

#[test]
fn anything_that_was_changed_between_discovery_and_claim_means_to_start_again() {
    type Changes = fn(&mut KindWorld);
    let cases: [Changes; 2] = [
        |world| world.somebody_moves_traffic(30),
        |world| {
            let stable = world.sides.stable.written.as_mut().unwrap();
            stable.replicas = crate::Replicas::Count(3);
        },
    ];
    for changes in cases {
        let mut run = started();
        changes(&mut run.world);
        run.run(seconds(3600));
        run.assert_outcome(|outcome| {
            matches!(outcome, Outcome::RolledBack { reason: Reason::NotAsDiscovered { message, .. } }
                if message.starts_with("it was changed between discovery and claim"))
        });
    }
}

#[test]
fn a_hand_that_has_a_name_is_called_by_it() {
    let mut policies = Policies::default();
    policies.foreign.capacity = ForeignPolicy::RollBack;
    let mut run = begin(plan(canary(), policies), KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    run.world.foreign = [
        (ForeignField::Traffic, "mesh-operator"),
        (ForeignField::Capacity, "night-shift"),
    ]
    .map(|(field, by)| ForeignChange {
        by: by.to_owned(),
        field,
        message: "it was there".to_owned(),
    })
    .into();
    let candidate = run.world.sides.candidate.written.as_mut().unwrap();
    candidate.replicas = crate::Replicas::Count(1);
    run.world.converge();
    run.look_again();
    run.run(seconds(3600));
    run.assert_outcome(|outcome| {
        matches!(outcome, Outcome::RolledBack { reason: Reason::Foreign { message, .. } }
            if message.contains("by night-shift"))
    });
}

/// Who paused it wants nothing to go on by itself.
#[test]
fn a_hold_that_would_go_on_by_itself_waits_for_the_end_of_a_pause() {
    let mut policies = Policies::default();
    policies.foreign.capacity = ForeignPolicy::Hold {
        at_most: seconds(100),
        then: Then::GoOn,
    };
    let mut run = begin(plan(canary(), policies), KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    let candidate = run.world.sides.candidate.written.as_mut().unwrap();
    candidate.replicas = crate::Replicas::Count(3);
    run.world.converge();
    run.look_again();
    assert_eq!(run.rollout.status().phase, Phase::Holding);
    assert_eq!(run.order(Wish::Pause), Answer::Recorded);
    run.wait(seconds(300));
    assert_eq!(run.rollout.status().phase, Phase::Holding);
    assert_eq!(run.order(Wish::Unpause), Answer::Recorded);
    run.wait(seconds(1));
    assert_eq!(run.rollout.status().phase, Phase::Baking);
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

/// Who moved the traffic last is not thereby the one who scales.
#[test]
fn a_hand_is_not_given_the_name_of_another_one() {
    let mut policies = Policies::default();
    policies.foreign.capacity = ForeignPolicy::Hold {
        at_most: seconds(100),
        then: Then::RollBack,
    };
    let mut run = begin(plan(canary(), policies), KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    run.world.writer = Writer::Other {
        name: "mesh-operator".to_owned(),
        version: "7".to_owned(),
    };
    let candidate = run.world.sides.candidate.written.as_mut().unwrap();
    candidate.replicas = crate::Replicas::Count(1);
    run.world.converge();
    run.look_again();
    assert_eq!(run.rollout.status().phase, Phase::Holding);
    let story = run.story();
    assert!(!story.contains("mesh-operator"), "{story}");
}

#[test]
fn retry_is_for_what_waits_and_not_for_a_way_home_that_is_under_way() {
    let mut run = started();
    run.until("is effective and is watched");
    run.world.refuses = Some(crate::target::TargetErrorKind::RateLimited);
    run.order(Wish::Abort { force: false });
    run.wait(seconds(10));
    assert!(run.rollout.is_rolling_back() && !run.rollout.is_stuck());
    assert!(matches!(run.order(Wish::Retry), Answer::Refused(_)));
    run.wait(seconds(700));
    assert!(run.rollout.is_stuck());
    assert_eq!(run.order(Wish::Retry), Answer::Recorded);
}

#[test]
fn a_share_of_nothing_is_no_pod() {
    let none = stage(
        "none",
        StageKind::Expose,
        GoalTrack::recorded(),
        at("v1", 0),
        0,
        0,
    );
    let some = stage(
        "some",
        StageKind::Expose,
        GoalTrack::recorded(),
        at("v1", 1),
        0,
        0,
    );
    let all = stage(
        "all",
        StageKind::Expose,
        GoalTrack::recorded(),
        at("v1", 100),
        100,
        0,
    );
    let mut run = begin(
        plan(vec![none, some, all], Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.run(seconds(3600));
    let counts: Vec<u32> = run
        .asked
        .iter()
        .map(|(_, desired)| desired.candidate.replicas.number())
        .collect();
    assert_eq!(counts[..2], [0, 1], "{}", run.story());
}

#[test]
fn answers_that_fit_nothing_are_refused_and_change_nothing() {
    use crate::hook::HookReport;
    use crate::rollout::{Completion, LookId};
    let mut run = started();
    let claim = loop {
        if let Effect::Claim { id, .. } = run.rollout.poll_effect().unwrap() {
            break id;
        }
    };
    let before = run.rollout.clone();
    let answer = |run: &mut Run, outcome| {
        let input = Input::EffectSucceeded { id: claim, outcome };
        run.rollout.handle(input, run.now)
    };
    let hook = Completion::HookRan(HookReport {
        passed: true,
        summary: String::new(),
    });
    let applied = Completion::Applied(crate::target::Applied::default());
    for outcome in [hook, applied] {
        assert_eq!(
            answer(&mut run, outcome),
            Err(Misuse::WrongKind { id: claim })
        );
    }
    let look = LookId {
        check: "errors".into(),
        number: 1,
    };
    let failure = crate::rollout::Failure::new(
        crate::target::TargetErrorKind::Unavailable,
        crate::target::Certainty::NotTaken,
        "no answer",
    );
    let unknown = Input::MeasureFailed {
        look: look.clone(),
        failure,
    };
    assert_eq!(
        run.rollout.handle(unknown, run.now),
        Err(Misuse::UnknownLook { look })
    );
    assert_eq!(run.rollout, before);
    assert_eq!(answer(&mut run, Completion::Claimed), Ok(()));
}
