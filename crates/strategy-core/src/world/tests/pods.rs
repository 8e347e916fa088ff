//! Pods: what ails them, what they run, how many there are.

use super::*;

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
    // Ready at 5, and never again from 65: no restart, and nothing fatal to see.
    story(
        Ailment::HangsAfter(seconds(60)),
        &[
            (5, 1, vec![], 0),
            (64, 1, vec![], 0),
            (65, 0, vec![], 0),
            (7200, 0, vec![], 0),
        ],
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
fn an_evicted_pod_is_gone_at_once_and_is_replaced_without_a_restart() {
    let world = World::seeded(1)
        .stable("app:v1", 4)
        .requests_per_second(100)
        .image("app:v1", |image| image.varies = Duration::ZERO)
        .build()
        .unwrap();
    let hand = Hand::on(&world);
    let stable = |hand: &Hand| {
        let stable = hand.observe().stable;
        let pods = stable.pods.iter();
        let (total, restarts) = pods.fold((0, 0), |(total, restarts), pods| {
            (total + pods.total, restarts + pods.restarts)
        });
        (stable.ready(), total, restarts)
    };
    let evicted = |pods, keeps| Happening::PodsEvicted {
        part: Part::main(),
        track: Track::Stable,
        pods,
        keeps,
    };
    world.happen(evicted(3, 2));
    assert_eq!(stable(&hand), (2, 4, 0));
    world.advance(seconds(4));
    // Those that are on their way are not ready, and cannot be evicted.
    world.happen(evicted(9, 2));
    assert_eq!(stable(&hand), (2, 4, 0));
    world.advance(seconds(1));
    assert_eq!(stable(&hand), (4, 4, 0));
    assert_eq!(world.report().failed(), 0);
    world.happen(evicted(4, 0));
    world.advance(seconds(5));
    assert_eq!(stable(&hand), (4, 4, 0));
    assert_eq!(world.report().failed(), 500);
    assert!(hand.fatal().is_empty());
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
