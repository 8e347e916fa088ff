//! Writes whose outcome is not known, and other hands: what a search found.

use super::acting::seconds;
use super::fence::{at_write, lost, started, taken_up_again};
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, images, plan};
use crate::Weight;
use crate::plan::Policies;
use crate::rollout::{Effect, Failure, Input, Outcome, Wish};
use crate::target::{Certainty, Effective, TargetErrorKind};
use crate::track::Revision;
use crate::traffic::Traffic;

/// Until half of the traffic is to return to stable, which runs the release by now.
fn at_the_return() -> (Run, Effect) {
    let mut stages = canary();
    let mut half = stages[3].clone();
    half.name = "return-half".into();
    for goal in half.goals.values_mut() {
        goal.traffic.weight = Weight::HALF;
    }
    stages.insert(3, half);
    let mut run = begin(
        plan(stages, Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    loop {
        let effect = at_write(&mut run, 1);
        if let Effect::Apply { request, .. } = &effect
            && request.desired.stable.revision.is_release()
            && request.desired.traffic.weight == Weight::HALF
        {
            return (run, effect);
        }
        if let Some(input) = run.world.perform(effect) {
            run.world.converge();
            run.tell(input);
        }
    }
}

/// The write had landed and somebody had taken it back, so that what was there looked as it did when the
/// write was decided.
#[test]
fn a_write_that_a_crash_left_is_not_ordered_again_where_somebody_took_it_back() {
    let mut run = started();
    let Effect::Apply { request, .. } = at_write(&mut run, 2) else {
        unreachable!()
    };
    run.world.apply(&request).unwrap();
    taken_up_again(&mut run);
    run.world.somebody_moves_traffic(0);
    run.asked.clear();
    run.run(seconds(7200));
    let overrule = |(_, desired): &&(crate::Timestamp, crate::target::Desired)| {
        !desired.traffic.weight.is_zero()
    };
    let overruled = run.asked.iter().filter(overrule).count();
    assert_eq!(overruled, 0, "{}", run.story());
    run.assert_outcome(|outcome| matches!(outcome, Outcome::RolledBack { .. }));
}

/// On the way home a detour moves traffic to the candidate, so that stable can be given back what it ran:
/// away from home, which does not come before the fence.
#[test]
fn a_detour_waits_for_the_fence() {
    let (mut run, effect) = at_the_return();
    let epoch = run.world.claim.clone().unwrap().epoch;
    run.world.perform(effect.clone());
    run.world.converge();
    run.tell(lost(&effect));
    run.done.clear();
    run.asked.clear();
    run.order(Wish::Abort { force: false });
    run.run(seconds(3600));
    let first = run.done.first().unwrap();
    assert!(
        matches!(first, Effect::Claim { to: Some(to), .. } if to.epoch == epoch + 1),
        "{first:?}\n{}",
        run.story()
    );
    let detour = run.asked.first().unwrap();
    assert_eq!(detour.1.traffic.weight, Weight::FULL, "{}", run.story());
    run.assert_outcome(|outcome| matches!(outcome, Outcome::RolledBack { .. }));
}

/// Somebody moved traffic away and back while a write that a crash left was waited for: each is a hand.
#[test]
fn a_hand_is_told_while_a_write_that_a_crash_left_is_not_ordered_again_yet() {
    let mut run = started();
    let _ = at_write(&mut run, 1);
    taken_up_again(&mut run);
    run.world.somebody_moves_traffic(100);
    let fenced = |run: &Run| run.rollout.decided.parts.values().all(|part| !part.fence);
    loop {
        let Some(effect) = run.rollout.poll_effect() else {
            run.pass_time();
            continue;
        };
        let looks = matches!(effect, Effect::Observe { .. }) && fenced(&run);
        if let Some(input) = run.world.perform(effect) {
            run.tell(input);
        }
        if looks {
            break;
        }
    }
    run.world.somebody_moves_traffic(0);
    run.run(seconds(1));
    let hand = "traffic is 100%, and 0% was written by kubectl";
    assert!(run.story().contains(hand), "{}", run.story());
}

/// What a look tells of other hands while a write is under way is not answered then: it is not forgotten
/// either, where the write was refused and the hand took it back.
#[test]
fn a_hand_that_was_told_of_during_a_flight_and_taken_back_is_a_hand() {
    for kind in [TargetErrorKind::Conflict, TargetErrorKind::Unavailable] {
        let mut run = started();
        let effect = at_write(&mut run, 2);
        run.world.somebody_moves_traffic(100);
        run.look_again();
        run.world.somebody_moves_traffic(0);
        run.asked.clear();
        let failure = Failure::new(kind, Certainty::NotTaken, "not now");
        run.tell(Input::EffectFailed {
            id: effect.id().unwrap(),
            failure,
        });
        run.run(seconds(3600));
        let raises = run.asked.iter();
        let raises = raises.filter(|(_, desired)| !desired.traffic.weight.is_zero());
        assert_eq!(raises.count(), 0, "{kind:?}\n{}", run.story());
        run.assert_outcome(|outcome| matches!(outcome, Outcome::RolledBack { .. }));
    }
}

/// A write that has nothing to do with traffic is under way while somebody moves it away and back.
#[test]
fn a_hand_during_a_flight_is_answered_at_once() {
    let mut run = started();
    let _ = at_write(&mut run, 1);
    run.world.somebody_moves_traffic(100);
    run.look_again();
    let hand = "traffic went from 0% to 100% while a write was under way";
    assert!(run.story().contains(hand), "{}", run.story());
}

/// Traffic was to return to stable and somebody else took it there: the way home makes no detour over it.
#[test]
fn what_somebody_did_instead_of_a_lost_write_is_a_hand() {
    let (mut run, _) = at_the_return();
    run.world.somebody_moves_traffic(50);
    run.asked.clear();
    run.order(Wish::Abort { force: false });
    run.assert_rolled_back();
    let release = Revision::Release(images("v1"));
    let most = run.asked.iter();
    let most = most.filter(|(_, desired)| desired.candidate.revision == release);
    let most = most.map(|(_, desired)| desired.traffic.weight).max();
    assert!(most <= Some(Weight::HALF), "{}", run.story());
}

/// A look that is answered while a write is under way tells that users are on the candidate: it drains,
/// though the write was refused and no later look shows anybody there.
#[test]
fn what_a_look_tells_during_a_flight_to_be_exposed_drains() {
    let mut run = started();
    let effect = at_write(&mut run, 2);
    let half = Traffic::weight(Weight::HALF);
    run.world.effective = Some(Effective::Verified(half));
    run.look_again();
    run.world.effective = None;
    let told = run.now;
    let failure = Failure::new(TargetErrorKind::Unavailable, Certainty::NotTaken, "not now");
    run.tell(Input::EffectFailed {
        id: effect.id().unwrap(),
        failure,
    });
    run.order(Wish::Abort { force: false });
    run.assert_rolled_back();
    let gone = |(_, desired): &&(crate::Timestamp, crate::target::Desired)| {
        desired.candidate.revision == Revision::Absent
    };
    let (removed, _) = run.asked.iter().rfind(gone).unwrap();
    assert!(removed.since(told) >= seconds(5), "{}", run.story());
}

/// The claim was taken before a crash, and is refused to the process that orders it again: what is there
/// is not known, and traffic home is not written for ever under the claim of before.
#[test]
fn a_claim_that_is_refused_after_a_crash_may_have_been_taken_before_it() {
    for kind in [
        TargetErrorKind::PermissionDenied,
        TargetErrorKind::Unavailable,
    ] {
        let mut run = started();
        run.until("is effective and is watched");
        taken_up_again(&mut run);
        let claim = next_claim(&mut run);
        let _ = run.world.perform(claim);
        taken_up_again(&mut run);
        let again = next_claim(&mut run);
        run.tell(Input::EffectFailed {
            id: again.id().unwrap(),
            failure: Failure::new(kind, Certainty::NotTaken, "not now"),
        });
        run.order(Wish::Abort { force: false });
        run.assert_rolled_back();
    }
}

fn next_claim(run: &mut Run) -> Effect {
    loop {
        match run.rollout.poll_effect() {
            Some(claim @ Effect::Claim { .. }) => return claim,
            Some(effect) => {
                if let Some(input) = run.world.perform(effect) {
                    run.tell(input);
                }
            }
            None => run.pass_time(),
        }
    }
}

/// Somebody did what the lost write was to do and it was taken home, which does not wait for the fence: so
/// what is written is as it was when the write was decided, and the write can land after all.
#[test]
fn a_lost_write_that_can_land_again_after_traffic_went_home_is_waited_for() {
    let mut run = started();
    let Effect::Apply { request, .. } = at_write(&mut run, 2) else {
        unreachable!()
    };
    run.tell(Input::Commanded(crate::rollout::Command::new(
        "x",
        "ada",
        Wish::Abort { force: false },
    )));
    run.world.somebody_moves_traffic(50);
    // Traffic goes home, and the fence takes its time: longer than a drain.
    let mut fence = None;
    let end = run.now + seconds(20);
    while run.now < end {
        match run.rollout.poll_effect() {
            Some(claim @ Effect::Claim { .. }) => fence = Some(claim),
            Some(effect) => {
                if let Some(input) = run.world.perform(effect) {
                    run.world.converge();
                    run.tell(input);
                }
            }
            None => {
                run.now = run.now + seconds(1);
                run.rollout.handle_timeout(run.now);
            }
        }
    }
    assert_eq!(run.weight(), 0, "{}", run.story());
    run.world.apply(&request).unwrap();
    run.world.somebody_moves_traffic(0);
    let taken_back = run.now;
    let stands = run.world.perform(fence.unwrap()).unwrap();
    run.tell(stands);
    run.assert_rolled_back();
    let gone = |(_, desired): &&(crate::Timestamp, crate::target::Desired)| {
        desired.candidate.revision == Revision::Absent
    };
    let (removed, _) = run.asked.iter().rfind(gone).unwrap();
    assert!(removed.since(taken_back) >= seconds(5), "{}", run.story());
}

/// The answer to a fence was lost, and the one that was ordered after it was refused: that says nothing of
/// the first, which is there. Traffic home is not written for ever under the claim of before.
#[test]
fn a_claim_that_is_refused_after_one_that_was_lost_says_nothing_of_that_one() {
    for kind in [
        TargetErrorKind::PermissionDenied,
        TargetErrorKind::Unavailable,
    ] {
        let mut run = started();
        let effect = at_write(&mut run, 2);
        let answer = run.world.perform(effect).unwrap();
        run.world.converge();
        run.tell(answer);
        run.until("is effective and is watched");
        taken_up_again(&mut run);
        let claim = next_claim(&mut run);
        let _ = run.world.perform(claim.clone());
        run.tell(lost(&claim));
        let again = next_claim(&mut run);
        run.tell(Input::EffectFailed {
            id: again.id().unwrap(),
            failure: Failure::new(kind, Certainty::NotTaken, "not now"),
        });
        run.order(Wish::Abort { force: false });
        run.assert_rolled_back();
    }
}
