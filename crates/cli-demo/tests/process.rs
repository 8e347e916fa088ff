//! The program from outside: exit statuses, streams, and what it prints without a cluster.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn rollway(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rollway"))
        .args(arguments)
        .current_dir(folder)
        .env("KUBECONFIG", folder.join("no-such-kubeconfig"))
        .env_remove("KUBERNETES_SERVICE_HOST")
        .env("HOME", folder)
        .output()
        .unwrap()
}

fn example(name: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    path.join(name).display().to_string()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[track_caller]
fn check(arguments: &[&str], status: i32, stdout: &str, stderr: &str) {
    let folder = tempfile::tempdir().unwrap();
    let output = rollway(folder.path(), arguments);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{out}{err}");
    assert!(out.contains(stdout), "stdout: {out}");
    assert!(err.contains(stderr), "stderr: {err}");
}

#[test]
fn wrong_usage_is_status_64_and_help_is_no_error() {
    check(&["deploy"], 64, "", "unrecognized subcommand");
    check(&["run"], 64, "", "<FILE>");
    check(&["demo", "--fault", "gremlins"], 64, "", "possible values");
    check(
        &["run", "x.yaml", "--image", "api"],
        64,
        "",
        "CONTAINER=IMAGE",
    );
    check(&["--help"], 0, "Exit status", "");
    check(&["--version"], 0, "rollway", "");
}

#[test]
fn a_wrong_or_missing_file_is_status_64() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("bad.yaml"),
        "version: 1\nname: api\nnmae: x\n",
    )
    .unwrap();
    for command in [
        &["plan", "bad.yaml"][..],
        &["plan", "bad.yaml", "--offline"],
        &["run", "bad.yaml"],
        &["permissions", "bad.yaml"],
    ] {
        let output = rollway(folder.path(), command);
        assert_eq!(output.status.code(), Some(64), "{command:?}");
        let error = text(&output.stderr);
        assert!(error.contains("bad.yaml:3:1: nmae"), "{error}");
        assert!(output.stdout.is_empty());
    }
    let missing = rollway(folder.path(), &["plan", "none.yaml"]);
    assert_eq!(missing.status.code(), Some(64));
    assert!(text(&missing.stderr).contains("none.yaml"));
}

#[test]
fn an_image_that_fits_no_part_is_status_64() {
    let file = example("blue-green-two-parts.yaml");
    let arguments = ["plan", &file, "--offline", "--image", "sidecar=x:1"];
    check(&arguments, 64, "", "PART/sidecar=IMAGE");
}

#[test]
fn an_offline_plan_is_a_table() {
    for name in [
        "blue-green-selector.yaml",
        "blue-green-ingress.yaml",
        "blue-green-two-parts.yaml",
        "canary-istio.yaml",
        "canary-istio-hosts.yaml",
        "canary-gateway.yaml",
        "canary-istio-prometheus.yaml",
        "canary-autoscaled.yaml",
        "rolling.yaml",
    ] {
        let file = example(name);
        check(&["plan", &file, "--offline"], 0, "stage", "not asked");
    }
}

/// What switches has no shares, whatever it switches between; and an Ingress no headers.
#[test]
fn shares_that_no_switch_can_have_are_refused_offline() {
    let folder = tempfile::tempdir().unwrap();
    let slots = "slots: [api-blue, api-green]";
    let beside = "canary: {stable: api}";
    let ingress = "ingress: {ingresses: [api], services: [api-blue, api-green]}";
    let selector = "service-selector: {service: api}";
    let shares = "stages: [10%, 100%]";
    let headers = "stages: [{name: testers, weight: 0%}, 100%], routes: [{header: x-a, value: b}]";
    for (workload, router, canary, word) in [
        (slots, ingress, shares, "10%"),
        (beside, ingress, shares, "10%"),
        (beside, selector, shares, "10%"),
        (beside, ingress, headers, "header"),
    ] {
        let file = format!(
            "version: 1
name: shop-api
target:
  kubernetes:
    namespace: shop
    workload: {{{workload}}}
    router: {{{router}}}
    settle: 15s
strategy: {{canary: {{{canary}}}}}
release: {{api: \"registry.example/shop/api:2.4.1\"}}
"
        );
        std::fs::write(folder.path().join("wrong.yaml"), file).unwrap();
        let output = rollway(folder.path(), &["plan", "wrong.yaml", "--offline"]);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{told}");
        assert!(told.contains(word), "{told}");
    }
}

#[test]
fn a_file_that_is_no_plan_is_status_64() {
    let folder = tempfile::tempdir().unwrap();
    let good = std::fs::read_to_string(example("canary-istio.yaml")).unwrap();
    let falling = good.replace("[5%, 25%, 50%, 100%]", "[25%, 5%, 100%]");
    std::fs::write(folder.path().join("falling.yaml"), falling).unwrap();
    let output = rollway(folder.path(), &["plan", "falling.yaml", "--offline"]);
    let text_of_error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(64), "{text_of_error}");
    assert!(text_of_error.contains("5%"), "{text_of_error}");
}

#[test]
fn a_program_that_is_not_here_is_told_offline_too() {
    let file = example("canary-istio.yaml");
    let arguments = ["plan", &file, "--offline"];
    check(
        &arguments,
        0,
        "digest",
        "`./count-requests.sh` is not there, seen from the folder /",
    );
}

#[test]
fn only_commands_that_ask_the_cluster_say_how_to_name_it() {
    for command in ["plan", "run", "resume", "permissions"] {
        check(&[command, "--help"], 0, "--kubeconfig", "");
    }
    for command in [
        "demo",
        "schema",
        "status",
        "approve",
        "abort",
        "completions",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = rollway(folder.path(), &[command, "--help"]);
        assert!(!text(&output.stdout).contains("--kubeconfig"), "{command}");
    }
}

#[test]
fn what_is_typed_is_no_order_to_the_terminal() {
    let escape = "ev\u{1b}[31mil\u{1b}]0;pwn\u{7}\r";
    for arguments in [
        &["approve", "--actor", escape][..],
        &["abort", "--reason", escape],
        &["plan", escape],
        &["status", "--journal", escape],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let output = rollway(folder.path(), arguments);
        let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
        assert!(!output.status.success(), "{said}");
        assert!(
            said.contains("[31mil") || said.contains("plain text"),
            "{said}"
        );
        assert!(
            !said.contains(|char: char| char.is_control() && char != '\n'),
            "{said:?}"
        );
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_rollout_file_and_nothing_waits_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.yaml");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let output = rollway(folder.path(), &["plan", "pipe.yaml"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(text(&output.stderr).contains("no regular file"));
}

#[test]
fn without_a_cluster_it_says_how_to_name_one() {
    let file = example("canary-istio.yaml");
    check(&["plan", &file], 1, "", "--kubeconfig");
    check(&["run", &file], 1, "", "--kubeconfig");
}

#[test]
fn a_failed_start_leaves_no_journal() {
    let folder = tempfile::tempdir().unwrap();
    let output = rollway(folder.path(), &["run", &example("canary-istio.yaml")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!folder.path().join(".rollway").exists());
}

#[test]
fn without_a_rollout_there_is_nothing_to_command() {
    for command in ["status", "resume", "approve", "pause", "abort", "abandon"] {
        check(&[command], 1, "", "no unfinished rollout");
        check(&[command, "--journal", "x.journal"], 1, "", "x.journal");
    }
}

#[test]
fn permissions_need_no_cluster() {
    let file = example("blue-green-selector.yaml");
    check(&["permissions", &file], 0, "kind: Role", "");
    check(
        &["permissions", &file, "-n", "other"],
        0,
        "namespace: other",
        "",
    );
}

#[test]
fn the_schema_is_json_and_knows_every_field_of_an_example() {
    let folder = tempfile::tempdir().unwrap();
    let output = rollway(folder.path(), &["schema"]);
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for field in [
        "version", "name", "target", "strategy", "checks", "policies",
    ] {
        assert!(schema["properties"][field].is_object(), "{field}");
    }
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn completions_are_printed_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        check(&["completions", shell], 0, "rollway", "");
    }
}
