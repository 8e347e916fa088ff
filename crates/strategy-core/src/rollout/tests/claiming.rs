//! Claims and the look that confirms them: they end, and give back what they took.

use super::acting::seconds;
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, plan};
use crate::plan::Policies;
use crate::rollout::{
    Answer, Effect, Failure, Input, Outcome, Phase, Reason, Rollout, Start, Wish,
};
use crate::target::{Certainty, Claim, Found, TargetErrorKind};

#[test]
fn a_claim_that_cannot_be_written_ends() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    let end = run.now + seconds(7 * 24 * 3600);
    while run.now < end && !run.rollout.is_settled() {
        while let Some(effect) = run.rollout.poll_effect() {
            if let Effect::Claim { id, .. } = &effect {
                let failure = Failure::new(
                    TargetErrorKind::Unavailable,
                    Certainty::NotTaken,
                    "503: webhook",
                );
                run.tell(Input::EffectFailed { id: *id, failure });
            } else if let Some(input) = run.world.perform(effect) {
                run.tell(input);
            }
        }
        run.pass_time();
    }
    assert!(
        run.rollout.is_settled(),
        "a week, {:?}",
        run.rollout.status().phase
    );
}

#[test]
fn an_epoch_at_its_end_is_no_panic() {
    let mut world = KindWorld::new(("v0", 4), None);
    world.claim = Some(Claim {
        holder: "other".parse().unwrap(),
        epoch: u64::MAX,
    });
    let start = Start {
        id: "test".parse().unwrap(),
        plan: plan(canary(), Policies::default()),
        found: Found::main(world.discover()),
        prepared: Vec::new(),
        take_over: true,
    };
    let _ = Rollout::start(start, super::BEGIN);
}

#[test]
fn a_start_that_is_never_seen_freshly_ends() {
    let mut world = KindWorld::new(("v0", 4), None);
    world.age = seconds(3600);
    let mut run = begin(plan(canary(), Policies::default()), world);
    run.run(seconds(24 * 3600));
    run.assert_outcome(|outcome| {
        matches!(
            outcome,
            Outcome::RolledBack {
                reason: Reason::Unreachable { .. }
            }
        )
    });
    assert_eq!(run.world.claim, None);
    assert_eq!(run.world.writes, 0);
}

#[test]
fn a_pause_before_the_first_stage_is_not_too_long_a_start() {
    let world = KindWorld::new(("v0", 4), None);
    let mut run = begin(plan(canary(), Policies::default()), world);
    assert_eq!(run.order(Wish::Pause), Answer::Recorded);
    run.wait(seconds(3600));
    assert_eq!(run.order(Wish::Unpause), Answer::Recorded);
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

#[test]
fn a_crash_while_confirming_changes_nothing() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    while run.rollout.status().phase != Phase::Confirming {
        assert!(run.perform_one());
    }
    run.crash(seconds(5));
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

#[test]
fn a_take_over_that_comes_to_nothing_gives_the_claim_back_to_whom_it_was_taken_from() {
    let before = Claim {
        holder: "other".parse().unwrap(),
        epoch: 7,
    };
    let mut world = KindWorld::new(("v0", 4), None);
    world.claim = Some(before.clone());
    let start = Start {
        id: "test".parse().unwrap(),
        plan: plan(canary(), Policies::default()),
        found: Found::main(world.discover()),
        prepared: Vec::new(),
        take_over: true,
    };
    let rollout = Rollout::start(start, super::BEGIN).unwrap();
    let mut run = Run::new(rollout, world, super::BEGIN);
    // Somebody scales it between discovery and claim.
    run.world.sides.stable.written.as_mut().unwrap().replicas = crate::Replicas::Count(3);
    run.run(seconds(3600));
    run.assert_outcome(|outcome| {
        matches!(
            outcome,
            Outcome::RolledBack {
                reason: Reason::NotAsDiscovered { .. }
            }
        )
    });
    assert_eq!(run.world.claim, Some(before));
}

#[test]
fn what_a_rollout_that_is_taken_over_was_trying_is_judged_and_not_called_promoted() {
    let mut world = KindWorld::new(("v1", 4), None);
    world.claim = Some(Claim {
        holder: "other".parse().unwrap(),
        epoch: 7,
    });
    let start = Start {
        id: "test".parse().unwrap(),
        plan: plan(canary(), Policies::default()),
        found: Found::main(world.discover()),
        prepared: Vec::new(),
        take_over: true,
    };
    let rollout = Rollout::start(start, super::BEGIN).unwrap();
    let mut run = Run::new(rollout, world, super::BEGIN);
    run.until("stage `half` is effective");
    assert_eq!(run.world.claim.as_ref().unwrap().holder.as_str(), "test");
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    assert_eq!(run.world.claim, None);
}
