//! The way home where Amazon ECS shifts: aborts at every hook, what ECS does by itself, and a dead-man switch.

use std::time::Duration;

use futures::future::join;
use serde_json::json;
use strategy_core::Release;
use strategy_core::driver::Driver;
use strategy_core::rollout::{Command, Outcome, Reason, Wish};
use strategy_core::world::block_on;
use test_support::ecs::{Image, Service, Settings};

use crate::gated_promoted::canary;
use crate::scene::{Scene, platform, reason};

fn is_home(scene: &Scene, before: &serde_json::Value) {
    scene.wait(120);
    scene.is_home();
    scene.is_configured_as(before);
    let (ours, others) = scene.weights();
    assert!(ours > 0 && others == 0, "{ours}, {others}");
    scene.nobody_was_let_down();
}

/// Aborted when the answer to so many hooks was given, and the next one waits.
#[test]
fn an_abort_at_every_hook_goes_home() {
    for answers in 0..=4 {
        let scene = Scene::gated();
        let before = scene.service();
        let driver = Driver::on(scene.target()).clock(scene.clock.clone());
        let release = Release::of([("web", "web:2")]).unwrap();
        let strategy = canary([25, 50, 75, 100]);
        let whole = async {
            let (handle, run) = driver.start(&strategy, release).await.unwrap();
            let person = async {
                if answers == 0 {
                    scene.until_called("UpdateService", 1).await;
                    scene.after(20).await;
                } else {
                    scene
                        .until_called("ContinueServiceDeployment", answers)
                        .await;
                    scene.after(60).await;
                }
                let abort = Command::new("abort", "vet", Wish::Abort { force: false });
                handle.command(abort.because("it bites")).await.unwrap();
            };
            join(run, person).await.0.unwrap()
        };
        let outcome = block_on(&scene.clock, whole).unwrap();
        assert!(
            matches!(outcome, Outcome::RolledBack { .. }),
            "{answers}: {outcome}"
        );
        assert_eq!(scene.called("StopServiceDeployment"), 1, "{answers}");
        assert_eq!(scene.called("ContinueServiceDeployment"), answers);
        is_home(&scene, &before);
    }
}

#[test]
fn a_release_that_never_becomes_healthy_gets_no_request() {
    let scene = Scene::gated();
    let before = scene.service();
    scene.fake.set_image("web:ill", Image::never_healthy());
    let outcome = scene.roll_out(&canary([10, 100]), "web:ill");
    println!("{outcome}");
    assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
    assert_eq!(scene.called("ContinueServiceDeployment"), 0);
    is_home(&scene, &before);
}

#[test]
fn a_release_that_crashes_under_traffic_goes_home() {
    let scene = Scene::gated();
    let before = scene.service();
    let crashes = Image::crashes_after(Duration::from_secs(120));
    scene.fake.set_image("web:bad", crashes);
    let Reason::Fatal { .. } = reason(&scene.roll_out(&canary([10, 100]), "web:bad")) else {
        panic!("no fatal task");
    };
    scene.wait(120);
    scene.is_home();
    scene.is_configured_as(&before);
}

/// Nobody is there to answer: the hook's own time is over, and ECS takes it back.
#[test]
fn a_hook_that_nobody_answers_takes_it_back() {
    let scene = Scene::gated();
    let driver = Driver::on(scene.target()).clock(scene.clock.clone());
    let release = Release::of([("web", "web:2")]).unwrap();
    let strategy = canary([10, 100]);
    let whole = async {
        let (_, run) = driver.start(&strategy, release).await.unwrap();
        let dies = async {
            scene.until_weight(10).await;
            scene.after(30).await;
        };
        futures::future::select(Box::pin(run), Box::pin(dies)).await;
    };
    block_on(&scene.clock, whole).unwrap();
    assert_eq!(scene.weights(), (90, 10));
    scene.wait(30 * 3600);
    assert_eq!(scene.weights(), (100, 0));
    assert_eq!(scene.image(), "web:1");
    assert_eq!(scene.deployments()[0], "ROLLBACK_SUCCESSFUL");
    scene.nobody_was_let_down();
}

/// The process comes back when ECS has taken it back: that is what became of it.
#[test]
fn what_timed_out_meanwhile_is_told_as_rolled_back() {
    use futures::future::{Either, select};
    use strategy_core::driver::FileJournal;
    let scene = Scene::gated();
    let before = scene.service();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("web.journal");
    let process = |journal| {
        let driver = Driver::on(scene.target()).clock(scene.clock.clone());
        driver.id("release-2".parse().unwrap()).journal(journal)
    };
    let first = process(FileJournal::create(&path).unwrap());
    let strategy = canary([10, 100]);
    let release = Release::of([("web", "web:2")]).unwrap();
    let started = first.start(&strategy, release);
    let (_, run) = block_on(&scene.clock, started).unwrap().unwrap();
    let dies = async {
        scene.until_weight(10).await;
        scene.after(30).await;
    };
    let both = select(Box::pin(run), Box::pin(dies));
    let Either::Right((_, run)) = block_on(&scene.clock, both).unwrap() else {
        panic!("it ended");
    };
    drop(run);
    scene.wait(30 * 3600);
    let second = process(FileJournal::open(&path).unwrap());
    let (_, run) = block_on(&scene.clock, second.resume()).unwrap().unwrap();
    let outcome = block_on(&scene.clock, run).unwrap().unwrap();
    let message = platform(&outcome);
    assert!(message.starts_with("it rolled back: "), "{message}");
    is_home(&scene, &before);
}

#[test]
fn what_somebody_stops_or_replaces_is_an_alarm() {
    for replaces in [false, true] {
        let scene = Scene::gated();
        let before = scene.service();
        let person = async {
            scene.until_weight(10).await;
            scene.after(20).await;
            if replaces {
                let arn = scene.shop.register("web:theirs");
                scene.fake.somebody_deploys("shop", "web", &arn).unwrap();
            } else {
                let arn = scene.service()["currentServiceDeployment"].clone();
                let input = json!({"serviceDeploymentArn": arn});
                scene.ask(Service::Ecs, "StopServiceDeployment", input);
            }
        };
        let outcome = scene.roll_out_while(&canary([10, 100]), "web:2", person);
        let message = platform(&outcome);
        let word = if replaces {
            "another took its place"
        } else {
            "it rolled back"
        };
        assert!(message.starts_with(word), "{message}");
        scene.wait(300);
        assert_eq!(scene.image(), "web:1");
        scene.is_configured_as(&before);
    }
}

#[test]
fn a_rule_that_is_not_wired_or_does_more_than_forward_is_refused() {
    let found = |scene: &Scene| -> Vec<String> {
        let driver = Driver::on(scene.target()).clock(scene.clock.clone());
        let release = Release::of([("web", "web:2")]).unwrap();
        let strategy = canary([10, 100]);
        let planned = block_on(&scene.clock, driver.plan(&strategy, release));
        let planned = planned.unwrap().unwrap();
        planned.findings.iter().map(|of| of.code.clone()).collect()
    };
    let scene = Scene::gated();
    // A pause may last a day by default.
    assert_eq!(found(&scene), ["hook-waits-long"]);
    let stable = scene.shop.stable_group.clone();
    scene
        .fake
        .somebody_sets_weights(&scene.shop.rule, &[(&stable, 1)]);
    assert_eq!(found(&scene), ["rule-not-wired", "hook-waits-long"]);
    let both = [(stable.as_str(), 3), (scene.shop.canary_group.as_str(), 1)];
    scene.fake.somebody_sets_weights(&scene.shop.rule, &both);
    assert_eq!(found(&scene), ["traffic-shared", "hook-waits-long"]);
    let rolling = Scene::rolling();
    let mut gated = Scene::empty(Settings::default());
    gated.mode = target_ecs::config::NativeGated::new("web").into();
    gated.open(4, &json!({}));
    gated.wait(300);
    let codes = found(&gated);
    assert!(
        codes.contains(&"deployment-strategy".to_owned()),
        "{codes:?}"
    );
    assert!(
        codes.contains(&"nothing-to-shift-by".to_owned()),
        "{codes:?}"
    );
    drop(rolling);
    let hooks = json!([{"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"]}]);
    let paused = Scene::gated();
    paused.update(json!({"deploymentConfiguration": {"lifecycleHooks": hooks}}));
    assert_eq!(found(&paused), ["pause-hook", "hook-waits-long"]);
}
