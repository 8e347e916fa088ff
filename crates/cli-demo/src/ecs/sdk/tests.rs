//! What a file says reaches the target, and one policy is made for all parts.

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_async::time::SharedTimeSource;
use serde_json::{Value, json};
use strategy_core::Timestamp;
use strategy_core::world::{VirtualClock, block_on};
use test_support::ecs::{Fake, Settings, Shop};

use super::*;

const AT: &str = "arn:aws:elasticloadbalancing:eu-central-1:123456789012";

fn slot(name: &str) -> Value {
    json!({"service": name, "target-group": format!("{AT}:targetgroup/{name}/a1")})
}

fn rule(id: &str) -> Value {
    json!({"rule": format!("{AT}:listener-rule/app/shop/a1/b2/{id}")})
}

fn read(target: Value) -> Result<BTreeMap<Part, Config>, Mistake> {
    let file: target::Ecs = serde_json::from_value(target).unwrap();
    configs(&file)
}

fn expected(weights: &Value) -> Config {
    serde_json::from_value(json!({"cluster": "shop", "mode": {"owned-weights": weights}})).unwrap()
}

#[test]
fn every_field_reaches_the_target() {
    let default = json!({"listener-default": format!("{AT}:listener/app/shop/a1/b2")});
    for workload in [
        json!({"pair": [slot("blue"), slot("green")]}),
        json!({"canary": {"stable": slot("web"), "candidate": slot("next"), "create": false}}),
    ] {
        let mut given = json!({
            "workload": workload, "rules": [rule("c3"), default], "settle": "7s", "drain": "8s",
        });
        let config = expected(&given);
        given["cluster"] = json!("shop");
        assert_eq!(read(given).unwrap()[&Part::main()], config);
    }
}

#[test]
fn defaults_are_the_target_s_own() {
    let workload = json!({"canary": {"stable": slot("web"), "candidate": slot("next")}});
    let mut given = json!({"workload": workload, "rules": [rule("c3")]});
    let config = expected(&given);
    given["cluster"] = json!("shop");
    assert_eq!(read(given).unwrap()[&Part::main()], config);
}

fn two(frontend: &Value) -> Value {
    json!({"cluster": "shop", "parts": {
        "backend": {"workload": {"pair": [slot("b-blue"), slot("b-green")]}, "rules": [rule("c1")]},
        "frontend": frontend,
    }})
}

#[test]
fn one_policy_for_all_parts() {
    let workload = json!({"canary": {"stable": slot("web"), "candidate": slot("web-next")}});
    let configs = read(two(&json!({"workload": workload, "rules": [rule("c2")]}))).unwrap();
    let policy = permissions(&configs, false).unwrap().unwrap();
    let of = |sid: &str| -> Vec<&str> {
        let statements = policy.statement.iter();
        let of_name = statements.filter(|statement| statement.sid == sid);
        let resources = of_name.flat_map(|statement| &statement.resource);
        resources
            .map(|arn| arn.rsplit('/').next().unwrap())
            .collect()
    };
    assert_eq!(
        of("WriteServices"),
        ["b-blue", "b-green", "web", "web-next"]
    );
    assert_eq!(of("MakeCandidate"), ["web-next"]);
    assert_eq!(of("WriteRules"), ["c1", "c2"]);
    assert_eq!(of("ReadTasks"), ["*"]);
    let mut names: Vec<_> = policy
        .statement
        .iter()
        .map(|statement| statement.sid)
        .collect();
    names.sort_unstable();
    let all = names.len();
    names.dedup();
    assert_eq!(names.len(), all, "a name is there twice");
}

#[test]
fn all_parts_are_in_one_account_and_region() {
    let text =
        json!({"workload": {"pair": [slot("x"), slot("y")]}, "rules": [rule("c2")]}).to_string();
    let elsewhere = text.replace("eu-central-1", "eu-west-1");
    let mistake = read(two(&serde_json::from_str(&elsewhere).unwrap())).unwrap_err();
    assert_eq!(mistake.field(), "target.ecs.parts.frontend");
    for place in ["eu-west-1/123456789012", "eu-central-1/123456789012"] {
        assert!(mistake.problem().contains(place), "{mistake:?}");
    }
}

/// What is refused stands where the file says it.
#[test]
fn a_mistake_is_found_in_its_field() {
    let twice = json!({"cluster": "shop", "workload": {"pair": [slot("x"), slot("y")]},
        "rules": [rule("c1"), rule("c2"), rule("c1")]});
    assert_eq!(read(twice).unwrap_err().field(), "target.ecs.rules[2]");
    let mut wrong = slot("y");
    wrong["service"] = json!("y z");
    let second = json!({"workload": {"canary": {"stable": slot("x"), "candidate": wrong}}, "rules": [rule("c2")]});
    let field = "target.ecs.parts.frontend.workload.canary.candidate.service";
    assert_eq!(read(two(&second)).unwrap_err().field(), field);
}

/// Else each would spend tokens of its own, of which AWS has one bucket for all.
#[test]
fn all_parts_share_their_account() {
    let clock = VirtualClock::starting_at(Timestamp::from_millis(0));
    let fake = Fake::new(Arc::new(clock.clone()), Settings::default());
    let shop = Shop::open(&fake);
    shop.create_service("backend", &shop.stable_group, 1);
    shop.create_service("frontend", &shop.canary_group, 1);
    let part = |name: &str| {
        let service = format!("arn:aws:ecs:eu-west-1:123456789012:service/shop/{name}");
        json!({"workload": {"rolling": {"service": service}}})
    };
    let (backend, frontend) = (part("backend"), part("frontend"));
    let parts = json!({"backend": backend, "frontend": frontend});
    let configs = read(json!({"cluster": "shop", "parts": parts})).unwrap();
    let time = fake.sdk_time();
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "AKID", "secret", None, None, "fake",
        )))
        .http_client(fake.clone())
        .sleep_impl(SharedAsyncSleep::new(time.clone()))
        .time_source(SharedTimeSource::new(time))
        .build();
    let targets = targets(&Connection(Box::new(sdk)), &configs);
    let [one, other] = [0, 1].map(|index| targets.values().nth(index).unwrap());
    block_on(&clock, async {
        clock.sleep_until(Timestamp::from_millis(300_000)).await;
        let found = [one.discover().await, other.discover().await].map(Result::unwrap);
        let before = fake.next_index();
        let looks = tokio::join!(
            one.observe(&found[0].binding),
            other.observe(&found[1].binding)
        );
        looks.0.unwrap();
        looks.1.unwrap();
        let calls = fake.calls();
        let described = calls[before..]
            .iter()
            .filter(|call| call.operation == "DescribeServices");
        assert_eq!(described.count(), 1, "{:#?}", &calls[before..]);
    })
    .unwrap();
}
