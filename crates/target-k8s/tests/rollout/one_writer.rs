//! One rollout on a workload, and one driver on a rollout.

use std::collections::BTreeMap;
use std::time::Duration;

use strategy_core::driver::{
    Clock as _, Driver, DriverError, FileJournal, MemoryJournal, SystemClock,
};
use strategy_core::journal::JournalError;
use strategy_core::rollout::{Command, Reason, Wish};
use target_k8s::KubernetesTarget;

use crate::scene::{LIMIT, Running, Scene, release};
use crate::shop::pause;
use crate::story::Story;
use crate::terms::{Mode, Terms};

fn abort() -> Command {
    Command::new("enough", "ann", Wish::Abort { force: false })
}

async fn a_second_rollout(mode: Mode) {
    let scene = Scene::open(mode).await;
    let before = scene.objects().await;
    let first = scene.release("v2", &Terms::long_bake()).await;
    first.until_baking(mode.first_exposed()).await;
    let during = scene.objects().await;
    let (driver, _) = scene.driver();
    let strategy = Terms::default().strategy(mode);
    let error = driver.start(&*strategy, release("v3")).await.unwrap_err();
    println!("{mode:?}: {error}");
    assert!(
        error.to_string().contains(first.handle.id().as_str()),
        "{error}"
    );
    assert_eq!(scene.objects().await, during);
    first.handle.command(abort()).await.unwrap();
    first.rolled_back().await;
    assert_eq!(scene.objects().await, before);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_second_rollout_is_refused_by_the_claim() {
    tokio::join!(
        a_second_rollout(Mode::BlueGreen),
        a_second_rollout(Mode::Canary)
    );
}

/// Both discovered before either had claimed.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn of_two_that_start_at_once_one_is_refused_and_writes_nothing() {
    let scene = Scene::open(Mode::BlueGreen).await;
    let before = scene.objects().await;
    let strategy = Terms::long_bake().strategy(scene.mode);
    let (one, other) = (scene.driver(), scene.driver());
    let (one_handle, one_run) = one.0.start(&*strategy, release("v2")).await.unwrap();
    let (other_handle, other_run) = other.0.start(&*strategy, release("v3")).await.unwrap();
    let winner = Running::of(one_handle, one_run, one.1);
    winner.until_baking("switch").await;
    let during = scene.objects().await;
    let loser = Running::of(other_handle, other_run, other.1);
    let reason = loser.rolled_back().await;
    println!("{reason}");
    assert!(matches!(reason, Reason::NotAsDiscovered { .. }), "{reason}");
    assert_eq!(scene.objects().await, during);
    winner.handle.command(abort()).await.unwrap();
    winner.rolled_back().await;
    assert_eq!(scene.objects().await, before);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_second_driver_on_the_same_file_is_refused_by_the_lock() {
    let scene = Scene::open(Mode::BlueGreen).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.journal");
    let (driver, story) = scene.driver();
    let driver = driver.journal(FileJournal::create(&path).unwrap());
    let rollout = scene.start(driver, story, "v2", &Terms::long_bake()).await;
    rollout.until_baking("switch").await;
    let error = FileJournal::open(&path).unwrap_err();
    println!("{error}");
    assert!(matches!(error, JournalError::Locked { .. }), "{error}");
    rollout.handle.command(abort()).await.unwrap();
    rollout.rolled_back().await;
}

/// Where no lock keeps them apart, the sequence does: whoever is late stops, and has written nothing.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_second_driver_on_the_same_journal_takes_over_and_the_first_stops() {
    let scene = Scene::open(Mode::Canary).await;
    let before = scene.objects().await;
    let journal = MemoryJournal::new();
    let (driver, story) = scene.driver();
    let driver = driver.journal(journal.clone());
    let first = scene.start(driver, story, "v2", &Terms::long_bake()).await;
    first.until_baking("20%").await;
    let story = Story::default();
    let second = Driver::on(scene.target())
        .journal(journal)
        .observer(story.clone());
    let (handle, run) = second.resume_rolling_back().await.unwrap();
    let second = Running::of(handle, run, story);
    let reason = second.rolled_back().await;
    assert_eq!(reason, Reason::ResumedToRollBack);
    let stopped = tokio::time::timeout(LIMIT, first.handle.settled()).await;
    let error = stopped.unwrap().unwrap_err();
    println!("the first: {error}");
    let DriverError::Journal(why) = &error else {
        panic!("{error}");
    };
    assert!(matches!(**why, JournalError::Conflict { .. }), "{why}");
    assert_eq!(scene.objects().await, before);
}

/// Suspended as by a stopped process; meanwhile somebody takes its workloads over.
#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_zombie_that_wakes_after_a_takeover_writes_nothing() {
    const ZOMBIE: &str = "rollway-zombie";
    let scene = Scene::open(Mode::BlueGreen).await;
    let client = scene.plane.client(ZOMBIE).unwrap();
    let story = Story::default();
    let target = KubernetesTarget::new(client, scene.config());
    let driver = Driver::on(target).observer(story.clone());
    let strategy = Terms::long_bake().strategy(scene.mode);
    let (handle, mut run) = driver.start(&*strategy, release("v2")).await.unwrap();
    let baking = async {
        while !story.is_baking("switch") {
            pause(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        end = &mut run => panic!("{end:?}"),
        () = baking => {}
    }
    let before = scene.objects().await;

    let (driver, their_story) = scene.driver();
    let taken_over = scene
        .start(driver.take_over(), their_story, "v3", &Terms::long_bake())
        .await;
    taken_over.until_baking("switch").await;
    let during = scene.objects().await;
    let woken = SystemClock.now();
    let zombie = Running::of(handle, run, story);
    zombie.handle.command(abort()).await.unwrap();
    // It wants the traffic back, and tries.
    let is_refused = |scene: &Scene| {
        let attempts = scene.calls_between(woken, None, ZOMBIE);
        attempts.contains_key("get services")
    };
    for _ in 0..500 {
        if is_refused(&scene) {
            break;
        }
        pause(Duration::from_millis(20)).await;
    }
    pause(Duration::from_secs(3)).await;
    println!("{}", zombie.story.told());
    println!("the zombie: {:?}", scene.calls_between(woken, None, ZOMBIE));
    println!("the zombie is now: {:?}", zombie.handle.status().phase);
    assert_eq!(scene.writes_since(woken, ZOMBIE), BTreeMap::new());
    assert_eq!(scene.objects().await, during);
    zombie.handle.detach().await;

    taken_over.handle.command(abort()).await.unwrap();
    taken_over.rolled_back().await;
    let mut unclaimed = before;
    for object in unclaimed.values_mut() {
        if let Some(annotations) = object["metadata"].get_mut("annotations") {
            let annotations = annotations.as_object_mut().unwrap();
            annotations.retain(|key, _| !key.starts_with("rollway.dev/"));
        }
    }
    assert_eq!(scene.objects().await, unclaimed);
}
