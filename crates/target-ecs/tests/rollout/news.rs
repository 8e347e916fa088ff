//! Waiting for news: what it costs, that nothing is told without reason, and how soon a failure is acted on.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::{Either, join, select};
use strategy_core::driver::Driver;
use strategy_core::rollout::Outcome;
use strategy_core::strategy::Canary;
use strategy_core::world::block_on;
use strategy_core::{Release, Target};
use test_support::ecs::{CallRecord, Fault, Image, Settings};

use crate::crowd::Crowd;
use crate::scene::Scene;

fn by_kind<'a>(calls: impl IntoIterator<Item = &'a CallRecord>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for call in calls {
        *counts.entry(call.operation.clone()).or_default() += 1;
    }
    counts
}

#[test]
fn at_rest_it_is_asked_rarely_and_nothing_is_told() {
    let crowd = Crowd::open(1, Settings::default());
    let target = crowd.targets().remove(0);
    let whole = async {
        let binding = target.discover().await.unwrap().binding;
        let seen = target.observe(&binding).await.unwrap();
        let before = crowd.fake.next_index();
        let hour = crowd.clock.now() + Duration::from_secs(3600);
        let news = target.changed(&binding, &seen.version);
        match select(news, Box::pin(crowd.clock.sleep_until(hour))).await {
            Either::Left(_) => panic!("nothing has changed"),
            Either::Right(_) => crowd.since(before),
        }
    };
    let counts = block_on(&crowd.clock, whole).unwrap();
    println!("an hour at rest: {counts:?}");
    let kinds: Vec<&str> = counts.keys().map(String::as_str).collect();
    let cheap = ["DescribeRules", "DescribeServices", "DescribeTargetHealth"];
    assert_eq!(kinds, cheap);
    for (kind, count) in counts {
        assert!((32..=36).contains(&count), "{kind}: {count}");
    }
}

#[test]
fn what_changes_is_told_at_the_next_question() {
    let crowd = Crowd::open(1, Settings::default());
    let target = crowd.targets().remove(0);
    let whole = async {
        let binding = target.discover().await.unwrap().binding;
        let seen = target.observe(&binding).await.unwrap();
        let begun = crowd.clock.now();
        let person = async {
            let at = begun + Duration::from_secs(50);
            crowd.clock.sleep_until(at).await;
            crowd.fake.somebody_scales("shop", "s0", 3).unwrap();
        };
        // Nothing that cannot be read in passing is news.
        crowd
            .fake
            .fault_next("DescribeServices", 1, Fault::ServerError);
        join(target.changed(&binding, &seen.version), person).await;
        let told = crowd.clock.now().since(begun).as_secs();
        assert!((200..=225).contains(&told), "{told}");
        let now = target.observe(&binding).await.unwrap();
        assert_ne!(now.version, seen.version);
        // From now on something moves.
        let begun = crowd.clock.now();
        crowd.fake.somebody_scales("shop", "s0", 5).unwrap();
        let now = target.observe(&binding).await.unwrap();
        target.changed(&binding, &now.version).await;
        let told = crowd.clock.now().since(begun).as_secs();
        // When the first of the new tasks runs.
        assert!(told <= 40 && told.is_multiple_of(5), "{told}");
    };
    block_on(&crowd.clock, whole).unwrap();
}

/// From a failed task to no weight: the next look, one write, and what is read to see that it is so.
#[test]
fn a_failure_is_acted_on_at_the_next_look() {
    // Long after the write has settled nothing is in motion, and the driver looks every 30 seconds.
    is_acted_on(300, 30, 1);
    // A write that has not settled is: then the question whether there is news comes before the look.
    is_acted_on(12, 5, 2);
}

fn is_acted_on(seconds_after_a_write: u64, at_most: u64, looks: usize) {
    let scene = Scene::canary();
    let failing = Duration::from_secs(600);
    let driver = Driver::on(scene.target()).clock(scene.clock.clone());
    let release = Release::of([("web", "web:2")]).unwrap();
    let strategy = Canary::new().stages([25, 100]).bake(failing * 2);
    let watch = async {
        scene.until_weight(250).await;
        scene.after(seconds_after_a_write).await;
        let (failed, from) = (scene.clock.now(), scene.fake.next_index());
        // What runs ends, and so does whatever is started in its place.
        scene.fake.set_image("web:2", Image::exits_at_start(1));
        scene.fake.tasks_crash("shop", "web-other", 9, 1);
        scene.until_weight(0).await;
        (failed, from, scene.fake.next_index())
    };
    let whole = async {
        let (_, run) = driver.start(&strategy, release).await.unwrap();
        join(run, watch).await
    };
    let (outcome, (failed, from, to)) = block_on(&scene.clock, whole).unwrap();
    let outcome = outcome.unwrap();
    assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
    let calls = scene.calls();
    let calls = &calls[from..to];
    let written = calls.iter().find(|call| call.operation == "ModifyRule");
    let seconds = written.unwrap().at.since(failed).as_secs();
    let names = |calls: &[CallRecord]| -> Vec<String> {
        calls.iter().map(|call| call.operation.clone()).collect()
    };
    let at = calls.iter().position(|call| call.operation == "ModifyRule");
    let (before, after) = calls.split_at(at.unwrap() + 1);
    println!(
        "failed task to weight 0: {seconds} s, {} calls until it is written",
        before.len()
    );
    println!("{:?}, then {:?}", names(before), names(after));
    assert!(seconds <= at_most, "{seconds}");
    let counts = by_kind(before);
    // A look takes 8 calls, and a write 6 until it is made: what is read there is compared.
    assert_eq!(counts["ModifyRule"], 1);
    assert_eq!(counts["DescribeTasks"], looks);
    assert_eq!(before.len(), 8 * looks + 6, "{counts:?}");
    // And it is read back.
    assert_eq!(after[0].operation, "DescribeRules");
}
