//! Undos of hooks on the way back, and the way back that a hook may close.

use super::acting::seconds;
use super::canary;
use super::hooks::{hook, run_with, with_hooks};
use super::kind_world::Run;
use crate::plan::{Extension, HookPoint, OnFailure, Stage, Then, Undecided, Undo};
use crate::rollout::{Answer, Phase, RecoverError, Rollout, Wish};

#[test]
fn undos_run_in_reverse_once_and_after_traffic_is_restored() {
    let undo = |name: &str| Undo::By(Extension::new(name));
    let mut run = with_hooks(
        0,
        vec![
            hook("a", HookPoint::Before).undo(undo("undo-a")),
            hook("none", HookPoint::Ready),
            hook("b", HookPoint::Effective).undo(undo("undo-b")),
        ],
    );
    for _ in 0..3 {
        run.until("runs");
        while run.others.is_empty() {
            run.pass_time();
            run.settle_now();
        }
        let asked = run.hook();
        run.end_hook(&asked, true);
    }
    run.until("is effective and is watched");
    run.order(Wish::Abort { force: false });
    for name in ["undo-b", "undo-a"] {
        assert_eq!(run.weight(), 0);
        assert!(run.story().contains("traffic is restored"));
        let asked = run.hook();
        assert_eq!((asked.run.kind.as_str(), asked.point), (name, None));
        run.wait(seconds(60));
        assert!(run.hooks().is_empty(), "one at a time");
        run.end_hook(&asked, true);
    }
    run.assert_rolled_back();
}

#[test]
fn a_failed_undo_is_stuck_and_never_rolled_back() {
    let undo = Undo::By(Extension::new("undo"));
    let mut run = with_hooks(0, vec![hook("a", HookPoint::Before).undo(undo)]);
    run.until("hook `a`");
    let asked = run.hook();
    run.end_hook(&asked, true);
    run.until("is effective and is watched");
    run.order(Wish::Abort { force: false });
    let asked = run.hook();
    run.end_hook(&asked, false);
    run.wait(seconds(3600));
    assert!(run.rollout.is_stuck() && run.rollout.outcome().is_none());
    assert!(run.hooks().is_empty(), "only a person runs it again");
    assert!(run.story().contains("the undo of hook `a` failed"));
    run.order(Wish::Retry);
    let again = run.hook();
    run.end_hook(&again, true);
    run.assert_rolled_back();
}

#[test]
fn a_retry_begins_no_second_undo_beside_one_that_runs() {
    let undo = Undo::By(Extension::new("undo"));
    let mut run = with_hooks(0, vec![hook("a", HookPoint::Before).undo(undo)]);
    run.until("hook `a`");
    let asked = run.hook();
    run.end_hook(&asked, true);
    run.order(Wish::Abort { force: false });
    let asked = run.hook();
    run.wait(seconds(700));
    assert!(run.rollout.is_stuck(), "{}", run.story());
    assert_eq!(run.order(Wish::Retry), Answer::Recorded);
    assert!(run.hooks().is_empty());
    run.end_hook(&asked, true);
    run.assert_rolled_back();
}

fn no_return() -> Vec<Stage> {
    let mut stages = canary();
    for stage in &mut stages {
        stage.on_failure = OnFailure::Hold {
            at_most: seconds(600),
            then: Then::Abandon,
        };
        stage.bake.undecided = Undecided::Then(Then::Abandon);
    }
    stages[0].hooks = vec![hook("drop", HookPoint::Before).undo(Undo::Impossible)];
    stages
}

#[test]
fn past_a_point_of_no_return_a_failure_holds_and_an_abort_needs_force() {
    let mut run = run_with(no_return());
    run.until("hook `drop`");
    let asked = run.hook();
    run.refused(Wish::Abort { force: false });
    run.refused(Wish::Reject);
    run.end_hook(&asked, false);
    assert_eq!(run.rollout.status().phase, Phase::Holding);
    run.wait(seconds(7200));
    assert_eq!(run.rollout.status().phase, Phase::Holding);
    assert_eq!(run.order(Wish::Abort { force: true }), Answer::Recorded);
    run.assert_rolled_back();
}

/// To take a rollout up in order to go back is an abort, whoever's process had it before.
#[test]
fn past_a_point_of_no_return_a_rollout_is_taken_up_to_go_back_by_force_alone() {
    let mut run = run_with(no_return());
    run.until("hook `drop`");
    let asked = run.hook();
    run.end_hook(&asked, true);
    run.until("is effective and is watched");
    let back = |run: &Run| Rollout::resume(&run.records, true, run.now);
    assert_eq!(back(&run).err(), Some(RecoverError::NoWayBack));
    run.crash(seconds(5));
    run.assert_unreturned();
    let by = "a process".to_owned();
    run.rollout = Rollout::resume_by_force(by, &run.records, run.now).unwrap();
    // Once it is decided, whoever takes it up goes the same way.
    run.settle_now();
    assert!(back(&run).is_ok());
    run.assert_rolled_back();

    let mut run = run_with(canary());
    run.until("is effective and is watched");
    assert!(back(&run).is_ok(), "it has none");
}

#[test]
fn no_limit_goes_back_past_a_point_of_no_return() {
    let mut run = run_with(no_return());
    run.until("hook `drop`");
    run.hook();
    run.crash(seconds(3));
    assert_eq!(run.rollout.status().phase, Phase::Holding);
    run.wait(seconds(24 * 3600 + 60));
    assert_ne!(run.rollout.status().phase, Phase::RollingBack);
    run.assert_unreturned();

    let mut run = run_with(no_return());
    run.until("hook `drop`");
    let asked = run.hook();
    run.end_hook(&asked, true);
    run.until("is effective and is watched");
    run.world.somebody_moves_traffic(0);
    run.look_again();
    run.wait(seconds(60));
    assert_ne!(run.rollout.status().phase, Phase::RollingBack);
    run.assert_unreturned();
}

#[test]
fn what_fails_before_an_irreversible_hook_has_begun_goes_back_and_after_it_holds() {
    let stages = || {
        let mut stages = no_return();
        stages[0].on_failure = OnFailure::RollBack;
        stages[0].hooks = vec![
            hook("smoke", HookPoint::Ready),
            hook("drop", HookPoint::Ready).undo(Undo::Impossible),
            hook("load", HookPoint::Effective),
        ];
        stages
    };
    let mut run = run_with(stages());
    run.until("hook `smoke`");
    let smoke = run.hook();
    run.end_hook(&smoke, false);
    run.assert_rolled_back();

    let mut run = run_with(stages());
    for name in ["smoke", "drop"] {
        run.until(&format!("hook `{name}`"));
        let asked = run.hook();
        run.end_hook(&asked, true);
    }
    run.until("hook `load`");
    let load = run.hook();
    run.end_hook(&load, false);
    assert_eq!(run.rollout.status().phase, Phase::Holding);
    run.wait(seconds(7200));
    run.assert_unreturned();
}

impl Run {
    #[track_caller]
    fn assert_unreturned(&self) {
        assert!(!self.story().contains("going back"), "{}", self.story());
    }
}
