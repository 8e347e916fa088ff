//! Orders from another process to a rollout under way: answered within seconds, or refused.

use std::time::Duration;

use serde_json::{Value, json};

use crate::file::rollout;
use crate::program::{Ended, Rollway};
use crate::shop::{Mode, Shop, has_traces, pause};

/// An order is answered within this time, the start of the process included.
const ANSWER: Duration = Duration::from_secs(5);

const APPROVED: &str = "approvals: {promotion: {roles: [release-manager], quorum: 2}}
roles: {release-manager: [ann, bob]}";

impl Rollway {
    #[track_caller]
    fn answered(order: &str, ended: &Ended, status: i32, out: &str) {
        println!("{order}: {} in {:.1?}", ended.out.trim(), ended.took);
        ended.check(status, out, "");
        assert!(ended.took < ANSWER, "{order} took {:?}", ended.took);
    }

    async fn recorded(&self, words: &[&str]) {
        Self::answered(words[0], &self.call(words).await, 0, "recorded");
    }

    async fn refused(&self, words: &[&str]) {
        Self::answered(words[0], &self.call(words).await, 1, "refused");
    }
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_pause_its_end_and_an_abort_are_heard() {
    let shop = Shop::open(Mode::Canary).await;
    let before = shop.objects().await;
    let rollway = Rollway::new(&shop, &rollout(Mode::Canary, "v2", "10m", ""));
    let run = rollway.run(&["-o", "json"]);
    rollway
        .until("baking", |status| status["phase"] == "baking")
        .await;
    rollway.refused(&["unpause"]).await;
    rollway.refused(&["retry"]).await;
    let nobody = rollway.call(&["approve"]).await;
    nobody.check(1, "", "no stage waits for approval");

    rollway.recorded(&["pause", "--reason", "lunch"]).await;
    assert!(rollway.status().await["paused_until"].is_number());
    let told = rollway.call(&["status"]).await;
    told.check(0, "paused until", "");
    assert!(told.out.contains("20%"), "{}", told.out);
    rollway.recorded(&["unpause"]).await;
    assert!(rollway.status().await["paused_until"].is_null());

    rollway.recorded(&["advance"]).await;
    rollway
        .until("in the second stage", |status| status["stage"] == 1)
        .await;
    let why = "too many complaints";
    rollway
        .recorded(&["abort", "--reason", why, "--actor", "ann"])
        .await;
    let ended = run.ended().await;
    ended.check(2, why, "");
    assert!(ended.out.contains("ann"), "{}", ended.out);
    for line in ended.out.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        assert!(event["type"].is_string(), "{line}");
    }
    assert_eq!(shop.objects().await, before);
    // It is over: there is nobody to be told, and nothing to be told about.
    let late = rollway.call(&["abort"]).await;
    late.check(1, "", "no unfinished rollout");
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn an_approval_counts_by_role_once_for_each_person() {
    let shop = Shop::open(Mode::BlueGreen).await;
    let file = rollout(Mode::BlueGreen, "v2", "2s", APPROVED);
    let rollway = Rollway::new(&shop, &file);
    let run = rollway.run(&[]);
    let waits = rollway
        .until("at the gate", |status| !status["approval"].is_null())
        .await;
    assert_eq!(waits["approval"]["missing"], 2);
    let standing = rollway.call(&["status"]).await;
    standing.check(0, "waits for 2 more approval(s)", "");
    // Whatever roles somebody writes into the inbox.
    let approve = json!({"stage": waits["approval"]["stage"], "plan": waits["plan"]});
    let forged = json!({"command": {
        "id": "forged", "actor": "nobody", "roles": waits["approval"]["roles"],
        "wish": {"approve": approve},
    }});
    rollway.put(".rollway/shop-api.inbox/forged.json", &forged.to_string());
    let answer = ".rollway/shop-api.inbox/forged.answer.json";
    for _ in 0..600 {
        if rollway.has(answer) {
            break;
        }
        pause(Duration::from_millis(100)).await;
    }
    let answer = rollway.read(answer);
    assert!(answer.contains("refused"), "{answer}");
    assert_eq!(rollway.status().await["approval"]["missing"], 2);
    // Who has not the role has no say; the user of this process is nobody there.
    rollway.refused(&["approve", "--actor", "eve"]).await;
    rollway.refused(&["approve"]).await;
    rollway.recorded(&["approve", "--actor", "ann"]).await;
    rollway.call(&["approve", "--actor", "ann"]).await;
    assert_eq!(rollway.status().await["approval"]["missing"], 1);
    rollway.recorded(&["approve", "--actor", "bob"]).await;
    let ended = run.ended().await;
    ended.check(0, "promoted", "rollway approve --journal");
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_rejection_rolls_back_and_an_abandoned_rollout_stays_as_it_is() {
    let shop = Shop::open(Mode::BlueGreen).await;
    let selector = async || shop.get("Service", "api").await["spec"]["selector"].clone();
    let before = selector().await;
    let rollway = Rollway::new(&shop, &rollout(Mode::BlueGreen, "v2", "10m", APPROVED));
    let run = rollway.run(&[]);
    rollway
        .until("at the gate", |status| !status["approval"].is_null())
        .await;
    rollway.recorded(&["reject", "--reason", "not today"]).await;
    run.ended().await.check(2, "not today", "");
    assert_eq!(selector().await, before);

    rollway.write(&rollout(Mode::BlueGreen, "v3", "10m", ""));
    let run = rollway.run(&[]);
    rollway
        .until("baking after the switch", |status| {
            status["phase"] == "baking" && status["stage"] == 1
        })
        .await;
    rollway.recorded(&["abandon"]).await;
    run.ended().await.check(6, "abandoned", "");
    assert_ne!(selector().await, before);
    let left = serde_json::to_string(&shop.objects().await).unwrap();
    assert!(!has_traces(&left), "a trace is left: {left}");
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn an_order_that_nobody_hears_says_so_and_counts_when_somebody_does() {
    let shop = Shop::open(Mode::Canary).await;
    let rollway = Rollway::new(&shop, &rollout(Mode::Canary, "v2", "10m", ""));
    let run = rollway.run(&[]);
    rollway
        .until("baking", |status| status["phase"] == "baking")
        .await;
    run.kill().await.unwrap();
    // Nobody is steered by an inbox that others may write to.
    rollway.set_mode(".rollway/shop-api.inbox", 0o777);
    let resume = rollway.call(&["resume"]).await;
    resume.check(1, "", "chmod go-w");
    rollway.set_mode(".rollway/shop-api.inbox", 0o700);
    let unheard = rollway
        .call(&["abort", "--reason", "nobody is there"])
        .await;
    unheard.check(1, "", "no process seems to run this rollout");
    rollway
        .call(&["resume"])
        .await
        .check(2, "nobody is there", "");
}
