//! `kill -9` anywhere in a run, then `resume`: the end is that of the run nobody interrupted.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::file::{JOURNAL, rollout};
use crate::program::{Progress, Rollway};
use crate::shop::{Mode, Shop, has_traces};

const POINTS: u32 = 10;
/// So many at a time: each has a control plane's work to wait for, and there is one control plane.
const AT_A_TIME: usize = 4;
/// A kill that came after the end is tried again, a little earlier each time.
const TRIES: u32 = 4;

/// Fails in the first bake, as soon as there is anything to count.
const FAILING: &str = r#"checks:
  errors:
    failure-share:
      limit: 1%
      min-events: 10
      command: [echo, '{"total": 1000, "failed": 500}']
    interval: 1s"#;

/// A run and the status that it ends with.
#[derive(Clone, Copy, Debug)]
struct Case {
    mode: Mode,
    tag: &'static str,
    bake: &'static str,
    status: i32,
}

/// What came of one kill.
struct Killed {
    point: u32,
    /// How long the process lived, and what the rollout was doing; `None`: it was over before.
    hit: Option<(Duration, String)>,
    resumed: Duration,
    end: BTreeMap<String, Value>,
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_blue_green_rollout_that_is_promoted() {
    check(Mode::BlueGreen, "v2", "3s", 0).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_blue_green_rollout_that_is_rolled_back() {
    check(Mode::BlueGreen, "v2", "10s", 2).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_canary_that_is_promoted() {
    check(Mode::Canary, "v2", "2s", 0).await;
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn a_canary_that_is_rolled_back() {
    // Its pods are ready for five seconds.
    check(Mode::Canary, "v2-late", "3s", 2).await;
}

async fn check(mode: Mode, tag: &'static str, bake: &'static str, status: i32) {
    let case = Case {
        mode,
        tag,
        bake,
        status,
    };
    let (shop, rollway) = case.set_up().await;
    let before = shop.objects().await;
    let (calm, progress) = rollway.watched().await;
    let progress = Arc::new(progress);
    calm.check(status, "", JOURNAL);
    let end = shop.objects().await;
    case.check_end(&before, &end);
    println!("{case:?}: {:.1?} when nobody interrupts it", calm.took);

    let (mut killed, turns) = (JoinSet::new(), Arc::new(Semaphore::new(AT_A_TIME)));
    for point in 1..=POINTS {
        let (turns, progress) = (turns.clone(), progress.clone());
        // In the middle of each tenth of what is recorded.
        let moment = progress.length() * (2 * point - 1) / (2 * POINTS);
        killed.spawn(async move {
            let _turn = turns.acquire_owned().await.unwrap();
            let mut killed = case.killed(point, moment, &progress).await;
            for missed in 1..TRIES {
                if killed.hit.is_some() {
                    break;
                }
                let moment = moment * (20 - missed) / 20;
                killed = case.killed(point, moment, &progress).await;
            }
            killed
        });
    }
    let mut killed = killed.join_all().await;
    killed.sort_by_key(|killed| killed.point);
    for killed in &killed {
        println!("  {killed}");
    }
    let hits = killed.iter().filter(|killed| killed.hit.is_some()).count();
    println!("  {hits} of {POINTS} interrupted it");
    for killed in &killed {
        assert_eq!(killed.end, end, "killed at {}/{POINTS}", killed.point);
    }
    assert_eq!(hits, POINTS as usize, "some hit no rollout under way");
}

impl Case {
    async fn set_up(self) -> (Shop, Rollway) {
        let shop = Shop::open(self.mode).await;
        // Healthy pods are rolled back for what a check finds, the others for what they are.
        let is_checked = self.status == 2 && self.tag == "v2";
        let more = if is_checked { FAILING } else { "" };
        let rollway = Rollway::new(&shop, &rollout(self.mode, self.tag, self.bake, more));
        (shop, rollway)
    }

    async fn killed(self, point: u32, moment: Duration, progress: &Progress) -> Killed {
        let (shop, rollway) = self.set_up().await;
        let hit = rollway.killed_at(moment, progress).await;
        let doing = rollway.call(&["status", "--journal", JOURNAL, "-o", "json"]);
        let doing = doing.await;
        let doing = doing.out.parse::<Value>().ok();
        let is_settled = doing.as_ref().is_some_and(|doing| doing["settled"] == true);
        let go_on = match &doing {
            Some(_) => rollway.call(&["resume", "--journal", JOURNAL]).await,
            // Nothing had begun, and nothing is in the way of beginning.
            None => rollway.run(&[]).ended().await,
        };
        go_on.check(self.status, "", "");
        Killed {
            point,
            hit: hit
                .filter(|_| !is_settled)
                .map(|lived| (lived, in_words(doing.as_ref()))),
            resumed: go_on.took,
            end: shop.objects().await,
        }
    }

    /// The end that the killed runs are compared with is the right one.
    fn check_end(self, before: &BTreeMap<String, Value>, end: &BTreeMap<String, Value>) {
        let text = serde_json::to_string(end).unwrap();
        assert!(!has_traces(&text), "a trace is left: {text}");
        let image = format!("{}:{}", crate::file::REPOSITORY, self.tag);
        let weights = |objects: &BTreeMap<String, Value>| {
            let service = objects.get("VirtualService/api");
            service.map(|service| service["spec"]["http"].clone())
        };
        // A canary's weights are at its end what they were; it is removed.
        assert_eq!(weights(end), weights(before));
        assert!(end.keys().eq(before.keys()), "{:?}", end.keys());
        let selector =
            |objects: &BTreeMap<String, Value>| objects["Service/api"]["spec"]["selector"].clone();
        let is_switched = selector(end) != selector(before);
        if self.status == 0 {
            assert!(text.contains(&image), "{image} is not in {text}");
            assert_eq!(is_switched, self.mode == Mode::BlueGreen);
        } else {
            assert!(!text.contains(&image), "{image} is in {text}");
            assert!(!is_switched);
        }
    }
}

/// What a rollout was doing, and in which stage.
fn in_words(status: Option<&Value>) -> String {
    let Some(status) = status else {
        return "before anything was written".to_owned();
    };
    let stage = status["stage"].as_u64().unwrap();
    match status["stages"].get(usize::try_from(stage).unwrap()) {
        Some(stage) => format!("{} in {}", status["phase"], stage["name"]),
        None => format!("{} after the last stage", status["phase"]),
    }
}

impl std::fmt::Display for Killed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (point, resumed) = (self.point, self.resumed);
        match &self.hit {
            Some((lived, doing)) => write!(
                f,
                "{point}/{POINTS}: killed after {lived:.1?}, {doing}; resumed for {resumed:.1?}"
            ),
            None => write!(f, "{point}/{POINTS}: the kill came after the end"),
        }
    }
}
