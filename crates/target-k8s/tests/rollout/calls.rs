//! What a rollout asks of the API server: a handful of calls for a step, and nothing at rest.

use std::collections::BTreeMap;

use strategy_core::Timestamp;
use strategy_core::driver::{Clock as _, SystemClock};
use strategy_core::rollout::News;

use crate::scene::{AGENT, Scene};
use crate::shop::pause;
use crate::terms::{Mode, Terms, seconds};

fn total(calls: &BTreeMap<String, u32>, verbs: &[&str]) -> u32 {
    let counted = calls.iter().filter(|(call, _)| {
        verbs
            .iter()
            .any(|verb| call.split_once(' ').is_some_and(|(of, _)| of == *verb))
    });
    counted.map(|(_, number)| number).sum()
}

/// Stage by stage, then everything by verb and user agent.
async fn of_a_whole_canary() {
    let scene = Scene::open(Mode::Canary).await;
    let begin = SystemClock.now();
    let rollout = scene.release("v2", &Terms::default()).await;
    rollout.promoted().await;
    let mut steps: Vec<(String, Timestamp)> = vec![("discovery and claim".to_owned(), begin)];
    for event in rollout.story.events() {
        if let News::StageEntered { stage, .. } = &event.news {
            steps.push((format!("stage {stage}"), event.at));
        } else if let News::Ended { .. } = &event.news {
            steps.push(("giving up the claim".to_owned(), event.at));
        }
    }
    println!(
        "calls of {AGENT} in a canary of {} stages:",
        rollout.story.passed().len()
    );
    for (index, (name, from)) in steps.iter().enumerate() {
        let until = steps.get(index + 1).map(|(_, until)| *until);
        let calls = scene.calls_between(*from, until, AGENT);
        println!("  {name}: {calls:?}");
        if name.starts_with("stage") {
            let writes = total(&calls, &["create", "update", "delete"]);
            // Two steps, capacity and traffic, and each may meet a controller's write.
            assert!((1..=8).contains(&writes), "{name}: {calls:?}");
            assert!(total(&calls, &["get"]) <= 24, "{name}: {calls:?}");
            assert_eq!(
                total(&calls, &["list", "watch", "patch"]),
                0,
                "{name}: {calls:?}"
            );
        }
    }
    let whole = scene.calls_between(begin, None, AGENT);
    println!("  in all: {whole:?}");
    for agent in scene.agents_since(begin) {
        println!("  {agent}: {:?}", scene.calls_between(begin, None, &agent));
    }
    assert!(whole.values().sum::<u32>() <= 150, "{whole:?}");
}

async fn of_an_idle_minute() {
    let scene = Scene::open(Mode::Canary).await;
    let rollout = scene.release("v2", &Terms::long_bake()).await;
    rollout.until_baking("20%").await;
    pause(seconds(2)).await;
    let begin = SystemClock.now();
    pause(seconds(60)).await;
    let calls = scene.calls_between(begin, None, AGENT);
    println!("calls of {AGENT} in an idle minute of a bake: {calls:?}");
    assert!(calls.values().sum::<u32>() <= 4, "{calls:?}");
    rollout.carrier.abort();
}

#[tokio::test]
#[ignore = "needs a control plane: cargo xtask test"]
async fn are_few_in_a_step_and_none_in_an_idle_minute() {
    tokio::join!(of_a_whole_canary(), of_an_idle_minute());
}
