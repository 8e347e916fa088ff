//! `status` from outside: of a rollout that is carried, left, over, or not begun yet.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use std::future::Future;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use strategy_core::driver::{Driver, FileJournal};
use strategy_core::strategy::Canary;
use strategy_core::world::World;
use strategy_core::{Release, Weight};

const BEGUN: &str = ".rollway/begun.journal";

/// A rollout with its journal at `path`, carried to its end or left on the way.
fn rollout(path: &Path, to_its_end: bool) {
    let world = World::seeded(1).stable("app:1", 2).build().unwrap();
    let driver = Driver::on(world.target())
        .clock(world.clock().clone())
        .id("one".parse().unwrap())
        .journal(FileJournal::create(path).unwrap());
    let canary = Canary::new().stages([Weight::FULL]);
    let release = Release::of([("app", "app:2")]).unwrap();
    let story = async {
        let (_, run) = driver.start(&canary, release).await.unwrap();
        let mut run = std::pin::pin!(run);
        if to_its_end {
            run.await.unwrap();
        } else {
            std::future::poll_fn(|context| {
                let _ = run.as_mut().poll(context);
                std::task::Poll::Ready(())
            })
            .await;
        }
    };
    world.block_on(story).unwrap();
}

fn status(folder: &Path, options: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollway"));
    command.arg("status").args(options).current_dir(folder);
    command
}

fn check(output: &Output, status: i32, words: &[&str]) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
    text(&output.stdout)
}

#[test]
fn a_rollout_that_nobody_carries_is_not_shown_as_running() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(BEGUN);
    rollout(&path, false);
    let nobody = "no process runs it: rollway resume --journal .rollway/begun.journal";
    let text = status(folder.path(), &[]).output().unwrap();
    let text = check(&text, 0, &[nobody]);
    let time = regex::Regex::new(r"(?m)^as of .*\d\d:\d\d:\d\d UTC$").unwrap();
    assert!(time.is_match(&text), "{text}");
    let json = status(folder.path(), &["-o", "json"]).output().unwrap();
    check(&json, 0, &[r#""carried":false"#, r#""as_of":"#]);

    let held = FileJournal::open(&path).unwrap();
    let text = status(folder.path(), &[]).output().unwrap();
    let text = check(&text, 0, &["as of "]);
    assert!(!text.contains("no process"), "{text}");
    let json = status(folder.path(), &["-o", "json"]).output().unwrap();
    check(&json, 0, &[r#""carried":true"#]);
    drop(held);
}

#[test]
fn a_rollout_that_is_over_can_be_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    rollout(&folder.path().join(".rollway/done.journal"), true);
    let text = status(folder.path(), &[]).output().unwrap();
    let text = check(&text, 0, &["rollout one: settled", "outcome: promoted"]);
    assert!(!text.contains("no process"), "{text}");
    // One that is under way goes first.
    rollout(&folder.path().join(BEGUN), false);
    let text = status(folder.path(), &[]).output().unwrap();
    check(&text, 0, &["no process runs it"]);
}

#[test]
fn what_has_not_begun_is_waited_for() {
    for options in [
        &["--watch"][..],
        &["--watch", "--journal", ".rollway/late.journal"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut watching = status(folder.path(), options);
        watching.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut watching = watching.spawn().unwrap();
        // It has looked more than once.
        std::thread::park_timeout(Duration::from_millis(700));
        assert!(watching.try_wait().unwrap().is_none(), "it did not wait");
        let path = folder.path().join(".rollway/late.journal");
        rollout(&path, false);
        std::thread::park_timeout(Duration::from_millis(1500));
        assert!(watching.try_wait().unwrap().is_none(), "it is not over");
        // Shown as under way, and then as over.
        rollout(&folder.path().join("other.journal"), true);
        std::fs::rename(folder.path().join("other.journal"), &path).unwrap();
        let output = watching.wait_with_output().unwrap();
        check(
            &output,
            0,
            &[
                "waiting up to 30 seconds",
                "no process runs it",
                "outcome: promoted",
            ],
        );
    }
}
