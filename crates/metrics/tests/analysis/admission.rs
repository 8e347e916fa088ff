//! What a check must say, and what is found before a rollout begins.

use std::error::Error;

use serde_json::json;
use strategy_core::plan::{Check, Extension};
use strategy_core::world::World;
use strategy_core::{Canary, Release};
use strategy_metrics::source::MemorySource;
use strategy_metrics::{MetricAnalysis, MetricCheck};

use crate::tally::kinds;

/// What a rollout with that check says before it begins; nothing: it was promoted.
fn refused(check: Check) -> Option<String> {
    let world = World::seeded(3).stable("app:v1", 4).build().unwrap();
    let source = MemorySource::default();
    let analysis = MetricAnalysis::new("memory", source).judges(kinds());
    let canary = Canary::new().stages([100]).check("errors", check);
    let driver = world.driver().analysis("memory", analysis);
    let release = Release::of([("app", "app:v2")]).unwrap();
    world.run_with(driver, &canary, release).err().map(|error| {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            text += &format!(": {error}");
            source = error.source();
        }
        text
    })
}

fn tally() -> Extension {
    Extension::new("memory")
        .with("metric", json!({}))
        .with("judge", json!({ "kind": "tally", "tolerated": 3 }))
}

#[test]
fn a_wrong_parameter_is_named() {
    let with = |name: &str, value: serde_json::Value| tally().with(name, value);
    for (analysis, named) in [
        (Extension::new("memory"), "`metric` is missing"),
        (with("limit", json!(1)), "`limit` is no parameter"),
        (with("judge", json!("tally")), "judge: it is no object"),
        (
            with("judge", json!({ "tolerated": 3 })),
            "`kind` is missing",
        ),
        (
            with("judge", json!({ "kind": "dice" })),
            "`dice` is no kind of judge; write",
        ),
        (
            with("judge", json!({ "kind": "tally" })),
            "tally: missing field `tolerated`",
        ),
        (
            with(
                "judge",
                json!({ "kind": "tally", "tolerated": 3, "limit": 2 }),
            ),
            "unknown field `limit`",
        ),
        (
            with(
                "judge",
                json!({ "kind": "tally", "tolerated": 3, "shape": "values" }),
            ),
            "events only",
        ),
        (
            with(
                "judge",
                json!({ "kind": "tally", "tolerated": 3, "compares": true }),
            ),
            "compares",
        ),
        (
            with("part", json!("web")),
            "there is no part `web`; write one of",
        ),
        (with("part", json!("No Part")), "no name of a part"),
    ] {
        let text = refused(Check::new(analysis)).unwrap();
        assert!(
            text.contains(named) && text.contains("errors"),
            "{text}: {named}"
        );
    }
}

#[test]
fn a_check_from_code_says_whether_its_judge_compares() {
    let judge = |compares: bool| json!({ "kind": "tally", "tolerated": 3, "compares": compares });
    for compares in [true, false] {
        let check = MetricCheck::new("memory", json!({})).judge(judge(compares));
        let check = check.check_with(&kinds()).unwrap();
        assert_eq!(check.compares_with_stable, compares);
    }
    let check = MetricCheck::new("memory", json!({})).judge(json!({ "kind": "dice" }));
    assert!(check.check().unwrap_err().contains("`dice`"));
}
