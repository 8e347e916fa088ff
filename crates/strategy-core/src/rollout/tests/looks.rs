//! Which time is looked at, which looks count, and what is kept of them from stage to stage.

use super::acting::seconds;
use super::checks::{every_15, limits, plan_with};
use super::kind_world::{KindWorld, Run};
use super::{begin, canary, percent};
use crate::analysis::{Look, Verdict, Window};
use crate::plan::{Bake, ForeignPolicy, Gate, Limits, Plan, Policies, Stage};
use crate::release::Part;
use crate::rollout::{Answer, Effect, Input, Misuse, Outcome, Phase, Reason, Wish};
use crate::target::Effective;
use crate::timestamp::Timestamp;
use crate::traffic::Traffic;

fn run_with(stages: Vec<Stage>, limits: Limits) -> Run {
    let plan = plan_with(stages, &[("errors", every_15(limits))]);
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    run
}

/// The next look, whenever it is due.
#[track_caller]
pub(super) fn next(run: &mut Run) -> Look {
    for _ in 0..200 {
        let mut looks = run.looks();
        if !looks.is_empty() {
            assert_eq!(looks.len(), 1);
            return looks.remove(0);
        }
        assert!(!run.rollout.is_settled(), "{}", run.story());
        run.pass_time();
        run.settle_now();
    }
    panic!("no look comes\n{}", run.story());
}

/// Until then, with every look passed.
fn pass_until(run: &mut Run, end: Timestamp) -> Vec<Look> {
    let mut seen = Vec::new();
    while run.now < end && !run.rollout.is_settled() {
        run.settle_now();
        for look in run.looks() {
            run.judge(&look, Verdict::Pass);
            seen.push(look);
        }
        run.pass_time();
    }
    seen
}

pub(super) fn failed_by_a_check(run: &mut Run) {
    run.assert_rolled_back();
    run.assert_outcome(|outcome| {
        matches!(
            outcome,
            Outcome::RolledBack {
                reason: Reason::Check { .. }
            }
        )
    });
}

#[test]
fn failures_of_a_stage_are_counted_on_in_the_next() {
    let mut run = run_with(canary(), limits(1));
    let look = next(&mut run);
    run.judge(&look, Verdict::Fail);
    while !run.story().contains("`all` is effective") {
        let end = run.now + seconds(1);
        pass_until(&mut run, end);
    }
    assert_eq!(run.rollout.status().phase, Phase::Baking);
    let look = next(&mut run);
    assert_eq!(look.weights[&Part::main()], percent(100));
    run.judge(&look, Verdict::Fail);
    failed_by_a_check(&mut run);
}

#[test]
fn failures_one_after_the_other_are_counted_on_over_a_crash() {
    let consecutive = Limits {
        failures: 100,
        consecutive_failures: Some(1),
        ..Limits::default()
    };
    for limits in [limits(1), consecutive] {
        let mut run = run_with(canary(), limits);
        let look = next(&mut run);
        run.judge(&look, Verdict::Fail);
        run.crash(seconds(4));
        let look = next(&mut run);
        run.judge(&look, Verdict::Fail);
        failed_by_a_check(&mut run);
    }
}

/// What was watched at half of the traffic says nothing of the stage at all of it, however late it comes.
#[test]
fn a_look_that_is_answered_in_the_next_stage_counts_for_the_one_it_watched() {
    let mut stages = canary();
    stages[1].gates.push(Gate::approval("go", [], 1));
    let mut run = run_with(stages, limits(0));
    while run.rollout.status().phase != Phase::Gating {
        let end = run.now + seconds(1);
        pass_until(&mut run, end);
    }
    let late = next(&mut run);
    run.wait(seconds(20));
    assert_eq!(run.approve("ada", &[], "all"), Answer::Recorded);
    run.until("`all` is effective");
    let stands = run.now;
    let end = run.now + seconds(150);
    run.judge(&late, Verdict::Pass);
    let mut before = 1;
    while run.now < end && !run.rollout.is_settled() {
        run.settle_now();
        for look in run.looks() {
            let old = look.window.from < stands;
            before += u32::from(old);
            let verdict = if old {
                Verdict::Pass
            } else {
                Verdict::Undecided
            };
            run.judge(&look, verdict);
        }
        run.pass_time();
    }
    assert!(before >= 2, "{before}");
    assert_eq!(run.rollout.status().phase, Phase::Baking, "{}", run.story());
    assert!(!run.story().contains("`all` passed"), "{}", run.story());
}

#[test]
fn an_answer_to_an_older_look_is_none_to_the_one_under_way() {
    let mut run = run_with(canary(), limits(0));
    let one = next(&mut run);
    run.judge(&one, Verdict::Pass);
    let two = next(&mut run);
    let kept = run.rollout.latest.checks.clone();
    run.judge(&one, Verdict::Fail);
    run.judge(&one, Verdict::Pass);
    run.look_fails(&one);
    assert_eq!(run.rollout.latest.checks, kept, "{}", run.story());
    assert_eq!(run.rollout.status().phase, Phase::Baking);
    run.judge(&two, Verdict::Pass);
    let three = next(&mut run);
    assert_eq!(three.memory.as_str(), "1,2,");
    assert_eq!(three.window.from, two.window.to);
}

fn apart(looks: &[Look], from: Timestamp, to: Timestamp) {
    let outside = |window: Window| window.to <= from || window.from >= to;
    for look in looks {
        assert!(outside(look.window), "{from}-{to}: {:?}", look.window);
    }
    let (before, after) = (
        |look: &Look| look.window.to <= from,
        |look: &Look| look.window.from >= to,
    );
    assert!(looks.iter().any(before) && looks.iter().any(after));
}

#[test]
fn time_in_which_traffic_is_not_effective_belongs_to_no_window() {
    let elsewhere = Effective::Verified(Traffic::default());
    for effective in [Effective::Converging, elsewhere] {
        let mut run = run_with(canary(), limits(0));
        let mut looks = pass_until(&mut run, super::BEGIN + seconds(25));
        run.world.effective = Some(effective);
        run.look_again();
        let from = run.now;
        let end = from + seconds(100);
        looks.extend(pass_until(&mut run, end));
        run.world.effective = None;
        run.look_again();
        let to = run.now;
        looks.extend(pass_until(&mut run, to + seconds(60)));
        apart(&looks, from, to);
    }
}

#[test]
fn time_in_which_a_write_is_under_way_belongs_to_no_window() {
    let mut run = run_with(canary(), limits(0));
    let mut looks = Vec::new();
    let write = loop {
        let Some(effect) = run.rollout.poll_effect() else {
            let end = run.now + seconds(1);
            for look in run.looks() {
                run.judge_alone(&look, Verdict::Pass);
                looks.push(look);
            }
            run.now = run.rollout.poll_timeout().map_or(end, |at| at.min(end));
            run.rollout.handle_timeout(run.now);
            continue;
        };
        if let Effect::Apply { request, .. } = &effect
            && request.desired.traffic.weight == percent(100)
        {
            break effect;
        }
        match run.world.perform(effect.clone()) {
            Some(input) => {
                run.world.converge();
                run.tell(input);
            }
            None => run.others.push(effect),
        }
    };
    let from = run.now;
    looks.extend(pass_until(&mut run, from + seconds(25)));
    let to = run.now;
    let done = run.world.perform(write).unwrap();
    run.tell(done);
    looks.extend(pass_until(&mut run, to + seconds(60)));
    run.until("`all` is effective");
    apart(&looks, from, to);
}

impl Run {
    /// As `judge`, and what follows from it is not performed.
    fn judge_alone(&mut self, look: &Look, verdict: Verdict) {
        self.tell(Input::Measured {
            look: crate::rollout::LookId::from(look),
            measurement: crate::analysis::Measurement {
                verdict,
                evidence: "as told".to_owned(),
                memory: look.memory.clone(),
            },
        });
    }
}

#[test]
fn a_window_ends_where_the_weight_changes_though_nothing_of_ours_was_written() {
    let mut stages = canary();
    stages[0].bake = Bake::of(seconds(600));
    let planned = plan_with(stages, &[("errors", every_15(limits(0)))]);
    let mut policies = Policies::default();
    policies.foreign.traffic = ForeignPolicy::Reassert {
        times: 3,
        writers: [].into(),
    };
    let (release, stages) = (planned.release().clone(), planned.stages().to_vec());
    let plan = Plan::new(
        "by-hand",
        release,
        stages,
        planned.checks().clone(),
        policies,
    )
    .unwrap();
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    // In a pause it is not put back, and still watched.
    assert_eq!(run.order(Wish::Pause), Answer::Recorded);
    let end = run.now + seconds(20);
    let mut looks = pass_until(&mut run, end);
    run.world.somebody_moves_traffic(70);
    run.look_again();
    let moved = run.now;
    looks.extend(pass_until(&mut run, moved + seconds(50)));
    assert_eq!(run.weight(), 70, "{}", run.story());
    let of = |weight: u16| {
        let weight = percent(weight);
        looks
            .iter()
            .filter(move |look| look.weights[&Part::main()] == weight)
    };
    assert!(of(50).count() >= 2 && of(70).count() >= 2, "{looks:#?}");
    assert_eq!(of(50).count() + of(70).count(), looks.len());
    assert!(of(50).all(|look| look.window.to <= moved), "{looks:#?}");
    assert!(of(70).all(|look| look.window.from >= moved), "{looks:#?}");
}

/// What was watched is looked at also where a look takes long: up to eight windows wait for it.
#[test]
fn eight_windows_at_most_wait_for_a_look_that_takes_long() {
    let mut stages = canary();
    stages[0].bake = Bake::of(seconds(600));
    let mut run = run_with(stages, limits(0));
    let slow = next(&mut run);
    for _ in 0..12 {
        run.wait(seconds(2));
        run.world.effective = Some(Effective::Converging);
        run.look_again();
        run.wait(seconds(1));
        run.world.effective = None;
        run.look_again();
    }
    let now = run.now;
    run.judge(&slow, Verdict::Pass);
    let mut waited = 0;
    while let [look] = run.looks().as_slice() {
        waited += 1;
        run.judge(look, Verdict::Pass);
    }
    assert_eq!((waited, run.now), (8, now), "{}", run.story());
}

#[test]
fn an_answer_to_a_look_that_was_never_taken_is_refused() {
    let mut run = run_with(canary(), limits(0));
    let look = next(&mut run);
    let answer = |number| Input::MeasureFailed {
        look: crate::rollout::LookId {
            check: look.check.clone(),
            number,
        },
        failure: crate::rollout::Failure::new(
            crate::target::TargetErrorKind::Unavailable,
            crate::target::Certainty::NotTaken,
            "no answer",
        ),
    };
    let before = run.rollout.clone();
    let misuse = run.rollout.handle(answer(look.number + 1), run.now);
    assert!(
        matches!(misuse, Err(Misuse::UnknownLook { .. })),
        "{misuse:?}"
    );
    assert_eq!(run.rollout, before);
    assert_eq!(run.rollout.handle(answer(look.number), run.now), Ok(()));
}

/// What looks gave is written with the next decision, also where nothing else is new.
#[test]
fn memory_of_checks_is_journaled_with_the_next_decision() {
    let plan = plan_with(canary(), &[("errors", every_15(limits(1)))]);
    let mut run = begin(plan, KindWorld::new(("v0", 4), None));
    run.until("is effective and is watched");
    let look = next(&mut run);
    // What was seen of the part is written with this.
    run.order(Wish::Pause);
    run.judge(&look, Verdict::Pass);
    run.order(Wish::Unpause);
    run.crash(seconds(1));
    let later = next(&mut run);
    assert_eq!(later.memory.as_str(), "1,", "{}", run.story());
}
