//! A shop on the fake, as the conformance suite disturbs it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use strategy_core::conformance::Subject;
use strategy_core::target::ForeignField;
use strategy_core::world::VirtualClock;
use strategy_core::{Images, Target, Timestamp, Weight};
use target_ecs::EcsTarget;
use target_ecs::config::{
    Canary, Config, NativeGated, OwnedWeights, Rolling, RuleConfig, Slot, WorkloadConfig,
};
use test_support::ecs::{Fake, Fault, Service, Settings, Shop};

/// How the shop is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A candidate that is made; its target group is in no rule.
    Canary,
    /// Two services that take turns.
    Pair,
    /// A candidate that is made beside a service that is scaled.
    Autoscaled,
    /// One service that ECS rolls.
    Rolling,
    /// One service that ECS shifts after our answers.
    NativeGated,
}

#[derive(Debug)]
pub(crate) struct ShopSubject {
    pub(crate) clock: VirtualClock,
    shop: Shop,
    shape: Shape,
    config: Config,
}

impl ShopSubject {
    pub(crate) fn open(shape: Shape) -> Self {
        let clock = VirtualClock::starting_at(Timestamp::from_millis(0));
        let fake = Fake::new(Arc::new(clock.clone()), Settings::default());
        let shop = Shop::open(&fake);
        if shape != Shape::NativeGated {
            shop.remove_test_rule();
        }
        let stable = Slot::new("web", &shop.stable_group);
        let other = Slot::new("web-other", &shop.canary_group);
        if shape == Shape::NativeGated {
            let configuration = json!({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1});
            shop.create_native_service("web", 3, &configuration);
            let config = Config::new(Shop::CLUSTER, NativeGated::new("web"));
            return Self {
                clock,
                shop,
                shape,
                config,
            };
        }
        shop.create_service("web", &shop.stable_group, 3);
        let workload = match shape {
            Shape::NativeGated => unreachable!("it has one service"),
            Shape::Rolling => {
                let config = Config::new(Shop::CLUSTER, Rolling::new("web"));
                return Self {
                    clock,
                    shop,
                    shape,
                    config,
                };
            }
            Shape::Canary | Shape::Autoscaled => {
                fake.somebody_sets_weights(&shop.rule, &[(&shop.stable_group, 1)]);
                WorkloadConfig::from(Canary::new(stable, other))
            }
            Shape::Pair => {
                shop.create_service("web-other", &shop.canary_group, 0);
                WorkloadConfig::from([stable, other])
            }
        };
        let rules = [RuleConfig::Rule(shop.rule.clone())];
        let config = Config::new(Shop::CLUSTER, OwnedWeights::new(workload, rules));
        let subject = Self {
            clock,
            shop,
            shape,
            config,
        };
        if shape == Shape::Autoscaled {
            subject.scalable(2);
        }
        subject
    }

    fn fake(&self) -> &Fake {
        &self.shop.fake
    }

    fn somebody(&self, service: Service, operation: &str, input: Value) -> Value {
        self.fake()
            .as_somebody_else(service, operation, input)
            .unwrap()
    }

    fn scalable(&self, minimum: u32) {
        let input = json!({
            "ServiceNamespace": "ecs", "ResourceId": "service/shop/web",
            "ScalableDimension": "ecs:service:DesiredCount",
            "MinCapacity": minimum, "MaxCapacity": 10,
        });
        self.somebody(Service::Autoscaling, "RegisterScalableTarget", input);
    }
}

#[async_trait]
impl Subject for ShopSubject {
    fn target(&self) -> Arc<dyn Target> {
        let fake = self.fake();
        let (ecs, balancers) = (fake.ecs_client(), fake.elb_client());
        let scaling = fake.autoscaling_client();
        Arc::new(EcsTarget::new(
            &ecs,
            &balancers,
            &scaling,
            self.config.clone(),
        ))
    }

    fn release(&self) -> Images {
        Images::parse([("web", "web:2")]).unwrap()
    }

    fn has_candidate(&self) -> bool {
        self.shape == Shape::Pair
    }

    async fn settle(&self) {
        let at = self.clock.now() + Duration::from_secs(300);
        self.clock.sleep_until(at).await;
    }

    /// What was told, without what happens by itself.
    async fn stored(&self) -> String {
        let services = self.somebody(
            Service::Ecs,
            "DescribeServices",
            json!({"cluster": "shop", "services": ["web", "web-other"], "include": ["TAGS"]}),
        );
        let services = services["services"].as_array().unwrap().iter();
        let services: Vec<Value> = services
            .map(|service| {
                json!([
                    service["serviceName"],
                    service["taskDefinition"],
                    service["desiredCount"],
                    service["status"] == "ACTIVE",
                    service["deploymentConfiguration"],
                    service["tags"],
                ])
            })
            .collect();
        let rules = json!({"ListenerArn": self.shop.listener});
        let rules = self.somebody(Service::LoadBalancing, "DescribeRules", rules);
        let family = json!({"familyPrefix": "web"});
        let definitions = self.somebody(Service::Ecs, "ListTaskDefinitions", family);
        let scalers = json!({"ServiceNamespace": "ecs"});
        let scalers = self.somebody(Service::Autoscaling, "DescribeScalableTargets", scalers);
        json!([services, rules, definitions, scalers]).to_string()
    }

    async fn somebody_writes(&self, field: ForeignField) -> Option<String> {
        let (stable, other) = (&self.shop.stable_group, &self.shop.canary_group);
        match field {
            ForeignField::Traffic if [Shape::Rolling, Shape::NativeGated].contains(&self.shape) => {
                return None;
            }
            ForeignField::Traffic => {
                let weights = [(stable.as_str(), 3), (other.as_str(), 1)];
                self.fake().somebody_sets_weights(&self.shop.rule, &weights);
            }
            ForeignField::Capacity if self.shape == Shape::Autoscaled => self.scalable(7),
            ForeignField::Capacity => self.fake().somebody_scales("shop", "web", 7).unwrap(),
            ForeignField::Revision => {
                let arn = self.shop.register("web:9");
                self.fake().somebody_deploys("shop", "web", &arn).unwrap();
            }
            _ => return None,
        }
        Some("somebody".to_owned())
    }

    async fn take_away(&self) -> bool {
        let input = json!({"cluster": "shop", "service": "web", "force": true});
        self.somebody(Service::Ecs, "DeleteService", input);
        true
    }

    async fn cut_off(&self) -> bool {
        self.fake().fault_every(Some(Fault::ResetBefore));
        true
    }

    fn steps(&self) -> Vec<Weight> {
        match self.shape {
            Shape::NativeGated => [25, 50, 75, 100]
                .map(|percent| Weight::from_percent(percent).unwrap())
                .to_vec(),
            Shape::Canary | Shape::Pair | Shape::Autoscaled | Shape::Rolling => Vec::new(),
        }
    }

    fn tells_news(&self) -> bool {
        true
    }
}
