//! Every example on its manifest: planned, and run to the end with its times cut short.

use std::path::Path;

use serde_json::{Value, json};

use crate::file::FILE;
use crate::program::Rollway;
use crate::prometheus::{Prometheus, Rates};
use crate::shop::{Shop, manifest};

/// A program for every hook, gate and count: it passes, opens, and has seen enough.
const PROGRAM: &str = "#!/bin/sh\necho '{\"total\": 5000, \"failed\": 1}'\n";

/// Those of everywhere that say how long something is watched, or how often it is asked.
const TIMES: [&str; 7] = [
    "bake",
    "bake-after-last",
    "bake-after-return",
    "drain",
    "every",
    "interval",
    "settle",
];

/// The example with seconds in place of minutes; what it does not say gets seconds too.
fn example(file: &str) -> Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let text = std::fs::read_to_string(root.join(file)).unwrap();
    let mut example: Value = serde_saphyr::from_str(&text).unwrap();
    for (name, target) in example["target"].as_object_mut().unwrap() {
        assert_eq!(name, "kubernetes");
        target["drain"] = json!("1s");
        target["settle"] = json!("1s");
    }
    for (name, strategy) in example["strategy"].as_object_mut().unwrap() {
        strategy["bake"] = json!("1s");
        match name.as_str() {
            "blue-green" => {}
            "canary" => strategy["bake-after-return"] = json!("1s"),
            "rolling" => strategy["bake-after-last"] = json!("1s"),
            other => panic!("no times for {other}"),
        }
    }
    shorten(&mut example);
    for (_, source) in example
        .get_mut("metrics")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        // Both tracks are as good as each other.
        let server = Prometheus::start(|_| {
            Some(Rates {
                requests: 200.0,
                failed: 0.002,
            })
        });
        source["prometheus"]["url"] = json!(server.url);
    }
    example
}

fn shorten(value: &mut Value) {
    if let Some(fields) = value.as_object_mut() {
        for (name, value) in fields {
            if TIMES.contains(&name.as_str()) {
                *value = json!("1s");
            }
            shorten(value);
        }
    } else if let Some(items) = value.as_array_mut() {
        items.iter_mut().for_each(shorten);
    }
}

/// The object without what makes its pods wait for the server of the lab, which does not run here.
fn outside_the_lab(mut object: Value) -> Value {
    let annotations = object.pointer_mut("/spec/template/metadata/annotations");
    if let Some(annotations) = annotations.and_then(Value::as_object_mut) {
        annotations.remove("rollway.test/serves");
    }
    object
}

/// The programs that the example names.
fn programs(value: &Value) -> Vec<&str> {
    if let Some(fields) = value.as_object() {
        let named = fields.get("command").and_then(|words| words[0].as_str());
        let below = fields.values().flat_map(programs);
        named.into_iter().chain(below).collect()
    } else if let Some(items) = value.as_array() {
        items.iter().flat_map(programs).collect()
    } else {
        Vec::new()
    }
}

/// Plans and runs an example that waits so often for the approval of ann and bob.
async fn runs(file: &str, approvals: usize) {
    let shop = Shop::of(manifest(file).into_iter().map(outside_the_lab).collect()).await;
    let example = example(file);
    let rollway = Rollway::new(&shop, &serde_json::to_string_pretty(&example).unwrap());
    for program in programs(&example) {
        rollway.write_program(program, PROGRAM);
    }
    let plan = rollway.call_there(&["plan", FILE]).await;
    plan.check(0, "digest", "");

    let run = rollway.run(&[]);
    for _ in 0..approvals {
        let waits = |status: &Value| !status["approval"].is_null();
        rollway.until("at the gate", waits).await;
        for actor in ["ann", "bob"] {
            let answer = rollway.call(&["approve", "--actor", actor]).await;
            println!("{file}: {actor}: {}", answer.out.trim());
        }
        rollway
            .until("past the gate", |status| status["approval"].is_null())
            .await;
    }
    run.ended().await.check(0, "promoted", "");

    let released = example["release"].to_string();
    let objects = shop.objects().await;
    let serving = |object: &Value| {
        let containers = object["spec"]["template"]["spec"]["containers"].as_array();
        containers.is_some_and(|containers| {
            containers
                .iter()
                .any(|container| released.contains(container["image"].as_str().unwrap()))
        })
    };
    assert!(objects.values().any(serving), "{file}: {objects:#?}");
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn blue_green_selector() {
    runs("blue-green-selector.yaml", 0).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn blue_green_ingress() {
    runs("blue-green-ingress.yaml", 0).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn blue_green_two_parts() {
    runs("blue-green-two-parts.yaml", 1).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn canary_autoscaled() {
    runs("canary-autoscaled.yaml", 1).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn canary_gateway() {
    runs("canary-gateway.yaml", 0).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn canary_gateway_prometheus() {
    runs("canary-gateway-prometheus.yaml", 0).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn canary_istio() {
    runs("canary-istio.yaml", 0).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn canary_istio_hosts() {
    runs("canary-istio-hosts.yaml", 1).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn canary_istio_prometheus() {
    runs("canary-istio-prometheus.yaml", 0).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn rolling() {
    runs("rolling.yaml", 0).await;
}

/// None is left out above; those for Amazon ECS run in the test `ecs`.
#[test]
fn every_example_has_a_manifest_and_a_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let files = |folder: &Path| {
        let entries = std::fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name.ends_with(".yaml")).collect();
        names.sort();
        names
    };
    let mut examples = files(&root);
    examples.retain(|example| {
        let text = std::fs::read_to_string(root.join(example)).unwrap();
        let file: Value = serde_saphyr::from_str(&text).unwrap();
        file["target"]["kubernetes"].is_object()
    });
    assert_eq!(examples, files(&root.join("manifests")));
    let source = include_str!("examples.rs");
    for example in examples {
        let run = format!("runs(\"{example}\", ");
        assert!(source.contains(&run), "{example} is not run");
    }
}
