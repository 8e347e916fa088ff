//! What cannot be a plan here, and the sentence that says so.

use strategy_core::plan::{Check, Extension, Gate, HookPlan, HookPoint, Policies};
use strategy_core::strategy::{BlueGreen, Canary, CanaryStage, Retire, Rolling};
use strategy_core::target::{Found, Promotion, Routing};
use strategy_core::{Amount, Release, Strategy};

use crate::found::{Place, part, parts};
use crate::shapes::release;

#[track_caller]
fn refused(strategy: &dyn Strategy, found: &Found, said: &str) {
    match strategy.plan(&release(), found) {
        Ok(plan) => panic!("not refused: {said}\n{}", plan.table()),
        Err(error) => assert!(
            error.to_string().contains(said),
            "refused for another reason than `{said}`: {error}"
        ),
    }
}

#[test]
fn weights_rise_to_all_and_are_weights() {
    let found = Place::routed("api", 10).found();
    for (canary, said) in [
        (Canary::new(), "it has no stages"),
        (
            Canary::new().stages([10, 10, 100]),
            "the weights do not rise: 10% follows 10%",
        ),
        (
            Canary::new().stages([25, 10, 100]),
            "the weights do not rise: 10% follows 25%",
        ),
        (
            Canary::new()
                .stage(CanaryStage::at(10))
                .stage(CanaryStage::at(0).mirror(50))
                .stage(CanaryStage::at(100)),
            "the weights do not rise: 0% follows 10%",
        ),
        (Canary::new().stages([10, 50]), "the last stage is at 50%"),
        (
            Canary::new().stages([0, 100]),
            "a stage at 0% tries nothing",
        ),
        // Flagger clips a step of 200 to all of the traffic; here it is a mistake.
        (
            Canary::new().stages([1, 2, 10, 200]),
            "a weight is at most 100%",
        ),
        (Canary::new().stages([-5, 100]), "`-5%` is no weight"),
        (
            Canary::new().stages(["1%", "0.25%", "100%"]),
            "the weights do not rise",
        ),
        // OpenKruise's validation: percentages that are none.
        (Canary::new().stages(["50"]), "`50` is no weight"),
        (Canary::new().stages(["101%"]), "a weight is at most 100%"),
        (Canary::new().stages(["%5"]), "`%5` is no weight"),
        (
            Canary::new().stages(["0%", "100%"]),
            "a stage at 0% tries nothing",
        ),
        (
            Canary::new()
                .stage(CanaryStage::at(0).mirror(200))
                .stages([100]),
            "at most 100%",
        ),
        // OpenKruise limits a step with traffic to half of the replicas, because its canary takes them
        // from stable. Here the candidate comes on top, so any share is possible.
    ] {
        refused(&canary, &found, said);
    }
    assert!(
        Canary::new()
            .stages([30, 31, 51, 100])
            .plan(&release(), &found)
            .is_ok()
    );
}

#[test]
fn what_the_platform_cannot_do_is_refused() {
    let slots = Place::slots("api", 3, 3).found();
    refused(
        &Canary::new().stages([50, 100]),
        &slots,
        "finer than its router can share: steps of 100%",
    );
    let routed = Place::routed("api", 3).found();
    refused(
        &Canary::new().stages(["0.5%", "100%"]),
        &routed,
        "0.5% of part `main` is finer",
    );
    let all = || Canary::new().stages([50, 100]);
    refused(
        &all().header_route("a", "b"),
        &routed,
        "cannot route by header",
    );
    refused(
        &all().cookie_route("a", "b"),
        &routed,
        "cannot route by cookie",
    );
    let mirrored = Canary::new()
        .stage(CanaryStage::at(0).mirror(10))
        .stages([100]);
    refused(&mirrored, &routed, "cannot mirror");
    refused(
        &all().promotion(Promotion::Swap),
        &routed,
        "promote by Swap, which it cannot",
    );
    let none = Place::routed("api", 3).promoting([]).found();
    refused(&all(), &none, "knows no way to promote");
    let replicas = Place::replicas("api", 4);
    refused(
        &BlueGreen::new(),
        &replicas.clone().found(),
        "traffic follows the ready replicas",
    );
    let by_route = Canary::new()
        .stage(CanaryStage::at(0).header_route("a", "b"))
        .stages([100]);
    refused(
        &by_route,
        &replicas.clone().header_routes().found(),
        "a stage at 0% has no candidate",
    );
    refused(
        &all(),
        &replicas.scaled(2, 9).found(),
        "an autoscaler decides how many",
    );
}

#[test]
fn release_and_targets_name_the_same_things() {
    let canary = Canary::new().stages([100]);
    let place = || Place::routed("api", 3);
    let more = parts([("main", place()), ("worker", place())]);
    refused(
        &canary,
        &more,
        "part `worker`: it was found, and the release does not ship it",
    );
    let other = parts([("worker", place())]);
    refused(
        &canary,
        &other,
        "part `main`: the release ships it, and no target is it",
    );
    refused(
        &canary,
        &Place::routed("web", 3).found(),
        "container `api`, which deployment/stable does not have",
    );
    refused(
        &canary,
        &place().without_stable().found(),
        "nothing runs yet",
    );
    refused(
        &canary,
        &Place::routed("api", 0).found(),
        "wants no replicas",
    );
    let mut policies = Policies::default();
    policies.immutable_images = true;
    let strict = canary.policies(policies);
    refused(
        &strict,
        &place().found(),
        "`shop/api:2` of container `api` can come to mean another one",
    );
    let pinned = Release::of([("api", format!("shop/api@sha256:{}", "0".repeat(64)))]).unwrap();
    assert!(strict.plan(&pinned, &place().found()).is_ok());
}

#[test]
fn what_was_found_is_never_removed() {
    let canary = Canary::new().stages([100]).retire(Retire::Remove);
    let found = Place::routed("api", 3).with_candidate("api", 1).found();
    refused(
        &canary,
        &found,
        "deployment/candidate was there before the rollout",
    );
    let swap = Place::routed("api", 3).promoting([Promotion::Swap]).found();
    refused(
        &canary,
        &swap,
        "deployment/stable was there before the rollout",
    );
    assert!(
        canary
            .plan(&release(), &Place::routed("api", 3).found())
            .is_ok()
    );
}

#[test]
fn options_name_stages_that_there_are() {
    let found = Place::routed("api", 3).found();
    let canary = || Canary::new().stages([50, 100]);
    let gate = Gate::approval("go", [], 1);
    refused(
        &canary().gate_before("75%", gate),
        &found,
        "gate `go` is for stage `75%`",
    );
    let hook = HookPlan::new("load", HookPoint::Effective, Extension::new("k6"));
    refused(
        &canary().hook_in("75%", hook),
        &found,
        "its stages are 50%, 100%, promote, return, retire",
    );
    refused(
        &canary().point_of_no_return("75%"),
        &found,
        "the point of no return is for stage `75%`",
    );
    let keep = canary()
        .retire(Retire::Keep)
        .approve_retirement(["lead"], 1);
    refused(
        &keep,
        &found,
        "waits before a retirement that the plan does not have",
    );
    let order = canary().parts_in_order([part("worker")]);
    refused(
        &order,
        &found,
        "the order names it, and the release does not ship it",
    );
    refused(
        &canary().parts_in_order([]),
        &found,
        "the order does not name it",
    );
    let compare = Check::new(Extension::new("p95")).compares_with_stable();
    let blind = Canary::new().stages([100]).check("slower", compare);
    refused(&blind, &found, "no stage runs it");
}

#[test]
fn rolling_never_does_without_replicas() {
    let found = Place::replicas("api", 100)
        .promoting([Promotion::Swap])
        .found();
    let rolling = Rolling::new;
    refused(
        &rolling().max_unavailable(1),
        &found,
        "1 of the replicas may be missing",
    );
    let share: Amount = "25%".parse().unwrap();
    refused(
        &rolling().max_unavailable(share),
        &found,
        "25% of the replicas may be missing",
    );
    refused(&rolling().max_surge(1), &found, "it would take 100 batches");
    refused(&rolling().batches(0), &found, "it would take 0 batches");
    refused(&rolling().batches(91), &found, "it would take 91 batches");
    assert!(rolling().batches(90).plan(&release(), &found).is_ok());
    refused(
        &rolling().max_surge(1).batches(3),
        &found,
        "both a surge and a number of batches",
    );
    let native = Place::routed("api", 3)
        .routing(Routing::Native)
        .promoting([Promotion::Native])
        .found();
    refused(
        &rolling().max_surge(1),
        &native,
        "the platform rolls by itself",
    );
}
