//! Releases of several parts: all together, or one after the other.

use strategy_core::plan::{Check, Extension, Gate, GoalTrack, Plan};
use strategy_core::strategy::{BlueGreen, Canary, Retire, Rolling};
use strategy_core::target::{Found, Promotion, Routing};
use strategy_core::{Images, Part, Release, Strategy};

use crate::found::{Place, part, parts};

#[test]
fn parts_move_together_or_one_after_the_other() {
    let release = Release::parts(
        ["backend", "frontend"]
            .map(|name| (part(name), Images::parse([("app", "shop/app:2")]).unwrap())),
    )
    .unwrap();
    let found = parts([
        ("backend", Place::routed("app", 4)),
        (
            "frontend",
            Place::routed("app", 2).promoting([Promotion::Swap]),
        ),
    ]);
    let canary = Canary::new().stages([50, 100]);
    let names = |plan: &Plan| -> Vec<String> {
        let name = |stage: &strategy_core::plan::Stage| {
            let parts: Vec<_> = stage.goals.keys().map(Part::as_str).collect();
            format!("{} {}", stage.name, parts.join("+"))
        };
        plan.stages().iter().map(name).collect()
    };
    let together = canary.plan(&release, &found).unwrap();
    assert_eq!(
        names(&together),
        [
            "50% backend+frontend",
            "100% backend+frontend",
            "promote backend",
            "return backend",
            "retire backend"
        ]
    );
    let in_order = canary
        .parts_in_order([part("frontend"), part("backend")])
        .gate_before("100%", Gate::approval("go", [], 1))
        .plan(&release, &found)
        .unwrap();
    assert_eq!(
        names(&in_order),
        [
            "frontend-50% backend+frontend",
            "frontend-100% frontend",
            "backend-50% backend",
            "backend-100% backend",
            "backend-promote backend",
            "backend-return backend",
            "retire backend"
        ]
    );
    let waiting = &in_order.stages()[0].goals[&part("backend")];
    assert_eq!(
        (&waiting.stable, &waiting.candidate),
        (&GoalTrack::recorded(), &GoalTrack::absent())
    );
    assert_eq!(
        in_order.stages()[1].gates.len() + in_order.stages()[3].gates.len(),
        2
    );
}

/// One release for two regions that have different numbers of pods.
fn regions() -> (Release, Found) {
    let release = Release::parts(
        ["eu", "us"].map(|name| (part(name), Images::parse([("app", "shop/app:2")]).unwrap())),
    )
    .unwrap();
    let found = parts([
        ("eu", Place::slots("app", 3, 0)),
        ("us", Place::slots("app", 7, 2)),
    ]);
    (release, found)
}

#[test]
fn parts_may_take_turns_in_every_strategy() {
    let (release, found) = regions();
    let order = [part("us"), part("eu")];
    let stages = |strategy: &dyn Strategy, found: &Found| -> Vec<String> {
        let plan = strategy.plan(&release, found).unwrap();
        let stages = plan.stages().iter().map(|stage| {
            let parts: Vec<_> = stage.goals.keys().map(Part::as_str).collect();
            format!("{} {}", stage.name, parts.join("+"))
        });
        stages.collect()
    };
    let approved = BlueGreen::new().parts_in_order(order.clone());
    assert_eq!(
        stages(&approved.clone().retire(Retire::ScaleTo(0)), &found),
        [
            "us-preview eu+us",
            "us-switch us",
            "eu-preview eu",
            "eu-switch eu",
            "retire eu+us"
        ]
    );
    let gated = approved.approve_switch(["lead"], 1);
    let plan = gated.plan(&release, &found).unwrap();
    let gates: Vec<_> = plan.stages().iter().map(|s| s.gates.len()).collect();
    assert_eq!(gates, [0, 1, 0, 1]);

    // What compares can do so in each turn; of the part whose turn is over it says nothing.
    let compare = Check::new(Extension::new("p95")).compares_with_stable();
    let canary = Canary::new()
        .stages([50, 100])
        .parts_in_order(order.clone())
        .check("slower", compare);
    let routed = parts([
        ("eu", Place::routed("app", 3)),
        ("us", Place::routed("app", 2)),
    ]);
    let plan = canary.plan(&release, &routed).unwrap();
    let compared = plan.stages().iter().filter(|s| !s.checks.is_empty());
    let compared: Vec<_> = compared.map(|stage| stage.name.as_str()).collect();
    assert_eq!(compared, ["us-50%", "eu-50%"]);

    let native = Place::replicas("app", 4)
        .routing(Routing::Native)
        .promoting([Promotion::Native]);
    let counted = Place::replicas("app", 2).promoting([Promotion::Swap]);
    let found = parts([("eu", native), ("us", counted)]);
    let together = Rolling::new().plan(&release, &found).unwrap_err();
    assert!(
        together.to_string().contains("one after the other"),
        "{together}"
    );
    assert_eq!(
        stages(&Rolling::new().parts_in_order(order), &found),
        ["us-batch-1 eu+us", "us-batch-2 us", "eu-roll eu"]
    );
}

#[test]
fn a_part_that_the_order_leaves_out_is_named() {
    let (release, found) = regions();
    let order = |names: &[&str]| {
        let order = names.iter().map(|name| part(name));
        let strategy = BlueGreen::new().parts_in_order(order.collect::<Vec<_>>());
        strategy.plan(&release, &found)
    };
    let error = order(&["us"]).unwrap_err().to_string();
    assert!(
        error.contains("eu") && error.contains("the order does not name it"),
        "{error}"
    );
    let error = order(&["us", "eu", "us"]).unwrap_err().to_string();
    assert!(
        error.contains("us") && error.contains("the order names it twice"),
        "{error}"
    );
    assert!(order(&["us", "eu"]).is_ok());
}
