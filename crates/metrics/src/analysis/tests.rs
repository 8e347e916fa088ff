//! What a judge is told of a look.

use futures::FutureExt;
use serde_json::json;
use strategy_core::plan::Extension;
use strategy_core::{Part, Timestamp, Weight};

use super::*;
use crate::source::MemorySource;

#[test]
fn a_judge_is_told_the_share_that_was_written() {
    let source = MemorySource::default();
    let at = Timestamp::from_millis(1_000);
    source.happened(Track::Candidate, at, 500, 0);
    source.happened(Track::Stable, at, 500, 0);
    let analysis = MetricAnalysis::new("memory", source);
    let params = Extension::new("memory")
        .with("metric", json!({}))
        .with("judge", json!({ "kind": "split-ratio" }));
    let window = Window {
        from: Timestamp::from_millis(0),
        to: Timestamp::from_millis(60_000),
    };
    let part: Part = "api".parse().unwrap();
    let said = |weight: Option<u16>| {
        let mut look = Look::new("split", params.clone(), window);
        look.identities.insert(part.clone(), Tracks::default());
        if let Some(percent) = weight {
            let weight = Weight::from_percent(percent).unwrap();
            look.weights.insert(part.clone(), weight);
        }
        let measured = analysis.measure(&look).now_or_never().unwrap().unwrap();
        measured.verdict
    };
    assert_eq!(said(Some(10)), Verdict::Warn);
    assert_eq!(said(Some(50)), Verdict::Pass);
    assert_eq!(said(None), Verdict::Undecided);
}
