//! Clocks that jump, processes that sleep, and timers that are never busy.

use super::acting::seconds;
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, plan};
use crate::plan::Policies;
use crate::rollout::{Outcome, Phase};

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
