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
