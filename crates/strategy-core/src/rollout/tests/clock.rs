//! Clocks that jump, processes that sleep, and timers that are never busy.

use super::acting::seconds;
use super::checks::{every_15, limits, plan_with};
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, plan};
use crate::analysis::Verdict;
use crate::plan::{Gate, Policies};
use crate::rollout::{Command, Effect, Input, Outcome, Phase, Wish};

fn baking() -> Run {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    run
}

fn jump(run: &mut Run, to: crate::Timestamp) {
    run.now = to;
    run.rollout.handle_timeout(to);
    run.settle_now();
}

#[test]
fn a_jump_forward_counts_one_resync_at_most() {
    let mut run = baking();
    run.wait(seconds(5));
    let to = run.now + seconds(7200);
    jump(&mut run, to);
    let elapsed = run.rollout.status().bake.unwrap().elapsed;
    assert!(elapsed <= seconds(35), "{elapsed:?}");
    assert_eq!(
        run.rollout.status().phase,
        Phase::Baking,
        "no limit ran out\n{}",
        run.story()
    );
    assert!(run.story().contains("the clock jumped forward"));
}

#[test]
fn a_clock_that_is_set_back_stops_nothing() {
    let mut run = baking();
    run.wait(seconds(5));
    let to = run.now.before(seconds(7200));
    jump(&mut run, to);
    run.wait(seconds(56));
    assert!(run.story().contains("`half` passed"), "{}", run.story());
    assert!(
        run.story().contains("the clock jumped back by 2h"),
        "{}",
        run.story()
    );
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

#[test]
fn a_clock_that_is_put_right_a_little_is_no_news() {
    let mut run = baking();
    for _ in 0..20 {
        run.wait(seconds(2));
        let to = run.now.before(std::time::Duration::from_millis(3));
        jump(&mut run, to);
    }
    assert!(!run.story().contains("the clock jumped"), "{}", run.story());
}

#[test]
fn a_crash_counts_one_resync_at_most_and_a_limit_goes_on() {
    let mut world = KindWorld::new(("v0", 4), None);
    world.unready.insert("app:v1".to_owned());
    let mut run = begin(plan(canary(), Policies::default()), world);
    run.wait(seconds(500));
    run.crash(seconds(7200));
    assert_eq!(
        run.rollout.status().phase,
        Phase::Stepping,
        "{}",
        run.story()
    );
    run.wait(seconds(65));
    assert_eq!(run.rollout.status().phase, Phase::Stepping);
    run.wait(seconds(100));
    run.assert_rolled_back();
}

#[test]
fn spurious_timeouts_change_nothing() {
    let mut run = baking();
    run.wait(seconds(3));
    let (before, records) = (run.rollout.clone(), run.records.len());
    for _ in 0..50 {
        run.rollout.handle_timeout(run.now);
        run.settle_now();
    }
    assert_eq!(run.rollout, before);
    assert_eq!(run.records.len(), records);
    assert!(run.rollout.poll_timeout().unwrap() <= run.now + seconds(30));
}

#[test]
fn after_a_long_sleep_no_step_rests_on_what_was_seen_before() {
    let mut stages = canary();
    stages[1].gates.push(Gate::approval("go", [], 1));
    let mut run = begin(
        plan(stages, Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("stage 2 `all` begins");
    run.settle_now();
    // The machine sleeps for two hours; a person's approval wakes it up.
    run.now = run.now + seconds(7200);
    let plan = run.rollout.plan().digest();
    run.tell(Input::Commanded(Command::new(
        "x",
        "ada",
        Wish::Approve {
            stage: "all".into(),
            plan,
        },
    )));
    let mut first = Vec::new();
    while let Some(effect) = run.rollout.poll_effect() {
        first.push(effect);
    }
    assert!(
        !first
            .iter()
            .any(|effect| matches!(effect, Effect::Apply { .. })),
        "it writes on what it saw two hours ago: {first:#?}"
    );
}

#[test]
fn a_clock_that_is_set_back_in_a_checked_bake_costs_no_release() {
    let plan = plan_with(canary(), &[("errors", every_15(limits(0)))]);
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    run.wait(seconds(5));
    run.now = run.now.before(seconds(7200));
    run.rollout.handle_timeout(run.now);
    while !run.rollout.is_settled() {
        run.settle_now();
        for look in run.looks() {
            run.judge(&look, Verdict::Pass);
        }
        run.pass_time();
    }
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

#[test]
fn time_in_which_no_process_ran_is_no_bake() {
    for down in [10, 29, 50, 59, 61, 7200] {
        let mut run = baking();
        run.wait(seconds(5));
        run.crash(seconds(down));
        let elapsed = run.rollout.status().bake.unwrap().elapsed;
        assert!(elapsed <= seconds(5), "down for {down} s: {elapsed:?}");
        run.wait(seconds(50));
        assert!(!run.story().contains("`half` passed"), "down for {down} s");
        run.wait(seconds(10));
        assert!(run.story().contains("`half` passed"), "down for {down} s");
    }
}

#[test]
fn time_that_was_measured_counts_whatever_the_wall_clock_is_set_to() {
    for set_by in [-3_600_000_i64, -20_000, 0, 20_000, 29_000, 3_600_000] {
        let mut run = baking();
        let set = |at: crate::Timestamp| {
            crate::Timestamp::from_millis(at.as_millis().saturating_add_signed(set_by))
        };
        let before = run.rollout.status().bake.unwrap().elapsed;
        let measured = |run: &mut Run, to, passed| {
            run.rollout
                .handle_measured(Input::TimePassed, to, passed)
                .unwrap();
            run.now = to;
            run.settle_now();
        };
        let to = run.now + seconds(5);
        measured(&mut run, to, seconds(5));
        // Somebody sets the clock, and a second passes.
        let to = set(run.now) + seconds(1);
        measured(&mut run, to, seconds(1));
        let to = run.now + seconds(4);
        measured(&mut run, to, seconds(4));
        let elapsed = run.rollout.status().bake.unwrap().elapsed - before;
        let counts = if set_by == 0 { 10 } else { 9 };
        assert!(
            (seconds(counts)..=seconds(10)).contains(&elapsed),
            "set by {set_by} ms: {elapsed:?}"
        );
    }
}

/// Up to five minutes are waited for, so that no moment belongs to two windows; more is not.
#[test]
fn windows_wait_for_a_clock_that_was_set_back_by_five_minutes_and_go_on_where_it_was_more() {
    for (back, waits) in [(300_000, true), (300_001, false)] {
        let mut run = baking();
        let before = run.now;
        let to = before.before(std::time::Duration::from_millis(back));
        run.rollout
            .handle_measured(Input::TimePassed, to, seconds(0))
            .unwrap();
        let shown = if waits { to } else { before };
        assert_eq!(run.rollout.latest.clock.for_windows(), shown, "{back} ms");
    }
}

#[test]
fn what_it_was_told_last_is_the_wall_clock_of_the_last_input() {
    let mut run = baking();
    run.wait(seconds(7));
    assert_eq!(run.rollout.told(), run.now);
    let to = run.now.before(seconds(7200));
    jump(&mut run, to);
    assert_eq!(run.rollout.told(), to);
}

/// Windows are ahead of a clock that was set back, and stay so: time that was measured passes for them too,
/// however long nobody asked. Of what was not measured no more is believed than a resync interval.
#[test]
fn windows_that_are_ahead_of_the_clock_go_on_as_time_does() {
    for (measured, passed, passes) in [(true, 600, 600), (false, 600, 30), (false, 40, 40)] {
        let mut run = baking();
        let to = run.now.before(seconds(7200));
        let tell = |run: &mut Run, to, passed: Option<u64>| match passed {
            Some(passed) => run
                .rollout
                .handle_measured(Input::TimePassed, to, seconds(passed))
                .unwrap(),
            None => run.rollout.handle(Input::TimePassed, to).unwrap(),
        };
        tell(&mut run, to, Some(0));
        let before = run.rollout.latest.clock.for_windows();
        assert_eq!(before, run.now);
        tell(&mut run, to + seconds(passed), measured.then_some(passed));
        let after = run.rollout.latest.clock.for_windows();
        assert_eq!(
            after.since(before),
            seconds(passes),
            "{passed} s, measured: {measured}"
        );
    }
}
