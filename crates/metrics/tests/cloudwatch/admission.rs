//! What is asked before a rollout begins.

use serde_json::{Value, json};
use strategy_core::Track;
use strategy_core::target::Severity;
use strategy_metrics::Shape;
use strategy_metrics::source::{CloudWatch, MetricSource, SourceError};

use crate::answers::counters;
use crate::server::{NOW, Reply, Server, question};
use crate::wire::{Page, Told};

fn answer(requests: &[(u64, f64)]) -> Page {
    Page::of([Told::complete("m0", requests), Told::complete("m1", &[])])
}

#[tokio::test]
async fn the_last_hour_that_has_settled_is_asked_for() {
    for (period, from, to) in [
        ("60s", NOW - 30 - 180 - 3_600, NOW - 30 - 180),
        ("30s", NOW - 180 - 3_600, NOW - 180),
        // The last day that is over, and has been for three minutes.
        ("24h", NOW / 86_400 * 86_400 - 86_400, NOW / 86_400 * 86_400),
    ] {
        let mut metric = counters();
        metric["period"] = json!(period);
        let server = Server::pages([answer(&[])]);
        let question = question(metric, Shape::Events);
        server.source().admit(&question).await.unwrap();
        let asked = &server.asked()[0];
        assert_eq!(
            (&asked["StartTime"], &asked["EndTime"]),
            (&json!(from), &json!(to))
        );
    }
}

#[tokio::test]
async fn a_candidate_has_nothing_yet_and_a_stable_without_data_is_warned_of() {
    let begin = NOW - 30 - 600;
    let one = &[(begin, 1.0)][..];
    for (track, requests, failed, is_warned) in [
        (Track::Candidate, &[][..], &[][..], false),
        (Track::Stable, &[], &[], true),
        // Requests are misspelt, and failures are not.
        (Track::Stable, &[], one, true),
        (Track::Stable, one, &[], false),
    ] {
        let failed = Told::complete("m1", failed);
        let page = Page::of([Told::complete("m0", requests), failed]);
        let server = Server::pages([page]);
        let mut question = question(counters(), Shape::Events);
        question.track = track;
        let admitted = server.source().admit(&question).await.unwrap();
        assert_eq!(admitted.units, Some(0), "units are not told apart");
        assert_eq!(admitted.bounds, None);
        let codes: Vec<_> = admitted
            .findings
            .iter()
            .map(|of| of.code.as_str())
            .collect();
        if is_warned {
            assert_eq!(codes, ["metric-without-data"]);
            let finding = &admitted.findings[0];
            assert_eq!(finding.severity, Severity::Warns);
            let said = finding.to_string();
            let of = "shop Requests of Group=targetgroup/web-canary/73e2d6bc24d8a067";
            assert!(said.contains(of) && said.contains("last 1h"), "{said}");
        } else {
            assert_eq!(codes, [""; 0]);
        }
    }
}

/// Where it is told what was good, all else failed: also of stable, if the name is wrong.
#[tokio::test]
async fn a_stable_of_which_nothing_was_good_is_warned_of() {
    let one = &[(NOW - 30 - 600, 1.0)][..];
    for (track, requests, good, is_warned) in [
        (Track::Stable, one, &[][..], true),
        (Track::Stable, one, one, false),
        (Track::Candidate, one, &[], false),
    ] {
        let mut metric = counters();
        metric["good"] = json!({ "namespace": "shop", "metric": "Good" });
        metric.as_object_mut().unwrap().remove("failed");
        let good = Told::complete("m1", good);
        let server = Server::pages([Page::of([Told::complete("m0", requests), good])]);
        let mut question = question(metric, Shape::Events);
        question.track = track;
        let admitted = server.source().admit(&question).await.unwrap();
        let said: Vec<_> = admitted.findings.iter().map(ToString::to_string).collect();
        assert_eq!(said.len(), usize::from(is_warned), "{said:?}");
        if let [said] = &said[..] {
            let expected = "no datapoint of shop Good of";
            assert!(said.contains("metric-without-data"), "{said}");
            assert!(
                said.contains(expected) && said.contains("count as failed"),
                "{said}"
            );
        }
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_found() {
    let denied = Reply::Refused(403, "AccessDenied", "no");
    let error = Server::answering([denied]).source();
    let error = error.admit(&question(counters(), Shape::Events)).await;
    let error = error.unwrap_err();
    assert!(matches!(error, SourceError::Permanent { .. }), "{error:?}");
    assert!(
        error.to_string().contains("CloudWatch::permissions"),
        "{error}"
    );
}

/// The policy names every call that is made, and no other.
#[tokio::test]
async fn the_policy_allows_what_is_asked_and_no_more() {
    let server = Server::pages([answer(&[]), answer(&[])]);
    let source = server.source();
    let question = question(counters(), Shape::Events);
    source.admit(&question).await.unwrap();
    source
        .read(&question, crate::server::window())
        .await
        .unwrap();
    let mut called = server.operations();
    called.dedup();
    let called: Vec<_> = called
        .iter()
        .map(|name| format!("cloudwatch:{name}"))
        .collect();
    let policy: Value = CloudWatch::permissions();
    assert_eq!(policy["Action"], json!(called));
    assert_eq!(policy["Effect"], "Allow");
    assert_eq!(policy["Resource"], json!(["*"]));
}
