//! The answer to `UpdateService` was lost, the process is gone, and the deployment is taken back before another is
//! there: it is told as rolled back, and not begun again.

use std::time::Duration;

use futures::future::{Either, select};
use serde_json::json;
use strategy_core::driver::{Driver, FileJournal};
use strategy_core::rollout::{Outcome, Reason};
use strategy_core::target::{PlatformState, TargetErrorKind};
use strategy_core::world::block_on;
use strategy_core::{Release, Strategy};
use test_support::ecs::{Fault, Image, Service, Settings};

use crate::gated_answers::{at, waiting};
use crate::gated_promoted::canary;
use crate::scene::{Scene, breaker, patient, reason};

fn slow() -> Settings {
    Settings {
        latency: Duration::from_millis(200),
        ..Settings::default()
    }
}

/// A process begins the release of an image and ends; what happens meanwhile happens; another takes it up.
fn resumed_late(
    scene: &Scene,
    strategy: &dyn Strategy,
    image: &str,
    meanwhile: impl FnOnce(),
) -> Outcome {
    scene
        .fake
        .fault_next("UpdateService", 1, Fault::TimeoutAfter);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("web.journal");
    let process = |journal| {
        let driver = Driver::on(scene.target()).clock(scene.clock.clone());
        driver.id("release-2".parse().unwrap()).journal(journal)
    };
    let first = process(FileJournal::create(&path).unwrap());
    let release = Release::of([("web", image)]).unwrap();
    let (_, run) = block_on(&scene.clock, first.start(strategy, release))
        .unwrap()
        .unwrap();
    let begun = async {
        scene.until_called("UpdateService", 1).await;
        scene.after(1).await;
    };
    let Either::Right((_, run)) =
        block_on(&scene.clock, select(Box::pin(run), Box::pin(begun))).unwrap()
    else {
        panic!("it ended");
    };
    drop(run);
    meanwhile();
    scene.wait(1200);
    let second = process(FileJournal::open(&path).unwrap());
    let (_, run) = block_on(&scene.clock, second.resume()).unwrap().unwrap();
    block_on(&scene.clock, run).unwrap().unwrap()
}

fn is_told(scene: &Scene, outcome: &Outcome) {
    let told = reason(outcome);
    assert!(matches!(told, Reason::Platform { .. }), "{told:?}");
    assert_eq!(scene.called("UpdateService"), 1);
    scene.is_home();
}

#[test]
fn what_the_circuit_breaker_took_back_is_not_begun_again() {
    let scene = Scene::with(slow(), &breaker());
    scene.fake.set_image("web:bad", Image::exits_at_start(3));
    let outcome = resumed_late(&scene, &patient(), "web:bad", || {});
    is_told(&scene, &outcome);
}

fn somebody_stops_it(scene: &Scene) {
    scene.wait(20);
    let arn = scene.service()["currentServiceDeployment"].clone();
    let input = json!({"serviceDeploymentArn": arn, "stopType": "ROLLBACK"});
    scene.ask(Service::Ecs, "StopServiceDeployment", input);
}

#[test]
fn what_somebody_stopped_is_not_begun_again() {
    let scene = Scene::with(slow(), &breaker());
    let outcome = resumed_late(&scene, &patient(), "web:2", || somebody_stops_it(&scene));
    is_told(&scene, &outcome);
}

/// There the old deployment is primary again under its own id, and its configuration is still the plan's.
#[test]
fn what_somebody_stopped_is_not_begun_again_where_ecs_shifts() {
    let scene = Scene::gated_with(slow());
    let before = scene.service();
    let stop = || somebody_stops_it(&scene);
    let outcome = resumed_late(&scene, &canary([10, 100]), "web:2", stop);
    let told = reason(&outcome);
    assert!(matches!(told, Reason::Platform { .. }), "{told:?}");
    // The second puts its configuration back.
    assert_eq!(scene.called("UpdateService"), 2);
    assert_eq!(scene.deployments().len(), 2, "no other was begun");
    scene.is_home();
    scene.is_configured_as(&before);
}

/// The write that was decided before it was taken back, made again.
#[test]
fn a_write_that_comes_again_after_it_was_taken_back_is_a_conflict_where_ecs_shifts() {
    for is_known in [false, true] {
        let mut hand = waiting(false);
        let begin = at(&hand, 0);
        let request = hand.request(begin, 1);
        if is_known {
            hand.write(&request).unwrap();
        } else {
            let fake = &hand.scene.fake;
            fake.fault_next("UpdateService", 1, Fault::ResetAfter);
            hand.write(&request).unwrap_err();
        }
        somebody_stops_it(&hand.scene);
        hand.scene.wait(600);
        let seen = hand.observed();
        let told = seen.platform.map(|of| of.state);
        assert!(
            matches!(told, Some(PlatformState::RolledBack(_))),
            "{told:?}"
        );
        assert_eq!(seen.foreign, []);
        let error = hand.write(&request).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Conflict, "{error}");
        assert!(error.to_string().contains("taken back"), "{error}");
        assert_eq!(hand.scene.called("UpdateService"), 1);
        let desired = hand.home(4);
        hand.apply(desired, 2).unwrap();
        hand.scene.wait(600);
        let seen = hand.observed();
        assert!(seen.stable.written.unwrap().revision.recorded);
    }
}
