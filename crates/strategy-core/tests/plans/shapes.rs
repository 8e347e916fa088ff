//! The stages that each strategy comes to, on each kind of platform.

use std::time::Duration;

use strategy_core::plan::{Check, Extension, GoalTrack, Health, Plan, StageKind};
use strategy_core::strategy::{BlueGreen, Canary, CanaryStage, CandidateCapacity, Retire};
use strategy_core::target::{Found, Promotion};
use strategy_core::{Capacity, Part, Release, Revision, Stickiness, Strategy, Weight};

use crate::found::{Place, percent};

pub(crate) fn release() -> Release {
    Release::of([("api", "shop/api:2")]).unwrap()
}

pub(crate) fn plan(strategy: &dyn Strategy, found: &Found) -> Plan {
    strategy.plan(&release(), found).unwrap()
}

/// One line a stage: name, weight, stable, candidate.
#[track_caller]
pub(crate) fn shape(plan: &Plan, expected: &[&str]) {
    let side = |track: &GoalTrack| {
        if track.revision == Revision::Absent {
            return "absent".to_owned();
        }
        let what = if track.revision.is_release() {
            "new"
        } else {
            "old"
        };
        match track.capacity {
            Capacity::Count(count) => format!("{what}x{count}"),
            Capacity::Share(share) => format!("{what}x{share}"),
            Capacity::Recorded => what.to_owned(),
            other => panic!("{other:?} has no notation"),
        }
    };
    let lines: Vec<String> = plan
        .stages()
        .iter()
        .map(|stage| {
            let goals: Vec<String> = stage
                .goals
                .iter()
                .map(|(part, goal)| {
                    let part = if *part == Part::main() {
                        String::new()
                    } else {
                        format!("{part}: ")
                    };
                    format!(
                        "{part}{} {} {}",
                        goal.traffic,
                        side(&goal.stable),
                        side(&goal.candidate)
                    )
                })
                .collect();
            format!("{}: {}", stage.name, goals.join("; "))
        })
        .collect();
    assert_eq!(lines, expected);
}

#[test]
fn a_canary_that_updates_stable_promotes_returns_and_retires() {
    let canary = Canary::new().stages([5, 25, 100]);
    let plan = plan(&canary, &Place::routed("api", 4).found());
    shape(
        &plan,
        &[
            "5%: 5% old newx5%",
            "25%: 25% old newx25%",
            "100%: 100% old newx100%",
            "promote: 100% newx100% newx100%",
            "return: 0% new newx100%",
            "retire: 0% new absent",
        ],
    );
    let kinds: Vec<_> = plan.stages().iter().map(|stage| stage.kind).collect();
    assert_eq!(
        kinds,
        [
            StageKind::Expose,
            StageKind::Expose,
            StageKind::Expose,
            StageKind::Promote,
            StageKind::Promote,
            StageKind::Retire
        ]
    );
}

#[test]
fn a_candidate_that_was_found_is_never_removed() {
    let canary = Canary::new().stages([100]);
    let found = Place::routed("api", 4).with_candidate("api", 1).found();
    let last = |canary: &Canary| plan(canary, &found).stages().last().unwrap().clone();
    let retired = last(&canary);
    assert_eq!(retired.name.as_str(), "retire");
    let track = &retired.goals[&Part::main()].candidate;
    assert_eq!(track.capacity, Capacity::Count(1));
    assert!(track.revision.is_release());
    assert_eq!(
        last(&canary.clone().retire(Retire::Keep)).name.as_str(),
        "return"
    );
    let scaled = last(&canary.retire(Retire::ScaleTo(0)));
    assert_eq!(
        scaled.goals[&Part::main()].candidate.capacity,
        Capacity::Count(0)
    );
}

#[test]
fn a_canary_that_swaps_ends_with_its_last_weight() {
    let canary = Canary::new().stages([50, 100]);
    let found = Place::routed("api", 4).promoting([Promotion::Swap]).found();
    shape(
        &plan(&canary, &found),
        &["50%: 50% old newx50%", "100%: 100% old newx100%"],
    );
    shape(
        &plan(&canary.clone().retire(Retire::ScaleTo(0)), &found),
        &[
            "50%: 50% old newx50%",
            "100%: 100% old newx100%",
            "retire: 100% oldx0 newx100%",
        ],
    );
    let both = Place::routed("api", 4)
        .promoting([Promotion::Swap, Promotion::Update])
        .found();
    let chosen = plan(&canary.promotion(Promotion::Update), &both);
    assert!(
        chosen
            .stages()
            .iter()
            .any(|stage| stage.name.as_str() == "promote")
    );
}

#[test]
fn floors_that_were_held_up_are_given_back_at_the_end() {
    let canary = Canary::new().stages([100]);
    let swap = Place::slots("api", 5, 0).scaled(3, 15).found();
    shape(
        &plan(&canary, &swap),
        &["100%: 100% old newx100%", "retire: 100% old new"],
    );
    // What was found switched off carries all traffic then.
    let off = Place::slots("api", 5, 0).scaled(3, 15).candidate_off();
    shape(
        &plan(&canary, &off.found()),
        &["100%: 100% old newx100%", "retire: 100% old newx3"],
    );
    let update = Place::routed("api", 5).scaled(3, 15).found();
    shape(
        &plan(&canary, &update),
        &[
            "100%: 100% old newx100%",
            "promote: 100% newx100% newx100%",
            "return: 0% newx100% newx100%",
            "retire: 0% new absent",
        ],
    );
    shape(
        &plan(&canary.retire(Retire::Keep), &update),
        &[
            "100%: 100% old newx100%",
            "promote: 100% newx100% newx100%",
            "return: 0% newx100% newx100%",
            "retire: 0% new newx100%",
        ],
    );
}

#[test]
fn where_traffic_follows_readiness_counts_are_the_share() {
    let canary = Canary::new().stages([10, 25, 50, 75, 100]);
    let found = Place::replicas("api", 4).found();
    shape(
        &plan(&canary, &found),
        &[
            "10%: 10% oldx3 newx1",
            "25%: 25% oldx3 newx1",
            "50%: 50% oldx2 newx2",
            "75%: 75% oldx1 newx3",
            "100%: 100% oldx0 newx4",
            "promote: 100% newx0 newx4",
            "return: 0% new newx0",
            "retire: 0% new absent",
        ],
    );
    let table = plan(&canary, &found)
        .table_with(&strategy_core::plan::Facts::new().found(&found).width(200));
    assert!(table.contains("10%, really 25%, 15% off"), "{table}");
    assert!(
        table.contains("stage 25%: the counts of part main are those of stage 10%"),
        "a stage that changes nothing is said: {table}"
    );
    assert_eq!(table.matches("watches longer").count(), 1, "{table}");
}

#[test]
fn three_replicas_at_ten_percent_are_said_or_surged() {
    let found = Place::replicas("api", 3).found();
    let canary = Canary::new().stages([10, 100]);
    let error = canary.plan(&release(), &found).unwrap_err().to_string();
    assert!(
        error.contains("1 of 3 replicas are 33.33% of the traffic and not 10%"),
        "{error}"
    );
    let surged = plan(&canary.clone().share_surge(1), &found);
    assert_eq!(
        surged.stages()[0].goals[&Part::main()].stable.capacity,
        Capacity::Count(3)
    );
    let mut health = Health::default();
    health.share_deviation = None;
    let tolerated = plan(&canary.health(health), &found);
    assert_eq!(
        tolerated.stages()[0].goals[&Part::main()].stable.capacity,
        Capacity::Count(2)
    );
}

#[test]
fn candidate_capacity_follows_the_weight_and_more() {
    let capacity = |canary: Canary, replicas| {
        let found = Place::routed("api", replicas)
            .header_routes()
            .mirror()
            .found();
        let plan = plan(&canary, &found);
        plan.stages()[0].goals[&Part::main()].candidate.capacity
    };
    let canary = || Canary::new().stages([10, 100]);
    let follows = |headroom, at_least| CandidateCapacity::FollowsWeight {
        headroom: percent(headroom),
        at_least,
    };
    assert_eq!(capacity(canary(), 20), Capacity::Share(percent(10)));
    assert_eq!(
        capacity(canary().capacity(follows(5, 1)), 20),
        Capacity::Share(percent(15))
    );
    assert_eq!(
        capacity(canary().capacity(follows(99, 1)), 20),
        Capacity::Share(Weight::FULL)
    );
    assert_eq!(
        capacity(canary().capacity(follows(0, 3)), 20),
        Capacity::Count(3)
    );
    assert_eq!(
        capacity(canary().capacity(follows(0, 3)), 30),
        Capacity::Share(percent(10))
    );
    let fixed = CandidateCapacity::Fixed(Capacity::Share(Weight::FULL));
    assert_eq!(
        capacity(canary().capacity(fixed), 20),
        Capacity::Share(Weight::FULL)
    );
    let by_route = Canary::new()
        .stage(
            CanaryStage::at(0)
                .named("staff")
                .header_route("x-staff", "1"),
        )
        .stages([100]);
    assert_eq!(capacity(by_route, 20), Capacity::Count(1));
    let mirrored = Canary::new()
        .stage(CanaryStage::at(0).mirror(30))
        .stages([100]);
    assert_eq!(capacity(mirrored, 20), Capacity::Share(percent(30)));
}

#[test]
fn routes_mirror_and_suspended_stickiness_end_with_the_last_weight() {
    let canary = Canary::new()
        .stage(CanaryStage::at(10).mirror(5))
        .stages([100])
        .header_route("x-canary", "yes")
        .suspend_stickiness();
    let found = Place::routed("api", 10).header_routes().mirror().found();
    let plan = plan(&canary, &found);
    let traffic = |stage: usize| &plan.stages()[stage].goals[&Part::main()].traffic;
    assert_eq!(
        traffic(0).to_string(),
        "10% + header x-canary=yes + mirror 5%"
    );
    assert_eq!(traffic(0).stickiness, Stickiness::Suspended);
    for stage in 1..plan.stages().len() {
        assert_eq!(traffic(stage).stickiness, Stickiness::Kept, "{stage}");
        assert!(
            traffic(stage).routes.is_empty() && traffic(stage).mirror.is_zero(),
            "{stage}"
        );
    }
}

pub(crate) fn errors() -> Check {
    Check::new(Extension::new("errors").with("limit", "1%"))
}

#[test]
fn promoting_directly_takes_the_rest_in_one_step() {
    // Flagger's scheduler tests: step weights 1, 2, 10, 80, then promotion from 80%.
    let canary = Canary::new().stages([1, 2, 10, 80]).promote_directly();
    shape(
        &plan(&canary, &Place::routed("api", 4).found()),
        &[
            "1%: 1% old newx1%",
            "2%: 2% old newx2%",
            "10%: 10% old newx10%",
            "80%: 80% old newx80%",
            "promote: 100% newx100% newx100%",
            "return: 0% new newx100%",
            "retire: 0% new absent",
        ],
    );
    let swap = Place::routed("api", 4).promoting([Promotion::Swap]).found();
    shape(
        &plan(&Canary::new().stages([20, 40]).promote_directly(), &swap),
        &[
            "20%: 20% old newx20%",
            "40%: 40% old newx40%",
            "rest: 100% old newx100%",
        ],
    );
}

#[test]
fn the_built_in_strategies_are_objects_and_keep_their_word_on_time() {
    let strategies: [Box<dyn Strategy>; 2] = [
        Box::new(Canary::new().stages([100])),
        Box::new(BlueGreen::new()),
    ];
    let found = Place::routed("api", 4).found();
    for strategy in &strategies {
        let made = plan(strategy.as_ref(), &found);
        for stage in made.stages() {
            assert!(stage.deadline > Duration::ZERO && stage.bake.at_most >= stage.bake.at_least);
        }
        let again = plan(strategy.as_ref(), &found);
        assert_eq!(
            made.digest(),
            again.digest(),
            "the same intent is the same plan"
        );
    }
}

#[test]
fn a_weight_is_the_same_in_all_its_forms() {
    let found = Place::routed("api", 10).found();
    let expected = plan(&Canary::new().stages([25, 100]), &found);
    for canary in [
        Canary::new().stages([percent(25), Weight::FULL]),
        Canary::new().stages(["25%", "100%"]),
        Canary::new().stages([25_u16, 100]),
    ] {
        assert_eq!(plan(&canary, &found), expected);
    }
}

#[test]
fn a_candidate_that_was_found_gets_its_count_back() {
    for count in [0, 3] {
        let found = Place::routed("api", 10)
            .with_candidate("api", count)
            .found();
        let plan = plan(&Canary::new().stages([50, 100]), &found);
        let last = plan.stages().last().unwrap();
        let candidate = &last.goals[&Part::main()].candidate;
        assert_eq!(candidate.capacity, Capacity::Count(count));
    }
}
