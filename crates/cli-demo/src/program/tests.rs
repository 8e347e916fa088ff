//! Programs as hooks, gates and counters: statuses, words, bounds, time, and what is no answer.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use strategy_core::Release;
use strategy_core::driver::{Clock, SystemClock};

use super::*;

/// A shell that runs this script.
fn shell(script: &str) -> Vec<String> {
    ["sh", "-c", script].map(str::to_owned).to_vec()
}

fn extension(argv: Value) -> Extension {
    let mut extension = Extension::new(COMMAND);
    extension.params.insert("argv".to_owned(), argv);
    extension
}

fn hook(argv: Value) -> HookRequest {
    let id = serde_json::from_value(json!(7)).unwrap();
    let rollout = "shop-1".parse().unwrap();
    let release = Release::of([("api", "api:2")]).unwrap();
    let mut hook = HookRequest::new(id, rollout, "5%", "smoke", release, extension(argv));
    hook.point = None;
    hook.part = Some(Part::main());
    hook
}

async fn report(script: &str) -> HookReport {
    Program.run(&hook(json!(shell(script)))).await.unwrap()
}

async fn answer(script: &str) -> Result<GateAnswer, HookError> {
    let hook = hook(json!(shell(script)));
    let request = GateRequest::new(
        hook.id,
        hook.rollout,
        hook.stage,
        "freeze",
        hook.release,
        hook.run,
    );
    Program.ask(&request).await
}

async fn count(script: &str) -> Result<Count, String> {
    let look: Look = serde_json::from_value(json!({
        "check": "errors", "number": 1, "analysis": {"kind": "failure-share"},
        "window": {"from": 1000, "to": 61_000}, "weights": {}, "identities": {}, "previews": {},
        "alpha_millionths": 0, "memory": "",
    }))
    .unwrap();
    let counter = ProgramCounter::new([("errors".into(), shell(script))].into());
    let counted = counter.count(&look, &Part::main(), Track::Candidate).await;
    counted.map_err(|error| {
        let source = std::error::Error::source(&error).map(ToString::to_string);
        format!("{error}: {}", source.unwrap_or_default())
    })
}

#[tokio::test]
async fn status_0_passes_a_hook_and_its_last_words_are_kept() {
    let passed = report("echo first; echo; echo '  all is well '; echo").await;
    assert!(passed.passed);
    assert_eq!(passed.summary, "all is well");
    let failed = report("echo 'no route' >&2; exit 3").await;
    assert!(!failed.passed);
    assert_eq!(failed.summary, "no route");
    assert_eq!(report("exit 3").await.summary, "ended with status 3");
    let killed = report("kill -9 $$").await;
    assert!(!killed.passed);
    assert_eq!(killed.summary, "was ended by a signal");
}

#[tokio::test]
async fn a_program_is_told_what_it_is_asked_and_need_not_listen() {
    let words = report("echo $ROLLWAY_ROLLOUT $ROLLWAY_HOOK $ROLLWAY_POINT $ROLLWAY_KEY").await;
    assert_eq!(words.summary, "shop-1 smoke undo shop-1-7");
    let whole = report("grep -c '\"hook\":\"smoke\".*\"argv\"'").await;
    assert_eq!(whole.summary, "1");
    assert!(report("exec 0<&-; exit 0").await.passed);
}

#[tokio::test]
async fn what_is_printed_is_bounded_and_nobody_blocks_on_it() {
    // A pipe holds 64 KiB: a program whose output is not read would never end.
    let argv = shell("yes 0123456789 | head -c 3000000");
    let ended = run(&argv, &[], &json!({})).await.unwrap();
    assert_eq!(ended.status, Some(0));
    assert_eq!(ended.out.len(), KEPT);
    let line = report("head -c 100000 /dev/zero | tr '\\0' x").await;
    assert_eq!(line.summary, "x".repeat(SHOWN));
    let broken = report("printf '\\377\\376'").await;
    assert!(broken.passed, "{broken:?}");
}

#[tokio::test]
async fn a_program_whose_time_is_over_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let script = format!("echo $$ > {}; exec sleep 600", pid.display());
    let late = tokio::time::timeout(Duration::from_secs(2), report(&script)).await;
    assert!(late.is_err());
    let pid = std::fs::read_to_string(pid).unwrap();
    // What was killed stays as a zombie until it is waited for.
    let lives = || {
        let stat = std::fs::read_to_string(Path::new("/proc").join(pid.trim()).join("stat"));
        stat.is_ok_and(|stat| !stat.contains(") Z"))
    };
    for _ in 0..100 {
        if !lives() {
            return;
        }
        SystemClock
            .sleep_until(SystemClock.now() + Duration::from_millis(50))
            .await;
    }
    panic!("{pid} still runs");
}

#[tokio::test]
async fn what_a_program_leaves_running_is_not_waited_for() {
    let script = "(exec sleep 60) & echo done; exit 0";
    let ended = tokio::time::timeout(Duration::from_secs(20), report(script)).await;
    let ended = ended.unwrap();
    assert!(ended.passed);
    assert_eq!(ended.summary, "done");
}

#[tokio::test]
async fn a_program_that_cannot_be_run_is_an_error_that_names_the_hook() {
    for argv in [json!(["/no/such/program"]), json!([])] {
        let error = Program.run(&hook(argv)).await.unwrap_err();
        assert!(error.to_string().contains("smoke"), "{error}");
    }
    let error = Program.run(&hook(json!("not a list"))).await.unwrap_err();
    assert!(error.to_string().contains("parameters"), "{error}");
}

#[tokio::test]
async fn a_gate_is_open_closed_or_refused_and_anything_else_is_an_error() {
    assert_eq!(answer("exit 0").await.unwrap(), GateAnswer::Open);
    let closed = GateAnswer::Closed("until Monday".to_owned());
    assert_eq!(answer("echo until Monday; exit 1").await.unwrap(), closed);
    let refused = GateAnswer::Refused("never".to_owned());
    assert_eq!(answer("echo never; exit 2").await.unwrap(), refused);
    for script in ["exit 3", "exit 127", "kill -9 $$"] {
        let error = answer(script).await.unwrap_err();
        assert!(error.to_string().contains("1 (closed for now)"), "{error}");
    }
}

#[tokio::test]
async fn a_count_is_read_as_printed() {
    let printed = r#"echo '{"total": 1200, "failed": 3}'"#;
    let counted = count(printed).await.unwrap();
    assert_eq!((counted.total, counted.failed), (1200, 3));
    let from_words = count(
        r#"test "$ROLLWAY_CHECK $ROLLWAY_PART $ROLLWAY_TRACK" = "errors main candidate" &&
        echo "{\"total\": $ROLLWAY_TO_MS, \"failed\": $ROLLWAY_FROM_MS}""#,
    );
    let counted = from_words.await.unwrap();
    assert_eq!((counted.total, counted.failed), (61_000, 1000));
}

#[tokio::test]
async fn garbage_is_no_count() {
    for (script, said) in [
        ("echo many", "it must print"),
        ("true", "it must print"),
        (r#"echo '{"total": 10}'"#, "missing field `failed`"),
        (r#"echo '{"total": -1, "failed": 0}'"#, "it must print"),
        (r#"echo '{"total": 1.5, "failed": 0}'"#, "it must print"),
        (
            r#"echo '{"total": 1, "failed": 0, "more": 1}'"#,
            "unknown field `more`",
        ),
        (
            r#"echo '{"total": 1, "failed": 0} {}'"#,
            "trailing characters",
        ),
        (r#"echo '{"total": 1, "failed": 2}'"#, "more failures"),
        (
            r#"echo '{"total": 1, "failed": 0}'; echo gone >&2; exit 1"#,
            "total",
        ),
        ("echo 'no such metric' >&2; exit 1", "no such metric"),
    ] {
        let error = count(script).await.unwrap_err();
        assert!(error.contains("check `errors`"), "{error}");
        assert!(error.contains(said), "{said:?} is not in: {error}");
    }
}
