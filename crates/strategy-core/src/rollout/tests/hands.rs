//! What the machine keeps in mind of a hand: where traffic may not go, and what had failed before.

use super::acting::seconds;
use super::checks::{every_15, limits, plan_with};
use super::kind_world::{KindWorld, Run};
use super::looks::next;
use super::{begin, canary, images, percent, plan};
use crate::analysis::Verdict;
use crate::plan::{Bake, Limits, Plan, Policies};
use crate::rollout::{Answer, Outcome, Phase, Reason, Wish};
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
            run.world.refuses = Some(crate::target::TargetErrorKind::Unavailable);
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
    let mut run = at_the_promotion();
    run.asked.clear();
    run.order(Wish::Abort { force: false });
    run.assert_rolled_back();
    assert_eq!(most_on_the_release(&run), 100, "{}", run.story());
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
            policies.foreign.capacity = crate::plan::ForeignPolicy::Hold {
                at_most: seconds(100),
                then: crate::plan::Then::GoOn,
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
