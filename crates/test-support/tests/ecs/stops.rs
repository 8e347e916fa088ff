//! Deployments that somebody stops, and where they go back to.

use serde_json::json;
use test_support::ecs::{Fault, Rule};

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
