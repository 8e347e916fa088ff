//! What blue-green and rolling releases make of what was found.

use std::time::Duration;

use strategy_core::Amount;
use strategy_core::plan::{Bake, Extension, HookPlan, HookPoint};
use strategy_core::strategy::{BlueGreen, Canary, Retire, Rolling};
use strategy_core::target::{Promotion, Routing};

use crate::found::{Place, minutes};
use crate::shapes::{errors, plan, shape};

#[test]
fn blue_green_previews_switches_and_keeps_the_old_side() {
    let blue_green = BlueGreen::new()
        .hook(HookPlan::new(
            "smoke",
            HookPoint::Ready,
            Extension::new("http"),
        ))
        .check("errors", errors());
    let found = Place::slots("api", 3, 3).found();
    let made = plan(&blue_green, &found);
    shape(
        &made,
        &["preview: 0% old newx100%", "switch: 100% old newx100%"],
    );
    assert_eq!(made.stages()[0].hooks[0].name, "smoke");
    assert!(made.stages()[0].checks.is_empty() && made.stages()[1].checks.len() == 1);
    assert_eq!(made.stages()[1].bake.at_least, minutes(5));
    let approved = plan(
        &blue_green
            .approve_switch(["lead"], 1)
            .retire(Retire::ScaleTo(0))
            .retire_after(minutes(30)),
        &found,
    );
    assert_eq!(approved.stages()[1].gates[0].name, "switch");
    assert_eq!(approved.stages()[1].bake.at_least, minutes(30));
    assert!(approved.stages()[1].bake.at_most > minutes(30));
    assert_eq!(approved.stages()[2].name.as_str(), "retire");
    let update = Place::routed("api", 3).found();
    shape(
        &plan(&BlueGreen::new(), &update),
        &[
            "preview: 0% old newx100%",
            "switch: 100% old newx100%",
            "promote: 100% newx100% newx100%",
            "return: 0% new newx100%",
            "retire: 0% new absent",
        ],
    );
}

#[test]
fn rolling_goes_batch_by_batch_where_traffic_follows_readiness() {
    let swap = |replicas| {
        Place::replicas("api", replicas)
            .promoting([Promotion::Swap])
            .found()
    };
    shape(
        &plan(&Rolling::new(), &swap(10)),
        &[
            // Ten replicas in four batches: 3, 2, 3 and 2 of them.
            "batch-1: 30% oldx7 newx3",
            "batch-2: 50% oldx5 newx5",
            "batch-3: 80% oldx2 newx8",
            "batch-4: 100% oldx0 newx10",
        ],
    );
    shape(
        &plan(&Rolling::new().max_surge(1), &swap(2)),
        &["batch-1: 50% oldx1 newx1", "batch-2: 100% oldx0 newx2"],
    );
    let few = plan(
        &Rolling::new().batches(5).bake_after_last(minutes(3)),
        &swap(2),
    );
    shape(
        &few,
        &["batch-1: 50% oldx1 newx1", "batch-2: 100% oldx0 newx2"],
    );
    assert_eq!(
        few.stages()[1].bake.at_least,
        minutes(3),
        "the last batch is the last one left"
    );
    // Kubernetes and Argo take one replica away when both bounds come to 0; we add one instead.
    let zero = Rolling::new().max_surge(Amount::Count(0));
    shape(
        &plan(&zero, &swap(2)),
        &["batch-1: 50% oldx1 newx1", "batch-2: 100% oldx0 newx2"],
    );
}

#[test]
fn rolling_lets_a_router_follow_and_a_platform_roll() {
    let routed = Place::routed("api", 3).promoting([Promotion::Swap]).found();
    shape(
        &plan(&Rolling::new().max_surge(1), &routed),
        &[
            "batch-1: 33% oldx67% newx33%",
            "batch-2: 66% oldx34% newx66%",
            "batch-3: 100% oldx0 newx100%",
        ],
    );
    let native = Place::routed("api", 3)
        .routing(Routing::Native)
        .promoting([Promotion::Native])
        .found();
    shape(
        &plan(&Rolling::new(), &native),
        &["roll: 100% oldx0 newx100%"],
    );
    shape(
        &plan(&Canary::new().stages([10, 100]), &native),
        &[
            "10%: 10% old newx100%",
            "100%: 100% old newx100%",
            "retire: 100% oldx0 newx100%",
        ],
    );
}

#[test]
fn every_batch_is_watched_as_long_as_is_said() {
    let strategy = Rolling::new()
        .batches(3)
        .bake(minutes(2))
        .bake_after_last(minutes(5));
    let found = Place::replicas("api", 9)
        .promoting([Promotion::Swap])
        .found();
    let made = plan(&strategy, &found);
    let bakes: Vec<_> = made
        .stages()
        .iter()
        .map(|stage| stage.bake.at_least)
        .collect();
    assert_eq!(bakes, [minutes(2), minutes(2), minutes(5)]);
}

#[test]
fn what_retires_later_bakes_longer_and_no_longer_than_that() {
    let found = Place::slots("api", 4, 0).found();
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let bake = |retire_after: u64| {
        let strategy = BlueGreen::new()
            .bake(Bake::of(minutes(10)).at_most(minutes(20)))
            .retire(Retire::ScaleTo(0))
            .retire_after(minutes(retire_after));
        let plan = plan(&strategy, &found);
        let switch = &plan.stages()[plan.stages().len() - 2];
        (switch.bake.at_least, switch.bake.at_most)
    };
    assert_eq!(bake(5), (minutes(10), minutes(20)));
    assert_eq!(bake(10), (minutes(10), minutes(20)));
    assert_eq!(bake(15), (minutes(15), minutes(75)));
}
