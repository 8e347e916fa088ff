//! The service names the task definition already that it is to have: what then begins, and what is waited for.

use std::time::Duration;

use futures::future::{Either, join, select};
use serde_json::json;
use strategy_core::driver::Driver;
use strategy_core::rollout::{Command, Outcome, Wish};
use strategy_core::world::block_on;
use strategy_core::{Release, Strategy};
use test_support::ecs::{Image, Settings};

use crate::gated_promoted::canary;
use crate::scene::{Scene, patient, roll};

/// Aborted after so long; the rollback of ECS fails when it was asked for.
fn aborted_and_stuck(scene: &Scene, strategy: &dyn Strategy, seconds: u64) -> Outcome {
    let driver = Driver::on(scene.target()).clock(scene.clock.clone());
    let release = Release::of([("web", "web:2")]).unwrap();
    let whole = async {
        let (handle, run) = driver.start(strategy, release).await.unwrap();
        let person = async {
            scene.until_called("UpdateService", 1).await;
            scene.after(seconds).await;
            let abort = Command::new("abort", "vet", Wish::Abort { force: false });
            handle.command(abort.because("it bites")).await.unwrap();
            scene.until_called("StopServiceDeployment", 1).await;
            scene.fake.rollback_fails("shop", "web");
        };
        let end = scene.clock.now() + Duration::from_secs(4 * 3600);
        let both = Box::pin(join(run, person));
        match select(both, Box::pin(scene.clock.sleep_until(end))).await {
            Either::Left(((outcome, ()), _)) => outcome.unwrap(),
            Either::Right(_) => panic!("it does not end: {:#?}", scene.service()["deployments"]),
        }
    };
    block_on(&scene.clock, whole).unwrap()
}

#[test]
fn a_rollback_of_ecs_that_fails_is_made_up_for() {
    let (rolling, gated) = (Scene::rolling(), Scene::gated());
    let cases: [(&Scene, &dyn Strategy); 2] =
        [(&rolling, &roll()), (&gated, &canary([25, 50, 75, 100]))];
    for (scene, strategy) in cases {
        let outcome = aborted_and_stuck(scene, strategy, 20);
        println!("{outcome} {:?}", scene.deployments());
        assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
        scene.wait(300);
        scene.is_home();
    }
}

/// The same release once more, when its image is there.
#[test]
fn what_ecs_took_back_is_begun_again_by_the_next_rollout() {
    let (rolling, gated) = (Scene::rolling(), Scene::gated());
    let cases: [(&Scene, &dyn Strategy); 2] =
        [(&rolling, &patient()), (&gated, &canary([50, 100]))];
    for (scene, strategy) in cases {
        scene.fake.set_image("web:2", Image::never_healthy());
        let outcome = scene.roll_out(strategy, "web:2");
        assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
        scene.wait(600);
        scene.is_home();
        scene.fake.set_image("web:2", Image::good());
        assert_eq!(scene.roll_out(strategy, "web:2"), Outcome::Promoted);
        scene.wait(300);
        assert_eq!(scene.image(), "web:2");
    }
}

/// Somebody deployed the start, whose image was not there then: a failed deployment starts no task any more, and
/// telling the service the same task definition begins none.
#[test]
fn a_start_whose_deployment_failed_is_deployed_anew() {
    let breaker = json!({"deploymentCircuitBreaker": {"enable": true, "rollback": false}});
    let scene = Scene::with(Settings::default(), &breaker);
    let person = async {
        scene.until_called("UpdateService", 1).await;
        scene.after(20).await;
        scene.fake.set_image("web:1", Image::never_healthy());
        let start = scene.shop.task_definition.clone();
        scene.fake.somebody_deploys("shop", "web", &start).unwrap();
        scene.after(1800).await;
        let failed = scene.service()["deployments"][0].clone();
        assert_eq!(failed["rolloutState"], "FAILED");
        scene.fake.set_image("web:1", Image::good());
    };
    let strategy = patient().bake_after_last(Duration::from_secs(60));
    let outcome = scene.roll_out_while(&strategy, "web:2", person);
    assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
    scene.wait(300);
    scene.is_home();
}
