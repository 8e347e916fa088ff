//! Many things happen in any order: the fake stays consistent, and comes to rest when they end.

use std::time::Duration;

use aws_sdk_ecs::types::{DeploymentLifecycleHookAction, DeploymentLifecycleHookStatus};
use serde_json::{Value, json};
use test_support::ecs::{Fault, Image, Service, Settings, Shop};

use crate::scene::{Scene, forward};

/// Numbers that look random and are the same every time.
struct Lots(u64);

impl Lots {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % bound
    }

    fn image(&mut self) -> Image {
        let span = Duration::from_secs(self.below(90));
        match self.below(7) {
            0 => Image::missing(),
            1 => Image::never_healthy(),
            2 => Image::crashes_after(span),
            3 => Image::unhealthy_after(span),
            4 => Image::exits_at_start(1),
            _ => Image::good().starting_in(span),
        }
    }
}

fn configuration(lots: &mut Lots) -> Value {
    let hooks = match lots.below(3) {
        0 => {
            json!([{ "targetType": "PAUSE", "lifecycleStages": ["PRE_SCALE_UP", "POST_PRODUCTION_TRAFFIC_SHIFT"],
            "timeoutConfiguration": { "timeoutInMinutes": 3, "action": if lots.below(2) == 0 { "CONTINUE" } else { "ROLLBACK" } } }])
        }
        _ => json!([]),
    };
    let off = json!({ "enable": false, "rollback": false });
    match lots.below(4) {
        0 => json!({ "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1, "lifecycleHooks": hooks,
            "deploymentCircuitBreaker": off }),
        1 => {
            json!({ "strategy": "CANARY", "lifecycleHooks": hooks, "deploymentCircuitBreaker": off })
        }
        2 => {
            json!({ "strategy": "LINEAR", "lifecycleHooks": hooks, "deploymentCircuitBreaker": off,
            "linearConfiguration": { "stepPercent": 33.3, "stepBakeTimeInMinutes": 1 } })
        }
        _ => json!({ "strategy": "ROLLING", "lifecycleHooks": hooks, "minimumHealthyPercent": 50,
            "deploymentCircuitBreaker": { "enable": true, "rollback": true } }),
    }
}

impl Scene {
    fn happens(&self, lots: &mut Lots, number: usize) {
        let fake = &self.fake;
        match lots.below(9) {
            0 | 1 => {
                let image = format!("web:{number}");
                fake.set_image(&image, lots.image());
                let mut input = json!({ "cluster": Shop::CLUSTER, "service": "api",
                    "taskDefinition": self.shop.register(&image) });
                if lots.below(2) == 0 {
                    // By another strategy than the one before, which may be under way.
                    input["deploymentConfiguration"] = configuration(lots);
                }
                fake.as_somebody_else(Service::Ecs, "UpdateService", input)
                    .unwrap();
            }
            2 => {
                let desired = i32::try_from(lots.below(5)).unwrap();
                let call = self
                    .ecs
                    .update_service()
                    .cluster(Shop::CLUSTER)
                    .service("api");
                self.ok(call.desired_count(desired).send());
            }
            3 => {
                let weight = i32::try_from(lots.below(3)).unwrap();
                let weights = [
                    (self.shop.stable_group.as_str(), weight),
                    (&self.shop.canary_group, 1),
                ];
                let call = self.elb.modify_rule().rule_arn(&self.shop.rule);
                self.ok(call.actions(forward(&weights)).send());
            }
            4 => {
                if let Some(arn) = self.service("api").current_service_deployment() {
                    // It may be over by now, or have nothing to go back to.
                    let _ = self.run(
                        self.ecs
                            .stop_service_deployment()
                            .service_deployment_arn(arn)
                            .send(),
                    );
                }
            }
            5 => self.answer_hooks(lots),
            6 if lots.below(3) == 0 => fake.rollback_fails(Shop::CLUSTER, "api"),
            6 => fake.fault_next("DescribeServices", 1, Fault::ResetBefore),
            _ => self.wait(lots.below(400)),
        }
    }

    fn answer_hooks(&self, lots: &mut Lots) {
        let service = self.service("api");
        let Some(arn) = service.current_service_deployment() else {
            return;
        };
        let hooks = self
            .service_deployment(arn)
            .lifecycle_hook_details
            .unwrap_or_default();
        let action = if lots.below(3) == 0 {
            DeploymentLifecycleHookAction::Rollback
        } else {
            DeploymentLifecycleHookAction::Continue
        };
        for hook in hooks {
            if hook.status() == Some(&DeploymentLifecycleHookStatus::AwaitingAction) {
                let call = self
                    .ecs
                    .continue_service_deployment()
                    .service_deployment_arn(arn);
                let call = call.hook_id(hook.hook_id().unwrap()).action(action.clone());
                // An answer before may have ended it.
                let _ = self.run(call.send());
            }
        }
    }

    fn is_consistent(&self) {
        let service = self.service("api");
        let deployments = service.deployments();
        let running: i32 = deployments.iter().map(|one| one.running_count()).sum();
        assert_eq!(service.running_count(), running);
        let primary = deployments
            .iter()
            .filter(|one| one.status() == Some("PRIMARY"));
        assert_eq!(primary.count(), 1);
        let call = self
            .ecs
            .list_service_deployments()
            .cluster(Shop::CLUSTER)
            .service("api");
        let all = self.ok(call.send()).service_deployments.unwrap_or_default();
        let open = all.iter().filter(|one| {
            one.finished_at().is_none() && {
                let status = one.status().unwrap().as_str();
                status != "STOPPED" && status != "STOP_REQUESTED"
            }
        });
        assert!(open.count() <= 1, "{all:?}");
        let shares = self.fake.shares(&self.shop.rule);
        let sum: f64 = shares.iter().map(|share| share.share).sum();
        assert!(sum < 1.0 + 1e-9, "{shares:?}");
    }

    /// Whatever was there before, a good release becomes what runs.
    fn comes_to_rest(&self) {
        // Hooks might take it back to what was completed before, which may be bad.
        let definition = self.shop.register("web:good");
        let input = json!({ "cluster": Shop::CLUSTER, "service": "api", "desiredCount": 3,
            "taskDefinition": definition, "deploymentConfiguration": { "lifecycleHooks": [] } });
        let fake = &self.fake;
        fake.as_somebody_else(Service::Ecs, "UpdateService", input)
            .unwrap();
        self.wait(12_000);
        let service = self.service("api");
        assert_eq!(service.task_definition(), Some(&*definition));
        let (count, state) = (
            service.deployments().len(),
            service.deployments()[0].rollout_state(),
        );
        assert_eq!(
            (count, state.unwrap().as_str()),
            (1, "COMPLETED"),
            "{service:#?}"
        );
        assert_eq!(service.running_count(), 3);
        let health = [
            self.health(&self.shop.stable_group),
            self.health(&self.shop.canary_group),
        ]
        .concat();
        assert_eq!(health, ["healthy"; 3]);
    }
}

#[test]
fn whatever_happens_it_stays_consistent_and_comes_to_rest() {
    for seed in 0..20 {
        let mut lots = Lots(seed);
        let scene = Scene::with(Settings {
            seed,
            transition_lag: Duration::from_secs(seed % 3 * 5),
            ..Settings::default()
        });
        scene
            .shop
            .create_native_service("api", 2, &configuration(&mut lots));
        if lots.below(3) > 0 {
            scene.wait(600);
        }
        for number in 0..25 {
            scene.happens(&mut lots, number);
            scene.is_consistent();
        }
        // Somebody may have taken a group out of the rule: it is wired again.
        let weights = [
            (scene.shop.stable_group.as_str(), 1),
            (&scene.shop.canary_group, 1),
        ];
        let call = scene.elb.modify_rule().rule_arn(&scene.shop.rule);
        scene.ok(call.actions(forward(&weights)).send());
        scene.comes_to_rest();
    }
}
