//! Sources that tell late: what is found before a rollout begins, and what is judged by none.

use std::time::Duration;

use serde_json::json;
use strategy_core::analysis::{Analysis as _, PreparedCheck};
use strategy_core::plan::{Bake, Check};
use strategy_core::target::{Found, Severity, Target as _};
use strategy_core::world::World;
use strategy_core::{Canary, Release, Strategy as _};
use strategy_metrics::source::{MemorySource, Rhythm};
use strategy_metrics::{MetricAnalysis, MetricCheck};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn check() -> Check {
    MetricCheck::new("memory", json!({}))
        .judge(json!({ "kind": "slo", "tolerated": 0.01 }))
        .check()
        .unwrap()
}

/// What is found of a canary with a bake so long and at most so long, looked at each half a minute.
fn prepared(rhythm: Rhythm, check: Check, bake: Bake) -> PreparedCheck {
    let world = World::seeded(3).stable("app:v1", 4).build().unwrap();
    let canary = Canary::new()
        .stages([20, 100])
        .bake(bake)
        .check("errors", check.every(secs(30)));
    let source = MemorySource::default().in_rhythm(rhythm);
    let analysis = MetricAnalysis::new("memory", source);
    let release = Release::of([("app", "app:v2")]).unwrap();
    let found = world.block_on(async {
        let found = Found::main(world.target().discover().await.unwrap());
        let plan = canary.plan(&release, &found).unwrap();
        analysis.admit(&plan, &found).await.unwrap()
    });
    found.unwrap().remove(0)
}

/// The codes and texts that are found of windows that come late.
fn late(rhythm: Rhythm, bake: Bake) -> Vec<(String, String)> {
    let found = prepared(rhythm, check(), bake).findings;
    let late = found
        .into_iter()
        .filter(|finding| finding.code.ends_with("-windows"));
    late.map(|finding| {
        assert_eq!(finding.severity, Severity::Warns);
        (finding.code, finding.message)
    })
    .collect()
}

#[test]
fn a_source_that_tells_late_is_warned_of() {
    let bake = Bake::of(secs(600));
    let codes = |rhythm, bake| -> Vec<String> {
        late(rhythm, bake)
            .into_iter()
            .map(|(code, _)| code)
            .collect()
    };
    assert_eq!(codes(Rhythm::default(), bake), [""; 0]);
    assert_eq!(codes(Rhythm::new(secs(30), secs(30)), bake), [""; 0]);
    let without = ["looks-without-windows"];
    assert_eq!(codes(Rhythm::new(secs(60), Duration::ZERO), bake), without);
    let found = late(Rhythm::new(Duration::ZERO, secs(90)), bake);
    let [(code, problem)] = &found[..] else {
        panic!("{found:?}");
    };
    assert_eq!(code, without[0]);
    assert!(problem.contains("1m30s after it is over"), "{problem}");
    assert!(problem.contains("the last 1m30s"), "{problem}");
}

#[test]
fn a_bake_that_is_over_before_it_is_told_of_is_warned_of() {
    let rhythm = Rhythm::new(secs(60), secs(120));
    for (bake, says) in [
        (Bake::of(secs(180)), "goes on until it is"),
        (
            Bake::of(secs(60)).at_most(secs(150)),
            "is over before anything of it is told",
        ),
    ] {
        let found = late(rhythm, bake);
        let (_, problem) = found
            .iter()
            .find(|(code, _)| code == "bake-without-windows")
            .unwrap_or_else(|| panic!("{found:?}"));
        assert!(problem.contains(says), "{problem}");
    }
    let found = late(rhythm, Bake::of(secs(181)));
    assert!(found.iter().all(|(code, _)| code != "bake-without-windows"));
}

/// What its own judge does not do, a check must not say: the core would end it before stable changes.
#[test]
fn a_check_that_says_that_it_compares_and_does_not_is_refused() {
    let world = World::seeded(3).stable("app:v1", 4).build().unwrap();
    let canary = Canary::new()
        .stages([20, 100])
        .check("errors", check().compares_with_stable());
    let analysis = MetricAnalysis::new("memory", MemorySource::default());
    let release = Release::of([("app", "app:v2")]).unwrap();
    let found = world.block_on(async {
        let found = Found::main(world.target().discover().await.unwrap());
        let plan = canary.plan(&release, &found).unwrap();
        analysis.admit(&plan, &found).await
    });
    let error = found.unwrap().unwrap_err().to_string();
    let says =
        "its judge does not compare the candidate with stable, and the check says that it does";
    assert!(error.contains(says), "{error}");
    assert!(error.contains("leave `compares_with_stable`"), "{error}");
}
