//! Where traffic follows readiness: counts are the only lever, and the nearest they allow is enough.

use super::acting::seconds;
use super::kind_world::{KindWorld, Run};
use super::{begin, percent, plan, stage};
use crate::plan::{GoalTrack, Policies, Stage, StageKind};
use crate::rollout::{Outcome, Reason, Wish};
use crate::target::Routing;
use crate::track::{Capacity, Revision};
use crate::weight::Weight;

fn count(revision: Revision, count: u32) -> GoalTrack {
    let capacity = Capacity::Count(count);
    GoalTrack { revision, capacity }
}

pub(super) fn shares(steps: &[(u32, u32, u16)]) -> Vec<Stage> {
    let release = || Revision::Release(super::images("v1"));
    let stages = steps
        .iter()
        .enumerate()
        .map(|(index, (stable, candidate, weight))| {
            let stable = count(Revision::Recorded, *stable);
            let candidate = count(release(), *candidate);
            let name = format!("step-{index}");
            stage(&name, StageKind::Expose, stable, candidate, *weight, 30)
        });
    stages.collect()
}

fn run_with(steps: &[(u32, u32, u16)]) -> Run {
    let mut world = KindWorld::new(("v0", 3), None);
    world.routing = Routing::FollowsReadiness;
    begin(plan(shares(steps), Policies::default()), world)
}

#[test]
fn the_nearest_counts_are_enough_and_nobody_else_is_blamed() {
    for steps in [
        vec![(3, 1, 25), (2, 1, 33), (0, 3, 100)],
        // A quarter of three pods asks for one, and it is a third.
        vec![(2, 1, 25), (1, 2, 75), (0, 3, 100)],
        vec![(2, 1, 40), (0, 3, 100)],
    ] {
        let mut run = run_with(&steps);
        run.run(seconds(3600));
        run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
        assert!(
            !run.story().contains("by somebody"),
            "{steps:?}\n{}",
            run.story()
        );
    }
}

/// Half of the pods are planned to be the release, and a third is, for a while.
fn deviates(tolerated: u16) -> Run {
    let mut stages = shares(&[(2, 2, 50), (0, 3, 100)]);
    stages[0].health.share_deviation = Weight::from_basis_points(tolerated).ok();
    stages[0].health.readiness = false;
    stages[0].ready.share = percent(50);
    let mut world = KindWorld::new(("v0", 3), None);
    world.routing = Routing::FollowsReadiness;
    let mut run = begin(plan(stages, Policies::default()), world);
    while run.world.sides.candidate.written.is_none() {
        run.perform_one();
    }
    for _ in 0..40 {
        for (_, _, ready) in run.world.sides.candidate.pods.values_mut() {
            *ready = 1;
        }
        run.perform_one();
    }
    run.world.converge();
    run.run(seconds(3600));
    run
}

#[test]
fn a_share_too_far_from_the_planned_one_fails() {
    for tolerated in [1000, 1666] {
        deviates(tolerated).assert_outcome(|outcome| {
            matches!(
                outcome,
                Outcome::RolledBack {
                    reason: Reason::ShareDeviation { .. }
                }
            )
        });
    }
    deviates(1667).assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

#[test]
fn an_abort_on_every_step_ends_at_the_recorded_counts() {
    for step in ["step-0", "step-1", "step-2"] {
        let mut run = run_with(&[(2, 1, 25), (1, 2, 75), (0, 3, 100)]);
        run.until(&format!("`{step}` is effective"));
        run.order(Wish::Abort { force: false });
        run.assert_rolled_back();
    }
}
