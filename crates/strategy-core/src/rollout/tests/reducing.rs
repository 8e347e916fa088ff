//! What the canonical form of a machine keeps: by what nothing is decided two machines become one, and by
//! what something is decided they stay two.

use std::sync::Arc;
use std::time::Duration;

use super::acting::seconds;
use super::checks::{every_15, limits, plan_with};
use super::fence::at_write;
use super::kind_world::{KindWorld, Run};
use super::{begin, canary};
use crate::analysis::Window;
use crate::plan::{Plan, Policies};
use crate::release::Part;
use crate::rollout::latest::{LatestCheck, LatestPart};
use crate::rollout::part_state::{PartState, TrackHealth, Waits};
use crate::rollout::searched::Place;
use crate::rollout::state::State;
use crate::rollout::step::Exposure;
use crate::rollout::{Rollout, Ticket, Wish};
use crate::target::{
    Effective, Fatal, FatalReason, Observation, PlatformDeployment, PlatformState, Version,
};
use crate::timestamp::Timestamp;

/// Limits of times that all differ.
fn begun() -> Run {
    let policies = Policies {
        write_timeout: seconds(10),
        ..Policies::default()
    };
    with(policies)
}

fn with(policies: Policies) -> Run {
    let mut stages = canary();
    for stage in &mut stages {
        stage.ready.settle = seconds(10);
        stage.ready.grace = seconds(20);
    }
    let planned = plan_with(stages, &[("errors", every_15(limits(1)))]);
    let (release, stages) = (planned.release().clone(), planned.stages().to_vec());
    let checks = planned.checks().clone();
    let plan = Plan::new("by-hand", release, stages, checks, policies).unwrap();
    begin(plan, KindWorld::new(("v0", 4), None))
}

/// At rest in the first stage.
fn baking() -> Run {
    let mut run = begun();
    run.until("is effective and is watched");
    run
}

/// The write that sends users to the candidate is under way.
fn writing() -> Run {
    let mut run = begun();
    let _ = at_write(&mut run, 2);
    run
}

type Change<'a> = &'a dyn Fn(&mut Rollout);

fn both(run: &Run, one: Change<'_>, other: Change<'_>) -> [Rollout; 2] {
    let changed = [one, other].map(|change| {
        let mut rollout = run.rollout.clone();
        change(&mut rollout);
        rollout
    });
    assert_ne!(changed[0], changed[1]);
    changed.map(|rollout| rollout.canonical())
}

#[track_caller]
fn are_one(run: &Run, one: Change<'_>, other: Change<'_>) {
    let [one, other] = both(run, one, other);
    assert!(one == other, "they differ in what decides nothing");
}

#[track_caller]
fn are_two(run: &Run, one: Change<'_>, other: Change<'_>) {
    let [one, other] = both(run, one, other);
    assert!(one != other, "they are one, and go on differently");
}

fn nothing(_: &mut Rollout) {}

fn state(rollout: &mut Rollout) -> &mut PartState {
    rollout.decided.parts.get_mut(&Part::main()).unwrap()
}

fn latest(rollout: &mut Rollout) -> &mut LatestPart {
    rollout.latest.parts.get_mut(&Part::main()).unwrap()
}

fn seen(rollout: &mut Rollout) -> &mut Observation {
    Arc::make_mut(latest(rollout).observation.as_mut().unwrap())
}

fn check(rollout: &mut Rollout) -> &mut LatestCheck {
    rollout.latest.checks.get_mut(&"errors".into()).unwrap()
}

fn old(rollout: &mut Rollout) {
    latest(rollout).at = None;
}

fn ago(rollout: &Rollout, ago: Duration) -> Timestamp {
    rollout.latest.clock.machine.before(ago)
}

#[test]
fn what_is_acted_on_when_it_comes_makes_no_difference_afterwards() {
    let run = baking();
    are_one(&run, &nothing, &|it| seen(it).version = Version("7".into()));
    are_one(&run, &nothing, &|it| seen(it).age = seconds(3));
    let says = |id: &'static str, state: PlatformState| {
        move |it: &mut Rollout| {
            seen(it).platform = Some(PlatformDeployment::new(id, state.clone()));
        }
    };
    for state in [PlatformState::Waiting, PlatformState::Won] {
        are_one(&run, &nothing, &says("d-1", state));
    }
    // That it is at work is asked before each of its steps.
    let at_work = says("d-1", PlatformState::InProgress);
    are_one(&run, &at_work, &says("d-2", PlatformState::InProgress));
    are_two(&run, &nothing, &at_work);
    let fatal = || Fatal {
        reason: FatalReason::CrashLoop,
        pods: 1,
        message: "app".to_owned(),
    };
    are_one(&run, &nothing, &|it| {
        seen(it).stable.pods[0].fatal = vec![fatal()];
    });
    are_one(&run, &nothing, &|it| {
        seen(it).candidate.pods[0].fatal = vec![fatal()];
    });
    are_one(&run, &nothing, &|it| {
        seen(it).stable.pods[0].fatal = vec![fatal()];
        seen(it).candidate.pods[0].fatal = vec![fatal()];
    });
    are_two(&run, &nothing, &|it| seen(it).stable.pods[0].ready = 1);
}

/// Of pods, only how many of the release are ready; of traffic, only what was written.
#[test]
fn of_what_is_too_old_or_about_to_be_little_is_read() {
    type Old = fn(&mut Rollout);
    let cases: [(Run, Old); 2] = [(baking(), old), (writing(), nothing)];
    for (run, old) in cases {
        let is_old = &|it: &mut Rollout| old(it);
        are_one(&run, is_old, &|it| {
            old(it);
            seen(it).stable.pods[0].ready = 1;
        });
        // Pods of which none is ready are as good as none.
        let none_is_ready = &|it: &mut Rollout| {
            old(it);
            seen(it).candidate.pods[0].ready = 0;
        };
        are_one(&run, none_is_ready, &|it| {
            old(it);
            seen(it).candidate.pods.clear();
        });
        are_two(&run, is_old, none_is_ready);
    }
    let converges = |it: &mut Rollout| seen(it).traffic.effective = Effective::Converging;
    are_one(&writing(), &nothing, &converges);
    // Without a write under way it was seen, and still is.
    are_two(&baking(), &old, &|it| {
        old(it);
        converges(it);
    });
    // What is discovered is confirmed by all that is seen.
    let mut run = baking();
    run.rollout.decided.state = State::Confirming;
    are_two(&run, &old, &|it| {
        old(it);
        seen(it).stable.pods[0].ready = 1;
    });
}

#[test]
fn times_matter_up_to_the_limit_that_they_are_held_against() {
    let run = baking();
    let asked = |it: &mut Rollout, since: Duration| {
        let at = ago(it, since);
        let latest = latest(it);
        latest.asked = Some((latest.ticket, at));
    };
    // As long as what it will tell is not too old.
    are_two(&run, &|it| asked(it, seconds(75)), &|it| {
        asked(it, seconds(76));
    });
    are_one(&run, &|it| asked(it, seconds(76)), &|it| {
        asked(it, seconds(90));
    });
    // Or as long as an answer is waited for.
    let policies = Policies {
        write_timeout: seconds(60),
        ..Policies::default()
    };
    let mut patient = with(policies);
    patient.until("is effective and is watched");
    are_two(&patient, &|it| asked(it, seconds(80)), &|it| {
        asked(it, seconds(110));
    });
    let heard = |it: &mut Rollout, since: Duration| latest(it).heard = Some(ago(it, since));
    are_two(&run, &|it| heard(it, seconds(28)), &|it| {
        heard(it, seconds(29));
    });
    are_one(&run, &|it| heard(it, seconds(30)), &|it| {
        latest(it).heard = None;
    });
    let settles = |it: &mut Rollout, since: Duration| state(it).ready_since = Some(ago(it, since));
    are_two(&run, &|it| settles(it, seconds(3)), &|it| {
        settles(it, seconds(7));
    });
    are_one(&run, &|it| settles(it, seconds(10)), &|it| {
        settles(it, seconds(11));
    });
    let drains = |it: &mut Rollout, exposure| state(it).exposure.candidate = exposure;
    are_one(&run, &|it| drains(it, Exposure::Clean), &|it| {
        let until = it.latest.clock.machine;
        drains(it, Exposure::Draining { until });
    });
    are_two(&run, &|it| drains(it, Exposure::Clean), &|it| {
        let until = it.latest.clock.machine + seconds(1);
        drains(it, Exposure::Draining { until });
    });
}

#[test]
fn of_time_unready_the_sum_matters() {
    let run = baking();
    let unready = |it: &mut Rollout, before: u64, running: u64| {
        let since = ago(it, seconds(running));
        state(it).health.candidate = TrackHealth {
            unready: seconds(before),
            unready_since: Some(since),
            ..TrackHealth::default()
        };
    };
    are_one(&run, &|it| unready(it, 3, 4), &|it| unready(it, 5, 2));
    are_two(&run, &|it| unready(it, 3, 4), &|it| unready(it, 3, 5));
    // Beyond the grace it is too long, whatever it comes to.
    are_two(&run, &|it| unready(it, 16, 4), &|it| unready(it, 16, 5));
    are_one(&run, &|it| unready(it, 16, 5), &|it| unready(it, 16, 6));
}

/// They say how long the next try is put off.
#[test]
fn failures_matter_until_no_wait_is_longer() {
    let run = baking();
    let writes = |it: &mut Rollout, failures: u32| state(it).failures = failures;
    are_two(&run, &|it| writes(it, 4), &|it| writes(it, 5));
    are_one(&run, &|it| writes(it, 5), &|it| writes(it, 6));
    let looks = |it: &mut Rollout, failures: u32| latest(it).failures = failures;
    are_two(&run, &|it| looks(it, 2), &|it| looks(it, 3));
    are_one(&run, &|it| looks(it, 3), &|it| looks(it, 4));
}

#[test]
fn what_a_check_has_seen_matters_where_it_is_still_to_come() {
    let run = baking();
    let seen_to = |it: &mut Rollout, ahead: bool, by: u64| {
        let wall = it.latest.clock.wall;
        let at = if ahead {
            wall + seconds(by)
        } else {
            wall.before(seconds(by))
        };
        check(it).seen_to = at;
    };
    are_one(&run, &|it| seen_to(it, false, 9), &|it| {
        seen_to(it, false, 10);
    });
    are_two(&run, &|it| seen_to(it, true, 9), &|it| {
        seen_to(it, true, 10);
    });
    let waits = |it: &mut Rollout, from: u64| {
        let wall = it.latest.clock.wall;
        let open = check(it).open.clone().unwrap();
        let window = Window {
            from: wall.before(seconds(from)),
            to: wall.before(seconds(1)),
        };
        check(it).closed.push_back((window, open));
    };
    are_two(&run, &|it| waits(it, 8), &|it| waits(it, 9));
}

#[cfg(feature = "simulation")]
#[test]
fn machines_that_differ_say_so_in_words() {
    let (one, other) = (baking().rollout, writing().rollout);
    assert_ne!(one.describe_state(), other.describe_state());
    let words = one.describe_state();
    assert!(
        words.contains("decided") || words.contains("state: Baking"),
        "{words}"
    );
}

/// A look that began before the last write ended is not acted on, whatever else is under way.
#[test]
fn what_was_seen_before_the_last_write_ended_is_told_apart() {
    let run = baking();
    let seen_at = |it: &mut Rollout, ticket: u64| {
        let since = it.latest.clock.machine;
        state(it).min_ticket = Ticket(5);
        let latest = latest(it);
        (latest.ticket, latest.next_ticket) = (Ticket(ticket), 9);
        latest.asked = Some((Ticket(3), since));
    };
    are_two(&run, &|it| seen_at(it, 4), &|it| seen_at(it, 5));
    are_one(&run, &|it| seen_at(it, 1), &|it| seen_at(it, 2));
}

/// What only a person can help with is told from what may get on by itself.
#[test]
fn who_is_stuck_asks_for_a_person_where_a_claim_or_an_undo_is_lost_or_no_step_is_left() {
    let mut run = baking();
    run.order(Wish::Abort { force: false });
    let stuck = |is: bool| {
        let mut rollout = run.rollout.clone();
        let State::RollingBack(rolling) = &mut rollout.decided.state else {
            panic!("{}", run.story());
        };
        rolling.stuck = is;
        rollout
    };
    assert_eq!(stuck(false).place(), Place::RollingBack);
    assert_eq!(stuck(true).place(), Place::Stuck);
    let mut lost = stuck(true);
    state(&mut lost).claim_lost = true;
    assert_eq!(lost.place(), Place::Asking);
    let mut no_step = stuck(true);
    state(&mut no_step).waiting = Waits::Never { why: String::new() };
    assert_eq!(no_step.place(), Place::Asking);
    let mut not_undone = stuck(true);
    if let State::RollingBack(rolling) = &mut not_undone.decided.state {
        rolling.undo_failed = Some("no".to_owned());
    }
    assert_eq!(not_undone.place(), Place::Asking);
}

#[test]
fn machines_agree_by_what_they_decided_and_if_asked_by_what_they_saw() {
    let run = baking();
    let (same, mut decided, mut saw) = (
        run.rollout.clone(),
        run.rollout.clone(),
        run.rollout.clone(),
    );
    state(&mut decided).reasserted = 1;
    latest(&mut saw).failures = 1;
    for whole in [false, true] {
        assert!(run.rollout.agrees_with(&same, whole));
        assert!(!run.rollout.agrees_with(&decided, whole));
        assert_eq!(run.rollout.agrees_with(&saw, whole), !whole);
    }
}

#[test]
fn a_pause_is_seen_until_it_ends() {
    let mut run = baking();
    assert!(!run.rollout.is_paused());
    run.order(Wish::Pause);
    assert!(run.rollout.is_paused());
    run.order(Wish::Unpause);
    assert!(!run.rollout.is_paused());
}
