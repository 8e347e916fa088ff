//! Who gets a token, and when.

use std::sync::{Arc, PoisonError};

use futures::future::{join_all, select};
use strategy_core::Timestamp;
use strategy_core::world::{VirtualClock, block_on};

use super::*;
use crate::account::virtual_time::config;

/// Ten tokens, one more each second.
struct Scene {
    clock: VirtualClock,
    time: Time,
    bucket: Bucket,
    log: Arc<Mutex<Vec<(&'static str, u64)>>>,
}

impl Scene {
    fn new() -> Self {
        let clock = VirtualClock::starting_at(Timestamp::from_millis(50_000));
        Self {
            time: Time::of(&config(&clock)),
            bucket: Bucket::new((11, 1), 100),
            log: Arc::default(),
            clock,
        }
    }

    fn within(&self, seconds: u64) -> SystemTime {
        self.time.now() + Duration::from_secs(seconds)
    }

    async fn taken(&self, urgency: Urgency, until: SystemTime) -> Result<(), TooLate> {
        let patience = |_| Patience::until(until);
        let token = self.bucket.take(&self.time, urgency, &patience).await;
        token.map(Taken::spend)
    }

    async fn take(&self, who: &'static str, urgency: Urgency) {
        let until = self.within(100);
        self.taken(urgency, until).await.unwrap();
        let at = self.clock.now().as_millis();
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        log.push((who, at - 50_000));
    }

    async fn empty(&self) {
        for _ in 0..10 {
            self.take("", Urgency::Look).await;
        }
        self.log.lock().unwrap().clear();
    }

    fn log(&self) -> Vec<(&'static str, u64)> {
        self.log.lock().unwrap().clone()
    }
}

#[test]
fn what_is_full_is_given_at_once_and_then_as_it_fills() {
    let scene = Scene::new();
    let all = async {
        scene.empty().await;
        for who in ["a", "b"] {
            scene.take(who, Urgency::Look).await;
        }
        scene
            .clock
            .sleep_until(Timestamp::from_millis(200_000))
            .await;
        // Full again, and no fuller than that.
        scene.empty().await;
        scene.take("c", Urgency::Look).await;
    };
    block_on(&scene.clock, all).unwrap();
    assert_eq!(scene.log(), [("c", 151_000)]);
}

#[test]
fn writes_go_before_looks_and_each_in_the_order_they_came() {
    let scene = Scene::new();
    let all = async {
        scene.empty().await;
        let (look, write) = (Urgency::Look, Urgency::Write);
        let later = async {
            let at = Timestamp::from_millis(50_500);
            scene.clock.sleep_until(at).await;
            scene.take("late write", write).await;
        };
        let takers = [
            scene.take("look 1", look),
            scene.take("look 2", look),
            scene.take("write 1", write),
            scene.take("write 2", write),
        ];
        futures::join!(join_all(takers), later);
    };
    block_on(&scene.clock, all).unwrap();
    let order = [
        ("write 1", 1000),
        ("write 2", 2000),
        ("late write", 3000),
        ("look 1", 4000),
        ("look 2", 5000),
    ];
    assert_eq!(scene.log(), order);
}

#[test]
fn what_began_first_goes_first() {
    let scene = Scene::new();
    let all = async {
        scene.empty().await;
        let old = scene.within(50);
        let second_call = async {
            let at = Timestamp::from_millis(50_500);
            scene.clock.sleep_until(at).await;
            let taken = scene.taken(Urgency::Look, old).await;
            taken.unwrap();
            assert_eq!(scene.clock.now().as_millis(), 51_000);
        };
        futures::join!(scene.take("new", Urgency::Look), second_call);
    };
    block_on(&scene.clock, all).unwrap();
    assert_eq!(scene.log(), [("new", 2000)]);
}

#[test]
fn who_cannot_have_it_in_time_is_told_at_once_and_blocks_nobody() {
    let scene = Scene::new();
    let all = async {
        scene.empty().await;
        let until = scene.time.now() + Duration::from_millis(999);
        let refused = scene.taken(Urgency::Write, until).await;
        let after = Duration::from_secs(1);
        assert_eq!(refused, Err(TooLate { after }));
        assert_eq!(scene.clock.now().as_millis(), 50_000);
        scene.take("a", Urgency::Look).await;
    };
    block_on(&scene.clock, all).unwrap();
    assert_eq!(scene.log(), [("a", 1000)]);
}

#[test]
fn who_gives_up_waiting_takes_no_token() {
    let scene = Scene::new();
    let all = async {
        scene.empty().await;
        let gives_up = scene.clock.sleep_until(Timestamp::from_millis(50_100));
        let waits = Box::pin(scene.take("given up", Urgency::Write));
        drop(select(waits, Box::pin(gives_up)).await);
        scene.take("a", Urgency::Look).await;
    };
    block_on(&scene.clock, all).unwrap();
    assert_eq!(scene.log(), [("a", 1000)]);
}

#[test]
fn what_aws_refuses_holds_longer_each_time_and_is_forgiven() {
    let scene = Scene::new();
    let all = async {
        for expected in [2_u64, 4, 8, 16, 16] {
            let from = scene.clock.now();
            scene.bucket.throttled(scene.time.now());
            // Of those that were under way as well only the first counts.
            scene.bucket.throttled(scene.time.now());
            scene.take("", Urgency::Look).await;
            let took = scene.clock.now().since(from).as_secs();
            // And one second until there is a token.
            assert_eq!(took, expected + 1);
        }
        let at = scene.clock.now() + Duration::from_secs(61);
        scene.clock.sleep_until(at).await;
        scene.bucket.throttled(scene.time.now());
        let from = scene.clock.now();
        scene.take("", Urgency::Look).await;
        assert_eq!(scene.clock.now().since(from).as_secs(), 3);
    };
    block_on(&scene.clock, all).unwrap();
}

#[test]
fn a_clock_that_is_set_back_holds_nothing_for_long() {
    let scene = Scene::new();
    let now = scene.time.now();
    let look = |now: SystemTime| {
        let mut place = InLine {
            bucket: &scene.bucket,
            place: None,
        };
        place.try_take(Urgency::Look, now, now)
    };
    scene.bucket.throttled(now);
    let hour_ago = now - Duration::from_secs(3600);
    let left = look(hour_ago).unwrap_err();
    assert_eq!(left, MOST_HOLD + Duration::from_secs(1));
    assert_eq!(look(hour_ago + MOST_HOLD + Duration::from_secs(1)), Ok(()));
}

#[test]
fn a_share_is_a_part_of_size_and_refill() {
    let bucket = Bucket::new((40, 10), 50);
    assert_eq!(bucket.period, Duration::from_millis(200));
    assert_eq!(bucket.full, bucket.period * 15);
    let whole = Bucket::new((40, 10), 100);
    assert_eq!(whole.full, whole.period * 30);
}
