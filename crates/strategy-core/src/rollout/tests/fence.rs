//! Writes whose outcome is not known: nothing but traffic home before a new epoch and a fresh look.

use super::acting::seconds;
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, plan};
use crate::plan::Policies;
use crate::rollout::{Effect, Failure, Input, Outcome, Phase, Reason, Rollout, Wish};
use crate::target::{Certainty, Claim, TargetErrorKind};

/// Until a write is ordered; it is not performed.
pub(super) fn at_write(run: &mut Run, number: u32) -> Effect {
    let mut seen = 0;
    loop {
        while let Some(effect) = run.rollout.poll_effect() {
            if matches!(effect, Effect::Apply { .. }) {
                seen += 1;
                if seen == number {
                    return effect;
                }
            }
            if let Some(input) = run.world.perform(effect) {
                run.world.converge();
                run.tell(input);
            }
        }
        run.pass_time();
    }
}

pub(super) fn started() -> Run {
    begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    )
}

pub(super) fn lost(effect: &Effect) -> Input {
    Input::EffectFailed {
        id: effect.id().unwrap(),
        failure: Failure::new(
            TargetErrorKind::Unavailable,
            Certainty::MayBeTaken,
            "timed out",
        ),
    }
}

/// Another process goes on; nothing that it orders is performed yet.
pub(super) fn taken_up_again(run: &mut Run) {
    let records = [run.rollout.snapshot()];
    run.rollout = Rollout::resume(&records, false, run.now).unwrap();
}

#[test]
fn nothing_is_written_between_an_unknown_write_and_a_new_epoch() {
    for number in 1..=5 {
        let mut run = started();
        let effect = at_write(&mut run, number);
        let epoch = run.world.claim.clone().unwrap().epoch;
        run.done.clear();
        run.tell(lost(&effect));
        run.run(seconds(3600));
        let next = run.done.first().unwrap();
        assert!(
            matches!(next, Effect::Claim { to: Some(to), .. } if to.epoch == epoch + 1),
            "write {number}: {next:?}"
        );
        run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    }
}

#[test]
fn a_cancelled_write_that_lands_after_the_fence_fails_and_before_it_is_undone() {
    for (number, lands_first) in (1..=5).flat_map(|number| [(number, true), (number, false)]) {
        let mut run = started();
        let Effect::Apply { request, .. } = at_write(&mut run, number) else {
            unreachable!()
        };
        run.tell(Input::Commanded(crate::rollout::Command::new(
            "x",
            "ada",
            Wish::Abort { force: false },
        )));
        if lands_first {
            let _ = run.world.apply(&request);
            run.world.converge();
        }
        run.assert_rolled_back();
        let before = run.world.clone();
        let _ = run.world.apply(&request);
        assert_eq!(run.world, before, "write {number} landed after the outcome");
    }
}

/// Traffic home does not wait for the fence, but it is written under the claim that is there: where the
/// answer to a claim was lost, that has to be known first.
#[test]
fn traffic_goes_home_though_the_answer_to_a_fence_was_lost() {
    for landed in [false, true] {
        let mut run = started();
        let effect = at_write(&mut run, 2);
        run.world.perform(effect.clone());
        run.world.converge();
        run.tell(lost(&effect));
        let claim = loop {
            match run.rollout.poll_effect() {
                Some(claim @ Effect::Claim { .. }) => break claim,
                Some(effect) => {
                    if let Some(input) = run.world.perform(effect) {
                        run.tell(input);
                    }
                }
                None => run.pass_time(),
            }
        };
        if landed {
            run.world.perform(claim.clone());
        }
        run.tell(lost(&claim));
        run.order(Wish::Abort { force: false });
        run.assert_rolled_back();
    }
}

/// A search found it: the claim that was there was not the one that was known, so traffic home, which
/// need not wait for a fence, was refused again and again, and nothing else was ever tried.
#[test]
fn traffic_home_waits_for_a_claim_that_may_be_another_one() {
    let mut run = started();
    run.until("is effective and is watched");
    taken_up_again(&mut run);
    let claim = loop {
        match run.rollout.poll_effect() {
            Some(claim @ Effect::Claim { .. }) => break claim,
            Some(effect) => {
                if let Some(input) = run.world.perform(effect) {
                    run.tell(input);
                }
            }
            None => run.pass_time(),
        }
    };
    let _ = run.world.perform(claim.clone());
    run.tell(lost(&claim));
    run.order(Wish::Abort { force: false });
    run.assert_rolled_back();
}

/// A search found it: a write that was lost and lands at last exposes a track, and somebody may take that
/// back before anybody looks.
#[test]
fn a_track_that_a_lost_write_may_expose_is_kept_until_the_fence_stands_and_it_has_drained() {
    let mut run = started();
    let effect = at_write(&mut run, 2);
    let Effect::Apply { request, .. } = &effect else {
        unreachable!()
    };
    assert!(!request.desired.traffic.weight.is_zero(), "it exposes");
    run.tell(lost(&effect));
    // Looks do not show it, and the fence takes its time: longer than a drain.
    let mut fence = None;
    let end = run.now + seconds(20);
    while run.now < end {
        match run.rollout.poll_effect() {
            Some(claim @ Effect::Claim { .. }) => fence = Some(claim),
            Some(effect) => {
                if let Some(input) = run.world.perform(effect) {
                    run.tell(input);
                }
            }
            None => {
                run.now = run.now + seconds(1);
                run.rollout.handle_timeout(run.now);
            }
        }
    }
    run.world.apply(request).unwrap();
    run.world.somebody_moves_traffic(0);
    let taken_back = run.now;
    let stands = run.world.perform(fence.unwrap()).unwrap();
    run.tell(stands);
    run.assert_rolled_back();
    let gone = |(_, desired): &&(crate::Timestamp, crate::target::Desired)| {
        desired.candidate.revision == crate::Revision::Absent
    };
    let (removed, _) = run.asked.iter().rfind(gone).unwrap();
    assert!(removed.since(taken_back) >= seconds(5), "{}", run.story());
}

#[test]
fn an_outcome_waits_until_nothing_may_land() {
    let mut run = started();
    let effect = at_write(&mut run, 2);
    run.tell(Input::Commanded(crate::rollout::Command::new(
        "x",
        "ada",
        Wish::Abandon,
    )));
    assert_eq!(run.rollout.outcome(), None, "the write may still land");
    run.run(seconds(3600));
    run.assert_outcome(|outcome| {
        matches!(outcome, Outcome::Abandoned { left } if left.iter().any(|left| left.what.contains("may still be taken")))
    });
    let _ = effect;
    assert_eq!(run.world.claim, None);
}

#[test]
fn a_claim_that_somebody_took_over_is_not_fought_for() {
    let mut run = started();
    run.until("is effective and is watched");
    let other = Claim {
        holder: "other".parse().unwrap(),
        epoch: 9,
    };
    run.world.claim = Some(other.clone());
    let writes = run.world.writes;
    run.run(seconds(3600));
    assert_eq!(run.world.writes, writes);
    assert_eq!(run.world.claim, Some(other.clone()));
    assert!(
        run.rollout.outcome().is_none() && run.rollout.is_stuck(),
        "{}",
        run.story()
    );
    run.order(Wish::Abandon);
    run.run(seconds(3600));
    assert!(run.rollout.is_settled());
    assert_eq!(run.world.claim, Some(other));
}

#[test]
fn a_claim_that_makes_no_sense_is_given_up_after_a_while() {
    let mut run = started();
    for _ in 0..200 {
        while let Some(effect) = run.rollout.poll_effect() {
            let failure = Failure::new(
                TargetErrorKind::Unexpected,
                Certainty::MayBeTaken,
                "what is this",
            );
            if let Some(id) = effect.id() {
                run.tell(Input::EffectFailed { id, failure });
            }
        }
        run.pass_time();
    }
    assert!(run.rollout.is_settled(), "{:?}", run.rollout.status().phase);
    run.assert_outcome(|outcome| {
        matches!(
            outcome,
            Outcome::RolledBack {
                reason: Reason::Unreachable { .. }
            }
        )
    });
}

#[test]
fn a_refusal_fails_the_stage_at_once() {
    for kind in [
        TargetErrorKind::PermissionDenied,
        TargetErrorKind::Unsupported,
        TargetErrorKind::InvalidConfig,
        TargetErrorKind::NotFound,
        TargetErrorKind::Ambiguous,
    ] {
        let mut run = started();
        run.world.refuses = Some(kind);
        run.wait(seconds(1));
        assert_ne!(run.rollout.status().phase, Phase::Stepping, "{kind:?}");
        run.world.refuses = None;
        run.assert_rolled_back();
    }
}

/// A claim is under way when the process ends: the one that takes up begins an epoch that the one before
/// never had, so that nothing it may have prepared lands.
#[test]
fn after_a_claim_that_was_under_way_at_a_crash_comes_an_epoch_of_our_own() {
    for landed in [false, true] {
        let mut run = started();
        let effect = at_write(&mut run, 2);
        let Effect::Apply { request, .. } = &effect else {
            unreachable!()
        };
        run.tell(lost(&effect));
        let claim = loop {
            match run.rollout.poll_effect() {
                Some(claim @ Effect::Claim { .. }) => break claim,
                Some(effect) => {
                    if let Some(input) = run.world.perform(effect) {
                        run.tell(input);
                    }
                }
                None => run.pass_time(),
            }
        };
        let Effect::Claim { to: Some(to), .. } = claim.clone() else {
            unreachable!()
        };
        if landed {
            run.world.perform(claim);
        }
        run.done.clear();
        run.crash(seconds(5));
        let first = run
            .done
            .iter()
            .position(|effect| matches!(effect, Effect::Apply { .. }));
        let first = first.unwrap_or(run.done.len());
        let epochs: Vec<u64> = run.done[..first]
            .iter()
            .filter_map(|effect| match effect {
                Effect::Claim { to, .. } => to.as_ref().map(|to| to.epoch),
                _ => None,
            })
            .collect();
        assert_eq!(epochs, [to.epoch, to.epoch + 1], "landed: {landed}");
        let mut prepared = (**request).clone();
        prepared.claim = to;
        prepared.seen = run.world.owned();
        let before = run.world.clone();
        assert!(run.world.apply(&prepared).is_err());
        assert_eq!(run.world, before);
        run.run(seconds(3600));
        run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    }
}

#[test]
fn a_fence_that_fails_is_tried_less_and_less_often() {
    let mut run = started();
    let effect = at_write(&mut run, 1);
    run.world.down = true;
    run.done.clear();
    run.tell(lost(&effect));
    run.wait(seconds(60));
    let tried = run.done.len();
    assert!((3..=7).contains(&tried), "{tried} times in a minute");
}

/// A fence that stands says nothing about the write that it is for.
#[test]
fn a_write_that_is_lost_again_and_again_is_tried_less_and_less_often() {
    let mut run = started();
    let (mut writes, mut fences) = (0, 0);
    let end = run.now + seconds(60);
    while run.now < end {
        match run.rollout.poll_effect() {
            Some(write @ Effect::Apply { .. }) => {
                writes += 1;
                run.tell(lost(&write));
            }
            Some(effect) => {
                fences += u32::from(matches!(effect, Effect::Claim { .. }));
                if let Some(input) = run.world.perform(effect) {
                    run.tell(input);
                }
            }
            None => run.pass_time(),
        }
    }
    assert!((3..=7).contains(&writes), "{writes} times in a minute");
    assert!(fences >= writes, "every one of them is fenced off");
}
