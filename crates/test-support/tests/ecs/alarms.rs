//! Alarms of a deployment configuration, and the circuit breaker beyond rolling.

use aws_sdk_cloudwatch::types::{AlarmType, StateValue};
use serde_json::{Value, json};
use test_support::ecs::{AlarmState, Fault, Image, Rule, Settings, Shop};

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

#[test]
fn an_alarm_that_is_on_when_a_deployment_begins_switches_all_off_for_it() {
    let scene = Scene::new();
    scene.native(watched(json!({ "strategy": "ROLLING" }), true));
    scene.fake.set_alarm("errors", AlarmState::Alarm);
    let arn = scene.begin("web:2");
    scene.wait(32);
    scene.notices(Rule::AlarmsOnAtTheStart);
    let alarms = scene.service_deployment(&arn).alarms.unwrap();
    assert_eq!(alarms.status().unwrap().as_str(), "DISABLED");
    scene.fake.set_alarm("latency", AlarmState::Alarm);
    scene.wait_until(|| scene.status(&arn) == "SUCCESSFUL");

    // One that says nothing yet is heeded when it is on.
    scene.fake.set_alarm("errors", AlarmState::InsufficientData);
    scene.fake.set_alarm("latency", AlarmState::Ok);
    let arn = scene.begin("web:3");
    scene.wait(32);
    scene.fake.set_alarm("others", AlarmState::Alarm);
    let alarms = || scene.service_deployment(&arn).alarms.unwrap();
    assert_eq!(alarms().status().unwrap().as_str(), "MONITORING");
    scene.fake.set_alarm("errors", AlarmState::Alarm);
    assert_eq!(alarms().status().unwrap().as_str(), "TRIGGERED");
    scene.wait_until(|| scene.status(&arn) == "ROLLBACK_SUCCESSFUL");
}

#[test]
fn alarms_are_described_by_name_kind_and_page() {
    let scene = Scene::new();
    let client = scene.fake.alarms_client();
    scene.fake.set_alarm("errors", AlarmState::Alarm);
    scene.fake.set_alarm("latency", AlarmState::Ok);
    scene
        .fake
        .set_composite_alarm("both", AlarmState::InsufficientData);
    let all = ["errors", "latency", "both", "none"].map(str::to_owned);
    let call = client.describe_alarms().set_alarm_names(Some(all.to_vec()));
    let told = scene.ok(call.clone().send());
    scene.notices(Rule::MissingAlarmsAreLeftOut);
    let metric = told.metric_alarms().iter();
    let metric: Vec<_> = metric
        .map(|one| (one.alarm_name().unwrap(), one.state_value().unwrap()))
        .collect();
    assert_eq!(
        metric,
        [("errors", &StateValue::Alarm), ("latency", &StateValue::Ok)]
    );
    assert_eq!(told.composite_alarms(), []);
    scene.notices(Rule::MetricAlarmsByDefault);

    let typed = call.alarm_types(AlarmType::MetricAlarm);
    let typed = typed.alarm_types(AlarmType::CompositeAlarm);
    let first = scene.ok(typed.clone().max_records(2).send());
    assert_eq!(first.composite_alarms()[0].alarm_name(), Some("both"));
    assert_eq!(first.metric_alarms()[0].alarm_name(), Some("errors"));
    let token = first.next_token().unwrap();
    let second = scene.ok(typed.clone().max_records(2).next_token(token).send());
    assert_eq!(second.metric_alarms()[0].alarm_name(), Some("latency"));
    assert_eq!(second.next_token(), None);

    scene.refuses(
        Rule::PageTokens,
        "InvalidNextToken",
        typed.next_token("elsewhere").send(),
    );
    let many = (0..=100).map(|number| format!("alarm-{number}")).collect();
    let many = client.describe_alarms().set_alarm_names(Some(many));
    scene.refuses(Rule::BatchOfAlarms, "ValidationError", many.send());
}

#[test]
fn alarms_that_may_not_be_described_are_refused() {
    let scene = Scene::new();
    let client = scene.fake.alarms_client();
    scene.fake.deny("cloudwatch:DescribeAlarms");
    let call = client.describe_alarms().alarm_names("errors").send();
    scene.refuses(Rule::DeniedCodes, "AccessDeniedException", call);
    let calls = scene.fake.calls();
    let last = calls.last().unwrap();
    assert_eq!(last.actions, ["cloudwatch:DescribeAlarms"]);
    assert_eq!(last.resource, "errors");
    assert!(!last.is_write());
    scene.fake.allow("cloudwatch:DescribeAlarms");
    scene.fake.fault_next("DescribeAlarms", 1, Fault::Throttled);
    scene.ok(client.describe_alarms().send());
}
