//! How old an observation is, and how often one is asked for.

use super::acting::seconds;
use super::kind_world::KindWorld;
use super::{begin, canary, plan};
use crate::plan::Policies;
use crate::release::Part;
use crate::rollout::{Effect, Input, Outcome};

#[test]
fn an_observation_that_comes_again_and_again_becomes_old() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    let mut kept: Option<Input> = None;
    let end = run.now + seconds(1800);
    // From here on nothing is read any more; the last answer comes again and again.
    run.tell(Input::Changed { part: Part::main() });
    while let Some(effect) = run.rollout.poll_effect() {
        if matches!(effect, Effect::Observe { .. }) {
            kept = run.world.perform(effect);
        }
    }
    let kept = kept.unwrap();
    let began = run.now;
    while run.now < end {
        run.tell(kept.clone());
        while run.rollout.poll_effect().is_some() {}
        run.now = run.now + seconds(20);
        run.rollout.handle_timeout(run.now);
    }
    let _ = began;
    let elapsed = run.rollout.status().bake.map(|bake| bake.elapsed);
    assert!(
        elapsed.is_some_and(|elapsed| elapsed <= seconds(100)),
        "the bake ran for {elapsed:?} on one reading"
    );
}

#[test]
fn an_equal_observation_is_kept_once() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    run.look_again();
    let seen = std::ptr::from_ref(run.rollout.observation(&Part::main()).unwrap());
    run.look_again();
    let again = run.rollout.observation(&Part::main()).unwrap();
    assert!(std::ptr::eq(seen, again));
}

#[test]
fn a_late_answer_is_as_old_as_its_question() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    run.tell(Input::Changed { part: Part::main() });
    let mut first = None;
    while let Some(effect) = run.rollout.poll_effect() {
        if matches!(effect, Effect::Observe { .. }) {
            first = run.world.perform(effect);
        }
    }
    let first = first.unwrap();
    let asked = run.now;
    // 100 s later, asked for a second time, the first answer comes.
    for _ in 0..10 {
        run.now = run.now + seconds(10);
        run.rollout.handle_timeout(run.now);
        while run.rollout.poll_effect().is_some() {}
    }
    run.tell(first);
    let at = run.rollout.latest.parts[&Part::main()].at.unwrap();
    assert!(
        at <= asked,
        "a reading begun {:?} ago counts as {:?} old",
        run.now.since(asked),
        run.now.since(at)
    );
}

#[test]
fn a_watch_that_has_nothing_to_tell_is_asked_once_a_resync() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    run.world.age = seconds(45);
    let before = run.looks_at_the_part;
    run.wait(seconds(55));
    let looks = run.looks_at_the_part - before;
    assert!(looks <= 4, "{looks}");
    run.world.age = seconds(0);
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

#[test]
fn what_is_too_old_to_act_on_is_asked_for_once_a_second_and_is_no_well() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    run.world.age = seconds(600);
    run.look_again();
    let (before, bake) = (run.looks_at_the_part, run.rollout.status().bake.unwrap());
    run.wait(seconds(20));
    let looks = run.looks_at_the_part - before;
    assert!((18..=22).contains(&looks), "{looks}");
    assert_eq!(run.rollout.status().bake.unwrap().elapsed, bake.elapsed);
    // A watch that has something to tell is heard at once.
    run.world.age = seconds(0);
    run.look_again();
    assert!(run.rollout.status().bake.unwrap().running);
}

/// For as long as what was seen may be acted on, and no longer.
#[test]
fn what_was_seen_is_fresh_for_what_is_left_until_it_is_too_old() {
    let policies = Policies::default();
    let mut run = begin(
        plan(canary(), policies.clone()),
        KindWorld::new(("v0", 4), None),
    );
    let part = Part::main();
    assert_eq!(run.rollout.fresh_for(&part), None, "nothing was seen");
    run.until("is effective and is watched");
    run.look_again();
    assert_eq!(run.rollout.fresh_for(&part), Some(policies.stale_after));
    // Nothing is read from here on.
    run.now = run.now + seconds(20);
    run.rollout.handle_timeout(run.now);
    let left = policies.stale_after - seconds(20);
    assert_eq!(run.rollout.fresh_for(&part), Some(left));
    for _ in 0..4 {
        run.now = run.now + seconds(30);
        run.rollout.handle_timeout(run.now);
    }
    assert_eq!(run.rollout.fresh_for(&part), None, "it is too old");
}

/// What is just not too old is acted on, and asked for anew whenever there is news.
#[test]
fn what_is_as_old_as_may_be_is_not_too_old() {
    let policies = Policies::default();
    let mut run = begin(
        plan(canary(), policies.clone()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    run.world.age = policies.stale_after;
    run.look_again();
    let looks = run.looks_at_the_part;
    run.look_again();
    assert_eq!(run.looks_at_the_part, looks + 1);
    assert!(run.rollout.status().bake.unwrap().running);
}

/// It was asked for once, and what it shows is as it was when it was asked for, at the latest.
#[test]
fn an_answer_that_takes_its_time_is_as_old_as_its_question() {
    let policies = Policies::default();
    let mut run = begin(
        plan(canary(), policies.clone()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    run.tell(Input::Changed { part: Part::main() });
    let look = std::iter::from_fn(|| run.rollout.poll_effect())
        .find(|effect| matches!(effect, Effect::Observe { .. }));
    let answer = run.world.perform(look.unwrap()).unwrap();
    for _ in 0..5 {
        run.now = run.now + seconds(10);
        run.rollout.handle_timeout(run.now);
        assert!(run.rollout.poll_effect().is_none(), "it is waited for");
    }
    run.tell(answer);
    let left = policies.stale_after - seconds(50);
    assert_eq!(run.rollout.fresh_for(&Part::main()), Some(left));
}
