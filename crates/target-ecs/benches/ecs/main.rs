//! `cargo xtask bench ecs`: how many calls looks take, and how many services one account carries. Counted
//! on the fake in virtual time, so it is the same on every machine.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench"
)]

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/rollout/crowd.rs"]
mod crowd;

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::{Either, join_all, select};
use serde_json::json;
use strategy_core::Target;
use strategy_core::target::Binding;
use strategy_core::world::block_on;
use target_ecs::EcsTarget;
use test_support::ecs::Settings;

use crowd::Crowd;

/// Tokens that the published buckets get each second: of the account of load balancing, of reads of
/// services, and of reads of tasks.
const REFILLS: [(&str, &[&str], f64); 3] = [
    (
        "load balancing",
        &["DescribeRules", "DescribeListeners", "DescribeTargetHealth"],
        10.0,
    ),
    ("reads of services", &["DescribeServices"], 20.0),
    ("reads of tasks", &["ListTasks", "DescribeTasks"], 20.0),
];

fn settings() -> Settings {
    Settings {
        published_buckets: true,
        ..Settings::default()
    }
}

fn tell(name: &str, value: f64, unit: &str, goal: Option<&str>) {
    println!(
        "{}",
        json!({"name": name, "value": value, "unit": unit, "goal": goal})
    );
}

fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Bound without hurry, so that all buckets are full afterwards.
fn bound(crowd: &Crowd, targets: &[EcsTarget]) -> Vec<Binding> {
    let whole = async {
        let mut bindings = Vec::new();
        for target in targets {
            let at = crowd.clock.now() + Duration::from_secs(2);
            crowd.clock.sleep_until(at).await;
            bindings.push(target.discover().await.unwrap().binding);
        }
        crowd
            .clock
            .sleep_until(crowd.clock.now() + Duration::from_secs(10))
            .await;
        bindings
    };
    block_on(&crowd.clock, whole).unwrap()
}

/// So many look at the same moment.
fn together(rollouts: usize) {
    let crowd = Crowd::with_candidates(rollouts, settings());
    let targets = crowd.targets();
    let bindings = bound(&crowd, &targets);
    let (before, from) = (crowd.fake.next_index(), crowd.clock.now());
    let looks = targets.iter().zip(&bindings);
    let looks = join_all(looks.map(|(target, binding)| target.observe(binding)));
    for seen in block_on(&crowd.clock, looks).unwrap() {
        seen.unwrap();
    }
    let took = crowd.clock.now().since(from);
    let counts = crowd.since(before);
    for (kind, count) in &counts {
        let name = format!("{rollouts} look at once: {kind}");
        tell(
            &name,
            number(*count) / number(rollouts),
            "calls a look",
            None,
        );
    }
    let all = number(counts.values().sum());
    let name = format!("{rollouts} look at once: all");
    tell(&name, all / number(rollouts), "calls a look", None);
    let name = format!("{rollouts} look at once: until the last knows");
    tell(&name, took.as_secs_f64(), "s", None);
    let name = format!("{rollouts} look at once: refused");
    tell(&name, number(crowd.refused()), "calls", Some("<= 0"));
}

/// How many services are carried, if so many make these calls in that time.
fn carried(what: &str, services: usize, calls: &BTreeMap<String, usize>, over: Duration) {
    let mut least = f64::INFINITY;
    for (bucket, kinds, refill) in REFILLS {
        let spent: usize = kinds.iter().filter_map(|kind| calls.get(*kind)).sum();
        let a_service = number(spent) / number(services) / over.as_secs_f64();
        tell(
            &format!("{what}: {bucket}"),
            a_service * 60.0,
            "calls a service and minute",
            None,
        );
        if a_service > 0.0 {
            least = least.min((refill / a_service).floor());
        }
    }
    tell(
        &format!("{what}: services an account carries"),
        least,
        "services",
        None,
    );
}

/// So many wait for news at this interval.
fn waiting(what: &str, services: usize, interval: Duration, over: Duration) {
    let crowd = Crowd::with_candidates(services, settings());
    let targets = crowd.targets().into_iter();
    let targets: Vec<EcsTarget> = targets
        .map(|target| target.intervals(interval, interval))
        .collect();
    let bindings = bound(&crowd, &targets);
    let waits = |target: EcsTarget, binding: Binding, after: Duration| {
        let clock = crowd.clock.clone();
        async move {
            // They did not all begin at once.
            clock.sleep_until(clock.now() + after).await;
            let seen = target.observe(&binding).await.unwrap();
            target.changed(&binding, &seen.version).await;
            panic!("nothing has changed");
        }
    };
    let all = targets.into_iter().zip(bindings).enumerate();
    let share = interval / u32::try_from(services).unwrap();
    let all = all.map(|(index, (target, binding))| {
        waits(target, binding, share * u32::try_from(index).unwrap())
    });
    let begun = crowd.clock.now() + interval * 2;
    let measured = async {
        crowd.clock.sleep_until(begun).await;
        let before = crowd.fake.next_index();
        crowd.clock.sleep_until(begun + over).await;
        before
    };
    let measured = async {
        match select(Box::pin(join_all(all)), Box::pin(measured)).await {
            Either::Left(_) => panic!("nothing has changed"),
            Either::Right((before, _)) => before,
        }
    };
    let before = block_on(&crowd.clock, measured).unwrap();
    carried(what, services, &crowd.since(before), over);
    tell(
        &format!("{what}: refused"),
        number(crowd.refused()),
        "calls",
        Some("<= 0"),
    );
}

/// So many look every 30 seconds, as a driver does by default whatever the news.
fn looking(what: &str, services: usize, is_shared: bool) {
    let interval = Duration::from_secs(30);
    let crowd = Crowd::with_candidates(services, settings());
    let targets = if is_shared {
        crowd.targets()
    } else {
        crowd.strangers()
    };
    let bindings = bound(&crowd, &targets);
    let over = interval * 4;
    let before = crowd.fake.next_index();
    let end = crowd.clock.now() + over;
    let share = interval / u32::try_from(services).unwrap();
    let looks = targets.iter().zip(&bindings).enumerate();
    let looks = looks.map(|(index, (target, binding))| {
        let clock = &crowd.clock;
        async move {
            let mut at = clock.now() + share * u32::try_from(index).unwrap();
            while at < end {
                clock.sleep_until(at).await;
                target.observe(binding).await.unwrap();
                at = at + interval;
            }
        }
    });
    block_on(&crowd.clock, join_all(looks)).unwrap();
    carried(what, services, &crowd.since(before), over);
}

fn main() {
    for rollouts in [1, 10, 100] {
        together(rollouts);
    }
    let second = Duration::from_secs(1);
    waiting(
        "waiting at rest, 100 services",
        100,
        second * 100,
        second * 600,
    );
    waiting(
        "waiting in motion, 10 services",
        10,
        second * 5,
        second * 60,
    );
    waiting(
        "waiting in motion, 20 services",
        20,
        second * 5,
        second * 60,
    );
    looking("looking every 30 s, 50 services", 50, true);
    looking("looking every 30 s, 10 services each alone", 10, false);
}
