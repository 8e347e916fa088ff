//! When a release that cannot run is told to be one.

use std::time::Duration;

use strategy_core::rollout::Outcome;
use test_support::ecs::Image;

use crate::scene::{Scene, blue_green};

/// The old tasks of the idle slot keep its count full while no task of the release stays.
#[test]
fn a_release_that_crashes_is_told_at_once_whatever_else_fills_the_count() {
    for old in [0, 4] {
        let scene = Scene::pair();
        if old > 0 {
            let arn = scene.shop.register("web:0");
            scene
                .fake
                .somebody_deploys("shop", "web-other", &arn)
                .unwrap();
            scene
                .fake
                .somebody_scales("shop", "web-other", old)
                .unwrap();
            scene.wait(600);
        }
        let crashing = Image::crashes_after(Duration::from_secs(3));
        scene.fake.set_image("web:gone", crashing);
        let began = scene.clock.now();
        let seen = std::cell::Cell::new(None);
        let look = async {
            for _ in 0..1200 {
                scene.after(1).await;
                let image = scene.image("web-other");
                match seen.get() {
                    None if image == "web:gone" => seen.set(Some((scene.clock.now(), None))),
                    Some((told, None)) if image != "web:gone" => {
                        seen.set(Some((told, Some(scene.clock.now()))));
                        return;
                    }
                    None | Some(_) => {}
                }
            }
        };
        let outcome = scene.roll_out_while(&blue_green(), "web:gone", look);
        println!("{old} old tasks: {outcome}, {:?} since {began}", seen.get());
        assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
        let (told, back) = seen.get().unwrap();
        let took = back.unwrap().since(told);
        assert!(took < Duration::from_secs(120), "{old}: {took:?}");
    }
}
