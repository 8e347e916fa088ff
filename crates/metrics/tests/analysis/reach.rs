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
struct Units(usize, Rhythm);

#[async_trait]
impl MetricSource for Units {
    fn name(&self) -> String {
        "units".to_owned()
    }

    fn rhythm(&self, _: &Value, _: Shape) -> Result<Rhythm, SourceError> {
        Ok(self.1)
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
    found_each((30, 0), judge, units, stages, seconds)
}

/// The same, looked at each so many seconds.
fn found_each(
    (interval, settle): (u64, u64),
    judge: Value,
    units: usize,
    stages: &[u16],
    seconds: u64,
) -> Option<Finding> {
    let world = World::seeded(3).stable("app:v1", 4).build().unwrap();
    let check = MetricCheck::new("units", json!({})).judge(judge).check();
    let canary = Canary::new()
        .stages(stages.iter().copied())
        .bake(Bake::of(Duration::from_secs(seconds)))
        .check(
            "errors",
            check.unwrap().every(Duration::from_secs(interval)),
        );
    let source = Units(
        units,
        Rhythm::new(Duration::ZERO, Duration::from_secs(settle)),
    );
    let analysis = MetricAnalysis::new("units", Arc::new(source));
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
        // A look that is longer is a window by itself.
        (
            &json!({ "kind": "sequential-ratio", "unit-window": "10s" }),
            4,
            &[20, 100],
            60,
            true,
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

/// A window ends with a look, and what is told late of the last bake is seen by none, so that a bake holds fewer windows
/// than it has room for.
#[test]
fn windows_end_with_looks() {
    for (interval, settle, seconds, percent, window, mend) in [
        (20, 0, 60, 5, "30s", Some("1m20s")),
        (20, 0, 80, 5, "30s", None),
        (60, 0, 120, 20, "30s", Some("4m")),
        (40, 0, 80, 5, "30s", None),
        (30, 5, 60, 5, "30s", Some("1m30s")),
        (30, 5, 90, 5, "30s", None),
        (10, 0, 60, 20, "10s", None),
    ] {
        let judge = json!({ "kind": "sequential-ratio", "unit-window": window });
        let finding = found_each((interval, settle), judge, 4, &[percent, 100], seconds);
        let at = format!(
            "each {interval} s, {settle} s late, {seconds} s at {percent}%, windows of {window}: {finding:?}"
        );
        match (finding, mend) {
            (None, None) => {}
            (Some(finding), Some(mend)) => {
                let mend = format!("be {mend} or longer");
                assert!(finding.mend.ends_with(&mend), "{at}");
            }
            (Some(_), None) | (None, Some(_)) => panic!("{at}"),
        }
    }
}
