//! Which stages a plan guards: checks, approvals, and what holds where there is no way back.

use strategy_core::plan::{
    Check, Extension, Gate, HookPlan, HookPoint, OnFailure, Plan, Then, Undo,
};
use strategy_core::strategy::{Canary, CanaryStage, Retire};
use strategy_core::target::Promotion;

use crate::found::Place;
use crate::shapes::{errors, plan};

fn slower() -> Check {
    Check::new(Extension::new("p95").with("over-stable", "10%")).compares_with_stable()
}

#[test]
fn checks_run_where_they_can_say_something() {
    let canary = Canary::new()
        .stage(CanaryStage::at(5).checks(["errors"]))
        .stages([50, 100])
        .check("errors", errors())
        .check("slower", slower());
    let plan = plan(&canary, &Place::routed("api", 4).found());
    let checks: Vec<String> = plan
        .stages()
        .iter()
        .map(|stage| {
            let names: Vec<_> = stage.checks.iter().map(|check| check.as_str()).collect();
            format!("{} {}", stage.name, names.join("+"))
        })
        .collect();
    assert_eq!(
        checks,
        [
            "5% errors",
            "50% errors+slower",
            "100% errors",
            "promote errors",
            "return ",
            "retire "
        ]
    );
}

#[test]
fn approvals_stand_before_what_they_are_about() {
    let gates = |plan: &Plan| -> Vec<String> {
        let gated = plan.stages().iter().filter(|stage| !stage.gates.is_empty());
        gated
            .map(|stage| {
                let names: Vec<_> = stage.gates.iter().map(|gate| gate.name.as_str()).collect();
                format!("{} {}", stage.name, names.join("+"))
            })
            .collect()
    };
    let canary = Canary::new()
        .stages([50, 100])
        .approve_promotion(["lead"], 1)
        .approve_retirement(["lead"], 1)
        .gate_before("50%", Gate::external("window", Extension::new("calendar")));
    let update = Place::routed("api", 4).found();
    assert_eq!(
        gates(&plan(&canary, &update)),
        ["50% window", "promote promotion", "retire retirement"]
    );
    let swap = Place::routed("api", 4).promoting([Promotion::Swap]).found();
    assert_eq!(
        gates(&plan(&canary.retire(Retire::ScaleTo(0)), &swap)),
        ["50% window", "100% promotion", "retire retirement"]
    );
    let each = Canary::new()
        .stages([10, 50, 100])
        .approve_each_stage(["lead"], 1);
    assert_eq!(
        gates(&plan(&each, &swap)),
        ["50% approval", "100% approval"]
    );
}

#[test]
fn past_an_irreversible_migration_failures_hold() {
    let migrate =
        HookPlan::new("migrate", HookPoint::Before, Extension::new("job")).undo(Undo::Impossible);
    let canary = Canary::new()
        .stages([50, 100])
        .hook_in("100%", migrate)
        .approve_promotion(["lead"], 1);
    let made = plan(&canary, &Place::routed("api", 4).found());
    // What fails in its own stage before it begins still goes back.
    assert_eq!(made.stages()[0].on_failure, OnFailure::RollBack);
    assert_eq!(made.stages()[1].name.as_str(), "100%");
    assert_eq!(made.stages()[1].on_failure, OnFailure::RollBack);
    for stage in &made.stages()[2..] {
        assert!(
            matches!(
                stage.on_failure,
                OnFailure::Hold {
                    then: Then::Abandon,
                    ..
                }
            ),
            "{}",
            stage.name
        );
        assert!(
            stage.gates.iter().all(|gate| gate.then == Then::Abandon),
            "{}",
            stage.name
        );
    }
    let by_stage = Canary::new()
        .stages([50, 100])
        .point_of_no_return("promote");
    let made = plan(&by_stage, &Place::routed("api", 4).found());
    let closed = made
        .stages()
        .iter()
        .position(|stage| stage.point_of_no_return)
        .unwrap();
    assert_eq!(made.stages()[closed].name.as_str(), "promote");
    assert_eq!(made.stages()[closed - 1].on_failure, OnFailure::RollBack);
}

#[test]
fn what_is_promoted_directly_is_approved_before_the_rest_is_taken() {
    let found = Place::routed("api", 10)
        .with_candidate("api", 1)
        .promoting([Promotion::Swap])
        .found();
    let canary = Canary::new().stages([50]).promote_directly();
    let plan = plan(&canary.approve_promotion(["lead"], 1), &found);
    let gates: Vec<usize> = plan
        .stages()
        .iter()
        .map(|stage| stage.gates.len())
        .collect();
    assert_eq!(gates[..2], [0, 1], "{}", plan.table());
    assert_eq!(gates.iter().sum::<usize>(), 1);
}
