//! Steering from outside: promoted, watched, retried, interrupted, taken over, and never by a pipe.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::file::{FILE, JOURNAL, rollout};
use crate::least::set_up;
use crate::program::Rollway;
use crate::shop::{Mode, Shop, has_traces, pause};

const INBOX: &str = ".rollway/shop-api.inbox";
const APPROVED: &str = "approvals: {promotion: {quorum: 1}}";

/// Waits until a call under way has said something on standard error.
async fn says(run: &crate::program::Running, words: &str) {
    for _ in 0..600 {
        if run.so_far().err.contains(words) {
            return;
        }
        pause(Duration::from_millis(100)).await;
    }
    panic!("never said {words:?}: {:?}", run.so_far());
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_promotion_ends_every_bake_and_whoever_watches_sees_the_end() {
    let shop = Shop::open(Mode::Canary).await;
    let rollway = Rollway::new(&shop, &rollout(Mode::Canary, "v2", "10m", ""));
    let run = rollway.run(&[]);
    let status = rollway
        .until("baking", |status| status["phase"] == "baking")
        .await;
    // Before anything else: how it is found again.
    let first = format!(
        "rollout {}, journal {JOURNAL}",
        status["id"].as_str().unwrap()
    );
    let err = run.so_far().err;
    assert_eq!(err.lines().next(), Some(first.as_str()), "{err}");

    // What a library warns of is shown.
    rollway.put(&format!("{INBOX}/garbage.json"), "no order");
    says(&run, "garbage.json").await;

    let watch = rollway.start(&["status", "--watch"]);
    rollway
        .call(&["promote", "--reason", "enough"])
        .await
        .check(0, "recorded", "");
    run.ended().await.check(0, "promoted", "WARN");
    let watched = watch.ended().await;
    watched.check(0, ": baking,", "");
    watched.check(0, "outcome: promoted", "");

    // It is over: nothing is sent, and nothing of it reaches the next one.
    let late = ["abort", "--journal", JOURNAL];
    rollway
        .call(&late)
        .await
        .check(1, "", "the rollout is over: promoted");
    let left =
        json!({"command": {"id": "late", "actor": "ann", "wish": {"abort": {"force": false}}}});
    rollway.put(&format!("{INBOX}/late.json"), &left.to_string());
    rollway.write(&rollout(Mode::Canary, "v3", "1s", ""));
    rollway.run(&[]).ended().await.check(0, "promoted", "");
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_pipe_answers_no_question() {
    let shop = Shop::open(Mode::BlueGreen).await;
    let rollway = Rollway::new(&shop, &rollout(Mode::BlueGreen, "v2", "1s", APPROVED));
    let mut yes = Command::new("yes")
        .arg("yes")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let pipe = yes.stdout.take().unwrap();
    let run = rollway.run_reading(pipe.into());
    says(&run, "rollway approve --journal").await;
    pause(Duration::from_secs(2)).await;
    let status = rollway.status().await;
    assert_eq!(status["approval"]["missing"], 1, "{status:#}");
    assert!(!run.so_far().err.contains("[yes/no]"));
    let approved = rollway.call(&["approve"]).await;
    approved.check(0, "recorded", "");
    run.ended().await.check(0, "promoted", "");
    // The reader has gone, and with it the writer.
    yes.wait().unwrap();
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn what_is_stuck_is_status_3_and_can_be_retried() {
    let (shop, rollway, role) = set_up(Mode::BlueGreen, "10m").await;
    let name = role["metadata"]["name"].as_str().unwrap().to_owned();
    shop.grant(role.clone()).await;
    let policies = "policies: {rollback-deadline: 2s, way-back-wait: 1s}";
    rollway.write(&rollout(Mode::BlueGreen, "v2", "10m", policies));
    let before = shop.get("Service", "api").await["spec"]["selector"].clone();
    let run = rollway.run(&[]);
    rollway
        .until("baking after the switch", |status| {
            status["phase"] == "baking" && status["stage"] == 1
        })
        .await;
    // From now on it may not write any more.
    let (mut reading, mut writing) = (role["rules"].clone(), Value::Null);
    let reads = |verb: &Value| ["get", "list", "watch"].contains(&verb.as_str().unwrap());
    for rule in reading.as_array_mut().unwrap() {
        let mut verbs = rule["verbs"].as_array().unwrap().clone();
        if let Some(verb) = verbs.iter().find(|verb| !reads(verb)) {
            writing = rule.clone();
            writing["verbs"] = json!([verb]);
        }
        verbs.retain(reads);
        rule["verbs"] = verbs.into();
    }
    shop.patch("Role", &name, json!({"rules": reading})).await;
    shop.until_may(&writing, false).await;
    rollway.call(&["abort"]).await.check(0, "recorded", "");
    let is_stuck = |status: &Value| status["phase"] == "stuck";
    rollway.until("stuck", is_stuck).await;
    says(&run, "rollway retry --journal").await;
    rollway.call(&["retry"]).await.check(0, "recorded", "");
    rollway.until("stuck again", is_stuck).await;
    run.terminate();
    run.ended().await.check(3, "", "rollway resume --journal");

    shop.patch("Role", &name, json!({"rules": role["rules"]}))
        .await;
    shop.until_may(&writing, true).await;
    let resumed = rollway.call(&["resume"]).await;
    resumed.check(2, "rolled back", "");
    let after = shop.get("Service", "api").await["spec"]["selector"].clone();
    assert_eq!(after, before);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn ctrl_c_leaves_it_and_two_signals_at_once_are_one() {
    let shop = Shop::open(Mode::Canary).await;
    let rollway = Rollway::new(&shop, &rollout(Mode::Canary, "v2", "10m", ""));
    let run = rollway.run(&[]);
    rollway
        .until("baking", |status| status["phase"] == "baking")
        .await;
    run.interrupt();
    let ended = run.ended().await;
    ended.check(4, "", "leaving the rollout as it stands");
    assert!(!ended.err.contains("ended at once"), "{}", ended.err);

    let run = rollway.start(&["resume"]);
    says(&run, "journal").await;
    // Both have come when it next looks.
    run.stop();
    run.interrupt();
    run.terminate();
    run.go_on();
    let ended = run.ended().await;
    ended.check(4, "", "leaving the rollout as it stands");
    assert!(!ended.err.contains("ended at once"), "{}", ended.err);
    let back = rollway.call(&["resume", "--roll-back"]).await;
    back.check(2, "rolled back", "");
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_claim_that_nobody_works_on_is_taken_over_if_asked_to() {
    let shop = Shop::open(Mode::BlueGreen).await;
    let first = Rollway::new(&shop, &rollout(Mode::BlueGreen, "v2", "1s", APPROVED));
    let run = first.run(&[]);
    first
        .until("at the gate", |status| !status["approval"].is_null())
        .await;
    run.kill().await.unwrap();
    let second = Rollway::new(&shop, &rollout(Mode::BlueGreen, "v3", "1s", ""));
    let refused = second.run(&[]).ended().await;
    refused.check(1, "", "shop-api-");
    let taken = second.run(&["--take-over"]).ended().await;
    taken.check(0, "promoted", "");
    let left = serde_json::to_string(&shop.objects().await).unwrap();
    assert!(!has_traces(&left), "a trace is left: {left}");
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_context_is_the_one_that_was_named_when_it_is_resumed_too() {
    let shop = Shop::open(Mode::Canary).await;
    let mut rollway = Rollway::new(&shop, &rollout(Mode::Canary, "v2", "10m", ""));
    let good = rollway.elsewhere_by_default();
    rollway
        .call_there(&["plan", FILE])
        .await
        .check(1, "", "Connection refused");
    let there = ["--context", good.as_str()];
    let plan = [&["plan", FILE], &there[..]].concat();
    rollway.call_there(&plan).await.check(0, "20%", "");
    let run = rollway.run(&there);
    rollway
        .until("baking", |status| status["phase"] == "baking")
        .await;
    run.kill().await.unwrap();
    let back = rollway.call(&["resume", "--roll-back"]).await;
    back.check(2, "rolled back", "");
}
