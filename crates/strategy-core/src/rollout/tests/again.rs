//! What begins again, and where: after a failure that a person forgave, and after a crash in a pause.

use super::acting::seconds;
use super::fence::{at_write, taken_up_again};
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, plan};
use crate::plan::{Extension, HookPlan, HookPoint, OnFailure, Policies, Rerun, Then};
use crate::rollout::{Answer, Effect, Outcome, Phase, Wish};
use crate::target::FatalReason;

/// A hook is at work once users are on the candidate; what fails is held for a person.
fn hooking(rerun: Rerun) -> Run {
    let mut stages = canary();
    let hook = HookPlan::new("smoke-test", HookPoint::Effective, Extension::new("http"));
    stages[0].hooks.push(hook.rerun(rerun));
    stages[0].on_failure = OnFailure::Hold {
        at_most: seconds(3600),
        then: Then::RollBack,
    };
    let mut run = begin(
        plan(stages, Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("hook `smoke-test`");
    run
}

fn is_ready(run: &mut Run, is: bool) {
    if is {
        run.world.unready.clear();
        run.world.broken.clear();
    } else {
        run.world.unready.insert("app:v1".to_owned());
    }
    run.world.converge();
    run.look_again();
}

#[test]
fn a_stage_whose_hook_failed_begins_again_with_what_is_ready() {
    let mut run = hooking(Rerun::Safe);
    let hook = run.hook();
    run.end_hook(&hook, false);
    assert_eq!(run.rollout.status().phase, Phase::Holding);
    is_ready(&mut run, false);
    assert_eq!(run.order(Wish::Retry), Answer::Recorded);
    run.wait(seconds(5));
    assert!(run.hooks().is_empty(), "nothing is ready\n{}", run.story());
    is_ready(&mut run, true);
    run.wait(seconds(20));
    let hook = run.hook();
    run.end_hook(&hook, true);
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

/// A person is asked whether it was done, whatever else is said meanwhile.
#[test]
fn a_hook_that_a_crash_left_is_asked_about_also_after_something_else_failed() {
    let mut run = hooking(Rerun::Never);
    let _ = run.hook();
    run.crash(seconds(5));
    assert_eq!(run.rollout.status().phase, Phase::Holding);
    run.world
        .broken
        .insert("app:v1".to_owned(), FatalReason::CrashLoop);
    is_ready(&mut run, false);
    assert!(run.story().contains("crash"), "{}", run.story());
    is_ready(&mut run, true);
    assert_eq!(run.order(Wish::Retry), Answer::Recorded);
    assert_eq!(
        run.rollout.status().phase,
        Phase::Holding,
        "{}",
        run.story()
    );
    assert!(run.hooks().is_empty(), "it may not run twice");
    assert_eq!(run.advance("half"), Answer::Recorded);
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

/// It is not ordered while nothing is to change, and is the same write when the pause ends.
#[test]
fn a_write_that_a_crash_left_in_a_pause_is_ordered_again_when_the_pause_ends() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    let write = at_write(&mut run, 2);
    let pause = crate::rollout::Command::new("x", "ada", Wish::Pause);
    run.tell(crate::rollout::Input::Commanded(pause));
    taken_up_again(&mut run);
    run.done.clear();
    run.wait(seconds(100));
    let writes = |run: &Run| {
        let applied = |effect: &&Effect| matches!(effect, Effect::Apply { .. });
        let applied = run.done.iter().filter(applied);
        applied.map(Effect::id).collect::<Vec<_>>()
    };
    assert_eq!(writes(&run), [], "{}", run.story());
    assert_eq!(run.order(Wish::Unpause), Answer::Recorded);
    assert_eq!(writes(&run).first(), Some(&write.id()), "{}", run.story());
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

/// The way home is not held up by a pause that was ordered on the way there.
#[test]
fn a_write_home_that_a_crash_left_waits_for_no_pause() {
    let mut run = begin(
        plan(canary(), Policies::default()),
        KindWorld::new(("v0", 4), None),
    );
    run.until("is effective and is watched");
    assert_eq!(run.order(Wish::Pause), Answer::Recorded);
    let abort = crate::rollout::Command::new("x", "ada", Wish::Abort { force: false });
    run.tell(crate::rollout::Input::Commanded(abort));
    let _ = at_write(&mut run, 1);
    taken_up_again(&mut run);
    run.wait(seconds(10));
    assert_eq!(run.weight(), 0, "{}", run.story());
    run.assert_rolled_back();
}
