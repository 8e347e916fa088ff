//! The world does what it says: pods, router, people, faults, counts.

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
fn pods_take_time_and_users_notice_who_is_not_ready() {
    let world = World::seeded(1)
        .stable("app:v1", 4)
        .requests_per_second(100)
        .lag(Duration::ZERO)
        .drain(Duration::ZERO)
        .build()
        .unwrap();
    let hand = Hand::on(&world);
    hand.apply(2, percent(50));
    assert_eq!(hand.observe().candidate.ready(), 0);
    world.advance(seconds(5));
    let report = world.report();
    let requests = report.part(&Part::main()).unwrap().requests;
    assert_eq!((requests.stable.served, requests.stable.failed), (250, 0));
    assert_eq!(
        (requests.candidate.served, requests.candidate.failed),
        (0, 250)
    );
    world.advance(seconds(5));
    let observed = hand.observe();
    assert_eq!(
        (observed.candidate.ready(), observed.candidate.wanted()),
        (2, 2)
    );
    let report = world.report();
    let part = report.part(&Part::main()).unwrap();
    assert!(part.requests.candidate.served > 150, "{:?}", part.requests);
    assert_eq!(part.time_at(percent(50)), seconds(10));
    assert_eq!(part.writes.len(), 1);
    assert_eq!(part.writes[0].by, "test/1");
}

#[test]
fn ailments_show_as_what_they_are() {
    let story = |ailment, at: &[(u64, u32, Vec<FatalReason>, u64)]| {
        let world = World::seeded(1)
            .stable("app:v1", 1)
            .ailing("app:v2", ailment)
            .image("app:v2", |image| image.varies = Duration::ZERO)
            .build()
            .unwrap();
        let hand = Hand::on(&world);
        hand.apply(1, Weight::ZERO);
        let mut passed = 0;
        for (after, ready, fatal, restarts) in at {
            world.advance(seconds(after - passed));
            passed = *after;
            let observed = hand.observe();
            assert_eq!(
                (observed.candidate.ready(), &hand.fatal(), hand.restarts()),
                (*ready, fatal, *restarts),
                "after {after} s"
            );
        }
    };
    let crash = || vec![FatalReason::CrashLoop];
    story(Ailment::Hangs, &[(3600, 0, vec![], 0)]);
    // Crashes at 5, waits 10, starts 5, crashes at 20, waits 20.
    story(
        Ailment::CrashesAtStart,
        &[
            (5, 0, crash(), 1),
            (16, 0, vec![], 1),
            (20, 0, crash(), 2),
            (39, 0, crash(), 2),
        ],
    );
    story(
        Ailment::CrashesAfter(seconds(60)),
        &[
            (5, 1, vec![], 0),
            (64, 1, vec![], 0),
            (65, 0, crash(), 1),
            (80, 1, vec![], 1),
        ],
    );
    story(
        Ailment::OutOfMemoryAfter(seconds(60)),
        &[(65, 0, vec![FatalReason::OutOfMemory], 1)],
    );
    story(
        Ailment::CannotBePulled,
        &[
            (1, 0, vec![FatalReason::ImagePull], 0),
            (600, 0, vec![FatalReason::ImagePull], 0),
        ],
    );
    story(
        Ailment::CannotBeScheduled,
        &[(1, 0, vec![FatalReason::Unschedulable], 0)],
    );
    for (restarts, counted) in [(true, 1), (false, 0)] {
        story(
            Ailment::Flaps {
                up: seconds(5),
                down: seconds(10),
                restarts,
            },
            &[
                (5, 1, vec![], 0),
                (10, 0, vec![], counted),
                (20, 1, vec![], counted),
                (25, 0, vec![], counted * 2),
            ],
        );
    }
}

#[test]
fn half_of_the_pods_can_be_ill_and_an_image_can_be_mended() {
    let world = World::seeded(1)
        .stable("app:v1", 1)
        .ailing("app:v2", Ailment::CannotBePulled)
        .image("app:v2", |image| image.affects = Weight::HALF)
        .build()
        .unwrap();
    let hand = Hand::on(&world);
    hand.apply(4, Weight::ZERO);
    world.advance(seconds(60));
    assert_eq!(hand.observe().candidate.ready(), 2);
    world.happen(Happening::ImageBehaves {
        image: "app:v2".into(),
        behavior: Behavior::default(),
    });
    world.advance(seconds(60));
    assert_eq!(hand.observe().candidate.ready(), 4);
}

#[test]
fn a_moved_tag_shows_in_the_image_ids_of_pods_that_start_later() {
    let world = World::seeded(1).stable("app:v1", 1).build().unwrap();
    let hand = Hand::on(&world);
    hand.apply(1, Weight::ZERO);
    world.advance(seconds(10));
    let ids = |hand: &Hand| hand.observe().candidate.pods[0].image_ids["app"].clone();
    let before = ids(&hand);
    assert_eq!(before.len(), 1);
    world.happen(Happening::TagMoved {
        image: "app:v2".into(),
        content: "another build".into(),
    });
    hand.apply(2, Weight::ZERO);
    world.advance(seconds(10));
    let after = ids(&hand);
    assert_eq!(after.len(), 2);
    assert!(after.is_superset(&before));
}

#[test]
fn a_template_is_rolled_out_without_losing_a_ready_pod_first() {
    let world = World::seeded(1).stable("app:v1", 4).build().unwrap();
    world.happen(Happening::ImageChanged {
        part: Part::main(),
        track: Track::Stable,
        container: "app".into(),
        image: "app:v3".parse().unwrap(),
        by: "alice".into(),
    });
    let hand = Hand::on(&world);
    let mut mixed = false;
    for _ in 0..60 {
        let stable = hand.observe().stable;
        assert!(stable.ready() >= 4, "{stable:?}");
        assert!(stable.pods.iter().map(|pods| pods.total).sum::<u32>() <= 5);
        mixed |= stable.pods.len() == 2;
        world.advance(seconds(1));
    }
    assert!(mixed);
    assert!(hand.observe().stable.is_whole(&Revision::Recorded));
    assert_eq!(world.report().parts[&Part::main()].least_ready, 4);
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
fn an_autoscaler_wants_what_the_load_needs_and_keeps_its_floor() {
    let stable = WorkloadSetup {
        autoscaler: Some(ScalerSetup {
            min: 2,
            max: 10,
            per_pod: Some(10),
        }),
        ..WorkloadSetup::of("app:v1", 2)
    };
    let world = World::seeded(1)
        .workloads(stable, None)
        .requests_per_second(20)
        .build()
        .unwrap();
    let hand = Hand::on(&world);
    let wanted = |hand: &Hand| hand.observe().stable.wanted();
    assert_eq!(wanted(&hand), 2);
    world.happen(Happening::LoadChanged {
        part: Part::main(),
        requests_per_second: 55,
    });
    world.advance(seconds(60));
    assert_eq!((wanted(&hand), hand.observe().stable.ready()), (6, 6));
    world.happen(Happening::LoadChanged {
        part: Part::main(),
        requests_per_second: 1,
    });
    world.advance(seconds(60));
    assert_eq!(wanted(&hand), 2);
    let counted = hand.request(0, Weight::ZERO, hand.observe().owned);
    let mut wrong = counted;
    wrong.desired.stable.replicas = Replicas::Count(3);
    let answer = world
        .block_on(async { world.target().apply(&wrong).await })
        .unwrap();
    assert_eq!(answer.unwrap_err().kind, TargetErrorKind::Unsupported);
}

#[test]
fn a_write_that_timed_out_lands_later_unless_it_is_fenced_off() {
    for fenced in [false, true] {
        let world = World::seeded(1).stable("app:v1", 1).build().unwrap();
        let hand = Hand::on(&world);
        let request = hand.request(1, Weight::ZERO, hand.observe().owned);
        world.happen(Happening::next_write(ApiFault::LandsLate(seconds(60))));
        let target = world.target();
        {
            let mut write = target.apply(&request);
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(write.as_mut().poll(&mut context).is_pending());
        }
        if fenced {
            let next = hand.claim.next();
            world
                .block_on(target.claim(&hand.found.binding, Some(&hand.claim), Some(&next)))
                .unwrap()
                .unwrap();
        }
        world.advance(seconds(59));
        assert!(hand.observe().candidate.is_absent());
        world.advance(seconds(1));
        assert_eq!(hand.observe().candidate.is_absent(), fenced);
    }
}

#[test]
fn faults_do_what_they_say_and_end() {
    let kinds = |fault: ApiFault| {
        let world = World::seeded(1).stable("app:v1", 1).build().unwrap();
        let hand = Hand::on(&world);
        let request = hand.request(1, Weight::ZERO, hand.observe().owned);
        world.happen(Happening::api_fails(fault, seconds(20)));
        let target = world.target();
        let write = world.block_on(target.apply(&request)).unwrap();
        world.advance(seconds(20));
        let landed = !hand.observe().candidate.is_absent();
        (
            write.err().map(|error| (error.kind, error.certainty)),
            landed,
        )
    };
    use crate::target::Certainty::{MayBeTaken, NotTaken};
    assert_eq!(
        kinds(ApiFault::Unreachable),
        (Some((TargetErrorKind::Unavailable, NotTaken)), false)
    );
    assert_eq!(
        kinds(ApiFault::Throttled),
        (Some((TargetErrorKind::RateLimited, NotTaken)), false)
    );
    assert_eq!(
        kinds(ApiFault::Conflict),
        (Some((TargetErrorKind::Conflict, NotTaken)), false)
    );
    assert_eq!(
        kinds(ApiFault::AnswerLost),
        (Some((TargetErrorKind::Unavailable, MayBeTaken)), true)
    );
    assert_eq!(kinds(ApiFault::Slow(seconds(7))), (None, true));
}

#[test]
fn a_stale_read_says_how_old_it_is_and_never_hides_our_own_write() {
    let world = World::seeded(1).stable("app:v1", 2).build().unwrap();
    let hand = Hand::on(&world);
    world.happen(Happening::ApiFails {
        part: None,
        fault: ApiFault::Stale,
        calls: Calls::Reads,
        lasts: seconds(100),
        times: None,
    });
    world.happen(Happening::PodsCrash {
        part: Part::main(),
        track: Track::Stable,
        pods: 1,
    });
    world.advance(seconds(5));
    let observed = hand.observe();
    assert_eq!((observed.stable.ready(), observed.age), (2, seconds(5)));
    hand.apply(1, Weight::ZERO);
    let observed = hand.observe();
    assert_eq!((observed.stable.ready(), observed.age), (1, Duration::ZERO));
    assert!(!observed.candidate.is_absent());
    let news = async {
        let after: Version = observed.version.clone();
        world.target().changed(&hand.found.binding, &after).await;
        world.clock().now().since(world.report().from)
    };
    assert_eq!(world.block_on(news).unwrap(), seconds(100));
    assert_eq!(hand.observe().age, Duration::ZERO);
}

#[test]
fn a_persons_move_is_seen_with_their_name_until_we_write_again() {
    let world = World::seeded(1).stable("app:v1", 2).build().unwrap();
    let hand = Hand::on(&world);
    assert!(hand.observe().foreign.is_empty());
    hand.apply(1, percent(10));
    assert_eq!(hand.observe().traffic.writer, Writer::Us);
    world.happen(Happening::weight_moved(percent(10), "alice"));
    let observed = hand.observe();
    assert_eq!(observed.traffic.written.weight, percent(10));
    assert_eq!(observed.foreign[0].by, "alice");
    assert!(matches!(&observed.traffic.writer, Writer::Other { name, .. } if name == "alice"));
    hand.apply(1, percent(20));
    assert!(hand.observe().foreign.is_empty());
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
