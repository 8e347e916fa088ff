//! Bakes that hold too little for a judge to find anything.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use strategy_core::analysis::{Analysis as _, Window};
use strategy_core::plan::Bake;
use strategy_core::target::{Finding, Found, Severity, Target as _};
use strategy_core::world::World;
use strategy_core::{Canary, Release, Strategy as _};
use strategy_metrics::source::{Admitted, Answer, MetricSource, Question, Rhythm, SourceError};
use strategy_metrics::{MetricAnalysis, MetricCheck, Reading, Shape};

/// Tells so many units of each track.
#[derive(Debug)]
struct Units(usize);

#[async_trait]
impl MetricSource for Units {
    fn name(&self) -> String {
        "units".to_owned()
    }

    fn rhythm(&self, _: &Value, _: Shape) -> Result<Rhythm, SourceError> {
        Ok(Rhythm::default())
    }

    async fn admit(&self, _: &Question) -> Result<Admitted, SourceError> {
        let mut admitted = Admitted::default();
        admitted.units = Some(self.0);
        Ok(admitted)
    }

    async fn read(&self, _: &Question, _: Window) -> Result<Answer, SourceError> {
        Ok(Reading::Empty.into())
    }
}

/// What is found of a canary with these stages, whose bakes are so many seconds long, looked at each half a minute.
fn found(judge: Value, units: usize, stages: &[u16], seconds: u64) -> Option<Finding> {
    let world = World::seeded(3).stable("app:v1", 4).build().unwrap();
    let check = MetricCheck::new("units", json!({})).judge(judge).check();
    let canary = Canary::new()
        .stages(stages.iter().copied())
        .bake(Bake::of(Duration::from_secs(seconds)))
        .check("errors", check.unwrap().every(Duration::from_secs(30)));
    let analysis = MetricAnalysis::new("units", Arc::new(Units(units)));
    let release = Release::of([("app", "app:v2")]).unwrap();
    let prepared = world.block_on(async {
        let found = Found::main(world.target().discover().await.unwrap());
        let plan = canary.plan(&release, &found).unwrap();
        analysis.admit(&plan, &found).await.unwrap()
    });
    let mut findings = prepared.unwrap().remove(0).findings.into_iter();
    findings.find(|finding| finding.code == "bake-without-evidence")
}

#[test]
fn a_bake_in_which_nothing_can_be_found_is_warned_of() {
    let gated = json!({ "kind": "sequential-ratio" });
    // Two windows weigh at most 5 each, of which the half counts.
    let finding = found(gated.clone(), 4, &[20, 100], 60).unwrap();
    assert_eq!(finding.severity, Severity::Warns);
    let said = finding.to_string();
    assert!(
        said.contains("1 : 13 at most, whatever fails, and it fails at 1 : 100"),
        "{said}"
    );
    assert!(said.contains("be 2m or longer"), "{said}");
    for (judge, units, stages, seconds, is_found) in [
        (&gated, 4, &[20, 100][..], 119, true),
        (&gated, 4, &[20, 100], 120, false),
        (&gated, 4, &[10, 100], 60, true),
        (&gated, 4, &[5, 100], 60, false),
        // What was weighed in one stage stands in the next.
        (&gated, 4, &[10, 20, 100], 60, false),
        // Without units one window may be enough.
        (&gated, 0, &[20, 100], 60, false),
        (
            &json!({ "kind": "sequential-ratio", "gate": "never" }),
            4,
            &[20, 100],
            60,
            false,
        ),
        (
            &json!({ "kind": "sequential-ratio", "unit-window": "10s" }),
            4,
            &[20, 100],
            60,
            false,
        ),
        (
            &json!({ "kind": "exchangeable-units" }),
            4,
            &[20, 100],
            120,
            true,
        ),
        (
            &json!({ "kind": "exchangeable-units" }),
            4,
            &[20, 100],
            300,
            false,
        ),
        (
            &json!({ "kind": "slo", "tolerated": 0.01 }),
            4,
            &[20, 100],
            60,
            false,
        ),
    ] {
        let finding = found(judge.clone(), units, stages, seconds);
        assert_eq!(
            finding.is_some(),
            is_found,
            "{judge} {units} {stages:?} {seconds}: {finding:?}"
        );
    }
}
