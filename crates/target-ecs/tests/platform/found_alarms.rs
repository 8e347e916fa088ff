//! Alarms that deployments of a service go by are looked at before Amazon ECS is told to begin one.

use serde_json::json;
use strategy_core::driver::Driver;
use strategy_core::rollout::Outcome;
use strategy_core::target::Severity;
use strategy_core::world::block_on;
use strategy_core::{Release, Strategy};
use target_ecs::EcsTarget;
use test_support::ecs::AlarmState;

use crate::gated_promoted::canary;
use crate::scene::{Scene, platform, roll};

fn findings(
    scene: &Scene,
    target: EcsTarget,
    strategy: &dyn Strategy,
) -> Vec<(String, Severity, String)> {
    let driver = Driver::on(target).clock(scene.clock.clone());
    let release = Release::of([("web", "web:2")]).unwrap();
    let planned = block_on(&scene.clock, driver.plan(strategy, release));
    let findings = planned.unwrap().unwrap().findings.into_iter();
    findings
        // Of the plan's own limits, which are not what this is about.
        .filter(|of| of.code != "hook-waits-long")
        .map(|of| (of.code.clone(), of.severity, of.to_string()))
        .collect()
}

/// A service whose deployments go by the alarm `web-5xx`, which is well.
pub(crate) fn watched(scene: Scene) -> Scene {
    scene.fake.set_alarm("web-5xx", AlarmState::Ok);
    let alarms = json!({"alarmNames": ["web-5xx"], "enable": true, "rollback": true});
    scene.update(json!({"deploymentConfiguration": {"alarms": alarms}}));
    scene.wait(60);
    scene
}

type Opened = (fn() -> Scene, Box<dyn Strategy>);

fn modes() -> [Opened; 2] {
    [
        (Scene::rolling, Box::new(roll())),
        (Scene::gated, Box::new(canary([10, 100]))),
    ]
}

#[test]
fn alarms_are_found_in_each_mode_of_amazon_ecs() {
    for (open, strategy) in modes() {
        let scene = watched(open());
        let found = |target: EcsTarget| findings(&scene, target, strategy.as_ref());
        assert_eq!(found(scene.target()), []);
        scene
            .fake
            .set_alarm("web-5xx", AlarmState::InsufficientData);
        assert_eq!(found(scene.target()), []);

        scene.fake.set_alarm("web-5xx", AlarmState::Alarm);
        let on = found(scene.target());
        let [(code, severity, words)] = &on[..] else {
            panic!("{on:?}");
        };
        assert_eq!(
            (code.as_str(), severity),
            ("alarm-in-alarm", &Severity::Blocks)
        );
        for said in ["alarm:web-5xx", "service/shop/web", "wait until it is OK"] {
            assert!(words.contains(said), "{said:?} is not in {words}");
        }

        scene.fake.remove_alarm("web-5xx");
        let missing = found(scene.target());
        let [(code, severity, words)] = &missing[..] else {
            panic!("{missing:?}");
        };
        assert_eq!(
            (code.as_str(), severity),
            ("alarm-missing", &Severity::Warns)
        );
        assert!(words.contains("alarm:web-5xx"), "{words}");

        let before = scene.called("DescribeAlarms");
        let not_looked_at = found(scene.target_without_alarms());
        let [(code, severity, words)] = &not_looked_at[..] else {
            panic!("{not_looked_at:?}");
        };
        assert_eq!(
            (code.as_str(), severity),
            ("alarms-not-looked-at", &Severity::Warns)
        );
        for said in ["service/shop/web", "web-5xx", "AccountBuilder::alarms"] {
            assert!(words.contains(said), "{said:?} is not in {words}");
        }
        assert_eq!(scene.called("DescribeAlarms"), before);
    }
}

/// What the finding is for: of a deployment that begins while it is on, Amazon ECS heeds no alarm, of one that
/// begins while all is well it does.
#[test]
fn an_alarm_that_comes_during_a_rollout_takes_it_back_in_each_mode() {
    for (open, strategy) in modes() {
        let scene = watched(open());
        let fires = async {
            scene.until_called("UpdateService", 1).await;
            scene.after(20).await;
            scene.fake.set_alarm("web-5xx", AlarmState::Alarm);
        };
        let outcome = scene.roll_out_while(strategy.as_ref(), "web:2", fires);
        assert!(matches!(outcome, Outcome::RolledBack { .. }), "{outcome}");
        let message = platform(&outcome);
        assert!(message.contains("web-5xx"), "{message}");
        assert_eq!(scene.image(), "web:1");
    }
}
