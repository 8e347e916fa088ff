//! The world does what it says: pods, router, people, faults, counts.

mod api;
mod metrics;
mod pods;

use std::time::Duration;

use super::*;
use crate::target::{
    Apply, Claim, Desired, DesiredTrack, Discovery, EffectId, Effective, FatalReason, Observation,
    Owned, TargetErrorKind, Version, Writer,
};
use crate::track::{Replicas, Revision, Track};
use crate::traffic::Traffic;
use crate::weight::Weight;
use crate::{Images, Target};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn percent(percent: u16) -> Weight {
    Weight::from_percent(percent).unwrap()
}

/// A rollout in miniature: claimed, and writing what it is told.
struct Hand {
    world: World,
    found: Discovery,
    claim: Claim,
}

impl Hand {
    fn on(world: &World) -> Self {
        let claim = Claim {
            holder: "test".parse().unwrap(),
            epoch: 1,
        };
        let target = world.target();
        let found = world
            .block_on(async {
                let found = target.discover().await.unwrap();
                target
                    .claim(&found.binding, None, Some(&claim))
                    .await
                    .unwrap();
                found
            })
            .unwrap();
        Self {
            world: world.clone(),
            found,
            claim,
        }
    }

    fn observe(&self) -> Observation {
        let target = self.world.target();
        let look = target.observe(&self.found.binding);
        self.world.block_on(look).unwrap().unwrap()
    }

    fn request(&self, count: u32, weight: Weight, seen: Owned) -> Apply {
        let stable = self.found.observation.stable.written.as_ref().unwrap();
        Apply {
            id: EffectId(1),
            claim: self.claim.clone(),
            binding: self.found.binding.clone(),
            desired: Desired {
                stable: DesiredTrack {
                    revision: Revision::Recorded,
                    replicas: stable.replicas,
                },
                candidate: DesiredTrack {
                    revision: Revision::Release(Images::parse([("app", "app:v2")]).unwrap()),
                    replicas: Replicas::Count(count),
                },
                traffic: Traffic::weight(weight),
            },
            seen,
            timeout: seconds(30),
        }
    }

    fn apply(&self, count: u32, weight: Weight) {
        let request = self.request(count, weight, self.observe().owned);
        let target = self.world.target();
        self.world
            .block_on(target.apply(&request))
            .unwrap()
            .unwrap();
    }

    /// Fatal reasons of the candidate.
    fn fatal(&self) -> Vec<FatalReason> {
        let pods = self.observe().candidate.pods;
        let fatal = pods.iter().flat_map(|pods| &pods.fatal);
        fatal.map(|fatal| fatal.reason).collect()
    }

    fn restarts(&self) -> u64 {
        self.observe()
            .candidate
            .pods
            .iter()
            .map(|pods| pods.restarts)
            .sum()
    }
}

#[test]
fn share_of_ready_pods_is_share_of_traffic_where_traffic_follows_readiness() {
    let world = World::seeded(1)
        .stable("app:v1", 3)
        .follows_readiness()
        .requests_per_second(100)
        .build()
        .unwrap();
    let hand = Hand::on(&world);
    hand.apply(1, percent(25));
    let observed = hand.observe();
    assert_eq!(observed.traffic.written.weight, percent(25));
    assert_eq!(
        observed.traffic.effective,
        Effective::Verified(Traffic::default())
    );
    world.advance(seconds(10));
    assert_eq!(
        hand.observe().traffic.effective,
        Effective::Verified(Traffic::weight(percent(25)))
    );
    assert_eq!(world.report().failed(), 0);
}

#[test]
fn a_router_can_become_slower_or_quicker_from_its_next_change_on() {
    let world = World::seeded(1).stable("app:v1", 2).build().unwrap();
    let hand = Hand::on(&world);
    hand.apply(2, Weight::ZERO);
    world.advance(seconds(10));
    let lags = |seconds| Happening::RouterLags {
        part: Part::main(),
        lag: Duration::from_secs(seconds),
    };
    let effective = |hand: &Hand| hand.observe().traffic.effective;
    world.happen(lags(600));
    hand.apply(2, percent(50));
    world.happen(lags(0));
    world.advance(seconds(599));
    assert_eq!(effective(&hand), Effective::Converging);
    world.advance(seconds(1));
    let half = Effective::Verified(Traffic::weight(percent(50)));
    assert_eq!(effective(&hand), half);
    hand.apply(2, Weight::ZERO);
    let none = Effective::Verified(Traffic::default());
    assert_eq!(effective(&hand), none);
}

#[test]
fn the_live_slot_is_found_after_a_switch_and_the_binding_keeps_the_roles() {
    let world = World::seeded(1)
        .slots("app:v1", 2, "app:v0", 0)
        .build()
        .unwrap();
    let hand = Hand::on(&world);
    hand.apply(2, Weight::ZERO);
    world.advance(seconds(10));
    hand.apply(2, Weight::FULL);
    world.advance(seconds(10));
    let observed = hand.observe();
    assert_eq!(observed.traffic.written.weight, Weight::FULL);
    assert_eq!(observed.candidate.ready(), 2);
    let again = world
        .block_on(async { world.target().discover().await })
        .unwrap()
        .unwrap();
    assert_eq!(again.observation.traffic.written.weight, Weight::ZERO);
    assert_eq!(again.names.stable, hand.found.names.candidate);
    assert_eq!(again.names.candidate, hand.found.names.stable);
    // Written with the new roles, seen with the old ones.
    world.happen(Happening::weight_moved(Weight::ZERO, "alice"));
    assert_eq!(hand.observe().traffic.written.weight, Weight::ZERO);
    let found = world
        .block_on(async { world.target().discover().await })
        .unwrap()
        .unwrap();
    assert_eq!(found.names, hand.found.names);
}

#[test]
fn the_same_seed_gives_the_same_world_and_a_scenario_survives_a_file() {
    let scenario = World::seeded(5)
        .stable("app:v1", 4)
        .requests_per_second(37)
        .image("app:v2", |image| image.errors = 12_345)
        .ailing("app:v2", Ailment::CrashesAfter(seconds(40)))
        .at(seconds(90), Happening::weight_moved(percent(33), "alice"))
        .at(
            seconds(50),
            Happening::api_fails(ApiFault::Throttled, seconds(1)),
        );
    let run = |scenario: &Scenario| {
        let world = scenario.build().unwrap();
        let hand = Hand::on(&world);
        hand.apply(3, percent(20));
        world.advance(seconds(600));
        serde_json::to_string(&world.report()).unwrap()
    };
    let text = serde_json::to_string(&scenario).unwrap();
    let read: Scenario = serde_json::from_str(&text).unwrap();
    assert_eq!(run(&scenario), run(&scenario));
    assert_eq!(run(&scenario), run(&read));
    let mut other = scenario.clone();
    other.seed = 6;
    assert_ne!(run(&scenario), run(&other));
}

#[test]
fn a_wait_that_nothing_can_end_is_given_up_at_the_horizon() {
    let mut scenario = World::seeded(1).stable("app:v1", 1).ailing(
        "app:v1",
        Ailment::Flaps {
            up: seconds(5),
            down: seconds(5),
            restarts: false,
        },
    );
    scenario.lasts = seconds(3600);
    let world = scenario.build().unwrap();
    let error = world.block_on(std::future::pending::<()>()).unwrap_err();
    assert!(matches!(error, Deadlock::Horizon { .. }), "{error}");
}

#[test]
fn an_image_that_cannot_be_read_is_no_scenario() {
    let error = World::seeded(1).stable("app", 1).build().unwrap_err();
    assert!(
        error.to_string().contains("neither tag nor digest"),
        "{error}"
    );
    assert!(World::seeded(1).part("No Part").build().is_err());
}
