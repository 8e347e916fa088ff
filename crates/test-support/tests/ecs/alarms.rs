//! Alarms of a deployment configuration, and the circuit breaker beyond rolling.

use serde_json::{Value, json};
use test_support::ecs::{Image, Rule, Settings, Shop};

use crate::scene::Scene;

fn watched(mut configuration: Value, rollback: bool) -> Value {
    configuration["alarms"] =
        json!({ "alarmNames": ["errors", "latency"], "enable": true, "rollback": rollback });
    configuration
}

fn blue_green() -> Value {
    json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 30 })
}

#[test]
fn an_alarm_rolls_a_deployment_back_or_fails_it() {
    let rolling = json!({ "strategy": "ROLLING" });
    for (configuration, before, status) in [
        (watched(rolling.clone(), true), 32, "ROLLBACK_SUCCESSFUL"),
        (watched(rolling, false), 32, "STOPPED"),
        (watched(blue_green(), true), 120, "ROLLBACK_SUCCESSFUL"),
    ] {
        let scene = Scene::new();
        scene.native(configuration);
        // Nothing is deployed: nobody looks.
        assert!(!scene.fake.alarm_fires(Shop::CLUSTER, "api"));
        let arn = scene.begin("web:2");
        scene.wait(before);
        let alarms = || scene.service_deployment(&arn).alarms.unwrap();
        assert_eq!(alarms().status().unwrap().as_str(), "MONITORING");
        assert_eq!(alarms().alarm_names(), ["errors", "latency"]);
        assert_eq!(alarms().triggered_alarm_names().len(), 0);
        assert!(scene.fake.alarm_fires(Shop::CLUSTER, "api"));
        assert_eq!(alarms().status().unwrap().as_str(), "TRIGGERED");
        assert_eq!(alarms().triggered_alarm_names(), ["errors", "latency"]);
        scene.notices(Rule::AlarmsEndDeployments);
        scene.wait(200);
        assert_eq!(scene.status(&arn), status);
        assert_eq!(scene.fake.shortages(), []);
    }
}

#[test]
fn alarms_that_nothing_happened_to_are_watched_to_the_end() {
    let scene = Scene::new();
    scene.native(watched(json!({ "strategy": "ROLLING" }), true));
    let arn = scene.begin("web:2");
    scene.wait_until(|| scene.status(&arn) == "SUCCESSFUL");
    let alarms = scene.service_deployment(&arn).alarms.unwrap();
    assert_eq!(alarms.status().unwrap().as_str(), "MONITORING_COMPLETE");
}

#[test]
fn beyond_rolling_alarms_and_the_breaker_work_as_set() {
    let scene = Scene::with(Settings {
        native_alarms: false,
        ..Settings::default()
    });
    scene.native(watched(blue_green(), true));
    let arn = scene.begin("web:2");
    scene.wait(120);
    assert!(!scene.fake.alarm_fires(Shop::CLUSTER, "api"));
    assert_eq!(scene.status(&arn), "IN_PROGRESS");

    let scene = Scene::with(Settings {
        native_breaker: true,
        ..Settings::default()
    });
    let mut guarded = blue_green();
    guarded["deploymentCircuitBreaker"] = json!({ "enable": true, "rollback": true });
    scene.native(guarded);
    scene.fake.set_image("web:2", Image::missing());
    let arn = scene.begin("web:2");
    scene.wait(200);
    assert_eq!(scene.status(&arn), "ROLLBACK_SUCCESSFUL");
    let one = scene.service_deployment(&arn);
    let breaker = one.deployment_circuit_breaker().unwrap();
    // At least three; tasks fail in pairs.
    assert_eq!((breaker.threshold(), breaker.failure_count()), (3, 4));
    assert_eq!(breaker.status().unwrap().as_str(), "TRIGGERED");
    scene.notices(Rule::DetectionBeyondRolling);
    assert_eq!(scene.running("api"), [2]);
}
