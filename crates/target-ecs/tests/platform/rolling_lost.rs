//! Answers that are lost and processes that die: the deployment is ours all the same, and is begun once.

use std::time::Duration;

use strategy_core::rollout::{Outcome, Reason};
use test_support::ecs::{Fault, Image};

use crate::scene::{Scene, patient, reason, roll};

#[test]
fn a_deployment_whose_answer_was_lost_is_ours() {
    for fault in [Fault::ResetAfter, Fault::TimeoutAfter] {
        let scene = Scene::rolling();
        scene.fake.fault_next("UpdateService", 1, fault);
        let outcome = scene.roll_out(&roll(), "web:2");
        assert_eq!(outcome, Outcome::Promoted, "{fault:?}");
        assert_eq!(scene.called("UpdateService"), 1, "{fault:?}");
        assert_eq!(scene.deployments().len(), 2, "{fault:?}");
        scene.nothing_is_left();
        scene.nobody_was_let_down();
    }
}

#[test]
fn a_deployment_whose_answer_was_lost_and_that_fails_goes_home() {
    for fault in [Fault::ResetAfter, Fault::TimeoutAfter] {
        let scene = Scene::rolling();
        scene.fake.set_image("web:bad", Image::exits_at_start(3));
        scene.fake.fault_next("UpdateService", 1, fault);
        let outcome = scene.roll_out(&patient(), "web:bad");
        assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
        assert_eq!(scene.called("UpdateService"), 1, "{fault:?}");
        scene.is_home();
    }
}

/// The process dies with the answer on its way, and ECS takes the deployment back before another is there.
#[test]
fn what_was_rolled_back_while_nobody_was_there_is_not_begun_again() {
    let scene = Scene::slow(Duration::from_millis(200));
    scene.fake.set_image("web:bad", Image::exits_at_start(3));
    scene
        .fake
        .fault_next("UpdateService", 1, Fault::TimeoutAfter);
    let resumed_late = |after: Duration| {
        use futures::future::{Either, select};
        use strategy_core::Release;
        use strategy_core::driver::{Driver, FileJournal};
        use strategy_core::world::block_on;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.journal");
        let process = |journal| {
            let driver = Driver::on(scene.target()).clock(scene.clock.clone());
            driver.id("release-2".parse().unwrap()).journal(journal)
        };
        let first = process(FileJournal::create(&path).unwrap());
        let strategy = patient();
        let release = Release::of([("web", "web:bad")]).unwrap();
        let started = first.start(&strategy, release);
        let (_, run) = block_on(&scene.clock, started).unwrap().unwrap();
        let begun = async {
            scene.until_called("UpdateService", 1).await;
            scene.clock.sleep_until(scene.clock.now() + after).await;
        };
        let both = select(Box::pin(run), Box::pin(begun));
        let Either::Right((_, run)) = block_on(&scene.clock, both).unwrap() else {
            panic!("it ended");
        };
        drop(run);
        scene.wait(1200);
        let second = process(FileJournal::open(&path).unwrap());
        let (_, run) = block_on(&scene.clock, second.resume()).unwrap().unwrap();
        block_on(&scene.clock, run).unwrap().unwrap()
    };
    let outcome = resumed_late(Duration::from_secs(1));
    let told = reason(&outcome);
    assert!(matches!(told, Reason::Platform { .. }), "{told:?}");
    assert_eq!(scene.called("UpdateService"), 1);
    scene.is_home();
}

#[test]
fn a_rollout_goes_on_after_a_crash_at_any_moment() {
    // Half a second after moments at which something was just written, and others.
    for tenths in (0..=60).step_by(3).chain((70..2600).step_by(190)) {
        let scene = Scene::slow(Duration::from_millis(200));
        let after = Duration::from_millis(tenths * 100);
        let outcome = scene.roll_out_with_a_crash(&roll(), "web:2", after);
        assert_eq!(outcome, Outcome::Promoted, "after {after:?}");
        assert_eq!(scene.image(), "web:2");
        assert_eq!(scene.deployments().len(), 2, "after {after:?}");
        assert_eq!(scene.called("RegisterTaskDefinition"), 1, "after {after:?}");
        scene.nothing_is_left();
        scene.nobody_was_let_down();
    }
}

#[test]
fn a_way_home_goes_on_after_a_crash_at_any_moment() {
    for seconds in (0..400).step_by(23) {
        let scene = Scene::slow(Duration::from_millis(200));
        scene.fake.set_image("web:ill", Image::never_healthy());
        let after = Duration::from_millis(seconds * 1000 + 300);
        let outcome = scene.roll_out_with_a_crash(&patient(), "web:ill", after);
        assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
        scene.is_home();
        scene.nobody_was_let_down();
    }
}
