//! The least policy is printed without a look at AWS, word for word, and a rollout needs no more.

use std::path::Path;
use std::process::Command;

#[test]
fn the_policy_of_an_example() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(env!("CARGO_BIN_EXE_rollway"))
        .args(["permissions", "../../examples/canary-ecs.yaml"])
        .current_dir(root)
        .output()
        .unwrap();
    let found = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{found}");
    let path = root.join("tests/golden/permissions-ecs.json");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert!(found == expected, "{} differs:\n{found}", path.display());
    let policy: serde_json::Value = serde_json::from_str(&found).unwrap();
    assert!(policy["Statement"].as_array().unwrap().len() > 5);
}

/// What is printed of the example with this at its end.
fn printed(more: &str) -> serde_json::Value {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let example = std::fs::read_to_string(root.join("../../examples/canary-ecs.yaml")).unwrap();
    let (before, _) = example.split_once("\nchecks:").unwrap_or((&example, ""));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("web.yaml"), format!("{before}\n{more}")).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_rollway"))
        .args(["permissions", "web.yaml"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn where_a_check_asks_cloudwatch_the_policy_allows_it() {
    let asking = |source: &str| {
        format!(
            "metrics:\n  aws: {{cloudwatch: {{}}}}\n  own: {{http-probe: {{}}}}\nchecks:\n  errors:\n    \
             source: {source}\n    metric: {{}}\n    judge: {{kind: slo, tolerated: 0.1}}\n"
        )
    };
    let statement = strategy_metrics::source::CloudWatch::permissions();
    let statements = |policy: &serde_json::Value| policy["Statement"].as_array().unwrap().clone();
    let with = asking("aws").replace("metric: {}", "metric: {application-load-balancer: {}}");
    let with = statements(&printed(&with));
    assert_eq!(with.last(), Some(&statement));
    // Named and asked by no check, it needs nothing.
    let without = statements(&printed(&asking("own")));
    assert_eq!(without, with[..with.len() - 1]);
}
