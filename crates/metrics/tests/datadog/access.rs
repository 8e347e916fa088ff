//! Who asks, and that nothing of it is told to others.

use std::error::Error as StdError;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use serde_json::json;
use strategy_metrics::Shape;
use strategy_metrics::source::{Datadog, MetricSource, SourceError};

use crate::loopback::{Reply, Server, builder};
use crate::question::{question_about, requests, timeseries, window};

const API: &str = "open-sesame-api";

const APPLICATION: &str = "open-sesame-application";

fn source(server: &Server) -> Datadog {
    let address = server
        .address
        .replace("http://", &format!("http://me:{API}@"));
    Datadog::at(address.parse().unwrap(), builder())
        .unwrap()
        .timeout(Duration::from_millis(200))
}

fn told(error: &SourceError) -> String {
    let mut text = format!("{error:?} {error}");
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(" {error:?} {error}");
        source = error.source();
    }
    text
}

#[tokio::test]
async fn both_keys_are_sent() {
    let server = Server::answering([timeseries(&[], &[])]).await;
    let question = question_about(requests(), Shape::Events);
    let source = source(&server).timeout(Duration::from_secs(5));
    source
        .keys(API, APPLICATION)
        .read(&question, window())
        .await
        .unwrap();
    let asked = server.asked().remove(0).to_lowercase();
    assert!(
        asked.contains("\r\ndd-api-key: open-sesame-api\r\n"),
        "{asked}"
    );
    assert!(
        asked.contains("\r\ndd-application-key: open-sesame-application\r\n"),
        "{asked}"
    );
}

#[tokio::test]
async fn a_header_is_sent_and_told_nobody() {
    let refusal = Reply::Body(
        403,
        json!({ "errors": ["who is open-sesame?"] }).to_string(),
    );
    let server = Server::answering([refusal]).await;
    let name = HeaderName::from_static("x-tenant-key");
    let source = source(&server).header(name, HeaderValue::from_static("open-sesame"));
    let question = question_about(requests(), Shape::Events);
    let error = source.read(&question, window()).await.unwrap_err();
    let asked = server.asked().remove(0).to_lowercase();
    assert!(
        asked.contains("\r\nx-tenant-key: open-sesame\r\n"),
        "{asked}"
    );
    let text = format!("{source:?} {}", told(&error));
    assert!(!text.contains("open-sesame"), "{text}");
}

#[tokio::test]
async fn no_key_is_told() {
    let repeated = |status| {
        let said = format!("who is {API} with {APPLICATION}?");
        Reply::Body(status, json!({ "errors": [said] }).to_string())
    };
    for reply in [
        repeated(400),
        repeated(403),
        repeated(429),
        repeated(500),
        Reply::Body(
            200,
            json!({ "errors": format!("no {APPLICATION}") }).to_string(),
        ),
        Reply::Body(200, format!("{{\"data\":\"{API}\"}}")),
        Reply::Silence,
        Reply::HangUp,
    ] {
        let server = Server::answering([reply]).await;
        let source = source(&server).keys(API, APPLICATION);
        let question = question_about(requests(), Shape::Events);
        let error = source.read(&question, window()).await.unwrap_err();
        let text = format!("{} {source:?} {}", source.name(), told(&error));
        assert!(!text.contains("open-sesame"), "{text}");
    }
}

#[tokio::test]
async fn a_key_with_a_lines_end_is_not_sent() {
    for (api, application) in [("a\n", "b"), ("a", "b\r\nx-evil: 1")] {
        let server = Server::answering([]).await;
        let source = source(&server).keys(api, application);
        let question = question_about(requests(), Shape::Events);
        let error = source.read(&question, window()).await.unwrap_err();
        assert!(matches!(error, SourceError::Permanent { .. }), "{error:?}");
        assert!(
            error.to_string().contains("look for a line's end"),
            "{error}"
        );
        assert!(!error.to_string().contains("evil"), "{error}");
        assert!(server.asked().is_empty());
    }
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
        let body = json!({ "errors": [said] });
        let refusal = || Reply::Body(401, body.to_string());
        let server = Server::answering([refusal(), refusal()]).await;
        let address = server
            .address
            .replace("http://", &format!("http://{before_host}@"));
        let source = Datadog::at(address.parse().unwrap(), builder()).unwrap();
        let question = question_about(requests(), Shape::Events);
        let error = source.read(&question, window()).await.unwrap_err();
        assert!(told(&error).contains(kept), "{error}");
        assert!(!told(&error).contains(said), "{error}");
    }
}
