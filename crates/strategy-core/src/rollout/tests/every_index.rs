//! Whole rollouts, and something that happens after every one of their inputs.

use std::time::Duration;

use super::kind_world::{KindWorld, Run};
use super::stories::{HOURS, assert_restored, command, plans};
use super::{begin, plan};
use crate::plan::{Policies, Stage};
use crate::rollout::{Outcome, Record, Rollout, Wish};

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
