//! The platform's API: faults, late writes, stale reads, other people's names.

use super::*;

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
