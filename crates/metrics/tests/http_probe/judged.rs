//! What a check of a rollout makes of a probe: both tracks are asked, and the evidence has how requests failed.

use serde_json::json;
use strategy_core::analysis::{Analysis, Look, Measurement, Memory, Verdict};
use strategy_core::plan::Extension;
use strategy_core::{Part, Tracks, Weight};
use strategy_metrics::MetricAnalysis;

use crate::loopback::{Reply, Server};
use crate::still_clock::{probe, window};

const SECRET: &str = "open-sesame";

/// Looks with the default judge, until one fails or so many are taken.
async fn looks(server: &Server, most: usize) -> Vec<Measurement> {
    let probe = probe().header("x-token".parse().unwrap(), SECRET.parse().unwrap());
    let analysis = MetricAnalysis::new("probe", probe);
    let metric = json!({
        "candidate": "{{preview}}/{{version}}", "stable": format!("{}/{{{{version}}}}", server.address),
    });
    let check = Extension::new("probe").with("metric", metric);
    let mut look = Look::new("answers", check, window());
    let labels = |version: &str| [("version".to_owned(), version.to_owned())].into();
    let labels = Tracks {
        stable: labels("v1"),
        candidate: labels("v2"),
    };
    look.identities.insert(Part::main(), labels);
    look.previews.insert(Part::main(), server.address.clone());
    look.weights
        .insert(Part::main(), Weight::from_percent(1).unwrap());
    look.alpha_millionths = 10_000;
    let mut taken = Vec::new();
    let mut memory = Memory::default();
    while taken.len() < most {
        look.memory = memory;
        let measured = analysis.measure(&look).await.unwrap();
        memory = measured.memory.clone();
        let failed = measured.verdict == Verdict::Fail;
        taken.push(measured);
        if failed {
            break;
        }
    }
    taken
}

async fn failing(path: &'static str) -> Server {
    Server::saying(move |asked| {
        let failed = asked.starts_with(&format!("GET {path} "));
        Reply::Body(if failed { 503 } else { 200 }, SECRET.to_owned())
    })
    .await
}

#[tokio::test]
async fn a_candidate_that_fails_is_found_and_how_it_failed_is_told() {
    let server = failing("/v2").await;
    let looks = looks(&server, 20).await;
    let last = looks.last().unwrap();
    assert_eq!(last.verdict, Verdict::Fail, "{last:?}");
    let note = "http probe says: 10 of 10 requests to candidate failed: status 503 (10)";
    assert!(last.evidence.contains(note), "{}", last.evidence);
    let everything = format!("{looks:?}");
    assert!(!everything.contains(SECRET), "{everything}");
    // Each track was asked as often as the other.
    let asked = server.asked();
    let of = |path: &str| asked.iter().filter(|asked| asked.starts_with(path)).count();
    assert_eq!(
        (of("GET /v1 "), of("GET /v2 ")),
        (looks.len() * 10, looks.len() * 10)
    );
}

#[tokio::test]
async fn what_fails_in_both_tracks_is_no_failure_of_the_candidate() {
    for path in ["/v1", "/v3"] {
        let server = failing(path).await;
        let looks = looks(&server, 8).await;
        assert!(
            looks.iter().all(|look| look.verdict != Verdict::Fail),
            "{path}: {looks:?}"
        );
    }
    let server = Server::saying(|_| Reply::Body(500, String::new())).await;
    let looks = looks(&server, 8).await;
    assert!(
        looks.iter().all(|look| look.verdict != Verdict::Fail),
        "{looks:?}"
    );
}
