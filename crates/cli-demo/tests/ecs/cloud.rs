//! A shop on the fake, whose time passes faster than the program's, and the program in a folder of its own.

use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use strategy_core::Timestamp;
use strategy_core::driver::{Clock, SystemClock};
use tempfile::TempDir;
use test_support::ecs::{Fake, Service, Settings, Shop};

use crate::socket::serve;

/// So many seconds of the fake pass in one: tasks start and targets are checked in the time that a test has.
const SPEED: u32 = 60;
/// Under this name the file lies in the program's folder.
pub(crate) const FILE: &str = "rollout.yaml";

/// A clock that runs fast, and can be put forward.
#[derive(Debug)]
struct Fast {
    /// Then both clocks agreed. Later the fake's is ahead, so the program never takes it for standing still.
    from: Timestamp,
    began: Duration,
    ahead: Mutex<Duration>,
}

#[async_trait]
impl Clock for Fast {
    fn now(&self) -> Timestamp {
        self.from + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        (SystemClock.elapsed() - self.began) * SPEED + *self.ahead.lock().unwrap()
    }

    async fn sleep_until(&self, at: Timestamp) {
        let wait = at.since(self.now()) / SPEED;
        SystemClock.sleep_until(SystemClock.now() + wait).await;
    }
}

/// The cluster `shop`, and the program.
pub(crate) struct Cloud {
    pub(crate) shop: Shop,
    pub(crate) folder: TempDir,
    pub(crate) endpoint: String,
}

impl Cloud {
    /// Services of `web:1` with so many tasks: the first in the target group that has all the traffic.
    pub(crate) fn of(services: &[(&str, usize)]) -> Self {
        Self::open(|shop| {
            shop.remove_test_rule();
            let groups = [&shop.stable_group, &shop.canary_group];
            for ((name, tasks), group) in services.iter().zip(groups) {
                shop.create_service(name, group, *tasks);
            }
        })
    }

    /// One service of `web:1` whose traffic Amazon ECS shifts by itself between both target groups.
    pub(crate) fn native(service: &str, tasks: usize) -> Self {
        Self::open(|shop| {
            let configuration = json!({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5});
            shop.create_native_service(service, tasks, &configuration);
        })
    }

    /// Lets the default rule forward as the other one does, and gives it some of the requests, or all: `alone`.
    pub(crate) fn forward_by_default(&self, alone: bool) {
        let Shop { fake, .. } = &self.shop;
        let forward = json!([{ "Type": "forward", "ForwardConfig": { "TargetGroups": [
            { "TargetGroupArn": self.shop.stable_group, "Weight": 1 },
            { "TargetGroupArn": self.shop.canary_group, "Weight": 0 },
        ] } }]);
        let input = json!({"ListenerArn": self.shop.listener, "DefaultActions": forward});
        fake.as_somebody_else(Service::LoadBalancing, "ModifyListener", input)
            .unwrap();
        let path = json!([{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/web/*"]}}]);
        let (operation, input) = if alone {
            ("DeleteRule", json!({"RuleArn": self.shop.rule}))
        } else {
            let conditions = json!({"RuleArn": self.shop.rule, "Conditions": path});
            ("ModifyRule", conditions)
        };
        fake.as_somebody_else(Service::LoadBalancing, operation, input)
            .unwrap();
    }

    fn open(set_up: impl FnOnce(&Shop)) -> Self {
        let clock = Arc::new(Fast {
            from: SystemClock.now(),
            began: SystemClock.elapsed(),
            ahead: Mutex::default(),
        });
        let fake = Fake::new(clock.clone(), Settings::default());
        let shop = Shop::open(&fake);
        set_up(&shop);
        // Then the first tasks are healthy.
        *clock.ahead.lock().unwrap() = Duration::from_secs(300);
        fake.forget_requests();
        Self {
            endpoint: format!("http://{}", serve(&fake)),
            folder: tempfile::tempdir().unwrap(),
            shop,
        }
    }

    /// A cloud in which nothing is, for what does not get so far.
    pub(crate) fn closed() -> Self {
        let fake = Fake::new(Arc::new(SystemClock), Settings::default());
        Self {
            shop: Shop::open(&fake),
            folder: tempfile::tempdir().unwrap(),
            // Nobody listens there.
            endpoint: "http://127.0.0.1:9".to_owned(),
        }
    }

    pub(crate) fn write(&self, file: &str) {
        std::fs::write(self.folder.path().join(FILE), file).unwrap();
    }

    /// `rollway` with these words, as somebody who may use the shop.
    pub(crate) fn call(&self, words: &[&str]) -> Ended {
        self.call_with(
            words,
            &[
                ("AWS_ACCESS_KEY_ID", "AKID"),
                ("AWS_SECRET_ACCESS_KEY", "secret"),
            ],
        )
    }

    /// `rollway` with these words and variables, and no other way to AWS.
    pub(crate) fn call_with(&self, words: &[&str], variables: &[(&str, &str)]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollway"));
        let variables = variables.iter().copied();
        let output = command
            .args(words)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(variables)
            .output()
            .unwrap();
        Ended::of(&output)
    }

    /// No request found a target group without healthy targets.
    #[track_caller]
    pub(crate) fn everybody_was_served(&self) {
        let fake = &self.shop.fake;
        assert_eq!(fake.shortages(), []);
        let lost = fake.lost_requests();
        assert!(lost.values().all(|lost| *lost == 0.0), "{lost:?}");
    }

    /// How many tasks a service is told to run.
    pub(crate) fn desired(&self, service: &str) -> u64 {
        let input = json!({"cluster": "shop", "services": [service]});
        let fake = &self.shop.fake;
        let answer = fake.as_somebody_else(Service::Ecs, "DescribeServices", input);
        answer.unwrap()["services"][0]["desiredCount"]
            .as_u64()
            .unwrap()
    }

    /// The image that a service runs; `None`: there is no such service.
    pub(crate) fn image(&self, service: &str) -> Option<String> {
        let ask = |operation: &str, input| {
            let fake = &self.shop.fake;
            fake.as_somebody_else(Service::Ecs, operation, input)
                .unwrap()
        };
        let answer = ask(
            "DescribeServices",
            json!({"cluster": "shop", "services": [service]}),
        );
        let service: &Value = &answer["services"][0];
        (service["status"] == "ACTIVE").then(|| {
            let definition = json!({"taskDefinition": service["taskDefinition"]});
            let answer = ask("DescribeTaskDefinition", definition);
            let image = &answer["taskDefinition"]["containerDefinitions"][0]["image"];
            image.as_str().unwrap().to_owned()
        })
    }
}

/// How a call ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            status: output.status.code(),
            out: text(&output.stdout),
            err: text(&output.stderr),
        }
    }

    /// It ended so, and said these words on the two streams.
    #[track_caller]
    pub(crate) fn check(&self, status: i32, out: &str, err: &str) {
        assert_eq!(self.status, Some(status), "{self:#?}");
        assert!(self.out.contains(out), "{out:?} in {self:#?}");
        assert!(self.err.contains(err), "{err:?} in {self:#?}");
    }
}
