//! How many requests there are, how many at once, and for how long.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::StatusCode;
use serde_json::{Value, json};
use strategy_metrics::Shape;
use strategy_metrics::source::{HttpProbe, MetricSource, SourceError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::loopback::{Reply, Server, builder};
use crate::still_clock::{StillClock, counted, metric, probe, question_about, read, window};

#[tokio::test]
async fn as_many_requests_are_sent_as_asked_for_each_on_a_connection_of_its_own() {
    for requests in [1, 7, 100] {
        let server = Server::saying(|_| Reply::Body(200, String::new())).await;
        let more = json!({ "requests": requests, "at-once": 10, "timeout": "2s" });
        let answer = read(&server, more, Shape::Events).await.unwrap();
        assert_eq!(counted(&answer), (requests, 0));
        // The server takes one question of each connection.
        assert_eq!(server.asked().len() as u64, requests);
    }
}

/// A server that would answer more than one question of a connection.
#[tokio::test]
async fn no_connection_is_used_twice() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&connections);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            seen.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                while stream.read(&mut [0; 4096]).await.is_ok_and(|read| read > 0) {
                    let _ = stream
                        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                        .await;
                }
            });
        }
    });
    let metric = json!({ "candidate": address, "requests": 5, "at-once": 1, "timeout": "5s" });
    let question = question_about(metric, Shape::Events);
    let answer = probe().read(&question, window()).await.unwrap();
    assert_eq!(counted(&answer), (5, 0));
    assert_eq!(connections.load(Ordering::Relaxed), 5);
}

#[tokio::test]
async fn nothing_is_tried_again_whatever_the_settings_of_the_client_say() {
    let again = reqwest::retry::for_host("127.0.0.1").classify_fn(|attempt| {
        if attempt.status() == Some(StatusCode::SERVICE_UNAVAILABLE) {
            attempt.retryable()
        } else {
            attempt.success()
        }
    });
    let server = Server::saying(|_| Reply::Body(503, String::new())).await;
    let probe = HttpProbe::new(builder().retry(again)).unwrap();
    let probe = probe.clock(StillClock::default());
    let question = question_about(metric(&server, json!({})), Shape::Events);
    let answer = probe.read(&question, window()).await.unwrap();
    assert_eq!(counted(&answer), (2, 2));
    assert_eq!(server.asked().len(), 2);
}

/// A server that answers when as many are waiting as can be.
#[tokio::test]
async fn no_more_are_under_way_at_once_than_asked_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let most = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&most);
    tokio::spawn(async move {
        let mut waiting = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 4096]).await;
            waiting.push(stream);
            seen.fetch_max(waiting.len(), Ordering::Relaxed);
            if waiting.len() == 3 {
                for mut stream in waiting.drain(..) {
                    let _ = stream
                        .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                        .await;
                }
            }
        }
    });
    let metric = json!({ "candidate": address, "requests": 9, "at-once": 3, "timeout": "2s" });
    let question = question_about(metric, Shape::Events);
    let answer = probe().read(&question, window()).await.unwrap();
    // With two at once each would wait for a third, and fail; with four, a tenth would be missing.
    assert_eq!(counted(&answer), (9, 0));
    assert_eq!(most.load(Ordering::Relaxed), 3);
}

#[test]
fn what_is_beyond_the_budget_is_refused() {
    let refused = |mut metric: Value| {
        metric["candidate"] = json!("http://api");
        match probe().rhythm(&metric, Shape::Events) {
            Err(SourceError::Invalid { field, .. }) => Some(field),
            Err(error) => panic!("{error}"),
            Ok(_) => None,
        }
    };
    for (metric, field) in [
        (json!({}), None),
        (json!({ "requests": 0 }), Some("metric.requests")),
        (json!({ "requests": 101 }), Some("metric.requests")),
        (json!({ "at-once": 0 }), Some("metric.at-once")),
        (json!({ "at-once": 11 }), Some("metric.at-once")),
        (json!({ "timeout": "9ms" }), Some("metric.timeout")),
        (json!({ "timeout": "26s" }), Some("metric.timeout")),
        (json!({ "read": 0 }), Some("metric.read")),
        (json!({ "read": 1024 * 1024 + 1 }), Some("metric.read")),
        (json!({ "redirects": 11 }), Some("metric.redirects")),
        (
            json!({ "redirects": 1, "method": "POST" }),
            Some("metric.redirects"),
        ),
        (json!({ "age": "0s" }), Some("metric.age")),
        (json!({ "age": "11m" }), Some("metric.age")),
        (json!({ "status": [] }), Some("metric.status")),
        (json!({ "contains": "" }), Some("metric.contains")),
        (json!({ "body": "x" }), Some("metric.body")),
        (
            json!({ "method": "HEAD", "lacks": "x" }),
            Some("metric.method"),
        ),
        (json!({ "bounds": [] }), Some("metric.bounds")),
        (json!({ "bounds": [1.0, 0.5] }), Some("metric.bounds")),
        (json!({ "status": ["600"] }), Some("metric")),
        (json!({ "status": ["6xx"] }), Some("metric")),
        (json!({ "url": "http://api" }), Some("metric")),
        (json!("http://api"), Some("metric")),
        // All of a look's requests fit into its time, even if each takes all of its own.
        (
            json!({ "requests": 10, "at-once": 2, "timeout": "5s" }),
            None,
        ),
        (
            json!({ "requests": 11, "at-once": 2, "timeout": "5s" }),
            Some("metric"),
        ),
        (
            json!({ "requests": 100, "at-once": 10, "timeout": "2500ms" }),
            None,
        ),
        (
            json!({ "requests": 100, "at-once": 10, "timeout": "2501ms" }),
            Some("metric"),
        ),
    ] {
        let shown = metric.to_string();
        let found = if metric.is_object() {
            refused(metric)
        } else {
            let error = probe().rhythm(&metric, Shape::Events).unwrap_err();
            matches!(error, SourceError::Invalid { .. }).then(|| "metric".to_owned())
        };
        assert_eq!(found.as_deref(), field, "{shown}");
    }
    assert_eq!(HttpProbe::LONGEST_LOOK.as_secs(), 25);
}
