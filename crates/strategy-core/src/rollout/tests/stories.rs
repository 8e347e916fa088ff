//! Whole rollouts, and the same with something happening at every index.

use std::time::Duration;

use super::kind_world::{KindWorld, Run};
use super::{begin, blue_green, canary, plan};
use crate::plan::{Policies, Stage};
use crate::release::Part;
use crate::rollout::{Answer, Command, Input, Outcome, Reason, Record, Rollout, StageState, Wish};
use crate::target::{Effective, FatalReason};
use crate::track::Revision;

const HOURS: Duration = Duration::from_secs(4 * 3600);

fn plans() -> Vec<(&'static str, Vec<Stage>, KindWorld)> {
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
fn assert_restored(run: &Run, before: &KindWorld, what: &str) {
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

fn command(number: u32, wish: Wish) -> Input {
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

/// How many inputs a whole rollout takes.
fn length(stages: &[Stage], world: &KindWorld) -> u32 {
    let mut run = begin(plan(stages.to_vec(), Policies::default()), world.clone());
    run.run(HOURS);
    run.inputs
}

/// Runs until so many inputs were taken.
fn run_until(run: &mut Run, inputs: u32) {
    while run.inputs < inputs && !run.rollout.is_settled() {
        if !run.perform_one() {
            run.pass_time();
        }
    }
}

#[test]
fn an_abort_at_every_index_ends_at_the_recorded_start() {
    for (name, stages, world) in plans() {
        for index in 0..length(&stages, &world) {
            let mut run = begin(plan(stages.clone(), Policies::default()), world.clone());
            run_until(&mut run, index);
            if run.rollout.outcome().is_some() {
                continue;
            }
            run.tell(command(1, Wish::Abort { force: false }));
            run.tell(command(1, Wish::Abort { force: false }));
            run.run(HOURS);
            let what = format!("{name}, abort after {index} inputs");
            let outcome = run.rollout.outcome();
            let settling = matches!(outcome, Some(Outcome::Promoted));
            if settling {
                continue;
            }
            assert!(
                matches!(outcome, Some(Outcome::RolledBack { .. })),
                "{what}: {outcome:?}\n{}",
                run.story()
            );
            assert_restored(&run, &world, &what);
        }
    }
}

#[test]
fn an_api_that_is_down_for_a_while_at_any_index_changes_nothing_but_time() {
    for (name, stages, world) in plans() {
        for index in 0..length(&stages, &world) {
            let mut run = begin(plan(stages.clone(), Policies::default()), world.clone());
            run_until(&mut run, index);
            run.world.down = true;
            let end = run.now + Duration::from_secs(20);
            while run.now < end && !run.rollout.is_settled() {
                run.settle_now();
                run.pass_time();
            }
            run.world.down = false;
            run.run(HOURS);
            assert_eq!(
                run.rollout.outcome(),
                Some(&Outcome::Promoted),
                "{name}, down after {index}\n{}",
                run.story()
            );
        }
    }
}

#[test]
fn an_api_that_is_down_for_good_is_decided_on_and_acted_on_when_it_is_back() {
    for (name, stages, world) in plans() {
        for index in 3..length(&stages, &world) {
            let mut run = begin(plan(stages.clone(), Policies::default()), world.clone());
            run_until(&mut run, index);
            if run.rollout.outcome().is_some() || run.rollout.is_settled() {
                continue;
            }
            run.world.down = true;
            let end = run.now + Duration::from_secs(3600);
            while run.now < end && !run.rollout.is_settled() {
                run.settle_now();
                run.pass_time();
            }
            run.world.down = false;
            run.run(HOURS);
            let outcome = run.rollout.outcome();
            let what = format!("{name}, down for an hour after {index} inputs");
            if outcome == Some(&Outcome::Promoted) {
                continue;
            }
            assert!(
                matches!(outcome, Some(Outcome::RolledBack { .. })),
                "{what}: {outcome:?}\n{}",
                run.story()
            );
            if run.world.claim.is_none() {
                assert_restored(&run, &world, &what);
            }
        }
    }
}

#[test]
fn every_prefix_of_the_journal_gives_the_state_the_machine_had() {
    for (name, stages, world) in plans() {
        let mut live = begin(plan(stages, Policies::default()), world);
        let mut checked = 0;
        while !live.rollout.is_settled() {
            let before = live.records.len();
            let after_handle = live.rollout.clone();
            if !live.perform_one() {
                live.pass_time();
            }
            if live.records.len() > before {
                let replayed = Rollout::replay(&live.records, false).unwrap();
                assert_eq!(
                    replayed.decided,
                    after_handle.decided,
                    "{name}: {before}\n{}",
                    live.story()
                );
                checked += 1;
            }
        }
        assert!(checked > 5, "{name}: {checked}");
        let text: Vec<String> = live
            .records
            .iter()
            .map(|record| serde_json::to_string(record).unwrap())
            .collect();
        let records: Vec<Record> = text
            .iter()
            .map(|text| serde_json::from_str(text).unwrap())
            .collect();
        assert_eq!(records, live.records, "{name}: records survive text");
    }
}

#[test]
fn a_crash_at_every_index_ends_as_if_it_had_not_been() {
    for (name, stages, world) in plans() {
        for index in 0..length(&stages, &world) {
            let mut run = begin(plan(stages.clone(), Policies::default()), world.clone());
            run_until(&mut run, index);
            run.records
                .extend(std::iter::from_fn(|| run.rollout.poll_record()));
            if run.rollout.is_settled() {
                continue;
            }
            let resumed =
                Rollout::resume(&run.records, false, run.now + Duration::from_secs(7)).unwrap();
            let mut again = Run::new(resumed, run.world.clone(), run.now + Duration::from_secs(7));
            again.run(HOURS);
            let what = format!("{name}, crash after {index} inputs");
            assert_eq!(
                again.rollout.outcome(),
                Some(&Outcome::Promoted),
                "{what}\n{}",
                again.story()
            );
            assert_eq!(again.world.claim, None, "{what}");
        }
    }
}

#[test]
fn a_resume_that_rolls_back_goes_straight_home_from_every_index() {
    for (name, stages, world) in plans() {
        for index in 1..length(&stages, &world) {
            let mut run = begin(plan(stages.clone(), Policies::default()), world.clone());
            run_until(&mut run, index);
            run.records
                .extend(std::iter::from_fn(|| run.rollout.poll_record()));
            if run.rollout.is_settled() || run.rollout.outcome().is_some() {
                continue;
            }
            let resumed = Rollout::resume(&run.records, true, run.now).unwrap();
            let mut again = Run::new(resumed, run.world.clone(), run.now);
            again.run(HOURS);
            let what = format!("{name}, resumed to roll back after {index} inputs");
            if again.rollout.outcome() == Some(&Outcome::Promoted) {
                continue;
            }
            assert!(
                matches!(again.rollout.outcome(), Some(Outcome::RolledBack { .. })),
                "{what}\n{}",
                again.story()
            );
            assert_restored(&again, &world, &what);
        }
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
