//! Who asks, and that nothing of it is told to others.

use std::error::Error as StdError;

use reqwest::header::{HeaderName, HeaderValue};
use serde_json::json;
use strategy_metrics::Shape;
use strategy_metrics::source::{MetricSource, Prometheus, SourceError};

use crate::loopback::builder;
use crate::server::{Reply, Server, question_about, requests, window};

const SECRET: &str = "open-sesame";

fn told(error: &SourceError) -> String {
    let mut text = format!("{error:?} {error}");
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(" {error:?} {error}");
        source = error.source();
    }
    text
}

async fn head_of(with: impl Fn(Prometheus) -> Prometheus) -> String {
    let empty = || Reply::of("matrix", json!([]));
    let server = Server::answering([empty(), empty()]).await;
    let source = with(server.source());
    let question = question_about(requests(), Shape::Events);
    source.read(&question, window()).await.unwrap();
    server.asked().remove(0).to_lowercase()
}

#[tokio::test]
async fn a_bearer_token_is_sent() {
    let head = head_of(|source| source.bearer(SECRET)).await;
    assert!(
        head.contains("authorization: bearer open-sesame\r\n"),
        "{head}"
    );
}

#[tokio::test]
async fn user_and_password_are_sent() {
    let head = head_of(|source| source.basic("aladdin", SECRET)).await;
    // RFC 7617, section 2.
    assert!(
        head.contains("authorization: basic ywxhzgrpbjpvcgvulxnlc2ftzq==\r\n"),
        "{head}"
    );
}

#[tokio::test]
async fn without_either_nothing_is_sent() {
    let head = head_of(|source| source).await;
    assert!(!head.contains("authorization"), "{head}");
}

#[tokio::test]
async fn no_secret_is_told() {
    let repeated =
        format!(r#"{{"status":"error","errorType":"unauthorized","error":"who is {SECRET}?"}}"#);
    // What is told of it ends in the middle of the secret, or is what could not be read.
    let cut = format!(
        r#"{{"status":"error","errorType":"bad_data","error":"{}{SECRET}"}}"#,
        "x".repeat(500 - "bad_data: ".len() - 6)
    );
    let unreadable = format!(r#"{{"status":"success","data":"{SECRET}"}}"#);
    for reply in [
        Reply::Body(401, repeated),
        Reply::Body(400, cut),
        Reply::Body(200, unreadable),
        Reply::Body(401, String::new()),
        Reply::Silence,
        Reply::HangUp,
    ] {
        let server = Server::answering([reply]).await;
        let address = server
            .address
            .replace("http://", &format!("http://user:{SECRET}@"));
        let short = std::time::Duration::from_millis(200);
        let source = Prometheus::at(address.parse().unwrap(), builder()).unwrap();
        let source = source.timeout(short);
        for source in [
            source.clone(),
            source.clone().bearer(SECRET),
            source.basic("user", SECRET),
        ] {
            let question = question_about(requests(), Shape::Events);
            let error = source.read(&question, window()).await.unwrap_err();
            let text = format!("{} {source:?} {}", source.name(), told(&error));
            assert!(!text.contains(&SECRET[..6]), "{text}");
        }
    }
}

#[tokio::test]
async fn a_path_before_the_api_is_kept() {
    let empty = || Reply::of("matrix", json!([]));
    let server = Server::answering([empty(), empty()]).await;
    let address = format!("{}/tenant/one/", server.address);
    let source = Prometheus::at(address.parse().unwrap(), builder()).unwrap();
    let question = question_about(requests(), Shape::Events);
    source.read(&question, window()).await.unwrap();
    assert!(server.asked()[0].starts_with("POST /tenant/one/api/v1/query "));
    assert!(source.name().ends_with("/tenant/one"));
}

#[tokio::test]
async fn a_metric_that_means_nothing_is_refused_before_anything_is_asked() {
    let server = Server::answering([]).await;
    let source = server.source();
    for (metric, shape, field) in [
        (json!("up"), Shape::Values, "metric"),
        (json!({ "quer": "up" }), Shape::Values, "metric"),
        (json!({ "requests": "a" }), Shape::Events, "metric.failed"),
        (json!({ "query": "a" }), Shape::Units, "metric.unit"),
        (
            json!({ "query": "a" }),
            Shape::Histogram,
            "metric.histogram",
        ),
        (
            json!({ "query": "a", "step": "1ms" }),
            Shape::Values,
            "metric",
        ),
        (
            json!({ "query": "a{b=\"{{hsh}}\"}" }),
            Shape::Values,
            "metric.query",
        ),
    ] {
        let question = question_about(metric.clone(), shape);
        let errors = [
            source.admit(&question).await.err(),
            source.read(&question, window()).await.err(),
        ];
        for error in errors {
            let SourceError::Invalid { field: found, .. } = error.unwrap() else {
                panic!("{metric} is not refused as the caller's mistake");
            };
            assert_eq!(found, field, "{metric}");
        }
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_password_that_is_told_as_it_was_sent_is_not_told_on() {
    let repeats = "who is Basic YWxhZGRpbjpvcGVuc2VzYW1l?";
    let body = json!({"status": "error", "errorType": "unauthorized", "error": repeats});
    let refusal = || Reply::Body(401, body.to_string());
    let server = Server::answering([refusal(), refusal()]).await;
    let source = server.source().basic("aladdin", "opensesame");
    let question = question_about(requests(), Shape::Events);
    let error = source.read(&question, window()).await.unwrap_err();
    assert!(
        !told(&error).contains("YWxhZGRpbjpvcGVuc2VzYW1l"),
        "{error}"
    );
}

#[tokio::test]
async fn a_secret_in_a_warning_is_not_told_and_few_and_short_ones_are() {
    let long = "x".repeat(10_000);
    let warnings: Vec<_> = (0..20).map(|n| format!("{n}: {SECRET} {long}")).collect();
    let series = json!([{ "metric": {"job": "web", "instance": "a"}, "values": [[990, "1"], [1005, "2"], [1020, "3"]] }]);
    let body = json!({"status": "success", "warnings": warnings, "data": {"resultType": "matrix", "result": series}});
    let reply = || Reply::Body(200, body.to_string());
    let server = Server::answering([reply(), reply()]).await;
    let source = server.source().bearer(SECRET);
    let question = question_about(requests(), Shape::Events);
    let notes = source.read(&question, window()).await.unwrap().notes;
    assert_eq!(notes.len(), 10, "five of each answer");
    assert!(
        notes
            .iter()
            .all(|note| !note.contains(SECRET) && note.len() <= 500)
    );
}

fn key() -> (HeaderName, HeaderValue) {
    let name = HeaderName::from_static("x-api-key");
    (name, HeaderValue::from_static(SECRET))
}

#[tokio::test]
async fn a_header_is_sent_and_told_nobody() {
    let (name, value) = key();
    let head = head_of(|source| source.header(name.clone(), value.clone())).await;
    assert!(head.contains("x-api-key: open-sesame\r\n"), "{head}");
    let said = format!("no such key: {SECRET}");
    let body = json!({"status": "error", "errorType": "unauthorized", "error": said});
    let refusal = || Reply::Body(401, body.to_string());
    let server = Server::answering([refusal(), refusal()]).await;
    let source = server.source().header(name, value);
    let question = question_about(requests(), Shape::Events);
    let error = source.read(&question, window()).await.unwrap_err();
    let text = format!("{source:?} {}", told(&error));
    assert!(!text.contains(SECRET), "{text}");
}

/// Who is sent on would show the key to whoever is named there.
#[tokio::test]
async fn nobody_is_followed_to_another_address() {
    let empty = || Reply::of("matrix", json!([]));
    let other = Server::answering([empty(), empty()]).await;
    let head = format!("location: {}/api/v1/query\r\n", other.address);
    let moved = || Reply::Headed(307, head.clone(), String::new());
    let server = Server::answering([moved(), moved()]).await;
    let (name, value) = key();
    let source = server.source().header(name, value);
    let question = question_about(requests(), Shape::Events);
    let error = source.read(&question, window()).await.unwrap_err();
    assert!(matches!(error, SourceError::Permanent { .. }), "{error:?}");
    assert_eq!(other.asked(), [""; 0]);
}

#[tokio::test]
async fn a_long_label_makes_no_long_error() {
    let long = "x".repeat(100_000);
    let metric = json!({"job": "web", "instance": "a", "le": long});
    let series = json!([{ "metric": metric, "values": [[990, "1"], [1005, "2"], [1020, "3"]] }]);
    let server = Server::answering([Reply::of("matrix", series)]).await;
    let question = question_about(json!({ "histogram": "seconds_bucket" }), Shape::Histogram);
    let error = server.source().read(&question, window()).await.unwrap_err();
    assert!(told(&error).len() < 3_000, "{}", told(&error).len());
}

/// Of what an address has, a server knows what was sent, and not how it was written.
#[tokio::test]
async fn what_an_address_tells_in_confidence_is_not_told_on() {
    for (before_host, said, kept) in [
        (
            "user:p%40ss%3Aword",
            "p@ss:word of user is wrong",
            "... of user is wrong",
        ),
        ("user:p%40ssword", "p%40ssword is wrong", "... is wrong"),
        (
            "us%40er:p%40ssword",
            "who is Basic dXNAZXI6cEBzc3dvcmQ=?",
            "who is Basic ...?",
        ),
        ("t%40ken", "no such key: t@ken", "no such key: ..."),
    ] {
        let body = json!({"status": "error", "errorType": "unauthorized", "error": said});
        let refusal = || Reply::Body(401, body.to_string());
        let server = Server::answering([refusal(), refusal()]).await;
        let address = server
            .address
            .replace("http://", &format!("http://{before_host}@"));
        let source = Prometheus::at(address.parse().unwrap(), builder()).unwrap();
        let question = question_about(requests(), Shape::Events);
        let error = source.read(&question, window()).await.unwrap_err();
        assert!(told(&error).contains(kept), "{error}");
        assert!(!told(&error).contains(said), "{error}");
    }
}
