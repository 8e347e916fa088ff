//! One release over several parts: together, in waves, and home again from different places.
#![expect(clippy::unwrap_used, reason = "what the tests share may fail them")]

use std::time::Duration;

use strategy_core::analysis::FailureShare;
use strategy_core::driver::Driver;
use strategy_core::plan::{Check, Extension};
use strategy_core::rollout::{Outcome, Phase};
use strategy_core::strategy::{BlueGreen, Canary};
use strategy_core::target::Discovery;
use strategy_core::world::{
    Ailment, ApiFault, Calls, Finished, Happening, PartReport, Scenario, Unfinished, World,
};
use strategy_core::{Images, Part, Release, Strategy, Target, Timestamp, Weight};

fn part(name: &str) -> Part {
    name.parse().unwrap()
}

fn release(tag: &str, names: &[&str]) -> Release {
    let images = || Images::parse([("app", format!("app:{tag}"))]).unwrap();
    Release::parts(names.iter().map(|name| (part(name), images()))).unwrap()
}

/// Two regions of different size, each in two slots.
fn regions() -> Scenario {
    World::seeded(11)
        .part("eu")
        .slots("app:v1", 6, "app:v0", 0)
        .requests_per_second(60)
        .part("us")
        .slots("app:v1", 2, "app:v0", 1)
        .requests_per_second(20)
}

fn waves() -> BlueGreen {
    let errors = Check::new(Extension::new(FailureShare::KIND).with("limit", "1%"));
    BlueGreen::new()
        .parts_in_order([part("eu"), part("us")])
        .check("errors", errors)
}

fn found(world: &World, name: &str) -> Discovery {
    let target = world.target_for(part(name));
    let found = world.block_on(async { target.discover().await });
    found.unwrap().unwrap()
}

fn of<'a>(finished: &'a Finished, name: &str) -> &'a PartReport {
    finished.report.part(&part(name)).unwrap()
}

/// When all new requests of a part first went to its candidate; the long ones end a little later.
fn switched(report: &PartReport) -> Option<Timestamp> {
    let spans = report.weights.iter();
    let mut full = spans.filter(|span| span.weight >= percent(99));
    full.next().map(|span| span.from)
}

/// Without what a claim or a person's write leaves behind: names, images, counts and traffic.
fn start(found: &Discovery) -> String {
    let observation = &found.observation;
    format!(
        "{:?} {:?} {:?} {}",
        found.names,
        observation.stable.written,
        observation.candidate.written,
        observation.traffic.written
    )
}

#[test]
fn a_wave_is_over_and_baked_before_the_next_begins() {
    let world = regions().build().unwrap();
    let finished = world.run(&waves(), release("v2", &["eu", "us"])).unwrap();
    assert_eq!(finished.outcome, Outcome::Promoted);
    assert_eq!(finished.report.failed(), 0);
    let (eu, us) = (of(&finished, "eu"), of(&finished, "us"));
    let first = switched(eu).unwrap();
    assert!(switched(us).unwrap() >= first + BlueGreen::BAKE);
    let ours = us.writes.iter().find(|write| write.by.contains("in-world"));
    assert!(ours.unwrap().at >= first + BlueGreen::BAKE, "{ours:?}");
    for report in [eu, us] {
        assert!(report.least_ready >= report.ready_at_start);
    }
}

/// In `us` the other slot is live than in `eu`.
fn with_different_live_slots(scenario: &Scenario) -> World {
    let world = scenario.build().unwrap();
    let driver = Driver::parts([("us", world.target_for(part("us")))]).clock(world.clock().clone());
    let before = world.run_with(driver, &BlueGreen::new(), release("v1.1", &["us"]));
    assert_eq!(before.unwrap().outcome, Outcome::Promoted);
    let live = |name| found(&world, name).names.stable;
    assert!(live("eu").ends_with("blue"), "{}", live("eu"));
    assert!(live("us").ends_with("green"), "{}", live("us"));
    world
}

#[test]
fn what_fails_in_the_second_wave_takes_each_part_back_to_its_own_start() {
    // It starts well in both regions, and dies in the second when users reach it.
    let world = with_different_live_slots(&regions());
    let starts = ["eu", "us"].map(|name| start(&found(&world, name)));
    let crash = Happening::PodsCrash {
        part: part("us"),
        track: strategy_core::Track::Stable,
        pods: 2,
    };
    let begun = world.report().to;
    for minute in 7..9 {
        world.happen_after(Duration::from_secs(minute * 60), crash.clone());
    }
    let finished = world.run(&waves(), release("v2", &["eu", "us"])).unwrap();
    let Outcome::RolledBack { reason } = &finished.outcome else {
        panic!("{}", finished.outcome);
    };
    assert!(reason.to_string().contains("us"), "{reason}");
    let eu = of(&finished, "eu");
    assert!(switched(eu).unwrap() > begun, "the first wave was over");
    assert_eq!(["eu", "us"].map(|name| start(&found(&world, name))), starts);
}

#[test]
fn a_failure_in_one_of_two_that_move_together_takes_both_back() {
    let scenario = World::seeded(5)
        .part("backend")
        .stable("app:v1", 5)
        .part("frontend")
        .stable("app:v1", 2)
        .ailing("web:v2", Ailment::CrashesAfter(Duration::from_secs(40)));
    let world = scenario.build().unwrap();
    let starts = ["backend", "frontend"].map(|name| start(&found(&world, name)));
    let images = |image| Images::parse([("app", image)]).unwrap();
    let release = Release::parts([
        (part("backend"), images("app:v2")),
        (part("frontend"), images("web:v2")),
    ])
    .unwrap();
    let finished = world
        .run(&Canary::new().stages([20, 100]), release)
        .unwrap();
    assert!(matches!(finished.outcome, Outcome::RolledBack { .. }));
    let most = |name| of(&finished, name).most_weight();
    assert_eq!([most("backend"), most("frontend")], [percent(20); 2]);
    assert_eq!(
        ["backend", "frontend"].map(|name| start(&found(&world, name))),
        starts
    );
}

fn percent(percent: u16) -> Weight {
    Weight::from_percent(percent).unwrap()
}

#[test]
fn a_part_that_cannot_go_home_is_named_and_the_other_is_home() {
    let mut scenario = regions();
    scenario.lasts = Duration::from_secs(6 * 3600);
    let world = scenario.build().unwrap();
    let home = start(&found(&world, "eu"));
    world.happen_after(
        Duration::from_secs(410),
        Happening::ApiFails {
            part: Some(part("us")),
            fault: ApiFault::Unreachable,
            calls: Calls::All,
            lasts: Duration::from_secs(24 * 3600),
            times: None,
        },
    );
    let unfinished = world
        .run(&waves(), release("v2", &["eu", "us"]))
        .unwrap_err();
    let Unfinished::Waiting { status, .. } = unfinished else {
        panic!("{unfinished}");
    };
    assert_eq!(status.phase, Phase::Stuck);
    let left: Vec<_> = status.left.iter().map(ToString::to_string).collect();
    assert!(
        !left.is_empty() && left.iter().all(|left| left.contains("us")),
        "{left:?}"
    );
    assert_eq!(start(&found(&world, "eu")), home);
}

#[test]
fn every_strategy_may_move_several_parts() {
    for strategy in [
        Box::new(
            Canary::new()
                .stages([50, 100])
                .parts_in_order([part("us"), part("eu")]),
        ) as Box<dyn Strategy>,
        Box::new(BlueGreen::new()),
        Box::new(waves()),
    ] {
        let world = regions()
            .capabilities(|can| can.granularity = Weight::from_basis_points(1).unwrap())
            .part("eu")
            .capabilities(|can| can.granularity = Weight::from_basis_points(1).unwrap())
            .build()
            .unwrap();
        let finished = world.run(&*strategy, release("v2", &["eu", "us"])).unwrap();
        assert_eq!(finished.outcome, Outcome::Promoted, "{strategy:?}");
    }
}
