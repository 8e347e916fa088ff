//! Whole rollouts in a kind world, and what one fault or order makes of them.

use std::time::Duration;

use super::kind_world::{KindWorld, Run};
use super::{begin, blue_green, canary, plan};
use crate::plan::{Policies, Stage};
use crate::release::Part;
use crate::rollout::{Answer, Command, Input, Outcome, Reason, StageState, Wish};
use crate::target::{Effective, FatalReason};
use crate::track::Revision;

pub(super) const HOURS: Duration = Duration::from_secs(4 * 3600);

pub(super) fn plans() -> Vec<(&'static str, Vec<Stage>, KindWorld)> {
    vec![
        ("canary", canary(), KindWorld::new(("v0", 4), None)),
        (
            "canary beside a used candidate",
            canary_kept(),
            KindWorld::new(("v0", 4), Some(("old", 1))),
        ),
        (
            "blue-green",
            blue_green(),
            KindWorld::new(("v0", 3), Some(("old", 0))),
        ),
        (
            "blue-green with a warm slot",
            blue_green(),
            KindWorld::new(("v0", 3), Some(("old", 3))),
        ),
    ]
}

fn canary_kept() -> Vec<Stage> {
    let mut stages = canary();
    stages.pop();
    stages
}

/// Everything that was found is there again, and nothing else.
#[track_caller]
pub(super) fn assert_restored(run: &Run, before: &KindWorld, what: &str) {
    assert_eq!(
        run.world.sides.stable.written,
        before.sides.stable.written,
        "{what}: stable\n{}",
        run.story()
    );
    assert_eq!(
        run.world.sides.candidate.written,
        before.sides.candidate.written,
        "{what}: candidate\n{}",
        run.story()
    );
    assert_eq!(
        run.world.traffic,
        before.traffic,
        "{what}: traffic\n{}",
        run.story()
    );
    assert_eq!(run.world.claim, None, "{what}: claim\n{}", run.story());
}

pub(super) fn command(number: u32, wish: Wish) -> Input {
    Input::Commanded(Command::new(format!("command-{number}"), "ada", wish))
}

#[test]
fn in_a_kind_world_every_plan_is_promoted_and_comes_to_rest() {
    for (name, stages, world) in plans() {
        let mut run = begin(plan(stages, Policies::default()), world);
        run.run(HOURS);
        assert_eq!(
            run.rollout.outcome(),
            Some(&Outcome::Promoted),
            "{name}\n{}",
            run.story()
        );
        assert!(run.rollout.is_settled(), "{name}");
        assert_eq!(run.world.claim, None, "{name}: the claim is given back");
        let writes = run.world.writes;
        run.run(HOURS);
        assert_eq!(run.world.writes, writes, "{name}: it rests");
    }
}

#[test]
fn a_release_that_stable_runs_already_is_promoted_without_a_write() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v1", 4), None),
    );
    run.run(HOURS);
    assert_eq!(run.rollout.outcome(), Some(&Outcome::Promoted));
    assert_eq!((run.world.writes, run.world.claim.clone()), (0, None));
}

#[test]
fn dead_pods_are_acted_on_when_they_are_seen() {
    for (name, stages, mut world) in plans() {
        world
            .broken
            .insert("app:v1".to_owned(), FatalReason::CrashLoop);
        let before = world.clone();
        let mut run = begin(plan(stages, Policies::default()), world);
        run.run(HOURS);
        let outcome = run.rollout.outcome();
        assert!(
            matches!(
                outcome,
                Some(Outcome::RolledBack {
                    reason: Reason::Fatal { .. }
                })
            ),
            "{name}: {outcome:?}\n{}",
            run.story()
        );
        assert_restored(&run, &before, name);
        assert!(
            !run.story().contains("is effective and is watched"),
            "{name}: users never saw it"
        );
    }
}

#[test]
fn pods_that_die_in_a_bake_cost_one_write_until_users_are_back() {
    let world = KindWorld::new(("v0", 4), None);
    let before = world.clone();
    let mut run = begin(plan(canary(), Policies::default()), world);
    while !run.story().contains("is watched") {
        run.settle_now();
        run.pass_time();
    }
    let writes = run.world.writes;
    run.world
        .broken
        .insert("app:v1".to_owned(), FatalReason::CrashLoop);
    run.world.converge();
    run.tell(Input::Changed { part: Part::main() });
    let mut until_restored = None;
    while run.perform_one() {
        if until_restored.is_none() && run.world.traffic == before.traffic {
            until_restored = Some(run.world.writes - writes);
        }
    }
    assert_eq!(until_restored, Some(1), "{}", run.story());
    run.run(HOURS);
    assert_restored(&run, &before, "canary");
}

#[test]
fn a_release_that_never_becomes_ready_goes_back_at_the_deadline() {
    for (name, stages, mut world) in plans() {
        world.unready.insert("app:v1".to_owned());
        let before = world.clone();
        let mut run = begin(plan(stages, Policies::default()), world);
        run.run(HOURS);
        let outcome = run.rollout.outcome();
        assert!(
            matches!(
                outcome,
                Some(Outcome::RolledBack {
                    reason: Reason::Deadline { .. }
                })
            ),
            "{name}: {outcome:?}\n{}",
            run.story()
        );
        assert_restored(&run, &before, name);
    }
}

#[test]
fn what_cannot_be_verified_drains_from_when_it_is_taken_to_be_effective() {
    let mut world = KindWorld::new(("v0", 4), None);
    world.effective = Some(Effective::Unverified);
    let mut run = begin(plan(canary(), Policies::default()), world);
    run.run(HOURS);
    assert_eq!(
        run.rollout.outcome(),
        Some(&Outcome::Promoted),
        "{}",
        run.story()
    );
    let returned = run
        .asked
        .iter()
        .rfind(|(_, desired)| desired.candidate.replicas.number() > 0);
    let removed = run
        .asked
        .iter()
        .find(|(_, desired)| desired.candidate.revision == Revision::Absent);
    let (Some((returned, _)), Some((removed, _))) = (returned, removed) else {
        panic!("{}", run.story())
    };
    // Two seconds until it is effective, five of drain, and no wait for a look that is not needed.
    let took = removed.since(*returned);
    assert!(
        (7..10).contains(&took.as_secs()),
        "{took:?}\n{}",
        run.story()
    );
}

#[test]
fn commands_are_answered_once() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.settle_now();
    run.tell(command(1, Wish::Pause));
    run.tell(command(1, Wish::Pause));
    run.tell(command(2, Wish::Pause));
    run.settle_now();
    let answers: Vec<_> = std::iter::from_fn(|| run.rollout.poll_answer())
        .map(|(_, answer)| answer)
        .collect();
    assert_eq!(answers[..2], [Answer::Recorded, Answer::Recorded]);
    assert!(matches!(answers[2], Answer::Refused(_)));
    assert_eq!(
        run.story().matches("pause by ada\n").count(),
        1,
        "{}",
        run.story()
    );
}

#[test]
fn where_it_failed_is_shown_until_the_end() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("stage `all` is effective");
    run.order(Wish::Abort { force: false });
    let states = |run: &Run| {
        run.rollout.status().stages[..3]
            .iter()
            .map(|stage| stage.state)
            .collect::<Vec<_>>()
    };
    let shown = [StageState::Passed, StageState::Failed, StageState::Pending];
    assert_eq!(states(&run), shown);
    run.assert_rolled_back();
    assert_eq!(states(&run), shown);
    assert_eq!(run.rollout.status().waiting, []);
}
