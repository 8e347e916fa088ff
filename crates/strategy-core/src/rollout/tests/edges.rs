//! Limits at their very edge: what is due at a moment is done then, not a millisecond before or after.

use std::time::Duration;

use super::acting::seconds;
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, plan};
use crate::plan::Policies;
use crate::rollout::{Effect, Input, News, Phase, Wish};
use crate::target::TargetErrorKind;

const MILLISECOND: Duration = Duration::from_millis(1);

fn baking(policies: Policies) -> Run {
    let mut run = begin(plan(canary(), policies), KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    run
}

/// Nothing is heard for so long, and then that time has passed.
fn silent(run: &mut Run, duration: Duration) {
    run.now = run.now + duration;
    run.rollout.handle_timeout(run.now);
    run.settle_now();
}

#[test]
fn a_silence_of_two_resync_intervals_is_no_jump_and_a_longer_one_is() {
    let jumps = |silence: Duration| {
        let mut run = baking(Policies::default());
        silent(&mut run, silence);
        run.said(|news| matches!(news, News::ClockJumped { .. }))
    };
    let resync = Policies::default().resync;
    assert_eq!(jumps(2 * resync), 0);
    assert_eq!(jumps(2 * resync + MILLISECOND), 1);
}

#[test]
fn a_pause_ends_at_its_limit() {
    let policies = Policies {
        pause_limit: seconds(100),
        ..Policies::default()
    };
    let mut run = baking(policies);
    run.order(Wish::Pause);
    run.wait(seconds(100) - MILLISECOND);
    assert!(run.rollout.status().paused_until.is_some());
    assert_eq!(run.rollout.status().phase, Phase::Baking);
    silent(&mut run, MILLISECOND);
    assert_eq!(run.rollout.status().paused_until, None);
    assert!(run.rollout.is_rolling_back(), "{}", run.story());
}

/// A look that is not answered is asked for again when twice a call's time has passed.
#[test]
fn a_look_that_is_not_answered_is_asked_for_again_after_twice_its_time() {
    let mut run = baking(Policies::default());
    run.tell(Input::Changed {
        part: crate::Part::main(),
    });
    let looks = |run: &mut Run| {
        let effects = std::iter::from_fn(|| run.rollout.poll_effect());
        effects
            .filter(|effect| matches!(effect, Effect::Observe { .. }))
            .count()
    };
    assert_eq!(looks(&mut run), 1, "and it is never answered");
    let began = run.now;
    while looks(&mut run) == 0 {
        run.now = run.now + seconds(10);
        run.rollout.handle_timeout(run.now);
        assert!(run.now <= began + seconds(200), "it is never asked again");
    }
    assert_eq!(run.now.since(began), 2 * Policies::default().write_timeout);
}

#[test]
fn a_grace_that_is_just_spent_is_not_overspent() {
    let mut stages = canary();
    for stage in &mut stages {
        stage.bake = crate::plan::Bake::of(seconds(600));
    }
    let mut run = begin(
        plan(stages, Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    let grace = run.rollout.plan().stages()[0].ready.grace;
    run.world.unready.insert("app:v1".to_owned());
    run.world.converge();
    run.look_again();
    run.wait(grace);
    assert!(!run.rollout.is_rolling_back(), "{}", run.story());
    silent(&mut run, MILLISECOND);
    assert!(run.rollout.is_rolling_back(), "{}", run.story());
}

/// Somebody came in between: that is answered by a look and a write at once, and the next time later.
#[test]
fn the_first_conflict_is_answered_at_once_and_the_next_ones_later_and_later() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.world.refuses = Some(TargetErrorKind::Conflict);
    run.wait(seconds(60));
    let times: Vec<Duration> = run
        .asked
        .iter()
        .map(|(at, _)| at.since(run.asked[0].0))
        .collect();
    assert!(times.len() > 4, "{times:?}");
    assert_eq!(times[1], Duration::ZERO);
    let waits: Vec<Duration> = times[1..].windows(2).map(|two| two[1] - two[0]).collect();
    assert!(waits[0] > Duration::ZERO, "{waits:?}");
    assert!(waits.is_sorted(), "{waits:?}");
    assert_eq!(run.said(|news| matches!(news, News::Unreachable { .. })), 0);
    assert!(!run.rollout.is_rolling_back());
    run.world.refuses = None;
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == crate::rollout::Outcome::Promoted);
}

/// What nobody expected may be anything: borne as long as a platform that cannot be reached.
#[test]
fn a_failure_that_nobody_expected_is_borne_as_long_as_a_platform_that_is_away() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.world.refuses = Some(TargetErrorKind::Unexpected);
    run.wait(seconds(290));
    assert!(!run.rollout.is_rolling_back(), "{}", run.story());
    assert_eq!(run.said(|news| matches!(news, News::Unreachable { .. })), 1);
    run.wait(seconds(20));
    assert!(
        run.rollout.is_rolling_back() || run.rollout.outcome().is_some(),
        "{}",
        run.story()
    );
}

/// A snapshot that is taken while the platform is away holds how long it has been.
#[test]
fn a_snapshot_of_a_bad_moment_reads_back_the_same() {
    let mut run = baking(Policies::default());
    run.world.down = true;
    for _ in 0..20 {
        run.wait(seconds(7));
        let snapshot = run.rollout.snapshot();
        let json = serde_json::to_string(&snapshot).unwrap();
        let read: crate::rollout::Record = serde_json::from_str(&json).unwrap();
        assert_eq!(read, snapshot);
    }
}

#[test]
fn an_unready_pod_more_than_the_grace_allows_is_told_by_its_count() {
    let mut run = baking(Policies::default());
    run.world.unready.insert("app:v1".to_owned());
    run.world.converge();
    run.look_again();
    run.assert_rolled_back();
    assert!(run.story().contains("0 of 2"), "{}", run.story());
}

/// A look that failed is taken again a while later: not at once, and just when that is due.
#[test]
fn a_look_that_failed_is_taken_again_just_when_it_is_due() {
    use super::checks::{every_15, limits, plan_with};
    let mut limits = limits(0);
    limits.consecutive_errors = 4;
    let plan = plan_with(canary(), &[("errors", every_15(limits))]);
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    let first = super::looks::next(&mut run);
    for _ in 0..3 {
        let failed = run.now;
        run.look_fails(&first);
        assert!(run.looks().is_empty(), "not at once");
        let again = super::looks::next(&mut run);
        assert_eq!(again, first);
        let waited = run.now.since(failed);
        assert!(waited >= seconds(1), "{waited:?}");
        assert_eq!(waited.subsec_millis(), 0, "{waited:?}");
    }
}
