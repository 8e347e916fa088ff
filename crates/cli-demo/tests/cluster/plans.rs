//! `plan` against a cluster: what keeps a rollout from starting is said, and nothing is written.

use serde_json::json;

use crate::file::{FILE, rollout};
use crate::program::Rollway;
use crate::shop::{Mode, Shop};

/// Prints the plan of this shop; nothing may be written.
async fn check(shop: &Shop, file: &str, status: i32, words: &[&str]) {
    let rollway = Rollway::new(shop, file);
    let before = shop.objects().await;
    let ended = rollway.call_there(&["plan", FILE]).await;
    let said = format!("{}{}", ended.out, ended.err);
    println!("{said}");
    ended.check(status, "", "");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
    assert_eq!(shop.objects().await, before);
    let calls = shop.calls(|agent| agent.starts_with("rollway/"));
    assert!(!calls.is_empty(), "it asked the cluster nothing");
    for call in calls {
        let is_read = ["get", "list", "watch"].contains(&call.verb.as_str());
        assert!(is_read, "{call:?}");
    }
    assert!(!rollway.has(".rollway"));
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_clear_plan_is_a_table_with_the_digest_that_a_run_has() {
    let shop = Shop::open(Mode::Canary).await;
    let file = rollout(Mode::Canary, "v2", "1s", "");
    check(&shop, &file, 0, &["20%", "50%", "100%", "promote"]).await;
    let rollway = Rollway::new(&shop, &file);
    let plan = rollway.call_there(&["plan", FILE]).await;
    let digest = plan
        .out
        .split(|char: char| !char.is_ascii_hexdigit())
        .find(|word| word.len() >= 12)
        .unwrap();
    let run = rollway.run(&["--expect-digest", digest]).ended().await;
    run.check(0, "promoted", "");
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn which_slot_is_live_and_what_runs_there() {
    let shop = Shop::open(Mode::BlueGreen).await;
    let file = rollout(Mode::BlueGreen, "v2", "1s", "");
    let live = "main: live is deployment/api-blue, which runs api=";
    let next = "the release goes to deployment/api-green, which runs api=";
    check(&shop, &file, 0, &[live, next]).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn what_a_plan_warns_of_a_run_warns_of_too() {
    let shop = Shop::open(Mode::BlueGreen).await;
    let early = json!({"spec": {"publishNotReadyAddresses": true}});
    shop.patch("Service", "api", early).await;
    let file = rollout(Mode::BlueGreen, "v2", "1s", "");
    let warning = "warning [not-ready-addresses]";
    check(&shop, &file, 0, &[warning]).await;
    let ended = Rollway::new(&shop, &file)
        .run(&["-o", "json"])
        .ended()
        .await;
    ended.check(0, r#""type":"settled""#, warning);
    assert!(!ended.out.contains(warning), "{}", ended.out);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_program_that_is_not_there() {
    let shop = Shop::open(Mode::BlueGreen).await;
    let hook = "hooks: {preview: [{name: smoke, at: ready, command: [./smoke.sh]}]}";
    let file = rollout(Mode::BlueGreen, "v2", "1s", hook);
    let words = [
        "blocked [program-missing] hook `smoke` of stage `preview`",
        "`./smoke.sh` is not there, seen from the folder /",
    ];
    check(&shop, &file, 1, &words).await;
    let rollway = Rollway::new(&shop, &file);
    rollway.run(&[]).ended().await.check(1, "", words[1]);
    assert!(!rollway.has(".rollway"));
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_service_that_is_not_there() {
    let shop = Shop::open(Mode::BlueGreen).await;
    shop.delete("Service", "api").await;
    let file = rollout(Mode::BlueGreen, "v2", "1s", "");
    check(&shop, &file, 1, &["service/api", "create it"]).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_selector_without_the_key() {
    let shop = Shop::open(Mode::BlueGreen).await;
    let without = json!({"spec": {"selector": {"environment": null}}});
    shop.patch("Service", "api", without).await;
    let file = rollout(Mode::BlueGreen, "v2", "1s", "");
    check(&shop, &file, 1, &["service/api", "no key `environment`"]).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn routes_without_the_destination() {
    let shop = Shop::open(Mode::Canary).await;
    let stable = json!({"destination": {"host": "api", "subset": "stable"}});
    let routes = json!({"spec": {"http": [{"name": "everything", "route": [stable]}]}});
    shop.patch("VirtualService", "api", routes).await;
    let file = rollout(Mode::Canary, "v2", "1s", "");
    check(&shop, &file, 1, &["virtualservice/api", "canary"]).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_workload_that_is_paused() {
    let shop = Shop::open(Mode::BlueGreen).await;
    let paused = json!({"spec": {"paused": true}});
    shop.patch("Deployment", "api-blue", paused).await;
    let file = rollout(Mode::BlueGreen, "v2", "1s", "");
    let words = ["deployment-paused", "deployment/api-blue"];
    check(&shop, &file, 1, &words).await;
}
