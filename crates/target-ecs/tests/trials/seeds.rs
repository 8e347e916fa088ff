//! Drawn shops, releases, faults, crashes and hands, each run from one printed seed.
//!
//! With `TRIAL_SEED=17` the short test runs that one alone.

use std::collections::BTreeMap;
use std::time::Duration;

use strategy_core::Strategy;
use strategy_core::inbox::Envelope;
use strategy_core::rollout::Alarm;
use strategy_core::strategy::{BlueGreen, Canary, CandidateCapacity, Retire};
use strategy_core::{Track, Weight};
use test_support::ecs::{Fault, Image};

use crate::life::{Crash, Denied, Life, Script};
use crate::petswipe::{BLUE, CLUSTER, NEW, PetSwipe, Setup};
use crate::verdict::{Came, Start, came, ended_but, nobody_was_let_down, order};

/// Draws by splitmix64: the same on every machine.
struct Lots(u64);

impl Lots {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `least`, below `end`.
    fn within(&mut self, least: u64, end: u64) -> u64 {
        least + self.next() % (end - least)
    }

    fn index(&mut self, end: usize) -> usize {
        usize::try_from(self.within(0, u64::try_from(end).unwrap())).unwrap()
    }

    /// So many times in a hundred.
    fn chance(&mut self, percent: u64) -> bool {
        self.within(0, 100) < percent
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.index(all.len())]
    }

    fn seconds(&mut self, least: u64, end: u64) -> Duration {
        Duration::from_secs(self.within(least, end))
    }
}

/// How a release turns out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Good,
    /// No task of it ever answers.
    NeverServes,
    /// It serves first.
    FailsLater,
}

fn image(lots: &mut Lots) -> (Kind, Image) {
    let image = match lots.within(0, 10) {
        0..=3 => return (Kind::Good, Image::good()),
        4 => {
            let slow = Image::good().starting_in(lots.seconds(1, 200));
            return (Kind::Good, slow.healthy_in(lots.seconds(0, 20)));
        }
        5 => {
            return (
                Kind::FailsLater,
                Image::crashes_after(lots.seconds(20, 900)),
            );
        }
        6 => {
            let image = Image::unhealthy_after(lots.seconds(60, 900));
            return (Kind::FailsLater, image);
        }
        7 => Image::never_healthy(),
        8 => Image::missing(),
        _ => Image::exits_at_start(1),
    };
    (Kind::NeverServes, image)
}

fn setup(lots: &mut Lots, seed: u64) -> Setup {
    let pair = lots.chance(40);
    Setup {
        desired: usize::try_from(lots.within(1, 7)).unwrap(),
        sticky: lots.chance(30).then(|| lots.within(1, 300)),
        by_ecs: None,
        pair,
        scaled: (!pair && lots.chance(30)).then_some((1, 12)),
        load: lots.one_of(&[0.5, 10.0, 300.0]),
        latency: Duration::from_millis(lots.one_of(&[0, 20, 300])),
        // Of each ten seeds one hears news often; a look costs time here as elsewhere.
        news: Duration::from_secs(if seed.is_multiple_of(10) { 5 } else { 60 }),
        seed,
    }
}

fn strategy(lots: &mut Lots, setup: &Setup) -> Box<dyn Strategy> {
    let bake = lots.seconds(5, 180);
    if setup.pair && lots.chance(70) {
        let strategy = BlueGreen::new().bake(bake);
        return if lots.chance(40) {
            Box::new(strategy.retire(Retire::ScaleTo(0)))
        } else {
            Box::new(strategy)
        };
    }
    let mut stages: Vec<u16> = [5, 10, 25, 50, 75]
        .into_iter()
        .filter(|_| lots.chance(40))
        .collect();
    stages.push(100);
    let at_least = u32::try_from(lots.within(1, 4)).unwrap();
    let canary = Canary::new()
        .stages(stages)
        .bake(bake)
        .bake_after_return(lots.seconds(5, 90))
        .capacity(CandidateCapacity::FollowsWeight {
            headroom: Weight::ZERO,
            at_least,
        });
    if setup.sticky.is_some() && lots.chance(50) {
        Box::new(canary.suspend_stickiness())
    } else {
        Box::new(canary)
    }
}

const FAULTS: [Fault; 7] = [
    Fault::Throttled,
    Fault::ServerError,
    Fault::Denied,
    Fault::ResetBefore,
    Fault::ResetAfter,
    Fault::TimeoutBefore,
    Fault::TimeoutAfter,
];

fn script(lots: &mut Lots) -> (Script, Vec<(usize, Fault)>) {
    // Few calls come before the first write, and all of some short lives are below this.
    let mut crashes: Vec<Crash> = (0..lots.one_of(&[0, 0, 0, 1, 1, 2]))
        .map(|_| Crash {
            at: lots.index(300),
            landed: lots.chance(50),
            asleep: lots.seconds(0, 400),
        })
        .collect();
    crashes.sort_by_key(|crash| crash.at);
    let denied = lots.chance(10).then(|| Denied {
        at: lots.index(250),
        lasts: lots.seconds(10, 600),
    });
    let faults = (0..lots.one_of(&[0, 0, 1, 2, 5]))
        .map(|_| (lots.index(300), lots.one_of(&FAULTS)))
        .collect();
    let script = Script {
        crashes,
        denied,
        back: lots.chance(20),
    };
    (script, faults)
}

/// What somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hand {
    Abort,
    Alarm,
    /// Everything to what is live.
    TrafficHome,
    ScalesLive(usize),
    ScalesOther(usize),
    /// Another image, good as well.
    DeploysLive,
    StopsATask,
    TakesTheClaim,
    Autoscaling(usize),
}

fn hand(lots: &mut Lots) -> Option<(u64, Hand)> {
    if lots.chance(60) {
        return None;
    }
    let count = usize::try_from(lots.within(1, 9)).unwrap();
    let hands = [
        Hand::Abort,
        Hand::Alarm,
        Hand::TrafficHome,
        Hand::ScalesLive(count),
        Hand::ScalesOther(count),
        Hand::DeploysLive,
        Hand::StopsATask,
        Hand::TakesTheClaim,
        Hand::Autoscaling(count),
    ];
    Some((lots.within(0, 900), lots.one_of(&hands)))
}

impl Hand {
    /// Whether it changes what the rollout owns, so that the end may be another.
    const fn is_foreign(self) -> bool {
        match self {
            Self::Abort | Self::Alarm | Self::StopsATask | Self::Autoscaling(_) => false,
            Self::TrafficHome
            | Self::ScalesLive(_)
            | Self::ScalesOther(_)
            | Self::DeploysLive
            | Self::TakesTheClaim => true,
        }
    }

    fn does(self, life: &Life<'_>) {
        let shop = life.shop;
        let fake = &shop.fake;
        let (other, other_group) = shop.other();
        match self {
            Self::Abort => life.abort(),
            Self::Alarm => {
                let alarm = Alarm::new("a", "CloudWatch", "5xx");
                life.inbox.send(Envelope::Alarm(alarm));
            }
            Self::TrafficHome => {
                let weights = [(shop.blue_group.as_str(), 100), (other_group, 0)];
                fake.somebody_sets_weights(&shop.rule, &weights);
            }
            Self::ScalesLive(count) => fake.somebody_scales(CLUSTER, BLUE, count).unwrap(),
            Self::ScalesOther(count) => {
                if !shop.service(other).is_null() {
                    fake.somebody_scales(CLUSTER, other, count).unwrap();
                }
            }
            Self::DeploysLive => {
                let arn = shop.register("petswipe:theirs");
                fake.somebody_deploys(CLUSTER, BLUE, &arn).unwrap();
            }
            // Whoever stops the only one lets its users down without any help of ours.
            Self::StopsATask if shop.healthy(&shop.blue_group) > 1 => {
                fake.tasks_crash(CLUSTER, BLUE, 1, 137);
            }
            Self::StopsATask => {}
            Self::TakesTheClaim => {
                let arn = shop.service(BLUE)["serviceArn"].clone();
                fake.somebody_tags(arn.as_str().unwrap(), "rollway.dev/claim", None);
            }
            Self::Autoscaling(count) => {
                fake.autoscaling_wants(CLUSTER, BLUE, count);
            }
        }
    }
}

fn run(seed: u64) -> Result<Came, String> {
    let mut lots = Lots(seed);
    let setup = setup(&mut lots, seed);
    let strategy = strategy(&mut lots, &setup);
    let (kind, image) = image(&mut lots);
    let (script, faults) = script(&mut lots);
    let hand = hand(&mut lots);
    let what =
        format!("seed {seed}: {setup:?}, {kind:?} {image:?}, {faults:?}, {script:?}, {hand:?}");
    let shop = PetSwipe::open(setup);
    shop.fake.set_image(NEW, image);
    for (at, fault) in faults {
        shop.fake.fault_at(at, fault);
    }
    let start = Start::of(&shop);
    let life = Life::new(&shop, &*strategy, NEW).script(script);
    let told = life.live_while(async |life| {
        if let Some((after, hand)) = hand {
            shop.after(after).await;
            hand.does(life);
        }
    });
    let foreign = hand.map(|(_, hand)| hand).filter(|hand| hand.is_foreign());
    let judged = || {
        order(&shop, &told)?;
        let came = came(&told)?;
        if came == Came::Stuck && foreign.is_none() {
            return Err("it is stuck, and nobody's hand was in it".to_owned());
        }
        let excused = match foreign {
            None => vec![],
            Some(Hand::ScalesLive(_)) => vec![Track::Stable],
            Some(_) => vec![Track::Stable, Track::Candidate],
        };
        if foreign != Some(Hand::TakesTheClaim) {
            ended_but(&shop, &start, NEW, &told, &excused)?;
        }
        if kind != Kind::FailsLater {
            nobody_was_let_down(&shop)?;
        }
        Ok(came)
    };
    judged().map_err(|why: String| format!("{why}\n  {what}\n  {:?}", told.end))
}

fn run_all(seeds: std::ops::Range<u64>) {
    let mut ends = BTreeMap::<Came, usize>::new();
    let mut broken = Vec::new();
    for seed in seeds.clone() {
        match run(seed) {
            Ok(came) => *ends.entry(came).or_default() += 1,
            Err(why) => {
                println!("broken: {why}");
                broken.push(why);
            }
        }
    }
    println!("seeds {seeds:?}: {ends:?}");
    assert!(
        broken.is_empty(),
        "{} broken:\n{}",
        broken.len(),
        broken.join("\n")
    );
}

#[test]
fn twenty_drawn_lives_keep_what_is_promised() {
    let one = std::env::var("TRIAL_SEED").ok();
    match one.map(|seed| seed.parse::<u64>().unwrap()) {
        Some(seed) => run_all(seed..seed + 1),
        None => run_all(0..20),
    }
}

#[test]
#[ignore = "needs an optimised build: cargo xtask test"]
fn a_thousand_drawn_lives_keep_what_is_promised() {
    run_all(0..1000);
}
