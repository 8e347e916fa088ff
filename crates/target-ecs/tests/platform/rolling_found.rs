//! What stands in the way of a rolling deployment is found before anything is written.

use std::time::Duration;

use serde_json::{Value, json};
use strategy_core::driver::Driver;
use strategy_core::strategy::Canary;
use strategy_core::target::{Severity, TargetErrorKind};
use strategy_core::world::block_on;
use strategy_core::{Release, Revision, Strategy, Target};
use test_support::ecs::{Image, Service, Settings, Shop};

use crate::gated_answers::{at, waiting};
use crate::hand::Hand;
use crate::scene::{Scene, breaker, roll};

fn found(scene: &Scene, strategy: &dyn Strategy, image: (&str, &str)) -> Vec<(String, Severity)> {
    let driver = Driver::on(scene.target()).clock(scene.clock.clone());
    let release = Release::of([image]).unwrap();
    let planned = block_on(&scene.clock, driver.plan(strategy, release));
    let planned = planned.unwrap().unwrap();
    for finding in &planned.findings {
        println!("{finding}");
    }
    assert!(
        scene.calls().iter().all(|call| !call.is_write()),
        "it wrote"
    );
    let findings = planned.findings.iter();
    let findings = findings.map(|finding| (finding.code.clone(), finding.severity));
    findings.collect()
}

/// Codes of findings that block, and of those that warn.
fn codes(scene: &Scene) -> (Vec<String>, Vec<String>) {
    let found = found(scene, &roll(), ("web", "web:2")).into_iter();
    let (blocks, warns): (Vec<_>, Vec<_>) =
        found.partition(|(_, severity)| *severity == Severity::Blocks);
    let codes = |found: Vec<(String, Severity)>| found.into_iter().map(|(code, _)| code).collect();
    (codes(blocks), codes(warns))
}

fn blocks(scene: &Scene) -> Vec<String> {
    codes(scene).0
}

fn with(configuration: &Value) -> Scene {
    Scene::with(Settings::default(), configuration)
}

#[test]
fn a_service_in_order_has_no_findings() {
    assert_eq!(codes(&Scene::rolling()), (vec![], vec![]));
}

#[test]
fn what_only_warns() {
    let percents = json!({"minimumHealthyPercent": 50, "maximumPercent": 200});
    let mut low = breaker();
    low.as_object_mut()
        .unwrap()
        .extend(percents.as_object().unwrap().clone());
    assert_eq!(codes(&with(&low)).1, ["capacity-dips"]);
    assert_eq!(codes(&with(&json!({}))).1, ["no-circuit-breaker"]);
    let halts = json!({"deploymentCircuitBreaker": {"enable": true, "rollback": false}});
    assert_eq!(codes(&with(&halts)).1, ["no-circuit-breaker"]);
    let impatient = Scene::rolling();
    impatient.update(json!({"healthCheckGracePeriodSeconds": 1}));
    assert_eq!(codes(&impatient).1, ["grace-period-short"]);
    let scaled = Scene::rolling();
    let target = json!({
        "ServiceNamespace": "ecs", "ResourceId": "service/shop/web",
        "ScalableDimension": "ecs:service:DesiredCount", "MinCapacity": 2, "MaxCapacity": 10,
    });
    scaled.ask(Service::Autoscaling, "RegisterScalableTarget", target);
    assert_eq!(codes(&scaled), (vec![], vec!["autoscaled".to_owned()]));
}

/// A worker that nobody asks anything: it runs, and that is all that is known of it.
#[test]
fn a_service_without_any_check_warns_and_rolls() {
    let scene = Scene::empty(Settings::default());
    let input = json!({
        "cluster": Shop::CLUSTER, "serviceName": "web", "desiredCount": 2,
        "taskDefinition": scene.shop.task_definition, "launchType": "FARGATE",
        "deploymentConfiguration": breaker(),
    });
    scene.ask(Service::Ecs, "CreateService", input);
    scene.wait(300);
    assert_eq!(codes(&scene), (vec![], vec!["no-health-check".to_owned()]));
    let outcome = scene.roll_out(&roll(), "web:2");
    assert_eq!(outcome, strategy_core::rollout::Outcome::Promoted);
    assert_eq!(scene.image(), "web:2");
}

#[test]
fn a_deployment_under_way_and_a_first_one_block() {
    let busy = Scene::rolling();
    let arn = busy.shop.register("web:1b");
    busy.fake.somebody_deploys("shop", "web", &arn).unwrap();
    busy.wait(5);
    assert_eq!(blocks(&busy), ["deployment-in-flight"]);
    let first = Scene::empty(Settings::default());
    first
        .shop
        .create_service("web", &first.shop.stable_group, 4);
    first.wait(20);
    let found = blocks(&first);
    assert!(
        found.contains(&"nothing-to-go-back-to".to_owned()),
        "{found:?}"
    );
}

/// It stalled before anybody was there: its circuit breaker has nothing to roll back to.
#[test]
fn a_first_deployment_that_stalled_blocks() {
    let scene = Scene::empty(Settings::default());
    scene.fake.set_image("web:1", Image::exits_at_start(1));
    scene
        .shop
        .create_service("web", &scene.shop.stable_group, 4);
    scene.update(json!({"deploymentConfiguration": breaker(), "forceNewDeployment": true}));
    scene.wait(900);
    let found = blocks(&scene);
    assert!(
        found.contains(&"nothing-to-go-back-to".to_owned()),
        "{found:?}"
    );
}

#[test]
fn another_way_to_deploy_blocks() {
    let controlled = Scene::rolling();
    controlled.update(json!({"deploymentController": {"type": "CODE_DEPLOY"}}));
    assert_eq!(blocks(&controlled), ["deployment-controller"]);
    let paused = Scene::rolling();
    let hooks = json!([{"targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"]}]);
    paused.update(json!({"deploymentConfiguration": {"lifecycleHooks": hooks}}));
    assert_eq!(blocks(&paused), ["pause-hook"]);
    let shifts = Scene::empty(Settings::default());
    shifts.shop.create_native_service(
        "web",
        4,
        &json!({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1}),
    );
    shifts.wait(600);
    assert_eq!(blocks(&shifts), ["deployment-strategy"]);
}

#[test]
fn a_service_that_serves_nothing_blocks() {
    let scene = Scene::rolling();
    scene.fake.tasks_turn_unhealthy("shop", "web", 4);
    scene.wait(25);
    assert_eq!(blocks(&scene), ["stable-has-no-healthy-target"]);
}

/// It could not be gone back to.
#[test]
fn a_start_that_was_deregistered_blocks_in_both_modes() {
    let whole = Canary::new().stages([100]).bake(Duration::from_secs(60));
    for (scene, strategy) in [
        (Scene::rolling(), Box::new(roll()) as Box<dyn Strategy>),
        (Scene::gated(), Box::new(whole)),
    ] {
        // It was active when this process read it last.
        let target = scene.target();
        block_on(&scene.clock, target.discover()).unwrap().unwrap();
        let input = json!({"taskDefinition": scene.service()["taskDefinition"]});
        scene.ask(Service::Ecs, "DeregisterTaskDefinition", input);
        let driver = Driver::on(target).clock(scene.clock.clone());
        let release = Release::of([("web", "web:2")]).unwrap();
        let strategy = strategy.as_ref();
        let planned = block_on(&scene.clock, driver.plan(strategy, release)).unwrap();
        let findings = planned.unwrap().findings;
        let mut codes = findings.iter().map(|finding| finding.code.as_str());
        assert!(
            codes.any(|code| code == "definition-deregistered"),
            "{findings:?}"
        );
    }
}

/// It would be told apart from the start by nothing, and waited for until a deadline.
#[test]
fn a_release_that_is_named_as_the_start_is_refused() {
    let rolling = Hand::new(Scene::rolling());
    let whole = rolling.release(4);
    let gated = waiting(false);
    let none = at(&gated, 0);
    for (mut hand, mut desired) in [(rolling, whole), (gated, none)] {
        desired.candidate.revision = Revision::Named("web:1".to_owned());
        let error = hand.apply(desired, 1).unwrap_err();
        assert_eq!(error.kind, TargetErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("is what was found"), "{error}");
        assert_eq!(hand.scene.called("UpdateService"), 0);
    }
}

#[test]
fn a_plan_that_cannot_roll_is_refused() {
    let scene = Scene::rolling();
    let driver = Driver::on(scene.target()).clock(scene.clock.clone());
    let release = Release::of([("web", "web:2")]).unwrap();
    let canary = Canary::new()
        .stages([10, 100])
        .bake(Duration::from_secs(60));
    let planned = block_on(&scene.clock, driver.plan(&canary, release)).unwrap();
    let error = planned.unwrap_err().to_string();
    assert!(error.contains("steps of 100%"), "{error}");
    let blue_green = strategy_core::strategy::BlueGreen::new();
    let found = found(&scene, &blue_green, ("web", "web:2"));
    let code = ("traffic-unsupported".to_owned(), Severity::Blocks);
    assert!(found.contains(&code), "{found:?}");
}

#[test]
fn what_is_not_there_is_told_with_what_to_do() {
    let scene = Scene::empty(Settings::default());
    let error = block_on(&scene.clock, scene.target().discover()).unwrap();
    let error = error.unwrap_err();
    assert_eq!(error.kind, TargetErrorKind::NotFound);
    assert!(
        error.to_string().contains("make the first release by hand"),
        "{error}"
    );
}
