//! Whole rollouts in the in-memory world: promoted when all is well, rolled back when it is not.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what the tests share may fail them"
)]

use std::time::Duration;

use strategy_core::analysis::FailureShare;
use strategy_core::plan::{Check, Extension};
use strategy_core::rollout::{Outcome, Reason};
use strategy_core::strategy::{BlueGreen, Canary};
use strategy_core::world::{Ailment, ApiFault, Finished, Happening, Scenario, Unfinished, World};
use strategy_core::{Part, Release, Strategy, Weight};

fn canary() -> Canary {
    let errors = Check::new(Extension::new(FailureShare::KIND).with("limit", "1%"));
    Canary::new()
        .stages([5, 25, 50, 100])
        .check("errors", errors)
}

fn quiet() -> Scenario {
    World::seeded(7)
        .stable("app:v1", 4)
        .requests_per_second(100)
}

#[track_caller]
fn run(scenario: &Scenario, strategy: &dyn Strategy) -> (World, Finished) {
    let world = scenario.build().unwrap();
    let release = Release::of([("app", "app:v2")]).unwrap();
    let finished = world
        .run(strategy, release)
        .unwrap_or_else(|unfinished| panic!("{unfinished}: {unfinished:#?}"));
    (world, finished)
}

/// What stable and candidate run, as the next rollout would find it.
fn images(world: &World) -> [Option<String>; 2] {
    let found = world.block_on(async {
        use strategy_core::Target;
        world.target().discover().await
    });
    let found = found.unwrap().unwrap();
    assert_eq!(found.claim, None);
    strategy_core::Track::ALL.map(|track| found.images(track).map(ToString::to_string))
}

#[track_caller]
fn is_rolled_back(world: &World, finished: &Finished) -> Reason {
    assert_eq!(images(world), [Some("app=app:v1".to_owned()), None]);
    let Outcome::RolledBack { reason } = &finished.outcome else {
        panic!("{}", finished.outcome);
    };
    reason.clone()
}

#[test]
fn a_good_release_is_promoted_and_nobody_notices() {
    // Without a tail of long requests the share is exactly the weight as soon as it is effective.
    let scenario = quiet().drain(Duration::ZERO);
    let (world, finished) = run(&scenario, &canary());
    assert_eq!(finished.outcome, Outcome::Promoted);
    assert_eq!(images(&world), [Some("app=app:v2".to_owned()), None]);
    assert_eq!(finished.report.failed(), 0);
    let part = finished.report.part(&Part::main()).unwrap();
    assert_eq!(part.most_weight(), Weight::FULL);
    for percent in [5, 25, 50, 100] {
        let weight = Weight::from_percent(percent).unwrap();
        assert!(part.time_at(weight) >= Duration::from_secs(300), "{weight}");
    }
    assert!(part.least_ready >= part.ready_at_start);
}

#[test]
fn blue_green_is_promoted_by_a_switch() {
    let scenario = World::seeded(7)
        .slots("app:v1", 4, "app:v0", 0)
        .requests_per_second(100);
    let (world, finished) = run(&scenario, &BlueGreen::new());
    assert_eq!(finished.outcome, Outcome::Promoted);
    assert_eq!(finished.report.failed(), 0);
    assert_eq!(images(&world)[0], Some("app=app:v2".to_owned()));
}

#[test]
fn errors_are_found_by_the_check_and_few_users_see_them() {
    let scenario = quiet().fails("app:v2", 0.05);
    let (world, finished) = run(&scenario, &canary());
    let reason = is_rolled_back(&world, &finished);
    assert!(matches!(reason, Reason::Check { .. }), "{reason:?}");
    assert!(
        finished.report.failed() < 100,
        "{}",
        finished.report.failed()
    );
    let part = finished.report.part(&Part::main()).unwrap();
    assert_eq!(part.most_weight(), Weight::from_percent(5).unwrap());
}

#[test]
fn a_crash_loop_from_the_start_never_gets_a_request() {
    let scenario = quiet().ailing("app:v2", Ailment::CrashesAtStart);
    let (world, finished) = run(&scenario, &canary());
    let reason = is_rolled_back(&world, &finished);
    assert!(matches!(reason, Reason::Fatal { .. }), "{reason:?}");
    assert_eq!(finished.report.failed(), 0);
    let part = finished.report.part(&Part::main()).unwrap();
    assert_eq!(part.most_weight(), Weight::ZERO);
}

#[test]
fn pods_that_flap_spend_their_grace() {
    for restarts in [true, false] {
        let ailment = Ailment::Flaps {
            up: Duration::from_secs(5),
            down: Duration::from_secs(10),
            restarts,
        };
        let (world, finished) = run(&quiet().ailing("app:v2", ailment), &canary());
        is_rolled_back(&world, &finished);
    }
}

#[test]
fn a_platform_that_cannot_be_reached_for_a_while_changes_nothing_but_the_time_taken() {
    let outage = Happening::api_fails(ApiFault::Unreachable, Duration::from_secs(20));
    for minute in [0, 3, 7, 12, 16, 20, 24] {
        let scenario = quiet().at(Duration::from_secs(60 * minute + 3), outage.clone());
        let (_, finished) = run(&scenario, &canary());
        assert_eq!(finished.outcome, Outcome::Promoted, "minute {minute}");
        assert_eq!(finished.report.failed(), 0, "minute {minute}");
    }
}

#[test]
fn a_person_who_takes_traffic_off_the_candidate_is_heeded() {
    let scenario = quiet().at(
        Duration::from_secs(400),
        Happening::weight_moved(Weight::ZERO, "alice"),
    );
    let (world, finished) = run(&scenario, &canary());
    is_rolled_back(&world, &finished);
}

#[test]
fn the_same_scenario_is_the_same_story() {
    let scenario = quiet()
        .fails("app:v2", 0.009)
        .ailing("app:v2", Ailment::CrashesAfter(Duration::from_secs(700)));
    let (_, one) = run(&scenario, &canary());
    let (_, two) = run(&scenario, &canary());
    assert_eq!(one, two);
}

#[test]
fn parts_move_together_and_one_bad_part_takes_all_of_them_back() {
    let scenario = World::seeded(7)
        .part("backend")
        .stable("api:v1", 3)
        .requests_per_second(100)
        .part("frontend")
        .stable("web:v1", 2)
        .requests_per_second(50)
        .fails("web:v2", 0.2);
    let world = scenario.build().unwrap();
    let parts = [("backend", "api:v2"), ("frontend", "web:v2")].map(|(part, image)| {
        let images = strategy_core::Images::parse([("app", image)]).unwrap();
        (part.parse().unwrap(), images)
    });
    let finished = world
        .run(&canary(), Release::parts(parts).unwrap())
        .unwrap();
    let Outcome::RolledBack {
        reason: Reason::Check { evidence, .. },
    } = &finished.outcome
    else {
        panic!("{}", finished.outcome);
    };
    assert!(evidence.contains("frontend"), "{evidence}");
    for part in finished.report.parts.values() {
        assert_eq!(part.weights.last().unwrap().weight, Weight::ZERO);
        assert!(part.most_weight() > Weight::ZERO);
    }
}

#[test]
fn a_promoted_world_takes_the_next_release() {
    let (world, _) = run(&quiet(), &canary());
    let next = Release::of([("app", "app:v3")]).unwrap();
    let finished = world.run(&canary(), next).unwrap();
    assert_eq!(finished.outcome, Outcome::Promoted);
    assert_eq!(images(&world), [Some("app=app:v3".to_owned()), None]);
}

#[test]
fn a_rollout_that_outlives_its_world_says_what_it_waits_for() {
    let mut scenario = quiet();
    scenario.lasts = Duration::from_secs(60);
    let world = scenario.build().unwrap();
    let release = Release::of([("app", "app:v2")]).unwrap();
    let unfinished = world.run(&canary(), release).unwrap_err();
    let Unfinished::Waiting { events, .. } = &unfinished else {
        panic!("{unfinished}");
    };
    assert!(!events.is_empty());
    assert!(unfinished.to_string().contains("came to no end"));
}
