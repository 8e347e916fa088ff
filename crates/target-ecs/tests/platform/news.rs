//! The driver is woken by news: soon while a deployment goes on, seldom while nothing moves.

use std::time::Duration;

use futures::future::{Either, select};
use strategy_core::Target;
use strategy_core::world::block_on;

use crate::hand::Hand;
use crate::scene::Scene;

impl Hand {
    fn hears(scene: Scene) -> Self {
        let target = scene.target_by_default();
        Self::with(scene, target)
    }

    /// How long news is waited for, at most so long; and how many calls that takes.
    fn waits(&self, at_most: u64) -> (Option<Duration>, usize) {
        let before = self.observed().version;
        let (began, calls) = (self.scene.clock.now(), self.scene.calls().len());
        let end = began + Duration::from_secs(at_most);
        let news = self.target.changed(&self.found.binding, &before);
        let both = select(news, Box::pin(self.scene.clock.sleep_until(end)));
        let told = match block_on(&self.scene.clock, both).unwrap() {
            Either::Left(_) => Some(self.scene.clock.now().since(began)),
            Either::Right(_) => None,
        };
        (told, self.scene.calls().len() - calls)
    }
}

#[test]
fn a_deployment_that_goes_on_is_told_soon() {
    let mut hand = Hand::hears(Scene::rolling());
    hand.scene.wait(300);
    let release = hand.release(4);
    hand.apply(release, 1).unwrap();
    // A task needs longer than an interval until it runs.
    let (told, _) = hand.waits(60);
    assert!(
        told.is_some_and(|after| after <= Duration::from_secs(30)),
        "{told:?}"
    );
}

#[test]
fn while_nothing_moves_it_is_looked_seldom() {
    for scene in [Scene::rolling(), Scene::gated()] {
        let hand = Hand::hears(scene);
        hand.scene.wait(300);
        let (told, calls) = hand.waits(1000);
        println!("{calls} calls in 1000 s");
        assert_eq!(told, None);
        assert!((9 * 4..=10 * 6).contains(&calls), "{calls}");
        let scaled = hand.scene.fake.somebody_scales("shop", "web", 5);
        scaled.unwrap();
        let before = &hand.found.observation.version;
        let began = hand.scene.clock.now();
        let news = hand.target.changed(&hand.found.binding, before);
        block_on(&hand.scene.clock, news).unwrap();
        let told = hand.scene.clock.now().since(began);
        assert!(told <= Duration::from_secs(110), "{told:?}");
    }
}
