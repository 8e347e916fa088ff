//! Alarms that deployments of a service go by are looked at before anything is written.

use serde_json::json;
use strategy_core::target::TargetErrorKind;
use strategy_core::world::block_on;
use strategy_core::{Part, Target};
use test_support::ecs::{AlarmState, Fault, Settings};

use crate::found_services::{findings_of, planned, update};
use crate::scene::{Scene, blue_green, five_steps};

/// A service whose deployments go by so many alarms, all of which are there and well.
pub(crate) fn watched(scene: &Scene, alarms: usize) -> Vec<String> {
    let names: Vec<String> = (0..alarms).map(|number| format!("web-{number}")).collect();
    for name in &names {
        scene.fake.set_alarm(name, AlarmState::Ok);
    }
    let alarms = json!({"alarmNames": names, "enable": true, "rollback": false});
    update(
        scene,
        &json!({"deploymentConfiguration": {"alarms": alarms}}),
    );
    names
}

fn calls(scene: &Scene) -> usize {
    let calls = scene.calls().into_iter();
    let calls = calls.filter(|call| call.operation == "DescribeAlarms");
    calls.count()
}

#[test]
fn without_a_client_alarms_that_nobody_looked_at_warn() {
    let scene = Scene::canary();
    let plan = planned(&scene, &five_steps());
    watched(&scene, 1);
    scene.fake.set_alarm("web-0", AlarmState::Alarm);
    let target = scene.target_without_alarms();
    let found = findings_of(&scene, &target, &plan);
    assert_eq!(found.len(), 1, "{found:?}");
    let (code, words) = &found[0];
    assert_eq!(code, "alarms-not-looked-at");
    for said in [
        "service/shop/web",
        "web-0",
        "aws cloudwatch describe-alarms",
    ] {
        assert!(words.contains(said), "{said:?} is not in {words}");
    }
    assert_eq!(calls(&scene), 0);
    let off = json!({"alarmNames": ["web-0"], "enable": false, "rollback": false});
    update(&scene, &json!({"deploymentConfiguration": {"alarms": off}}));
    assert_eq!(findings_of(&scene, &target, &plan), []);
    assert_eq!(findings_of(&scene, &scene.target(), &plan), []);
    assert_eq!(calls(&scene), 0, "nobody goes by it");
}

#[test]
fn an_alarm_that_is_on_blocks_and_one_that_is_not_there_warns() {
    let scene = Scene::canary();
    let plan = planned(&scene, &five_steps());
    watched(&scene, 2);
    assert_eq!(findings_of(&scene, &scene.target(), &plan), []);
    // Amazon ECS acts on ALARM alone.
    scene.fake.set_alarm("web-0", AlarmState::InsufficientData);
    assert_eq!(findings_of(&scene, &scene.target(), &plan), []);
    scene.fake.set_alarm("web-0", AlarmState::Alarm);
    scene.fake.remove_alarm("web-1");
    let found = findings_of(&scene, &scene.target(), &plan);
    let [(on, is), (missing, is_not)] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(
        (on.as_str(), missing.as_str()),
        ("alarm-in-alarm", "alarm-missing")
    );
    for said in [
        "blocked",
        "alarm:web-0",
        "service/shop/web",
        "wait until it is OK",
    ] {
        assert!(is.contains(said), "{said:?} is not in {is}");
    }
    for said in ["warning", "alarm:web-1", "service/shop/web", "create it"] {
        assert!(is_not.contains(said), "{said:?} is not in {is_not}");
    }
    // One that goes by other alarms is described only where it is asked for.
    scene.fake.set_composite_alarm("web-1", AlarmState::Ok);
    scene.fake.set_alarm("web-0", AlarmState::Ok);
    assert_eq!(findings_of(&scene, &scene.target(), &plan), []);
    scene.fake.set_composite_alarm("web-1", AlarmState::Alarm);
    let found = findings_of(&scene, &scene.target(), &plan);
    assert!(found[0].1.contains("alarm:web-1"), "{found:?}");
}

/// Both services go by the same.
#[test]
fn an_alarm_of_the_other_service_is_looked_at_in_the_same_call() {
    let scene = Scene::pair();
    let plan = planned(&scene, &blue_green());
    let names = watched(&scene, 1);
    let alarms = json!({"alarmNames": [names[0], "other"], "enable": true, "rollback": false});
    scene.ask(
        test_support::ecs::Service::Ecs,
        "UpdateService",
        json!({
            "cluster": "shop", "service": "web-other", "deploymentConfiguration": {"alarms": alarms},
        }),
    );
    scene.wait(600);
    scene.fake.set_alarm("other", AlarmState::Alarm);
    let found = findings_of(&scene, &scene.target(), &plan);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].1.contains("service/shop/web-other"), "{found:?}");
    assert_eq!(calls(&scene), 1);
}

/// 101 alarms are two calls, and where pages are short each of their pages is one.
#[test]
fn all_pages_of_all_portions_are_read() {
    let scene = Scene::canary();
    let plan = planned(&scene, &five_steps());
    watched(&scene, 101);
    assert_eq!(findings_of(&scene, &scene.target(), &plan), []);
    assert_eq!(calls(&scene), 2);
    let scene = Scene::canary_with(Settings {
        page_size: Some(40),
        ..Settings::default()
    });
    let plan = planned(&scene, &five_steps());
    let names = watched(&scene, 101);
    scene.fake.set_alarm(&names[99], AlarmState::Alarm);
    scene.fake.remove_alarm(&names[100]);
    let found = findings_of(&scene, &scene.target(), &plan);
    let codes: Vec<&str> = found.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(codes, ["alarm-missing", "alarm-in-alarm"]);
    assert_eq!(calls(&scene), 4);
}

/// What cannot be read is an error, and neither "well" nor "missing".
#[test]
fn alarms_that_cannot_be_read_are_an_error() {
    let scene = Scene::canary();
    let plan = planned(&scene, &five_steps());
    watched(&scene, 1);
    let error = |scene: &Scene| {
        let target = scene.target();
        let found = block_on(&scene.clock, target.discover()).unwrap().unwrap();
        let part = Part::main();
        let admitted = block_on(&scene.clock, target.admit(&part, &found, &plan));
        admitted.unwrap().unwrap_err()
    };
    scene.fake.deny("cloudwatch:DescribeAlarms");
    let denied = error(&scene);
    assert_eq!(denied.kind, TargetErrorKind::PermissionDenied);
    let text = denied.to_string();
    assert!(
        text.starts_with("cloudwatch:DescribeAlarms alarm:web-0"),
        "{text}"
    );
    scene.fake.allow("cloudwatch:DescribeAlarms");
    for (fault, kind) in [
        (Fault::Throttled, TargetErrorKind::RateLimited),
        (Fault::ServerError, TargetErrorKind::Unavailable),
    ] {
        scene.fake.fault_next("DescribeAlarms", 1, fault);
        assert_eq!(error(&scene).kind, kind);
    }
    assert_eq!(calls(&scene), 3, "nothing is asked twice");
}
