//! Where a track is asked: its labels and its preview address, filled in.

use serde_json::{Value, json};
use strategy_core::Track;
use strategy_metrics::Shape;
use strategy_metrics::source::{MetricSource, Question, SourceError};

use crate::loopback::{Reply, Server};
use crate::still_clock::{probe, question_about, window};

fn about(metric: Value) -> Question {
    let mut question = question_about(metric, Shape::Events);
    question.labels = [("version", "v2.1"), ("evil", "x/../admin?"), ("none", "")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    question
}

#[tokio::test]
async fn labels_and_the_preview_address_are_filled_in() {
    let server = Server::saying(|_| Reply::Body(200, String::new())).await;
    for (candidate, preview, path) in [
        ("{{preview}}", server.address.clone(), "/"),
        ("{{ preview }}/health", server.address.clone(), "/health"),
        (
            "{{preview}}health",
            format!("{}/", server.address),
            "/health",
        ),
        (
            "http://{{preview}}/x",
            server.address.replace("http://", ""),
            "/x",
        ),
        (
            "{{preview}}/{{version}}/ok",
            server.address.clone(),
            "/v2.1/ok",
        ),
    ] {
        let mut question = about(json!({ "candidate": candidate, "requests": 1 }));
        question.preview = Some(preview);
        probe().read(&question, window()).await.unwrap();
        let asked = server.asked().pop().unwrap();
        assert!(
            asked.starts_with(&format!("GET {path} ")),
            "{candidate}: {asked}"
        );
    }
}

#[tokio::test]
async fn the_candidate_is_asked_at_its_preview_address_unless_said_otherwise() {
    let server = Server::saying(|_| Reply::Body(200, String::new())).await;
    let mut question = about(json!({ "requests": 1 }));
    question.preview = Some(server.address.clone());
    probe().admit(&question).await.unwrap();
    assert!(
        server.asked().is_empty(),
        "nothing is sent before a rollout begins"
    );
    probe().read(&question, window()).await.unwrap();
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn an_address_that_cannot_be_is_refused_before_the_rollout_begins() {
    for (metric, track, field, named) in [
        (
            json!({}),
            Track::Candidate,
            "metric.candidate",
            "no preview address of candidate",
        ),
        (
            json!({}),
            Track::Stable,
            "metric.stable",
            "its address is missing",
        ),
        (
            json!({ "stable": "{{preview}}" }),
            Track::Stable,
            "metric.stable",
            "no preview address of stable",
        ),
        (
            json!({ "candidate": "http://{{hash}}/" }),
            Track::Candidate,
            "metric.candidate",
            "`hash` is no label",
        ),
        (
            json!({ "candidate": "http://a/{{version" }),
            Track::Candidate,
            "metric.candidate",
            "no `}}`",
        ),
        (
            json!({ "candidate": "http://a/{{evil}}" }),
            Track::Candidate,
            "metric.candidate",
            "`evil`",
        ),
        (
            json!({ "candidate": "http://a/{{none}}" }),
            Track::Candidate,
            "metric.candidate",
            "`none`",
        ),
        (
            json!({ "candidate": "api/health" }),
            Track::Candidate,
            "metric.candidate",
            "no address",
        ),
        (
            json!({ "candidate": "ftp://api/" }),
            Track::Candidate,
            "metric.candidate",
            "http or https",
        ),
        (
            json!({ "candidate": "unix:/run/x" }),
            Track::Candidate,
            "metric.candidate",
            "http or https",
        ),
        (
            json!({ "candidate": "http://me:pw@api/" }),
            Track::Candidate,
            "metric.candidate",
            "a user or a password",
        ),
    ] {
        let mut question = about(metric.clone());
        question.track = track;
        let found = [
            probe().admit(&question).await.unwrap_err(),
            probe().read(&question, window()).await.unwrap_err(),
        ];
        for error in found {
            let SourceError::Invalid {
                field: found,
                problem,
                ..
            } = &error
            else {
                panic!("{metric}: {error}");
            };
            assert_eq!(found, field, "{metric}");
            assert!(problem.contains(named), "{metric}: {problem}");
        }
    }
}

#[tokio::test]
async fn what_is_known_beforehand_is_admitted() {
    let mut question =
        about(json!({ "candidate": "http://api/{{version}}/health?key=k", "bounds": [0.1, 0.3] }));
    let admitted = probe().admit(&question).await.unwrap();
    assert_eq!((admitted.bounds, admitted.units), (None, Some(0)));
    assert_eq!(admitted.asked, ["GET http://api/v2.1/health"]);
    question.shape = Shape::Histogram;
    let admitted = probe().admit(&question).await.unwrap();
    assert_eq!(admitted.bounds, Some(vec![0.1, 0.3]));
}
