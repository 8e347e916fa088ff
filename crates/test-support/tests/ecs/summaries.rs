//! What service deployments tell of their service revisions.

use aws_sdk_ecs::types::ServiceRevisionSummary;
use serde_json::json;
use test_support::ecs::{Image, Rule, Shop};

use crate::scene::Scene;

impl Scene {
    /// The new service revision, and the old ones.
    fn summaries(&self, arn: &str) -> (ServiceRevisionSummary, Vec<ServiceRevisionSummary>) {
        let one = self.service_deployment(arn);
        let new = one.target_service_revision().unwrap().clone();
        (new, one.source_service_revisions.unwrap_or_default())
    }
}

fn counts(one: &ServiceRevisionSummary) -> (i32, i32, i32) {
    (
        one.requested_task_count(),
        one.running_task_count(),
        one.pending_task_count(),
    )
}

#[test]
fn the_requested_count_is_what_is_wanted() {
    let scene = Scene::new();
    let pause = json!([{ "targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP"],
        "timeoutConfiguration": { "timeoutInMinutes": 1, "action": "CONTINUE" } }]);
    scene.native(
        json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1, "lifecycleHooks": pause }),
    );
    scene.fake.set_image("web:2", Image::missing());
    let arn = scene.begin("web:2");
    let (new, old) = scene.summaries(&arn);
    assert_eq!((counts(&new), counts(&old[0])), ((0, 0, 0), (2, 2, 0)));
    // After the pause and a first failure nothing of it is there, and it is wanted all the same.
    scene.wait(60 + 31);
    assert_eq!(counts(&scene.summaries(&arn).0), (2, 0, 0));
    // So are old tasks that crash.
    assert_eq!(scene.fake.tasks_crash(Shop::CLUSTER, "api", 1, 1), 1);
    assert_eq!(counts(&scene.summaries(&arn).1[0]), (2, 1, 0));
    let service = scene.service("api");
    let wanted = service.deployments().iter().map(|one| one.desired_count());
    assert_eq!(wanted.collect::<Vec<_>>(), [2, 2]);
    let wanted = service.current_service_revisions().iter();
    let wanted = wanted.map(|one| one.requested_task_count());
    assert_eq!(wanted.collect::<Vec<_>>(), [2, 2]);
    scene.notices(Rule::RequestedIsWanted);
    // In CLEAN_UP none of the old ones is wanted, while they drain.
    scene.fake.set_image("web:2", Image::good());
    scene.wait_until(|| scene.stage(&arn) == "CLEAN_UP");
    assert_eq!(scene.summaries(&arn).1[0].requested_task_count(), 0);
}

#[test]
fn weights_sum_to_a_hundred_with_several_sources() {
    let scene = Scene::new();
    scene.native(json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 30 }));
    scene.begin("web:2");
    scene.wait(120);
    let arn = scene.begin("web:3");
    let mut seen = Vec::new();
    for _ in 0..200 {
        let (new, old) = scene.summaries(&arn);
        assert_eq!(old.len(), 2);
        let weight =
            |one: &ServiceRevisionSummary| one.requested_production_traffic_weight().unwrap();
        let weights: Vec<f64> = old.iter().map(weight).collect();
        let sum: f64 = weights.iter().sum::<f64>() + weight(&new);
        assert!((sum - 100.0).abs() < 1e-9, "{weights:?}");
        seen.push(weights);
        scene.wait(1);
    }
    // The first revision has it until the third gets it; the second never.
    assert_eq!(seen.first(), Some(&vec![0.0, 100.0]));
    assert_eq!(seen.last(), Some(&vec![0.0, 0.0]));
    scene.notices(Rule::WeightsSumToAHundred);
}
