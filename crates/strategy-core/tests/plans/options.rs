//! What is said for one stage, and where it applies.

use strategy_core::plan::{Gate, Health, OnFailure, ReadyRule, Then};
use strategy_core::strategy::{Canary, CanaryStage};
use strategy_core::target::Promotion;

use crate::found::{Place, minutes};
use crate::shapes::plan;

/// What waits in front of the point of no return may still go back; what waits behind it may not.
#[test]
fn a_gate_before_the_way_back_closes_rolls_back_as_it_says() {
    let strategy = Canary::new()
        .stages([50, 100])
        .gate_before("50%", Gate::approval("first", [], 1))
        .gate_before("100%", Gate::approval("last", [], 1))
        .gate_before("promote", Gate::approval("late", [], 1))
        .point_of_no_return("100%");
    let made = plan(&strategy, &Place::routed("api", 4).found());
    let then = |stage: usize| made.stages()[stage].gates[0].then;
    assert_eq!(made.stages()[1].name.as_str(), "100%");
    assert_eq!(
        (then(0), then(1), then(2)),
        (Then::RollBack, Then::RollBack, Then::Abandon)
    );
}

#[test]
fn who_takes_the_rest_is_approved_and_the_last_weight_below_all_is_not() {
    let strategy = Canary::new()
        .stages([25, 50])
        .promote_directly()
        .approve_promotion(["lead"], 1);
    let found = Place::routed("api", 4).promoting([Promotion::Swap]).found();
    let made = plan(&strategy, &found);
    let gates: Vec<(&str, usize)> = made
        .stages()
        .iter()
        .map(|stage| (stage.name.as_str(), stage.gates.len()))
        .collect();
    assert_eq!(gates, [("25%", 0), ("50%", 0), ("rest", 1)]);
}

#[test]
fn what_a_stage_says_for_itself_goes_before_what_is_said_for_all() {
    let hold = OnFailure::Hold {
        at_most: minutes(7),
        then: Then::RollBack,
    };
    let mut ready = ReadyRule::default();
    ready.settle = minutes(1);
    let own = CanaryStage::at(50)
        .health(Health::off())
        .ready(ready)
        .deadline(minutes(17))
        .on_failure(hold);
    let strategy = Canary::new().stage(own).stages([100]);
    let made = plan(&strategy, &Place::routed("api", 4).found());
    let (own, other) = (&made.stages()[0], &made.stages()[1]);
    assert_eq!(
        (own.health, own.ready, own.deadline, own.on_failure),
        (Health::off(), ready, minutes(17), hold)
    );
    assert_eq!(
        (other.health, other.ready, other.on_failure),
        (Health::default(), ReadyRule::default(), OnFailure::RollBack)
    );
    assert_ne!(other.deadline, minutes(17));
}

#[test]
fn stable_is_watched_for_a_while_when_it_has_its_traffic_back() {
    let bake = |strategy: &Canary| {
        let made = plan(strategy, &Place::routed("api", 4).found());
        let back = made.stages().iter().find(|s| s.name.as_str() == "return");
        back.unwrap().bake.at_least
    };
    let strategy = Canary::new().stages([50, 100]).bake(minutes(2));
    assert_eq!(bake(&strategy), minutes(1));
    assert_eq!(bake(&strategy.bake_after_return(minutes(9))), minutes(9));
}
