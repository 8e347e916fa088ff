//! The way home: by ECS itself while it deploys, by the recorded start afterwards, load balancers and all.

use std::time::Duration;

use futures::future::join;
use serde_json::json;
use strategy_core::driver::Driver;
use strategy_core::rollout::{Command, Outcome, Wish};
use strategy_core::world::block_on;
use strategy_core::{Release, Strategy};
use test_support::ecs::{Image, Settings};

use crate::gated_promoted::canary;
use crate::hand::Hand;
use crate::scene::{Scene, breaker, patient, platform, roll};

/// Aborted after so many seconds of the rollout.
fn aborted(scene: &Scene, seconds: u64) -> Outcome {
    let driver = Driver::on(scene.target()).clock(scene.clock.clone());
    let release = Release::of([("web", "web:2")]).unwrap();
    let strategy = roll().bake_after_last(Duration::from_secs(600));
    let whole = async {
        let (handle, run) = driver.start(&strategy, release).await.unwrap();
        let person = async {
            scene.after(seconds).await;
            let abort = Command::new("abort", "vet", Wish::Abort { force: false });
            handle.command(abort.because("it bites")).await.unwrap();
        };
        join(run, person).await.0.unwrap()
    };
    block_on(&scene.clock, whole).unwrap()
}

#[test]
fn an_abort_while_it_rolls_lets_ecs_take_it_back() {
    for seconds in [3, 20, 33] {
        let scene = Scene::rolling();
        let outcome = aborted(&scene, seconds);
        assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
        assert_eq!(scene.called("StopServiceDeployment"), 1, "{seconds} s");
        assert_eq!(scene.called("UpdateService"), 1, "{seconds} s");
        scene.is_home();
        scene.nobody_was_let_down();
    }
}

#[test]
fn an_abort_after_it_won_deploys_the_recorded_start() {
    let scene = Scene::rolling();
    let outcome = aborted(&scene, 400);
    assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
    assert_eq!(scene.called("StopServiceDeployment"), 0);
    assert_eq!(scene.called("UpdateService"), 2);
    assert_eq!(scene.deployments(), ["SUCCESSFUL"; 3].map(str::to_owned));
    scene.is_home();
    scene.nobody_was_let_down();
}

/// A deployment of somebody's that put its tasks into another target group.
#[test]
fn the_recorded_load_balancers_are_put_back() {
    let scene = Scene::rolling();
    let start = scene.service()["loadBalancers"].clone();
    let person = async {
        scene.until_called("UpdateService", 1).await;
        scene.after(20).await;
        let balancer = json!([{"targetGroupArn": scene.shop.canary_group, "containerName": "web",
            "containerPort": 8080}]);
        scene.update(json!({"loadBalancers": balancer, "healthCheckGracePeriodSeconds": 5}));
    };
    let outcome = scene.roll_out_while(&patient(), "web:2", person);
    let message = platform(&outcome);
    assert!(message.starts_with("another took its place"), "{message}");
    assert_eq!(scene.service()["loadBalancers"], start);
    assert_eq!(scene.service()["healthCheckGracePeriodSeconds"], 60);
    scene.is_home();
}

/// It was over before our call to stop it arrived.
#[test]
fn what_cannot_be_stopped_is_deployed_back() {
    let latency = Duration::from_millis(100);
    let mut hand = Hand::new(Scene::slow(latency));
    let release = hand.release(4);
    hand.apply(release, 1).unwrap();
    hand.scene.wait(20);
    let home = hand.home(4);
    let request = hand.request(home, 2);
    let noted = hand.scene.called("TagResource");
    // The note is written, and the service is looked at once more before it is stopped.
    let person = async {
        hand.scene.until_more("TagResource", noted).await;
        let looked = hand.scene.called("DescribeServices");
        hand.scene.until_more("DescribeServices", looked).await;
        let start = hand.scene.shop.task_definition.clone();
        hand.scene
            .fake
            .somebody_deploys("shop", "web", &start)
            .unwrap();
    };
    let both = join(hand.written(&request), person);
    let (applied, ()) = block_on(&hand.scene.clock, both).unwrap();
    applied.unwrap();
    let calls = hand.scene.calls();
    let stops = calls
        .iter()
        .filter(|call| call.operation == "StopServiceDeployment");
    assert_eq!(stops.count(), 1);
    assert_eq!(
        hand.scene.called("UpdateService"),
        2,
        "the one that deploys it back"
    );
    hand.scene.wait(600);
    assert_eq!(hand.scene.image(), "web:1");
    assert!(hand.observed().candidate.is_absent());
}

/// What was scaled meanwhile goes back with it, also where ECS takes the task definition back.
#[test]
fn the_count_goes_back_too() {
    let mut hand = Hand::new(Scene::with(Settings::default(), &breaker()));
    let release = hand.release(5);
    hand.apply(release, 1).unwrap();
    hand.scene.wait(20);
    assert_eq!(hand.scene.service()["desiredCount"], 5);
    let home = hand.home(4);
    hand.apply(home, 2).unwrap();
    hand.scene.wait(600);
    assert_eq!(hand.scene.service()["desiredCount"], 4);
    assert_eq!(hand.scene.image(), "web:1");
    let seen = hand.observed();
    assert_eq!(seen.owned, hand.found.observation.owned);
    assert_eq!(seen.foreign, []);
}

/// Where ECS cannot take it back, it is deployed back.
#[test]
fn a_rollback_of_ecs_that_fails_is_deployed_back() {
    for (scene, strategy) in [
        (Scene::rolling(), Box::new(roll()) as Box<dyn Strategy>),
        (Scene::gated(), Box::new(canary([10, 100]))),
    ] {
        let when = async {
            scene.until_called("UpdateService", 1).await;
            scene.after(60).await;
            scene.fake.rollback_fails("shop", "web");
        };
        let outcome = scene.roll_out_and_abort(strategy.as_ref(), when);
        scene.wait(600);
        assert!(
            matches!(outcome, Some(Outcome::RolledBack { .. })),
            "{outcome:?}"
        );
        assert_eq!(scene.image(), "web:1");
        scene.nobody_was_let_down();
    }
}

/// It won, and the start does not run any more: it waits for a person, and does not deploy for ever.
#[test]
fn a_start_that_runs_no_more_is_told_and_not_deployed_for_ever() {
    let scene = Scene::rolling();
    let when = async {
        scene.until_called("UpdateService", 1).await;
        scene.after(400).await;
        scene.fake.set_image("web:1", Image::exits_at_start(3));
    };
    let strategy = roll().bake_after_last(Duration::from_secs(900));
    assert_eq!(scene.roll_out_and_abort(&strategy, when), None);
    assert!(scene.called("UpdateService") < 6);
}
