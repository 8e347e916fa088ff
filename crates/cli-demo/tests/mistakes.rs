//! Mistakes in a rollout file and in the options that change it: each is told with its file, line,
//! column and field, in the words of the file, and with how to mend it.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails the test")]

#[path = "mistakes/metrics.rs"]
mod metrics;
#[path = "mistakes/sources.rs"]
mod sources;

use std::path::Path;
use std::process::Command;

const GOOD: &str = r#"version: 1
name: shop-api
target:
  kubernetes:
    namespace: shop
    workload:
      canary: {stable: api}
    router:
      istio: {virtual-service: api}
strategy:
  canary:
    bake: 5m
    stages:
      - 5%
      - weight: 25%
        gates:
          - approval: {roles: [sre]}
        hooks:
          - {name: smoke, at: ready, command: [sh, -c, "true"]}
      - 100%
checks:
  errors:
    failure-share: {limit: 1%, command: [sh, -c, "true"]}
roles: {sre: [ann]}
release:
  api: registry.example/api:2.4.1
"#;

/// The program on this file; what it says, with the file's name as given.
fn says(folder: &Path, text: &str, options: &[&str]) -> String {
    std::fs::write(folder.join("api.yaml"), text).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_rollway"))
        .args(["plan", "api.yaml", "--offline"])
        .args(options)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let code = output.status.code();
    assert_eq!(code, Some(64), "{said}\n{text}");
    said.trim_end().to_owned()
}

/// What is written in place of what, how the message begins, and a word of how to mend it.
const MISTAKES: [(&str, &str, &str, &str); 37] = [
    // What the file is as a whole.
    ("version: 1\n", "", "1:1: version: ", "add `version: 1`"),
    ("name: shop-api\n", "", "1:1: name: ", "add it"),
    (
        "name: shop-api",
        "name: [shop-api]",
        "2:7: name: ",
        "write one word",
    ),
    ("version: 1", "version: 2", "1:1: version: ", "`version: 1`"),
    (GOOD, "", "", "`version: 1`"),
    ("\nrelease:", "\n---\nrelease:", "26:1: ", "`---`"),
    (
        "{stable: api}",
        "{stable: api, create: maybe}",
        "7:37: target.kubernetes.workload.canary.create: ",
        "`true`",
    ),
    // Sections that name one kind of thing.
    (
        "strategy:\n  canary:\n    bake: 5m\n",
        "strategy: canary\nunused:\n  a:\n    b: 5m\n",
        "10:1: strategy: ",
        "settings",
    ),
    (
        "      canary: {stable: api}\n",
        "      canary: {stable: api}\n      slots: [a, b]\n",
        "8:7: target.kubernetes.workload.slots: ",
        "keep one",
    ),
    (
        "      istio: {virtual-service: api}\n",
        "      istio: {virtual-service: api}\n      service-selector: {service: api}\n",
        "10:7: target.kubernetes.router.service-selector: ",
        "keep one",
    ),
    (
        "strategy:\n",
        "strategy:\n  rolling: {batches: 2}\n",
        "12:3: strategy.canary: ",
        "keep one",
    ),
    (
        "    workload:\n      canary: {stable: api}\n",
        "    workload: api\n",
        "6:15: target.kubernetes.workload: ",
        "`canary`",
    ),
    // Values of another shape.
    (
        "command: [sh, -c, \"true\"]}\nroles",
        "command: ./count.sh}\nroles",
        "23:41: checks.errors.failure-share.command: ",
        "list",
    ),
    (
        "command: [sh, -c, \"true\"]}\n      -",
        "command: ./smoke.sh}\n      -",
        "19:47: strategy.canary.stages[1].hooks[0].command: ",
        "`[one, two]`",
    ),
    (
        "{roles: [sre]}",
        "{roles: sre}",
        "17:31: strategy.canary.stages[1].gates[0].approval.roles: ",
        "list",
    ),
    (
        "- 5%\n",
        "- 5%: approval\n",
        "14:9: strategy.canary.stages[0].5%: ",
        "`weight`",
    ),
    (
        "stages:\n      - 5%\n",
        "stages: 5%\n    list:\n      - 5%\n",
        "13:13: strategy.canary.stages: ",
        "list",
    ),
    (
        "  errors:\n    failure-share:",
        "  - failure-share:",
        "22:3: checks: ",
        "`name: value`",
    ),
    ("{sre: [ann]}", "[ann]", "24:8: roles: ", "`name: value`"),
    (
        "  api: registry",
        "  - api: registry",
        "26:3: release: ",
        "`name: value`",
    ),
    (
        "limit: 1%",
        "limit: 1",
        "23:28: checks.errors.failure-share.limit: ",
        "such as `5%`",
    ),
    (
        "bake: 5m",
        "bake: [5m]",
        "12:5: strategy.canary.bake: ",
        "one word",
    ),
    (
        "{name: smoke, at",
        "{name: smoke, part: [a], at",
        "19:33: strategy.canary.stages[1].hooks[0].part: ",
        "one word",
    ),
    // What is no plan.
    (
        "- 5%\n",
        "- 50%\n",
        "15:9: strategy.canary.stages[1]: ",
        "more than the one before",
    ),
    (
        "      - 100%\n",
        "",
        "15:9: strategy.canary.stages[1]: ",
        "`promote-directly: true`",
    ),
    (
        "- 5%\n",
        "- 0%\n",
        "14:9: strategy.canary.stages[0]: ",
        "a route or a mirror",
    ),
    (
        "checks:\n  errors",
        "gates: {preview: [{approval: {}}]}\nchecks:\n  errors",
        "21:9: gates.preview: ",
        "its stages are",
    ),
    (
        "checks:\n  errors",
        "hooks:\n  switch: [{name: a, at: before, command: [sh]}]\nchecks:\n  errors",
        "22:3: hooks.switch: ",
        "its stages are",
    ),
    (
        "checks:\n  errors",
        "point-of-no-return: later\nchecks:\n  errors",
        "21:1: point-of-no-return: ",
        "its stages are",
    ),
    (
        "bake: 5m",
        "bake: {at-least: 5m, at-most: 1m}",
        "12:5: strategy.canary.bake: ",
        "`at-most`",
    ),
    (
        "roles: {sre",
        "retire: remove\npromotion: native\nroles: {sre",
        "25:1: promotion: ",
        "choose one that it can: `",
    ),
    // What is shipped.
    (
        "api:2.4.1",
        "api",
        "26:3: release.api: ",
        "such as `registry.example/api:2.4.1`",
    ),
    (
        "registry.example/api:2.4.1",
        "\"api:2 4\"",
        "26:3: release.api: ",
        "repository:tag",
    ),
    // What no object can be called.
    (
        "namespace: shop",
        "namespace: shop/x",
        "5:5: target.kubernetes.namespace: ",
        "use 1 to 63",
    ),
    (
        "stable: api",
        "stable: b/../../x",
        "6:5: target.kubernetes.workload: ",
        "use 1 to 253",
    ),
    (
        "virtual-service: api",
        "virtual-service: \"a\\e[2J\"",
        "8:5: target.kubernetes.router: ",
        "use 1 to 253",
    ),
    (
        "      canary: {stable: api}\n    router:\n      istio: {virtual-service: api}\n",
        "      slots: [api, api]\n    router:\n      service-selector: {service: api}\n",
        "7:7: target.kubernetes.workload.slots: ",
        "name two",
    ),
];

#[test]
fn every_mistake_is_told_with_its_place_and_how_to_mend_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    for (from, to, start, mend) in MISTAKES {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let said = says(folder.path(), &text, &[]);
        let is_one_line = !said.contains(|char: char| char.is_control());
        let speaks_of_code = ["::", "`.s", "()", "serde", "enum", "variant", "scalar"];
        let is_ours = !speaks_of_code.iter().any(|word| said.contains(word));
        let begins = said.starts_with(&format!("error: api.yaml:{start}"));
        if !(begins && said.contains(mend) && is_one_line && is_ours) {
            wrong.push(format!(
                "{to:?}\n  said   {said}\n  wanted {start} ... {mend}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_the_command_line_says_is_not_held_against_the_file() {
    let folder = tempfile::tempdir().unwrap();
    for (options, start, mend) in [
        (
            &["--image", "api=x"][..],
            "--image api=x: ",
            "such as `x:2.4.1`",
        ),
        (&["-n", "shop/x"], "--namespace: ", "use 1 to 63"),
    ] {
        let said = says(folder.path(), GOOD, options);
        assert!(said.starts_with(&format!("error: {start}")), "{said}");
        assert!(said.contains(mend), "{said}");
    }
}
