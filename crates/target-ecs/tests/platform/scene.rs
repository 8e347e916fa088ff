//! A shop with one service that Amazon ECS deploys.

use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, join, select};
use serde_json::{Value, json};
use strategy_core::driver::{Driver, FileJournal};
use strategy_core::plan::Health;
use strategy_core::rollout::{Command, Outcome, Reason, Wish};
use strategy_core::strategy::Rolling;
use strategy_core::world::{VirtualClock, block_on};
use strategy_core::{Release, Strategy, Timestamp};
use target_ecs::config::{Config, Mode, NativeGated, Rolling as RollingMode};
use target_ecs::{Account, EcsTarget};
use test_support::ecs::{CallRecord, Fake, Service, Settings, Shop};

/// When the first tasks have long been healthy.
const OPEN: Timestamp = Timestamp::from_millis(300_000);

/// The fake, the shop in it and how the target is told of it.
pub(crate) struct Scene {
    pub(crate) clock: VirtualClock,
    pub(crate) fake: Fake,
    pub(crate) shop: Shop,
    pub(crate) mode: Mode,
}

/// A circuit breaker that takes back what fails.
pub(crate) fn breaker() -> Value {
    json!({"deploymentCircuitBreaker": {"enable": true, "rollback": true}})
}

impl Scene {
    /// A service `web` of four tasks, with a circuit breaker that rolls back.
    pub(crate) fn rolling() -> Self {
        Self::with(Settings::default(), &breaker())
    }

    /// The same, where every call takes so long.
    pub(crate) fn slow(latency: Duration) -> Self {
        let settings = Settings {
            latency,
            ..Settings::default()
        };
        Self::with(settings, &breaker())
    }

    /// A service of this deployment configuration.
    pub(crate) fn with(settings: Settings, configuration: &Value) -> Self {
        let scene = Self::empty(settings);
        scene.open(4, configuration);
        scene.clock.advance_to(OPEN);
        scene
    }

    /// Nobody has opened the service yet.
    pub(crate) fn empty(settings: Settings) -> Self {
        let clock = VirtualClock::starting_at(Timestamp::from_millis(0));
        let fake = Fake::new(Arc::new(clock.clone()), settings);
        let shop = Shop::open(&fake);
        Self {
            clock,
            fake,
            shop,
            mode: RollingMode::new("web").into(),
        }
    }

    /// A service `web` of four tasks that ECS deploys blue-green, with a minute of baking of its own.
    pub(crate) fn gated() -> Self {
        Self::gated_with(Settings::default())
    }

    pub(crate) fn gated_with(settings: Settings) -> Self {
        let mut scene = Self::empty(settings);
        let configuration = json!({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1});
        scene.shop.create_native_service("web", 4, &configuration);
        scene.mode = NativeGated::new("web").into();
        scene.clock.advance_to(OPEN);
        scene
    }

    /// What the production rule gives the two target groups.
    pub(crate) fn weights(&self) -> (i64, i64) {
        let input = json!({"RuleArns": [self.shop.rule]});
        let answer = self.ask(Service::LoadBalancing, "DescribeRules", input);
        let groups = &answer["Rules"][0]["Actions"][0]["ForwardConfig"]["TargetGroups"];
        let of = |arn: &str| {
            let mut groups = groups.as_array().unwrap().iter();
            let group = groups.find(|group| group["TargetGroupArn"] == arn);
            group.map_or(0, |group| group["Weight"].as_i64().unwrap())
        };
        (of(&self.shop.stable_group), of(&self.shop.canary_group))
    }

    /// Its deployment configuration is what it was. No hooks and an empty list of them are the same.
    pub(crate) fn is_configured_as(&self, before: &Value) {
        let of = |service: &Value| {
            let mut configuration = service["deploymentConfiguration"].clone();
            if configuration["lifecycleHooks"] == json!([]) {
                configuration
                    .as_object_mut()
                    .unwrap()
                    .remove("lifecycleHooks");
            }
            configuration
        };
        assert_eq!(of(&self.service()), of(before));
    }

    /// Resolves when the other target group has this weight.
    pub(crate) async fn until_weight(&self, weight: i64) {
        for _ in 0..7200 {
            if self.weights().1 == weight {
                return;
            }
            self.after(1).await;
        }
        panic!("it never got {weight}: {:?}", self.weights());
    }

    pub(crate) fn open(&self, desired: usize, configuration: &Value) {
        self.shop.create_service("web", &self.shop.stable_group, 0);
        self.update(json!({"deploymentConfiguration": configuration, "desiredCount": desired}));
    }

    /// Somebody changes the service.
    pub(crate) fn update(&self, mut input: Value) {
        input["cluster"] = json!("shop");
        input["service"] = json!("web");
        self.ask(Service::Ecs, "UpdateService", input);
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, seconds: u64) {
        self.clock
            .advance_to(self.clock.now() + Duration::from_secs(seconds));
    }

    pub(crate) fn config(&self) -> Config {
        Config::new(Shop::CLUSTER, self.mode.clone())
    }

    /// A target that asks for news rarely: in motion each time is a whole look, and whole rollouts are many.
    pub(crate) fn target(&self) -> EcsTarget {
        let (in_motion, at_rest) = (Duration::from_secs(60), Duration::from_secs(100));
        self.target_by_default().intervals(in_motion, at_rest)
    }

    pub(crate) fn target_by_default(&self) -> EcsTarget {
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
            let (handle, run) = driver.start(strategy, release).await.unwrap();
            // One that is stuck waits for a person for ever.
            let end = self.clock.now() + Duration::from_secs(4 * 3600);
            let both = join(run, meanwhile);
            match select(Box::pin(both), Box::pin(self.clock.sleep_until(end))).await {
                Either::Left(((outcome, ()), _)) => outcome.unwrap(),
                Either::Right(_) => panic!("it does not end: {:#?}", handle.status()),
            }
        };
        block_on(&self.clock, whole).unwrap()
    }

    pub(crate) fn roll_out(&self, strategy: &dyn Strategy, image: &str) -> Outcome {
        self.roll_out_while(strategy, image, async {})
    }

    /// The rollout of `web:2`, aborted when `when` resolves. `None`: it does not end within two hours.
    pub(crate) fn roll_out_and_abort(
        &self,
        strategy: &dyn Strategy,
        when: impl Future<Output = ()>,
    ) -> Option<Outcome> {
        let driver = Driver::on(self.target()).clock(self.clock.clone());
        let release = Release::of([("web", "web:2")]).unwrap();
        let whole = async {
            let (handle, run) = driver.start(strategy, release).await.unwrap();
            let person = async {
                when.await;
                let abort = Command::new("abort", "vet", Wish::Abort { force: false });
                handle.command(abort.because("it bites")).await.unwrap();
            };
            let both = Box::pin(join(run, person));
            match select(both, Box::pin(self.after(2 * 3600))).await {
                Either::Left(((outcome, ()), _)) => Some(outcome.unwrap()),
                Either::Right(_) => {
                    println!("{:#?} {:#?}", handle.status(), handle.trouble());
                    None
                }
            }
        };
        block_on(&self.clock, whole).unwrap()
    }

    /// The same by a process that ends so long after its start, and another that takes it up 20 s later.
    pub(crate) fn roll_out_with_a_crash(
        &self,
        strategy: &dyn Strategy,
        image: &str,
        after: Duration,
    ) -> Outcome {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.journal");
        let process = |journal| {
            let driver = Driver::on(self.target()).clock(self.clock.clone());
            driver.id("release-2".parse().unwrap()).journal(journal)
        };
        let release = Release::of([("web", image)]).unwrap();
        let first = process(FileJournal::create(&path).unwrap());
        let started = first.start(strategy, release);
        let (_, run) = block_on(&self.clock, started).unwrap().unwrap();
        let crash = self.clock.now() + after;
        let both = select(Box::pin(run), Box::pin(self.clock.sleep_until(crash)));
        match block_on(&self.clock, both).unwrap() {
            Either::Left((outcome, _)) => outcome.unwrap(),
            Either::Right((_, run)) => {
                drop(run);
                self.wait(20);
                let second = process(FileJournal::open(&path).unwrap());
                let (_, run) = block_on(&self.clock, second.resume()).unwrap().unwrap();
                block_on(&self.clock, run).unwrap().unwrap()
            }
        }
    }

    /// Resolves so long from now.
    pub(crate) async fn after(&self, seconds: u64) {
        let at = self.clock.now() + Duration::from_secs(seconds);
        self.clock.sleep_until(at).await;
    }

    /// Resolves when an operation has been called so often.
    pub(crate) async fn until_called(&self, operation: &str, times: usize) {
        for _ in 0..7200 {
            if self.called(operation) >= times {
                return;
            }
            self.after(1).await;
        }
        panic!("{operation} was called {} times", self.called(operation));
    }

    /// Resolves in the moment in which it has been called once more than so often.
    pub(crate) async fn until_more(&self, operation: &str, than: usize) {
        while self.called(operation) <= than {
            let at = self.clock.now() + Duration::from_millis(10);
            self.clock.sleep_until(at).await;
        }
    }

    pub(crate) fn called(&self, operation: &str) -> usize {
        let calls = self.fake.calls().into_iter();
        calls.filter(|call| call.operation == operation).count()
    }

    pub(crate) fn calls(&self) -> Vec<CallRecord> {
        self.fake.calls()
    }

    pub(crate) fn ask(&self, service: Service, operation: &str, input: Value) -> Value {
        self.fake
            .as_somebody_else(service, operation, input)
            .unwrap()
    }

    /// The service as it is told; null if it is gone.
    pub(crate) fn service(&self) -> Value {
        let input = json!({"cluster": "shop", "services": ["web"], "include": ["TAGS"]});
        let answer = self.ask(Service::Ecs, "DescribeServices", input);
        let service = answer["services"][0].clone();
        if service["status"] == "ACTIVE" {
            service
        } else {
            Value::Null
        }
    }

    /// The image that the service is told to run.
    pub(crate) fn image(&self) -> String {
        let input = json!({"taskDefinition": self.service()["taskDefinition"]});
        let answer = self.ask(Service::Ecs, "DescribeTaskDefinition", input);
        let image = &answer["taskDefinition"]["containerDefinitions"][0]["image"];
        image.as_str().unwrap().to_owned()
    }

    /// The value of one of our tags.
    pub(crate) fn tag(&self, key: &str) -> Option<String> {
        let service = self.service();
        let tags = service["tags"].as_array()?.iter();
        let mut tags = tags.filter(|tag| tag["key"] == format!("rollway.dev/{key}"));
        Some(tags.next()?["value"].as_str()?.to_owned())
    }

    /// The service deployments of the service, the newest first: statuses.
    pub(crate) fn deployments(&self) -> Vec<String> {
        let input = json!({"cluster": "shop", "service": "web"});
        let answer = self.ask(Service::Ecs, "ListServiceDeployments", input);
        let all = answer["serviceDeployments"].as_array().unwrap().iter();
        all.map(|of| of["status"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Requests never met a target group without a healthy target, once the shop was open.
    pub(crate) fn nobody_was_let_down(&self) {
        let shortages = self.fake.shortages().into_iter();
        let later = shortages.filter(|of| of.until > OPEN);
        assert_eq!(later.collect::<Vec<_>>(), []);
    }

    /// Nothing is left of the rollout on the service but the epoch that is over.
    pub(crate) fn nothing_is_left(&self) {
        assert_eq!(self.tag("claim"), None);
        assert_eq!(self.tag("written"), None);
        assert!(self.tag("last-epoch").is_some());
    }

    /// The start is what runs, steady, and nothing is left.
    pub(crate) fn is_home(&self) {
        let service = self.service();
        assert_eq!(self.image(), "web:1");
        assert_eq!(service["desiredCount"], 4);
        assert_eq!(service["runningCount"], 4);
        assert_eq!(service["deployments"].as_array().unwrap().len(), 1);
        assert_eq!(service["deployments"][0]["rolloutState"], "COMPLETED");
        self.nothing_is_left();
    }
}

/// One stage, watched for a minute.
pub(crate) fn roll() -> Rolling {
    Rolling::new()
}

/// The same, where tasks that fail are left to Amazon ECS.
pub(crate) fn patient() -> Rolling {
    Rolling::new()
        .health(Health::off())
        .deadline(Duration::from_secs(7200))
}

pub(crate) fn reason(outcome: &Outcome) -> Reason {
    let Outcome::RolledBack { reason } = outcome else {
        panic!("{outcome}");
    };
    println!("{reason:?}");
    reason.clone()
}

/// What the platform is said to have done.
pub(crate) fn platform(outcome: &Outcome) -> String {
    let reason = reason(outcome);
    let Reason::Platform { message, .. } = reason else {
        panic!("{reason:?}");
    };
    message
}
