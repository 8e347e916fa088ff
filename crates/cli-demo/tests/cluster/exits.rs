//! With which status the program ends, and what it says of what it leaves behind.

use std::time::Duration;

use crate::file::{JOURNAL, rollout};
use crate::program::Rollway;
use crate::shop::{Mode, Shop, pause};

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_promoted_rollout_is_status_0_and_not_in_the_way_of_the_next() {
    let shop = Shop::open(Mode::BlueGreen).await;
    let rollway = Rollway::new(&shop, &rollout(Mode::BlueGreen, "v2", "1s", ""));
    let ended = rollway.run(&[]).ended().await;
    ended.check(0, "promoted", JOURNAL);
    let over = rollway.call(&["resume", "--journal", JOURNAL]).await;
    over.check(0, "promoted", "nothing is left to do");
    let back = ["resume", "--roll-back", "--journal", JOURNAL];
    rollway.call(&back).await.check(1, "", "over: promoted");
    rollway.write(&rollout(Mode::BlueGreen, "v3-bad", "1s", ""));
    let next = rollway.run(&["-o", "json"]).ended().await;
    next.check(2, r#""type":"settled""#, JOURNAL);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_terminated_run_is_left_in_progress_and_says_how_to_go_on() {
    let shop = Shop::open(Mode::Canary).await;
    let before = shop.objects().await;
    let rollway = Rollway::new(&shop, &rollout(Mode::Canary, "v2", "10m", ""));
    let run = rollway.run(&[]);
    rollway
        .until("baking", |status| status["phase"] == "baking")
        .await;
    // As `timeout` does it: the process, and then its group.
    run.terminate();
    pause(Duration::from_millis(50)).await;
    run.terminate();
    let ended = run.ended().await;
    let how = format!("rollway resume --journal {JOURNAL}");
    ended.check(4, "traffic moves to 20%", &how);
    assert!(ended.err.contains("left behind"), "{}", ended.err);
    assert!(!ended.err.contains("ended at once"), "{}", ended.err);
    let nobody = format!("no process runs it: {how}");
    rollway.call(&["status"]).await.check(0, &nobody, "");
    // The claim stays, so that nobody else begins.
    let left = serde_json::to_string(&shop.objects().await).unwrap();
    assert!(left.contains("rollway.dev/claim"), "{left}");
    let second = Rollway::new(&shop, &rollout(Mode::Canary, "v3", "1s", ""));
    second.run(&[]).ended().await.check(1, "", "shop-api-");
    // The same journal is not begun anew either.
    rollway.run(&[]).ended().await.check(1, "", JOURNAL);

    // Where it stands is shown, though no event tells it again.
    let again = rollway.start(&["resume"]);
    rollway
        .until("carried", |status| status["carried"] == true)
        .await;
    pause(Duration::from_secs(1)).await;
    rollway.call(&["pause"]).await.check(0, "recorded", "");
    again.terminate();
    let again = again.ended().await;
    again.check(
        4,
        "20%                  20%     2/2        1/1  paused until",
        "",
    );
    again.check(4, "at most; then it rolls back", "");

    let back = rollway.call(&["resume", "--roll-back", "-o", "json"]).await;
    back.check(2, r#""type":"traffic-restored""#, "");
    let is_event = |line: &str| serde_json::from_str::<serde_json::Value>(line).is_ok();
    assert!(back.out.lines().all(is_event), "{}", back.out);
    let status = rollway.call(&["status"]).await;
    status.check(2, "rolled back", "");
    assert_eq!(shop.objects().await, before);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_terminated_run_rolls_back_if_it_was_told_to() {
    let shop = Shop::open(Mode::Canary).await;
    let before = shop.objects().await;
    let rollway = Rollway::new(&shop, &rollout(Mode::Canary, "v2", "10m", ""));
    let run = rollway.run(&["--on-interrupt", "abort"]);
    rollway
        .until("baking", |status| status["phase"] == "baking")
        .await;
    run.terminate();
    let ended = run.ended().await;
    ended.check(2, "rolled back", "interrupted: rolling back");
    assert_eq!(shop.objects().await, before);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_second_interrupt_ends_at_once_with_the_journal_whole() {
    let shop = Shop::open(Mode::BlueGreen).await;
    let before = shop.objects().await;
    let file = rollout(Mode::BlueGreen, "v2", "10m", "").replace("drain: 1s", "drain: 10s");
    let rollway = Rollway::new(&shop, &file);
    let run = rollway.run(&["--on-interrupt", "abort"]);
    rollway
        .until("switched", |status| {
            status["phase"] == "baking" && status["stage"] == 1
        })
        .await;
    run.terminate();
    rollway
        .until("on the way back", |status| {
            status["phase"] == "rolling-back"
        })
        .await;
    // Not a second time the first one.
    pause(Duration::from_millis(1100)).await;
    run.terminate();
    let ended = run.ended().await;
    ended.check(4, "", "ended at once; the journal is whole");
    rollway.call(&["resume"]).await.check(2, "rolled back", "");
    let mut after = shop.objects().await;
    // The template of the idle slot was changed and changed back.
    let number = |object: &mut serde_json::Value| {
        object["metadata"]["annotations"]["deployment.kubernetes.io/revision"].take()
    };
    let mut before = before;
    for objects in [&mut before, &mut after] {
        number(objects.get_mut("Deployment/api-green").unwrap());
    }
    assert_eq!(after, before);
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_wrong_file_is_status_64_and_a_blocked_plan_status_1() {
    let shop = Shop::open(Mode::Canary).await;
    let good = rollout(Mode::Canary, "v2", "1s", "");
    let rollway = Rollway::new(&shop, &good);
    for (wrong, said) in [
        (good.replace("bake: 1s", "bake: soon"), "bake"),
        (good.replace("strategy:", "strateegy:"), "strateegy"),
        (good.replace("20%, 50%", "50%, 20%"), "20%"),
    ] {
        rollway.write(&wrong);
        rollway.run(&[]).ended().await.check(64, "", said);
    }
    rollway.write(&good);
    let other = rollway.run(&["--image", "sidecar=x:1"]).ended().await;
    other.check(64, "", "sidecar");
    let digest = rollway
        .run(&["--expect-digest", "0123456789"])
        .ended()
        .await;
    digest.check(1, "", "0123456789");
    shop.patch(
        "Deployment",
        "api",
        serde_json::json!({"spec": {"paused": true}}),
    )
    .await;
    let blocked = rollway.run(&[]).ended().await;
    blocked.check(1, "", "kubectl rollout resume deployment/api");
    assert!(!rollway.has(JOURNAL), "a start that failed left a journal");
}
