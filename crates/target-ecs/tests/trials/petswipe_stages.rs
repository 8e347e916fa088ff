//! PetSwipe's canary and its blue-green, whole, with something going wrong in each stage: in the end the recorded start
//! is what runs, and no request met a target group without a healthy target.

use std::cell::Cell;
use std::time::Duration;

use strategy_core::rollout::{Outcome, Reason};
use strategy_core::strategy::{BlueGreen, Canary, CandidateCapacity, Retire};
use strategy_core::{Strategy, Weight};

use crate::life::{End, Life};
use crate::petswipe::{BLUE, CLUSTER, NEW, OLD, PetSwipe, Setup};
use crate::verdict::{Came, Start, judge, judge_but_requests, nobody_was_let_down};

/// `CANARY_STAGES` and `STAGE_DURATION`, a minute of drain and five of monitoring. Stickiness is suspended while weights
/// are to be shares. Two tasks at least: of one that crashes the rest can take over. Before blue is given the release
/// the cookies that name it have to end, for which an hour is waited: longer than the default deadline of a stage.
pub(crate) fn canary() -> Canary {
    Canary::new()
        .stages([5, 10, 25, 50, 100])
        .bake(Duration::from_secs(300))
        .bake_after_return(Duration::from_secs(300))
        .retire_after(Duration::from_secs(60))
        .deadline(Duration::from_secs(2 * 3600))
        .suspend_stickiness()
        .capacity(CandidateCapacity::FollowsWeight {
            headroom: Weight::ZERO,
            at_least: 2,
        })
}

/// A switch that is watched for two minutes; the old side is scaled to 0 after one more.
pub(crate) fn blue_green() -> BlueGreen {
    BlueGreen::new()
        .bake(Duration::from_secs(120))
        .retire(Retire::ScaleTo(0))
        .retire_after(Duration::from_secs(60))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    Crash,
    Unhealthy,
    Abort,
}

const FAILURES: [Failure; 3] = [Failure::Crash, Failure::Unhealthy, Failure::Abort];

/// When something goes wrong.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So much traffic is written, and a minute has passed.
    At(i64),
    /// The release has healthy tasks beside blue, and no traffic.
    Ready,
    /// Blue is given the release, and has a healthy task of it.
    Promotion,
    /// Traffic is back on blue, which runs the release.
    Returned,
}

async fn comes(shop: &PetSwipe, moment: Moment) {
    let (other, group) = shop.other();
    match moment {
        Moment::At(percent) => shop.until_percent(percent).await,
        Moment::Ready => {
            while shop.count(other) == 0 || shop.healthy(group) == 0 {
                shop.after(5).await;
            }
            return;
        }
        Moment::Promotion => {
            while shop.image(BLUE) != NEW {
                shop.after(5).await;
            }
            // Its tasks start in half a minute.
        }
        Moment::Returned => {
            while shop.image(BLUE) != NEW || shop.percent() != 0 {
                shop.after(5).await;
            }
        }
    }
    shop.after(60).await;
}

/// The service that runs the release and that something happens to.
fn victim(shop: &PetSwipe, moment: Moment) -> &'static str {
    match moment {
        Moment::At(_) | Moment::Ready => shop.other().0,
        Moment::Promotion | Moment::Returned => BLUE,
    }
}

fn goes_back(setup: Setup, strategy: &dyn Strategy, moment: Moment, failure: Failure) {
    let shop = PetSwipe::open(setup);
    let start = Start::of(&shop);
    let life = Life::new(&shop, strategy, NEW);
    let has_come = Cell::new(false);
    let told = life.live_while(async |life| {
        comes(&shop, moment).await;
        has_come.set(true);
        let name = victim(&shop, moment);
        let hit = match failure {
            Failure::Crash => shop.fake.tasks_crash(CLUSTER, name, 1, 1),
            Failure::Unhealthy => shop.fake.tasks_turn_unhealthy(CLUSTER, name, 1),
            Failure::Abort => {
                life.abort();
                1
            }
        };
        assert_eq!(hit, 1, "{failure:?} at {moment:?}");
    });
    let what = format!("{failure:?} at {moment:?}: {:?}", told.end);
    println!("{what}");
    assert!(has_come.get(), "nothing went wrong: {what}");
    assert_eq!(
        judge(&shop, &start, NEW, &told),
        Ok(Came::RolledBack),
        "{what}"
    );
    let End::Over(Outcome::RolledBack { reason }) = told.end else {
        panic!("{what}");
    };
    match failure {
        Failure::Crash | Failure::Unhealthy => {
            assert!(matches!(reason, Reason::Fatal { .. }), "{what}");
        }
        Failure::Abort => assert!(matches!(reason, Reason::Aborted { .. }), "{what}"),
    }
    assert_eq!(shop.image(BLUE), OLD, "{what}");
}

#[test]
fn the_canary_is_promoted() {
    let shop = PetSwipe::open(Setup::canary());
    let start = Start::of(&shop);
    let began = shop.clock.now();
    let told = Life::new(&shop, &canary(), NEW).live();
    assert_eq!(judge(&shop, &start, NEW, &told), Ok(Came::Promoted));
    assert_eq!(shop.fake.lost_requests(), [].into());
    let bakes = Duration::from_secs(6 * 300 + 60);
    assert!(shop.clock.now().since(began) > bakes);
}

#[test]
fn the_switch_is_promoted_there_and_back() {
    let shop = PetSwipe::open(Setup::blue_green());
    for (image, weights) in [(NEW, (0, 1)), ("petswipe:3", (1, 0))] {
        let told = Life::new(&shop, &blue_green(), image).live();
        assert!(matches!(told.end, End::Over(Outcome::Promoted)), "{told:?}");
        assert_eq!(shop.weights(), weights);
        let (live, idle) = if weights.1 == 1 {
            (shop.other().0, BLUE)
        } else {
            (BLUE, shop.other().0)
        };
        assert_eq!((shop.count(live), shop.count(idle)), (4, 0));
        assert_eq!(shop.image(live), image);
    }
    assert_eq!(nobody_was_let_down(&shop), Ok(()));
    assert_eq!(shop.fake.lost_requests(), [].into());
}

macro_rules! goes_back_from {
    ($($name:ident: $setup:expr, $strategy:expr, $moment:expr;)*) => {$(
        #[test]
        fn $name() {
            for failure in FAILURES {
                goes_back($setup, &$strategy, $moment, failure);
            }
        }
    )*};
}

goes_back_from! {
    the_canary_goes_back_from_5_percent: Setup::canary(), canary(), Moment::At(5);
    the_canary_goes_back_from_10_percent: Setup::canary(), canary(), Moment::At(10);
    the_canary_goes_back_from_25_percent: Setup::canary(), canary(), Moment::At(25);
    the_canary_goes_back_from_50_percent: Setup::canary(), canary(), Moment::At(50);
    the_canary_goes_back_from_100_percent: Setup::canary(), canary(), Moment::At(100);
    the_canary_goes_back_from_its_promotion: Setup::canary(), canary(), Moment::Promotion;
    the_canary_goes_back_from_its_return: Setup::canary(), canary(), Moment::Returned;
    the_switch_goes_back_before_it: Setup::blue_green(), blue_green(), Moment::Ready;
    the_switch_goes_back_after_it: Setup::blue_green(), blue_green(), Moment::At(100);
}

/// Nothing can serve those whose only targets are all ill: what can be promised is that it is the candidate's share
/// alone, and not for long.
#[test]
fn a_canary_that_is_ill_altogether_lets_down_its_share_alone_and_not_for_long() {
    for percent in [5, 25, 50] {
        for failure in [Failure::Crash, Failure::Unhealthy] {
            let shop = PetSwipe::open(Setup::canary());
            let start = Start::of(&shop);
            let canary = canary();
            let life = Life::new(&shop, &canary, NEW);
            let told = life.live_while(async |_| {
                comes(&shop, Moment::At(percent)).await;
                let name = shop.other().0;
                match failure {
                    Failure::Crash => shop.fake.tasks_crash(CLUSTER, name, 9, 1),
                    Failure::Unhealthy => shop.fake.tasks_turn_unhealthy(CLUSTER, name, 9),
                    Failure::Abort => unreachable!("it is not among them"),
                };
            });
            let what = format!("{failure:?} at {percent}: {:?}", told.end);
            let came = judge_but_requests(&shop, &start, NEW, &told);
            assert_eq!(came, Ok(Came::RolledBack), "{what}");
            let shortages = shop.fake.shortages();
            let long: Duration = shortages.iter().map(|of| of.until.since(of.from)).sum();
            println!("{what}: {long:?}");
            assert!(!shortages.is_empty(), "{what}");
            assert!(
                shortages
                    .iter()
                    .all(|of| of.target_group == shop.canary_group),
                "{what}: {shortages:?}"
            );
            assert!(long <= Duration::from_secs(120), "{what}: {shortages:?}");
        }
    }
}
