//! The demo as a user meets it: its output, word for word, and its exit status.
//!
//! `UPDATE_GOLDEN=1 cargo test -p cli-demo --test demo` writes the files anew; read the difference.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use std::path::Path;
use std::process::{Command, Output};

fn demo(options: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_rollway"))
        .arg("demo")
        .args(options)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The output equals the file, and the exit status is this.
#[track_caller]
fn golden(name: &str, options: &[&str], status: i32) {
    let output = demo(options);
    let found = text(&output.stdout);
    assert_eq!(output.status.code(), Some(status), "{found}");
    assert!(!found.contains('\x1b'), "colours without a terminal");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}.txt"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert!(
        found == expected,
        "{} differs from what is printed now:\n{found}",
        path.display()
    );
}

#[test]
fn a_good_canary_is_promoted() {
    golden("canary-none", &[], 0);
}

#[test]
fn a_canary_with_errors_is_rolled_back_by_its_check() {
    golden("canary-errors", &["--fault", "errors"], 2);
}

#[test]
fn a_canary_that_crashes_is_rolled_back_by_the_health_checks() {
    golden("canary-crash", &["--fault", "crash"], 2);
}

#[test]
fn a_canary_that_flaps_is_rolled_back_by_the_health_checks() {
    golden("canary-flap", &["--fault", "flap"], 2);
}

#[test]
fn a_canary_that_starts_slowly_is_waited_for() {
    golden("canary-slow-start", &["--fault", "slow-start"], 0);
}

#[test]
fn an_outage_of_the_api_costs_nothing_but_time() {
    golden("canary-api-outage", &["--fault", "api-outage"], 0);
}

#[test]
fn blue_green_is_promoted_or_rolled_back() {
    golden("blue-green-none", &["--strategy", "blue-green"], 0);
    golden(
        "blue-green-errors",
        &["--strategy", "blue-green", "--fault", "errors"],
        2,
    );
}

#[test]
fn rolling_is_promoted_or_rolled_back() {
    golden("rolling-none", &["--strategy", "rolling"], 0);
    golden(
        "rolling-crash",
        &["--strategy", "rolling", "--fault", "crash"],
        2,
    );
}

#[test]
fn two_parts_take_turns_and_go_back_together() {
    golden("canary-two-parts", &["--parts", "2"], 0);
    golden(
        "canary-two-parts-errors",
        &["--parts", "2", "--fault", "errors"],
        2,
    );
    let three = demo(&["--parts", "3"]);
    assert_eq!(three.status.code(), Some(64));
    assert!(
        text(&three.stderr).contains("1..=2"),
        "{}",
        text(&three.stderr)
    );
}

#[cfg(feature = "ecs")]
#[test]
fn a_canary_on_amazon_ecs_is_promoted_or_rolled_back() {
    golden("ecs-canary-none", &["--target", "ecs"], 0);
    golden(
        "ecs-canary-errors",
        &["--target", "ecs", "--fault", "errors"],
        2,
    );
    golden(
        "ecs-canary-crash",
        &["--target", "ecs", "--fault", "crash"],
        2,
    );
}

#[cfg(feature = "ecs")]
#[test]
fn blue_green_on_amazon_ecs_is_promoted_or_rolled_back() {
    let options = ["--target", "ecs", "--strategy", "blue-green", "--fault"];
    for (fault, status) in [("none", 0), ("errors", 2)] {
        let options = [&options[..], &[fault]].concat();
        golden(&format!("ecs-blue-green-{fault}"), &options, status);
    }
}

#[cfg(feature = "ecs")]
#[test]
fn a_rolling_release_on_amazon_ecs_is_promoted_or_rolled_back() {
    let options = ["--target", "ecs", "--strategy", "rolling", "--fault"];
    for (fault, status) in [("none", 0), ("errors", 2)] {
        let options = [&options[..], &[fault]].concat();
        golden(&format!("ecs-rolling-{fault}"), &options, status);
    }
}

#[cfg(feature = "ecs")]
#[test]
fn deployments_of_amazon_ecs_itself_are_gated() {
    let options = ["--target", "ecs", "--native", "--fault"];
    for (fault, status) in [("none", 0), ("errors", 2)] {
        let options = [&options[..], &[fault]].concat();
        golden(&format!("ecs-native-{fault}"), &options, status);
    }
    let options = ["--target", "ecs", "--native", "--strategy", "blue-green"];
    golden("ecs-native-blue-green", &options, 0);
}

#[cfg(feature = "ecs")]
#[test]
fn on_amazon_ecs_every_fault_is_met_and_what_it_cannot_show_is_refused() {
    for strategy in ["canary", "blue-green", "rolling"] {
        for (fault, status) in [
            ("crash", 2),
            ("flap", 2),
            ("slow-start", 0),
            ("api-outage", 0),
        ] {
            let options = ["--target", "ecs", "--strategy", strategy, "--fault", fault];
            let output = demo(&options);
            let said = text(&output.stdout);
            assert_eq!(output.status.code(), Some(status), "{options:?}: {said}");
            assert!(!said.contains("pod"), "nothing there has pods: {said}");
        }
    }
    let output = demo(&["--target", "ecs", "--parts", "2"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(
        text(&output.stderr).contains("leave --parts out"),
        "{output:?}"
    );
}

#[cfg(not(feature = "ecs"))]
#[test]
fn a_program_without_amazon_ecs_says_so() {
    let output = demo(&["--target", "ecs"]);
    assert_eq!(output.status.code(), Some(64));
    assert!(text(&output.stderr).contains("built without Amazon ECS"));
}

#[test]
fn events_are_one_json_object_a_line() {
    golden("canary-none-json", &["-o", "json"], 0);
    for line in text(&demo(&["-o", "json"]).stdout).lines() {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(event["type"].is_string() && event["at"].is_u64(), "{line}");
    }
}

#[test]
fn every_strategy_meets_every_fault_and_ends() {
    for strategy in ["canary", "blue-green", "rolling"] {
        for (fault, status) in [
            ("none", 0),
            ("errors", 2),
            ("crash", 2),
            ("flap", 2),
            ("slow-start", 0),
            ("api-outage", 0),
        ] {
            for [seed, parts] in [["1", "1"], ["2", "1"], ["1", "2"]] {
                let options = [
                    ["--strategy", strategy],
                    ["--fault", fault],
                    ["--seed", seed],
                    ["--parts", parts],
                ];
                let options = options.as_flattened();
                let output = demo(options);
                let last = text(&output.stdout);
                let last = last.lines().last().unwrap_or_default();
                assert_eq!(
                    output.status.code(),
                    Some(status),
                    "{options:?} ended with: {last} {}",
                    text(&output.stderr)
                );
            }
        }
    }
}

#[test]
fn the_bare_program_is_the_demo_and_says_that_nothing_is_touched() {
    let bare = Command::new(env!("CARGO_BIN_EXE_rollway"))
        .output()
        .unwrap();
    assert_eq!(bare.stdout, demo(&[]).stdout);
    assert!(text(&bare.stderr).contains("nothing real is touched"));
}
