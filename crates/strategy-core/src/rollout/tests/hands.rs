//! What the machine keeps in mind of a hand: where traffic may not go, and what had failed before.

use super::acting::seconds;
use super::checks::{every_15, limits, plan_with};
use super::fence::{at_write, lost};
use super::foreign::{reassert, scale_candidate};
use super::kind_world::{KindWorld, Run};
use super::looks::next;
use super::{begin, canary, images, percent, plan};
use crate::analysis::Verdict;
use crate::plan::{Bake, ForeignPolicy, Limits, Plan, Policies, Then};
use crate::rollout::{Answer, Effect, Failure, Input, Outcome, Phase, Reason, Wish};
use crate::target::{Certainty, TargetErrorKind};
use crate::track::{Replicas, Revision};

/// Stable runs the release already and all traffic is on the candidate, for a while.
fn at_the_promotion() -> Run {
    let mut stages = canary();
    stages[2].bake = Bake::of(seconds(600));
    let mut run = begin(
        plan(stages, Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("`promote` is effective and is watched");
    assert_eq!(run.weight(), 100);
    run
}

/// The heaviest write since then that leaves the release on the candidate.
fn most_on_the_release(run: &Run) -> u16 {
    let release = Revision::Release(images("v1"));
    let written = run
        .asked
        .iter()
        .filter(|(_, desired)| desired.candidate.revision == release);
    let weights = written.map(|(_, desired)| desired.traffic.weight);
    weights
        .max()
        .map_or(0, |weight| weight.basis_points() / 100)
}

#[test]
fn a_hand_towards_stable_is_kept_in_mind_on_the_whole_way_home() {
    for crashes in [false, true] {
        let mut run = at_the_promotion();
        run.asked.clear();
        run.world.somebody_moves_traffic(50);
        if crashes {
            // Decided, and not a write of it made yet.
            run.world.refuses = Some(TargetErrorKind::Unavailable);
            run.look_again();
            run.asked.clear();
            run.crash(seconds(10));
            run.world.refuses = None;
        } else {
            run.look_again();
        }
        // Stable must change what it runs and the candidate could carry all: not against that hand.
        run.assert_rolled_back();
        let most = most_on_the_release(&run);
        assert!(
            most <= 50,
            "back to {most}% on the release\n{}",
            run.story()
        );
    }
}

#[test]
fn without_a_hand_the_candidate_carries_home() {
    carries_home(at_the_promotion());
}

#[test]
fn going_on_after_a_hand_forgets_no_failure() {
    let consecutive = Limits {
        failures: 100,
        consecutive_failures: Some(1),
        ..Limits::default()
    };
    for (limits, resumed) in [(limits(1), true), (consecutive, true), (limits(1), false)] {
        let mut plan: Plan = plan_with(canary(), &[("errors", every_15(limits))]);
        if !resumed {
            let mut policies = Policies::default();
            policies.foreign.capacity = ForeignPolicy::Hold {
                at_most: seconds(100),
                then: Then::GoOn,
            };
            let (release, stages) = (plan.release().clone(), plan.stages().to_vec());
            let checks = plan.checks().clone();
            plan = Plan::new("by-hand", release, stages, checks, policies).unwrap();
        }
        let mut run = begin(plan, KindWorld::new(("v0", 4), None));
        run.until("is effective and is watched");
        let look = next(&mut run);
        run.judge(&look, Verdict::Fail);
        assert_eq!(
            run.rollout.status().phase,
            Phase::Baking,
            "one is tolerated"
        );
        if resumed {
            run.world.somebody_moves_traffic(70);
        } else {
            let candidate = run.world.sides.candidate.written.as_mut();
            candidate.unwrap().replicas = Replicas::Count(3);
            run.world.converge();
        }
        run.look_again();
        assert_eq!(run.rollout.status().phase, Phase::Holding);
        if resumed {
            assert_eq!(run.order(Wish::Retry), Answer::Recorded);
        } else {
            run.wait(seconds(110));
        }
        assert_eq!(run.world.traffic.weight, percent(50), "{}", run.story());
        assert_eq!(run.rollout.status().phase, Phase::Baking);
        let look = next(&mut run);
        run.judge(&look, Verdict::Fail);
        run.assert_rolled_back();
        run.assert_outcome(|outcome| {
            matches!(
                outcome,
                Outcome::RolledBack {
                    reason: Reason::Check { .. }
                }
            )
        });
    }
}

/// Stable runs the release already, and half of the traffic has returned to it, for a while.
fn at_the_return(traffic: ForeignPolicy) -> Run {
    let mut stages = canary();
    let mut half = stages[3].clone();
    half.name = "return-half".into();
    half.bake = Bake::of(seconds(600));
    for goal in half.goals.values_mut() {
        goal.traffic.weight = percent(50);
    }
    stages.insert(3, half);
    let mut policies = Policies::default();
    policies.foreign.traffic = traffic;
    policies.foreign.capacity = reassert(3, &[]);
    let mut run = begin(plan(stages, policies), KindWorld::new(("v0", 4), None));
    run.until("`return-half` is effective and is watched");
    run.asked.clear();
    run
}

/// Where nobody moved traffic, the candidate carries all of it while stable changes.
#[track_caller]
fn carries_home(mut run: Run) {
    run.asked.clear();
    run.order(Wish::Abort { force: false });
    run.assert_rolled_back();
    assert_eq!(most_on_the_release(&run), 100, "{}", run.story());
}

#[test]
fn a_hand_on_traffic_that_was_put_back_is_forgotten() {
    let mut run = at_the_return(reassert(3, &["kubectl"]));
    run.world.somebody_moves_traffic(20);
    run.look_again();
    assert_eq!(run.weight(), 50, "{}", run.story());
    carries_home(run);
}

#[test]
fn a_hand_on_traffic_is_kept_in_mind_where_another_change_is_put_back() {
    let mut run = at_the_return(ForeignPolicy::Hold {
        at_most: seconds(600),
        then: Then::RollBack,
    });
    run.world.somebody_moves_traffic(70);
    run.look_again();
    assert_eq!(run.rollout.status().phase, Phase::Holding);
    scale_candidate(&mut run, 5);
    assert!(run.story().contains("it is put back"), "{}", run.story());
    run.assert_rolled_back();
    let most = most_on_the_release(&run);
    assert!(most <= 70, "back to {most}%\n{}", run.story());
}

/// Somebody wrote the same weights again while a write of ours that moves none was lost.
#[test]
fn who_writes_traffic_as_it_is_moves_none() {
    let mut run = at_the_return(reassert(3, &[]));
    let candidate = run.world.sides.candidate.written.as_mut();
    candidate.unwrap().replicas = Replicas::Count(5);
    run.world.converge();
    run.tell(Input::Changed {
        part: crate::Part::main(),
    });
    let write = at_write(&mut run, 1);
    run.world.somebody_moves_traffic(50);
    run.tell(lost(&write));
    run.wait(seconds(60));
    assert_eq!(run.rollout.status().phase, Phase::Baking, "{}", run.story());
    carries_home(run);
}

/// Until a write is ordered that is such; it is not performed.
fn at_write_that(run: &mut Run, is: impl Fn(&Effect) -> bool) -> Effect {
    loop {
        let effect = at_write(run, 1);
        if is(&effect) {
            return effect;
        }
        let done = run.world.perform(effect).unwrap();
        run.world.converge();
        run.tell(done);
    }
}

/// A write of ours was to go further and was refused: a hand is held against where traffic was.
#[test]
fn a_hand_away_from_stable_is_none_towards_it_where_a_write_was_refused() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    let write = at_write_that(
        &mut run,
        |effect| matches!(effect, Effect::Apply { request, .. } if request.desired.traffic.weight == percent(100)),
    );
    run.world.somebody_moves_traffic(70);
    let refused = run.world.perform(write).unwrap();
    run.tell(refused);
    run.look_again();
    assert_eq!(
        run.rollout.status().phase,
        Phase::Holding,
        "{}",
        run.story()
    );
    assert_eq!(run.weight(), 70);
}

/// A look that was quicker than the answer shows our own write, and that is nobody's hand.
#[test]
fn a_write_that_is_seen_before_it_is_answered_is_ours() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    let moves = |effect: &Effect| matches!(effect, Effect::Apply { request, .. } if request.desired.traffic.weight == percent(100));
    let write = at_write_that(&mut run, moves);
    assert_eq!(run.weight(), 50);
    let done = run.world.perform(write).unwrap();
    run.world.converge();
    run.look_again();
    assert!(!run.story().contains("somebody"), "{}", run.story());
    run.tell(done);
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

/// A write of ours was to go further and was refused, and somebody wrote traffic as it was.
#[test]
fn who_keeps_traffic_from_going_further_takes_it_back() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    let moves = |effect: &Effect| matches!(effect, Effect::Apply { request, .. } if request.desired.traffic.weight == percent(100));
    let write = at_write_that(&mut run, moves);
    run.world.somebody_moves_traffic(50);
    let refused = Failure::new(
        TargetErrorKind::Conflict,
        Certainty::NotTaken,
        "somebody was quicker",
    );
    run.tell(Input::EffectFailed {
        id: write.id().unwrap(),
        failure: refused,
    });
    run.look_again();
    assert!(run.rollout.is_rolling_back(), "{}", run.story());
}

/// Who tells a held rollout to go on says that what was done by hand is where it stands.
#[test]
fn a_hand_is_forgotten_where_a_person_has_the_rollout_go_on() {
    let mut run = at_the_return(ForeignPolicy::Hold {
        at_most: seconds(600),
        then: Then::RollBack,
    });
    run.world.somebody_moves_traffic(70);
    run.look_again();
    assert_eq!(run.order(Wish::Retry), Answer::Recorded);
    assert_eq!(run.weight(), 50, "{}", run.story());
    carries_home(run);
}

/// Each of them is answered, and the first one's limit is the limit of all.
#[test]
fn hands_that_come_again_and_again_do_not_put_the_limit_of_a_hold_off() {
    let mut policies = Policies::default();
    policies.foreign.capacity = ForeignPolicy::Hold {
        at_most: seconds(100),
        then: Then::RollBack,
    };
    let mut run = begin(plan(canary(), policies), KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    for count in [3, 5, 4] {
        scale_candidate(&mut run, count);
        assert_eq!(run.rollout.status().phase, Phase::Holding);
        run.wait(seconds(30));
    }
    assert_eq!(run.rollout.status().phase, Phase::Holding);
    run.wait(seconds(11));
    assert_ne!(
        run.rollout.status().phase,
        Phase::Holding,
        "{}",
        run.story()
    );
    run.assert_rolled_back();
}

/// A hand that comes again and again would else keep a stage for ever.
#[test]
fn holds_that_end_by_themselves_put_the_limit_of_a_bake_off_three_times() {
    let mut stages = canary();
    stages[0].bake = Bake::of(seconds(600));
    stages[0].bake.at_most = seconds(900);
    let mut policies = Policies::default();
    policies.foreign.capacity = ForeignPolicy::Hold {
        at_most: seconds(1000),
        then: Then::GoOn,
    };
    let mut run = begin(plan(stages, policies), KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    for (count, phase) in [
        (3, Phase::Baking),
        (5, Phase::Baking),
        (4, Phase::Baking),
        (3, Phase::Settled),
    ] {
        scale_candidate(&mut run, count);
        assert_eq!(run.rollout.status().phase, Phase::Holding);
        run.wait(seconds(1010));
        assert_eq!(run.rollout.status().phase, phase, "{}", run.story());
    }
    run.assert_outcome(|outcome| {
        matches!(
            outcome,
            Outcome::RolledBack {
                reason: Reason::Undecided { .. }
            }
        )
    });
}
