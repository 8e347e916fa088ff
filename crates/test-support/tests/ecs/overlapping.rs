//! Deployments that begin before another has ended, by another strategy.

use serde_json::{Value, json};
use test_support::ecs::{Image, Rule, Service, Shop};

use crate::scene::Scene;

fn canary() -> Value {
    json!({ "strategy": "CANARY", "bakeTimeInMinutes": 0,
        "canaryConfiguration": { "canaryPercent": 10.0, "canaryBakeTimeInMinutes": 5 } })
}

fn blue_green(minutes: u32) -> Value {
    json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": minutes })
}

impl Scene {
    /// Deploys an image by another strategy; gives the ARN of the service deployment.
    fn switch(&self, image: &str, configuration: Value) -> String {
        let input = json!({ "cluster": Shop::CLUSTER, "service": "api",
            "taskDefinition": self.shop.register(image), "deploymentConfiguration": configuration });
        let fake = &self.fake;
        let answer = fake.as_somebody_else(Service::Ecs, "UpdateService", input);
        let answer = answer.unwrap();
        let arn = &answer["service"]["currentServiceDeployment"];
        arn.as_str().unwrap().to_owned()
    }

    /// It ends so, one image runs, and nobody was ever without an answer.
    fn ends(&self, arn: &str, status: &str, image: &str) {
        self.wait_until(|| !["IN_PROGRESS", "ROLLBACK_IN_PROGRESS"].contains(&&*self.status(arn)));
        assert_eq!(self.status(arn), status);
        assert_eq!(self.running("api"), [2]);
        assert_eq!(self.not_stopped("api", image), 2);
        assert!(
            self.service("api")
                .task_definition()
                .unwrap()
                .ends_with(image)
        );
        self.wait(60);
        let shares = self.fake.shares(&self.shop.rule);
        let healthy: usize = shares[0].task_definitions.values().sum();
        assert_eq!((shares.len(), healthy), (1, 2), "{shares:?}");
        assert_eq!(self.fake.shortages(), []);
    }
}

#[test]
fn a_rollback_after_an_unfinished_rolling_one_goes_to_what_was_completed() {
    // The unfinished one never gets healthy, has begun to take over, or is about to end.
    for (image, before) in [
        (Image::never_healthy(), 60),
        (Image::good(), 36),
        (Image::good(), 50),
    ] {
        let scene = Scene::new();
        scene.native(json!({ "strategy": "ROLLING" }));
        scene.fake.set_image("web:2", image);
        scene.begin("web:2");
        scene.wait(before);
        let arn = scene.switch("web:3", canary());
        assert_eq!(scene.stage(&arn), "RECONCILE_SERVICE");
        scene.wait_until(|| scene.stage(&arn) == "PRODUCTION_TRAFFIC_SHIFT");
        assert_eq!(scene.running("api"), [2, 2]);
        assert_eq!(scene.not_stopped("api", "web:2"), 0);
        scene.notices(Rule::BlueIsWhatWasCompleted);
        scene.stop(&arn);
        scene.ends(&arn, "ROLLBACK_SUCCESSFUL", "web:1");
    }
}

#[test]
fn a_rolling_deployment_after_an_unfinished_other_takes_traffic_back_first() {
    for (configuration, before) in [
        (canary(), 20),
        (canary(), 120),
        (blue_green(30), 120),
        // Old tasks are already being removed.
        (blue_green(1), 110),
    ] {
        let scene = Scene::new();
        scene.native(configuration);
        scene.begin("web:2");
        scene.wait(before);
        let arn = scene.switch("web:3", json!({ "strategy": "ROLLING" }));
        assert_eq!(scene.stage(&arn), "RECONCILE_SERVICE");
        scene.ends(&arn, "SUCCESSFUL", "web:3");
        scene.notices(Rule::BlueIsWhatWasCompleted);
    }
}

#[test]
fn a_deployment_after_one_whose_old_tasks_are_being_removed_brings_them_up_again() {
    let scene = Scene::new();
    scene.native(blue_green(1));
    let first = scene.begin("web:2");
    scene.wait_until(|| scene.stage(&first) == "CLEAN_UP");
    scene.wait(5);
    let arn = scene.switch("web:3", canary());
    assert_eq!(scene.stage(&arn), "RECONCILE_SERVICE");
    scene.wait_until(|| scene.stage(&arn) == "PRODUCTION_TRAFFIC_SHIFT");
    scene.stop(&arn);
    scene.ends(&arn, "ROLLBACK_SUCCESSFUL", "web:1");
}

#[test]
fn a_deployment_after_a_rollback_that_failed_begins_from_what_was_completed() {
    for configuration in [canary(), json!({ "strategy": "ROLLING" })] {
        let scene = Scene::new();
        scene.native(blue_green(30));
        let first = scene.begin("web:2");
        scene.wait(120);
        scene.fake.rollback_fails(Shop::CLUSTER, "api");
        scene.stop(&first);
        assert_eq!(scene.status(&first), "ROLLBACK_FAILED");
        let arn = scene.switch("web:3", configuration);
        assert_eq!(scene.stage(&arn), "RECONCILE_SERVICE");
        scene.ends(&arn, "SUCCESSFUL", "web:3");
    }
}
