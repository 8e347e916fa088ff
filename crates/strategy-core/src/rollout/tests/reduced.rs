//! Machines in canonical form: the same whenever they began, however much was said, and once is enough.

use std::time::Duration;

use super::acting::seconds;
use super::checks::{every_15, limits, plan_with};
use super::kind_world::{KindWorld, Run};
use super::{BEGIN, canary};
use crate::analysis::{PreparedCheck, Verdict};
use crate::plan::{Extension, Gate, HookPlan, HookPoint};
use crate::rollout::{Rollout, Start, Wish};
use crate::target::{FatalReason, Found, TargetErrorKind};

/// What happens to a rollout, at one time after the other.
type Happens = fn(&mut Run);

const NOTHING: Happens = |_| ();

fn stories() -> Vec<(&'static str, [Happens; 4])> {
    vec![
        ("kind", [NOTHING; 4]),
        (
            "aborted",
            [
                NOTHING,
                |run| drop(run.order(Wish::Abort { force: false })),
                NOTHING,
                NOTHING,
            ],
        ),
        (
            "down",
            [
                |run| run.world.down = true,
                NOTHING,
                |run| run.world.down = false,
                NOTHING,
            ],
        ),
        (
            "refused",
            [
                |run| run.world.refuses = Some(TargetErrorKind::Unexpected),
                NOTHING,
                |run| run.world.refuses = None,
                NOTHING,
            ],
        ),
        (
            "unwell",
            [
                |run| {
                    run.world.unready.insert("app:v1".to_owned());
                    run.world.converge();
                },
                NOTHING,
                |run| {
                    run.world
                        .broken
                        .insert("app:v1".to_owned(), FatalReason::CrashLoop);
                    run.world.converge();
                },
                NOTHING,
            ],
        ),
        (
            "paused",
            [
                |run| drop(run.order(Wish::Pause)),
                NOTHING,
                |run| drop(run.order(Wish::Unpause)),
                NOTHING,
            ],
        ),
        (
            "moved",
            [
                NOTHING,
                |run| {
                    run.world.somebody_moves_traffic(70);
                    run.look_again();
                },
                NOTHING,
                |run| drop(run.order(Wish::Retry)),
            ],
        ),
        (
            "crashed",
            [|run| run.crash(seconds(7)), NOTHING, NOTHING, NOTHING],
        ),
    ]
}

fn started(later: Duration) -> Run {
    let mut stages = canary();
    stages[1].gates.push(Gate::approval("go", [], 1));
    let warm = HookPlan::new("warm", HookPoint::Ready, Extension::new("http"));
    stages[0].hooks.push(warm);
    let plan = plan_with(stages, &[("errors", every_15(limits(1)))]);
    let world = KindWorld::new(("v0", 4), None);
    let start = Start {
        id: "test".parse().unwrap(),
        plan,
        found: Found::main(world.discover()),
        prepared: vec![PreparedCheck {
            check: "errors".into(),
            bounded: true,
            findings: Vec::new(),
        }],
        take_over: false,
    };
    let begin = BEGIN + later;
    Run::new(Rollout::start(start, begin).unwrap(), world, begin)
}

/// All that a kind world does, for a while; after each input something is looked at.
fn goes_on(runs: &mut [Run], look: impl Fn(&[Run])) {
    for turn in 0..8 {
        for run in runs.iter_mut() {
            run.settle_now();
            for hook in run.hooks() {
                run.end_hook(&hook, true);
            }
            for look in run.looks() {
                run.judge(&look, Verdict::Pass);
            }
            if turn == 6 {
                run.approve("ada", &[], "all");
            }
        }
        look(runs);
        for run in runs.iter_mut() {
            run.pass_time();
        }
        look(runs);
    }
}

#[test]
fn a_machine_is_the_same_whenever_it_began() {
    for (name, happens) in stories() {
        let mut runs = [Duration::ZERO, seconds(100_000)].map(started);
        for happens in happens {
            goes_on(&mut runs, |runs| {
                assert_ne!(runs[0].rollout, runs[1].rollout);
                let [one, other] = [0, 1].map(|run: usize| runs[run].rollout.canonical());
                assert_eq!(one, other, "{name}\n{}", runs[0].story());
            });
            for run in &mut runs {
                happens(run);
            }
        }
    }
}

#[test]
fn a_machine_in_canonical_form_is_left_as_it_is_and_has_said_nothing() {
    for (name, happens) in stories() {
        let mut runs = [started(Duration::ZERO)];
        for happens in happens {
            goes_on(&mut runs, |runs| {
                let mut once = runs[0].rollout.canonical();
                assert_eq!(once.canonical(), once, "{name}\n{}", runs[0].story());
                assert!(once.poll_effect().is_none() && once.poll_event().is_none());
            });
            happens(&mut runs[0]);
        }
    }
}
