//! Secrets are sent, and told to nobody.

use std::error::Error as StdError;

use serde_json::json;
use strategy_metrics::Shape;
use strategy_metrics::source::{HttpProbe, MetricSource, SourceError};

use crate::loopback::{Reply, Server, builder};
use crate::still_clock::{StillClock, metric, probe, question_about, window};

const SECRET: &str = "open-sesame";

fn with_secret(probe: HttpProbe) -> HttpProbe {
    probe
        .header(
            "authorization".parse().unwrap(),
            format!("Bearer {SECRET}").parse().unwrap(),
        )
        .header("x-token".parse().unwrap(), SECRET.parse().unwrap())
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
async fn headers_of_the_program_are_sent_and_come_first() {
    let server = Server::saying(|_| Reply::Body(200, String::new())).await;
    let more = json!({ "headers": { "x-token": "from the metric" } });
    let question = question_about(metric(&server, more), Shape::Events);
    with_secret(probe())
        .read(&question, window())
        .await
        .unwrap();
    let asked = server.asked().remove(0).to_lowercase();
    assert!(
        asked.contains("authorization: bearer open-sesame\r\n"),
        "{asked}"
    );
    assert!(asked.contains("x-token: open-sesame\r\n"), "{asked}");
    assert!(!asked.contains("from the metric"), "{asked}");
}

#[tokio::test]
async fn without_them_nothing_is_sent() {
    let server = Server::saying(|_| Reply::Body(200, String::new())).await;
    let question = question_about(metric(&server, json!({})), Shape::Events);
    probe().read(&question, window()).await.unwrap();
    let asked = server.asked().remove(0).to_lowercase();
    assert!(
        !asked.contains("authorization") && !asked.contains("cookie"),
        "{asked}"
    );
}

#[tokio::test]
async fn no_secret_is_told() {
    let repeated = || Reply::Headed(500, format!("x-echo: {SECRET}\r\n"), SECRET.to_owned());
    let server = Server::answering([repeated(), Reply::Silence]).await;
    let more = json!({ "candidate": format!("{}/?key={SECRET}", server.address) });
    let question = question_about(metric(&server, more), Shape::Events);
    let probe = with_secret(probe());
    let answer = probe.read(&question, window()).await.unwrap();
    let text = format!("{answer:?} {probe:?} {}", probe.name());
    assert!(!text.contains(SECRET), "{text}");
    assert!(
        text.contains("authorization"),
        "which headers there are is no secret: {text}"
    );

    // Errors of the prober's own name the address, and neither its query nor a header.
    let nowhere = builder().local_address("192.0.2.1".parse::<std::net::IpAddr>().unwrap());
    let probe = with_secret(
        HttpProbe::new(nowhere)
            .unwrap()
            .clock(StillClock::default()),
    );
    let error = probe.read(&question, window()).await.unwrap_err();
    let text = told(&error);
    assert!(!text.contains(SECRET), "{text}");
    assert!(text.contains(&server.address), "{text}");
}

#[test]
fn a_metric_has_no_secret_and_no_framing() {
    for (name, value, named) in [
        ("authorization", "x", "HttpProbe::header"),
        ("Cookie", "x", "HttpProbe::header"),
        ("Proxy-Authorization", "x", "HttpProbe::header"),
        ("content-length", "1", "the client writes it"),
        ("Transfer-Encoding", "chunked", "the client writes it"),
        ("connection", "close", "the client writes it"),
        ("a b", "x", "such as"),
        ("x-a", "a\r\nx-b: c", "printable"),
    ] {
        for parameter in ["headers", "candidate-headers", "stable-headers"] {
            let metric = json!({ parameter: { name: value } });
            let error = probe().rhythm(&metric, Shape::Events).unwrap_err();
            let SourceError::Invalid { field, mend, .. } = error else {
                panic!("{error}");
            };
            assert_eq!(field, format!("metric.{parameter}.{name}"));
            assert!(mend.contains(named), "{mend}");
        }
    }
}
