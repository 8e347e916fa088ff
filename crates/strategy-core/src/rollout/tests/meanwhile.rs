//! What goes on meanwhile: traffic home without a fence, a pause in trouble, health while a hook runs.

use super::acting::seconds;
use super::checks::{every_15, limits, plan_with};
use super::failing::claims_refused;
use super::fence::{at_write, lost};
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, plan};
use crate::analysis::Verdict;
use crate::plan::{Extension, Gate, Health, HookPlan, HookPoint, Policies, Stage};
use crate::rollout::{
    Answer, Effect, EffectKind, Input, News, Outcome, Phase, Reason, Record, RecoverError, Rollout,
    Wish,
};
use crate::target::{EffectId, TargetErrorKind};

fn started(stages: Vec<Stage>) -> Run {
    begin(
        plan(stages, Policies::default()),
        KindWorld::new(("v0", 4), None),
    )
}

/// Users first: nothing on the way home for traffic waits for a claim that is not granted.
#[test]
fn traffic_goes_home_though_no_fence_is_granted() {
    let mut run = started(canary());
    run.until("is effective and is watched");
    let write = at_write(&mut run, 1);
    run.tell(lost(&write));
    let abort = crate::rollout::Command::new("x", "ada", Wish::Abort { force: false });
    run.tell(Input::Commanded(abort));
    assert_eq!(run.weight(), 50);
    let tried = claims_refused(&mut run, seconds(30));
    assert!(!tried.is_empty());
    assert_eq!(run.weight(), 0, "{}", run.story());
    assert!(run.rollout.outcome().is_none(), "not before the fence");
    run.assert_rolled_back();
}

#[test]
fn a_pause_in_trouble_with_writes_is_no_trouble() {
    let mut run = started(canary());
    run.until("stage 1 `half` begins");
    run.world.refuses = Some(TargetErrorKind::Unavailable);
    run.wait(seconds(100));
    assert_eq!(run.said(|news| matches!(news, News::Unreachable { .. })), 1);
    assert_eq!(run.order(Wish::Pause), Answer::Recorded);
    run.wait(seconds(3600));
    assert!(!run.rollout.is_rolling_back(), "{}", run.story());
    assert!(run.rollout.outcome().is_none(), "{}", run.story());
    run.world.refuses = None;
    assert_eq!(run.order(Wish::Unpause), Answer::Recorded);
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

/// Users are on the stage before while the next one's gate is asked and its first hook runs.
#[test]
fn while_a_gate_or_a_first_hook_is_waited_for_the_stage_before_is_watched() {
    type Waits = fn(&mut Stage);
    let cases: [(Phase, Waits); 2] = [
        (Phase::Gating, |stage| {
            stage.gates.push(Gate::approval("go", [], 1));
        }),
        (Phase::Hooking, |stage| {
            let warm = HookPlan::new("warm", HookPoint::Before, Extension::new("http"));
            stage.hooks.push(warm);
        }),
    ];
    for (phase, waits) in cases {
        for is_watched in [true, false] {
            let mut stages = canary();
            waits(&mut stages[1]);
            let off = if is_watched { 1 } else { 0 };
            stages[off].health = Health::off();
            let mut run = started(stages);
            run.until("stage 2 `all` begins");
            run.settle_now();
            assert_eq!(run.rollout.status().phase, phase);
            run.world.restarts.insert("app:v1".to_owned(), 9);
            run.look_again();
            assert_eq!(run.rollout.is_rolling_back(), is_watched, "{phase:?}");
            if is_watched {
                run.assert_rolled_back();
                run.assert_outcome(|outcome| {
                    matches!(
                        outcome,
                        Outcome::RolledBack {
                            reason: Reason::Restarts { .. }
                        }
                    )
                });
            }
        }
    }
}

/// What was seen before a pause is no last look of a bake that goes on after it.
#[test]
fn a_pause_in_the_last_look_of_a_bake_asks_for_another_one() {
    let plan = plan_with(canary(), &[("errors", every_15(limits(0)))]);
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    let end = run.now + seconds(60);
    let mut last = None;
    while last.is_none() {
        run.pass_time();
        run.settle_now();
        for look in run.looks() {
            if look.window.to < end {
                run.judge(&look, Verdict::Pass);
            } else {
                last = Some(look);
            }
        }
    }
    let last = last.unwrap();
    assert_eq!(run.order(Wish::Pause), Answer::Recorded);
    run.judge(&last, Verdict::Pass);
    run.wait(seconds(20));
    for look in run.looks() {
        run.judge(&look, Verdict::Pass);
    }
    assert!(!run.story().contains("`half` passed"), "{}", run.story());
    assert_eq!(run.order(Wish::Unpause), Answer::Recorded);
    assert!(!run.story().contains("`half` passed"), "{}", run.story());
    for look in run.looks() {
        run.judge(&look, Verdict::Fail);
    }
    run.wait(seconds(20));
    for look in run.looks() {
        run.judge(&look, Verdict::Fail);
    }
    assert!(!run.story().contains("`half` passed"), "{}", run.story());
    run.assert_rolled_back();
}

#[test]
fn a_snapshot_has_nothing_of_what_is_still_to_be_done_about_it() {
    let mut run = started(canary());
    run.until("is effective and is watched");
    run.tell(Input::Changed {
        part: crate::Part::main(),
    });
    // The look that was ordered, and news, were not taken out yet.
    let snapshot = run.rollout.snapshot();
    let json = serde_json::to_string(&snapshot).unwrap();
    let read: Record = serde_json::from_str(&json).unwrap();
    assert_eq!(read, snapshot);
    assert!(matches!(
        run.rollout.poll_effect(),
        Some(Effect::Observe { .. })
    ));
}

/// Who looks into the journal finds the record that is named.
#[test]
fn a_record_that_is_decided_otherwise_now_is_named_by_its_number() {
    let mut run = started(canary());
    run.run(seconds(3600));
    let decisions: Vec<usize> = run
        .records
        .iter()
        .enumerate()
        .filter(|(_, record)| matches!(record, Record::Decision(_)))
        .map(|(number, _)| number)
        .collect();
    assert!(decisions.len() > 5);
    for number in decisions.into_iter().take(5) {
        let mut records = run.records.clone();
        let Record::Decision(decision) = &mut records[number] else {
            unreachable!()
        };
        decision.effects.push((EffectId(99), EffectKind::Apply));
        let error = Rollout::replay(&records, false).unwrap_err();
        let RecoverError::Diverged { record, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(record, number, "counted from 0, the snapshot");
    }
}

/// What could be written in between is written: the time that trouble is borne begins anew.
#[test]
fn trouble_that_was_over_for_a_moment_is_borne_anew() {
    let mut run = started(canary());
    run.until("stage 1 `half` begins");
    for _ in 0..2 {
        let writes = run.world.writes;
        run.world.refuses = Some(TargetErrorKind::Unavailable);
        run.wait(seconds(200));
        assert!(!run.rollout.is_rolling_back(), "{}", run.story());
        run.world.refuses = None;
        while run.world.writes == writes {
            run.pass_time();
            while run.world.writes == writes && run.perform_one() {}
        }
    }
    run.settle_now();
    assert_eq!(run.said(|news| matches!(news, News::Reachable { .. })), 2);
    run.run(seconds(3600));
    run.assert_outcome(|outcome| *outcome == Outcome::Promoted);
}

#[test]
fn what_was_seen_last_can_be_asked() {
    let mut run = started(canary());
    run.until("is effective and is watched");
    let seen = run.rollout.observation(&crate::Part::main()).unwrap();
    assert_eq!(*seen, run.world.observe());
}

/// What is written between decisions is of checks alone: what was seen stands with what was decided on it.
#[test]
fn between_decisions_only_checks_are_written() {
    let mut stages = canary();
    stages[0].bake = crate::plan::Bake::of(seconds(3600));
    let plan = plan_with(stages, &[("errors", every_15(limits(0)))]);
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    // Until what stable lost of its share has drained.
    run.wait(seconds(20));
    run.records.clear();
    let end = run.now + seconds(600);
    while run.now < end {
        run.settle_now();
        for look in run.looks() {
            run.judge(&look, Verdict::Pass);
        }
        run.world.restarts.insert("app:v0".to_owned(), 1);
        run.look_again();
        run.pass_time();
    }
    let mut flushed = 0;
    for record in &run.records {
        match record {
            Record::State(state) => {
                let json = serde_json::to_value(state).unwrap();
                let parts = json["parts"].as_object().map_or(0, serde_json::Map::len);
                assert_eq!(parts, 0, "{json}");
                flushed += 1;
            }
            Record::Decision(decision) => panic!("{decision:?}"),
            Record::Snapshot(_) => panic!("a snapshot"),
        }
    }
    assert!(flushed >= 3, "{flushed}");
}
