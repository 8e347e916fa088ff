//! Hooks and gates of simulated rollouts: they run, go wrong as told, and are all in the log.
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "of many facts in a log, one kind is looked for"
)]

use super::*;
use crate::plan::{Gate, HookPlan, HookPoint, Rerun, Undo};
use crate::release::Part;
use crate::rollout::Wish;
use crate::strategy::CanaryStage;
use crate::world::{Fact, Process};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn migrates() -> HookPlan {
    HookPlan::new("migrate", HookPoint::Before, Extension::new("migration"))
}

fn policy(hook: HookPlan) -> Canary {
    Canary::new()
        .stage(CanaryStage::at(50).hook(hook))
        .stages([100])
}

/// Process, effect and what came of it, of every run in order; `Err`: it never came to its end.
fn runs(report: &SimulationReport) -> Vec<(u32, u64, Result<Option<bool>, ()>)> {
    let log = report.log.iter();
    let began = log.filter_map(|entry| match &entry.fact {
        Fact::Ran { by, id, hook, .. } if hook == "migrate" => Some((*by, *id)),
        _ => None,
    });
    let found = |by: Process, id| {
        report.log.iter().find_map(|entry| match &entry.fact {
            Fact::Reported {
                by: whose,
                id: of,
                passed,
            } if (*whose, *of) == (by, id) => Some(*passed),
            _ => None,
        })
    };
    began
        .map(|(by, id)| (by.0, id.0, found(by, id).ok_or(())))
        .collect()
}

fn outcomes(report: &SimulationReport) -> Vec<Result<Option<bool>, ()>> {
    runs(report)
        .into_iter()
        .map(|(_, _, found)| found)
        .collect()
}

#[test]
fn a_hook_of_ones_own_kind_runs_and_finds_fault_as_told() {
    let well = quiet()
        .hook("migration", SimulatedHook::takes(seconds(90)))
        .run(&policy(migrates()));
    assert!(well.is_promoted(), "{:?}", well.end);
    assert_eq!(outcomes(&well), [Ok(Some(true))]);
    let at = |of: &dyn Fn(&Fact) -> bool| {
        let mut log = well.log.iter();
        log.find(|entry| of(&entry.fact)).unwrap().at
    };
    let began = at(&|fact| matches!(fact, Fact::Ran { .. }));
    let ended = at(&|fact| matches!(fact, Fact::Reported { .. }));
    assert_eq!(ended.since(began), seconds(90));

    let fails = SimulatedHook::default().fails(Runs::First(1));
    let bad = quiet().hook("migration", fails).run(&policy(migrates()));
    assert!(bad.is_rolled_back(), "{:?}", bad.end);
    assert_eq!(outcomes(&bad), [Ok(Some(false))]);

    let breaks = SimulatedHook::default().breaks(Runs::ALL);
    let broken = quiet()
        .hook("migration", breaks)
        .run(&policy(migrates().warns()));
    assert!(broken.is_promoted(), "{:?}", broken.end);
    assert_eq!(outcomes(&broken), [Ok(None)]);

    let unknown = quiet().run(&policy(migrates()));
    let End::NeverBegan { why } = &unknown.end else {
        panic!("{:?}", unknown.end);
    };
    assert!(why.contains("migration"), "{why}");
}

#[test]
fn a_plan_can_say_how_its_hooks_and_gates_behave() {
    let smoke = Extension::new(SimulatedHook::KIND)
        .with("takes", "30s")
        .with("fails", 1);
    let window = Extension::new(SimulatedGate::KIND).with("closed", 3);
    let hook = HookPlan::new("smoke", HookPoint::Ready, smoke).warns();
    let stage = CanaryStage::at(50)
        .gate(Gate::external("window", window))
        .hook(hook);
    let report = quiet().run(&Canary::new().stage(stage).stages([100]));
    assert!(report.is_promoted(), "{:?}", report.end);
    let passed: Vec<_> = report
        .log
        .iter()
        .filter_map(|entry| match &entry.fact {
            Fact::Reported { passed, .. } => Some(*passed),
            _ => None,
        })
        .collect();
    assert_eq!(passed, [Some(false)]);
    let first_write = report.world.parts[&Part::main()].writes[0].at;
    // Asked every 30 s: four questions, of which the last is answered with yes.
    let opened = first_write.since(report.world.from);
    assert!(opened >= seconds(90) && opened < seconds(120), "{opened:?}");

    let wrong = Extension::new(SimulatedHook::KIND).with("take", "30s");
    let wrong = HookPlan::new("smoke", HookPoint::Ready, wrong);
    let report = quiet().run(
        &Canary::new()
            .stage(CanaryStage::at(50).hook(wrong))
            .stages([100]),
    );
    assert!(report.is_rolled_back(), "{:?}", report.end);
    let events = format!("{:?}", report.events);
    assert!(events.contains("unknown field `take`"), "{events}");
}

#[test]
fn a_gate_that_refuses_keeps_the_stage_from_beginning() {
    let gate = Gate::external("window", Extension::new("calendar"));
    let policy = Canary::new()
        .stage(CanaryStage::at(50).gate(gate))
        .stages([100]);
    let run = |gate: SimulatedGate| quiet().gate("calendar", gate).run(&policy);
    let refused = run(SimulatedGate::takes(seconds(2))
        .refuses(Runs::ALL)
        .closed(Runs::ALL));
    assert!(refused.is_rolled_back(), "{:?}", refused.end);
    let writes = |report: &SimulationReport| report.world.parts[&Part::main()].writes.len();
    assert_eq!(writes(&refused), 0);
    let shy = run(SimulatedGate::default().breaks(Runs::First(2)));
    assert!(shy.is_promoted(), "{:?}", shy.end);
}

#[test]
fn a_crash_before_in_and_after_a_hook_shows_in_the_log() {
    let simulation = || quiet().hook("migration", SimulatedHook::takes(seconds(60)));
    let crash = || Trouble::Crash {
        resumed_after: seconds(20),
    };
    let [safe, keyed, never] = [Rerun::Safe, Rerun::OnlyWithKey, Rerun::Never].map(|rerun| {
        let mut unfinished = 0;
        // The hook is the first stage's first work: all of it is within the first calls.
        for call in 2..=6 {
            for when in [When::BeforeCall(call), When::AfterCall(call)] {
                let simulation = simulation().mishap(when, crash());
                let report = simulation.run(&policy(migrates().rerun(rerun)));
                let runs = runs(&report);
                let ends: Vec<_> = runs.iter().map(|(_, _, end)| *end).collect();
                match (rerun, ends.as_slice()) {
                    (_, [Ok(Some(true))]) => assert!(report.is_promoted(), "{:?}", report.end),
                    // Run by two processes as one and the same.
                    (Rerun::Safe | Rerun::OnlyWithKey, [Err(()), Ok(Some(true))]) => {
                        assert!(report.is_promoted(), "{:?}", report.end);
                        assert_eq!(runs[0].1, runs[1].1, "{when:?}");
                        assert_eq!((runs[0].0, runs[1].0), (1, 2), "{when:?}");
                        unfinished += 1;
                    }
                    // Nobody runs it again: a person is asked, who never answers.
                    (Rerun::Never, [Err(())] | []) => {
                        let end = format!("{:?}", report.end);
                        assert!(end.contains("may not run twice"), "{end}");
                        unfinished += 1;
                    }
                    _ => panic!("{rerun:?} {when:?}: {runs:?}"),
                }
            }
        }
        unfinished
    });
    assert!(safe > 0);
    assert_eq!(safe, keyed);
    // Of a crash just before it begins nobody knows whether it did, either.
    assert_eq!(never, safe + 1);
}

#[test]
fn a_hook_that_may_not_run_twice_runs_again_where_a_person_says_so() {
    let run = |ask| {
        quiet()
            .hook("migration", SimulatedHook::takes(seconds(60)))
            .mishap(
                When::After(seconds(30)),
                Trouble::Crash {
                    resumed_after: seconds(20),
                },
            )
            .asks(seconds(600), "ada", ask)
            .run(&policy(migrates()))
    };
    let again = run(Ask::Wish(Wish::Retry));
    assert!(again.is_promoted(), "{:?}", again.end);
    assert_eq!(outcomes(&again), [Err(()), Ok(Some(true))]);
    let done = run(Ask::Advance);
    assert!(done.is_promoted(), "{:?}", done.end);
    assert_eq!(outcomes(&done), [Err(())]);
}

#[test]
fn what_a_hook_did_is_undone_once_on_the_way_back() {
    let undo = Extension::new("unmigration");
    let hook = migrates().undo(Undo::By(undo));
    let report = quiet()
        .candidate(crashes_at_start())
        .hook("migration", SimulatedHook::default())
        .hook("unmigration", SimulatedHook::takes(seconds(5)))
        .run(&policy(hook));
    assert!(report.is_rolled_back(), "{:?}", report.end);
    let points: Vec<_> = report
        .log
        .iter()
        .filter_map(|entry| match &entry.fact {
            Fact::Ran { point, .. } => Some(*point),
            _ => None,
        })
        .collect();
    assert_eq!(points, [Some(HookPoint::Before), None]);
}
