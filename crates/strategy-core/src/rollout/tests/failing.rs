//! What a failure leads to: where users stay, what is counted anew, what is tried again and when.

use std::time::Duration;

use super::acting::seconds;
use super::checks::{every_15, limits, plan_with};
use super::fence::{at_write, lost, taken_up_again};
use super::kind_world::{KindWorld, Run, images};
use super::looks::next;
use super::{BEGIN, at, begin, canary, plan, stage};
use crate::analysis::Verdict;
use crate::plan::{Bake, ForeignPolicy, GoalTrack, OnFailure, Policies, StageKind, Then};
use crate::release::Part;
use crate::rollout::{
    Answer, Command, Effect, Failure, Input, News, Outcome, Phase, Reason, Rollout, Start,
    StartError, Wish,
};
use crate::target::{Certainty, Found, TargetErrorKind};
use crate::timestamp::Timestamp;

fn started() -> Run {
    begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    )
}

/// Users stay where the release was tried on all of the traffic, with the start still beside it.
#[test]
fn who_stays_on_the_candidate_is_taken_to_the_last_stage_that_tried_all_of_it() {
    let mut stages = canary();
    let quarter = stage(
        "quarter",
        StageKind::Expose,
        GoalTrack::recorded(),
        at("v1", 50),
        25,
        60,
    );
    stages.insert(0, quarter);
    stages[4].bake = Bake::of(seconds(600));
    stages[4].on_failure = OnFailure::StayOnCandidate {
        at_most: seconds(7200),
        then: Then::RollBack,
    };
    let world = KindWorld::new(("v0", 4), None);
    let mut run = begin(plan(stages, Policies::default()), world);
    run.until("`return` is effective and is watched");
    assert_eq!(run.weight(), 0);
    run.world.restarts.insert("app:v1".to_owned(), 9);
    run.look_again();
    run.wait(seconds(600));
    assert_eq!(
        run.rollout.status().phase,
        Phase::Holding,
        "{}",
        run.story()
    );
    assert_eq!(run.weight(), 100, "{}", run.story());
    let stable = run.world.sides.stable.written.as_ref().unwrap();
    assert_eq!(stable.revision.images, images("v0"), "{}", run.story());
}

#[test]
fn a_stage_that_a_person_begins_again_counts_its_limits_anew() {
    let mut stages = canary();
    stages[0].on_failure = OnFailure::Hold {
        at_most: seconds(7200),
        then: Then::RollBack,
    };
    let plan = plan_with(stages, &[("errors", every_15(limits(1)))]);
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    for _ in 0..2 {
        for phase in [Phase::Baking, Phase::Holding] {
            let look = next(&mut run);
            run.judge(&look, Verdict::Fail);
            assert_eq!(run.rollout.status().phase, phase, "{}", run.story());
        }
        assert_eq!(run.order(Wish::Retry), Answer::Recorded);
        run.until("is effective and is watched");
        run.wait(seconds(5));
    }
}

#[test]
fn a_claim_that_is_not_allowed_is_told_apart_from_one_that_somebody_has() {
    let ends = |kind| {
        let mut run = started();
        while let Some(effect) = run.rollout.poll_effect() {
            if let Effect::Claim {
                id, to: Some(_), ..
            } = effect
            {
                let failure = Failure::new(kind, Certainty::NotTaken, "as told");
                run.tell(Input::EffectFailed { id, failure });
                break;
            }
        }
        run.run(seconds(3600));
        match run.rollout.outcome() {
            Some(Outcome::RolledBack { reason }) => reason.clone(),
            other => panic!("{other:?}\n{}", run.story()),
        }
    };
    let refused = ends(TargetErrorKind::PermissionDenied);
    assert!(matches!(refused, Reason::Refused { .. }), "{refused:?}");
    let taken = ends(TargetErrorKind::Conflict);
    assert!(matches!(taken, Reason::NotAsDiscovered { .. }), "{taken:?}");
}

#[test]
fn a_second_hand_is_told_as_well_as_the_first() {
    let mut policies = Policies::default();
    policies.foreign.capacity = ForeignPolicy::Hold {
        at_most: seconds(7200),
        then: Then::RollBack,
    };
    let mut run = begin(plan(canary(), policies), KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    let holds = |run: &Run| run.said(|news| matches!(news, News::Held { .. }));
    for hands in 1..=2 {
        let candidate = run.world.sides.candidate.written.as_mut().unwrap();
        candidate.replicas = crate::Replicas::Count(4 + u32::try_from(hands).unwrap());
        run.world.converge();
        run.look_again();
        assert_eq!(run.rollout.status().phase, Phase::Holding);
        assert_eq!(holds(&run), hands, "{}", run.story());
        run.wait(seconds(60));
    }
}

#[test]
fn what_changes_something_waits_for_the_journal_and_what_looks_does_not() {
    let mut run = started();
    let (mut looks, mut writes) = (0, 0);
    while run.rollout.outcome().is_none() {
        while let Some(effect) = run.rollout.poll_effect() {
            let waits = effect.kind().waits_for_journal();
            match effect {
                Effect::Observe { .. } => {
                    assert!(!waits);
                    looks += 1;
                }
                _ => {
                    assert!(waits, "{effect:?}");
                    writes += 1;
                }
            }
            if let Some(input) = run.world.perform(effect) {
                run.world.converge();
                run.tell(input);
            }
        }
        run.pass_time();
    }
    assert!(looks > 5 && writes > 5);
}

#[test]
fn a_part_that_only_one_of_release_and_targets_names_is_named() {
    let start = |parts: &[&str]| {
        let world = KindWorld::new(("v0", 4), None);
        let found = parts.iter().map(|part| {
            let part: Part = part.parse().unwrap();
            (part, world.discover())
        });
        let found: Found = found.collect();
        let start = Start {
            id: "test".parse().unwrap(),
            plan: plan(canary(), Policies::default()),
            found,
            prepared: Vec::new(),
            take_over: false,
        };
        Rollout::start(start, BEGIN)
    };
    for (parts, named) in [(vec![], "main"), (vec!["main", "other"], "other")] {
        match start(&parts) {
            Err(StartError::Parts { part, .. }) => assert_eq!(part.as_str(), named),
            other => panic!("{parts:?}: {other:?}"),
        }
    }
    assert!(start(&["main"]).is_ok());
}

/// When claims were tried, while none is granted.
pub(super) fn claims_refused(run: &mut Run, duration: Duration) -> Vec<Timestamp> {
    let (end, mut tried) = (run.now + duration, Vec::new());
    while run.now < end {
        while let Some(effect) = run.rollout.poll_effect() {
            if let Effect::Claim { id, .. } = &effect {
                tried.push(run.now);
                assert!(tried.len() < 100, "busy with itself: {tried:?}");
                let kind = TargetErrorKind::RateLimited;
                let failure = Failure::new(kind, Certainty::NotTaken, "not now");
                run.tell(Input::EffectFailed { id: *id, failure });
            } else if let Some(input) = run.world.perform(effect) {
                run.world.converge();
                run.tell(input);
            }
        }
        run.pass_time();
    }
    tried
}

/// A fence is tried again as any write: later and later, and just when it is due.
#[test]
fn a_fence_that_is_not_granted_is_tried_again_later_and_later() {
    type Happens = fn(&mut Run);
    let cases: [(&str, Happens); 3] = [
        ("a crash in a write", |run| {
            at_write(run, 2);
            taken_up_again(run);
        }),
        ("a lost write", |run| {
            let write = at_write(run, 2);
            run.tell(lost(&write));
        }),
        ("a lost write, and a successor", |run| {
            let write = at_write(run, 1);
            run.tell(lost(&write));
            let by = "next".parse().unwrap();
            let supersede = Command::new("x", "ada", Wish::Supersede { by });
            run.tell(Input::Commanded(supersede));
        }),
    ];
    for (name, happens) in cases {
        let mut run = started();
        happens(&mut run);
        let tried = claims_refused(&mut run, seconds(100));
        let waits: Vec<Duration> = tried.windows(2).map(|two| two[1].since(two[0])).collect();
        assert!(waits.len() > 3, "{name}: {waits:?}");
        assert!(waits.is_sorted(), "{name}: {waits:?}");
        for wait in &waits {
            assert!(*wait >= seconds(1), "{name}: {waits:?}");
            assert_eq!(wait.subsec_millis(), 0, "{name}: {waits:?}");
        }
    }
}
