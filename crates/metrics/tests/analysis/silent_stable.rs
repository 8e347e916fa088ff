//! A metric that answers nothing of stable, where the judge is told of the candidate alone.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};
use strategy_core::analysis::{Analysis as _, Window};
use strategy_core::target::{Finding, Found, Target as _};
use strategy_core::world::World;
use strategy_core::{Canary, Release, Strategy as _, Track};
use strategy_metrics::source::{Admitted, Answer, MetricSource, Question, Rhythm, SourceError};
use strategy_metrics::{MetricAnalysis, MetricCheck, Reading, Shape};

/// Says of stable what the metric has it say.
#[derive(Debug)]
struct Says;

#[async_trait]
impl MetricSource for Says {
    fn name(&self) -> String {
        "says".to_owned()
    }

    fn rhythm(&self, _: &Value, _: Shape) -> Result<Rhythm, SourceError> {
        Ok(Rhythm::default())
    }

    async fn admit(&self, question: &Question) -> Result<Admitted, SourceError> {
        let mut admitted = Admitted::default();
        let metric = &question.metric;
        let track = match (question.track, metric.get("alike").is_some()) {
            (Track::Stable, false) => "stable",
            (Track::Stable, true) | (Track::Candidate, _) => "candidate",
        };
        admitted.asked = vec![format!("requests of {track}")];
        if question.track == Track::Stable {
            if metric.get("refused").is_some() {
                return Err(SourceError::invalid("metric.stable", "it is missing", ""));
            }
            // Units would say that the judge is told of what it is not.
            admitted.units = Some(0);
            admitted.findings = ["metric-without-data", "counted-twice"]
                .map(|code| Finding::blocks(code, "source", "nothing", "look"))
                .into();
        }
        Ok(admitted)
    }

    async fn read(&self, _: &Question, _: Window) -> Result<Answer, SourceError> {
        Ok(Reading::Empty.into())
    }
}

fn found(metric: Value, judge: Value) -> Vec<String> {
    let world = World::seeded(3).stable("app:v1", 4).build().unwrap();
    let check = MetricCheck::new("says", metric).judge(judge).check();
    let canary = Canary::new().stages([100]).check("limit", check.unwrap());
    let analysis = MetricAnalysis::new("says", Arc::new(Says));
    let release = Release::of([("app", "app:v2")]).unwrap();
    let prepared = world.block_on(async {
        let found = Found::main(world.target().discover().await.unwrap());
        let plan = canary.plan(&release, &found).unwrap();
        analysis.admit(&plan, &found).await.unwrap()
    });
    let findings = prepared.unwrap().remove(0).findings.into_iter();
    let said = findings.map(|finding| format!("{}: {}", finding.code, finding.resource));
    said.collect()
}

#[test]
fn stable_is_asked_whether_the_metric_answers_anything_where_it_is_not_judged() {
    let slo = || json!({ "kind": "slo", "tolerated": 0.05 });
    let without = found(json!({ "refused": true }), slo());
    let mut expected = vec!["metric-without-data: check limit: source".to_owned()];
    expected.extend(without.iter().cloned());
    assert_eq!(found(json!({}), slo()), expected);
    // It names the candidate by itself, and nobody knows of that one yet.
    assert_eq!(found(json!({ "alike": true }), slo()), without);
}

#[test]
fn a_stable_that_cannot_be_asked_stands_in_no_ones_way_where_it_is_not_judged() {
    let slo = json!({ "kind": "slo", "tolerated": 0.05 });
    let found = found(json!({ "refused": true }), slo);
    assert!(
        !found.iter().any(|said| said.contains("without-data")),
        "{found:?}"
    );
}
