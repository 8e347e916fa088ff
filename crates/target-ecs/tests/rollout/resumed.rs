//! A process that dies at any moment, and another that takes the rollout up from the journal.

use std::time::Duration;

use futures::future::{Either, select};
use strategy_core::Release;
use strategy_core::driver::{Driver, FileJournal};
use strategy_core::rollout::Outcome;
use strategy_core::world::block_on;

use crate::scene::{Scene, five_steps};

#[test]
fn a_rollout_goes_on_after_a_crash_at_any_moment() {
    // Half a second after moments at which something was just written, and others.
    for seconds in (0..800).step_by(61) {
        let scene = Scene::slow_canary(Duration::from_millis(200));
        let before = scene.rule();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.journal");
        let process = |journal| {
            let driver = Driver::on(scene.target()).clock(scene.clock.clone());
            driver.id("release-2".parse().unwrap()).journal(journal)
        };
        let release = Release::of([("web", "web:2")]).unwrap();
        let first = process(FileJournal::create(&path).unwrap());
        let strategy = five_steps();
        let started = first.start(&strategy, release);
        let (_, run) = block_on(&scene.clock, started).unwrap().unwrap();
        let crash = scene.clock.now() + Duration::from_millis(seconds * 1000 + 500);
        let both = select(Box::pin(run), Box::pin(scene.clock.sleep_until(crash)));
        let outcome = match block_on(&scene.clock, both).unwrap() {
            Either::Left((outcome, _)) => outcome.unwrap(),
            Either::Right((_, run)) => {
                drop(run);
                scene.wait(20);
                let second = process(FileJournal::open(&path).unwrap());
                let (_, run) = block_on(&scene.clock, second.resume()).unwrap().unwrap();
                block_on(&scene.clock, run).unwrap().unwrap()
            }
        };
        assert_eq!(outcome, Outcome::Promoted, "after {seconds} s");
        assert_eq!(scene.rule(), before, "after {seconds} s");
        assert_eq!(scene.image("web"), "web:2");
        assert!(scene.service("web-other").is_null(), "after {seconds} s");
        let registered = scene.calls().into_iter();
        let registered = registered.filter(|call| call.operation == "RegisterTaskDefinition");
        assert_eq!(registered.count(), 1, "after {seconds} s");
        scene.nothing_is_left();
        scene.nobody_was_let_down();
    }
}
