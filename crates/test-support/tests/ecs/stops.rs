//! Deployments that somebody stops, and where they go back to.

use std::time::Duration;

use serde_json::json;
use test_support::ecs::{Fault, Image, Rule, Settings, Shop};

use crate::scene::Scene;

impl Scene {
    pub(crate) fn stop(&self, arn: &str) {
        let call = self.ecs.stop_service_deployment();
        self.ok(call.service_deployment_arn(arn).send());
    }

    pub(crate) fn stage(&self, arn: &str) -> String {
        let one = self.service_deployment(arn);
        one.lifecycle_stage().unwrap().as_str().to_owned()
    }

    fn stage_is(&self, arn: &str, stage: &str) -> bool {
        let one = self.service_deployment(arn);
        one.lifecycle_stage()
            .is_some_and(|one| one.as_str() == stage)
    }

    pub(crate) fn status(&self, arn: &str) -> String {
        let one = self.service_deployment(arn);
        one.status().unwrap().as_str().to_owned()
    }
}

#[test]
fn a_stop_whose_answer_was_lost_is_asked_for_again() {
    for configuration in [
        json!({ "strategy": "ROLLING" }),
        json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 30 }),
    ] {
        let scene = Scene::new();
        scene.native(configuration);
        let arn = scene.begin("web:2");
        scene.wait(32);
        scene
            .fake
            .fault_next("StopServiceDeployment", 1, Fault::ResetAfter);
        // The SDK tries again, and meets what the first call did.
        scene.stop(&arn);
        assert_eq!(scene.status(&arn), "ROLLBACK_IN_PROGRESS");
        let before = scene.service_deployment(&arn);
        scene.wait(1);
        scene.stop(&arn);
        scene.notices(Rule::StopGoesOn);
        let after = scene.service_deployment(&arn);
        assert_eq!(after.updated_at(), before.updated_at());
        assert_eq!(after.rollback(), before.rollback());
        scene.wait(300);
        assert_eq!(scene.status(&arn), "ROLLBACK_SUCCESSFUL");
        let again = scene.ecs.stop_service_deployment();
        scene.refuses(
            Rule::OnlyWhatRunsIsStopped,
            "ConflictException",
            again.service_deployment_arn(&arn).send(),
        );
    }
}

fn slow() -> Scene {
    Scene::with(Settings {
        transition_lag: Duration::from_secs(10),
        ..Settings::default()
    })
}

#[test]
fn a_deployment_is_pending_before_it_is_in_progress() {
    for configuration in [
        json!({ "strategy": "ROLLING" }),
        json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 30 }),
    ] {
        let scene = slow();
        scene.native(configuration);
        let arn = scene.begin("web:2");
        let pending = scene.service_deployment(&arn);
        assert_eq!(scene.status(&arn), "PENDING");
        assert_eq!(
            (pending.lifecycle_stage(), pending.started_at()),
            (None, None)
        );
        scene.wait(9);
        assert_eq!(scene.status(&arn), "PENDING");
        assert_eq!(scene.service("api").pending_count(), 0);
        scene.wait(1);
        assert_eq!(scene.status(&arn), "IN_PROGRESS");
        assert_eq!(scene.service("api").pending_count(), 2);
        scene.notices(Rule::BeginsPending);
    }
}

#[test]
fn a_rollback_is_requested_before_it_is_in_progress() {
    for (configuration, before) in [
        (json!({ "strategy": "ROLLING" }), 5),
        (json!({ "strategy": "ROLLING" }), 42),
        // Old tasks stop meanwhile, which would end it.
        (json!({ "strategy": "ROLLING" }), 70),
        (
            json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 30 }),
            5,
        ),
        (
            json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 30 }),
            80,
        ),
    ] {
        let scene = slow();
        scene.native(configuration);
        let arn = scene.begin("web:2");
        scene.wait(before);
        scene.stop(&arn);
        assert_eq!(scene.status(&arn), "ROLLBACK_REQUESTED");
        let shares = scene.shares();
        scene.wait(9);
        assert_eq!(scene.status(&arn), "ROLLBACK_REQUESTED");
        assert_eq!(scene.shares(), shares);
        scene.stop(&arn);
        scene.wait(1);
        assert_ne!(scene.status(&arn), "ROLLBACK_REQUESTED");
        scene.wait(200);
        assert_eq!(scene.status(&arn), "ROLLBACK_SUCCESSFUL");
        assert_eq!(scene.running("api"), [2]);
        assert_eq!(scene.fake.shortages(), []);
    }
}

#[test]
fn a_deployment_that_is_superseded_is_to_stop_before_it_stopped() {
    let scene = slow();
    scene.native(json!({ "strategy": "ROLLING" }));
    let first = scene.begin("web:2");
    scene.wait(20);
    let second = scene.begin("web:3");
    assert_eq!(scene.status(&first), "STOP_REQUESTED");
    scene.stop(&first);
    scene.wait(10);
    assert_eq!(scene.status(&first), "STOPPED");
    scene.notices(Rule::NewerSupersedes);
    scene.wait_until(|| scene.status(&second) == "SUCCESSFUL");
    assert_eq!(scene.running("api"), [2]);
}

#[test]
fn a_rollback_can_fail_and_leaves_everything_as_it_is() {
    for (configuration, before, shares) in [
        (json!({ "strategy": "ROLLING" }), 32, "web-stable"),
        (
            json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 30 }),
            80,
            "web-canary",
        ),
    ] {
        let scene = Scene::new();
        scene.native(configuration);
        let arn = scene.begin("web:2");
        scene.wait(before);
        scene.fake.rollback_fails(Shop::CLUSTER, "api");
        scene.stop(&arn);
        scene.wait(60);
        assert_eq!(scene.status(&arn), "ROLLBACK_FAILED");
        scene.notices(Rule::RollbackCanFail);
        let service = scene.service("api");
        assert_eq!(service.current_service_deployment(), None);
        let states = service.deployments().iter();
        let states: Vec<_> = states
            .map(|one| one.rollout_state().unwrap().as_str())
            .collect();
        assert_eq!(states[0], "FAILED");
        assert_eq!(scene.shares(), [(shares.to_owned(), 100)]);
        // Somebody has to mend it; here by a new deployment.
        let next = scene.begin("web:3");
        scene.wait_until(|| {
            scene.status(&next) != "IN_PROGRESS" || scene.stage_is(&next, "BAKE_TIME")
        });
        assert_eq!(scene.fake.shortages(), []);
    }
}

#[test]
fn what_has_nothing_to_go_back_to_is_not_stopped() {
    let scene = Scene::new();
    scene.fake.set_image("web:1", Image::missing());
    scene
        .shop
        .create_native_service("api", 2, &json!({ "strategy": "ROLLING" }));
    scene.wait(60);
    // There is a service revision before it, which was never completed.
    let second = scene.begin("web:2");
    let stop = scene.ecs.stop_service_deployment();
    scene.refuses(
        Rule::OnlyWhatRunsIsStopped,
        "ConflictException",
        stop.service_deployment_arn(&second).send(),
    );
    scene.wait_until(|| scene.status(&second) == "SUCCESSFUL");
}
