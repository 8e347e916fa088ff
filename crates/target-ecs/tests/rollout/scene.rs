//! A shop with a rollout in it.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{join, select};
use serde_json::{Value, json};
use strategy_core::driver::Driver;
use strategy_core::rollout::Outcome;
use strategy_core::strategy::{BlueGreen, Canary as CanaryStrategy};
use strategy_core::world::{VirtualClock, block_on};
use strategy_core::{Release, Strategy, Timestamp};
use target_ecs::config::{Canary, Config, OwnedWeights, RuleConfig, Slot, WorkloadConfig};
use target_ecs::{Account, EcsTarget};
use test_support::ecs::{CallRecord, Fake, Service, Settings, Shop};

/// When the first tasks have long been healthy.
const OPEN: Timestamp = Timestamp::from_millis(300_000);

/// The fake, the shop in it and how the target is told of it.
pub(crate) struct Scene {
    pub(crate) clock: VirtualClock,
    pub(crate) fake: Fake,
    pub(crate) shop: Shop,
    pub(crate) workload: WorkloadConfig,
    pub(crate) rules: Vec<RuleConfig>,
}

impl Scene {
    /// A service `web` of four tasks, and a candidate that is made.
    pub(crate) fn canary() -> Self {
        Self::slow_canary(Duration::ZERO)
    }

    /// The same, where reads of ECS are so old.
    pub(crate) fn lagging_canary(read_lag: Duration) -> Self {
        let settings = Settings {
            read_lag,
            ..Settings::default()
        };
        Self::canary_with(settings)
    }

    /// The same, where so much is set.
    pub(crate) fn canary_with(settings: Settings) -> Self {
        Self::open(settings, |stable, candidate| {
            Canary::new(stable, candidate).into()
        })
    }

    /// The same, where every call takes so long.
    pub(crate) fn slow_canary(latency: Duration) -> Self {
        let settings = Settings {
            latency,
            ..Settings::default()
        };
        Self::open(settings, |stable, candidate| {
            Canary::new(stable, candidate).into()
        })
    }

    /// The services `web` with four tasks and `web-other` with none.
    pub(crate) fn pair() -> Self {
        Self::pair_with(Settings::default())
    }

    pub(crate) fn pair_with(settings: Settings) -> Self {
        let scene = Self::open(settings, |stable, other| [stable, other].into());
        scene
            .shop
            .create_service("web-other", &scene.shop.canary_group, 0);
        scene.wait(60);
        scene
    }

    /// A shop whose stable service nobody has opened yet.
    pub(crate) fn without_service() -> Self {
        Self::empty(Settings::default(), |stable, candidate| {
            Canary::new(stable, candidate).into()
        })
    }

    fn open(settings: Settings, workload: impl FnOnce(Slot, Slot) -> WorkloadConfig) -> Self {
        let scene = Self::empty(settings, workload);
        scene
            .shop
            .create_service("web", &scene.shop.stable_group, 4);
        scene.clock.advance_to(OPEN);
        scene
    }

    fn empty(settings: Settings, workload: impl FnOnce(Slot, Slot) -> WorkloadConfig) -> Self {
        let clock = VirtualClock::starting_at(Timestamp::from_millis(0));
        let fake = Fake::new(Arc::new(clock.clone()), settings);
        let shop = Shop::open(&fake);
        shop.remove_test_rule();
        let stable = Slot::new("web", &shop.stable_group);
        Self {
            workload: workload(stable, Slot::new("web-other", &shop.canary_group)),
            rules: vec![RuleConfig::Rule(shop.rule.clone())],
            clock,
            fake,
            shop,
        }
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, seconds: u64) {
        self.clock
            .advance_to(self.clock.now() + Duration::from_secs(seconds));
    }

    pub(crate) fn config(&self) -> Config {
        let weights = OwnedWeights::new(self.workload.clone(), self.rules.clone());
        Config::new(Shop::CLUSTER, weights)
    }

    pub(crate) fn config_without_previews(&self) -> Config {
        let weights = OwnedWeights::new(self.workload.clone(), self.rules.clone());
        Config::new(Shop::CLUSTER, weights.previews(false))
    }

    pub(crate) fn target(&self) -> EcsTarget {
        let (ecs, balancers) = (self.fake.ecs_client(), self.fake.elb_client());
        let scaling = self.fake.autoscaling_client();
        let account = Account::builder(&ecs, &balancers, &scaling);
        let account = account.alarms(&self.fake.alarms_client()).build();
        EcsTarget::on(&account, self.config())
    }

    /// The same without a way to look at alarms.
    pub(crate) fn target_without_alarms(&self) -> EcsTarget {
        let (ecs, balancers) = (self.fake.ecs_client(), self.fake.elb_client());
        let scaling = self.fake.autoscaling_client();
        EcsTarget::new(&ecs, &balancers, &scaling, self.config())
    }

    /// The whole rollout of an image, while something else goes on.
    pub(crate) fn roll_out_while(
        &self,
        strategy: &dyn Strategy,
        image: &str,
        meanwhile: impl Future<Output = ()>,
    ) -> Outcome {
        let driver = Driver::on(self.target()).clock(self.clock.clone());
        let release = Release::of([("web", image)]).unwrap();
        let whole = async {
            let (_, run) = driver.start(strategy, release).await.unwrap();
            join(run, meanwhile).await.0.unwrap()
        };
        block_on(&self.clock, whole).unwrap()
    }

    pub(crate) fn roll_out(&self, strategy: &dyn Strategy, image: &str) -> Outcome {
        self.roll_out_while(strategy, image, async {})
    }

    /// What happens while it is rolled out; the rollout need not end.
    pub(crate) fn while_it_rolls(
        &self,
        strategy: &dyn Strategy,
        image: &str,
        meanwhile: impl Future<Output = ()>,
    ) {
        let driver = Driver::on(self.target()).clock(self.clock.clone());
        let release = Release::of([("web", image)]).unwrap();
        let whole = async {
            let (_, run) = driver.start(strategy, release).await.unwrap();
            let forever = async {
                println!("{}", run.await.unwrap());
                std::future::pending::<()>().await;
            };
            select(pin!(forever), pin!(meanwhile)).await;
        };
        block_on(&self.clock, whole).unwrap();
    }

    /// Resolves so long from now.
    pub(crate) async fn after(&self, seconds: u64) {
        let at = self.clock.now() + Duration::from_secs(seconds);
        self.clock.sleep_until(at).await;
    }

    /// Resolves when the candidate gets this share by the rule, in thousandths.
    pub(crate) async fn until_weight(&self, thousandths: i64) {
        for _ in 0..7200 {
            if self.weights().1 == thousandths {
                return;
            }
            self.after(1).await;
        }
        panic!(
            "the candidate never got {thousandths}: {:?}",
            self.weights()
        );
    }

    /// An autoscaler of a service, with a minimum and a maximum of 10.
    pub(crate) fn autoscaled(&self, service: &str, minimum: u32) {
        let target = json!({
            "ServiceNamespace": "ecs", "ResourceId": format!("service/shop/{service}"),
            "ScalableDimension": "ecs:service:DesiredCount",
            "MinCapacity": minimum, "MaxCapacity": 10,
        });
        self.ask(Service::Autoscaling, "RegisterScalableTarget", target);
    }

    /// The minimum of an autoscaler, and what of it is suspended.
    pub(crate) fn scaler(&self, service: &str) -> (Value, Value) {
        let id = format!("service/shop/{service}");
        let input = json!({"ServiceNamespace": "ecs", "ResourceIds": [id]});
        let answer = self.ask(Service::Autoscaling, "DescribeScalableTargets", input);
        let target = &answer["ScalableTargets"][0];
        (
            target["MinCapacity"].clone(),
            target["SuspendedState"].clone(),
        )
    }

    pub(crate) fn ask(&self, service: Service, operation: &str, input: Value) -> Value {
        self.fake
            .as_somebody_else(service, operation, input)
            .unwrap()
    }

    /// The rule, whole.
    pub(crate) fn rule(&self) -> Value {
        let input = json!({"RuleArns": [self.shop.rule]});
        let answer = self.ask(Service::LoadBalancing, "DescribeRules", input);
        let mut rule = answer["Rules"][0].clone();
        // A single target group may be told twice, which is one and the same.
        for action in rule["Actions"].as_array_mut().unwrap() {
            action.as_object_mut().unwrap().remove("TargetGroupArn");
        }
        rule
    }

    /// A rule before it, for requests with the header `x-test: 1`, which forwards like it; its ARN.
    pub(crate) fn second_rule(&self) -> String {
        let header = json!({ "Field": "http-header",
            "HttpHeaderConfig": { "HttpHeaderName": "x-test", "Values": ["1"] } });
        let input = json!({
            "ListenerArn": self.shop.listener, "Priority": 5,
            "Actions": self.rule()["Actions"], "Conditions": [header],
        });
        let made = self.ask(Service::LoadBalancing, "CreateRule", input);
        let arn = made["Rules"][0]["RuleArn"].as_str().unwrap().to_owned();
        self.fake.set_load(&arn, 0.0);
        arn
    }

    /// What the rule gives to stable and to the candidate.
    pub(crate) fn weights(&self) -> (i64, i64) {
        let rule = self.rule();
        let actions = rule["Actions"].as_array().unwrap();
        let forward = actions.iter().find(|action| action["Type"] == "forward");
        let groups = forward.unwrap()["ForwardConfig"]["TargetGroups"].clone();
        let of = |arn: &str| {
            let mut groups = groups.as_array().unwrap().iter();
            let group = groups.find(|group| group["TargetGroupArn"] == arn);
            group.map_or(0, |group| group["Weight"].as_i64().unwrap())
        };
        (of(&self.shop.stable_group), of(&self.shop.canary_group))
    }

    /// A service as it is told; null if it is gone.
    pub(crate) fn service(&self, name: &str) -> Value {
        let input = json!({"cluster": "shop", "services": [name], "include": ["TAGS"]});
        let answer = self.ask(Service::Ecs, "DescribeServices", input);
        let service = answer["services"][0].clone();
        if service["status"] == "ACTIVE" {
            service
        } else {
            Value::Null
        }
    }

    /// The image that a service is told to run.
    pub(crate) fn image(&self, name: &str) -> String {
        let input = json!({"taskDefinition": self.service(name)["taskDefinition"]});
        let answer = self.ask(Service::Ecs, "DescribeTaskDefinition", input);
        let image = &answer["taskDefinition"]["containerDefinitions"][0]["image"];
        image.as_str().unwrap().to_owned()
    }

    /// The value of one of our tags.
    pub(crate) fn tag(&self, service: &str, key: &str) -> Option<String> {
        let service = self.service(service);
        let tags = service["tags"].as_array()?.iter();
        let mut tags = tags.filter(|tag| tag["key"] == format!("rollway.dev/{key}"));
        Some(tags.next()?["value"].as_str()?.to_owned())
    }

    /// Requests never met a target group without a healthy target, once the shop was open.
    pub(crate) fn nobody_was_let_down(&self) {
        let shortages = self.fake.shortages().into_iter();
        let later = shortages.filter(|of| of.until > OPEN);
        assert_eq!(later.collect::<Vec<_>>(), []);
    }

    /// Nothing is left of the rollout on the services but the epoch that is over.
    pub(crate) fn nothing_is_left(&self) {
        for name in ["web", "web-other"] {
            assert_eq!(self.tag(name, "claim"), None, "{name}");
            assert_eq!(self.tag(name, "written"), None, "{name}");
        }
        assert!(self.tag("web", "last-epoch").is_some());
    }

    /// Whether any request was sent to the candidate's target group.
    pub(crate) fn candidate_was_reached(&self) -> bool {
        let requests = self.fake.requests();
        let sent = requests.get(&self.shop.canary_group);
        sent.is_some_and(|sent| *sent > 0.0)
    }

    pub(crate) fn calls(&self) -> Vec<CallRecord> {
        self.fake.calls()
    }
}

/// Five steps of a minute each.
pub(crate) fn five_steps() -> CanaryStrategy {
    CanaryStrategy::new()
        .stages([5, 10, 25, 50, 100])
        .bake(Duration::from_secs(60))
}

pub(crate) fn blue_green() -> BlueGreen {
    BlueGreen::new().bake(Duration::from_secs(120))
}
