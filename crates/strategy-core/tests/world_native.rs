//! Whole rollouts on a platform that shifts by itself and asks before each step.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "what the tests share may fail them"
)]

use std::time::Duration;

use strategy_core::analysis::FailureShare;
use strategy_core::plan::{Check, Extension};
use strategy_core::rollout::{Outcome, Reason};
use strategy_core::strategy::{BlueGreen, Canary, Rolling};
use strategy_core::world::{Ailment, ApiFault, Finished, Happening, Scenario, World};
use strategy_core::{Part, Release, Strategy, Target, Track, Weight};

fn canary() -> Canary {
    let errors = Check::new(Extension::new(FailureShare::KIND).with("limit", "1%"));
    Canary::new().stages([50, 100]).check("errors", errors)
}

fn quiet() -> Scenario {
    World::seeded(7)
        .stable("app:v1", 4)
        .requests_per_second(100)
        .asks_before_each_step()
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

/// The images of both tracks and the counts that are written, as they are in the end.
fn written(world: &World) -> [Option<(String, u32)>; 2] {
    let found = world.block_on(async { world.target().discover().await });
    let found = found.unwrap().unwrap().observation;
    [found.stable, found.candidate].map(|track| {
        let written = track.written?;
        Some((
            written.revision.images.to_string(),
            written.replicas.number(),
        ))
    })
}

#[track_caller]
fn is_rolled_back(world: &World, finished: &Finished) -> Reason {
    assert_eq!(written(world), [Some(("app=app:v1".to_owned(), 4)), None]);
    let Outcome::RolledBack { reason } = &finished.outcome else {
        panic!("{}", finished.outcome);
    };
    reason.clone()
}

#[test]
fn a_good_release_is_let_go_on_step_by_step_and_nobody_notices() {
    let strategies: [&dyn Strategy; 3] = [&canary(), &BlueGreen::new(), &Rolling::new()];
    for strategy in strategies {
        let (world, finished) = run(&quiet().drain(Duration::ZERO), strategy);
        assert_eq!(finished.outcome, Outcome::Promoted);
        let [stable, candidate] = written(&world);
        assert_eq!(stable, Some(("app=app:v1".to_owned(), 0)));
        assert_eq!(candidate, Some(("app=app:v2".to_owned(), 4)));
        assert_eq!(finished.report.failed(), 0);
        let part = finished.report.part(&Part::main()).unwrap();
        assert!(part.least_ready >= part.ready_at_start);
    }
    let (_, finished) = run(&quiet().drain(Duration::ZERO), &canary());
    let part = finished.report.part(&Part::main()).unwrap();
    for weight in [Weight::HALF, Weight::FULL] {
        assert!(part.time_at(weight) >= Duration::from_secs(300), "{weight}");
    }
}

#[test]
fn a_bad_release_goes_home_at_its_first_step() {
    let (world, finished) = run(&quiet().fails("app:v2", 0.05), &canary());
    let reason = is_rolled_back(&world, &finished);
    assert!(matches!(reason, Reason::Check { .. }), "{reason}");
    let part = finished.report.part(&Part::main()).unwrap();
    assert_eq!(part.most_weight(), Weight::HALF);
}

#[test]
fn a_crash_loop_from_the_start_never_gets_a_request() {
    let scenario = quiet().ailing("app:v2", Ailment::CrashesAtStart);
    let (world, finished) = run(&scenario, &canary());
    is_rolled_back(&world, &finished);
    assert_eq!(finished.report.failed(), 0);
    let part = finished.report.part(&Part::main()).unwrap();
    assert_eq!(part.most_weight(), Weight::ZERO);
}

#[test]
fn a_platform_that_goes_back_by_itself_is_the_reason_and_is_written_nothing() {
    for (after, is_verified) in [
        (5, true),
        (60, true),
        (400, true),
        (60, false),
        (400, false),
    ] {
        let happening = Happening::PlatformGoesBack {
            part: Part::main(),
            why: "an alarm of its own".to_owned(),
        };
        let mut scenario = quiet().at(Duration::from_secs(after), happening);
        if !is_verified {
            // Its router cannot be asked; that it is on its way home can.
            let settles = Duration::from_secs(2);
            scenario = scenario.effective_unverified_after(settles);
        }
        let (world, finished) = run(&scenario, &canary());
        let reason = is_rolled_back(&world, &finished);
        assert!(
            matches!(reason, Reason::Platform { .. }),
            "after {after}: {reason}"
        );
        assert!(
            reason.to_string().contains("an alarm of its own"),
            "{reason}"
        );
        assert_eq!(finished.report.failed(), 0);
        assert!(!world.has_workload(&Part::main(), Track::Candidate));
    }
}

#[test]
fn answers_that_are_lost_take_no_step_twice() {
    for after in [0, 3, 10, 100, 310, 320, 640] {
        let scenario = quiet().at(
            Duration::from_secs(after),
            Happening::next_write(ApiFault::AnswerLost),
        );
        let (_, finished) = run(&scenario, &canary());
        assert_eq!(finished.outcome, Outcome::Promoted, "after {after}");
        assert_eq!(finished.report.failed(), 0);
        let part = finished.report.part(&Part::main()).unwrap();
        assert!(
            part.time_at(Weight::HALF) >= Duration::from_secs(290),
            "after {after}"
        );
    }
}

/// What an older deployment came to is nothing that the next rollout is told.
#[test]
fn a_rollout_after_one_that_went_home_begins_anew() {
    let scenario = quiet().fails("app:v2", 0.05);
    let world = scenario.build().unwrap();
    let release = |image: &str| Release::of([("app", image)]).unwrap();
    let first = world.run(&canary(), release("app:v2")).unwrap();
    assert!(matches!(first.outcome, Outcome::RolledBack { .. }));
    let second = world.run(&canary(), release("app:v3")).unwrap();
    assert_eq!(second.outcome, Outcome::Promoted);
}
