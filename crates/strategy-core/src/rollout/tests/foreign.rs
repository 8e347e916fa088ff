//! Other people's hands: each policy for each field, and who is believed.

use std::collections::BTreeSet;

use super::acting::seconds;
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, percent, plan};
use crate::plan::{ForeignPolicy, Policies, Then};
use crate::rollout::{Answer, Completion, Effect, Failure, Input, Outcome, Phase, Reason, Wish};
use crate::target::{Applied, Certainty, ForeignChange, ForeignField, TargetErrorKind, Writer};
use crate::track::{Replicas, Track};
use crate::traffic::Traffic;

fn baking(change: impl Fn(&mut Policies)) -> Run {
    let mut policies = Policies::default();
    change(&mut policies);
    let mut run = begin(plan(canary(), policies), KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    run
}

pub(super) fn reassert(times: u32, writers: &[&str]) -> ForeignPolicy {
    let writers: BTreeSet<String> = writers.iter().map(|name| (*name).to_owned()).collect();
    ForeignPolicy::Reassert { times, writers }
}

pub(super) fn scale_candidate(run: &mut Run, count: u32) {
    let written = run.world.sides.candidate.written.as_mut().unwrap();
    written.replicas = Replicas::Count(count);
    run.world.converge();
    run.look_again();
}

fn count(run: &Run) -> u32 {
    let written = run.world.sides.candidate.written.as_ref();
    written.map_or(0, |written| written.replicas.number())
}

#[test]
fn traffic_towards_stable_rolls_back_whatever_the_policy() {
    for policy in [
        ForeignPolicy::Hold {
            at_most: seconds(100),
            then: Then::RollBack,
        },
        reassert(9, &[]),
        ForeignPolicy::RollBack,
        ForeignPolicy::Yield,
    ] {
        let mut run = baking(|policies| policies.foreign.traffic = policy.clone());
        run.world.somebody_moves_traffic(20);
        run.look_again();
        assert!(run.weight() <= 20, "never against a person's hand");
        run.assert_rolled_back();
        run.assert_outcome(|outcome| {
            matches!(outcome, Outcome::RolledBack { reason: Reason::Foreign { message, .. } } if message.contains("kubectl"))
        });
    }
    let mut run = baking(|policies| policies.foreign.traffic = reassert(1, &["kubectl"]));
    run.world.somebody_moves_traffic(20);
    run.look_again();
    assert_eq!(run.weight(), 50, "a named writer is put right");
    run.world.somebody_moves_traffic(20);
    run.look_again();
    assert_eq!(run.weight(), 0, "so often and no more\n{}", run.story());
}

#[test]
fn traffic_away_from_stable_follows_its_policy() {
    let hold = |then| ForeignPolicy::Hold {
        at_most: seconds(100),
        then,
    };
    type Ends = fn(&Outcome) -> bool;
    let cases: [(ForeignPolicy, Ends); 4] = [
        (hold(Then::RollBack), |o| {
            matches!(o, Outcome::RolledBack { .. })
        }),
        (hold(Then::Abandon), |o| {
            matches!(o, Outcome::Abandoned { .. })
        }),
        (reassert(3, &[]), |o| *o == Outcome::Promoted),
        (ForeignPolicy::Yield, |o| {
            matches!(o, Outcome::Abandoned { .. })
        }),
    ];
    for (policy, outcome) in cases {
        let mut run = baking(|policies| policies.foreign.traffic = policy.clone());
        run.world.somebody_moves_traffic(70);
        run.look_again();
        if let ForeignPolicy::Hold { .. } = policy {
            assert_eq!(run.rollout.status().phase, Phase::Holding);
            run.wait(seconds(90));
            assert_eq!(run.weight(), 70, "it waits");
        }
        run.run(seconds(3600));
        run.assert_outcome(outcome);
    }
}

#[test]
fn a_hold_for_a_hand_is_ended_by_a_person_and_put_off_by_no_other_hand() {
    let mut run = baking(|_| ());
    run.world.somebody_moves_traffic(70);
    run.look_again();
    assert_eq!(run.order(Wish::Retry), Answer::Recorded);
    assert_eq!(run.weight(), 50);
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);

    let mut run = baking(|_| ());
    for minute in 0..100 {
        run.world.somebody_moves_traffic(70 + minute % 2);
        run.look_again();
        run.wait(seconds(60));
    }
    run.assert_rolled_back();
}

#[test]
fn a_scaled_track_is_put_back_three_times() {
    let mut run = baking(|_| ());
    for _ in 0..3 {
        scale_candidate(&mut run, 6);
        run.wait(seconds(10));
        assert_eq!(count(&run), 2);
    }
    scale_candidate(&mut run, 6);
    assert_eq!(
        run.rollout.status().phase,
        Phase::Holding,
        "{}",
        run.story()
    );
    run.wait(seconds(3500));
    assert_eq!(run.rollout.status().phase, Phase::Holding);
    run.assert_rolled_back();
}

#[test]
fn another_revision_rolls_back() {
    let mut run = baking(|_| ());
    let other = KindWorld::new(("hotfix", 2), None).sides.stable.written;
    let mut other = other.unwrap();
    other.revision.recorded = false;
    run.world.sides.candidate.written = Some(other);
    run.world.converge();
    run.look_again();
    run.assert_rolled_back();
}

/// The write that raises the weight is ordered, and nobody performed it yet.
fn at_the_write_of_traffic() -> (Run, Effect) {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    loop {
        while let Some(effect) = run.rollout.poll_effect() {
            if let Effect::Apply { request, .. } = &effect
                && request.desired.traffic.weight == percent(50)
            {
                return (run, effect);
            }
            if let Some(input) = run.world.perform(effect) {
                run.world.converge();
                run.tell(input);
            }
        }
        run.pass_time();
    }
}

fn lose_answer(run: &mut Run, effect: &Effect) {
    let failure = Failure::new(
        TargetErrorKind::Unavailable,
        Certainty::MayBeTaken,
        "timed out",
    );
    run.tell(Input::EffectFailed {
        id: effect.id().unwrap(),
        failure,
    });
}

#[test]
fn after_a_lost_answer_a_person_who_restores_the_old_value_is_seen() {
    let (mut run, effect) = at_the_write_of_traffic();
    run.world.perform(effect.clone());
    run.world.somebody_moves_traffic(0);
    lose_answer(&mut run, &effect);
    run.settle_now();
    assert_eq!(run.weight(), 0, "{}", run.story());
    run.assert_rolled_back();
    assert!(
        run.story().contains("traffic is at 0% again"),
        "{}",
        run.story()
    );
}

#[test]
fn a_write_of_ours_that_lands_late_is_nobody_elses() {
    let (mut run, effect) = at_the_write_of_traffic();
    lose_answer(&mut run, &effect);
    // The first look is before it lands.
    let mut looked = 0;
    while let Some(ordered) = run.rollout.poll_effect() {
        if let Effect::Claim { .. } = &ordered
            && looked < 2
        {
            let Effect::Apply { request, .. } = &effect else {
                unreachable!()
            };
            if looked == 0 {
                run.world.write(&request.desired);
                run.world.converge();
            }
            looked = 2;
        }
        if let Some(input) = run.world.perform(ordered) {
            run.tell(input);
        }
    }
    run.run(seconds(3600));
    assert!(!run.story().contains("by somebody"), "{}", run.story());
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

#[test]
fn a_hand_on_the_way_home_is_where_it_goes_home_from() {
    let mut run = baking(|_| ());
    run.world.refuses = Some(TargetErrorKind::Unavailable);
    run.order(Wish::Abort { force: false });
    run.world.somebody_moves_traffic(90);
    run.look_again();
    run.world.refuses = None;
    run.assert_rolled_back();
    assert!(run.story().contains("it goes home from here"));
}

#[test]
fn who_wrote_the_same_is_nobodys_hand() {
    let mut run = baking(|_| ());
    run.world.writer = Writer::Other {
        name: "argocd".to_owned(),
        version: "1".to_owned(),
    };
    run.look_again();
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
    assert_eq!(run.world.traffic, Traffic::default());
    let _ = Completion::Applied(Applied::default());
}

#[test]
fn a_bake_ends_though_somebody_scales_now_and_then() {
    let mut policies = Policies::default();
    policies.foreign.capacity = ForeignPolicy::Hold {
        at_most: seconds(60),
        then: Then::GoOn,
    };
    let mut run = begin(plan(canary(), policies), KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    let end = run.now + seconds(7 * 24 * 3600);
    while run.now < end && !run.rollout.is_settled() && !run.rollout.is_rolling_back() {
        if run.rollout.status().phase == Phase::Baking
            && let Some(written) = &mut run.world.sides.of_mut(Track::Candidate).written
        {
            written.replicas = Replicas::Count(3);
            run.world.converge();
        }
        run.wait(seconds(50));
        run.records.clear();
        run.events.clear();
    }
    assert!(
        run.now < end,
        "a week, and the first stage of 60 s goes on: {:?}",
        run.rollout.status().phase
    );
}

#[test]
fn what_a_target_tells_of_other_hands_is_answered_though_the_part_is_as_it_was() {
    let world = KindWorld::new(("v0", 4), None);
    let mut run = begin(plan(canary(), Policies::default()), world);
    run.until("is effective and is watched");
    let route = ForeignChange::new("kubectl", ForeignField::Traffic, "a route was added");
    run.world.foreign.push(route);
    run.look_again();
    assert_eq!(
        run.rollout.status().phase,
        Phase::Holding,
        "{}",
        run.story()
    );
    assert!(run.story().contains("a route was added by kubectl"));
    // Told once, it is no news.
    assert_eq!(run.advance("half"), Answer::Recorded);
    run.look_again();
    assert_eq!(run.rollout.status().phase, Phase::Baking, "{}", run.story());
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

fn hold(at_most: u64) -> ForeignPolicy {
    ForeignPolicy::Hold {
        at_most: seconds(at_most),
        then: Then::GoOn,
    }
}

#[test]
fn a_second_hand_in_a_hold_makes_no_bake_of_it() {
    let mut run = baking(|policies| policies.foreign.capacity = hold(7200));
    run.wait(seconds(10));
    let watched = run.rollout.status().bake.unwrap().elapsed;
    scale_candidate(&mut run, 3);
    assert_eq!(run.rollout.status().phase, Phase::Holding);
    run.wait(seconds(2400));
    scale_candidate(&mut run, 4);
    assert_eq!(run.advance("half"), Answer::Recorded);
    let bake = run.rollout.status().bake.unwrap();
    assert!(bake.elapsed <= watched + seconds(1), "{:?}", bake.elapsed);
    assert!(!run.story().contains("`half` passed"), "{}", run.story());
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

#[test]
fn a_hold_that_goes_on_by_itself_leaves_a_stage_its_time() {
    let mut policies = Policies::default();
    policies.foreign.capacity = hold(3600);
    let mut world = KindWorld::new(("v0", 4), None);
    world.unready.insert("app:v1".to_owned());
    let mut run = begin(plan(canary(), policies), world);
    run.wait(seconds(60));
    assert_eq!(run.rollout.status().phase, Phase::Stepping);
    assert_eq!(run.order(Wish::Pause), Answer::Recorded);
    run.wait(seconds(600));
    scale_candidate(&mut run, 3);
    assert_eq!(run.rollout.status().phase, Phase::Holding);
    assert_eq!(run.order(Wish::Unpause), Answer::Recorded);
    run.wait(seconds(3605));
    assert_eq!(
        run.rollout.status().phase,
        Phase::Stepping,
        "{}",
        run.story()
    );
    run.world.unready.clear();
    run.world.converge();
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

#[test]
fn what_is_told_while_a_write_is_under_way_is_answered_after_it() {
    let world = KindWorld::new(("v0", 4), None);
    let mut run = begin(plan(canary(), Policies::default()), world);
    run.until("stage 2 `all` begins");
    // The write is ordered and not yet performed; a look brings the news first.
    let write = loop {
        match run.rollout.poll_effect() {
            Some(effect @ Effect::Apply { .. }) => break effect,
            Some(effect) => {
                if let Some(input) = run.world.perform(effect) {
                    run.tell(input);
                }
            }
            None => run.pass_time(),
        }
    };
    let route = ForeignChange::new("kubectl", ForeignField::Traffic, "a route was added");
    run.world.foreign.push(route);
    run.look_again();
    assert!(!run.story().contains("a route was added"));
    let done = run.world.perform(write).unwrap();
    run.tell(done);
    run.look_again();
    assert!(
        run.story().contains("a route was added by kubectl"),
        "{}",
        run.story()
    );
}

#[test]
fn what_no_write_puts_back_is_not_said_to_be_put_back() {
    let mut run = baking(|policies| policies.foreign.traffic = reassert(3, &[]));
    let route = ForeignChange::new("kubectl", ForeignField::Traffic, "a route was added");
    run.world.foreign.push(route);
    run.look_again();
    assert!(!run.story().contains("it is put back"), "{}", run.story());
    assert_eq!(run.rollout.status().phase, Phase::Holding);
}
