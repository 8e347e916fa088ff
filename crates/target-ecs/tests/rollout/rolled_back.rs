//! A release that fails brings the traffic home, and everything is as it was.

use std::time::Duration;

use strategy_core::rollout::{Outcome, Reason};
use strategy_core::target::FatalReason;
use test_support::ecs::Image;

use crate::scene::{Scene, blue_green, five_steps};

fn reason(outcome: &Outcome) -> Reason {
    let Outcome::RolledBack { reason } = outcome else {
        panic!("{outcome}");
    };
    reason.clone()
}

fn is_home(scene: &Scene, before: &serde_json::Value) {
    assert_eq!(&scene.rule(), before);
    assert_eq!(scene.image("web"), "web:1");
    assert_eq!(scene.service("web")["desiredCount"], 4);
    scene.nothing_is_left();
}

#[test]
fn tasks_that_crash_under_traffic() {
    let scene = Scene::canary();
    let before = scene.rule();
    let crashes = Image::crashes_after(Duration::from_secs(150));
    scene.fake.set_image("web:bad", crashes);
    let reason = reason(&scene.roll_out(&five_steps(), "web:bad"));
    println!("{reason:?}");
    is_home(&scene, &before);
    assert!(scene.service("web-other").is_null());
    assert!(scene.candidate_was_reached());
}

#[test]
fn an_image_that_cannot_be_pulled() {
    let scene = Scene::canary();
    let before = scene.rule();
    scene.fake.set_image("web:gone", Image::missing());
    let reason = reason(&scene.roll_out(&five_steps(), "web:gone"));
    let Reason::Fatal {
        reason, message, ..
    } = reason
    else {
        panic!("{reason:?}");
    };
    assert_eq!(reason, FatalReason::ImagePull, "{message}");
    is_home(&scene, &before);
    scene.nobody_was_let_down();
    assert!(!scene.candidate_was_reached());
}

#[test]
fn tasks_that_end_at_once() {
    let scene = Scene::pair();
    let before = scene.rule();
    scene.fake.set_image("web:bad", Image::exits_at_start(3));
    let reason = reason(&scene.roll_out(&blue_green(), "web:bad"));
    let Reason::Fatal {
        reason, message, ..
    } = reason
    else {
        panic!("{reason:?}");
    };
    assert_eq!(reason, FatalReason::TaskFailed);
    assert!(message.contains("web exited with 3"), "{message}");
    is_home(&scene, &before);
    assert_eq!(scene.service("web-other")["desiredCount"], 0);
    scene.nobody_was_let_down();
}

#[test]
fn tasks_that_are_never_healthy_get_no_request() {
    let scene = Scene::canary();
    let before = scene.rule();
    scene.fake.set_image("web:ill", Image::never_healthy());
    let reason = reason(&scene.roll_out(&five_steps(), "web:ill"));
    println!("{reason:?}");
    is_home(&scene, &before);
    scene.nobody_was_let_down();
    assert!(!scene.candidate_was_reached());
}
