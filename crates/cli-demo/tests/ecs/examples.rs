//! Every example for Amazon ECS on the fake: planned, and run to the end with its times cut short.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::cloud::{Cloud, FILE};

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

fn read(file: &str) -> Value {
    let text = std::fs::read_to_string(folder().join(file)).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

/// The example with seconds in place of minutes, and the ARNs of the fake in place of its own.
fn example(file: &str, cloud: &Cloud) -> Value {
    let mut example = read(file);
    let target = &mut example["target"]["ecs"];
    let shop = &cloud.shop;
    let groups = [&shop.stable_group, &shop.canary_group];
    let workload = &mut target["workload"];
    let slots: &[&str] = if is_of_ecs(workload) {
        // Its ARN is that of the fake.
        &[]
    } else if workload["pair"].is_null() {
        &["/canary/stable", "/canary/candidate"]
    } else {
        &["/pair/0", "/pair/1"]
    };
    for (slot, group) in slots.iter().zip(groups) {
        workload.pointer_mut(slot).unwrap()["target-group"] = json!(group);
    }
    if !slots.is_empty() {
        target["settle"] = json!("1s");
        target["drain"] = json!("1s");
    }
    let rules = target.get_mut("rules").and_then(Value::as_array_mut);
    for rule in rules.into_iter().flatten() {
        for (kind, arn) in rule.as_object_mut().unwrap() {
            *arn = json!(if kind == "rule" {
                &shop.rule
            } else {
                &shop.listener
            });
        }
    }
    for (name, strategy) in example["strategy"].as_object_mut().unwrap() {
        strategy["bake"] = json!("1s");
        if name == "canary" {
            // Of many steps that are alike three are enough.
            let stages = strategy["stages"].as_array_mut().unwrap();
            if stages.len() > 4 {
                stages.drain(2..stages.len() - 1);
            }
            strategy["bake-after-return"] = json!("1s");
        }
    }
    if let Some(time) = example.get_mut("retire-after") {
        *time = json!("1s");
    }
    let checks = example.get_mut("checks").and_then(Value::as_object_mut);
    for (_, check) in checks.into_iter().flatten() {
        check["interval"] = json!("1s");
        let failed = u8::from(check["failure-share"]["limit"] != "0%");
        let said = format!("echo '{{\"total\": 5000, \"failed\": {failed}}}'");
        check["failure-share"]["command"] = json!(["sh", "-c", said]);
    }
    example["policies"] = json!({"resync": "1s"});
    example
}

/// Whether Amazon ECS moves the traffic by itself.
fn is_of_ecs(workload: &Value) -> bool {
    workload["rolling"].is_object() || workload["native-gated"].is_object()
}

/// Plans and runs an example; `live` is the service that has the release afterwards.
fn runs(file: &str, services: &[(&str, usize)], live: &str) -> Cloud {
    let is_native = read(file)["target"]["ecs"]["workload"]["native-gated"].is_object();
    let cloud = match services {
        [(service, tasks)] if is_native => Cloud::native(service, *tasks),
        _ => Cloud::of(services),
    };
    let example = example(file, &cloud);
    let rules = example["target"]["ecs"]["rules"].as_array();
    let rules = rules.into_iter().flatten();
    let (by_default, others): (Vec<_>, Vec<_>) =
        rules.partition(|rule| rule["listener-default"].is_string());
    if !by_default.is_empty() {
        cloud.forward_by_default(others.is_empty());
    }
    cloud.write(&serde_json::to_string_pretty(&example).unwrap());
    let before = services[0].0;
    let found = format!("main: live is service/shop/{before}");
    cloud.call(&["plan", FILE]).check(0, &found, "");
    let run = cloud.call(&["run", FILE]);
    run.check(0, "promoted", "");
    assert!(!run.err.contains("WARN"), "{run:#?}");
    let released = example["release"]["web"].as_str();
    assert_eq!(cloud.image(live).as_deref(), released, "{file}");
    nothing_but_what_the_policy_allows(&cloud);
    cloud.everybody_was_served();
    cloud
}

/// What `rollway permissions` prints is enough for all that was called.
fn nothing_but_what_the_policy_allows(cloud: &Cloud) {
    let printed = cloud.call(&["permissions", FILE]);
    let policy: Value = serde_json::from_str(&printed.out).unwrap();
    let statements = policy["Statement"].as_array().unwrap().iter();
    let allowed: BTreeSet<&str> = statements
        .flat_map(|statement| statement["Action"].as_array().unwrap())
        .map(|action| action.as_str().unwrap())
        .collect();
    let calls = cloud.shop.fake.calls();
    let called: BTreeSet<&str> = calls
        .iter()
        .flat_map(|call| call.actions.iter().map(String::as_str))
        .collect();
    assert!(called.contains("ecs:UpdateService"), "{called:?}");
    let denied: Vec<_> = called.difference(&allowed).collect();
    assert!(denied.is_empty(), "{denied:?}");
}

#[test]
fn canary_ecs() {
    let cloud = runs("canary-ecs.yaml", &[("web", 2)], "web");
    assert_eq!(
        cloud.image("web-canary"),
        None,
        "it was made and is removed"
    );
    // How AWS is reached lies beside the journal.
    let resume = ["resume", "--journal", ".rollway/shop-web.journal"];
    cloud
        .call(&resume)
        .check(0, "promoted", "nothing is left to do");
    let elsewhere = [&resume[..], &["--namespace", "shop"]].concat();
    cloud.call(&elsewhere).check(64, "", "--namespace");
}

#[test]
fn blue_green_ecs() {
    let services = [("web-blue", 2), ("web-green", 0)];
    let cloud = runs("blue-green-ecs.yaml", &services, "web-green");
    assert_eq!(cloud.image("web-blue").as_deref(), Some("web:1"));
}

/// As after a deployment of CodeDeploy: all tasks in one target group, and the old ones have stopped.
fn runs_as_codedeploy(cloud: &Cloud) {
    assert_eq!(cloud.image("web").as_deref(), Some("web:1"));
    assert_eq!(cloud.desired("web"), 0);
    assert_eq!(cloud.desired("web-2"), 2);
}

const DEPLOYED: [(&str, usize); 2] = [("web", 2), ("web-2", 0)];

#[test]
fn codedeploy_all_at_once() {
    let cloud = runs("codedeploy-all-at-once-ecs.yaml", &DEPLOYED, "web-2");
    runs_as_codedeploy(&cloud);
}

#[test]
fn codedeploy_canaries() {
    let five = runs(
        "codedeploy-canary-10-percent-5-minutes-ecs.yaml",
        &DEPLOYED,
        "web-2",
    );
    runs_as_codedeploy(&five);
    let fifteen = runs(
        "codedeploy-canary-10-percent-15-minutes-ecs.yaml",
        &DEPLOYED,
        "web-2",
    );
    runs_as_codedeploy(&fifteen);
}

#[test]
fn codedeploy_linear_every_minute() {
    let cloud = runs(
        "codedeploy-linear-10-percent-every-1-minute-ecs.yaml",
        &DEPLOYED,
        "web-2",
    );
    runs_as_codedeploy(&cloud);
}

#[test]
fn codedeploy_linear_every_three_minutes() {
    let cloud = runs(
        "codedeploy-linear-10-percent-every-3-minutes-ecs.yaml",
        &DEPLOYED,
        "web-2",
    );
    runs_as_codedeploy(&cloud);
}

/// What the files for CodeDeploy's configurations say of time and share, and nothing else differs.
#[test]
fn codedeploy_times() {
    let stages = |text: &str| {
        let file = read(&format!("codedeploy-{text}-ecs.yaml"));
        let canary = file["strategy"]["canary"].clone();
        (canary["stages"].clone(), canary["bake"].clone())
    };
    for (name, bake) in [("5-minutes", "5m"), ("15-minutes", "15m")] {
        let expected = (json!(["10%", "100%"]), json!(bake));
        assert_eq!(stages(&format!("canary-10-percent-{name}")), expected);
    }
    let tenths: Vec<String> = (1..=10).map(|tenth| format!("{tenth}0%")).collect();
    for (name, bake) in [("1-minute", "1m"), ("3-minutes", "3m")] {
        let expected = (json!(tenths), json!(bake));
        assert_eq!(stages(&format!("linear-10-percent-every-{name}")), expected);
    }
}

#[test]
fn rolling_ecs() {
    runs("rolling-ecs.yaml", &[("web", 2)], "web");
}

#[test]
fn native_gated_ecs() {
    runs("native-gated-ecs.yaml", &[("web", 2)], "web");
}

/// None is left out above.
#[test]
fn every_example_has_a_run() {
    // However the calls are broken into lines.
    let source = include_str!("examples.rs").replace(char::is_whitespace, "");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".yaml") && read(&name)["target"]["ecs"].is_object() {
            assert!(
                source.contains(&format!("runs(\"{name}\",")),
                "{name} is not run"
            );
            seen += 1;
        }
    }
    assert!(seen >= 2, "{seen}");
}
